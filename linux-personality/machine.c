/* SPDX-License-Identifier: MPL-2.0 */
/* The personality's one C file with a machine instruction spelled out: see machine.h. */
#include <machine.h>

struct lx_cpuid lx_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct lx_cpuid r;
    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "0"(leaf), "2"(subleaf));
    return r;
}

__attribute__((target("rdrnd"))) bool lx_hardware_random(uint64_t *value)
{
    static int present = -1;
    if (present < 0)
        present = lx_cpuid(1, 0).ecx >> 30 & 1;
    for (int tries = 0; present && tries < 10; tries++) {
        unsigned long long word;
        if (__builtin_ia32_rdrand64_step(&word)) {
            *value = word;
            return true;
        }
    }
    return false;
}

uint64_t lx_cycles(void) { return __builtin_ia32_rdtsc(); }
