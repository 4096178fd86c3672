/* SPDX-License-Identifier: MPL-2.0 */
/* The processor as the personality needs it: CPUID, hardware random numbers, cycles. */
#ifndef LX_MACHINE_H
#define LX_MACHINE_H

#include <personality.h>

struct lx_cpuid {
    uint32_t eax, ebx, ecx, edx;
};
struct lx_cpuid lx_cpuid(uint32_t leaf, uint32_t subleaf);
bool lx_hardware_random(uint64_t *value); /* false: the processor has none */
uint64_t lx_cycles(void);

void lx_random(void *to, size_t bytes); /* random.c: fit for keys where the processor has random numbers */

#endif
