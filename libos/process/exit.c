/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Ends. A thread is never destroyed from outside: it is flagged and kicked, and ends itself at its safe point, in los_thread_end. The last
 * one of a process ends the process, which stays as a zombie until its parent has asked.
 */
#include <los/file.h>
#include <los/personality.h>
#include <los/semaphore.h>
#include <los/terminal.h>
#include "../schedule/internal.h"
#include "internal.h"

void los_threads_end(struct los_process *process)
{
    struct los_thread *thread, *self = los_current();
    LOS_LIST_FOR(thread, &process->threads, siblings)
    {
        if (thread == self)
            continue;
        thread->exiting = true;
        if (thread->state == LOS_THREAD_STOPPED)
            los_make_runnable(thread);
        else
            los_kick(thread);
    }
}

void los_process_kill(struct los_process *process)
{
    if (process->exiting)
        return;
    process->exiting = true;
    process->exited_by_signal = true;
    process->exit_status = LOS_SIG_KILL;
    los_threads_end(process);
    if (los_current()->process == process)
        los_current()->exiting = true;
}

static void container_end(struct los_process *first)
{
    int status = first->exited_by_signal ? 128 + first->exit_status : first->exit_status;
    if (los_personality.ended)
        los_personality.ended(first->exit_status, first->exited_by_signal);
    los_container_exit(status);
}

static void give_children_away(struct los_process *process)
{
    struct los_process *first = los_find_process(1), *child, *after;
    LOS_LIST_FOR_SAFE(child, after, &process->children, sibling)
    {
        child->parent = first;
        __atomic_store_n(&child->parent_pid, first->pid, __ATOMIC_RELAXED);
        los_list_remove(&child->sibling);
        los_list_add_last(&first->children, &child->sibling);
        child->exit_signal = LOS_SIG_CHILD;
        if (child->state == LOS_ZOMBIE && los_parent_notify(child, LOS_CAUSE_CHILD_EXITED))
            los_process_free(child);
    }
}

static void process_end(struct los_process *process, struct los_thread *thread)
{
    struct los_space *space = process->space;
    struct los_descriptors *descriptors = process->descriptors;
    struct los_file_context *files = process->files;

    los_timer_cancel(&process->alarm);
    process->cpu_timed = false;
    if (los_personality.process_ended)
        los_personality.process_ended(process);
    los_semaphores_process_ended(process);
    process->space = NULL;
    los_space_activate(NULL);
    los_space_unref(space);
    los_vfork_done(process);
    process->descriptors = NULL;
    if (descriptors)
        los_descriptors_unref(descriptors);
    if (process->executable)
        los_file_unref(process->executable);
    process->executable = NULL;
    if (process->pid == 1)
        container_end(process);
    if (process->session == process->pid)
        los_terminal_session_ended(process);
    process->files = NULL;
    if (files)
        los_file_context_unref(files);
    los_actions_unref(process->actions);
    process->actions = NULL;
    los_pending_clear(process, &process->pending, ~0ull);

    /* Nothing waits from here on; the process may be gone when this returns. */
    los_account_system(los_cpu(), thread, los_now());
    process->system_ns += thread->system_ns;
    los_list_remove(&thread->siblings);
    process->thread_count = 0;
    if (process->state == LOS_STOPPED)
        los_stopped_processes--;
    process->state = LOS_ZOMBIE;
    los_groups_orphaned_by(process);
    give_children_away(process);
    enum los_signal_cause cause = process->exited_by_signal ? LOS_CAUSE_CHILD_KILLED : LOS_CAUSE_CHILD_EXITED;
    if (los_parent_notify(process, cause))
        los_process_free(process);
}

void los_thread_end(void)
{
    struct los_thread *thread = los_current();
    struct los_process *process = thread->process;
    thread->exiting = true;
    if (los_personality.thread_ended)
        los_personality.thread_ended(thread);
    los_robust_list_end(thread);
    if (thread->clear_tid) {
        uint32_t zero = 0;
        if (process->thread_count > 1 || process->space->refs > 1) {
            los_copy_out(thread->clear_tid, &zero, sizeof zero);
            los_futex_wake(thread->clear_tid, 1, UINT32_MAX, true);
            los_futex_wake(thread->clear_tid, 1, UINT32_MAX, false);
        }
        thread->clear_tid = 0;
    }
    los_pending_clear(process, &thread->pending, ~0ull);
    los_account_system(los_cpu(), thread, los_now());
    process->user_ns += thread->user_ns;
    process->system_ns += thread->system_ns;
    thread->user_ns = thread->system_ns = 0;
    if (process->leader == thread)
        process->leader = NULL;
    if (process->thread_count > 1) {
        los_list_remove(&thread->siblings);
        process->thread_count--;
        los_wake(&process->thread_wait, UINT32_MAX);
    } else {
        process_end(process, thread);
    }
    los_thread_unregister(thread);
    thread->state = LOS_THREAD_DEAD;
    los_schedule();
    los_panic("thread %d lives after its end", thread->tid);
}

void los_exit_thread(int status)
{
    struct los_thread *thread = los_current();
    struct los_process *process = thread->process;
    if (!process->exiting && process->leader == thread)
        process->exit_status = status & 0xff;
    los_thread_end();
}

void los_exit_process(int status)
{
    struct los_process *process = los_current()->process;
    if (!process->exiting) {
        process->exiting = true;
        process->exit_status = status & 0xff;
        los_threads_end(process);
    }
    los_thread_end();
}

void los_exit_by_signal(int signal, bool dump)
{
    struct los_process *process = los_current()->process;
    (void)dump; /* no core is ever written, so none is reported */
    if (!process->exiting) {
        process->exiting = true;
        process->exited_by_signal = true;
        process->exit_status = signal;
        los_threads_end(process);
    }
    los_thread_end();
}
