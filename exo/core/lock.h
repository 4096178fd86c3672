/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The one lock around the core, and orderly memory access for the few calls that take no lock.
 *
 * Who holds core_lock may read and write every structure of the core. Fields that are also read without it are
 * accessed with load_shared and store_shared on both sides and say so where they are declared.
 */
#ifndef EXO_CORE_LOCK_H
#define EXO_CORE_LOCK_H

#include <stdbool.h>

extern bool core_taken;
void core_wait(void); /* until it has the lock. Serves other CPUs' TLB flushes meanwhile */
static inline void core_lock(void)
{
    if (__atomic_exchange_n(&core_taken, true, __ATOMIC_ACQUIRE))
        core_wait();
}
static inline void core_unlock(void) { __atomic_store_n(&core_taken, false, __ATOMIC_RELEASE); }

/* Sequentially consistent: what comes before is seen before, by everybody. */
#define load_shared(place)         __atomic_load_n(&(place), __ATOMIC_SEQ_CST)
#define store_shared(place, value) __atomic_store_n(&(place), (value), __ATOMIC_SEQ_CST)

#endif
