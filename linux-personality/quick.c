/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Quick calls (los/quick.h): those that only read what belongs to the caller, which do without the container lock; those that never
 * sleep, by their handlers; and read and write of files that never make one wait.
 */
#include <confine.h>
#include <dispatch.h>
#include <los/quick.h>
#include <quick.h>

#define ARGUMENTS uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f
#define UNUSED    ((void)a, (void)b, (void)c, (void)d, (void)e, (void)f)

/* More is not quick: its time shall be the system's. */
#define MOST_BYTES 4096u

/* Several vCPUs may count at once when they do not have the lock. */
static inline void count_unlocked(unsigned number)
{
    __atomic_fetch_add(&lx_call_counts[number], 1, __ATOMIC_RELAXED);
}

/* --- without the lock ------------------------------------------------------------------------------------------------ */

#define READS(number, name, value)                                                                             \
    static long quick_##name(ARGUMENTS)                                                                        \
    {                                                                                                          \
        UNUSED;                                                                                                \
        const struct los_thread *thread = los_current();                                                       \
        count_unlocked(number);                                                                                \
        return value;                                                                                          \
    }

/* The parent may end meanwhile, which gives its children away before it goes: what was read counts if it is still the parent. */
static int parent_of(const struct los_process *process)
{
    struct los_process *parent, *again;
    int pid;
    do {
        parent = __atomic_load_n(&process->parent, __ATOMIC_ACQUIRE);
        pid = parent != NULL ? __atomic_load_n(&parent->pid, __ATOMIC_ACQUIRE) : 0;
        again = __atomic_load_n(&process->parent, __ATOMIC_ACQUIRE);
    } while (again != parent);
    return pid;
}

READS(39, getpid, thread->process->pid)
READS(186, gettid, thread->tid)
READS(110, getppid, parent_of(thread->process))
READS(102, getuid, thread->process->credentials.user)
READS(107, geteuid, thread->process->credentials.effective_user)
READS(104, getgid, thread->process->credentials.group)
READS(108, getegid, thread->process->credentials.effective_group)

/* --- by their handlers ------------------------------------------------------------------------------------------------- */

/* Ends a call under the lock. */
static inline long end(struct los_cpu *cpu, long result)
{
    return los_quick_end(cpu, __builtin_expect(result >= 0, true) ? result : lx_result(result));
}

static inline long handle(unsigned number, lx_handler handler, ARGUMENTS)
{
    struct los_cpu *cpu = los_cpu();
    if (!los_quick_begin(cpu))
        return LOS_QUICK_NOT;
    struct lx_args args = {.arg = {a, b, c, d, e, f}};
    lx_call_counts[number]++;
    return end(cpu, handler(&args));
}

#define NEVER_SLEEPS(number, name)                                                                             \
    static long quick_##name(ARGUMENTS) { return handle(number, lx_sys_##name, a, b, c, d, e, f); }

NEVER_SLEEPS(4, stat)
NEVER_SLEEPS(5, fstat)
NEVER_SLEEPS(6, lstat)
NEVER_SLEEPS(8, lseek)
NEVER_SLEEPS(13, rt_sigaction)
NEVER_SLEEPS(21, access)
NEVER_SLEEPS(32, dup)
NEVER_SLEEPS(63, uname)
NEVER_SLEEPS(79, getcwd)
NEVER_SLEEPS(89, readlink)
NEVER_SLEEPS(95, umask)
NEVER_SLEEPS(97, getrlimit)
NEVER_SLEEPS(111, getpgrp)
NEVER_SLEEPS(121, getpgid)
NEVER_SLEEPS(262, newfstatat)

/* What it lets through is delivered on the way out. */
static long quick_rt_sigprocmask(ARGUMENTS)
{
    struct los_cpu *cpu = los_cpu();
    if (!los_quick_begin(cpu))
        return LOS_QUICK_NOT;
    struct lx_args args = {.arg = {a, b, c, d, e, f}};
    lx_call_counts[14]++;
    long result = lx_result(lx_sys_rt_sigprocmask(&args));
    return los_signal_is_pending(cpu->current) ? los_quick_leave(cpu, result) : los_quick_end(cpu, result);
}

/* Of its commands only those about the descriptor and its flags: locks may sleep. */
static long quick_fcntl(ARGUMENTS)
{
    enum { F_GETFD = 1, F_SETFL = 4 };
    unsigned command = (unsigned)b;
    return command >= F_GETFD && command <= F_SETFL ? handle(72, lx_sys_fcntl, a, b, c, d, e, f)
                                                    : LOS_QUICK_NOT;
}

/* Those that only sleep when they may wait. */
#define NEVER_SLEEPS_WITHOUT_TIME(number, name, milliseconds)                                                  \
    static long quick_##name(ARGUMENTS)                                                                        \
    {                                                                                                          \
        return (int)(milliseconds) == 0 ? handle(number, lx_sys_##name, a, b, c, d, e, f) : LOS_QUICK_NOT;     \
    }

NEVER_SLEEPS_WITHOUT_TIME(7, poll, c)
NEVER_SLEEPS_WITHOUT_TIME(232, epoll_wait, d)

/* --- read and write ------------------------------------------------------------------------------------------------------ */

/* Errors are the handlers' matter: nothing was moved then. */
#define MOVES(number, name, in)                                                                                \
    static long quick_##name(ARGUMENTS)                                                                        \
    {                                                                                                          \
        (void)d, (void)e, (void)f;                                                                             \
        long moved = c <= MOST_BYTES ? los_quick_transfer((int)a, b, c, in) : LOS_QUICK_NOT;                   \
        if (__builtin_expect(moved != LOS_QUICK_NOT, true))                                                    \
            count_unlocked(number);                                                                            \
        return moved;                                                                                          \
    }

MOVES(0, read, true)
MOVES(1, write, false)

/* --- which ------------------------------------------------------------------------------------------------------------------ */

static const los_quick_call quick[LX_CALLS] = {
    [0] = quick_read,          [1] = quick_write,           [7] = quick_poll,       [232] = quick_epoll_wait,
    [4] = quick_stat,          [5] = quick_fstat,           [6] = quick_lstat,      [8] = quick_lseek,
    [13] = quick_rt_sigaction, [14] = quick_rt_sigprocmask, [21] = quick_access,    [32] = quick_dup,
    [39] = quick_getpid,       [63] = quick_uname,          [72] = quick_fcntl,     [79] = quick_getcwd,
    [89] = quick_readlink,     [95] = quick_umask,          [97] = quick_getrlimit, [102] = quick_getuid,
    [104] = quick_getgid,      [107] = quick_geteuid,       [108] = quick_getegid,  [110] = quick_getppid,
    [111] = quick_getpgrp,     [121] = quick_getpgid,       [186] = quick_gettid,   [262] = quick_newfstatat,
};

void lx_quick_update(void) { los_quick_set(quick, lx_tracing || lx_confined ? 0 : LX_CALLS); }
