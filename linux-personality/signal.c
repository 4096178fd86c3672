/* SPDX-License-Identifier: MPL-2.0 */
/* System calls on signals: actions, masks, sending, waiting for them. Frames of handlers are signal_frame.c. */
#include <signal_frame.h>
#include <state.h>

_Static_assert((int)LX_SIGHUP == LOS_SIG_HANGUP && (int)LX_SIGKILL == LOS_SIG_KILL &&
                   (int)LX_SIGUSR2 == LOS_SIG_USER2 && (int)LX_SIGCHLD == LOS_SIG_CHILD &&
                   (int)LX_SIGSTOP == LOS_SIG_STOP && (int)LX_SIGSYS == LOS_SIG_SYSTEM_CALL &&
                   (int)LX_NSIG == LOS_SIGNALS,
               "signal numbers and sets need no conversion");

static const struct {
    uint32_t linux_flag, los_flag;
} action_flags[] = {
    {LX_SA_NOCLDSTOP, LOS_ACTION_NO_CHILD_STOP},
    {LX_SA_NOCLDWAIT, LOS_ACTION_NO_CHILD_WAIT},
    {LX_SA_SIGINFO, LOS_ACTION_INFO},
    {LX_SA_ONSTACK, LOS_ACTION_ON_STACK},
    {LX_SA_RESTART, LOS_ACTION_RESTART},
    {LX_SA_NODEFER, LOS_ACTION_NO_DEFER},
    {LX_SA_RESETHAND, LOS_ACTION_RESET},
    {LX_SA_RESTORER, LX_ACTION_RESTORER},
};

static void action_in(const struct lx_sigaction *from, struct los_action *to)
{
    *to = (struct los_action){.handler = from->handler, .restorer = from->restorer};
    to->mask = from->mask & ~(LOS_SIGNAL_BIT(LX_SIGKILL) | LOS_SIGNAL_BIT(LX_SIGSTOP));
    for (size_t i = 0; i < LOS_COUNT(action_flags); i++)
        if (from->flags & action_flags[i].linux_flag)
            to->flags |= action_flags[i].los_flag;
}

static void action_out(const struct los_action *from, struct lx_sigaction *to)
{
    *to = (struct lx_sigaction){.handler = from->handler, .restorer = from->restorer, .mask = from->mask};
    for (size_t i = 0; i < LOS_COUNT(action_flags); i++)
        if (from->flags & action_flags[i].los_flag)
            to->flags |= action_flags[i].linux_flag;
}

long lx_sys_rt_sigaction(const struct lx_args *args)
{
    int number = (int)args->arg[0];
    struct lx_sigaction given;
    struct los_action action, old;
    if (args->arg[3] != sizeof(los_signal_set))
        return -LOS_E_INVAL;
    if (args->arg[1] != 0) {
        if (los_copy_in(&given, args->arg[1], sizeof(given)) != 0)
            return -LOS_E_FAULT;
        action_in(&given, &action);
    }
    if (number < 1 || number > LX_NSIG || (args->arg[1] != 0 && (number == LX_SIGKILL || number == LX_SIGSTOP)))
        return -LOS_E_INVAL;
    int error = los_set_action(number, args->arg[1] != 0 ? &action : NULL, &old);
    if (error != 0 || args->arg[2] == 0)
        return error;
    action_out(&old, &given);
    return los_copy_out(args->arg[2], &given, sizeof(given));
}

long lx_sys_rt_sigprocmask(const struct lx_args *args)
{
    struct los_thread *thread = los_current();
    los_signal_set old = thread->mask, set;
    if (args->arg[3] != sizeof(set))
        return -LOS_E_INVAL;
    if (args->arg[1] != 0) {
        if (los_copy_in(&set, args->arg[1], sizeof(set)) != 0)
            return -LOS_E_FAULT;
        switch ((int)args->arg[0]) {
        case LX_SIG_BLOCK: set |= old; break;
        case LX_SIG_UNBLOCK: set = old & ~set; break;
        case LX_SIG_SETMASK: break;
        default: return -LOS_E_INVAL;
        }
        los_set_signal_mask(set);
    }
    return args->arg[2] != 0 ? los_copy_out(args->arg[2], &old, sizeof(old)) : 0;
}

