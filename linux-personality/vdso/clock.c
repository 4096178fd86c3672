/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The vDSO (vdso(7)): clocks and the CPU's number without a system call.
 *
 * The clock's parameters are in the vCPU page, which GS base points at in every program; they are constant since boot, so a thread that
 * moves to another vCPU between two loads reads the same. What the program may set, the offset of the wall clock, is one
 * word of the page before the vDSO. Clocks that count CPU time, and anything unknown, are left to the system call.
 */
#include <exo/vcpu.h>
#include <stddef.h>
#include <vdso.h>

struct timespec {
    int64_t seconds, nanoseconds;
};
struct timeval {
    int64_t seconds, microseconds;
};
struct timezone {
    int32_t minutes_west, dst_time;
};

enum { REALTIME, MONOTONIC, MONOTONIC_RAW = 4, REALTIME_COARSE, MONOTONIC_COARSE, BOOTTIME, TAI = 11 };
enum { CALL_GETTIMEOFDAY = 96, CALL_CLOCK_GETTIME = 228, CALL_CLOCK_GETRES = 229 };
#define NS_PER_S 1000000000ul

#define PUBLIC __attribute__((visibility("default")))
#define VCPU_PAGE(field)                                                                                       \
    (*(volatile __typeof__(((struct exo_vcpu_page *)0)->field) __seg_gs *)offsetof(struct exo_vcpu_page, field))

extern const volatile struct lx_vdso_data lx_vdso_data; /* vdso.ld */
long lx_vdso_call(long number, long a, long b);

static inline uint64_t since_boot(void)
{
    uint64_t ticks = __builtin_ia32_rdtsc() - VCPU_PAGE(clock_tsc);
    return VCPU_PAGE(clock_ns) + (uint64_t)(((unsigned __int128)ticks * VCPU_PAGE(clock_mult)) >> 32);
}

static inline uint64_t wall(void)
{
    return since_boot() + VCPU_PAGE(clock_wall_ns) + (uint64_t)lx_vdso_data.wall_offset_ns;
}

PUBLIC int __vdso_clock_gettime(int clock, struct timespec *to);
PUBLIC int __vdso_clock_gettime(int clock, struct timespec *to)
{
    uint64_t ns;
    switch (clock) {
    case REALTIME:
    case REALTIME_COARSE:
    case TAI: ns = wall(); break;
    case MONOTONIC:
    case MONOTONIC_RAW:
    case MONOTONIC_COARSE:
    case BOOTTIME: ns = since_boot(); break;
    default: return (int)lx_vdso_call(CALL_CLOCK_GETTIME, clock, (long)to);
    }
    to->seconds = (int64_t)(ns / NS_PER_S);
    to->nanoseconds = (int64_t)(ns % NS_PER_S);
    return 0;
}

PUBLIC int __vdso_clock_getres(int clock, struct timespec *to);
PUBLIC int __vdso_clock_getres(int clock, struct timespec *to)
{
    if (clock != REALTIME && clock != MONOTONIC && clock != MONOTONIC_RAW && clock != BOOTTIME && clock != TAI)
        return (int)lx_vdso_call(CALL_CLOCK_GETRES, clock, (long)to);
    if (to)
        *to = (struct timespec){0, 1};
    return 0;
}

PUBLIC int __vdso_gettimeofday(struct timeval *to, struct timezone *zone);
PUBLIC int __vdso_gettimeofday(struct timeval *to, struct timezone *zone)
{
    if (to) {
        uint64_t ns = wall();
        to->seconds = (int64_t)(ns / NS_PER_S);
        to->microseconds = (int64_t)(ns % NS_PER_S / 1000);
    }
    if (zone)
        *zone = (struct timezone){0, 0};
    return 0;
}

PUBLIC int64_t __vdso_time(int64_t *to);
PUBLIC int64_t __vdso_time(int64_t *to)
{
    int64_t seconds = (int64_t)(wall() / NS_PER_S);
    if (to)
        *to = seconds;
    return seconds;
}

PUBLIC int __vdso_getcpu(uint32_t *cpu, uint32_t *node, void *unused);
PUBLIC int __vdso_getcpu(uint32_t *cpu, uint32_t *node, void *unused)
{
    (void)unused;
    if (cpu)
        *cpu = VCPU_PAGE(vcpu);
    if (node)
        *node = 0;
    return 0;
}

#define ALSO(name) __attribute__((weak, alias("__vdso_" #name), visibility("default")))
ALSO(clock_gettime) int clock_gettime(int clock, struct timespec *to);
ALSO(clock_getres) int clock_getres(int clock, struct timespec *to);
ALSO(gettimeofday) int gettimeofday(struct timeval *to, struct timezone *zone);
ALSO(time) int64_t time(int64_t *to);
ALSO(getcpu) int getcpu(uint32_t *cpu, uint32_t *node, void *unused);
