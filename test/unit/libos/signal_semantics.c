/* SPDX-License-Identifier: MPL-2.0 */
/* Signals: what is pending, queued, ignored, masked; stop and continue; what parents are told; job control's orphans. */
#include "process_support.h"

static struct los_signal_info make(int number) { return (struct los_signal_info){.number = number}; }
static int send(int pid, int number)
{
    struct los_signal_info info = make(number);
    return los_kill(pid, &info);
}
static void handle(int number, uint32_t flags)
{
    struct los_action action = {.handler = 0x4000, .flags = flags};
    cr_assert_eq(los_set_action(number, &action, NULL), 0);
}

static void queues(struct los_frame *frame)
{
    (void)frame;
    struct los_signal_info info;
    los_current()->process->limits[LOS_LIMIT_SIGNALS].soft = 4;
    los_set_signal_mask(~0ull);
    cr_assert_eq(los_current()->mask & LOS_SIGNAL_BIT(LOS_SIG_KILL), 0);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(send(1, LOS_SIG_USER1), 0);
        info = (struct los_signal_info){.number = 40, .cause = LOS_CAUSE_QUEUE, .value = (uint64_t)i};
        cr_assert_eq(los_kill(1, &info), 0);
    }
    cr_assert_eq(los_kill(1, &info), -LOS_E_AGAIN, "the limit of queued signals");
    cr_assert_eq(send(1, LOS_SIG_SEGMENT), 0, "common ones are never refused");
    cr_assert_eq(los_signals_pending(los_current()),
                 LOS_SIGNAL_BIT(LOS_SIG_USER1) | LOS_SIGNAL_BIT(40) | LOS_SIGNAL_BIT(LOS_SIG_SEGMENT));
    cr_assert_eq(los_signal_take(~0ull, &info), LOS_SIG_SEGMENT, "faults first");
    cr_assert_eq(los_signal_take(~0ull, &info), LOS_SIG_USER1);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(los_signal_take(~0ull, &info), 40);
        cr_assert_eq(info.value, (uint64_t)i);
    }
    cr_assert_eq(los_signal_take(~0ull, &info), 0);
    cr_assert_eq(los_current()->process->queued_signals, 0);
}

Test(signal, common_ones_are_pending_once_and_real_time_ones_queue)
{
    test_boot(queues);
    test_run();
    cr_assert_eq(test_status, 0);
}

static void actions(struct los_frame *frame)
{
    (void)frame;
    struct los_action ignore = {.handler = LOS_HANDLER_IGNORE}, old;
    cr_assert_eq(los_set_action(LOS_SIG_KILL, &ignore, NULL), -LOS_E_INVAL);
    cr_assert_eq(los_set_action(LOS_SIG_STOP, &ignore, NULL), -LOS_E_INVAL);
    cr_assert_eq(los_set_action(65, &ignore, NULL), -LOS_E_INVAL);
    cr_assert_eq(los_set_action(0, NULL, &old), -LOS_E_INVAL);
    cr_assert_eq(los_set_action(LOS_SIG_KILL, NULL, &old), 0);

    send(1, LOS_SIG_WINDOW); /* ignored by default: gone */
    cr_assert_not(los_signal_is_pending(los_current()));
    los_set_signal_mask(LOS_SIGNAL_BIT(LOS_SIG_USER1) | LOS_SIGNAL_BIT(LOS_SIG_CHILD));
    send(1, LOS_SIG_CHILD); /* blocked: kept */
    cr_assert_eq(los_signals_pending(los_current()), LOS_SIGNAL_BIT(LOS_SIG_CHILD));
    send(1, LOS_SIG_USER1);
    cr_assert_eq(los_set_action(LOS_SIG_USER1, &ignore, NULL), 0);
    cr_assert_eq(los_signals_pending(los_current()), LOS_SIGNAL_BIT(LOS_SIG_CHILD), "ignoring discards");

    handle(LOS_SIG_USER2, LOS_ACTION_RESET);
    los_set_signal_mask(0);
    send(1, LOS_SIG_USER2);
    cr_assert(los_signal_is_pending(los_current()));
    test_safe_point();
    cr_assert(test_deliveries == 1 && test_delivered[0] == LOS_SIG_USER2);
    cr_assert_eq(los_current()->mask, LOS_SIGNAL_BIT(LOS_SIG_USER2), "masked while its handler runs");
    los_set_action(LOS_SIG_USER2, NULL, &old);
    cr_assert_eq(old.handler, LOS_HANDLER_DEFAULT);

    handle(LOS_SIG_HANGUP, LOS_ACTION_NO_DEFER);
    los_set_signal_mask(LOS_SIGNAL_BIT(LOS_SIG_HANGUP));
    send(1, LOS_SIG_HANGUP);
    los_set_temporary_mask(0);
    test_safe_point();
    cr_assert_eq(test_deliveries, 2);
    cr_assert_not(los_current()->mask_saved);
    cr_assert_eq(los_current()->mask, 0, "the handler's frame restores the other mask");
    los_set_temporary_mask(LOS_SIGNAL_BIT(LOS_SIG_QUIT));
    los_restore_mask();
    cr_assert_eq(los_current()->mask, 0);
}

