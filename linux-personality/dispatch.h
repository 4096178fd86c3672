/* SPDX-License-Identifier: MPL-2.0 */
/* The way of a system call through the personality: dispatch.c, with the tracer beside it. */
#ifndef LX_DISPATCH_H
#define LX_DISPATCH_H

#include <personality.h>

#define LX_ERESTART_BLOCK 516 /* inside only: goes on as restart_syscall, or EINTR when a handler ran */

void lx_system_call(struct los_frame *frame);
/* Before a handler's frame is built: an interrupted call becomes EINTR or is made again after the handler (SA_RESTART). */
void lx_restart_for_handler(struct los_frame *frame, bool restart);
/* The call that this frame belongs to is over, whatever its result looks like: it is not restarted. */
static inline void lx_no_restart(struct los_frame *frame) { frame->number = UINT64_MAX; }

extern uint64_t lx_call_counts[LX_CALLS];  /* without those that were quick */
const char *lx_call_name(unsigned number); /* NULL: no such number */

/* Where an interrupted sleep goes on: of a thread, made on first use. */
struct lx_thread {
    long (*resume)(struct lx_thread *self);
    uint64_t deadline_ns;
    uint64_t remaining; /* user address of a timespec, or 0 */
    uint64_t word[3];   /* of the call that resumes */
};
struct lx_thread *lx_thread(void); /* of the current thread; NULL: out of memory */

/* --- trace.c ------------------------------------------------------------------------------------------------------ */
#define LX_TRACE_LINE 768
struct lx_trace {
    char line[LX_TRACE_LINE];
    size_t length;
    unsigned number, next; /* the argument that comes next: those known only after the call wait */
    const uint64_t *arg;
    int pid, tid;
};
extern bool lx_tracing;
void lx_trace_init(void);
void lx_trace_enter(struct lx_trace *trace, unsigned number, const uint64_t arg[6]);
void lx_trace_leave(struct lx_trace *trace, long result);
void lx_trace_signal(const struct los_signal_info *info);

#endif
