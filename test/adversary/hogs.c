/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Hogs: whatever an attacker does with its own time on every CPU, the victim gets its slices. The harness measures that over
 * each of these. The attacker's slices are 60 % with a period a hundred times the victim's.
 */
#include "attack.h"

#define HOGS (ON_ALL_CPUS | ENDLESS | HOG)

ATTACK(hogs, spin, HOGS, 800)
{
    for (;;)
        START->progress[vcpu]++;
}

ATTACK(hogs, null_calls, HOGS, 600)
{
    for (;;)
        exo_abi_version();
}

/* Short calls that take the core lock, which the victim's calls wait for. */
ATTACK(hogs, lock_storm, HOGS, 600)
{
    struct exo_token_info info;
    for (;;)
        exo_token_info(START->memory, &info);
}

/* The longest bounded calls there are. */
ATTACK(hogs, long_calls, HOGS | BIG, 1200)
{
    uint64_t va = (1 + vcpu) * 0x100000000;
    for (;;) {
        static struct exo_map maps[VCPUS_MAX][64];
        for (unsigned i = 0; i < 64; i++)
            maps[vcpu][i] = (struct exo_map){va + i * 1024 * PAGE, START->memory, 0, 1024, EXO_MAP_R};
        exo_space_map(START->space, maps[vcpu], 64);
        exo_space_protect(START->space, va, 65536, EXO_MAP_R | EXO_MAP_W);
        exo_space_unmap(START->space, va, 1ul << 20);
        START->progress[vcpu]++;
    }
}

/* Says that it is in a critical section, for ever. */
ATTACK(hogs, critical, HOGS, 800)
{
    self()->critical = 1;
    for (;;)
        self()->critical = 1;
}

/* The same with short slices that end often. */
ATTACK(hogs, critical_often, ON_ALL_CPUS | ENDLESS, 600)
{
    self()->critical = 1;
    for (;;)
        START->progress[vcpu]++;
}

ATTACK(hogs, timer_storm, HOGS | NOT_EXACT, 600)
{
    for (uint64_t i = 0;; i++)
        exo_vcpu_timer(i % 3 == 0 ? 0 : now_ns() + i % 50);
}

static void nothing(uint64_t bits) { (void)bits; }

ATTACK(hogs, timer_upcall_storm, HOGS | NOT_EXACT, 600)
{
    self_local()->on_event = nothing;
    events_on();
    for (;;)
        exo_vcpu_timer(0);
}

ATTACK(hogs, yield_storm, HOGS, 600)
{
    for (;;)
        exo_vcpu_yield();
}

ATTACK(hogs, block_storm, HOGS, 600)
{
    for (;;) {
        self()->pending = 0;
        exo_vcpu_block(now_ns() + 1000);
    }
}

/* At the victim's vCPU, from all CPUs. The victim handles each on its own time; it must go on all the same. */
ATTACK(hogs, event_storm, HOGS, 600)
{
    for (;;)
        exo_event_ring(START->given[GIVEN_EVENT]);
}

/* Slices made, bound and dropped: the sum never exceeds what was given. */
ATTACK(hogs, slice_storm, HOGS, 600)
{
    uint64_t mine = 1ul << (START->cpus == 1 ? 0 : self()->cpu);
    for (uint64_t i = 0;; i++) {
        long slice = exo_slice_create(START->slice[vcpu], mine, 1000 + i % 7, 10000 + i % 5 * 1000);
        EXPECT(slice > 0, "a part of the slice: %s", error_name(slice));
        exo_slice_bind(START->vcpu[vcpu], (exo_handle)slice);
        exo_slice_bind(START->vcpu[vcpu], START->slice[vcpu]);
        exo_token_drop((exo_handle)slice);
    }
}

/* Binding again and again must not refill the budget. */
ATTACK(hogs, refill_by_binding, ON_ALL_CPUS, 4000)
{
    uint64_t mine = 1ul << self()->cpu, start = now_ns(), end = start + 500 * MS;
    struct exo_vcpu_state before, after;
    EXPECT_GOOD(exo_vcpu_state(START->vcpu[vcpu], &before));
    while (now_ns() < end) {
        long slice = exo_slice_create(START->slice[vcpu], mine, GIVEN_BUDGET_US / 2, 10000);
        if (slice <= 0)
            continue;
        exo_slice_bind(START->vcpu[vcpu], (exo_handle)slice);
        exo_slice_bind(START->vcpu[vcpu], START->slice[vcpu]);
        exo_token_drop((exo_handle)slice);
    }
    EXPECT_GOOD(exo_vcpu_state(START->vcpu[vcpu], &after));
    uint64_t used = after.cpu_ns - before.cpu_ns, due = (now_ns() - start) * GIVEN_BUDGET_US / 10000;
    EXPECT(used < due * 11 / 10 || !START->argument[0] /* time is not exact */,
           "it got %u us where %u us were its share", used / US, due / US);
}
