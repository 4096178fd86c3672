/* SPDX-License-Identifier: MPL-2.0 */
/* Process groups and sessions (POSIX.1-2017, 3.296, 3.343 and 11.1). They exist only as numbers in their members. */
#include "internal.h"

uint32_t los_stopped_processes;

bool los_group_exists(int group, int session)
{
    struct los_process *process;
    LOS_LIST_FOR(process, &los_processes, all)
    if (process->group == group && (session <= 0 || process->session == session))
        return true;
    return false;
}

/* Does the member keep its group from being orphaned: by a parent in the same session, outside the group? The first process
 * counts like any other (it may be a shell with job control), and inherits the children of the one that is leaving. */
static bool has_keeper(const struct los_process *member, const struct los_process *leaving)
{
    const struct los_process *parent = member->parent;
    if (parent && parent == leaving)
        parent = los_find_process(1);
    return member->state != LOS_ZOMBIE && parent && parent->state != LOS_ZOMBIE &&
           parent->group != member->group && parent->session == member->session;
}

static bool is_orphaned(int group, const struct los_process *leaving)
{
    const struct los_process *process;
    LOS_LIST_FOR(process, &los_processes, all)
    if (process->group == group && process != leaving && has_keeper(process, leaving))
        return false;
    return true;
}

bool los_group_is_orphaned(int group) { return is_orphaned(group, NULL); }

static bool has_stopped(int group)
{
    const struct los_process *process;
    LOS_LIST_FOR(process, &los_processes, all)
    if (process->group == group && process->state == LOS_STOPPED)
        return true;
    return false;
}

static void hang_up_if_orphaned(int group, const struct los_process *leaving)
{
    if (!has_stopped(group) || !is_orphaned(group, leaving))
        return;
    los_signal_group(group, &(struct los_signal_info){.number = LOS_SIG_HANGUP, .cause = LOS_CAUSE_KERNEL});
    los_signal_group(group, &(struct los_signal_info){.number = LOS_SIG_CONTINUE, .cause = LOS_CAUSE_KERNEL});
}

void los_groups_orphaned_by(struct los_process *process)
{
    if (!los_stopped_processes)
        return;
    const struct los_process *parent = process->parent;
    if (parent && parent->group != process->group && parent->session == process->session)
        hang_up_if_orphaned(process->group, process);
    struct los_process *child, *after;
    LOS_LIST_FOR_SAFE(child, after, &process->children, sibling)
    if (child->group != process->group && child->session == process->session)
        hang_up_if_orphaned(child->group, process);
}

long los_set_group(int pid, int group)
{
    struct los_process *self = los_current()->process;
    struct los_process *process = pid ? los_find_process(pid) : self;
    if (group < 0)
        return -LOS_E_INVAL;
    if (!process || process->state == LOS_ZOMBIE || (process != self && process->parent != self))
        return -LOS_E_SRCH;
    if (process != self && process->session != self->session)
        return -LOS_E_PERM;
    if (process != self && process->did_exec)
        return -LOS_E_ACCES;
    if (process->session == process->pid)
        return -LOS_E_PERM;
    if (!group)
        group = process->pid;
    if (group != process->pid && !los_group_exists(group, process->session))
        return -LOS_E_PERM;
    process->group = group;
    return 0;
}

long los_set_session(void)
{
    struct los_process *process = los_current()->process;
    if (process->session == process->pid || los_group_exists(process->pid, 0))
        return -LOS_E_PERM;
    process->session = process->group = process->pid;
    process->terminal = NULL;
    return process->session;
}
