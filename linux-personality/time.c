/* SPDX-License-Identifier: MPL-2.0 */
/* Clocks, sleeping, interval timers, CPU time (clock_gettime(2), time(7)). Timers with a name of their own are posix_timer.c. */
#include <clock.h>
#include <dispatch.h>
#include <vdso.h>

#define NS_PER_S  1000000000ull
#define NS_PER_US 1000ull
#define TICK_NS   (NS_PER_S / LX_CLOCK_TICKS)
#define COARSE_NS 4000000ull

/* --- clocks ----------------------------------------------------------------------------------------------------------- */
static uint64_t thread_cpu(const struct los_thread *thread)
{
    uint64_t running = thread == los_current() ? los_now() - thread->stamp_ns : 0;
    return thread->user_ns + thread->system_ns + running;
}

uint64_t lx_process_cpu(struct los_process *process)
{
    uint64_t user, system;
    los_times(process, &user, &system);
    return user + system;
}

/* CPU clocks of others have negative numbers: ~pid in the upper bits, then 1 bit thread or process, 2 bits what is counted. */
static long cpu_clock_now(int clock, uint64_t *ns)
{
    int id = ~(clock >> 3);
    if ((clock & 3) == 3)
        return -LOS_E_INVAL;
    if (clock & 4) {
        struct los_thread *thread = id == 0 ? los_current() : los_find_thread(id);
        if (thread == NULL || thread->process != los_current()->process)
            return -LOS_E_INVAL;
        *ns = thread_cpu(thread);
    } else {
        struct los_process *process = id == 0 ? los_current()->process : los_find_process(id);
        if (process == NULL)
            return -LOS_E_INVAL;
        *ns = lx_process_cpu(process);
    }
    return 0;
}

long lx_clock_now(int clock, uint64_t *ns)
{
    switch (clock) {
    case LX_CLOCK_REALTIME:
    case LX_CLOCK_REALTIME_COARSE:
    case LX_CLOCK_REALTIME_ALARM:
    case LX_CLOCK_TAI: *ns = los_wall_now(); return 0;
    case LX_CLOCK_MONOTONIC:
    case LX_CLOCK_MONOTONIC_RAW:
    case LX_CLOCK_MONOTONIC_COARSE:
    case LX_CLOCK_BOOTTIME:
    case LX_CLOCK_BOOTTIME_ALARM: *ns = los_now(); return 0;
    case LX_CLOCK_PROCESS_CPUTIME_ID: *ns = lx_process_cpu(los_current()->process); return 0;
    case LX_CLOCK_THREAD_CPUTIME_ID: *ns = thread_cpu(los_current()); return 0;
    default: return clock < 0 ? cpu_clock_now(clock, ns) : -LOS_E_INVAL;
    }
}

bool lx_clock_is_wall(int clock)
{
    return clock == LX_CLOCK_REALTIME || clock == LX_CLOCK_TAI || clock == LX_CLOCK_REALTIME_ALARM;
}

bool lx_clock_is_cpu(int clock)
{
    return clock < 0 || clock == LX_CLOCK_PROCESS_CPUTIME_ID || clock == LX_CLOCK_THREAD_CPUTIME_ID;
}

uint64_t lx_clock_deadline(int clock, uint64_t at)
{
    if (!lx_clock_is_wall(clock))
        return at;
    uint64_t wall = los_wall_now();
    return at <= wall ? 0 : lx_deadline(at - wall);
}

long lx_sys_clock_gettime(const struct lx_args *args)
{
    uint64_t ns;
    long error = lx_clock_now((int)args->arg[0], &ns);
    return error != 0 ? error : lx_timespec_out(args->arg[1], ns);
}

long lx_sys_clock_getres(const struct lx_args *args)
{
    int clock = (int)args->arg[0];
    uint64_t ns;
    long error = lx_clock_now(clock, &ns);
    if (error != 0 || args->arg[1] == 0)
        return error;
    bool coarse = clock == LX_CLOCK_REALTIME_COARSE || clock == LX_CLOCK_MONOTONIC_COARSE;
    return lx_timespec_out(args->arg[1], coarse ? COARSE_NS : 1);
}

