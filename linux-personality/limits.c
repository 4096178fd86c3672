/* SPDX-License-Identifier: MPL-2.0 */
/* Resource limits, priorities and scheduling parameters (getrlimit(2), setpriority(2), sched(7)). */
#include <state.h>

_Static_assert((int)LX_RLIMIT_CPU == LOS_LIMIT_CPU && (int)LX_RLIMIT_NOFILE == LOS_LIMIT_DESCRIPTORS &&
                   (int)LX_RLIMIT_AS == LOS_LIMIT_SPACE && (int)LX_RLIMIT_RTTIME == LOS_LIMIT_REALTIME_TIME &&
                   (int)LX_RLIMITS == LOS_LIMITS && LX_RLIM_INFINITY == UINT64_MAX,
               "numbers and infinity need no conversion");

#define DESCRIPTORS_MOST 1048576ul

/* --- limits ----------------------------------------------------------------------------------------------------------- */
static long set_limit(struct los_process *process, unsigned which, const struct lx_rlimit *given)
{
    struct los_limit_value *limit = &process->limits[which];
    if (given->soft > given->hard)
        return -LOS_E_INVAL;
    if (which == LX_RLIMIT_NOFILE && given->hard > DESCRIPTORS_MOST)
        return -LOS_E_PERM;
    if (given->hard > limit->hard && !lx_is_root())
        return -LOS_E_PERM;
    *limit = (struct los_limit_value){given->soft, given->hard};
    if (which == LX_RLIMIT_CPU) {
        process->cpu_timed |= given->soft != UINT64_MAX;
        process->cpu_limit_told_ns = 0;
    }
    if (process->space != NULL && which == LX_RLIMIT_STACK)
        process->space->stack_limit = given->soft;
    if (process->space != NULL && which == LX_RLIMIT_AS)
        process->space->address_limit = given->soft;
    return 0;
}

static long limit_out(const struct los_process *process, unsigned which, uint64_t user)
{
    struct lx_rlimit limit = {process->limits[which].soft, process->limits[which].hard};
    return los_copy_out(user, &limit, sizeof(limit));
}

long lx_sys_getrlimit(const struct lx_args *args)
{
    unsigned which = (unsigned)args->arg[0];
    return which < LX_RLIMITS ? limit_out(los_current()->process, which, args->arg[1]) : -LOS_E_INVAL;
}

long lx_sys_setrlimit(const struct lx_args *args)
{
    unsigned which = (unsigned)args->arg[0];
    struct lx_rlimit given;
    if (los_copy_in(&given, args->arg[1], sizeof(given)) != 0)
        return -LOS_E_FAULT;
    return which < LX_RLIMITS ? set_limit(los_current()->process, which, &given) : -LOS_E_INVAL;
}

long lx_sys_prlimit64(const struct lx_args *args)
{
    int pid = (int)args->arg[0];
    unsigned which = (unsigned)args->arg[1];
    struct los_process *process = pid == 0 ? los_current()->process : los_find_process(pid);
    struct lx_rlimit given = {0, 0}, old;
    if (args->arg[2] != 0 && los_copy_in(&given, args->arg[2], sizeof(given)) != 0)
        return -LOS_E_FAULT;
    if (which >= LX_RLIMITS)
        return -LOS_E_INVAL;
    if (process == NULL || pid < 0)
        return -LOS_E_SRCH;
    if (!lx_may_act_on(process))
        return -LOS_E_PERM;
    old = (struct lx_rlimit){process->limits[which].soft, process->limits[which].hard};
    long error = args->arg[2] != 0 ? set_limit(process, which, &given) : 0;
    if (error != 0 || args->arg[3] == 0)
        return error;
    return los_copy_out(args->arg[3], &old, sizeof(old));
}

/* --- nice values --------------------------------------------------------------------------------------------------------- */
static bool selected(const struct los_process *process, int which, int who)
{
    const struct los_process *self = los_current()->process;
    switch (which) {
    case LX_PRIO_PROCESS: {
        const struct los_thread *thread = who > 0 ? los_find_thread(who) : NULL;
        return who == 0 ? process == self
                        : process->pid == who || (thread != NULL && thread->process == process);
    }
    case LX_PRIO_PGRP: return process->group == (who == 0 ? self->group : who);
    default: return process->credentials.user == (who == 0 ? self->credentials.user : (uint32_t)who);
    }
}

