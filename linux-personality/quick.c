/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Quick calls (los/quick.h): those that only read what belongs to the caller, which do without the container lock; those that never
 * sleep, by their handlers; a close that ends nothing; waking by a futex. Reading and writing is the library OS's own.
 */
#include <confine.h>
#include <dispatch.h>
#include <los/quick.h>
#include <quick.h>

#define ARGUMENTS uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f
#define UNUSED    ((void)a, (void)b, (void)c, (void)d, (void)e, (void)f)

/* More is not quick: its time shall be the system's. */
#define MOST_PROTECTED 65536u

/* --- without the lock ------------------------------------------------------------------------------------------------ */

#define READS(X)                                                                                               \
    X(39, getpid, thread->process->pid)                                                                        \
    X(186, gettid, thread->tid)                                                                                \
    X(110, getppid, __atomic_load_n(&thread->process->parent_pid, __ATOMIC_RELAXED))                           \
    X(102, getuid, thread->process->credentials.user)                                                          \
    X(107, geteuid, thread->process->credentials.effective_user)                                               \
    X(104, getgid, thread->process->credentials.group)                                                         \
    X(108, getegid, thread->process->credentials.effective_group)

#define READ(number, name, value)                                                                              \
    static LOS_QUICK long quick_##name(ARGUMENTS)                                                              \
    {                                                                                                          \
        UNUSED;                                                                                                \
        const struct los_thread *thread = los_current();                                                       \
        return value;                                                                                          \
    }
READS(READ)

/* --- by their handlers ------------------------------------------------------------------------------------------------- */

enum { RT_SIGPROCMASK = 14 };

static inline long handle(unsigned number, lx_handler handler, ARGUMENTS)
{
    struct los_cpu *cpu = los_cpu();
    if (!los_quick_begin(cpu))
        return LOS_QUICK_NOT;
    struct lx_args args = {.arg = {a, b, c, d, e, f}};
    long result = handler(&args);
    if (__builtin_expect(result < 0, false))
        result = lx_result(result);
    /* What a new mask lets through is delivered on the way out. */
    return number == RT_SIGPROCMASK && los_signal_is_pending(cpu->current) ? los_quick_leave(cpu, result)
                                                                           : los_quick_end(cpu, result);
}

/* Those that never sleep, if `so`: fcntl but for F_GETFD to F_SETFL may wait for a lock, poll and epoll_wait until a time. */
#define NEVER_SLEEP(X)                                                                                         \
    X(4, stat, true)                                                                                           \
    X(5, fstat, true)                                                                                          \
    X(6, lstat, true)                                                                                          \
    X(7, poll, (int)c == 0)                                                                                    \
    X(8, lseek, true)                                                                                          \
    X(10, mprotect, b <= MOST_PROTECTED)                                                                       \
    X(13, rt_sigaction, true)                                                                                  \
    X(RT_SIGPROCMASK, rt_sigprocmask, true)                                                                    \
    X(16, ioctl, (uint32_t)b == LX_FIONREAD)                                                                   \
    X(21, access, true)                                                                                        \
    X(32, dup, true)                                                                                           \
    X(63, uname, true)                                                                                         \
    X(72, fcntl, (unsigned)b >= F_GETFD && (unsigned)b <= F_SETFL)                                             \
    X(79, getcwd, true)                                                                                        \
    X(89, readlink, true)                                                                                      \
    X(95, umask, true)                                                                                         \
    X(97, getrlimit, true)                                                                                     \
    X(111, getpgrp, true)                                                                                      \
    X(121, getpgid, true)                                                                                      \
    X(232, epoll_wait, (int)d == 0)                                                                            \
    X(262, newfstatat, true)
enum { F_GETFD = 1, F_SETFL = 4 };

#define HANDLE(number, name, so)                                                                               \
    static LOS_QUICK long quick_##name(ARGUMENTS)                                                              \
    {                                                                                                          \
        return so ? handle(number, lx_sys_##name, a, b, c, d, e, f) : LOS_QUICK_NOT;                           \
    }
NEVER_SLEEP(HANDLE)

/* What has other descriptors, too: nothing ends by it, and no lock goes. */
static LOS_QUICK long quick_close(ARGUMENTS)
{
    UNUSED;
    struct los_cpu *cpu = los_cpu();
    if (!los_quick_begin(cpu))
        return LOS_QUICK_NOT;
    const struct los_file *file = los_descriptor_of(cpu->current->process, (int)a);
    if (!file || file->refs == 1 || file->inode->locks)
        return los_quick_drop(cpu);
    return los_quick_end(cpu, los_descriptor_close((int)a));
}

/* --- futexes: waking ------------------------------------------------------------------------------------------------------ */

/* Apart, so that nothing is saved before it is known to be a wake. */
static long __attribute__((noinline)) wake(uint64_t address, uint32_t most, bool shared)
{
    struct los_cpu *cpu = los_cpu();
    if (!los_quick_begin(cpu))
        return LOS_QUICK_NOT;
    return los_quick_woke(cpu, lx_result(los_futex_wake(address, most, UINT32_MAX, shared)));
}

static LOS_QUICK long quick_futex(ARGUMENTS)
{
    UNUSED;
    if (((uint32_t)b & ~LX_FUTEX_PRIVATE_FLAG) != LX_FUTEX_WAKE)
        return LOS_QUICK_NOT;
    return wake(a, (uint32_t)c, !((uint32_t)b & LX_FUTEX_PRIVATE_FLAG));
}

/* --- which ------------------------------------------------------------------------------------------------------------------ */

#define ENTRY(number, name, ...) [number] = LOS_QUICK_CALL(quick_##name),
static const los_quick_call quick[LX_CALLS] = {[0] = LOS_QUICK_CALL(los_quick_read),
                                               [1] = LOS_QUICK_CALL(los_quick_write),
                                               READS(ENTRY) NEVER_SLEEP(ENTRY) ENTRY(3, close)
                                                   ENTRY(202, futex)};

void lx_quick_update(void) { los_quick_set(quick, lx_tracing || lx_confined ? 0 : LX_CALLS); }
