/* SPDX-License-Identifier: MPL-2.0 */
/* Processes: clone, wait, exit, vfork, orphans, threads, kill, limits, and that all memory comes back. */
#include "process_support.h"

static int steps[16];
static unsigned step;
static void note(int what) { steps[step++ % 16] = what; }

static long wait_for(int pid, uint32_t options, struct los_wait_result *result)
{
    return los_wait_child(pid, options | LOS_WAIT_EXITED, result);
}

static void exits_seven(struct los_frame *frame)
{
    (void)frame;
    note(1);
    los_exit_process(7);
}

static void parent_waits(struct los_frame *frame)
{
    (void)frame;
    struct los_wait_result result;
    cr_assert_eq(wait_for(-1, 0, &result), -LOS_E_CHILD);
    long pid = test_clone(0, exits_seven);
    cr_assert_eq(pid, 2);
    cr_assert_eq(wait_for(-1, LOS_WAIT_NOHANG, &result), 0);
    cr_assert_eq(wait_for(99, 0, &result), -LOS_E_CHILD);
    cr_assert_eq(wait_for((int)pid, LOS_WAIT_KEEP, &result), pid);
    cr_assert_eq(wait_for((int)pid, 0, &result), pid);
    cr_assert(result.how == LOS_CHILD_EXITED && result.status == 7);
    cr_assert_eq(wait_for(-1, 0, &result), -LOS_E_CHILD);
    cr_assert_null(los_find_process((int)pid));
    note(2);
    los_exit_process(3);
}

Test(process, a_parent_learns_its_childs_status_once)
{
    test_boot(parent_waits);
    test_run();
    cr_assert(step == 2 && steps[0] == 1 && steps[1] == 2);
    cr_assert_eq(test_status, 3);
}

static void vfork_child(struct los_frame *frame)
{
    (void)frame;
    struct los_wait_queue never;
    los_wait_queue_init(&never);
    cr_assert_eq(los_wait(&never, test_now + 1000000, true), -LOS_E_TIMEDOUT);
    note(1);
    los_exit_process(0);
}

static void vfork_parent(struct los_frame *frame)
{
    (void)frame;
    test_clone(LOS_CLONE_SPACE | LOS_CLONE_VFORK, vfork_child);
    note(2);
}

Test(process, vfork_returns_after_the_childs_end)
{
    test_boot(vfork_parent);
    test_run();
    cr_assert(step == 2 && steps[0] == 1 && steps[1] == 2);
}

static void sleeps_forever(struct los_frame *frame)
{
    (void)frame;
    struct los_wait_queue never;
    los_wait_queue_init(&never);
    while (los_wait(&never, LOS_FOREVER, true) == 0)
        ;
    note(9);
    test_safe_point();
    note(8);
}

static void kills_vfork_parent(struct los_frame *frame)
{
    (void)frame;
    los_kill(2, &(struct los_signal_info){.number = LOS_SIG_KILL});
    sleeps_forever(frame);
}

static void in_vfork(struct los_frame *frame)
{
    (void)frame;
    test_clone(LOS_CLONE_SPACE | LOS_CLONE_VFORK, kills_vfork_parent);
    note(5); /* the kill cuts the wait short; the thread ends at its safe point */
    test_safe_point();
    note(6);
}

static void waits_for_killed(struct los_frame *frame)
{
    (void)frame;
    struct los_wait_result result;
    test_clone(0, in_vfork);
    cr_assert_eq(wait_for(2, 0, &result), 2);
    cr_assert(result.how == LOS_CHILD_KILLED && result.status == LOS_SIG_KILL);
    cr_assert(los_find_process(3) && los_find_process(3)->parent->pid == 1, "the orphan is process 1's");
    los_kill(3, &(struct los_signal_info){.number = LOS_SIG_KILL});
    cr_assert_eq(wait_for(-1, 0, &result), 3);
    note(7);
}

Test(process, kill_ends_the_parent_of_a_vfork_and_orphans_go_to_the_first)
{
    test_boot(waits_for_killed);
    test_run();
    cr_assert(step == 3 && steps[0] == 5 && steps[1] == 9 && steps[2] == 7);
}

#define THREAD (LOS_CLONE_THREAD | LOS_CLONE_SPACE | LOS_CLONE_ACTIONS | LOS_CLONE_FILES)

