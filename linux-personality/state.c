/* SPDX-License-Identifier: MPL-2.0 */
/* The personality's own data of threads and processes: made late, copied at a fork where Linux says so, freed at the end. */
#include <dispatch.h>
#include <state.h>

struct lx_process *lx_process_look(struct los_process *process)
{
    static struct lx_process nothing;
    return process->personality != NULL ? process->personality : &nothing;
}

struct lx_process *lx_process(struct los_process *process)
{
    if (process->personality == NULL) {
        struct lx_process *self = los_alloc_zeroed(sizeof(*self));
        process->personality = self;
        if (self != NULL)
            self->timer_slack = 50000;
    }
    return process->personality;
}

void lx_thread_cloned(struct los_thread *child, struct los_thread *parent)
{
    (void)parent;
    child->personality = NULL;
}

void lx_process_cloned(struct los_process *child, struct los_process *parent)
{
    struct lx_process *from = parent->personality;
    child->personality = NULL;
    if (child->executable != NULL && child->executable->inode != NULL)
        child->executable->inode->deny_write++;
    if (from == NULL)
        return;
    struct lx_process *to = lx_process(child);
    if (to == NULL) /* its settings become the default ones; the fork need not fail for that */
        return;
    to->persona = from->persona;
    to->timer_slack = from->timer_slack;
    to->policy = from->policy;
    to->priority = from->priority;
    to->oom_adjust = from->oom_adjust;
    to->no_dump = from->no_dump;
    to->no_new_privileges = from->no_new_privileges;
    to->keep_capabilities = from->keep_capabilities;
    to->no_huge_pages = from->no_huge_pages;
}

void lx_thread_ended(struct los_thread *thread)
{
    los_free(thread->personality);
    thread->personality = NULL;
}

/* --- the end of a process -------------------------------------------------------------------------------------------------------- */
static void tell_children(struct los_process *parent)
{
    struct los_process *child;
    LOS_LIST_FOR(child, &los_processes, all)
    {
        int number = lx_process_look(child)->death_signal;
        if (child->parent != parent || number == 0 || child->state == LOS_ZOMBIE)
            continue;
        struct los_signal_info info = {.number = number,
                                       .cause = LOS_CAUSE_USER,
                                       .sender_process = parent->pid,
                                       .sender_user = (int)parent->credentials.user};
        los_signal_process(child, &info);
    }
}

void lx_set_executable(struct los_process *process, struct los_file *file)
{
    struct los_file *old = process->executable;
    if (file != NULL) {
        los_file_ref(file);
        file->inode->deny_write++;
    }
    process->executable = file;
    if (old != NULL) {
        old->inode->deny_write--;
        los_file_unref(old);
    }
}

void lx_process_ended(struct los_process *process)
{
    struct lx_process *self = process->personality;
    tell_children(process);
    lx_set_executable(process, NULL);
    if (self == NULL)
        return;
    lx_timers_end(self);
    process->personality = NULL;
    los_free(self);
}
