/* SPDX-License-Identifier: MPL-2.0 */
/* Time out of the TSC, just as ring 3 computes it (exo/vcpu.h); its frequency is measured against the host's clock. */
#include "hosted.h"

#define NS_PER_S  1000000000ul
#define WINDOW_NS 4000000ul

static uint64_t start_ns;

static uint64_t rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static uint64_t host_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

/* Both clocks at once, as well as can be. */
static void both(uint64_t *tsc, uint64_t *ns)
{
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < 8; i++) {
        uint64_t before = rdtsc(), now = host_ns(CLOCK_MONOTONIC), after = rdtsc();
        if (after - before < least) {
            least = after - before;
            *tsc = before + least / 2;
            *ns = now;
        }
    }
}

void host_clock_start(void) { both(&host.clock_tsc, &start_ns); }

void host_clock_ready(void)
{
    uint64_t tsc, ns;
    do
        both(&tsc, &ns);
    while (ns - start_ns < WINDOW_NS);
    host.clock_mult = (uint64_t)(((unsigned __int128)(ns - start_ns) << 32) / (tsc - host.clock_tsc));
    host.clock_wall_ns = host_ns(CLOCK_REALTIME) - machine_now_ns();
}

uint64_t machine_now_ns(void)
{
    uint64_t tsc = rdtsc();
    struct host_cpu *cpu = &host.cpu[machine_cpu()];
    uint64_t now = tsc <= host.clock_tsc
                       ? 0
                       : (uint64_t)((unsigned __int128)(tsc - host.clock_tsc) * host.clock_mult >> 32);
    if (now < cpu->last_ns)
        now = cpu->last_ns;
    cpu->last_ns = now;
    return now;
}

void machine_clock_info(struct exo_vcpu_page *page)
{
    page->clock_tsc = host.clock_tsc;
    page->clock_ns = 0;
    page->clock_mult = host.clock_mult;
    page->clock_wall_ns = host.clock_wall_ns;
    page->xsave_size = host.fpu_bytes;
    page->xsave_mask = host.fpu_mask;
    /* What the CPU lacks of FSGSBASE is emulated (vcpu.c). */
    page->cpu_flags = EXO_CPU_FSGSBASE | (host.no_fsgsbase ? EXO_CPU_BASES_TRAP : 0) |
                      (host.fpu_bytes ? EXO_CPU_XSAVE : 0) | (host.xsaveopt ? EXO_CPU_XSAVEOPT : 0);
}
