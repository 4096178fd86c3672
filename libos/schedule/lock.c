/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The container lock. It knows its holder through los_cpu.lock_held.
 *
 * Whoever runs may take it when it is free: in strict order of arrival, a free lock would wait for a vCPU that has lost its CPU. A vCPU
 * that spun in vain for a while blocks, because its spinning could be what keeps the holder from running; who lets the
 * lock go rings one that sleeps. Against starvation, a vCPU that slept in vain too often becomes the first, and all others let it pass.
 */
#include <exo/calls.h>
#include "internal.h"

static uint32_t locked;
static uint32_t first;    /* number + 1 of the vCPU that lost patience; 0: none */
static uint64_t sleepers; /* bit n: vCPU n blocks, or is about to, until it is rung */

#define SPINS           2000u
#define SPINS_PER_PAUSE 64u /* a pause leaves the guest under emulators, which is dear */
#define SLEEPS_TO_FIRST 4u
#define SLEEP_NS        1000000u /* in case that the first does not run: see who_next */

static bool try(uint32_t me)
{
    uint32_t before_all = __atomic_load_n(&first, __ATOMIC_RELAXED);
    return (!before_all || before_all == me) && !__atomic_load_n(&locked, __ATOMIC_SEQ_CST) &&
           !__atomic_exchange_n(&locked, 1, __ATOMIC_SEQ_CST);
}

static bool try_for_a_while(uint32_t me)
{
    for (unsigned spins = 1; spins <= SPINS; spins++) {
        if (try(me))
            return true;
        if (spins % SPINS_PER_PAUSE == 0)
            __builtin_ia32_pause();
    }
    return false;
}

/* Takes the lock, or sleeps until it was let go. Events that pend would keep the vCPU from blocking: they are put aside. */
static bool try_or_sleep(struct los_cpu *cpu, uint32_t me)
{
    uint64_t bit = 1ul << cpu->number;
    __atomic_fetch_or(&sleepers, bit, __ATOMIC_SEQ_CST);
    bool taken = try(me);
    if (!taken) {
        cpu->put_aside |= __atomic_exchange_n(&cpu->page->pending, 0, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&sleepers, __ATOMIC_SEQ_CST) & bit)
            exo_vcpu_block(los_now() + SLEEP_NS);
    }
    __atomic_fetch_and(&sleepers, ~bit, __ATOMIC_SEQ_CST);
    return taken;
}

void los_lock(void)
{
    struct los_cpu *cpu = los_cpu();
    uint32_t me = cpu->number + 1, none = 0;
    los_assert(!cpu->lock_held);
    for (unsigned sleeps = 0; !try_for_a_while(me) && !try_or_sleep(cpu, me); sleeps++)
        if (sleeps >= SLEEPS_TO_FIRST)
            __atomic_compare_exchange_n(&first, &none, me, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED), none = 0;
    if (__atomic_load_n(&first, __ATOMIC_RELAXED) == me)
        __atomic_store_n(&first, 0, __ATOMIC_RELAXED);
    cpu->lock_held = 1;
}

static uint32_t who_next(uint64_t asleep)
{
    uint32_t before_all = __atomic_load_n(&first, __ATOMIC_RELAXED);
    return before_all && asleep >> (before_all - 1) & 1 ? before_all - 1 : (uint32_t)__builtin_ctzll(asleep);
}

void los_unlock(void)
{
    struct los_cpu *cpu = los_cpu();
    los_assert(cpu->lock_held);
    cpu->lock_held = 0;
    __atomic_store_n(&locked, 0, __ATOMIC_SEQ_CST);
    uint64_t asleep = __atomic_load_n(&sleepers, __ATOMIC_SEQ_CST);
    if (__builtin_expect(asleep != 0, 0)) {
        uint32_t next = who_next(asleep);
        if (__atomic_fetch_and(&sleepers, ~(1ul << next), __ATOMIC_SEQ_CST) >> next & 1)
            exo_event_ring(los_cpu_number(next)->lock_event);
    }
}