static long renice(struct los_process *process, int nice)
{
    const struct los_credentials *mine = &los_current()->process->credentials;
    bool owned = mine->effective_user == process->credentials.user ||
                 mine->effective_user == process->credentials.effective_user;
    if (!owned && !lx_is_root())
        return -LOS_E_PERM;
    if (nice < process->nice && !lx_is_root() && (uint64_t)(20 - nice) > process->limits[LOS_LIMIT_NICE].soft)
        return -LOS_E_ACCES;
    process->nice = nice;
    return 0;
}

long lx_sys_setpriority(const struct lx_args *args)
{
    int which = (int)args->arg[0], nice = (int)args->arg[2];
    long result = -LOS_E_SRCH;
    struct los_process *process;
    if (which < LX_PRIO_PROCESS || which > LX_PRIO_USER)
        return -LOS_E_INVAL;
    nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
    LOS_LIST_FOR(process, &los_processes, all)
    {
        if (!selected(process, which, (int)args->arg[1]))
            continue;
        long error = renice(process, nice);
        if (error != 0 || result == -LOS_E_SRCH)
            result = error;
    }
    return result;
}

long lx_sys_getpriority(const struct lx_args *args)
{
    int which = (int)args->arg[0];
    long result = -LOS_E_SRCH;
    struct los_process *process;
    if (which < LX_PRIO_PROCESS || which > LX_PRIO_USER)
        return -LOS_E_INVAL;
    LOS_LIST_FOR(process, &los_processes, all)
    {
        if (selected(process, which, (int)args->arg[1]) && 20 - process->nice > result)
            result = 20 - process->nice; /* positive, as the C library expects */
    }
    return result;
}

/* --- policies: kept and shown; the scheduler itself goes by nice values alone ---------------------------------------------------- */
static long target(uint64_t pid, struct los_thread **thread)
{
    if ((int)pid < 0)
        return -LOS_E_INVAL;
    *thread = (int)pid == 0 ? los_current() : los_find_thread((int)pid);
    return *thread != NULL ? 0 : -LOS_E_SRCH;
}

static bool is_realtime(int policy) { return policy == LX_SCHED_FIFO || policy == LX_SCHED_RR; }

static long set_policy(struct los_thread *thread, int policy, int priority)
{
    policy &= ~LX_SCHED_RESET_ON_FORK;
    bool plain = policy == LX_SCHED_OTHER || policy == LX_SCHED_BATCH || policy == LX_SCHED_IDLE;
    if (!plain && !is_realtime(policy))
        return -LOS_E_INVAL;
    if (plain ? priority != 0 : priority < 1 || priority > 99)
        return -LOS_E_INVAL;
    if (!lx_may_act_on(thread->process) ||
        (!plain && !lx_is_root() && (uint64_t)priority > thread->process->limits[LOS_LIMIT_REALTIME].soft))
        return -LOS_E_PERM;
    struct lx_process *state = lx_process(thread->process);
    if (state == NULL)
        return -LOS_E_NOMEM;
    state->policy = policy;
    state->priority = priority;
    return 0;
}

long lx_sys_sched_setscheduler(const struct lx_args *args)
{
    struct los_thread *thread;
    int priority;
    long error = args->arg[2] == 0 ? -LOS_E_INVAL : target(args->arg[0], &thread);
    if (error == 0 && los_copy_in(&priority, args->arg[2], sizeof(priority)) != 0)
        error = -LOS_E_FAULT;
    return error != 0 ? error : set_policy(thread, (int)args->arg[1], priority);
}

long lx_sys_sched_setparam(const struct lx_args *args)
{
    struct los_thread *thread;
    int priority;
    long error = args->arg[1] == 0 ? -LOS_E_INVAL : target(args->arg[0], &thread);
    if (error == 0 && los_copy_in(&priority, args->arg[1], sizeof(priority)) != 0)
        error = -LOS_E_FAULT;
    return error != 0 ? error : set_policy(thread, lx_process_look(thread->process)->policy, priority);
}

long lx_sys_sched_getscheduler(const struct lx_args *args)
{
    struct los_thread *thread;
    long error = target(args->arg[0], &thread);
    return error != 0 ? error : lx_process_look(thread->process)->policy;
}

long lx_sys_sched_getparam(const struct lx_args *args)
{
    struct los_thread *thread;
    long error = args->arg[1] == 0 ? -LOS_E_INVAL : target(args->arg[0], &thread);
    return error != 0 ? error
                      : los_copy_out(args->arg[1], &lx_process_look(thread->process)->priority, sizeof(int));
}

