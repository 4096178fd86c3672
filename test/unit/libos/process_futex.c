/* SPDX-License-Identifier: MPL-2.0 */
/* Futexes: compare and sleep, bit sets, requeue, time-outs, shared memory. User memory is reached through the space. */
#include "process_support.h"

#define AT     0x10000ul
#define THREAD (LOS_CLONE_THREAD | LOS_CLONE_SPACE | LOS_CLONE_ACTIONS | LOS_CLONE_FILES)

static int woken[8];
static unsigned count;

static void store(uint64_t at, uint32_t value) { cr_assert_eq(los_copy_out(at, &value, sizeof value), 0); }

static void map(uint32_t flags, struct los_object *object)
{
    los_space_activate(los_current()->process->space);
    cr_assert_eq(los_space_map(los_current()->process->space, AT, LOS_PAGE, LOS_READ | LOS_WRITE,
                               LOS_FIXED | flags, object, 0, NULL, NULL),
                 AT);
}

static void waiter(struct los_frame *frame)
{
    (void)frame;
    cr_assert_eq(los_futex_wait(AT, 0, LOS_FOREVER, UINT32_MAX, false), 0);
    woken[count++ % 8] = los_current()->tid;
}

static void wakes_in_order(struct los_frame *frame)
{
    (void)frame;
    map(0, NULL);
    for (int i = 0; i < 4; i++)
        test_clone(THREAD, waiter);
    los_yield();
    cr_assert_eq(los_futex_wait(AT, 1, LOS_FOREVER, UINT32_MAX, false), -LOS_E_AGAIN);
    cr_assert_eq(los_futex_wait(AT + 2, 0, LOS_FOREVER, UINT32_MAX, false), -LOS_E_INVAL);
    cr_assert_eq(los_futex_wait(0x5000000, 0, LOS_FOREVER, UINT32_MAX, false), -LOS_E_FAULT);
    cr_assert_eq(los_futex_wait(AT, 0, test_now + 5, UINT32_MAX, false), -LOS_E_TIMEDOUT);
    cr_assert_eq(los_futex_wake(AT, 1, UINT32_MAX, false), 1);
    los_yield();
    cr_assert(count == 1 && woken[0] == 2);
    cr_assert_eq(los_futex_requeue(AT, 1, 1, AT + 8, true, 3, false), -LOS_E_AGAIN);
    cr_assert_eq(los_futex_requeue(AT, 1, 1, AT + 8, true, 0, false), 2, "one woken, one moved");
    cr_assert_eq(los_futex_wake(AT, 9, UINT32_MAX, false), 1);
    cr_assert_eq(los_futex_wake(AT + 8, 9, UINT32_MAX, false), 1);
    los_yield();
    cr_assert_eq(count, 4);
    cr_assert_eq(los_futex_wake(AT, 9, UINT32_MAX, false), 0);
}

Test(futex, wakes_in_order_and_requeues)
{
    test_boot(wakes_in_order);
    test_run();
    cr_assert_eq(test_status, 0);
}

static void waits_for_bit(struct los_frame *frame)
{
    (void)frame;
    cr_assert_eq(los_futex_wait(AT, 0, LOS_FOREVER, 4, false), 0);
    count++;
}

static void bits(struct los_frame *frame)
{
    (void)frame;
    map(0, NULL);
    test_clone(THREAD, waits_for_bit);
    los_yield();
    cr_assert_eq(los_futex_wake(AT, 1, 3, false), 0);
    cr_assert_eq(los_futex_wake(AT, 1, 0, false), -LOS_E_INVAL);
    cr_assert_eq(los_futex_wake(AT, 1, 6, false), 1);
    los_yield();
    cr_assert_eq(count, 1);
}

Test(futex, bit_sets_select)
{
    test_boot(bits);
    test_run();
    cr_assert_eq(test_status, 0);
}

static void waits_shared(struct los_frame *frame)
{
    (void)frame;
    los_space_activate(los_current()->process->space);
    cr_assert_eq(los_futex_wait(AT, 0, LOS_FOREVER, UINT32_MAX, true), 0);
    count++;
}

static void shared(struct los_frame *frame)
{
    (void)frame;
    struct los_object *object = los_object_anonymous(1);
    map(LOS_SHARED, object);
    los_object_unref(object);
    test_clone(0, waits_shared); /* another space, the same object */
    los_yield();
    cr_assert_eq(los_futex_wake(AT, 1, UINT32_MAX, false), 0);
    cr_assert_eq(los_futex_wake(AT, 1, UINT32_MAX, true), 1);
    los_yield();
    cr_assert_eq(count, 1);
}

Test(futex, shared_words_are_known_by_their_object)
{
    test_boot(shared);
    test_run();
    cr_assert_eq(test_status, 0);
}

static void interrupted(struct los_frame *frame)
{
    (void)frame;
    cr_assert_eq(los_futex_wait(AT, 0, LOS_FOREVER, UINT32_MAX, false), -LOS_E_RESTART);
    count++;
}

static void interrupts(struct los_frame *frame)
{
    (void)frame;
    struct los_action action = {.handler = 0x1000};
    map(0, NULL);
    los_set_action(LOS_SIG_USER1, &action, NULL);
    long tid = test_clone(THREAD, interrupted);
    los_yield();
    los_signal_thread(los_find_thread((int)tid), &(struct los_signal_info){.number = LOS_SIG_USER1});
    los_yield();
    cr_assert_eq(count, 1);
    cr_assert_eq(los_futex_wake(AT, 1, UINT32_MAX, false), 0, "nobody is left there");
}

Test(futex, a_signal_ends_the_wait)
{
    test_boot(interrupts);
    test_run();
    cr_assert_eq(test_status, 0);
}

static void dies_with_lock(struct los_frame *frame)
{
    (void)frame;
    /* head at +64: {first, offset, changing}; one entry at +128 whose word is 16 bytes behind it */
    uint64_t head[3] = {AT + 128, 16, 0}, entry = AT + 64;
    cr_assert_eq(los_copy_out(AT + 64, head, sizeof head), 0);
    cr_assert_eq(los_copy_out(AT + 128, &entry, sizeof entry), 0);
    store(AT + 144, (uint32_t)los_current()->tid | 0x80000000u);
    los_current()->robust_list = AT + 64;
}

static void waits_for_owner(struct los_frame *frame)
{
    uint32_t value;
    (void)frame;
    cr_assert_eq(los_user_load32(AT + 144, &value), 0);
    cr_assert_eq(los_futex_wait(AT + 144, value, LOS_FOREVER, UINT32_MAX, false), 0);
    cr_assert_eq(los_user_load32(AT + 144, &value), 0);
    cr_assert_eq(value, 0xc0000000u);
    count++;
}

/* The order matters: the waiter must sleep before the owner dies, so it is made first. */
static void robust_in_order(struct los_frame *frame)
{
    (void)frame;
    map(0, NULL);
    store(AT + 144, 0x80000000u | 3);
    test_clone(THREAD, waits_for_owner); /* 2 */
    los_yield();
    test_clone(THREAD, dies_with_lock); /* 3 */
    los_yield();
    los_yield();
    cr_assert_eq(count, 1);
}

Test(futex, an_owners_death_is_told)
{
    test_boot(robust_in_order);
    test_run();
    cr_assert_eq(test_status, 0);
}
