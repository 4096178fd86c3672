/* SPDX-License-Identifier: MPL-2.0 */
/* The core lock: a ticket lock, so that no CPU can be starved by the others. */
#include "lock.h"
#include "machine.h"

static uint32_t next_ticket, served_ticket;

void core_lock(void)
{
    uint32_t ticket = __atomic_fetch_add(&next_ticket, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&served_ticket, __ATOMIC_ACQUIRE) != ticket) {
        machine_serve_flush(); /* the holder may be waiting for this CPU's TLB */
        machine_relax();
    }
}

void core_unlock(void) { __atomic_store_n(&served_ticket, served_ticket + 1, __ATOMIC_RELEASE); }
