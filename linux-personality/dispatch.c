/* SPDX-License-Identifier: MPL-2.0 */
/*
 * From the registers of a system call to its handler and back.
 *
 * Restarting. A handler that was interrupted returns RESTART, RESTART_NOHAND or LX_ERESTART_BLOCK. The dispatcher then lets signals be
 * delivered at once. Where a handler is entered, lx_restart_for_handler settles the result (EINTR, or the call made again after
 * the handler by stepping back over the instruction). Where none is, the call is simply made again from here: the program never
 * sees it, and it does not matter how the program came in.
 */
#include <confine.h>
#include <dispatch.h>

#define SYSCALL_BYTES 2 /* 0f 05 */

uint64_t lx_call_counts[LX_CALLS];

static const lx_handler handlers[LX_CALLS] = {
#define X(number, name, ...) [number] = lx_sys_##name,
#define M(number, name)
#include <syscalls.def>
#undef X
#undef M
};

static const char *const names[LX_CALLS] = {
#define X(number, name, ...) [number] = #name,
#define M(number, name)      [number] = #name,
#include <syscalls.def>
#undef X
#undef M
};

const char *lx_call_name(unsigned number) { return number < LX_CALLS ? names[number] : NULL; }

static long missing(unsigned number)
{
    static bool said[LX_CALLS], said_unknown;
    bool *once = number < LX_CALLS ? &said[number] : &said_unknown;
    if (!*once) {
        const char *name = lx_call_name(number);
        los_log("linux: system call %u (%s) is missing: ENOSYS for %s, pid %d", number, name ? name : "unknown",
                los_current()->process->name, los_current()->process->pid);
        *once = true;
    }
    return -LOS_E_NOSYS;
}

static long call_traced(lx_handler handler, unsigned number, const struct lx_args *args)
{
    struct lx_trace trace;
    lx_trace_enter(&trace, number, args->arg);
    long result = lx_result(handler != NULL ? handler(args) : missing(number));
    lx_trace_leave(&trace, result);
    return result;
}

static long call(unsigned number, const struct lx_args *args)
{
    lx_handler handler = number < LX_CALLS ? handlers[number] : NULL;
    if (number < LX_CALLS)
        lx_call_counts[number]++;
    if (__builtin_expect(lx_confined, false)) {
        long refused = lx_policy(number);
        if (refused)
            return refused;
    }
    if (__builtin_expect(lx_tracing, false))
        return call_traced(handler, number, args);
    return lx_result(__builtin_expect(handler != NULL, true) ? handler(args) : missing(number));
}

static inline bool interrupted(long result)
{
    return result <= -LX_ERESTARTSYS && result >= -LX_ERESTART_BLOCK;
}

/* The slow way on: returns true when the call shall be made again, under *number. */
static bool again(struct los_frame *frame, unsigned *number)
{
    long result = (long)frame->regs.rax;
    uint64_t first = frame->number;
    los_signals_deliver(frame);
    if (frame->number == UINT64_MAX) /* a handler is about to run */
        return false;
    struct los_thread *thread = los_current();
    if (thread->mask_saved) /* the call sets it again itself */
        los_restore_mask();
    frame->number = first;
    if (result == -LX_ERESTART_BLOCK)
        *number = 219; /* restart_syscall */
    return true;
}

void lx_system_call(struct los_frame *frame)
{
    struct lx_args args = {
        .arg = {frame->regs.rdi, frame->regs.rsi, frame->regs.rdx, frame->regs.r10, frame->regs.r8,
                frame->regs.r9},
        .frame = frame,
    };
    unsigned number = (unsigned)frame->number;
    lx_patch_site(frame);
    do {
        long result = call(number, &args);
        if (__builtin_expect(frame->number == UINT64_MAX, false)) /* rt_sigreturn has set all registers */
            return;
        frame->regs.rax = (uint64_t)result;
        if (__builtin_expect(!interrupted(result), true))
            return;
    } while (again(frame, &number));
}

void lx_restart_for_handler(struct los_frame *frame, bool restart)
{
    long result = (long)frame->regs.rax;
    if (frame->number != UINT64_MAX && interrupted(result)) {
        if (result == -LX_ERESTARTSYS && restart) {
            /* At a patched site that is no instruction any more: it traps, and patch.c does the call that rax names. */
            frame->regs.rip -= SYSCALL_BYTES;
            frame->regs.rax = (uint32_t)frame->number;
        } else {
            frame->regs.rax = (uint64_t)-LX_EINTR;
        }
    }
    lx_no_restart(frame);
}

struct lx_thread *lx_thread(void)
{
    struct los_thread *thread = los_current();
    if (thread->personality == NULL)
        thread->personality = los_alloc_zeroed(sizeof(struct lx_thread));
    return thread->personality;
}

long lx_sys_restart_syscall(const struct lx_args *args)
{
    (void)args;
    struct lx_thread *self = los_current()->personality;
    return self != NULL && self->resume != NULL ? self->resume(self) : -LOS_E_INTR;
}
