/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Waiting. A thread enlists waiters in queues and sleeps; los_wake takes waiters out of a queue, marks them and makes their threads
 * runnable. thread->woken collects the marks, so that a wake between enlisting and sleeping is not lost.
 */
#include "internal.h"

void los_wait_queue_init(struct los_wait_queue *queue)
{
    los_list_init(&queue->waiters);
    queue->wakes = 0;
}

void los_enlist(struct los_wait_queue *queue, struct los_waiter *waiter)
{
    struct los_thread *thread = los_current();
    if (thread->enlisted++ == 0)
        thread->woken = false;
    waiter->thread = thread;
    waiter->woken = false;
    los_list_add_last(&queue->waiters, &waiter->link);
}

void los_delist(struct los_waiter *waiter)
{
    if (!waiter->thread)
        return;
    los_list_remove(&waiter->link);
    waiter->thread->enlisted--;
    waiter->thread = NULL;
}

void los_listen(struct los_wait_queue *queue, struct los_listener *listener)
{
    listener->waiter.thread = NULL;
    listener->queue = queue;
    los_list_add_first(&queue->waiters, &listener->waiter.link);
}

void los_listen_no_more(struct los_listener *listener)
{
    if (listener->queue)
        los_list_remove(&listener->waiter.link);
    listener->queue = NULL;
}

unsigned los_wake(struct los_wait_queue *queue, unsigned most)
{
    unsigned woken = 0;
    queue->wakes++;
    while (!los_list_empty(&queue->waiters)) { /* listeners come first */
        struct los_waiter *waiter = LOS_CONTAINER(queue->waiters.next, struct los_waiter, link);
        if (!waiter->thread) {
            struct los_listener *listener = LOS_CONTAINER(waiter, struct los_listener, waiter);
            los_listen_no_more(listener);
            listener->fired(listener);
            continue;
        }
        if (woken == most)
            break;
        los_list_remove(&waiter->link);
        waiter->woken = true;
        los_wake_thread(waiter->thread);
        woken++;
    }
    return woken;
}

void los_wake_thread(struct los_thread *thread)
{
    thread->woken = true;
    if (thread->state == LOS_THREAD_SLEEPING) {
        thread->spent = false;
        los_make_runnable(thread);
    }
}

static void deadline_passed(struct los_timer *timer)
{
    struct los_thread *thread = LOS_CONTAINER(timer, struct los_thread, wake);
    thread->timed_out = true;
    if (thread->state == LOS_THREAD_SLEEPING) {
        thread->spent = false;
        los_make_runnable(thread);
    }
}

/* Whether a sleep of this kind is over, and how: 1 means that it is not. */
static int verdict(struct los_thread *thread)
{
    if (thread->woken)
        return 0;
    if (thread->timed_out)
        return -LOS_E_TIMEDOUT;
    if (__builtin_expect(!los_called(thread), 1))
        return 1;
    if ((thread->interruptible && los_signal_is_pending(thread)) || (thread->killable && thread->exiting)) {
        thread->check_signals = true;
        return -LOS_E_RESTART;
    }
    return 1;
}

static int sleep_until(uint64_t deadline_ns, bool interruptible, bool killable)
{
    struct los_thread *thread = los_current();
    int result;
    thread->timed_out = deadline_ns != LOS_FOREVER && deadline_ns <= los_now();
    thread->interruptible = interruptible;
    thread->killable = killable;
    bool timed = deadline_ns != LOS_FOREVER && !thread->timed_out;
    if (timed) {
        los_timer_init(&thread->wake, deadline_passed);
        los_timer_set(&thread->wake, deadline_ns);
    }
    while ((result = verdict(thread)) == 1) {
        thread->state = LOS_THREAD_SLEEPING;
        thread->voluntary_switches++;
        los_schedule();
    }
    if (timed)
        los_timer_cancel(&thread->wake);
    thread->interruptible = thread->killable = thread->woken = false;
    return result;
}

int los_wait_enlisted(uint64_t deadline_ns, bool interruptible)
{
    return sleep_until(deadline_ns, interruptible, false);
}
int los_wait_killable(uint64_t deadline_ns) { return sleep_until(deadline_ns, false, true); }

int los_wait(struct los_wait_queue *queue, uint64_t deadline_ns, bool interruptible)
{
    struct los_waiter waiter;
    los_enlist(queue, &waiter);
    int result = los_wait_enlisted(deadline_ns, interruptible);
    los_delist(&waiter);
    return result;
}
