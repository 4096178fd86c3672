/* SPDX-License-Identifier: MPL-2.0 */
/* Counters, timers, sets of watched files. */
#include <los/events.h>
#include "file_fixture.h"
#include "process_support.h"

static uint64_t get(struct los_file *file)
{
    uint64_t value;
    cr_assert_eq(fixture_read(file, &value, 8), 8);
    return value;
}
static void put(struct los_file *file, uint64_t value) { cr_assert_eq(fixture_write(file, &value, 8), 8); }

FILE_TEST(file_events, counters)
{
    struct los_file *file;
    uint64_t value = UINT64_MAX;
    OK(los_event_create(3, false, LOS_OPEN_NONBLOCK, &file));
    cr_assert_eq(get(file), 3u);
    ERROR(AGAIN, fixture_read(file, &value, 8));
    ERROR(INVAL, fixture_read(file, &value, 7));
    ERROR(INVAL, fixture_write(file, &value, 8));
    put(file, UINT64_MAX - 1);
    cr_assert_eq(los_file_poll(file, NULL), LOS_POLL_IN);
    value = 1;
    ERROR(AGAIN, fixture_write(file, &value, 8));
    los_file_unref(file);
    OK(los_event_create(2, true, LOS_OPEN_NONBLOCK, &file));
    cr_assert_eq(get(file), 1u);
    cr_assert_eq(get(file), 1u);
    ERROR(AGAIN, fixture_read(file, &value, 8));
    los_file_unref(file);
}

FILE_TEST(file_events, timers)
{
    struct los_file *file;
    struct los_timer_setting set = {.value_ns = 1000, .interval_ns = 500}, old;
    OK(los_timer_file_create(false, 0, &file));
    OK(los_timer_file_set(file, false, &set, &old));
    cr_assert_eq(old.value_ns, 0u);
    cr_assert_eq(get(file), 1u);
    cr_assert_eq(get(file), 1u);
    OK(los_timer_file_get(file, &old));
    cr_assert(old.interval_ns == 500 && old.value_ns && old.value_ns <= 500);
    set = (struct los_timer_setting){0};
    OK(los_timer_file_set(file, false, &set, NULL));
    struct los_poll_item item = {file, LOS_POLL_IN, 0};
    cr_assert_eq(los_poll(&item, 1, los_now() + 10000), 0);
    los_file_unref(file);
}

static struct los_file *set, *a, *b;
static void close_b(struct los_frame *frame)
{
    (void)frame;
    los_file_unref(b); /* while the first process sleeps in its queue */
    put(a, 7);
}

FILE_TEST(file_events, sets)
{
    struct los_watch_event events[4];
    struct los_watch level = {.wanted = LOS_POLL_IN, .data = 11}, edge = {LOS_POLL_IN, LOS_WATCH_EDGE, 22},
                     once = {LOS_POLL_IN, LOS_WATCH_ONCE, 33};
    uint64_t before = fixture_free();
    OK(los_watch_set_create(0, &set));
    OK(los_event_create(0, false, LOS_OPEN_NONBLOCK, &a));
    OK(los_event_create(0, false, LOS_OPEN_NONBLOCK, &b));
    OK(los_watch_add(set, 3, a, &level));
    ERROR(EXIST, los_watch_add(set, 3, a, &level));
    ERROR(INVAL, los_watch_add(set, 5, set, &level));
    ERROR(NOENT, los_watch_change(set, 4, b, &edge));
    OK(los_watch_add(set, 4, b, &edge));
    cr_assert_eq(los_watch_wait(set, events, 4, 0), 0);
    put(a, 1);
    put(b, 1);
    cr_assert_eq(los_watch_wait(set, events, 4, 0), 2);
    cr_assert_eq(los_watch_wait(set, events, 4, 0), 1); /* the edge was told */
    cr_assert_eq(events[0].data, 11u);
    put(b, 1);
    cr_assert_eq(los_watch_wait(set, events, 4, 0), 2); /* something came, though nothing was read */
    cr_assert_eq(los_watch_wait(set, events, 4, 0), 1);
    get(a);
    get(b);
    OK(los_watch_change(set, 3, a, &once));
    struct los_file *outer;
    OK(los_watch_set_create(0, &outer));
    OK(los_watch_add(outer, 9, set, &level));
    ERROR(LOOP, los_watch_add(set, 8, outer, &level));
    test_clone(0, close_b);
    cr_assert_eq(los_watch_wait(outer, events, 4, LOS_FOREVER), 1);
    cr_assert_eq(los_watch_wait(set, events, 4, 0), 1);
    cr_assert_eq(events[0].data, 33u);
    cr_assert_eq(los_watch_wait(set, events, 4, 0), 0);
    los_file_unref(set);
    los_file_unref(outer);
    los_file_unref(a);
    struct los_wait_result result;
    cr_assert_gt(los_wait_child(-1, LOS_WAIT_EXITED, &result), 0);
    cr_assert_eq(fixture_free(), before);
}

static struct {
    unsigned asked;
    bool ready;
    struct los_wait_queue queue;
} watched[40];

static uint32_t watched_poll(struct los_file *file, struct los_poll_table *table)
{
    unsigned i = (unsigned)(uintptr_t)file->private;
    watched[i].asked++;
    los_poll_wait(table, &watched[i].queue);
    return watched[i].ready ? LOS_POLL_IN : 0;
}

static unsigned asked(void)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < LOS_COUNT(watched); i++) {
        sum += watched[i].asked;
        watched[i].asked = 0;
    }
    return sum;
}

FILE_TEST(file_events, a_wait_asks_only_what_was_woken)
{
    static const struct los_file_ops ops = {.poll = watched_poll};
    struct los_file *all, *file[LOS_COUNT(watched)];
    struct los_watch_event events[4];
    OK(los_watch_set_create(0, &all));
    for (unsigned i = 0; i < LOS_COUNT(watched); i++) {
        los_wait_queue_init(&watched[i].queue);
        struct los_inode *inode = los_inode_anonymous(LOS_ANONFS, LOS_REGULAR, 0600);
        file[i] = los_file_new(inode, &ops, LOS_OPEN_READ);
        file[i]->private = (void *)(uintptr_t)i;
        OK(los_watch_add(all, (int)i + 3, file[i], &(struct los_watch){.wanted = LOS_POLL_IN, .data = i}));
    }
    cr_assert_eq(los_watch_wait(all, events, 4, 0), 0);
    cr_assert_eq(asked(), LOS_COUNT(watched), "new ones are asked once");
    cr_assert_eq(los_watch_wait(all, events, 4, 0), 0);
    cr_assert_eq(asked(), 0u);
    watched[17].ready = true;
    los_wake(&watched[17].queue, 1);
    los_wake(&watched[5].queue, 0); /* nobody sleeps, yet it is heard */
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(los_watch_wait(all, events, 4, 0), 1);
        cr_assert_eq(events[0].data, 17u);
    }
    cr_assert_eq(asked(), 4u, "the ready one each time, the other one once");
    watched[17].ready = false;
    cr_assert_eq(los_watch_wait(all, events, 4, 0), 0);
    los_file_unref(file[17]);
    los_wake(&watched[17].queue, UINT32_MAX); /* it listens no more */
    cr_assert_eq(los_watch_wait(all, events, 4, 0), 0);
    cr_assert_eq(asked(), 1u);
    for (unsigned i = 0; i < LOS_COUNT(watched); i++)
        if (i != 17)
            los_file_unref(file[i]);
    los_file_unref(all);
}
