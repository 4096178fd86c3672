/* SPDX-License-Identifier: MPL-2.0 */
/* Sets of semaphores: ids, steps of several changes, who waits and who goes on, time-outs and signals, undoing, permissions, bounds. */
#include <los/semaphore.h>
#include "process_support.h"

#define THREAD (LOS_CLONE_THREAD | LOS_CLONE_SPACE | LOS_CLONE_ACTIONS | LOS_CLONE_FILES)

static int set;
static int done[16]; /* what each that came to an end had to say, in that order */
static unsigned count;

static void note(long what) { done[count++ % 16] = (int)what; }
static long value(uint32_t number) { return los_semaphore_ask(set, number, LOS_SEMAPHORE_VALUE); }
static long change_until(uint32_t number, int by, uint32_t flags, uint64_t deadline_ns)
{
    struct los_semaphore_change one = {(uint16_t)number, (int16_t)by, (uint16_t)flags};
    return los_semaphores_change(set, &one, 1, deadline_ns);
}
static long change(uint32_t number, int by, uint32_t flags)
{
    return change_until(number, by, flags, LOS_FOREVER);
}
static long both(int first, int second)
{
    struct los_semaphore_change two[] = {{0, (int16_t)first, 0}, {1, (int16_t)second, 0}};
    return los_semaphores_change(set, two, 2, LOS_FOREVER);
}
static void expect(long first, long second)
{
    cr_assert(value(0) == first && value(1) == second, "%ld %ld", value(0), value(1));
}
static void fresh(void) { cr_assert_geq(set = (int)los_semaphores_get(0, 2, 0, 0600), 0); }

#define SEMAPHORE_TEST(name)                                                                                   \
    static void name(struct los_frame *frame);                                                                 \
    Test(semaphore, name)                                                                                      \
    {                                                                                                          \
        test_boot(name);                                                                                       \
        test_run();                                                                                            \
        cr_assert_eq(test_status, 0);                                                                          \
    }                                                                                                          \
    static void name(struct los_frame *frame)

/* --- sets ---------------------------------------------------------------------------------------------------------------------- */
SEMAPHORE_TEST(ids_and_keys)
{
    (void)frame;
    cr_assert_eq(los_semaphores_get(7, 2, 0, 0600), -LOS_E_NOENT);
    cr_assert_eq(los_semaphores_get(7, 0, LOS_SEMAPHORES_CREATE, 0600), -LOS_E_INVAL);
    cr_assert_eq(los_semaphores_get(7, 32001, LOS_SEMAPHORES_CREATE, 0600), -LOS_E_INVAL);
    long id = los_semaphores_get(7, 2, LOS_SEMAPHORES_CREATE | LOS_SEMAPHORES_EXCLUSIVE, 0600);
    cr_assert_geq(id, 0);
    cr_assert_eq(los_semaphores_get(7, 2, LOS_SEMAPHORES_CREATE, 0600), id);
    cr_assert_eq(los_semaphores_get(7, 0, 0, 0), id);
    cr_assert_eq(los_semaphores_get(7, 3, 0, 0), -LOS_E_INVAL);
    cr_assert_eq(los_semaphores_get(7, 2, LOS_SEMAPHORES_CREATE | LOS_SEMAPHORES_EXCLUSIVE, 0), -LOS_E_EXIST);
    long other = los_semaphores_get(0, 1, 0, 0600);
    cr_assert(other >= 0 && other != id && los_semaphores_get(0, 1, 0, 0600) != other);
    cr_assert_eq(los_semaphores_at(0), id);
    cr_assert_eq(los_semaphores_remove((int)id), 0);
    cr_assert_eq(los_semaphores_remove((int)id), -LOS_E_INVAL);
    long later = los_semaphores_get(7, 2, LOS_SEMAPHORES_CREATE, 0600);
    cr_assert_neq(later, id, "the same slot, another number");
    cr_assert_eq(los_semaphores_at(0), later);
    set = (int)id;
    cr_assert_eq(change(0, 1, 0), -LOS_E_INVAL);
    cr_assert_eq(los_semaphore_set(set, 0, 1), -LOS_E_INVAL);
    cr_assert_eq(los_semaphores_at(LOS_SEMAPHORE_SETS), -LOS_E_INVAL);
    struct los_semaphores_usage usage = los_semaphores_usage();
    cr_assert(usage.sets == 3 && usage.semaphores == 4 && usage.highest_slot == 2);
}