long lx_sys_rt_sigpending(const struct lx_args *args)
{
    struct los_thread *thread = los_current();
    los_signal_set set = los_signals_pending(thread) & thread->mask;
    if (args->arg[1] > sizeof(set))
        return -LOS_E_INVAL;
    return los_copy_out(args->arg[0], &set, args->arg[1]);
}

static struct los_signal_info sent_by_self(int number, enum los_signal_cause cause)
{
    struct los_process *self = los_current()->process;
    return (struct los_signal_info){.number = number,
                                    .cause = cause,
                                    .sender_process = self->pid,
                                    .sender_user = (int)self->credentials.user};
}

static bool valid_number(int number) { return number >= 0 && number <= LX_NSIG; }

long lx_sys_kill(const struct lx_args *args)
{
    int pid = (int)args->arg[0], number = (int)args->arg[1];
    if (!valid_number(number))
        return -LOS_E_INVAL;
    if (pid == INT32_MIN)
        return -LOS_E_SRCH;
    if (pid == 1 && (number == LX_SIGKILL || number == LX_SIGSTOP)) /* init takes only what it asked for */
        return lx_may_act_on(los_find_process(1)) ? 0 : -LOS_E_PERM;
    struct los_signal_info info = sent_by_self(number, LOS_CAUSE_USER);
    return los_kill(pid, &info);
}

bool lx_may_act_on(const struct los_process *other)
{
    const struct los_process *self = los_current()->process;
    const struct los_credentials *mine = &self->credentials, *theirs = &other->credentials;
    return self == other || mine->effective_user == 0 || mine->effective_user == theirs->saved_user ||
           mine->effective_user == theirs->user || mine->user == theirs->saved_user ||
           mine->user == theirs->user;
}

static long send_to_thread(int group, int tid, const struct los_signal_info *info)
{
    if (!valid_number(info->number) || tid <= 0 || group == 0)
        return -LOS_E_INVAL;
    struct los_thread *thread = los_find_thread(tid);
    if (thread == NULL || (group > 0 && thread->process->pid != group))
        return -LOS_E_SRCH;
    bool resumes = info->number == LX_SIGCONT && thread->process->session == los_current()->process->session;
    if (!resumes && !lx_may_act_on(thread->process))
        return -LOS_E_PERM;
    return info->number == 0 ? 0 : los_signal_thread(thread, info);
}

long lx_sys_tkill(const struct lx_args *args)
{
    struct los_signal_info info = sent_by_self((int)args->arg[1], LOS_CAUSE_THREAD);
    return send_to_thread(-1, (int)args->arg[0], &info);
}

long lx_sys_tgkill(const struct lx_args *args)
{
    struct los_signal_info info = sent_by_self((int)args->arg[2], LOS_CAUSE_THREAD);
    if ((int)args->arg[0] <= 0)
        return -LOS_E_INVAL;
    return send_to_thread((int)args->arg[0], (int)args->arg[1], &info);
}

int lx_siginfo_in(uint64_t user, int number, struct los_signal_info *info, bool *forged)
{
    struct lx_siginfo given;
    if (los_copy_in(&given, user, sizeof(given)) != 0)
        return -LOS_E_FAULT;
    *info = (struct los_signal_info){
        .number = number,
        .cause = LOS_CAUSE_QUEUE,
        .raw_code = given.si_code,
        .sender_process = given.sender.pid,
        .sender_user = (int)given.sender.uid,
        .value = given.sender.value,
    };
    *forged = given.si_code >= 0 || given.si_code == LX_SI_TKILL; /* as only the system itself says */
    return 0;
}

long lx_sys_rt_sigqueueinfo(const struct lx_args *args)
{
    struct los_signal_info info;
    bool forged;
    int pid = (int)args->arg[0], number = (int)args->arg[1];
    int error = lx_siginfo_in(args->arg[2], number, &info, &forged);
    if (error != 0)
        return error;
    if (forged && pid != los_current()->process->pid)
        return -LOS_E_PERM;
    if (!valid_number(number))
        return -LOS_E_INVAL;
    return pid > 0 ? los_kill(pid, &info) : -LOS_E_SRCH;
}

