/* SPDX-License-Identifier: MPL-2.0 */
/* The texts of /proc, second half: what belongs to the machine. See format.h. */
#include <proc/format.h>

#define TICK_NS     10000000ull
#define TICKS_PER_S 100

static const char *const no_names[32];
static const char *const basic_edx[32] = {"fpu",  "vme",   "de",   "pse",     "tsc",  "msr", "pae",  "mce",
                                          "cx8",  "apic",  NULL,   "sep",     "mtrr", "pge", "mca",  "cmov",
                                          "pat",  "pse36", "pn",   "clflush", NULL,   "dts", "acpi", "mmx",
                                          "fxsr", "sse",   "sse2", "ss",      "ht",   "tm",  "ia64", "pbe"};
static const char *const extended_edx[32] = {
    [11] = "syscall", [19] = "mp",     [20] = "nx", [22] = "mmxext",   [25] = "fxsr_opt",
    [26] = "pdpe1gb", [27] = "rdtscp", [29] = "lm", [30] = "3dnowext", [31] = "3dnow"};
static const char *const basic_ecx[32] = {"pni",    "pclmulqdq", "dtes64", "monitor", "ds_cpl",
                                          "vmx",    "smx",       "est",    "tm2",     "ssse3",
                                          "cid",    "sdbg",      "fma",    "cx16",    "xtpr",
                                          "pdcm",   NULL,        "pcid",   "dca",     "sse4_1",
                                          "sse4_2", "x2apic",    "movbe",  "popcnt",  "tsc_deadline_timer",
                                          "aes",    "xsave",     NULL,     "avx",     "f16c",
                                          "rdrand", "hypervisor"};
static const char *const extended_ecx[32] = {
    "lahf_lm",       "cmp_legacy", "svm",   "extapic",    "cr8_legacy",  "abm",   "sse4a",   "misalignsse",
    "3dnowprefetch", "osvw",       "ibs",   "xop",        "skinit",      "wdt",   NULL,      "lwp",
    "fma4",          "tce",        NULL,    "nodeid_msr", NULL,          "tbm",   "topoext", "perfctr_core",
    "perfctr_nb",    NULL,         "bpext", "ptsc",       "perfctr_llc", "mwaitx"};
static const char *const xsave_eax[32] = {"xsaveopt", "xsavec", "xgetbv1", "xsaves"};
static const char *const leaf7_ebx[32] = {
    "fsgsbase", "tsc_adjust", "sgx",      "bmi1",     "hle",      "avx2",       NULL,       "smep",
    "bmi2",     "erms",       "invpcid",  "rtm",      "cqm",      NULL,         "mpx",      "rdt_a",
    "avx512f",  "avx512dq",   "rdseed",   "adx",      "smap",     "avx512ifma", NULL,       "clflushopt",
    "clwb",     "intel_pt",   "avx512pf", "avx512er", "avx512cd", "sha_ni",     "avx512bw", "avx512vl"};
static const char *const leaf7_ecx[32] = {NULL,
                                          "avx512vbmi",
                                          "umip",
                                          "pku",
                                          "ospke",
                                          "waitpkg",
                                          "avx512_vbmi2",
                                          NULL,
                                          "gfni",
                                          "vaes",
                                          "vpclmulqdq",
                                          "avx512_vnni",
                                          "avx512_bitalg",
                                          "tme",
                                          "avx512_vpopcntdq",
                                          NULL,
                                          "la57",
                                          [22] = "rdpid",
                                          [24] = "bus_lock_detect",
                                          [25] = "cldemote",
                                          [27] = "movdiri",
                                          [28] = "movdir64b",
                                          [29] = "enqcmd",
                                          [30] = "sgx_lc"};
static const char *const leaf7_edx[32] = {
    [2] = "avx512_4vnniw", [3] = "avx512_4fmaps", [4] = "fsrm",       [8] = "avx512_vp2intersect",
    [10] = "md_clear",     [14] = "serialize",    [16] = "tsxldtrk",  [18] = "pconfig",
    [19] = "arch_lbr",     [20] = "ibt",          [22] = "amx_bf16",  [23] = "avx512_fp16",
    [24] = "amx_tile",     [25] = "amx_int8",     [28] = "flush_l1d", [29] = "arch_capabilities"};