SEMAPHORE_TEST(numbers_come_round)
{
    (void)frame;
    int first = (int)los_semaphores_get(0, 1, 0, 0600), id = first;
    for (int i = 0; i < 1 << 16; i++) {
        cr_assert(id >= 0 && (i == 0 || id != first));
        cr_assert_eq(los_semaphores_remove(id), 0);
        id = (int)los_semaphores_get(0, 1, 0, 0600);
    }
    cr_assert_eq(id, first);
}

SEMAPHORE_TEST(places_end)
{
    (void)frame;
    for (uint32_t i = 0; i < LOS_SEMAPHORE_SETS; i++)
        cr_assert_geq(los_semaphores_get(0, 1, 0, 0600), 0);
    cr_assert_eq(los_semaphores_get(0, 1, 0, 0600), -LOS_E_NOSPC);
    cr_assert_eq(los_semaphores_remove((int)los_semaphores_at(500)), 0);
    cr_assert_eq(los_semaphores_get(0, 1, 0, 0600) & 1023, 500);
}

SEMAPHORE_TEST(memory_ends)
{
    (void)frame;
    int ids[64], made = 0;
    uint64_t before = los_pages_free_count();
    while (made < 64 && (ids[made] = (int)los_semaphores_get(0, LOS_SEMAPHORES_MAX, 0, 0600)) >= 0)
        made++;
    cr_assert(made > 0 && made < 64 && ids[made] == -LOS_E_NOMEM, "%d", made);
    set = ids[0];
    cr_assert_eq(change(31999, 1, 0), 0);
    while (made > 0)
        cr_assert_eq(los_semaphores_remove(ids[--made]), 0);
    cr_assert_eq(los_pages_free_count(), before);
    fresh();
    fake_fail_at = 1;
    cr_assert_eq(change(0, 1, LOS_SEMAPHORE_UNDO), -LOS_E_NOMEM);
    fake_fail_at = 0;
    expect(0, 0);
    cr_assert_eq(change(0, 1, LOS_SEMAPHORE_UNDO), 0);
}

static void become(uint32_t user, uint32_t group)
{
    struct los_credentials *c = &los_current()->process->credentials;
    c->effective_user = user;
    c->file_group = c->effective_group = group;
}

SEMAPHORE_TEST(permission)
{
    (void)frame;
    uint16_t values[2] = {1, 1};
    struct los_semaphores_status status;
    become(5, 6);
    cr_assert_geq(set = (int)los_semaphores_get(3, 2, LOS_SEMAPHORES_CREATE, 0640), 0);
    cr_assert_eq(los_semaphores_status(set, false, &status), 0);
    cr_assert(status.user == 5 && status.creator_group == 6 && status.mode == 0640 && status.count == 2);
    become(7, 6); /* reads */
    cr_assert_eq(change(0, 0, 0), 0);
    cr_assert_eq(change(0, 1, 0), -LOS_E_ACCES);
    cr_assert_eq(los_semaphore_set(set, 0, 1), -LOS_E_ACCES);
    cr_assert(los_semaphores_count(set, false) == 2 && los_semaphores_count(set, true) == -LOS_E_ACCES);
    cr_assert(los_semaphores_get(3, 0, 0, 0040) == set && los_semaphores_get(3, 0, 0, 0020) == -LOS_E_ACCES);
    cr_assert_eq(los_semaphores_remove(set), -LOS_E_PERM);
    become(7, 8); /* nothing */
    cr_assert_eq(change(0, 0, 0), -LOS_E_ACCES);
    cr_assert_eq(value(0), -LOS_E_ACCES);
    cr_assert_eq(los_semaphores_status(set, false, &status), -LOS_E_ACCES);
    cr_assert_eq(los_semaphores_status(set, true, &status), 0);
    cr_assert_eq(los_semaphores_set_owner(set, 7, 8, 0600), -LOS_E_PERM);
    become(5, 8); /* the owner, who gives it away and stays its creator */
    cr_assert_eq(los_semaphores_set_owner(set, 7, 8, 0200), 0);
    become(7, 9);
    cr_assert(change(0, 1, 0) == 0 && value(0) == -LOS_E_ACCES);
    cr_assert_eq(los_semaphores_set_values(set, values, 2), 0);
    become(0, 0);
    cr_assert(value(0) == 1 && los_semaphores_remove(set) == 0);
}

