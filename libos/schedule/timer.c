/* SPDX-License-Identifier: MPL-2.0 */
/* Timers: one list by deadline for all vCPUs. Each vCPU that leaves for a program or goes idle sees to it that it wakes by the
 * first deadline, so whichever comes first runs what is due. */
#include "internal.h"

static struct los_link timers;
uint64_t los_timers_next = LOS_FOREVER;

static void note_first(void)
{
    los_timers_next =
        los_list_empty(&timers) ? LOS_FOREVER : LOS_CONTAINER(timers.next, struct los_timer, link)->deadline_ns;
}

void los_timers_init(void)
{
    los_list_init(&timers);
    note_first();
}

void los_timer_init(struct los_timer *timer, void (*fire)(struct los_timer *))
{
    los_list_init(&timer->link);
    timer->deadline_ns = LOS_FOREVER;
    timer->fire = fire;
}

bool los_timer_is_set(const struct los_timer *timer) { return !los_list_empty(&timer->link); }

void los_timer_cancel(struct los_timer *timer)
{
    los_list_remove(&timer->link);
    note_first();
}

void los_timer_set(struct los_timer *timer, uint64_t deadline_ns)
{
    los_list_remove(&timer->link);
    timer->deadline_ns = deadline_ns;
    /* From the end: most deadlines are later than those that wait. Equal ones fire in the order in which they were set. */
    struct los_link *after = timers.previous;
    while (after != &timers && LOS_CONTAINER(after, struct los_timer, link)->deadline_ns > deadline_ns)
        after = after->previous;
    los_list_add_first(after, &timer->link);
    note_first();
}

void los_timers_run(uint64_t now)
{
    while (los_timers_next <= now) {
        struct los_timer *timer = LOS_CONTAINER(timers.next, struct los_timer, link);
        los_timer_cancel(timer);
        timer->fire(timer);
    }
}