static long set_wall(uint64_t ns)
{
    if (!lx_is_root())
        return -LOS_E_PERM;
    long error = los_set_wall(ns);
    lx_vdso_update();
    return error;
}

long lx_sys_clock_settime(const struct lx_args *args)
{
    uint64_t ns;
    if ((int)args->arg[0] != LX_CLOCK_REALTIME)
        return -LOS_E_INVAL;
    long error = lx_timespec_in(args->arg[1], &ns);
    return error != 0 ? error : set_wall(ns);
}

long lx_sys_gettimeofday(const struct lx_args *args)
{
    struct lx_timezone zone = {0, 0};
    if (args->arg[0] != 0 && lx_timeval_out(args->arg[0], los_wall_now()) != 0)
        return -LOS_E_FAULT;
    return args->arg[1] != 0 ? los_copy_out(args->arg[1], &zone, sizeof(zone)) : 0;
}

long lx_sys_settimeofday(const struct lx_args *args)
{
    uint64_t ns;
    struct lx_timezone zone;
    if (args->arg[1] != 0 && los_copy_in(&zone, args->arg[1], sizeof(zone)) != 0)
        return -LOS_E_FAULT;
    if (args->arg[0] == 0)
        return lx_is_root() ? 0
                            : -LOS_E_PERM; /* a time zone alone: kept by nobody, as all of user space uses TZ */
    long error = lx_timeval_in(args->arg[0], &ns);
    return error != 0 ? error : set_wall(ns);
}

long lx_sys_time(const struct lx_args *args)
{
    int64_t seconds = (int64_t)(los_wall_now() / NS_PER_S);
    if (args->arg[0] != 0 && los_copy_out(args->arg[0], &seconds, sizeof(seconds)) != 0)
        return -LOS_E_FAULT;
    return seconds;
}

/* --- sleeping --------------------------------------------------------------------------------------------------------------- */
static long sleep_until(struct lx_thread *self)
{
    struct los_wait_queue never;
    los_wait_queue_init(&never);
    long result = los_wait(&never, self->deadline_ns, true);
    if (result == -LOS_E_TIMEDOUT || result == 0)
        return 0;
    uint64_t now = los_now(), left = self->deadline_ns > now ? self->deadline_ns - now : 0;
    if (left == 0)
        return 0;
    if (self->remaining != 0 && lx_timespec_out(self->remaining, left) != 0)
        return -LOS_E_FAULT;
    return LX_FAIL(LX_ERESTART_BLOCK);
}

static long sleep_for(uint64_t ns, uint64_t remaining)
{
    struct lx_thread *self = lx_thread();
    if (self == NULL)
        return -LOS_E_NOMEM;
    self->resume = sleep_until;
    self->deadline_ns = lx_deadline(ns);
    self->remaining = remaining;
    return sleep_until(self);
}

long lx_sys_nanosleep(const struct lx_args *args)
{
    uint64_t ns;
    long error = lx_timespec_in(args->arg[0], &ns);
    return error != 0 ? error : sleep_for(ns, args->arg[1]);
}

long lx_sys_clock_nanosleep(const struct lx_args *args)
{
    int clock = (int)args->arg[0];
    uint64_t now, ns;
    if (lx_clock_now(clock, &now) != 0)
        return -LOS_E_INVAL;
    if (lx_clock_is_cpu(clock) || clock == LX_CLOCK_MONOTONIC_RAW || clock == LX_CLOCK_REALTIME_COARSE ||
        clock == LX_CLOCK_MONOTONIC_COARSE)
        return -LOS_E_NOTSUP;
    long error = lx_timespec_in(args->arg[2], &ns);
    if (error != 0)
        return error;
    if (!(args->arg[1] & LX_TIMER_ABSTIME))
        return sleep_for(ns, args->arg[3]);
    struct los_wait_queue never;
    los_wait_queue_init(&never);
    for (;;) { /* again when the wall clock was set back meanwhile */
        lx_clock_now(clock, &now);
        if (now >= ns)
            return 0;
        if (los_wait(&never, lx_deadline(ns - now), true) == -LOS_E_RESTART)
            return -LOS_E_RESTART_NOHAND;
    }
}

