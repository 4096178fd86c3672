/* SPDX-License-Identifier: MPL-2.0 */
/* Time, sleep, the process's number and end. */
#include "personality.h"

long nl_call_exit(const struct nl_args *args) { los_exit_process((int)args->a & 0xff); }

long nl_call_process(const struct nl_args *args)
{
    (void)args;
    return los_current()->process->pid;
}

long nl_call_wall_time(const struct nl_args *args)
{
    (void)args;
    return (long)los_wall_now();
}

long nl_call_run_time(const struct nl_args *args)
{
    (void)args;
    return (long)los_now();
}

long nl_call_cpu_time(const struct nl_args *args)
{
    uint64_t ns[2];
    los_times(los_current()->process, &ns[0], &ns[1]);
    return nl_copy_out(args->a, ns, sizeof(ns));
}

long nl_call_sleep(const struct nl_args *args)
{
    struct los_wait_queue queue;
    uint64_t now = los_now(), until = args->a < LOS_FOREVER - now ? now + args->a : LOS_FOREVER, left = 0;
    los_wait_queue_init(&queue);
    int result;
    do
        result = los_wait(&queue, until, true);
    while (!result);
    if (result == -LOS_E_TIMEDOUT)
        return 0;
    now = los_now();
    left = until > now ? until - now : 0;
    if (args->b && nl_copy_out(args->b, &left, sizeof(left)))
        return -LOS_E_FAULT;
    return -LOS_E_INTR;
}

long nl_call_alarm(const struct nl_args *args)
{
    uint64_t left, interval;
    los_interval_get(LOS_INTERVAL_REAL, &left, &interval);
    los_interval_set(LOS_INTERVAL_REAL, args->a, args->b);
    return (long)left;
}
