/* SPDX-License-Identifier: MPL-2.0 */
/* System calls that make, end and await processes and threads, and that group them. */
#include <dispatch.h>
#include <state.h>

/* --- clone ---------------------------------------------------------------------------------------------------------- */
#define NAMESPACES                                                                                             \
    (LX_CLONE_NEWNS | LX_CLONE_NEWCGROUP | LX_CLONE_NEWUTS | LX_CLONE_NEWIPC | LX_CLONE_NEWUSER |              \
     LX_CLONE_NEWPID | LX_CLONE_NEWNET)
#define WITHOUT_MEANING                                                                                        \
    (LX_CLONE_PTRACE | LX_CLONE_UNTRACED | LX_CLONE_SYSVSEM | LX_CLONE_DETACHED | LX_CLONE_IO)

static const struct {
    uint64_t linux_flag;
    uint32_t los_flag;
} clone_flags[] = {
    {LX_CLONE_VM, LOS_CLONE_SPACE},        {LX_CLONE_FILES, LOS_CLONE_FILES},
    {LX_CLONE_FS, LOS_CLONE_FILE_CONTEXT}, {LX_CLONE_SIGHAND, LOS_CLONE_ACTIONS},
    {LX_CLONE_THREAD, LOS_CLONE_THREAD},   {LX_CLONE_VFORK, LOS_CLONE_VFORK},
    {LX_CLONE_PARENT, LOS_CLONE_PARENT},   {LX_CLONE_CLEAR_SIGHAND, LOS_CLONE_CLEAR_ACTIONS},
};

static long clone(const struct lx_clone_args *c)
{
    uint64_t flags = c->flags;
    struct los_clone how = {.exit_signal = (int)c->exit_signal};
    uint64_t known = NAMESPACES | WITHOUT_MEANING | LX_CLONE_SETTLS | LX_CLONE_PARENT_SETTID |
                     LX_CLONE_CHILD_SETTID | LX_CLONE_CHILD_CLEARTID;
    for (size_t i = 0; i < LOS_COUNT(clone_flags); i++) {
        known |= clone_flags[i].linux_flag;
        if (flags & clone_flags[i].linux_flag)
            how.flags |= clone_flags[i].los_flag;
    }
    if (flags & ~known || flags & NAMESPACES) /* no namespaces, no process descriptors */
        return -LOS_E_INVAL;
    if (((flags & LX_CLONE_THREAD) && !(flags & LX_CLONE_SIGHAND)) ||
        ((flags & LX_CLONE_SIGHAND) && !(flags & LX_CLONE_VM)) ||
        ((flags & LX_CLONE_SIGHAND) && (flags & LX_CLONE_CLEAR_SIGHAND)) || c->exit_signal > LX_NSIG)
        return -LOS_E_INVAL;
    if ((flags & LX_CLONE_PARENT) && los_current()->process->pid == 1)
        return -LOS_E_INVAL;
    if ((flags & LX_CLONE_SETTLS) && c->tls >= LOS_USER_END)
        return -LOS_E_PERM;
    how.stack = c->stack;
    how.set_tls = flags & LX_CLONE_SETTLS;
    how.tls = c->tls;
    how.parent_tid = flags & LX_CLONE_PARENT_SETTID ? c->parent_tid : 0;
    how.child_tid = flags & LX_CLONE_CHILD_SETTID ? c->child_tid : 0;
    how.clear_tid = flags & LX_CLONE_CHILD_CLEARTID ? c->child_tid : 0;
    return los_clone(&how);
}

long lx_sys_clone(const struct lx_args *args)
{
    uint64_t flags = (uint32_t)args->arg[0];
    struct lx_clone_args c = {
        .flags = flags & ~(uint64_t)LX_CSIGNAL,
        .exit_signal = flags & LX_CSIGNAL,
        .stack = args->arg[1],
        .parent_tid = args->arg[2],
        .child_tid = args->arg[3],
        .tls = args->arg[4],
    };
    return clone(&c);
}

long lx_sys_fork(const struct lx_args *args)
{
    (void)args;
    struct lx_clone_args c = {.exit_signal = LX_SIGCHLD};
    return clone(&c);
}

