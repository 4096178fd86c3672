/* SPDX-License-Identifier: MPL-2.0 */
/* los_clone: fork, vfork and new threads are one operation with flags for what is shared. Nothing of the parent changes
 * before all allocations succeeded. */
#include <los/file.h>
#include <los/personality.h>
#include "../schedule/internal.h"
#include "internal.h"

/* Gives back what a child process that never ran holds. */
static void child_discard(struct los_process *child)
{
    if (child->descriptors)
        los_descriptors_unref(child->descriptors);
    if (child->files)
        los_file_context_unref(child->files);
    if (child->actions)
        los_actions_unref(child->actions);
    if (child->space)
        los_space_unref(child->space);
    if (child->executable)
        los_file_unref(child->executable);
    los_process_free(child);
}

static void copy_plain(struct los_process *child, const struct los_process *parent)
{
    child->group = parent->group;
    child->session = parent->session;
    child->terminal = parent->terminal;
    child->credentials = parent->credentials;
    memcpy(child->limits, parent->limits, sizeof child->limits);
    memcpy(child->name, parent->name, sizeof child->name);
    child->arguments_start = parent->arguments_start;
    child->arguments_end = parent->arguments_end;
    child->environment_start = parent->environment_start;
    child->environment_end = parent->environment_end;
    child->code_start = parent->code_start;
    child->code_end = parent->code_end;
    child->data_start = parent->data_start;
    child->data_end = parent->data_end;
    child->stack_start = parent->stack_start;
    memcpy(child->auxiliary, parent->auxiliary, sizeof child->auxiliary);
    child->nice = parent->nice;
    child->cpu_timed = parent->limits[LOS_LIMIT_CPU].soft != UINT64_MAX;
}

static bool copy_tables(struct los_process *child, struct los_process *parent, uint32_t flags)
{
    if (flags & LOS_CLONE_ACTIONS) {
        child->actions = parent->actions;
        child->actions->refs++;
    } else if (!(child->actions = los_actions_clone(parent->actions))) {
        return false;
    }
    if (flags & LOS_CLONE_CLEAR_ACTIONS)
        los_actions_exec(child->actions);
    if (parent->descriptors) {
        if (flags & LOS_CLONE_FILES)
            los_descriptors_ref(child->descriptors = parent->descriptors);
        else if (!(child->descriptors = los_descriptors_clone(parent->descriptors)))
            return false;
    }
    if (parent->files) {
        if (flags & LOS_CLONE_FILE_CONTEXT) {
            child->files = parent->files;
            child->files->refs++;
        } else if (!(child->files = los_file_context_clone(parent->files))) {
            return false;
        }
    }
    if (flags & LOS_CLONE_SPACE)
        los_space_ref(child->space = parent->space);
    else if (!(child->space = los_space_fork(parent->space)))
        return false;
    return true;
}

static struct los_process *process_clone(struct los_process *parent, int pid, const struct los_clone *how)
{
    struct los_process *child = los_process_create(pid);
    if (!child)
        return NULL;
    copy_plain(child, parent);
    child->exit_signal = how->exit_signal;
    if (parent->executable)
        los_file_ref(child->executable = parent->executable);
    if (!copy_tables(child, parent, how->flags)) {
        child_discard(child);
        return NULL;
    }
    child->parent = how->flags & LOS_CLONE_PARENT && parent->parent ? parent->parent : parent;
    child->parent_pid = child->parent->pid;
    los_list_add_last(&child->parent->children, &child->sibling);
    return child;
}

static void copy_thread(struct los_thread *child, struct los_thread *parent, const struct los_clone *how)
{
    *child->frame = *parent->frame;
    child->frame->regs.rax = 0;
    if (how->stack)
        child->frame->regs.rsp = how->stack;
    los_fpu_save();
    memcpy(child->fpu, parent->fpu, los_fpu_bytes());
    child->fs_base = how->set_tls ? how->tls : los_fs_base();
    child->affinity = parent->affinity;
    child->last_cpu = parent->last_cpu;
    child->mask = parent->mask_saved ? parent->saved_mask : parent->mask;
    child->clear_tid = how->clear_tid;
    memcpy(child->name, parent->name, sizeof child->name);
    if (!(how->flags & LOS_CLONE_SPACE) || how->flags & LOS_CLONE_VFORK)
        child->alternate_stack = parent->alternate_stack;
}

/* The parent of a vfork sleeps until the child has a space of its own, or no life. Only its own end cuts that short. */
static void vfork_wait(struct los_thread *thread, int pid)
{
    struct los_process *child;
    while ((child = los_find_process(pid)) && child->vfork_thread == thread) {
        if (los_wait_killable(LOS_FOREVER) < 0) {
            if ((child = los_find_process(pid)) && child->vfork_thread == thread)
                child->vfork_thread = NULL;
            return;
        }
    }
}

void los_vfork_done(struct los_process *child)
{
    if (child->vfork_thread)
        los_wake_thread(child->vfork_thread);
    child->vfork_thread = NULL;
    child->vfork_busy = false;
}

static bool flags_fit(uint32_t flags)
{
    if (flags & LOS_CLONE_THREAD && !(flags & LOS_CLONE_ACTIONS))
        return false;
    if (flags & LOS_CLONE_ACTIONS && (!(flags & LOS_CLONE_SPACE) || flags & LOS_CLONE_CLEAR_ACTIONS))
        return false;
    return true;
}

/* A signal waits that ends or stops the caller as soon as it leaves. Sent to a group, it does not reach a child made now. */
static bool about_to_end(const struct los_thread *thread)
{
    const struct los_process *process = thread->process;
    los_signal_set set = (thread->pending.set | process->pending.set) & ~thread->mask;
    for (; set; set &= set - 1) {
        int number = __builtin_ctzll(set) + 1;
        if (process->actions->action[number - 1].handler == LOS_HANDLER_DEFAULT &&
            !los_action_ignores(process, number))
            return true;
    }
    return thread->exiting;
}

long los_clone(const struct los_clone *how)
{
    struct los_thread *parent = los_current();
    struct los_process *process = parent->process;
    if (!flags_fit(how->flags))
        return -LOS_E_INVAL;
    if (about_to_end(parent))
        return -LOS_E_RESTART;
    int refused = los_thread_admit(process);
    if (refused)
        return refused;
    int tid = los_pid_new();
    if (!tid)
        return -LOS_E_AGAIN;
    struct los_thread *child = los_thread_create(tid);
    if (!child)
        return -LOS_E_NOMEM;
    bool new_process = !(how->flags & LOS_CLONE_THREAD);
    if (new_process && !(process = process_clone(process, tid, how))) {
        los_thread_unregister(child);
        los_thread_free(child);
        return -LOS_E_NOMEM;
    }
    los_thread_attach(child, process);
    copy_thread(child, parent, how);
    if (new_process) {
        process->leader = child;
        if (los_personality.process_cloned)
            los_personality.process_cloned(process, parent->process);
    }
    if (los_personality.thread_cloned)
        los_personality.thread_cloned(child, parent);

    /* Bad addresses for these two are the program's own misfortune, as the call has succeeded. */
    if (how->parent_tid)
        los_copy_out(how->parent_tid, &tid, sizeof tid);
    if (how->child_tid)
        los_space_write(process->space, how->child_tid, &tid, sizeof tid, false);

    bool vfork = how->flags & LOS_CLONE_VFORK && new_process;
    if (vfork) {
        process->vfork_busy = true;
        process->vfork_thread = parent;
    }
    los_make_runnable(child);
    if (vfork)
        vfork_wait(parent, tid);
    return tid;
}
