/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Job control (POSIX.1-2017, 11.1): sessions and their controlling terminals, foreground and background groups, hangup.
 * Invariant: process->terminal is only ever a terminal whose session is process->session.
 */
#include "internal.h"

static struct los_process *current(void) { return los_current()->process; }

static void send_group(int group, int number)
{
    struct los_signal_info info = {.number = number, .cause = LOS_CAUSE_KERNEL};
    if (group > 0)
        los_signal_group(group, &info);
}

void los_terminal_signal(struct los_terminal *terminal, int number)
{
    send_group(terminal->foreground, number);
}

/* --- background processes ------------------------------------------------------------------------------------------ */

static bool in_background(struct los_terminal *terminal)
{
    struct los_process *process = current();
    return process->terminal == terminal && terminal->foreground != 0 && process->group != terminal->foreground;
}

static bool ignores(int number)
{
    struct los_thread *thread = los_current();
    return (thread->mask & LOS_SIGNAL_BIT(number)) != 0 ||
           thread->process->actions->action[number - 1].handler == LOS_HANDLER_IGNORE;
}

/* The call is made again when the group continues. */
static long stop_group(int number)
{
    if (los_group_is_orphaned(current()->group))
        return -LOS_E_IO;
    send_group(current()->group, number);
    return -LOS_E_RESTART;
}

long los_terminal_check_read(struct los_terminal *terminal)
{
    if (!in_background(terminal))
        return 0;
    return ignores(LOS_SIG_TERMINAL_IN) ? -LOS_E_IO : stop_group(LOS_SIG_TERMINAL_IN);
}

long los_terminal_check_change(struct los_terminal *terminal)
{
    if (!in_background(terminal) || ignores(LOS_SIG_TERMINAL_OUT))
        return 0;
    return stop_group(LOS_SIG_TERMINAL_OUT);
}

long los_terminal_check_write(struct los_terminal *terminal)
{
    return terminal->discipline.mode.stop_output ? los_terminal_check_change(terminal) : 0;
}

/* --- the foreground group ---------------------------------------------------------------------------------------------- */

long los_terminal_foreground(struct los_terminal *terminal)
{
    return current()->terminal == terminal ? terminal->foreground : -LOS_E_NOTTY;
}

int los_terminal_group(struct los_terminal *terminal) { return terminal->foreground; }

long los_terminal_set_foreground(struct los_terminal *terminal, int group)
{
    long error = los_terminal_check_change(terminal);
    if (error == -LOS_E_IO)
        return -LOS_E_NOTTY;
    if (error < 0)
        return error;
    struct los_process *process = current();
    if (process->terminal != terminal || terminal->session != process->session)
        return -LOS_E_NOTTY;
    if (group < 0)
        return -LOS_E_INVAL;
    if (!los_group_exists(group, process->session)) {
        struct los_process *other;
        LOS_LIST_FOR(other, &los_processes, all)
        {
            if (other->group == group)
                return -LOS_E_PERM; /* of another session */
        }
        return -LOS_E_SRCH;
    }
    terminal->foreground = group;
    return 0;
}

/* --- controlling terminals -------------------------------------------------------------------------------------------------- */

int los_terminal_session(struct los_terminal *terminal) { return terminal->session; }

void los_terminal_forget(struct los_terminal *terminal)
{
    struct los_process *process;
    LOS_LIST_FOR(process, &los_processes, all)
    {
        if (process->terminal == terminal)
            process->terminal = NULL;
    }
    terminal->session = terminal->foreground = 0;
}

long los_terminal_acquire(struct los_terminal *terminal, bool steal)
{
    struct los_process *process = current();
    bool is_leader = process->pid == process->session;
    if (is_leader && terminal->session == process->session && process->terminal == terminal)
        return 0;
    if (!is_leader || process->terminal != NULL)
        return -LOS_E_PERM;
    if (terminal->session != 0) {
        if (!steal || process->credentials.effective_user != 0)
            return -LOS_E_PERM;
        los_terminal_forget(terminal);
    }
    terminal->session = process->session;
    terminal->foreground = process->group;
    process->terminal = terminal;
    return 0;
}

long los_terminal_release(void)
{
    struct los_process *process = current();
    struct los_terminal *terminal = process->terminal;
    if (terminal == NULL)
        return -LOS_E_NOTTY;
    if (process->pid != process->session) {
        process->terminal = NULL;
        return 0;
    }
    int group = terminal->foreground;
    los_terminal_forget(terminal);
    send_group(group, LOS_SIG_HANGUP);
    send_group(group, LOS_SIG_CONTINUE);
    return 0;
}

static void send_leader(struct los_process *leader, int number)
{
    struct los_signal_info info = {.number = number, .cause = LOS_CAUSE_KERNEL};
    los_signal_process(leader, &info);
}

static void wake_all(struct los_terminal *terminal)
{
    los_wake(&terminal->readers, UINT32_MAX);
    los_wake(&terminal->writers, UINT32_MAX);
}

void los_terminal_session_ended(struct los_process *leader)
{
    struct los_terminal *terminal = leader->terminal;
    int group = leader->hung_up_group;
    if (leader->pid != leader->session)
        return;
    if (terminal != NULL) {
        group = terminal->foreground;
        los_terminal_forget(terminal);
        /* Whoever still has it open loses it, so that the next session has it alone. */
        terminal->generation++;
        los_discipline_flush_input(&terminal->discipline);
        wake_all(terminal);
    }
    leader->hung_up_group = 0;
    send_group(group, LOS_SIG_HANGUP);
    send_group(group, LOS_SIG_CONTINUE);
}

/* Only the session's leader is told; when that ends it, the foreground group is. */
void los_terminal_hangup(struct los_terminal *terminal)
{
    if (terminal->hung_up)
        return;
    terminal->hung_up = true;
    struct los_process *leader = terminal->session != 0 ? los_find_process(terminal->session) : NULL;
    if (leader != NULL && leader->state != LOS_ZOMBIE) {
        leader->hung_up_group = terminal->foreground;
        send_leader(leader, LOS_SIG_HANGUP);
        send_leader(leader, LOS_SIG_CONTINUE);
    }
    los_terminal_forget(terminal);
    los_discipline_flush_output(&terminal->discipline);
    wake_all(terminal);
}