long lx_sys_vfork(const struct lx_args *args)
{
    (void)args;
    struct lx_clone_args c = {.flags = LX_CLONE_VM | LX_CLONE_VFORK, .exit_signal = LX_SIGCHLD};
    return clone(&c);
}

long lx_sys_clone3(const struct lx_args *args)
{
    struct lx_clone_args c = {0};
    uint64_t size = args->arg[1];
    if (size < 64 || size > LOS_PAGE)
        return size < 64 ? -LOS_E_INVAL : -LOS_E_TOOBIG;
    for (uint64_t at = sizeof(c); at < size; at++) { /* what we do not know must be 0 */
        uint8_t byte;
        if (los_copy_in(&byte, args->arg[0] + at, 1) != 0)
            return -LOS_E_FAULT;
        if (byte != 0)
            return -LOS_E_TOOBIG;
    }
    if (los_copy_in(&c, args->arg[0], size < sizeof(c) ? size : sizeof(c)) != 0)
        return -LOS_E_FAULT;
    if (c.flags & (LX_CSIGNAL | LX_CLONE_DETACHED | LX_CLONE_INTO_CGROUP) || c.set_tid_size != 0)
        return -LOS_E_INVAL;
    if ((c.flags & (LX_CLONE_THREAD | LX_CLONE_PARENT)) && c.exit_signal != 0)
        return -LOS_E_INVAL;
    if ((c.stack == 0) != (c.stack_size == 0) || c.stack >= LOS_USER_END ||
        c.stack_size > LOS_USER_END - c.stack)
        return -LOS_E_INVAL;
    c.stack += c.stack_size;
    return clone(&c);
}

/* --- the end ------------------------------------------------------------------------------------------------------------ */
long lx_sys_exit(const struct lx_args *args) { los_exit_thread((int)args->arg[0] & 0xff); }

long lx_sys_exit_group(const struct lx_args *args) { los_exit_process((int)args->arg[0] & 0xff); }

/* --- waiting -------------------------------------------------------------------------------------------------------------- */
static long rusage_of_child(uint64_t user, const struct los_wait_result *result)
{
    struct lx_rusage usage = {
        .utime = lx_timeval_from(result->user_ns),
        .stime = lx_timeval_from(result->system_ns),
        .minflt = (int64_t)result->faults,
    };
    return user == 0 ? 0 : los_copy_out(user, &usage, sizeof(usage));
}

static uint32_t wait_status(const struct los_wait_result *result)
{
    uint32_t status = (uint32_t)result->status;
    switch (result->how) {
    case LOS_CHILD_EXITED: return (status & 0xff) << 8;
    case LOS_CHILD_KILLED: return status & 0x7f;
    case LOS_CHILD_DUMPED: return (status & 0x7f) | 0x80;
    case LOS_CHILD_STOPPED: return (status & 0xff) << 8 | 0x7f;
    case LOS_CHILD_CONTINUED: break;
    }
    return 0xffff;
}

long lx_sys_wait4(const struct lx_args *args)
{
    int pid = (int)args->arg[0];
    uint32_t options = (uint32_t)args->arg[2], wanted = LOS_WAIT_EXITED;
    if (options & ~(LX_WNOHANG | LX_WUNTRACED | LX_WCONTINUED | LX_WNOTHREAD | LX_WCLONE | LX_WALL))
        return -LOS_E_INVAL;
    if (pid == INT32_MIN)
        return -LOS_E_SRCH;
    wanted |= options & LX_WNOHANG ? LOS_WAIT_NOHANG : 0;
    wanted |= options & LX_WUNTRACED ? LOS_WAIT_STOPPED : 0;
    wanted |= options & LX_WCONTINUED ? LOS_WAIT_CONTINUED : 0;
    struct los_wait_result result;
    long found = los_wait_child(pid, wanted, &result);
    if (found <= 0)
        return found;
    uint32_t status = wait_status(&result);
    if (args->arg[1] != 0 && los_copy_out(args->arg[1], &status, sizeof(status)) != 0)
        return -LOS_E_FAULT;
    long error = rusage_of_child(args->arg[3], &result);
    return error != 0 ? error : found;
}

