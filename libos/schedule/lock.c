/* SPDX-License-Identifier: MPL-2.0 */
/* The container lock: first come, first served, so that no vCPU starves. It knows its holder through los_cpu.lock_held. */
#include <exo/calls.h>
#include "internal.h"

static uint32_t next_ticket, now_serving;

/* The holder's vCPU may have lost its CPU: then spinning on keeps it from running. */
#define SPINS_BEFORE_YIELD 2000u

void los_lock(void)
{
    struct los_cpu *cpu = los_cpu();
    los_assert(!cpu->lock_held);
    uint32_t mine = __atomic_fetch_add(&next_ticket, 1, __ATOMIC_RELAXED);
    for (unsigned spins = 1; __atomic_load_n(&now_serving, __ATOMIC_ACQUIRE) != mine; spins++) {
        if (spins % SPINS_BEFORE_YIELD == 0)
            exo_vcpu_yield();
        __builtin_ia32_pause();
    }
    cpu->lock_held = 1;
}

void los_unlock(void)
{
    struct los_cpu *cpu = los_cpu();
    los_assert(cpu->lock_held);
    cpu->lock_held = 0;
    __atomic_store_n(&now_serving, now_serving + 1, __ATOMIC_RELEASE);
}
