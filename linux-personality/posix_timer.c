/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Timers that a process creates (timer_create(2)). One signal is outstanding per timer: what else falls due meanwhile is counted
 * as overrun. A timer on a CPU clock wakes when the CPU time could at the earliest be reached, looks, and sleeps again.
 */
#include <clock.h>
#include <state.h>

#define CPU_LOOK_NS 1000000ull /* at least that long between two looks at a CPU clock */

struct lx_timer {
    struct los_timer timer;
    struct los_process *process;
    int id, clock, signal, notify, tid, overrun;
    uint64_t value, interval_ns;
    uint64_t at; /* next expiry in the time of its clock; 0: not set */
};

static struct lx_timer *find(int id)
{
    struct lx_process *self = los_current()->process->personality;
    return self != NULL && id >= 0 && id < LX_POSIX_TIMERS ? self->timers[id] : NULL;
}

static uint64_t now_of(const struct lx_timer *t)
{
    uint64_t now = 0;
    if (lx_clock_is_cpu(t->clock))
        return lx_process_cpu(t->process);
    lx_clock_now(t->clock, &now);
    return now;
}

static void arm(struct lx_timer *t)
{
    uint64_t now = now_of(t), left = t->at > now ? t->at - now : 0;
    if (!lx_clock_is_cpu(t->clock)) {
        los_timer_set(&t->timer, lx_deadline(left));
        return;
    }
    left /= t->process->thread_count > 0 ? t->process->thread_count : 1;
    los_timer_set(&t->timer, lx_deadline(left > CPU_LOOK_NS ? left : CPU_LOOK_NS));
}

static void tell(struct lx_timer *t)
{
    struct los_signal_info info = {.number = t->signal,
                                   .cause = LOS_CAUSE_TIMER,
                                   .sender_process = t->id,
                                   .sender_user = t->overrun,
                                   .value = t->value};
    struct los_thread *thread = t->notify == LX_SIGEV_THREAD_ID ? los_find_thread(t->tid) : NULL;
    if (t->notify == LX_SIGEV_NONE)
        return;
    if (thread != NULL && thread->process == t->process)
        los_signal_thread(thread, &info);
    else
        los_signal_process(t->process, &info);
}

static void fire(struct los_timer *timer)
{
    struct lx_timer *t = LOS_CONTAINER(timer, struct lx_timer, timer);
    uint64_t now = now_of(t);
    if (t->at > now) {
        arm(t);
        return;
    }
    uint64_t missed = t->interval_ns != 0 ? (now - t->at) / t->interval_ns : 0;
    t->overrun = missed > INT32_MAX ? INT32_MAX : (int)missed;
    if (t->interval_ns != 0) {
        t->at += (missed + 1) * t->interval_ns;
        arm(t);
    } else {
        t->at = 0;
    }
    tell(t);
}

static long event_in(uint64_t user, int id, struct lx_timer *t)
{
    struct lx_sigevent event = {.notify = LX_SIGEV_SIGNAL, .signo = LX_SIGALRM, .value = (uint64_t)id};
    if (user != 0 && los_copy_in(&event, user, sizeof(event)) != 0)
        return -LOS_E_FAULT;
    switch (event.notify) {
    case LX_SIGEV_NONE: break;
    case LX_SIGEV_THREAD_ID: {
        struct los_thread *thread = los_find_thread(event.tid);
        if (thread == NULL || thread->process != los_current()->process)
            return -LOS_E_INVAL;
    } /* fallthrough */
    case LX_SIGEV_SIGNAL:
    case LX_SIGEV_THREAD:
        if (event.signo < 1 || event.signo > LX_NSIG)
            return -LOS_E_INVAL;
        break;
    default: return -LOS_E_INVAL;
    }
    t->notify = event.notify;
    t->signal = event.signo;
    t->tid = event.tid;
    t->value = event.value;
    return 0;
}

long lx_sys_timer_create(const struct lx_args *args)
{
    struct los_process *process = los_current()->process;
    struct lx_process *self = lx_process(process);
    int clock = (int)args->arg[0], id = 0;
    uint64_t now;
    if (lx_clock_now(clock, &now) != 0)
        return -LOS_E_INVAL;
    if (clock == LX_CLOCK_REALTIME_COARSE || clock == LX_CLOCK_MONOTONIC_COARSE ||
        clock == LX_CLOCK_MONOTONIC_RAW)
        return -LOS_E_NOTSUP;
    if (self == NULL)
        return -LOS_E_AGAIN;
    while (id < LX_POSIX_TIMERS && self->timers[id] != NULL)
        id++;
    struct lx_timer *t = id < LX_POSIX_TIMERS ? los_alloc_zeroed(sizeof(*t)) : NULL;
    if (t == NULL)
        return -LOS_E_AGAIN;
    t->process = process;
    t->id = id;
    t->clock = clock;
    los_timer_init(&t->timer, fire);
    long error = event_in(args->arg[1], id, t);
    if (error == 0)
        error = los_copy_out(args->arg[2], &id, sizeof(id));
    if (error != 0) {
        los_free(t);
        return error;
    }
    self->timers[id] = t;
    return 0;
}

static long setting_out(const struct lx_timer *t, uint64_t user)
{
    uint64_t now = now_of(t), left = t->at == 0 ? 0 : t->at > now ? t->at - now : 1;
    struct lx_itimerspec setting = {lx_timespec_from(t->interval_ns), lx_timespec_from(left)};
    return los_copy_out(user, &setting, sizeof(setting));
}

long lx_sys_timer_settime(const struct lx_args *args)
{
    struct lx_timer *t = find((int)args->arg[0]);
    struct lx_itimerspec setting;
    if (args->arg[2] == 0)
        return -LOS_E_INVAL;
    if (los_copy_in(&setting, args->arg[2], sizeof(setting)) != 0)
        return -LOS_E_FAULT;
    if (t == NULL || !lx_timespec_valid(&setting.value) || !lx_timespec_valid(&setting.interval))
        return -LOS_E_INVAL;
    if (args->arg[3] != 0 && setting_out(t, args->arg[3]) != 0)
        return -LOS_E_FAULT;
    uint64_t value = lx_timespec_ns(&setting.value);
    los_timer_cancel(&t->timer);
    t->overrun = 0;
    t->at = 0;
    t->interval_ns = lx_timespec_ns(&setting.interval);
    if (value == 0)
        return 0;
    t->at = args->arg[1] & LX_TIMER_ABSTIME ? value : now_of(t) + value;
    arm(t);
    return 0;
}

long lx_sys_timer_gettime(const struct lx_args *args)
{
    struct lx_timer *t = find((int)args->arg[0]);
    return t != NULL ? setting_out(t, args->arg[1]) : -LOS_E_INVAL;
}

long lx_sys_timer_getoverrun(const struct lx_args *args)
{
    struct lx_timer *t = find((int)args->arg[0]);
    return t != NULL ? t->overrun : -LOS_E_INVAL;
}

static void end(struct lx_process *self, int id)
{
    struct lx_timer *t = self->timers[id];
    if (t == NULL)
        return;
    los_timer_cancel(&t->timer);
    self->timers[id] = NULL;
    los_free(t);
}

long lx_sys_timer_delete(const struct lx_args *args)
{
    if (find((int)args->arg[0]) == NULL)
        return -LOS_E_INVAL;
    end(los_current()->process->personality, (int)args->arg[0]);
    return 0;
}

void lx_timers_end(struct lx_process *self)
{
    for (int id = 0; id < LX_POSIX_TIMERS; id++)
        end(self, id);
}