Test(signal, actions_and_masks)
{
    test_boot(actions);
    test_run();
    cr_assert_eq(test_status, 0);
}

static void forced(struct los_frame *frame)
{
    (void)frame;
    struct los_action ignore = {.handler = LOS_HANDLER_IGNORE};
    struct los_signal_info info = make(LOS_SIG_SEGMENT);
    los_set_action(LOS_SIG_SEGMENT, &ignore, NULL);
    los_signal_fault(&info);
    test_safe_point();
    cr_assert_fail("lived on");
}

Test(signal, a_fault_cannot_be_ignored)
{
    test_boot(forced);
    test_run();
    cr_assert_eq(test_status, 128 + LOS_SIG_SEGMENT);
}

static void works(struct los_frame *frame)
{
    (void)frame;
    struct los_wait_queue never;
    los_wait_queue_init(&never);
    for (;;) {
        if (los_wait(&never, LOS_FOREVER, true) == -LOS_E_RESTART)
            test_safe_point();
    }
}

static void job_control(struct los_frame *frame)
{
    (void)frame;
    struct los_wait_result result;
    cr_assert_eq(los_set_session(), 1);
    handle(LOS_SIG_CHILD, 0);
    long pid = test_clone(0, works);
    cr_assert_eq(los_set_group((int)pid, (int)pid), 0);
    los_yield();
    send((int)pid, LOS_SIG_TERMINAL_STOP);
    cr_assert_eq(los_wait_child(-1, LOS_WAIT_EXITED | LOS_WAIT_STOPPED, &result), pid);
    cr_assert(los_signal_is_pending(los_current()), "SIGCHLD is there as well");
    test_safe_point();
    los_set_signal_mask(0);
    cr_assert_eq(test_deliveries, 1);
    cr_assert(result.how == LOS_CHILD_STOPPED && result.status == LOS_SIG_TERMINAL_STOP);
    cr_assert_eq(los_wait_child(-1, LOS_WAIT_EXITED | LOS_WAIT_STOPPED | LOS_WAIT_NOHANG, &result), 0,
                 "told once");
    cr_assert_eq(los_find_process((int)pid)->state, LOS_STOPPED);
    send((int)pid, LOS_SIG_INTERRUPT); /* waits until it continues */
    los_yield();
    cr_assert_eq(los_find_process((int)pid)->state, LOS_STOPPED);
    send((int)pid, LOS_SIG_CONTINUE);
    cr_assert_eq(los_wait_child(-1, LOS_WAIT_CONTINUED | LOS_WAIT_NOHANG, &result), pid);
    cr_assert_eq(result.how, LOS_CHILD_CONTINUED);
    test_safe_point();
    los_set_signal_mask(LOS_SIGNAL_BIT(LOS_SIG_CHILD));
    cr_assert_eq(los_wait_child(-1, LOS_WAIT_EXITED, &result), pid);
    cr_assert(result.how == LOS_CHILD_KILLED && result.status == LOS_SIG_INTERRUPT);
    cr_assert_eq(los_stopped_processes, 0);
}

Test(signal, stop_continue_and_what_the_parent_is_told)
{
    test_boot(job_control);
    test_run();
    cr_assert_eq(test_status, 0);
}

