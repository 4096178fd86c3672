/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Sending. Stop and continue act when they are generated (POSIX.1-2017, 2.4.1): each discards what is pending of the other, and
 * continue lets the process run whatever it does about the signal. Ignored signals are dropped here, unless they are blocked.
 */
#include "internal.h"

static void clear_everywhere(struct los_process *process, los_signal_set which)
{
    struct los_thread *thread;
    los_pending_clear(process, &process->pending, which);
    LOS_LIST_FOR(thread, &process->threads, siblings)
    los_pending_clear(process, &thread->pending, which);
}

static void let_run(struct los_process *process)
{
    struct los_thread *thread;
    if (process->state != LOS_STOPPED)
        return;
    process->state = LOS_RUNNING;
    los_stopped_processes--;
    LOS_LIST_FOR(thread, &process->threads, siblings)
    if (thread->state == LOS_THREAD_STOPPED)
        los_make_runnable(thread);
}

void los_process_continue(struct los_process *process)
{
    if (process->state != LOS_STOPPED)
        return;
    let_run(process);
    process->continue_pending = true;
    process->stop_reported = false;
    los_parent_notify(process, LOS_CAUSE_CHILD_CONTINUED);
}

static bool stays_out(struct los_process *process, const struct los_thread *thread, int number)
{
    if (SIGNALS_UNMASKABLE & LOS_SIGNAL_BIT(number))
        return false;
    if (!los_action_ignores(process, number))
        return false;
    los_signal_set wanted = thread->awaited | thread->mask | (thread->mask_saved ? thread->saved_mask : 0);
    return !(wanted & LOS_SIGNAL_BIT(number));
}

/* The side effects of generating it. */
static void generate(struct los_process *process, int number)
{
    if (SIGNALS_STOP & LOS_SIGNAL_BIT(number)) {
        clear_everywhere(process, LOS_SIGNAL_BIT(LOS_SIG_CONTINUE));
    } else if (number == LOS_SIG_CONTINUE) {
        clear_everywhere(process, SIGNALS_STOP);
        los_process_continue(process);
    } else if (number == LOS_SIG_KILL) {
        let_run(process);
    }
}

static bool wants(const struct los_thread *thread, int number)
{
    return !thread->exiting && !(thread->mask & LOS_SIGNAL_BIT(number));
}

/* Who is to look at a signal of the process: one that does not block it, best one that runs or sleeps interruptibly. */
static struct los_thread *receiver(struct los_process *process, int number)
{
    struct los_thread *thread, *best = NULL, *current = los_current();
    if (current->process == process && wants(current, number))
        return current;
    LOS_LIST_FOR(thread, &process->threads, siblings)
    {
        if (!wants(thread, number))
            continue;
        if (thread->state != LOS_THREAD_SLEEPING || thread->interruptible)
            return thread;
        best = thread;
    }
    return best;
}

int los_signal_process(struct los_process *process, const struct los_signal_info *info)
{
    if (info->number < 0 || info->number > LOS_SIGNALS)
        return -LOS_E_INVAL;
    if (info->number == 0 || process->state == LOS_ZOMBIE || !process->thread_count)
        return 0;
    generate(process, info->number);
    if (info->number == LOS_SIG_KILL) {
        los_process_kill(process);
        return 0;
    }
    struct los_thread *thread = LOS_CONTAINER(process->threads.next, struct los_thread, siblings);
    if (stays_out(process, thread, info->number))
        return 0;
    int result = los_pending_add(process, &process->pending, info);
    thread = result ? NULL : receiver(process, info->number);
    if (thread)
        los_kick(thread);
    return result;
}

int los_signal_thread(struct los_thread *thread, const struct los_signal_info *info)
{
    struct los_process *process = thread->process;
    if (info->number < 0 || info->number > LOS_SIGNALS)
        return -LOS_E_INVAL;
    if (info->number == 0 || process->state == LOS_ZOMBIE)
        return 0;
    if (info->number == LOS_SIG_KILL)
        return los_signal_process(process, info);
    generate(process, info->number);
    if (stays_out(process, thread, info->number))
        return 0;
    int result = los_pending_add(process, &thread->pending, info);
    if (result)
        return result;
    if (wants(thread, info->number))
        los_kick(thread);
    return 0;
}

int los_signal_group(int group, const struct los_signal_info *info)
{
    struct los_process *process, *after;
    int result = -LOS_E_SRCH;
    LOS_LIST_FOR_SAFE(process, after, &los_processes, all)
    if (process->group == group) {
        int one = los_signal_process(process, info);
        result = result == -LOS_E_SRCH || one == 0 ? one : result;
    }
    return result;
}

/* May the current process send it? */
static bool may_send(const struct los_process *to, int number)
{
    const struct los_process *self = los_current()->process;
    const struct los_credentials *mine = &self->credentials, *its = &to->credentials;
    if (mine->effective_user == 0 || to == self)
        return true;
    if (number == LOS_SIG_CONTINUE && to->session == self->session)
        return true;
    return mine->user == its->user || mine->user == its->saved_user || mine->effective_user == its->user ||
           mine->effective_user == its->saved_user;
}

static int send_checked(struct los_process *to, const struct los_signal_info *info)
{
    return may_send(to, info->number) ? los_signal_process(to, info) : -LOS_E_PERM;
}

/* To all that `group` (0: everyone) selects. Success with one is success; else the last error. */
static int send_many(int group, const struct los_signal_info *info)
{
    const struct los_process *self = los_current()->process;
    struct los_process *process, *after;
    bool sent = false;
    int error = -LOS_E_SRCH;
    LOS_LIST_FOR_SAFE(process, after, &los_processes, all)
    {
        if (group ? process->group != group : process->pid == 1 || process == self)
            continue;
        int result = send_checked(process, info);
        sent |= result == 0;
        if (result)
            error = result;
    }
    return sent ? 0 : error;
}

int los_kill(int pid, const struct los_signal_info *info)
{
    if (info->number < 0 || info->number > LOS_SIGNALS)
        return -LOS_E_INVAL;
    if (pid == 0)
        return send_many(los_current()->process->group, info);
    if (pid == -1)
        return send_many(0, info);
    if (pid < 0)
        return pid == INT32_MIN ? -LOS_E_SRCH : send_many(-pid, info);
    struct los_process *process = los_find_process(pid);
    return process ? send_checked(process, info) : -LOS_E_SRCH;
}

void los_signal_fault(const struct los_signal_info *info)
{
    struct los_thread *thread = los_current();
    struct los_process *process = thread->process;
    struct los_action *action = &process->actions->action[info->number - 1];
    if (thread->mask & LOS_SIGNAL_BIT(info->number) || action->handler == LOS_HANDLER_IGNORE) {
        *action = (struct los_action){.handler = LOS_HANDLER_DEFAULT};
        thread->mask &= ~LOS_SIGNAL_BIT(info->number);
    }
    los_pending_add(process, &thread->pending, info);
    thread->check_signals = true;
}
