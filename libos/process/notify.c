/* SPDX-License-Identifier: MPL-2.0 */
/* What a parent learns of its children: los_wait_child, and the signal. */
#include "../schedule/internal.h"
#include "internal.h"

bool los_parent_notify(struct los_process *process, enum los_signal_cause cause)
{
    struct los_process *parent = process->parent;
    if (!parent || parent->state == LOS_ZOMBIE)
        return false;
    const struct los_action *action = &parent->actions->action[LOS_SIG_CHILD - 1];
    bool ended = process->state == LOS_ZOMBIE;
    bool unasked = ended && process->exit_signal == LOS_SIG_CHILD &&
                   (action->handler == LOS_HANDLER_IGNORE || action->flags & LOS_ACTION_NO_CHILD_WAIT);
    int number = ended ? process->exit_signal : LOS_SIG_CHILD;
    if (!ended && action->flags & LOS_ACTION_NO_CHILD_STOP)
        number = 0;
    if (number && !(unasked && action->handler == LOS_HANDLER_IGNORE)) {
        if (ended)
            cause = process->exited_by_signal ? LOS_CAUSE_CHILD_KILLED : LOS_CAUSE_CHILD_EXITED;
        struct los_signal_info info = {
            .number = number,
            .cause = cause,
            .sender_process = process->pid,
            .sender_user = (int)process->credentials.user,
            .status = ended                                ? process->exit_status
                      : cause == LOS_CAUSE_CHILD_CONTINUED ? LOS_SIG_CONTINUE
                                                           : process->stop_signal,
        };
        los_signal_process(parent, &info);
    }
    los_wake(&parent->child_wait, UINT32_MAX);
    return unasked;
}

static bool is_meant(const struct los_process *child, int pid, int own_group)
{
    if (pid > 0)
        return child->pid == pid;
    if (pid == 0)
        return child->group == own_group;
    return pid == -1 || child->group == -pid;
}

static void fill_in(struct los_wait_result *result, struct los_process *child)
{
    result->pid = child->pid;
    result->user = (int)child->credentials.user;
    los_times(child, &result->user_ns, &result->system_ns);
    result->user_ns += child->children_user_ns;
    result->system_ns += child->children_system_ns;
    result->faults = child->faults + child->children_faults;
}

static void reap(struct los_process *parent, struct los_process *child)
{
    parent->children_user_ns += child->user_ns + child->children_user_ns;
    parent->children_system_ns += child->system_ns + child->children_system_ns;
    parent->children_faults += child->faults + child->children_faults;
    los_process_free(child);
}

/* Is there something to report of the child? Then it is in *result, and told only once unless KEEP. */
static bool report(struct los_process *parent, struct los_process *child, uint32_t options,
                   struct los_wait_result *result)
{
    bool keep = options & LOS_WAIT_KEEP;
    if (child->state == LOS_ZOMBIE) {
        if (!(options & LOS_WAIT_EXITED))
            return false;
        fill_in(result, child);
        result->how =
            child->exited_by_signal ? (child->dumped ? LOS_CHILD_DUMPED : LOS_CHILD_KILLED) : LOS_CHILD_EXITED;
        result->status = child->exit_status;
        if (!keep)
            reap(parent, child);
        return true;
    }
    if (child->state == LOS_STOPPED && options & LOS_WAIT_STOPPED && !child->stop_reported) {
        fill_in(result, child);
        result->how = LOS_CHILD_STOPPED;
        result->status = child->stop_signal;
        child->stop_reported = !keep;
        return true;
    }
    if (child->continue_pending && options & LOS_WAIT_CONTINUED) {
        fill_in(result, child);
        result->how = LOS_CHILD_CONTINUED;
        result->status = LOS_SIG_CONTINUE;
        child->continue_pending = keep;
        return true;
    }
    return false;
}

long los_wait_child(int pid, uint32_t options, struct los_wait_result *result)
{
    struct los_process *process = los_current()->process;
    for (;;) {
        bool any = false;
        struct los_process *child;
        LOS_LIST_FOR(child, &process->children, sibling)
        {
            if (!is_meant(child, pid, process->group))
                continue;
            any = true;
            int reported = child->pid;
            if (report(process, child, options, result))
                return reported;
        }
        if (!any)
            return -LOS_E_CHILD;
        if (options & LOS_WAIT_NOHANG)
            return 0;
        int woken = los_wait(&process->child_wait, LOS_FOREVER, true);
        if (woken)
            return woken;
    }
}
