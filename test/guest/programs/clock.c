/* SPDX-License-Identifier: MPL-2.0 */
/* Clocks through the vDSO and through system calls: they agree, they never go back, sleeping takes as long as it says. */
#define _GNU_SOURCE
#include <elf.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t ns(const struct timespec *t) { return t->tv_sec * 1000000000ll + t->tv_nsec; }
static int64_t now(clockid_t clock)
{
    struct timespec t = {-1, -1};
    clock_gettime(clock, &t);
    return ns(&t);
}
static int64_t now_by_call(clockid_t clock)
{
    struct timespec t = {-1, -1};
    syscall(SYS_clock_gettime, clock, &t);
    return ns(&t);
}

int main(void)
{
    uint8_t *vdso = (uint8_t *)getauxval(AT_SYSINFO_EHDR);
    printf("vdso: %s\n", vdso && memcmp(vdso, ELFMAG, SELFMAG) == 0 ? "an ELF image" : "missing");
    clockid_t clocks[] = {CLOCK_REALTIME,      CLOCK_MONOTONIC,        CLOCK_BOOTTIME,
                          CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE, CLOCK_REALTIME_COARSE};
    for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        int64_t a = now_by_call(clocks[i]), b = now(clocks[i]), c = now_by_call(clocks[i]);
        int64_t slack = i < 4 ? 0 : 20000000; /* coarse clocks step */
        if (a < 0 || b < a - slack || c < b - slack)
            printf("clock %d: %ld %ld %ld\n", (int)clocks[i], (long)a, (long)b, (long)c);
    }
    int64_t last = now(CLOCK_MONOTONIC), backwards = 0;
    for (int i = 0; i < 100000; i++) {
        int64_t t = now(CLOCK_MONOTONIC);
        backwards += t < last;
        last = t;
    }
    printf("backwards: %ld\n", (long)backwards);
    struct timeval tv;
    gettimeofday(&tv, NULL);
    int64_t real = now(CLOCK_REALTIME) / 1000, of_day = tv.tv_sec * 1000000ll + tv.tv_usec;
    printf("gettimeofday %s\n", real - of_day >= 0 && real - of_day < 1000000 ? "agrees" : "differs");
    time_t seconds = time(NULL);
    printf("time %s\n", real / 1000000 - seconds >= -1 && real / 1000000 - seconds <= 1 ? "agrees" : "differs");
    printf("year %s\n", real / 1000000 > 1577836800 ? "known" : "unknown");
    unsigned cpu = 1000, node = 1000;
    getcpu(&cpu, &node);
    printf("cpu %s\n", (long)cpu < sysconf(_SC_NPROCESSORS_ONLN) && node == 0 ? "known" : "unknown");
    int64_t before = now(CLOCK_MONOTONIC);
    struct timespec wait = {0, 50000000};
    nanosleep(&wait, NULL);
    int64_t slept = now(CLOCK_MONOTONIC) - before;
    printf("slept %s\n", slept >= 50000000 ? slept < 2000000000 ? "long enough" : "far too long" : "too short");
    struct timespec until = {0, 0};
    int64_t at = now(CLOCK_MONOTONIC) + 30000000;
    until.tv_sec = at / 1000000000;
    until.tv_nsec = at % 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    printf("until %s\n", now(CLOCK_MONOTONIC) >= at ? "then" : "too early");
    struct timespec resolution;
    clock_getres(CLOCK_MONOTONIC, &resolution);
    printf("resolution %ld ns\n", resolution.tv_nsec);
    before = now(CLOCK_PROCESS_CPUTIME_ID);
    for (volatile int i = 0; i < 3000000; i++)
        ;
    printf("cpu time %s\n", now(CLOCK_PROCESS_CPUTIME_ID) > before ? "passes" : "stands");
    return 0;
}
