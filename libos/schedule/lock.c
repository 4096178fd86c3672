/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The container lock. It knows its holder through los_cpu.lock_held.
 *
 * Whoever runs may take it when it is free: in strict order of arrival, a free lock would wait for a vCPU that has lost its CPU. A vCPU
 * that spun in vain for a while blocks, because its spinning could be what keeps the holder from running; who lets the
 * lock go rings one that sleeps. Against starvation, a vCPU that slept in vain too often becomes the first, and all others let it pass.
 */
#include <exo/typed.h>
#include "internal.h"

struct los_container_lock los_container_lock;

#define SPINS           2000u
#define SPINS_PER_PAUSE 64u /* a pause leaves the guest under emulators, which is dear */
#define SLEEPS_TO_FIRST 4u
#define SLEEP_NS        1000000u /* in case that the first does not run: see who_next */

static bool try(uint32_t me)
{
    uint32_t before_all = __atomic_load_n(&los_container_lock.first, __ATOMIC_RELAXED);
    return (!before_all || before_all == me) &&
           !__atomic_load_n(&los_container_lock.locked, __ATOMIC_SEQ_CST) &&
           !__atomic_exchange_n(&los_container_lock.locked, 1, __ATOMIC_SEQ_CST);
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
    __atomic_fetch_or(&los_container_lock.sleepers, bit, __ATOMIC_SEQ_CST);
    bool taken = try(me);
    if (!taken) {
        cpu->put_aside |= __atomic_exchange_n(&cpu->page->pending, 0, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&los_container_lock.sleepers, __ATOMIC_SEQ_CST) & bit)
            exo_vcpu_block(los_now() + SLEEP_NS);
    }
    __atomic_fetch_and(&los_container_lock.sleepers, ~bit, __ATOMIC_SEQ_CST);
    return taken;
}

void los_lock_contended(struct los_cpu *cpu)
{
    uint32_t me = cpu->number + 1, none, *first = &los_container_lock.first;
    for (unsigned sleeps = 0; !try_for_a_while(me) && !try_or_sleep(cpu, me); sleeps++) {
        none = 0;
        if (sleeps >= SLEEPS_TO_FIRST)
            __atomic_compare_exchange_n(first, &none, me, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
    if (__atomic_load_n(first, __ATOMIC_RELAXED) == me)
        __atomic_store_n(first, 0, __ATOMIC_RELAXED);
}

void los_lock_wake(void)
{
    uint64_t asleep = __atomic_load_n(&los_container_lock.sleepers, __ATOMIC_SEQ_CST);
    uint32_t first = __atomic_load_n(&los_container_lock.first, __ATOMIC_RELAXED);
    if (!asleep)
        return;
    uint32_t next = first && asleep >> (first - 1) & 1 ? first - 1 : (uint32_t)__builtin_ctzll(asleep);
    if (__atomic_fetch_and(&los_container_lock.sleepers, ~(1ul << next), __ATOMIC_SEQ_CST) >> next & 1)
        exo_event_ring(los_cpu_number(next)->lock_event);
}

void los_lock(void)
{
    struct los_cpu *cpu = los_cpu();
    los_assert(!cpu->lock_held);
    los_lock_take(cpu);
}

void los_unlock(void)
{
    struct los_cpu *cpu = los_cpu();
    los_assert(cpu->lock_held);
    los_lock_drop(cpu);
}
