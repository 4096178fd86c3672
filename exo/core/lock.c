/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The core lock. Whoever comes when it is free gets it: no order of arrival, because where the CPUs are themselves virtual, the
 * one whose turn it is may not be running, and all would wait for it (measured with 4 CPUs on 2: ten times slower). Nobody
 * holds it for longer than one bounded call.
 */
#include "lock.h"
#include "machine.h"

bool core_taken;

void core_wait(void)
{
    do {
        machine_serve_flush(); /* the holder may be waiting for this CPU's TLB */
        machine_relax();
    } while (__atomic_load_n(&core_taken, __ATOMIC_RELAXED) ||
             __atomic_exchange_n(&core_taken, true, __ATOMIC_ACQUIRE));
}