/* --- interval timers ---------------------------------------------------------------------------------------------------------- */
_Static_assert((int)LX_ITIMER_REAL == LOS_INTERVAL_REAL && (int)LX_ITIMER_VIRTUAL == LOS_INTERVAL_VIRTUAL &&
                   (int)LX_ITIMER_PROF == LOS_INTERVAL_PROFILE,
               "numbers need no conversion");

static long interval_out(int which, uint64_t user)
{
    uint64_t left, interval;
    los_interval_get((enum los_interval)which, &left, &interval);
    struct lx_itimerval value = {lx_timeval_from(interval), lx_timeval_from(left)};
    if (left != 0 && left < NS_PER_US)
        value.value.tv_usec = 1; /* running: never shown as off */
    return los_copy_out(user, &value, sizeof(value));
}

long lx_sys_getitimer(const struct lx_args *args)
{
    int which = (int)args->arg[0];
    if (which < LX_ITIMER_REAL || which > LX_ITIMER_PROF)
        return -LOS_E_INVAL;
    return interval_out(which, args->arg[1]);
}

long lx_sys_setitimer(const struct lx_args *args)
{
    int which = (int)args->arg[0];
    uint64_t value = 0, interval = 0;
    if (which < LX_ITIMER_REAL || which > LX_ITIMER_PROF)
        return -LOS_E_INVAL;
    if (args->arg[1] != 0) {
        long error = lx_timeval_in(args->arg[1] + offsetof(struct lx_itimerval, interval), &interval);
        if (error == 0)
            error = lx_timeval_in(args->arg[1] + offsetof(struct lx_itimerval, value), &value);
        if (error != 0)
            return error;
    }
    if (args->arg[2] != 0 && interval_out(which, args->arg[2]) != 0)
        return -LOS_E_FAULT;
    los_interval_set((enum los_interval)which, value, interval);
    return 0;
}

long lx_sys_alarm(const struct lx_args *args)
{
    uint64_t left, interval;
    los_interval_get(LOS_INTERVAL_REAL, &left, &interval);
    los_interval_set(LOS_INTERVAL_REAL, (uint32_t)args->arg[0] * NS_PER_S, 0);
    /* Rounded, but what still runs is at least a second. */
    return left == 0 ? 0 : left < NS_PER_S ? 1 : (long)((left + NS_PER_S / 2) / NS_PER_S);
}

/* --- CPU time -------------------------------------------------------------------------------------------------------------------- */
long lx_sys_times(const struct lx_args *args)
{
    struct los_process *self = los_current()->process;
    if (args->arg[0] != 0) {
        uint64_t user, system;
        los_times(self, &user, &system);
        struct lx_tms t = {
            .utime = (int64_t)(user / TICK_NS),
            .stime = (int64_t)(system / TICK_NS),
            .cutime = (int64_t)(self->children_user_ns / TICK_NS),
            .cstime = (int64_t)(self->children_system_ns / TICK_NS),
        };
        if (los_copy_out(args->arg[0], &t, sizeof(t)) != 0)
            return -LOS_E_FAULT;
    }
    return (long)(los_now() / TICK_NS);
}

long lx_sys_getrusage(const struct lx_args *args)
{
    struct los_thread *thread = los_current();
    struct los_process *self = thread->process;
    struct lx_rusage usage = {.maxrss = (int64_t)(self->space->peak_pages * (LOS_PAGE / 1024))};
    uint64_t user, system;
    switch ((int)args->arg[0]) {
    case LX_RUSAGE_SELF:
        los_times(self, &user, &system);
        usage.minflt = (int64_t)self->faults;
        usage.nvcsw = (int64_t)self->switches;
        break;
    case LX_RUSAGE_CHILDREN:
        user = self->children_user_ns;
        system = self->children_system_ns;
        usage.minflt = (int64_t)self->children_faults;
        break;
    case LX_RUSAGE_THREAD:
        user = thread->user_ns;
        system = thread->system_ns;
        usage.nvcsw = (int64_t)thread->voluntary_switches;
        usage.nivcsw = (int64_t)thread->involuntary_switches;
        break;
    default: return -LOS_E_INVAL;
    }
    usage.utime = lx_timeval_from(user);
    usage.stime = lx_timeval_from(system);
    return los_copy_out(args->arg[1], &usage, sizeof(usage));
}