static long wait_target(int which, int id, int *pid)
{
    switch (which) {
    case LX_P_ALL: *pid = -1; return 0;
    case LX_P_PID: *pid = id; return id > 0 ? 0 : -LOS_E_INVAL;
    case LX_P_PGID: *pid = -id; return id >= 0 ? 0 : -LOS_E_INVAL;
    default: return -LOS_E_INVAL;
    }
}

long lx_sys_waitid(const struct lx_args *args)
{
    static const int codes[] = {LX_CLD_EXITED, LX_CLD_KILLED, LX_CLD_DUMPED, LX_CLD_STOPPED, LX_CLD_CONTINUED};
    uint32_t options = (uint32_t)args->arg[3], wanted = 0;
    int pid;
    if (options & ~(LX_WNOHANG | LX_WNOWAIT | LX_WEXITED | LX_WSTOPPED | LX_WCONTINUED | LX_WNOTHREAD |
                    LX_WCLONE | LX_WALL) ||
        !(options & (LX_WEXITED | LX_WSTOPPED | LX_WCONTINUED)))
        return -LOS_E_INVAL;
    long error = wait_target((int)args->arg[0], (int)args->arg[1], &pid);
    if (error != 0)
        return error;
    wanted |= options & LX_WNOHANG ? LOS_WAIT_NOHANG : 0;
    wanted |= options & LX_WNOWAIT ? LOS_WAIT_KEEP : 0;
    wanted |= options & LX_WEXITED ? LOS_WAIT_EXITED : 0;
    wanted |= options & LX_WSTOPPED ? LOS_WAIT_STOPPED : 0;
    wanted |= options & LX_WCONTINUED ? LOS_WAIT_CONTINUED : 0;
    struct los_wait_result result;
    long found = los_wait_child(pid, wanted, &result);
    if (found < 0)
        return found;
    struct lx_siginfo info = {0};
    if (found > 0) {
        info.si_signo = LX_SIGCHLD;
        info.si_code = codes[result.how];
        info.sender.pid = result.pid;
        info.sender.uid = (uint32_t)result.user;
        info.sender.child.status = result.how == LOS_CHILD_CONTINUED ? LX_SIGCONT : result.status;
    }
    if (args->arg[2] != 0 && los_copy_out(args->arg[2], &info, sizeof(info)) != 0)
        return -LOS_E_FAULT;
    return found > 0 ? rusage_of_child(args->arg[4], &result) : 0;
}

/* --- who ---------------------------------------------------------------------------------------------------------------------- */
long lx_sys_getpid(const struct lx_args *args)
{
    (void)args;
    return los_current()->process->pid;
}

long lx_sys_gettid(const struct lx_args *args)
{
    (void)args;
    return los_current()->tid;
}

long lx_sys_getppid(const struct lx_args *args)
{
    (void)args;
    return los_current()->process->parent_pid;
}

/* The process that a pid argument names; 0 is the caller. Threads' ids name their process. */
static struct los_process *named(int pid)
{
    if (pid == 0)
        return los_current()->process;
    return pid > 0 ? los_find_process(pid) : NULL;
}

long lx_sys_getpgrp(const struct lx_args *args)
{
    (void)args;
    return los_current()->process->group;
}

long lx_sys_getpgid(const struct lx_args *args)
{
    struct los_process *process = named((int)args->arg[0]);
    return process != NULL ? process->group : -LOS_E_SRCH;
}

long lx_sys_getsid(const struct lx_args *args)
{
    struct los_process *process = named((int)args->arg[0]);
    return process != NULL ? process->session : -LOS_E_SRCH;
}

long lx_sys_setpgid(const struct lx_args *args)
{
    int pid = (int)args->arg[0], group = (int)args->arg[1];
    if (group < 0)
        return -LOS_E_INVAL;
    if (pid < 0)
        return -LOS_E_SRCH;
    int self = los_current()->process->pid;
    return los_set_group(pid == 0 ? self : pid, group == 0 ? (pid == 0 ? self : pid) : group);
}

long lx_sys_setsid(const struct lx_args *args)
{
    (void)args;
    return los_set_session();
}
