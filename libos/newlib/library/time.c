/* SPDX-License-Identifier: MPL-2.0 */
/* Clocks, sleep and alarms. */
#include <errno.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>
#include "library.h"

#define SECOND 1000000000ul

int clock_gettime(clockid_t clock, struct timespec *to);
int clock_getres(clockid_t clock, struct timespec *to);

static uint64_t cpu_ns(uint64_t *inside)
{
    uint64_t ns[2] = {0};
    newlib_checked(NL_cpu_time, ADDRESS(ns), 0, 0);
    *inside = ns[1];
    return ns[0];
}

int clock_gettime(clockid_t clock, struct timespec *to)
{
    uint64_t ns, inside;
    if (clock == CLOCK_REALTIME) {
        ns = (uint64_t)newlib_call(0, 0, 0, 0, NL_wall_time);
    } else if (clock == CLOCK_MONOTONIC) {
        ns = (uint64_t)newlib_call(0, 0, 0, 0, NL_run_time);
    } else if (clock == CLOCK_PROCESS_CPUTIME_ID) {
        ns = cpu_ns(&inside);
        ns += inside;
    } else {
        errno = EINVAL;
        return -1;
    }
    *to = (struct timespec){.tv_sec = (time_t)(ns / SECOND), .tv_nsec = (long)(ns % SECOND)};
    return 0;
}

int clock_getres(clockid_t clock, struct timespec *to)
{
    (void)clock;
    if (to)
        *to = (struct timespec){.tv_nsec = 1};
    return 0;
}

int gettimeofday(struct timeval *__restrict to, void *__restrict zone)
{
    uint64_t ns = (uint64_t)newlib_call(0, 0, 0, 0, NL_wall_time);
    (void)zone;
    *to = (struct timeval){.tv_sec = (time_t)(ns / SECOND), .tv_usec = (suseconds_t)(ns % SECOND / 1000)};
    return 0;
}

clock_t times(struct tms *to)
{
    uint64_t tick = SECOND / CLOCKS_PER_SEC, inside, program = cpu_ns(&inside);
    *to = (struct tms){.tms_utime = (clock_t)(program / tick), .tms_stime = (clock_t)(inside / tick)};
    return (clock_t)((uint64_t)newlib_call(0, 0, 0, 0, NL_run_time) / tick);
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    uint64_t rest = 0;
    if (wanted->tv_nsec < 0 || (uint64_t)wanted->tv_nsec >= SECOND || wanted->tv_sec < 0) {
        errno = EINVAL;
        return -1;
    }
    uint64_t ns = (uint64_t)wanted->tv_sec * SECOND + (uint64_t)wanted->tv_nsec;
    long result = newlib_checked(NL_sleep, ns, ADDRESS(&rest), 0);
    if (left)
        *left = (struct timespec){.tv_sec = (time_t)(rest / SECOND), .tv_nsec = (long)(rest % SECOND)};
    return (int)result;
}

int usleep(useconds_t us)
{
    struct timespec wanted = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};
    return nanosleep(&wanted, NULL);
}

unsigned sleep(unsigned seconds)
{
    struct timespec wanted = {.tv_sec = seconds}, left;
    return nanosleep(&wanted, &left) ? (unsigned)left.tv_sec + 1 : 0;
}

unsigned alarm(unsigned seconds)
{
    uint64_t left = (uint64_t)newlib_call(seconds * SECOND, 0, 0, 0, NL_alarm);
    return (unsigned)((left + SECOND - 1) / SECOND);
}

useconds_t ualarm(useconds_t first, useconds_t between)
{
    return (useconds_t)newlib_call(first * 1000ul, between * 1000ul, 0, 0, NL_alarm) / 1000;
}
