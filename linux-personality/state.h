/* SPDX-License-Identifier: MPL-2.0 */
/* What the personality keeps per process beyond the library OS's own, made when first needed. */
#ifndef LX_STATE_H
#define LX_STATE_H

#include <personality.h>

#define LX_POSIX_TIMERS 32

struct lx_timer; /* posix_timer.c */

struct lx_process {
    struct lx_timer *timers[LX_POSIX_TIMERS];
    uint64_t persona;     /* personality(2) */
    uint64_t timer_slack; /* ns; kept, not used */
    int death_signal;     /* to this process when its parent ends */
    int policy, priority; /* sched_setscheduler */
    int oom_adjust;       /* /proc/PID/oom_score_adj: -1000 to 1000 */
    bool no_dump, no_new_privileges, keep_capabilities, subreaper, no_huge_pages;
};
struct lx_process *lx_process(struct los_process *process); /* NULL: out of memory */
struct lx_process *
lx_process_look(struct los_process *process); /* read only; all zero where nothing is kept yet */

/* Hooks of struct los_personality. */
void lx_thread_cloned(struct los_thread *child, struct los_thread *parent);
void lx_thread_ended(struct los_thread *thread);
void lx_process_cloned(struct los_process *child, struct los_process *parent);
void lx_process_ended(struct los_process *process);

void lx_timers_end(struct lx_process *self); /* posix_timer.c: all of them, at exec and at the end */
/* The process runs this program from now on, which nobody may write meanwhile; NULL: none. Takes its own reference. */
void lx_set_executable(struct los_process *process, struct los_file *file);

/* May the current process signal, trace or renice the other? */
bool lx_may_act_on(const struct los_process *other);
int lx_siginfo_in(uint64_t user, int number, struct los_signal_info *info, bool *forged);
void lx_siginfo_convert(const struct los_signal_info *from, struct lx_siginfo *to);

#endif
