/* SPDX-License-Identifier: MPL-2.0 */
/* /proc/cpuinfo: asks the processor (CPUID; Intel's manual, volume 2; AMD's, volume 3), one block per vCPU. */
#include <cpuid.h>
#include <proc/format.h>
#include <proc/proc.h>

#define EXTENDED 0x80000000u

struct leaf {
    uint32_t eax, ebx, ecx, edx;
};

static struct leaf ask(uint32_t number, uint32_t part)
{
    struct leaf leaf;
    __cpuid_count(number, part, leaf.eax, leaf.ebx, leaf.ecx, leaf.edx);
    return leaf;
}

static void put_word(char *to, uint32_t word) { memcpy(to, &word, sizeof word); }

static void names(struct lx_cpu_text *cpu, uint32_t extended)
{
    struct leaf leaf = ask(0, 0);
    put_word(cpu->vendor, leaf.ebx);
    put_word(cpu->vendor + 4, leaf.edx);
    put_word(cpu->vendor + 8, leaf.ecx);
    if (extended < EXTENDED + 4)
        return;
    char model[49] = "";
    for (uint32_t i = 0; i < 3; i++) {
        leaf = ask(EXTENDED + 2 + i, 0);
        put_word(model + 16 * i, leaf.eax);
        put_word(model + 16 * i + 4, leaf.ebx);
        put_word(model + 16 * i + 8, leaf.ecx);
        put_word(model + 16 * i + 12, leaf.edx);
    }
    const char *start = model;
    while (*start == ' ')
        start++;
    los_strlcpy(cpu->model, start, sizeof cpu->model);
    for (size_t n = strlen(cpu->model); n > 0 && cpu->model[n - 1] == ' '; n--)
        cpu->model[n - 1] = 0;
}

static uint32_t largest_cache_kib(uint32_t level, uint32_t extended)
{
    uint32_t kib = 0;
    for (uint32_t i = 0; level >= 4 && i < 8; i++) {
        struct leaf leaf = ask(4, i);
        if ((leaf.eax & 31) == 0)
            break;
        uint64_t bytes = (uint64_t)((leaf.ebx >> 22) + 1) * ((leaf.ebx >> 12 & 0x3ff) + 1) *
                         ((leaf.ebx & 0xfff) + 1) * (leaf.ecx + 1ull);
        if (bytes / 1024 > kib)
            kib = (uint32_t)(bytes / 1024);
    }
    if (kib == 0 && extended >= EXTENDED + 6)
        kib = ask(EXTENDED + 6, 0).ecx >> 16;
    return kib;
}

static void features(struct lx_cpu_text *cpu, uint32_t extended)
{
    struct leaf leaf = ask(1, 0);
    cpu->signature = leaf.eax;
    cpu->brand = leaf.ebx;
    cpu->words[LX_CPU_1_EDX] = leaf.edx;
    cpu->words[LX_CPU_1_ECX] = leaf.ecx;
    if (cpu->level >= 7) {
        leaf = ask(7, 0);
        cpu->words[LX_CPU_7_EBX] = leaf.ebx;
        cpu->words[LX_CPU_7_ECX] = leaf.ecx;
        cpu->words[LX_CPU_7_EDX] = leaf.edx;
    }
    if (cpu->level >= 13)
        cpu->words[LX_CPU_D_EAX] = ask(13, 1).eax;
    if (extended > EXTENDED) {
        leaf = ask(EXTENDED + 1, 0);
        cpu->words[LX_CPU_EXT_EDX] = leaf.edx;
        cpu->words[LX_CPU_EXT_ECX] = leaf.ecx;
    }
    cpu->physical_bits = 36;
    cpu->virtual_bits = 48;
    if (extended >= EXTENDED + 8) {
        leaf = ask(EXTENDED + 8, 0);
        cpu->physical_bits = leaf.eax & 0xff;
        cpu->virtual_bits = leaf.eax >> 8 & 0xff;
    }
}

long lx_proc_cpuinfo(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    uint32_t extended = ask(EXTENDED, 0).eax;
    struct lx_cpu_text cpu = {.count = los_cpu_count(), .level = ask(0, 0).eax};
    uint64_t mult = los_cpu_number(0)->page->clock_mult; /* ns per tick, times 2^32 */
    names(&cpu, extended);
    features(&cpu, extended);
    cpu.cache_kib = largest_cache_kib(cpu.level, extended);
    cpu.khz = mult != 0 ? (1000000ull << 32) / mult : 0;
    for (cpu.number = 0; cpu.number < cpu.count; cpu.number++)
        lx_format_cpu(text, &cpu);
    return 0;
}
