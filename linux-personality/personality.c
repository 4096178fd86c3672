/* SPDX-License-Identifier: MPL-2.0 */
/* The personality's table of contents: what the library OS calls in it. */
#include <dispatch.h>
#include <quick.h>
#include <signal_frame.h>
#include <start.h>
#include <state.h>

static bool fault(struct los_frame *frame, uint32_t vector, uint64_t error, uint64_t address)
{
    (void)error;
    return lx_patch_fault(frame, vector, address);
}

const struct los_personality los_personality = {
    .name = "linux",
    .start = lx_start,                   /* start.c: process 1, then the first program */
    .system_call = lx_system_call,       /* dispatch.c: syscalls.def says who handles what */
    .deliver_signal = lx_deliver_signal, /* signal_frame.c */
    .fault = fault,                      /* patch.c */
    .thread_cloned = lx_thread_cloned,   /* state.c: the personality's own data */
    .thread_ended = lx_thread_ended,
    .process_cloned = lx_process_cloned,
    .process_ended = lx_process_ended,
    .execute = lx_execute, /* start.c: what the supervisor asks for */
    .signal = lx_signal_first,
};
