/* SPDX-License-Identifier: MPL-2.0 */
/* Counters and timers as files (events.h): eight bytes in, eight bytes out. */
#include "internal.h"
#include <los/events.h>

static long make_file(const char *name, const struct los_file_ops *ops, uint32_t flags, void *private,
                      struct los_file **out)
{
    struct los_inode *inode = los_inode_anonymous(LOS_ANONFS, LOS_REGULAR, 0600);
    struct los_file *file = inode ? los_file_new(inode, ops, flags) : NULL;
    if (!file) {
        if (inode)
            los_inode_unref(inode);
        return -LOS_E_NFILE;
    }
    inode->private = (void *)name;
    file->private = private;
    *out = file;
    return 0;
}

/* Gives a 64-bit count to a reader; nothing is lost when its memory is bad. */
static long give(struct los_transfer *to, uint64_t value)
{
    long moved = los_transfer_out(to, &value, sizeof(value));
    return moved == sizeof(value) ? moved : -LOS_E_FAULT;
}

/* --- counters --------------------------------------------------------------------------------------------------------- */

struct event {
    uint64_t count;
    bool semaphore;
    struct los_wait_queue changed;
};

static long event_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    struct event *event = file->private;
    (void)offset;
    if (to->left < sizeof(event->count))
        return -LOS_E_INVAL;
    while (!event->count) {
        if (file->flags & LOS_OPEN_NONBLOCK)
            return -LOS_E_AGAIN;
        int error = los_wait(&event->changed, LOS_FOREVER, true);
        if (error)
            return error;
    }
    uint64_t taken = event->semaphore ? 1 : event->count;
    long result = give(to, taken);
    if (result > 0) {
        event->count -= taken;
        los_wake(&event->changed, UINT32_MAX);
    }
    return result;
}

static long event_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    struct event *event = file->private;
    uint64_t add;
    (void)offset;
    if (from->left < sizeof(add))
        return -LOS_E_INVAL;
    if (los_transfer_in(from, &add, sizeof(add)) != sizeof(add))
        return -LOS_E_FAULT;
    if (add == UINT64_MAX)
        return -LOS_E_INVAL;
    while (add > UINT64_MAX - 1 - event->count) {
        if (file->flags & LOS_OPEN_NONBLOCK)
            return -LOS_E_AGAIN;
        int error = los_wait(&event->changed, LOS_FOREVER, true);
        if (error)
            return error;
    }
    event->count += add;
    if (add)
        los_wake(&event->changed, UINT32_MAX);
    return sizeof(add);
}

static uint32_t event_poll(struct los_file *file, struct los_poll_table *table)
{
    struct event *event = file->private;
    los_poll_wait(table, &event->changed);
    return (event->count ? LOS_POLL_IN : 0) | (event->count < UINT64_MAX - 1 ? LOS_POLL_OUT : 0);
}

static void event_close(struct los_file *file) { los_free(file->private); }

static const struct los_file_ops event_ops = {
    .read = event_read, .write = event_write, .poll = event_poll, .close = event_close};

long los_event_create(uint64_t initial, bool semaphore, uint32_t flags, struct los_file **out)
{
    struct event *event = los_alloc(sizeof(*event));
    if (!event)
        return -LOS_E_NOMEM;
    event->count = initial;
    event->semaphore = semaphore;
    los_wait_queue_init(&event->changed);
    long error = make_file("[eventfd]", &event_ops,
                           (flags & LOS_OPEN_NONBLOCK) | LOS_OPEN_READ | LOS_OPEN_WRITE, event, out);
    if (error)
        los_free(event);
    return error;
}

/* --- timers ------------------------------------------------------------------------------------------------------------- */

struct timer {
    struct los_timer timer;
    uint64_t interval_ns, fired;
    bool wall;
    struct los_wait_queue queue;
};

static void timer_fired(struct los_timer *link)
{
    struct timer *timer = LOS_CONTAINER(link, struct timer, timer);
    uint64_t due = timer->timer.deadline_ns, now = los_now();
    timer->fired++;
    if (timer->interval_ns) { /* those that were slept through count too */
        uint64_t missed = now > due ? (now - due) / timer->interval_ns : 0;
        timer->fired += missed;
        los_timer_set(&timer->timer, due + (missed + 1) * timer->interval_ns);
    }
    los_wake(&timer->queue, UINT32_MAX);
}

static long timer_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    struct timer *timer = file->private;
    (void)offset;
    if (to->left < sizeof(timer->fired))
        return -LOS_E_INVAL;
    while (!timer->fired) {
        if (file->flags & LOS_OPEN_NONBLOCK)
            return -LOS_E_AGAIN;
        int error = los_wait(&timer->queue, LOS_FOREVER, true);
        if (error)
            return error;
    }
    long result = give(to, timer->fired);
    if (result > 0)
        timer->fired = 0;
    return result;
}

static uint32_t timer_poll(struct los_file *file, struct los_poll_table *table)
{
    struct timer *timer = file->private;
    los_poll_wait(table, &timer->queue);
    return timer->fired ? LOS_POLL_IN : 0;
}

static void timer_close(struct los_file *file)
{
    struct timer *timer = file->private;
    los_timer_cancel(&timer->timer);
    los_free(timer);
}

static const struct los_file_ops timer_ops = {.read = timer_read, .poll = timer_poll, .close = timer_close};

long los_timer_file_create(bool wall, uint32_t flags, struct los_file **out)
{
    struct timer *timer = los_alloc_zeroed(sizeof(*timer));
    if (!timer)
        return -LOS_E_NOMEM;
    timer->wall = wall;
    los_timer_init(&timer->timer, timer_fired);
    los_wait_queue_init(&timer->queue);
    long error = make_file("[timerfd]", &timer_ops, (flags & LOS_OPEN_NONBLOCK) | LOS_OPEN_READ, timer, out);
    if (error)
        los_free(timer);
    return error;
}

long los_timer_file_get(struct los_file *file, struct los_timer_setting *out)
{
    struct timer *timer = file->private;
    if (file->ops != &timer_ops)
        return -LOS_E_INVAL;
    uint64_t now = los_now();
    *out = (struct los_timer_setting){.interval_ns = timer->interval_ns};
    if (los_timer_is_set(&timer->timer))
        out->value_ns = timer->timer.deadline_ns > now ? timer->timer.deadline_ns - now : 1;
    return 0;
}

long los_timer_file_set(struct los_file *file, bool absolute, const struct los_timer_setting *set,
                        struct los_timer_setting *old)
{
    struct timer *timer = file->private;
    if (file->ops != &timer_ops)
        return -LOS_E_INVAL;
    if (old)
        los_timer_file_get(file, old);
    los_timer_cancel(&timer->timer);
    timer->fired = 0;
    timer->interval_ns = set->interval_ns;
    if (!set->value_ns)
        return 0;
    uint64_t now = los_now(), deadline = set->value_ns;
    if (!absolute) {
        deadline = deadline > LOS_FOREVER - 1 - now ? LOS_FOREVER - 1 : now + deadline;
    } else if (timer->wall) {
        uint64_t wall = los_wall_now();
        deadline = deadline > wall ? now + (deadline - wall) : 1;
    }
    los_timer_set(&timer->timer, deadline);
    return 0;
}
