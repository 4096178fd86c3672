/* SPDX-License-Identifier: MPL-2.0 */
/* The personality's own data of threads and processes: made late, copied at a fork where Linux says so, freed at the end. */
#include <dispatch.h>
#include <state.h>

#define ROBUST_MOST 2048 /* entries walked: the list is the program's and may be a ring */

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
    to->no_dump = from->no_dump;
    to->no_new_privileges = from->no_new_privileges;
    to->keep_capabilities = from->keep_capabilities;
    to->no_huge_pages = from->no_huge_pages;
}

/* --- the end of a thread: locks that it held say so (robust futexes, Linux's Documentation/locking/robust-futex-ABI) --------------- */
static void release_lock(uint64_t word, int tid)
{
    uint32_t value, found;
    while (word % 4 == 0 && los_user_load32(word, &value) == 0 &&
           (value & LX_FUTEX_TID_MASK) == (uint32_t)tid) {
        if (los_user_exchange32(word, value, (value & LX_FUTEX_WAITERS) | LX_FUTEX_OWNER_DIED, &found) != 0)
            return;
        if (found != value)
            continue;
        if (value & LX_FUTEX_WAITERS)
            los_futex_wake(word, 1, UINT32_MAX, true);
        return;
    }
}

static void release_locks(struct los_thread *thread)
{
    struct lx_robust_list_head head;
    uint64_t at, next;
    if (los_copy_in(&head, thread->robust_list, sizeof(head)) != 0)
        return;
    at = head.list;
    for (int i = 0; i < ROBUST_MOST && at != 0 && (at & ~1ull) != thread->robust_list; i++) {
        if (los_copy_in(&next, at & ~1ull, sizeof(next)) != 0)
            return;
        if (at != head.list_op_pending)
            release_lock((at & ~1ull) + (uint64_t)head.futex_offset, thread->tid);
        at = next;
    }
    if (head.list_op_pending != 0)
        release_lock((head.list_op_pending & ~1ull) + (uint64_t)head.futex_offset, thread->tid);
}

void lx_thread_ended(struct los_thread *thread)
{
    if (thread == los_current() && thread->robust_list != 0 && thread->process->space != NULL)
        release_locks(thread);
    thread->robust_list = 0;
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
