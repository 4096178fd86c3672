/* SPDX-License-Identifier: MPL-2.0 */
/* The library OS's part of exec: the process keeps its number and files, and loses its other threads, its space and its handlers. */
#include <los/file.h>
#include "../schedule/internal.h"
#include "internal.h"

/* Until all others have ended. False: the current thread is told to end itself. */
static bool become_only_thread(struct los_thread *thread)
{
    struct los_process *process = thread->process;
    los_threads_end(process);
    while (process->thread_count > 1 && !thread->exiting) {
        struct los_waiter waiter;
        los_enlist(&process->thread_wait, &waiter);
        los_wait_killable(LOS_FOREVER);
        los_delist(&waiter);
    }
    return !thread->exiting;
}

static void take_leaders_number(struct los_thread *thread)
{
    struct los_process *process = thread->process;
    if (thread->tid != process->pid) {
        los_thread_unregister(thread);
        thread->tid = process->pid;
        los_thread_register(thread);
    }
    process->leader = thread;
}

static void replace_space(struct los_thread *thread, struct los_space *space)
{
    struct los_process *process = thread->process;
    struct los_space *old = process->space;
    uint32_t zero = 0;
    los_robust_list_end(thread);
    if (thread->clear_tid && old->refs > 1) {
        los_copy_out(thread->clear_tid, &zero, sizeof zero);
        los_futex_wake(thread->clear_tid, 1, UINT32_MAX, true);
        los_futex_wake(thread->clear_tid, 1, UINT32_MAX, false);
    }
    thread->clear_tid = 0;
    process->space = space;
    los_space_activate(space);
    los_space_unref(old);
}

int los_exec_replace(struct los_space *space, const char *name)
{
    struct los_thread *thread = los_current();
    struct los_process *process = thread->process;
    struct los_descriptors *shared = process->descriptors, *descriptors = NULL;
    struct los_actions *actions = process->actions->refs > 1 ? los_actions_clone(process->actions) : NULL;
    int error = process->actions->refs > 1 && !actions ? -LOS_E_NOMEM : 0;
    if (!error && shared && !(descriptors = los_descriptors_clone(shared)))
        error = -LOS_E_NOMEM;
    if (!error && !become_only_thread(thread))
        error = -LOS_E_AGAIN;
    if (error) {
        if (descriptors)
            los_descriptors_unref(descriptors);
        if (actions)
            los_actions_unref(actions);
        return error;
    }
    take_leaders_number(thread);
    replace_space(thread, space);
    los_vfork_done(process);

    if (shared) {
        process->descriptors = descriptors;
        los_descriptors_unref(shared);
        los_descriptors_close_on_exec(descriptors);
    }
    if (actions) {
        los_actions_unref(process->actions);
        process->actions = actions;
    }
    los_actions_exec(process->actions);
    thread->alternate_stack = (struct los_alternate_stack){.disabled = true};
    thread->robust_list = 0;
    los_fpu_reset();
    los_set_fs_base(0);
    los_strlcpy(process->name, name, sizeof process->name);
    los_strlcpy(thread->name, name, sizeof thread->name);
    process->did_exec = true;
    return 0;
}