/* --- steps ---------------------------------------------------------------------------------------------------------------------- */
SEMAPHORE_TEST(all_or_none)
{
    (void)frame;
    static struct los_semaphore_change many[LOS_SEMAPHORE_CHANGES_MAX + 1];
    struct los_semaphore_change fails[] = {
        {0, 3, LOS_SEMAPHORE_UNDO}, {1, 2, 0}, {0, -4, LOS_SEMAPHORE_NO_WAIT}};
    struct los_semaphore_change beyond[] = {{0, 1, 0}, {1, 32767, 0}, {1, 1, 0}};
    struct los_semaphore_change same[] = {{0, 2, 0}, {0, -2, 0}, {0, 0, 0}, {1, 1, 0}};
    fresh();
    cr_assert_eq(los_semaphores_change(set, fails, 3, LOS_FOREVER), -LOS_E_AGAIN);
    cr_assert_eq(los_semaphores_change(set, beyond, 3, LOS_FOREVER), -LOS_E_RANGE);
    expect(0, 0);
    cr_assert_eq(los_semaphore_ask(set, 0, LOS_SEMAPHORE_LAST_PROCESS), 0);
    cr_assert_eq(los_semaphores_change(set, same, 4, LOS_FOREVER), 0);
    expect(0, 1);
    cr_assert_eq(los_semaphore_ask(set, 0, LOS_SEMAPHORE_LAST_PROCESS), 1);
    cr_assert_eq(change(2, 1, 0), -LOS_E_FBIG);
    cr_assert_eq(los_semaphores_change(set, many, 0, LOS_FOREVER), -LOS_E_INVAL);
    cr_assert_eq(los_semaphores_change(set, many, LOS_SEMAPHORE_CHANGES_MAX + 1, LOS_FOREVER), -LOS_E_TOOBIG);
    cr_assert_eq(los_semaphores_change(set, many, LOS_SEMAPHORE_CHANGES_MAX, LOS_FOREVER), 0);
    /* The failed step left nothing to undo, so that there is room for all of it. */
    cr_assert_eq(change(0, 32767, LOS_SEMAPHORE_UNDO), 0);
    cr_assert_eq(change(0, -32767, 0), 0);
    cr_assert_eq(change(0, 1, LOS_SEMAPHORE_UNDO), 0);
    cr_assert_eq(change(0, 1, LOS_SEMAPHORE_UNDO), -LOS_E_RANGE);
    expect(1, 1);
}

SEMAPHORE_TEST(values_are_bounded)
{
    (void)frame;
    uint16_t values[2] = {1, 32768}, back[2];
    fresh();
    cr_assert_eq(los_semaphore_set(set, 0, 32768), -LOS_E_RANGE);
    cr_assert_eq(los_semaphore_set(set, 0, -1), -LOS_E_RANGE);
    cr_assert_eq(los_semaphore_set(set, 2, 1), -LOS_E_INVAL);
    cr_assert_eq(los_semaphores_set_values(set, values, 2), -LOS_E_RANGE);
    expect(0, 0);
    values[1] = 32767;
    cr_assert_eq(los_semaphores_set_values(set, values, 2), 0);
    cr_assert(los_semaphores_values(set, back, 2) == 0 && back[0] == 1 && back[1] == 32767);
    cr_assert_eq(los_semaphores_values(set, back, 1), -LOS_E_INVAL);
    cr_assert_eq(change(1, 1, 0), -LOS_E_RANGE);
}