long lx_sys_sched_setattr(const struct lx_args *args)
{
    struct los_thread *thread;
    struct lx_sched_attr attr = {0};
    uint32_t size;
    if (args->arg[1] == 0 || args->arg[2] != 0)
        return -LOS_E_INVAL;
    if (los_copy_in(&size, args->arg[1], sizeof(size)) != 0)
        return -LOS_E_FAULT;
    if (size != 0 && size < 48)
        return -LOS_E_TOOBIG;
    if (los_copy_in(&attr, args->arg[1], size != 0 && size < sizeof(attr) ? size : 48) != 0)
        return -LOS_E_FAULT;
    long error = target(args->arg[0], &thread);
    if (error == 0)
        error = set_policy(thread, (int)attr.policy, (int)attr.priority);
    if (error == 0 && !is_realtime((int)attr.policy))
        error = renice(thread->process, attr.nice < -20 ? -20 : attr.nice > 19 ? 19 : attr.nice);
    return error;
}

long lx_sys_sched_getattr(const struct lx_args *args)
{
    struct los_thread *thread;
    uint32_t size = (uint32_t)args->arg[2];
    if (args->arg[1] == 0 || args->arg[3] != 0 || size < 48 || size > LOS_PAGE)
        return -LOS_E_INVAL;
    long error = target(args->arg[0], &thread);
    if (error != 0)
        return error;
    const struct lx_process *state = lx_process_look(thread->process);
    struct lx_sched_attr attr = {
        .size = size < sizeof(attr) ? size : sizeof(attr),
        .policy = (uint32_t)state->policy,
        .nice = is_realtime(state->policy) ? 0 : thread->process->nice,
        .priority = (uint32_t)state->priority,
    };
    return los_copy_out(args->arg[1], &attr, attr.size);
}

long lx_sys_sched_get_priority_max(const struct lx_args *args)
{
    int policy = (int)args->arg[0];
    if (is_realtime(policy))
        return 99;
    return policy >= LX_SCHED_OTHER && policy <= LX_SCHED_DEADLINE && policy != 4 ? 0 : -LOS_E_INVAL;
}

long lx_sys_sched_get_priority_min(const struct lx_args *args)
{
    long most = lx_sys_sched_get_priority_max(args);
    return most > 0 ? 1 : most;
}

long lx_sys_sched_rr_get_interval(const struct lx_args *args)
{
    struct los_thread *thread;
    long error = target(args->arg[0], &thread);
    return error != 0 ? error : lx_timespec_out(args->arg[1], los_quantum_ns);
}

long lx_sys_sched_yield(const struct lx_args *args)
{
    (void)args;
    los_yield();
    return 0;
}

/* --- which vCPUs --------------------------------------------------------------------------------------------------------------- */
static uint64_t all_cpus(void) { return los_cpu_count() >= 64 ? UINT64_MAX : (1ull << los_cpu_count()) - 1; }

long lx_sys_sched_setaffinity(const struct lx_args *args)
{
    struct los_thread *thread;
    uint64_t mask = 0, bytes = args->arg[1];
    if (los_copy_in(&mask, args->arg[2], bytes < sizeof(mask) ? bytes : sizeof(mask)) != 0)
        return -LOS_E_FAULT;
    long error = target(args->arg[0], &thread);
    if (error != 0)
        return error;
    if (!lx_may_act_on(thread->process))
        return -LOS_E_PERM;
    mask &= all_cpus();
    if (mask == 0)
        return -LOS_E_INVAL;
    thread->affinity = mask;
    los_kick(thread); /* it moves at its next safe point */
    return 0;
}

long lx_sys_sched_getaffinity(const struct lx_args *args)
{
    struct los_thread *thread;
    uint64_t bytes = args->arg[1];
    long error = target(args->arg[0], &thread);
    if (error != 0)
        return error;
    uint64_t mask = thread->affinity & all_cpus();
    if (bytes * 8 < los_cpu_count() || bytes % sizeof(mask) != 0)
        return -LOS_E_INVAL;
    return los_copy_out(args->arg[2], &mask, sizeof(mask)) != 0 ? -LOS_E_FAULT : (long)sizeof(mask);
}

long lx_sys_getcpu(const struct lx_args *args)
{
    uint32_t cpu = los_cpu()->number, node = 0;
    if (args->arg[0] != 0 && los_copy_out(args->arg[0], &cpu, sizeof(cpu)) != 0)
        return -LOS_E_FAULT;
    return args->arg[1] != 0 ? los_copy_out(args->arg[1], &node, sizeof(node)) : 0;
}
