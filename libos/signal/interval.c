/* SPDX-License-Identifier: MPL-2.0 */
/* Interval timers in real time and in CPU time, and the limit of CPU time. CPU time is looked at whenever the library OS is entered. */
#include "internal.h"

static void send(struct los_process *process, int number)
{
    los_signal_process(process, &(struct los_signal_info){.number = number, .cause = LOS_CAUSE_KERNEL});
}

void los_alarm_fire(struct los_timer *timer)
{
    struct los_process *process = LOS_CONTAINER(timer, struct los_process, alarm);
    if (process->alarm_interval_ns) {
        /* From the old deadline, so that it does not drift; what was missed is not made up for. */
        uint64_t next = timer->deadline_ns + process->alarm_interval_ns, now = los_now();
        los_timer_set(timer, next > now ? next : now + process->alarm_interval_ns);
    }
    send(process, LOS_SIG_ALARM);
}

static uint64_t cpu_time(struct los_process *process, bool with_system)
{
    uint64_t user, system;
    los_times(process, &user, &system);
    return with_system ? user + system : user;
}

static void check_timer(struct los_process *process, int which, uint64_t now, int number)
{
    uint64_t at = process->cpu_timer[which].at_ns, interval = process->cpu_timer[which].interval_ns;
    if (!at || now < at)
        return;
    process->cpu_timer[which].at_ns = interval ? now + interval : 0;
    send(process, number);
}

void los_cpu_time_check(struct los_thread *thread)
{
    struct los_process *process = thread->process;
    uint64_t user = cpu_time(process, false), all = cpu_time(process, true);
    check_timer(process, 0, user, LOS_SIG_VIRTUAL_ALARM);
    check_timer(process, 1, all, LOS_SIG_PROFILE);
    const struct los_limit_value *limit = &process->limits[LOS_LIMIT_CPU];
    uint64_t second = 1000000000ul, spent = all / second;
    if (limit->hard != UINT64_MAX && spent >= limit->hard) {
        send(process, LOS_SIG_KILL);
    } else if (limit->soft != UINT64_MAX && spent >= limit->soft &&
               all >= process->cpu_limit_told_ns + second) {
        process->cpu_limit_told_ns = all;
        send(process, LOS_SIG_CPU_LIMIT);
    }
    process->cpu_timed = process->cpu_timer[0].at_ns || process->cpu_timer[1].at_ns ||
                         limit->soft != UINT64_MAX || limit->hard != UINT64_MAX;
}

void los_interval_get(enum los_interval which, uint64_t *left_ns, uint64_t *interval_ns)
{
    struct los_process *process = los_current()->process;
    uint64_t now, at;
    if (which == LOS_INTERVAL_REAL) {
        now = los_now();
        at = los_timer_is_set(&process->alarm) ? process->alarm.deadline_ns : 0;
        *interval_ns = at ? process->alarm_interval_ns : 0;
    } else {
        now = cpu_time(process, which == LOS_INTERVAL_PROFILE);
        at = process->cpu_timer[which - LOS_INTERVAL_VIRTUAL].at_ns;
        *interval_ns = at ? process->cpu_timer[which - LOS_INTERVAL_VIRTUAL].interval_ns : 0;
    }
    *left_ns = !at ? 0 : at > now ? at - now : 1;
}

void los_interval_set(enum los_interval which, uint64_t value_ns, uint64_t interval_ns)
{
    struct los_process *process = los_current()->process;
    if (which == LOS_INTERVAL_REAL) {
        process->alarm_interval_ns = interval_ns;
        if (value_ns)
            los_timer_set(&process->alarm, los_now() + value_ns);
        else
            los_timer_cancel(&process->alarm);
        return;
    }
    uint64_t now = cpu_time(process, which == LOS_INTERVAL_PROFILE);
    process->cpu_timer[which - LOS_INTERVAL_VIRTUAL].at_ns = value_ns ? now + value_ns : 0;
    process->cpu_timer[which - LOS_INTERVAL_VIRTUAL].interval_ns = interval_ns;
    process->cpu_timed = true;
}