/* --- waiting -------------------------------------------------------------------------------------------------------------------- */
static void takes_one(struct los_frame *frame)
{
    (void)frame;
    long result = change(0, -1, 0);
    note(result ? result : los_current()->tid);
}
static void takes_three(struct los_frame *frame)
{
    (void)frame;
    note(change(0, -3, 0) == 0 ? 300 : 0);
}
static void takes_both(struct los_frame *frame)
{
    (void)frame;
    note(both(-1, -1) == 0 ? 200 : 0);
}
static void wants_zero(struct los_frame *frame)
{
    (void)frame;
    note(change(1, 0, 0) == 0 ? 100 : 0);
}

SEMAPHORE_TEST(first_come_first)
{
    (void)frame;
    fresh();
    for (int i = 0; i < 3; i++)
        test_clone(THREAD, takes_one);
    los_yield();
    cr_assert_eq(los_semaphore_ask(set, 0, LOS_SEMAPHORE_WAIT_MORE), 3);
    cr_assert_eq(los_semaphore_ask(set, 0, LOS_SEMAPHORE_WAIT_ZERO), 0);
    cr_assert_eq(change(0, 2, 0), 0);
    expect(0, 0); /* taken already, for those who waited */
    cr_assert_eq(change(0, -1, LOS_SEMAPHORE_NO_WAIT), -LOS_E_AGAIN);
    los_yield();
    cr_assert(count == 2 && done[0] == 2 && done[1] == 3);
    cr_assert_eq(change(0, 1, 0), 0);
    los_yield();
    cr_assert(count == 3 && done[2] == 4);
}

SEMAPHORE_TEST(who_wants_more_holds_nobody_up)
{
    (void)frame;
    fresh();
    test_clone(THREAD, takes_three);
    los_yield();
    test_clone(THREAD, takes_one);
    los_yield();
    cr_assert_eq(change(0, 1, 0), 0);
    los_yield();
    cr_assert(count == 1 && done[0] == 3);
    cr_assert_eq(los_semaphore_set(set, 0, 4), 0);
    los_yield();
    cr_assert(count == 2 && done[1] == 300);
    expect(1, 0);
}

SEMAPHORE_TEST(zero_is_waited_for)
{
    (void)frame;
    fresh();
    cr_assert_eq(change(1, 2, 0), 0);
    test_clone(THREAD, wants_zero);
    test_clone(THREAD, wants_zero);
    los_yield();
    cr_assert_eq(los_semaphore_ask(set, 1, LOS_SEMAPHORE_WAIT_ZERO), 2);
    cr_assert_eq(change(1, -1, 0), 0);
    los_yield();
    cr_assert_eq(count, 0);
    cr_assert_eq(change(1, -1, 0), 0);
    los_yield();
    cr_assert_eq(count, 2);
}

SEMAPHORE_TEST(several_at_once)
{
    (void)frame;
    fresh();
    test_clone(THREAD, takes_both);
    los_yield();
    cr_assert_eq(change(0, 1, 0), 0);
    expect(1, 0);
    cr_assert_eq(los_semaphore_ask(set, 0, LOS_SEMAPHORE_WAIT_MORE), 0);
    cr_assert_eq(los_semaphore_ask(set, 1, LOS_SEMAPHORE_WAIT_MORE), 1, "that is what it lacks now");
    cr_assert_eq(change(0, -1, LOS_SEMAPHORE_NO_WAIT), 0);
    cr_assert_eq(both(1, 1), 0);
    expect(0, 0);
    los_yield();
    cr_assert(count == 1 && done[0] == 200);
}

static void gives_when_it_gets(struct los_frame *frame)
{
    (void)frame;
    note(both(1, -1) == 0 ? 400 : 0);
}

SEMAPHORE_TEST(one_helps_another)
{
    (void)frame;
    fresh();
    cr_assert_eq(change(1, 0, 0), 0);
    test_clone(THREAD, takes_one);
    test_clone(THREAD, gives_when_it_gets); /* comes later, and must go first */
    los_yield();
    cr_assert_eq(change(1, 1, 0), 0);
    expect(0, 0);
    los_yield();
    cr_assert_eq(count, 2);
}

