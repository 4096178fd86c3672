/* SPDX-License-Identifier: MPL-2.0 */
/* Wait queues, timers, the run queue. */
#include "process_support.h"

static struct los_wait_queue queue;
static int order[8];
static unsigned count;

static void sleeper(struct los_frame *frame)
{
    (void)frame;
    cr_assert_eq(los_wait(&queue, LOS_FOREVER, false), 0);
    order[count++ % 8] = los_current()->tid;
}

static void wakes(struct los_frame *frame)
{
    (void)frame;
    los_wait_queue_init(&queue);
    for (int i = 0; i < 4; i++)
        test_clone(0, sleeper);
    los_yield();
    cr_assert_eq(los_wake(&queue, 2), 2);
    los_yield();
    cr_assert(count == 2 && order[0] == 2 && order[1] == 3, "first come, first woken");
    cr_assert_eq(los_wake(&queue, UINT32_MAX), 2);
    cr_assert_eq(los_wake(&queue, UINT32_MAX), 0);
    los_yield();
    cr_assert_eq(count, 4);

    /* A wake between enlisting and sleeping is not lost, and delisting twice is harmless. */
    struct los_waiter a, b;
    struct los_wait_queue other;
    los_wait_queue_init(&other);
    los_enlist(&queue, &a);
    los_enlist(&other, &b);
    los_wake(&other, 1);
    cr_assert_eq(los_wait_enlisted(LOS_FOREVER, false), 0);
    cr_assert(b.woken && !a.woken);
    los_delist(&a);
    los_delist(&b);
    los_delist(&b);
    cr_assert_eq(los_current()->enlisted, 0);

    uint64_t start = test_now;
    cr_assert_eq(los_wait(&queue, start + 100, true), -LOS_E_TIMEDOUT);
    cr_assert_eq(test_now, start + 100);
    cr_assert_eq(los_wait(&queue, start, true), -LOS_E_TIMEDOUT, "a deadline that has passed");
    cr_assert(los_list_empty(&queue.waiters));
}

Test(schedule, wait_queues)
{
    test_boot(wakes);
    test_run();
    cr_assert_eq(test_status, 0);
}

static int fired[8];
static struct los_timer timer[4];
static void fire(struct los_timer *which)
{
    fired[count++ % 8] = (int)(which - timer);
    if (which == &timer[3] && count < 6)
        los_timer_set(which, test_now + 10);
}

Test(schedule, timers_fire_in_order_of_their_deadlines)
{
    los_timers_init();
    for (int i = 0; i < 4; i++)
        los_timer_init(&timer[i], fire);
    cr_assert_eq(los_timers_next, LOS_FOREVER);
    los_timer_set(&timer[0], 300);
    los_timer_set(&timer[1], 100);
    los_timer_set(&timer[2], 300);
    los_timer_set(&timer[3], 200);
    los_timer_set(&timer[1], 250); /* moves */
    cr_assert_eq(los_timers_next, 200);
    test_now = 199;
    los_timers_run(test_now);
    cr_assert_eq(count, 0);
    test_now = 300;
    los_timers_run(test_now);
    cr_assert(count == 4 && fired[0] == 3 && fired[1] == 1 && fired[2] == 0 && fired[3] == 2);
    cr_assert(los_timer_is_set(&timer[3]) && !los_timer_is_set(&timer[0]));
    los_timer_cancel(&timer[3]);
    los_timer_cancel(&timer[3]);
    cr_assert_eq(los_timers_next, LOS_FOREVER);
}

Test(schedule, the_run_queue_prefers_the_fresh_and_starves_nobody)
{
    struct los_thread threads[4] = {{.tid = 1, .affinity = 3},
                                    {.tid = 2, .affinity = 2},
                                    {.tid = 3, .affinity = 3, .spent = true},
                                    {.tid = 4, .affinity = 1}};
    los_queue_init();
    for (int i = 3; i >= 0; i--)
        los_queue_add(&threads[i]);
    cr_assert_eq(los_runnable_count(), 4);
    cr_assert_eq(los_queue_take(1)->tid, 2, "4 may not run there");
    cr_assert_eq(los_queue_take(0)->tid, 4);
    cr_assert_eq(los_queue_take(0)->tid, 1);
    cr_assert_not(los_queue_has_fresh(0));
    cr_assert(los_queue_has(0));
    for (int i = 0;; i++) {
        cr_assert_lt(i, 10, "the spent one starves");
        los_queue_add(&threads[0]);
        if (los_queue_take(0) == &threads[2])
            break;
    }
    cr_assert_not(los_queue_has(5));
}

Test(schedule, niceness_changes_the_quantum)
{
    struct los_process process = {.nice = 0};
    struct los_thread thread = {.process = &process};
    cr_assert_eq(los_quantum_of(&thread), los_quantum_ns);
    process.nice = 10;
    cr_assert_lt(los_quantum_of(&thread), los_quantum_ns / 8);
    process.nice = -10;
    cr_assert_gt(los_quantum_of(&thread), los_quantum_ns * 8);
    process.nice = 19;
    cr_assert_geq(los_quantum_of(&thread), 1000000);
}
