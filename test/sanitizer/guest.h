/* SPDX-License-Identifier: MPL-2.0 */
/* What the parts of the guest's run time know of each other. */
#ifndef SANITIZER_GUEST_H
#define SANITIZER_GUEST_H

#include "report.h"
#include "shadow.h"
#include <los/sanitize.h>
#include <los/process.h>

/* That of the executing vCPU, before it has one too. */
static inline uint32_t this_vcpu(void)
{
    uint32_t number;
    __asm__ volatile("movl %%gs:%c1, %0" : "=r"(number) : "i"(offsetof(struct exo_vcpu_page, vcpu)));
    return number;
}
static inline bool lock_held(void)
{
    uint32_t held;
    __asm__ volatile("movl %%gs:%c1, %0"
                     : "=r"(held)
                     : "i"(EXO_VP_LIBOS + offsetof(struct los_cpu, lock_held)));
    return held;
}

/* --- address.c --- */
void shadow_set(const void *start, size_t bytes, enum shadow why); /* start and length: multiples of 8 */
void shadow_clear(const void *start,
                  size_t bytes); /* may be touched; behind an uneven end, what is left of 8 may not */
bool shadow_usable(const void *start, size_t bytes);
void check_range(const void *start, size_t bytes, bool write, uint64_t from);
/* Words of the stack that look like return addresses, from the caller's frame on. */
void report_back_trace(void);
#define HERE ((uint64_t)__builtin_return_address(0))

/* --- quarantine.c: who freed what is there; 0: unknown --- */
uint64_t freed_from(uint64_t address);

/* --- lock.c: the library OS's data is touched. Reports it when the container lock is not held --- */
void check_lock(uint64_t address, bool write, uint64_t from);
extern bool lock_checked[LOS_VCPUS_MAX], in_quick_call[LOS_VCPUS_MAX];

/* --- plant.c: the mistake of that name, for test/sanitizer/run --- */
void plant(const char *name);

#endif