static void zero_then_gives(struct los_frame *frame)
{
    (void)frame;
    struct los_semaphore_change two[] = {{1, 0, 0}, {0, 1, 0}};
    note(los_semaphores_change(set, two, 2, LOS_FOREVER) == 0 ? 500 : 0);
}

SEMAPHORE_TEST(what_shrinks_helps_too)
{
    (void)frame;
    fresh();
    cr_assert_eq(change(1, 2, 0), 0);
    test_clone(THREAD, takes_one);
    test_clone(THREAD, zero_then_gives);
    los_yield();
    cr_assert_eq(change(1, -1, 0), 0);
    los_yield();
    cr_assert_eq(count, 0);
    cr_assert_eq(change(1, -1, 0), 0);
    los_yield();
    cr_assert_eq(count, 2);
    expect(0, 0);
}

static void takes_three_of_second(struct los_frame *frame)
{
    (void)frame;
    note(change(1, -3, 0) == 0 ? 300 : 0);
}

SEMAPHORE_TEST(who_takes_the_last_lets_zero_go)
{
    (void)frame;
    fresh();
    cr_assert_eq(change(1, 1, 0), 0);
    test_clone(THREAD, wants_zero);
    test_clone(THREAD, takes_three_of_second);
    los_yield();
    cr_assert_eq(los_semaphore_ask(set, 1, LOS_SEMAPHORE_WAIT_ZERO), 1);
    cr_assert_eq(los_semaphore_ask(set, 1, LOS_SEMAPHORE_WAIT_MORE), 1);
    cr_assert_eq(change(1, 2, 0), 0);
    los_yield();
    cr_assert_eq(count, 2);
}

static void no_wait_later(struct los_frame *frame)
{
    (void)frame;
    struct los_semaphore_change two[] = {{0, -1, 0}, {1, -1, LOS_SEMAPHORE_NO_WAIT}};
    note(los_semaphores_change(set, two, 2, LOS_FOREVER));
}

SEMAPHORE_TEST(a_waiter_may_fail)
{
    (void)frame;
    fresh();
    test_clone(THREAD, no_wait_later);
    los_yield();
    cr_assert_eq(count, 0);
    cr_assert_eq(change(0, 1, 0), 0);
    los_yield();
    cr_assert(count == 1 && done[0] == -LOS_E_AGAIN);
    expect(1, 0);
}

SEMAPHORE_TEST(removal_ends_waits)
{
    (void)frame;
    fresh();
    cr_assert_eq(change(1, 1, LOS_SEMAPHORE_UNDO), 0);
    test_clone(THREAD, takes_one);
    test_clone(THREAD, takes_one);
    los_yield();
    int old = set;
    cr_assert_eq(los_semaphores_remove(set), 0);
    fresh(); /* in its place, before they run */
    cr_assert_neq(set, old);
    los_yield();
    cr_assert(count == 2 && done[0] == -LOS_E_IDRM && done[1] == -LOS_E_IDRM);
    expect(0, 0);
}

static void interrupted(struct los_frame *frame)
{
    (void)frame;
    note(change(0, -1, LOS_SEMAPHORE_UNDO));
}

SEMAPHORE_TEST(time_and_signals_end_waits)
{
    (void)frame;
    struct los_action action = {.handler = 0x1000};
    fresh();
    cr_assert_eq(change_until(0, -1, 0, test_now + 5), -LOS_E_TIMEDOUT);
    cr_assert_eq(change_until(0, 0, 0, test_now + 5), 0);
    los_set_action(LOS_SIG_USER1, &action, NULL);
    long tid = test_clone(THREAD, interrupted);
    los_yield();
    los_signal_thread(los_find_thread((int)tid), &(struct los_signal_info){.number = LOS_SIG_USER1});
    los_yield();
    cr_assert(count == 1 && done[0] == -LOS_E_RESTART);
    cr_assert_eq(los_semaphore_ask(set, 0, LOS_SEMAPHORE_WAIT_MORE), 0);
    cr_assert_eq(change(0, 1, 0), 0);
    expect(1, 0);
}

