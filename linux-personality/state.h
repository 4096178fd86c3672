/* SPDX-License-Identifier: MPL-2.0 */
/* What the personality keeps per process beyond the library OS's own, made when first needed. */
#ifndef LX_STATE_H
#define LX_STATE_H

#include <personality.h>

#define LX_POSIX_TIMERS 32

struct lx_timer {
    struct los_timer timer;
    struct los_process *process; /* NULL: the slot is free */
    int id, clock, signal, notify, tid, overrun, last_overrun;
    uint64_t value, interval_ns;
    uint64_t target_ns; /* in the time of its clock; 0: not set */
};

struct lx_process {
    struct los_process *process;
    struct lx_timer *timers[LX_POSIX_TIMERS];
    struct lx_timer virtual_timer, profile_timer, cpu_limit; /* CPU time: setitimer, and the limit on it */
    uint64_t persona;                                        /* personality(2) */
    uint64_t timer_slack;
    int death_signal, dumpable_off, policy, priority;
    bool no_new_privileges, keep_capabilities, subreaper, denies_write;
};
struct lx_process *lx_process(struct los_process *process);      /* NULL: out of memory */
struct lx_process *lx_process_look(struct los_process *process); /* NULL: nothing kept yet */

/* time.c */
void lx_process_timers_end(struct lx_process *self, bool posix_only);
void lx_cpu_limit_changed(struct los_process *process);

/* May the current process signal, trace or renice the other? */
bool lx_may_act_on(const struct los_process *other);
int lx_siginfo_in(uint64_t user, int number, struct los_signal_info *info, bool *forged);
void lx_siginfo_convert(const struct los_signal_info *from, struct lx_siginfo *to);

#endif