static void kill_stopped(struct los_frame *frame)
{
    (void)frame;
    struct los_wait_result result;
    long pid = test_clone(0, works);
    los_yield();
    send((int)pid, LOS_SIG_STOP);
    los_yield();
    cr_assert_eq(los_find_process((int)pid)->state, LOS_STOPPED);
    send((int)pid, LOS_SIG_KILL);
    cr_assert_eq(los_wait_child(-1, LOS_WAIT_EXITED, &result), pid);
    cr_assert(result.how == LOS_CHILD_KILLED && result.status == LOS_SIG_KILL);
    cr_assert_eq(los_stopped_processes, 0);
}

Test(signal, kill_ends_what_is_stopped)
{
    test_boot(kill_stopped);
    test_run();
    cr_assert_eq(test_status, 0);
}

static void job(struct los_frame *frame)
{
    los_set_group(0, 0);
    works(frame);
}

static void shell(struct los_frame *frame)
{
    (void)frame;
    los_set_session();
    long pid = test_clone(0, job);
    los_yield();
    cr_assert_not(los_group_is_orphaned((int)pid));
    send((int)pid, LOS_SIG_STOP);
    los_yield();
    cr_assert_eq(los_find_process((int)pid)->state, LOS_STOPPED);
}

static void outside(struct los_frame *frame)
{
    (void)frame;
    struct los_wait_result result;
    long pid = test_clone(0, shell);
    cr_assert_eq(los_wait_child((int)pid, LOS_WAIT_EXITED, &result), pid);
    cr_assert_eq(los_wait_child(-1, LOS_WAIT_EXITED, &result), pid + 1);
    cr_assert(result.how == LOS_CHILD_KILLED && result.status == LOS_SIG_HANGUP);
}

Test(signal, stopped_jobs_of_a_shell_that_ends_are_hung_up)
{
    test_boot(outside);
    test_run();
    cr_assert_eq(test_status, 0);
}

static void alarms(struct los_frame *frame)
{
    (void)frame;
    uint64_t left, interval, start = test_now;
    struct los_wait_queue never;
    los_wait_queue_init(&never);
    handle(LOS_SIG_ALARM, LOS_ACTION_NO_DEFER);
    los_interval_set(LOS_INTERVAL_REAL, 1000, 500);
    los_interval_get(LOS_INTERVAL_REAL, &left, &interval);
    cr_assert(left == 1000 && interval == 500);
    for (unsigned i = 0; i < 3; i++) {
        cr_assert_eq(los_wait(&never, LOS_FOREVER, true), -LOS_E_RESTART);
        test_safe_point();
        cr_assert_eq(test_deliveries, i + 1);
        cr_assert_eq(test_now, start + 1000 + i * 500);
    }
    los_interval_set(LOS_INTERVAL_REAL, 0, 0);
    los_interval_get(LOS_INTERVAL_REAL, &left, &interval);
    cr_assert(left == 0 && interval == 0);
}

Test(signal, the_interval_timer_rings_at_its_times)
{
    test_boot(alarms);
    test_run();
    cr_assert_eq(test_status, 0);
}

static void permissions(struct los_frame *frame)
{
    (void)frame;
    long pid = test_clone(0, works);
    los_find_process((int)pid)->credentials.user = los_find_process((int)pid)->credentials.saved_user = 5;
    struct los_credentials *mine = &los_current()->process->credentials;
    mine->user = mine->effective_user = 7;
    cr_assert_eq(send((int)pid, LOS_SIG_KILL), -LOS_E_PERM);
    cr_assert_eq(send((int)pid, 0), -LOS_E_PERM);
    cr_assert_eq(send((int)pid, LOS_SIG_CONTINUE), 0, "same session");
    cr_assert_eq(send(77, 0), -LOS_E_SRCH);
    cr_assert_eq(send(-77, 0), -LOS_E_SRCH);
    cr_assert_eq(send((int)pid, 65), -LOS_E_INVAL);
    mine->effective_user = 5;
    cr_assert_eq(send((int)pid, LOS_SIG_KILL), 0);
}

Test(signal, permission_to_send)
{
    test_boot(permissions);
    test_run();
    cr_assert_eq(test_status, 0);
}