/* --- undoing -------------------------------------------------------------------------------------------------------------------- */
static long run_child(void (*body)(struct los_frame *frame))
{
    struct los_wait_result result;
    long pid = test_clone(0, body);
    cr_assert_eq(los_wait_child((int)pid, LOS_WAIT_EXITED, &result), pid);
    return pid;
}

static void takes_and_ends(struct los_frame *frame)
{
    (void)frame;
    cr_assert_eq(change(0, -2, LOS_SEMAPHORE_UNDO), 0);
    cr_assert_eq(change(1, 5, LOS_SEMAPHORE_UNDO), 0);
    cr_assert_eq(change(1, 1, 0), 0);
    note(value(0));
}
static void one_is_forgotten(struct los_frame *frame)
{
    (void)frame;
    cr_assert_eq(change(0, 1, LOS_SEMAPHORE_UNDO), 0);
    cr_assert_eq(change(1, 1, LOS_SEMAPHORE_UNDO), 0);
    cr_assert_eq(los_semaphore_set(set, 0, 9), 0);
}
static void takes_and_is_forgotten(struct los_frame *frame)
{
    (void)frame;
    uint16_t values[2] = {2, 2};
    cr_assert_eq(change(0, -1, LOS_SEMAPHORE_UNDO), 0);
    cr_assert_eq(change(1, 1, LOS_SEMAPHORE_UNDO), 0);
    cr_assert_eq(los_semaphore_set(set, 0, 9), 0);
    note(value(0));
    run_child(takes_and_ends); /* has a record of its own, and none of this one's */
    cr_assert_eq(los_semaphores_set_values(set, values, 2), 0);
}
static void gives_too_much(struct los_frame *frame)
{
    (void)frame;
    cr_assert_eq(change(0, 10, LOS_SEMAPHORE_UNDO), 0);
    cr_assert_eq(change(0, -10, 0), 0);
    cr_assert_eq(change(1, -1, LOS_SEMAPHORE_UNDO), 0);
    cr_assert_eq(change(1, 32767, 0), 0);
}

SEMAPHORE_TEST(a_process_ends)
{
    (void)frame;
    fresh();
    cr_assert_eq(los_semaphore_set(set, 0, 2), 0);
    long pid = run_child(takes_and_ends);
    cr_assert(count == 1 && done[0] == 0);
    expect(2, 1);
    cr_assert_eq(los_semaphore_ask(set, 0, LOS_SEMAPHORE_LAST_PROCESS), pid);
    cr_assert_eq(los_semaphore_set(set, 1, 0), 0);
    run_child(takes_and_is_forgotten);
    expect(2, 2);
    cr_assert(los_semaphore_set(set, 0, 0) == 0 && los_semaphore_set(set, 1, 1) == 0);
    run_child(one_is_forgotten);
    expect(9, 1);
    cr_assert_eq(los_semaphore_set(set, 0, 0), 0);
    run_child(gives_too_much);
    expect(0, 32767);
}

static void in_thread(struct los_frame *frame)
{
    (void)frame;
    cr_assert_eq(change(0, -1, LOS_SEMAPHORE_UNDO), 0);
}
static void has_threads(struct los_frame *frame)
{
    (void)frame;
    long tid = test_clone(THREAD, in_thread);
    while (los_find_thread((int)tid))
        los_yield();
    note(value(0)); /* the thread has ended, the process has not */
    los_yield();
}

SEMAPHORE_TEST(the_end_wakes)
{
    (void)frame;
    fresh();
    cr_assert_eq(los_semaphore_set(set, 0, 1), 0);
    struct los_wait_result result;
    long pid = test_clone(0, has_threads);
    while (count == 0)
        los_yield();
    cr_assert_eq(done[0], 0);
    long tid = test_clone(THREAD, takes_one);
    cr_assert_eq(los_wait_child((int)pid, LOS_WAIT_EXITED, &result), pid);
    los_yield();
    cr_assert(count == 2 && done[1] == tid);
    expect(0, 0);
}
