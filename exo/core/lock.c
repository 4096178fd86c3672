/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The core lock. Whoever comes when it is free gets it: no order of arrival, because where the CPUs are themselves virtual, the
 * one whose turn it is may not be running, and all would wait for it (measured with 4 CPUs on 2: ten times slower). Nobody
 * holds it for longer than one bounded call.
 */
#include "lock.h"
#include "machine.h"

static bool taken;

void core_lock(void)
{
    while (__atomic_load_n(&taken, __ATOMIC_RELAXED) || __atomic_exchange_n(&taken, true, __ATOMIC_ACQUIRE)) {
        machine_serve_flush(); /* the holder may be waiting for this CPU's TLB */
        machine_relax();
    }
}

void core_unlock(void) { __atomic_store_n(&taken, false, __ATOMIC_RELEASE); }