/* In the order in which Linux prints them. */
static const struct {
    enum lx_cpu_word word;
    const char *const *names;
} flag_words[] = {
    {LX_CPU_1_EDX, basic_edx}, {LX_CPU_EXT_EDX, extended_edx}, {LX_CPU_1_EDX, no_names},
    {LX_CPU_1_ECX, basic_ecx}, {LX_CPU_EXT_ECX, extended_ecx}, {LX_CPU_7_EBX, leaf7_ebx},
    {LX_CPU_D_EAX, xsave_eax}, {LX_CPU_7_ECX, leaf7_ecx},      {LX_CPU_7_EDX, leaf7_edx},
};

static void cpu_flags(struct los_text *text, const struct lx_cpu_text *cpu)
{
    los_text_add(text, "flags\t\t:");
    for (size_t i = 0; i < LOS_COUNT(flag_words); i++) {
        if (flag_words[i].names == no_names) { /* what Linux itself found out comes here */
            los_text_add(text, " rep_good nopl cpuid");
            continue;
        }
        for (int bit = 0; bit < 32; bit++)
            if (cpu->words[flag_words[i].word] >> bit & 1 && flag_words[i].names[bit] != NULL)
                los_text_add(text, " %s", flag_words[i].names[bit]);
    }
}

void lx_format_cpu(struct los_text *text, const struct lx_cpu_text *cpu)
{
    uint32_t family = cpu->signature >> 8 & 15, model = cpu->signature >> 4 & 15;
    if (family >= 6)
        model |= cpu->signature >> 12 & 0xf0;
    if (family == 15)
        family += cpu->signature >> 20 & 0xff;
    los_text_add(text, "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\n",
                 cpu->number, cpu->vendor[0] ? cpu->vendor : "unknown", family, model,
                 cpu->model[0] ? cpu->model : "unknown");
    if (cpu->signature & 15)
        los_text_add(text, "stepping\t: %u\n", cpu->signature & 15);
    else
        los_text_add(text, "stepping\t: unknown\n");
    los_text_add(text, "cpu MHz\t\t: %lu.%03lu\n", (unsigned long)(cpu->khz / 1000),
                 (unsigned long)(cpu->khz % 1000));
    if (cpu->cache_kib != 0)
        los_text_add(text, "cache size\t: %u KB\n", cpu->cache_kib);
    los_text_add(text,
                 "physical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\napicid\t\t: %u\ninitial "
                 "apicid\t: %u\n",
                 cpu->count, cpu->number, cpu->count, cpu->number, cpu->number);
    los_text_add(text, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %u\nwp\t\t: yes\n", cpu->level);
    cpu_flags(text, cpu);
    uint64_t bogus = cpu->khz * 2 / 10; /* hundredths */
    uint32_t line = cpu->brand >> 8 & 0xff;
    line = line != 0 ? line * 8 : 64;
    los_text_add(text, "\nbugs\t\t:\nbogomips\t: %lu.%02lu\nclflush size\t: %u\ncache_alignment\t: %u\n",
                 (unsigned long)(bogus / 100), (unsigned long)(bogus % 100), line, line);
    los_text_add(text, "address sizes\t: %u bits physical, %u bits virtual\npower management:\n\n",
                 cpu->physical_bits, cpu->virtual_bits);
}

void lx_format_meminfo(struct los_text *text, const struct lx_meminfo_text *m)
{
    const struct {
        const char *name;
        uint64_t kib;
    } rows[] = {
        {"MemTotal:", m->total},
        {"MemFree:", m->free},
        {"MemAvailable:", m->available},
        {"Buffers:", 0},
        {"Cached:", m->cached},
        {"SwapCached:", 0},
        {"Active:", m->anonymous + m->shared},
        {"Inactive:", m->cached - m->shared},
        {"Active(anon):", m->anonymous + m->shared},
        {"Inactive(anon):", 0},
        {"Active(file):", 0},
        {"Inactive(file):", m->cached - m->shared},
        {"Unevictable:", 0},
        {"Mlocked:", 0},
        {"SwapTotal:", 0},
        {"SwapFree:", 0},
        {"Dirty:", 0},
        {"Writeback:", 0},
        {"AnonPages:", m->anonymous},
        {"Mapped:", m->mapped},
        {"Shmem:", m->shared},
        {"KReclaimable:", 0},
        {"Slab:", m->slab},
        {"SReclaimable:", 0},
        {"SUnreclaim:", m->slab},
        {"KernelStack:", m->stacks},
        {"PageTables:", m->tables},
        {"SecPageTables:", 0},
        {"NFS_Unstable:", 0},
        {"Bounce:", 0},
        {"WritebackTmp:", 0},
        {"CommitLimit:", m->total / 2},
        {"Committed_AS:", m->anonymous + m->shared},
        {"VmallocTotal:", 0},
        {"VmallocUsed:", 0},
        {"VmallocChunk:", 0},
        {"Percpu:", 0},
    };
    for (size_t i = 0; i < LOS_COUNT(rows); i++)
        los_text_add(text, "%-16s%8lu kB\n", rows[i].name, (unsigned long)rows[i].kib);
    los_text_add(text, "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\n"
                       "HugePages_Surp:        0\nHugepagesize:       2048 kB\nHugetlb:               0 kB\n");
}

void lx_format_cpu_times(struct los_text *text, const char *name, uint64_t user_ns, uint64_t system_ns,
                         uint64_t idle_ns)
{
    los_text_add(text, "%s %lu 0 %lu %lu 0 0 0 0 0 0\n", name, (unsigned long)(user_ns / TICK_NS),
                 (unsigned long)(system_ns / TICK_NS), (unsigned long)(idle_ns / TICK_NS));
}

void lx_format_uptime(struct los_text *text, uint64_t up_ns, uint64_t idle_ns)
{
    uint64_t up = up_ns / TICK_NS, idle = idle_ns / TICK_NS;
    los_text_add(text, "%lu.%02lu %lu.%02lu\n", (unsigned long)(up / TICKS_PER_S),
                 (unsigned long)(up % TICKS_PER_S), (unsigned long)(idle / TICKS_PER_S),
                 (unsigned long)(idle % TICKS_PER_S));
}

void lx_format_load(struct los_text *text, const uint64_t load[3], uint64_t running, uint64_t threads,
                    int last_pid)
{
    for (int i = 0; i < 3; i++) {
        uint64_t value = load[i] + 65536 / 200; /* rounded to hundredths */
        los_text_add(text, "%lu.%02lu ", (unsigned long)(value >> 16),
                     (unsigned long)((value & 0xffff) * 100 >> 16));
    }
    los_text_add(text, "%lu/%lu %d\n", (unsigned long)running, (unsigned long)threads, last_pid);
}

void lx_format_cpu_mask(struct los_text *text, uint64_t mask, uint32_t bits)
{
    if (bits < 64)
        mask &= (1ull << bits) - 1;
    if (bits > 32)
        los_text_add(text, "%0*x,%08x", (int)(bits - 32 + 3) / 4, (unsigned)(mask >> 32), (unsigned)mask);
    else
        los_text_add(text, "%0*x", (int)(bits + 3) / 4, (unsigned)mask);
}

void lx_format_cpu_list(struct los_text *text, uint64_t mask)
{
    const char *between = "";
    for (unsigned first = 0; first < 64; first++) {
        if (!(mask >> first & 1))
            continue;
        unsigned last = first;
        while (last < 63 && mask >> (last + 1) & 1)
            last++;
        los_text_add(text, first == last ? "%s%u" : "%s%u-%u", between, first, last);
        between = ",";
        first = last;
    }
}
