/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The personality of programs that are linked with their library OS: its table, and the way from a call's registers to its handler.
 *
 * A call that a signal interrupted is made again unless a handler is entered; where one is, nl_deliver_signal decides.
 */
#include <los/quick.h>
#include "personality.h"

static const nl_handler handlers[NL_CALLS] = {
#define X(name, arguments) [NL_##name] = nl_call_##name,
#include "calls.def"
#undef X
};

extern const uint32_t newlib_call_signal_return; /* for entry.S */
const uint32_t newlib_call_signal_return = NL_signal_return;

static void system_call(struct los_frame *frame)
{
    struct nl_args args = {frame->regs.rdi, frame->regs.rsi, frame->regs.rdx, frame};
    uint64_t number = frame->number;
    for (;;) {
        long result = number < NL_CALLS ? handlers[number](&args) : -LOS_E_NOSYS;
        if (frame->number == UINT64_MAX) /* signal_return has set all registers */
            return;
        frame->regs.rax = (uint64_t)result;
        if (result != -LOS_E_RESTART && result != -LOS_E_RESTART_NOHAND)
            return;
        los_signals_deliver(frame);
        if (frame->number == UINT64_MAX) /* a handler is about to run */
            return;
        if (los_current()->mask_saved) /* the call sets it again itself */
            los_restore_mask();
    }
}

/* What only reads what never changes, or the clock. */
static LOS_QUICK long quick_process(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    return los_current()->process->pid;
}
static LOS_QUICK long quick_run_time(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    return (long)los_now();
}
static const los_quick_call quick[] = {
    [NL_process] = LOS_QUICK_CALL(quick_process), [NL_run_time] = LOS_QUICK_CALL(quick_run_time)};
void nl_quick_init(void) { los_quick_set(quick, sizeof(quick) / sizeof(*quick)); }

const struct los_personality los_personality = {
    .name = "newlib",
    .start = nl_start,                   /* start.c: process 1 is the program */
    .system_call = system_call,          /* calls.def says what there is */
    .deliver_signal = nl_deliver_signal, /* signal.c */
    .fault = nl_fault,                   /* fault.c */
    .process_ended = nl_process_ended,
    .signal = nl_signal_first,
};
