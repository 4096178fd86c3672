/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The container lock. Whoever runs may take it when it is free: with a strict order, a free lock would wait for a vCPU that has lost
 * its CPU. Against starvation, a vCPU that spun for long becomes the first, and all others let it pass. It knows its holder
 * through los_cpu.lock_held.
 */
#include <exo/calls.h>
#include "internal.h"

static uint32_t locked;
static uint32_t first; /* number + 1 of the vCPU that lost patience; 0: none */

#define SPINS_PER_PAUSE 256u /* a pause is dear under emulators */
#define SPINS_TO_REST   4096u
#define RESTS_TO_FIRST  8u
#define REST_NS         50000u

static bool try(uint32_t me)
{
    uint32_t before_all = __atomic_load_n(&first, __ATOMIC_RELAXED);
    return (!before_all || before_all == me) && !__atomic_load_n(&locked, __ATOMIC_RELAXED) &&
           !__atomic_exchange_n(&locked, 1, __ATOMIC_ACQUIRE);
}

/* The holder's vCPU may have lost its CPU, and spinning on could be what keeps it from running. */
static void rest(uint32_t me, unsigned times)
{
    uint32_t none = 0;
    if (times >= RESTS_TO_FIRST)
        __atomic_compare_exchange_n(&first, &none, me, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    exo_vcpu_block(los_now() + REST_NS);
}

void los_lock(void)
{
    struct los_cpu *cpu = los_cpu();
    uint32_t me = cpu->number + 1;
    los_assert(!cpu->lock_held);
    for (unsigned spins = 1; !try(me); spins++) {
        if (spins % SPINS_TO_REST == 0)
            rest(me, spins / SPINS_TO_REST);
        else if (spins % SPINS_PER_PAUSE == 0)
            __builtin_ia32_pause();
    }
    if (__atomic_load_n(&first, __ATOMIC_RELAXED) == me)
        __atomic_store_n(&first, 0, __ATOMIC_RELAXED);
    cpu->lock_held = 1;
}

void los_unlock(void)
{
    struct los_cpu *cpu = los_cpu();
    los_assert(cpu->lock_held);
    cpu->lock_held = 0;
    __atomic_store_n(&locked, 0, __ATOMIC_RELEASE);
}