static void thread_group(struct los_frame *frame)
{
    for (int i = 0; i < 3; i++)
        cr_assert_gt(test_clone(THREAD, sleeps_forever), 0);
    cr_assert_eq(los_current()->process->thread_count, 4);
    los_yield();
    (void)frame;
    los_exit_process(4);
}

static void reaps_group(struct los_frame *frame)
{
    (void)frame;
    struct los_wait_result result;
    long pid = test_clone(0, thread_group);
    cr_assert_eq(wait_for((int)pid, 0, &result), pid);
    cr_assert(result.how == LOS_CHILD_EXITED && result.status == 4);
    cr_assert_eq(los_thread_total(), 1);
}

Test(process, exit_of_the_process_ends_sleeping_threads)
{
    test_boot(reaps_group);
    test_run();
    cr_assert_eq(step, 3, "each looked at its end after its wait");
    cr_assert_eq(test_status, 0);
}

static void execs(struct los_frame *frame)
{
    (void)frame;
    struct los_space *space = los_space_create();
    cr_assert_eq(los_exec_replace(space, "new"), 0);
    cr_assert_eq(los_current()->process->thread_count, 1);
    cr_assert_eq(los_current()->tid, los_current()->process->pid);
    cr_assert_str_eq(los_current()->process->name, "new");
    los_exit_process(5);
}

static void thread_execs(struct los_frame *frame)
{
    test_clone(THREAD, execs);
    sleeps_forever(frame);
}

static void waits_for_exec(struct los_frame *frame)
{
    (void)frame;
    struct los_wait_result result;
    long pid = test_clone(0, thread_execs);
    cr_assert_eq(wait_for((int)pid, 0, &result), pid);
    cr_assert_eq(result.status, 5);
}

Test(process, exec_in_a_thread_leaves_one_with_the_processs_number)
{
    test_boot(waits_for_exec);
    test_run();
    cr_assert_eq(test_status, 0);
}

static void bomb(struct los_frame *frame)
{
    (void)frame;
    long pid = 0;
    unsigned made = 0;
    while ((pid = test_clone(0, sleeps_forever)) > 0)
        made++;
    cr_assert_eq(pid, -LOS_E_AGAIN);
    cr_assert_eq(made, los_thread_cap - 1);
    los_yield();
    los_kill(-1, &(struct los_signal_info){.number = LOS_SIG_KILL});
    struct los_wait_result result;
    for (unsigned i = 0; i < made; i++)
        cr_assert_gt(wait_for(-1, 0, &result), 0);
    cr_assert_gt(test_clone(0, exits_seven), 0, "room again");
    cr_assert_gt(wait_for(-1, 0, &result), 0);
}

static uint64_t free_before;
static void bomb_twice(struct los_frame *frame)
{
    bomb(frame);
    free_before = los_pages_free_count();
    bomb(frame);
    cr_assert_geq(los_pages_free_count(), free_before); /* the heap may give back a page more than before */
}

Test(process, a_fork_bomb_meets_again_and_all_memory_comes_back)
{
    los_thread_cap = 40;
    test_boot(bomb_twice);
    test_run();
    cr_assert_eq(test_status, 0);
}

static void ignores_children(struct los_frame *frame)
{
    (void)frame;
    struct los_action ignore = {.handler = LOS_HANDLER_IGNORE};
    struct los_wait_result result;
    los_set_action(LOS_SIG_CHILD, &ignore, NULL);
    long pid = test_clone(0, exits_seven);
    cr_assert_eq(wait_for((int)pid, 0, &result), -LOS_E_CHILD, "waits for the end, then there is nobody");
    cr_assert_null(los_find_process((int)pid));
}

Test(process, children_that_nobody_asks_for_leave_no_zombies)
{
    test_boot(ignores_children);
    test_run();
    cr_assert_eq(test_status, 0);
}

Test(process, numbers_are_reused_only_when_free)
{
    los_process_table_init();
    los_pid_max = 310;
    struct los_thread thread = {.tid = 305};
    los_thread_register(&thread);
    for (int i = 1; i < 310; i++)
        cr_assert_eq(los_pid_new(), i);
    for (int i = 300; i < 310; i++)
        if (i != 305)
            cr_assert_eq(los_pid_new(), i);
    cr_assert_eq(los_find_thread(305), &thread);
    cr_assert_null(los_find_thread(306));
    los_thread_unregister(&thread);
    cr_assert_null(los_find_thread(305));
}