long lx_sys_rt_tgsigqueueinfo(const struct lx_args *args)
{
    struct los_signal_info info;
    bool forged;
    if ((int)args->arg[0] <= 0 || (int)args->arg[1] <= 0)
        return -LOS_E_INVAL;
    int error = lx_siginfo_in(args->arg[3], (int)args->arg[2], &info, &forged);
    if (error != 0)
        return error;
    if (forged && (int)args->arg[0] != los_current()->process->pid)
        return -LOS_E_PERM;
    return send_to_thread((int)args->arg[0], (int)args->arg[1], &info);
}

/* --- waiting ----------------------------------------------------------------------------------------------------------- */
static long wait_for_signal(void)
{
    struct los_wait_queue never;
    los_wait_queue_init(&never);
    los_wait(&never, LOS_FOREVER, true);
    return -LOS_E_RESTART_NOHAND;
}

long lx_sys_pause(const struct lx_args *args)
{
    (void)args;
    return wait_for_signal();
}

long lx_sys_rt_sigsuspend(const struct lx_args *args)
{
    los_signal_set set;
    long error = lx_sigset_in(args->arg[0], args->arg[1], &set);
    if (error != 0)
        return error;
    los_set_temporary_mask(set);
    return wait_for_signal();
}

long lx_sys_rt_sigtimedwait(const struct lx_args *args)
{
    struct los_thread *thread = los_current();
    los_signal_set set, mask = thread->mask;
    uint64_t deadline;
    long error = lx_sigset_in(args->arg[0], args->arg[3], &set);
    if (error == 0)
        error = lx_deadline_in(args->arg[2], &deadline);
    if (error != 0)
        return error;
    set &= ~(LOS_SIGNAL_BIT(LX_SIGKILL) | LOS_SIGNAL_BIT(LX_SIGSTOP));
    struct los_signal_info info;
    int number = los_signal_take(set, &info);
    if (number == 0) {
        struct los_wait_queue never;
        los_wait_queue_init(&never);
        /* Awaited signals are let through for the time of the wait, and thread->awaited keeps them even where they are ignored. */
        thread->awaited = set;
        los_set_signal_mask(mask & ~set);
        error = los_wait(&never, deadline, true);
        los_set_signal_mask(mask);
        thread->awaited = 0;
        number = los_signal_take(set, &info);
        if (number == 0)
            return error == -LOS_E_TIMEDOUT ? -LOS_E_AGAIN : -LOS_E_INTR;
    }
    if (args->arg[1] != 0) {
        struct lx_siginfo out;
        lx_siginfo_convert(&info, &out);
        if (los_copy_out(args->arg[1], &out, sizeof(out)) != 0)
            return -LOS_E_FAULT;
    }
    return number;
}

/* --- the alternate stack -------------------------------------------------------------------------------------------------- */
long lx_sys_sigaltstack(const struct lx_args *args)
{
    struct los_alternate_stack *stack = &los_current()->alternate_stack;
    uint64_t sp = args->frame->regs.rsp;
    bool none = stack->bytes == 0 || stack->disabled;
    bool on_it = !none && !stack->auto_disarm && sp > stack->address && sp - stack->address <= stack->bytes;
    struct lx_stack old = {
        .sp = stack->address,
        .flags = none ? LX_SS_DISABLE
                      : (on_it ? LX_SS_ONSTACK : 0) | (int)(stack->auto_disarm ? LX_SS_AUTODISARM : 0),
        .size = stack->bytes,
    };
    if (args->arg[0] != 0) {
        struct lx_stack given;
        if (los_copy_in(&given, args->arg[0], sizeof(given)) != 0)
            return -LOS_E_FAULT;
        uint32_t mode = (uint32_t)given.flags & ~LX_SS_AUTODISARM;
        if (on_it)
            return -LOS_E_PERM;
        if (mode != LX_SS_DISABLE && mode != LX_SS_ONSTACK && mode != 0)
            return -LOS_E_INVAL;
        if (mode == LX_SS_DISABLE)
            *stack = (struct los_alternate_stack){.disabled = true};
        else if (given.size < LX_MINSIGSTKSZ)
            return -LOS_E_NOMEM;
        else
            *stack =
                (struct los_alternate_stack){.address = given.sp,
                                             .bytes = given.size,
                                             .auto_disarm = ((uint32_t)given.flags & LX_SS_AUTODISARM) != 0};
    }
    return args->arg[1] != 0 ? los_copy_out(args->arg[1], &old, sizeof(old)) : 0;
}
