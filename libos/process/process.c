/* SPDX-License-Identifier: MPL-2.0 */
/* Processes as such: making the first and all others, freeing what is left of one, their times. */
#include <los/file.h>
#include "../schedule/internal.h"
#include "internal.h"

struct los_process *los_process_create(int pid)
{
    struct los_process *process = los_alloc_zeroed(sizeof *process);
    if (!process)
        return NULL;
    process->pid = pid;
    process->state = LOS_RUNNING;
    los_list_init(&process->children);
    los_list_init(&process->sibling);
    los_list_init(&process->threads);
    los_list_init(&process->semaphore_undos);
    los_pending_init(&process->pending);
    los_wait_queue_init(&process->child_wait);
    los_wait_queue_init(&process->thread_wait);
    los_timer_init(&process->alarm, los_alarm_fire);
    process->start_ns = los_now();
    los_process_register(process);
    return process;
}

void los_process_free(struct los_process *process)
{
    los_pending_clear(process, &process->pending, ~0ull);
    los_timer_cancel(&process->alarm);
    los_list_remove(&process->sibling);
    los_process_unregister(process);
    los_free(process);
}

static void set_first_limits(struct los_process *process)
{
    static const struct {
        enum los_limit which;
        uint64_t soft, hard;
    } given[] = {
        {LOS_LIMIT_STACK, 8ul << 20, UINT64_MAX},
        {LOS_LIMIT_CORE, 0, UINT64_MAX},
        {LOS_LIMIT_DESCRIPTORS, 1024, 1048576},
        {LOS_LIMIT_LOCKED, 8ul << 20, 8ul << 20},
        {LOS_LIMIT_MESSAGES, 819200, 819200},
        {LOS_LIMIT_NICE, 0, 0},
        {LOS_LIMIT_REALTIME, 0, 0},
    };
    for (unsigned i = 0; i < LOS_LIMITS; i++)
        process->limits[i] = (struct los_limit_value){UINT64_MAX, UINT64_MAX};
    for (unsigned i = 0; i < LOS_COUNT(given); i++)
        process->limits[given[i].which] = (struct los_limit_value){given[i].soft, given[i].hard};
    process->limits[LOS_LIMIT_PROCESSES] = (struct los_limit_value){los_thread_cap, los_thread_cap};
    process->limits[LOS_LIMIT_SIGNALS] = process->limits[LOS_LIMIT_PROCESSES];
}

struct los_process *los_first_process(void)
{
    int pid = los_pid_new();
    struct los_process *process = los_process_create(pid);
    struct los_thread *thread = process ? los_thread_create(pid) : NULL;
    if (!thread || !(process->actions = los_actions_create()) || !(process->space = los_space_create()))
        return NULL;
    process->exit_signal = LOS_SIG_CHILD;
    set_first_limits(process);
    los_thread_attach(thread, process);
    process->leader = thread;
    los_strlcpy(process->name, "init", sizeof process->name);
    los_strlcpy(thread->name, "init", sizeof thread->name);
    return process;
}

void los_times(struct los_process *process, uint64_t *user_ns, uint64_t *system_ns)
{
    struct los_thread *thread;
    *user_ns = process->user_ns;
    *system_ns = process->system_ns;
    LOS_LIST_FOR(thread, &process->threads, siblings)
    {
        *user_ns += thread->user_ns;
        *system_ns += thread->system_ns;
        if (thread->state == LOS_THREAD_ON_CPU) {
            uint64_t now = los_now(), running = now > thread->stamp_ns ? now - thread->stamp_ns : 0;
            bool in_program = los_cpu_number(thread->last_cpu)->in_program;
            *(in_program ? user_ns : system_ns) += running;
        }
    }
}
