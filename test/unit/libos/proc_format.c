/* SPDX-License-Identifier: MPL-2.0 */
/* The texts of /proc on fixed numbers, to the byte as Linux 6.1 prints them. */
#include <criterion/criterion.h>
#include <proc/format.h>

static char buffer[65536];
static struct los_text text;

static void fresh(void) { text = (struct los_text){.at = buffer, .size = sizeof buffer}; }
#define expect(wanted)          cr_assert_str_eq(text.at, wanted, "the text is [%s]", text.at)
#define expect_contains(wanted) cr_assert_not_null(strstr(text.at, wanted), "no [%s] in [%s]", wanted, text.at)

Test(proc_format, stat_has_52_fields)
{
    fresh();
    struct lx_stat_text s = {.pid = 20362,
                             .name = "cat",
                             .state = 'R',
                             .parent = 20355,
                             .group = 20355,
                             .session = 5928,
                             .foreground = -1,
                             .flags = 4194304,
                             .faults = 99,
                             .priority = 20,
                             .threads = 1,
                             .start = 286979,
                             .virtual_bytes = 3133440,
                             .resident_pages = 407,
                             .resident_limit = UINT64_MAX,
                             .code_start = 94446955704320,
                             .code_end = 94446955724201,
                             .stack_start = 140725049620624,
                             .exit_signal = 17,
                             .data_start = 94446955740208,
                             .data_end = 94446955741824,
                             .heap_start = 94447141896192,
                             .arguments_start = 140725049625218,
                             .arguments_end = 140725049625238,
                             .environment_start = 140725049625238,
                             .environment_end = 140725049626603};
    lx_format_stat(&text, &s);
    expect("20362 (cat) R 20355 20355 5928 0 -1 4194304 99 0 0 0 0 0 0 0 20 0 1 0 286979 3133440 407 "
           "18446744073709551615 "
           "94446955704320 94446955724201 140725049620624 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 94446955740208 "
           "94446955741824 "
           "94447141896192 140725049625218 140725049625238 140725049625238 140725049626603 0\n");
}

Test(proc_format, status_lines)
{
    fresh();
    const uint32_t groups[] = {10, 20};
    struct lx_status_text s = {.name = "a\\b\nc",
                               .mask = 022,
                               .state = 'S',
                               .group_id = 7,
                               .pid = 8,
                               .parent = 1,
                               .group = 7,
                               .session = 1,
                               .user = {1, 2, 3, 4},
                               .descriptors = 64,
                               .groups_count = 2,
                               .groups = groups,
                               .has_memory = true,
                               .size = 3708,
                               .threads = 2,
                               .queue_limit = 100,
                               .ignored = 4,
                               .capabilities = 0x1ffffffffff,
                               .cpus = 3,
                               .cpu_count = 2,
                               .voluntary = 5};
    lx_format_status(&text, &s);
    expect_contains("Name:\ta\\\\b\\nc\nUmask:\t0022\nState:\tS "
                    "(sleeping)\nTgid:\t7\nNgid:\t0\nPid:\t8\nPPid:\t1\nTracerPid:\t0\n"
                    "Uid:\t1\t2\t3\t4\nGid:\t0\t0\t0\t0\nFDSize:\t64\nGroups:\t10 20 "
                    "\nNStgid:\t7\nNSpid:\t8\nNSpgid:\t7\nNSsid:\t1\n");
    expect_contains("\nVmSize:\t    3708 kB\n");
    expect_contains("\nThreads:\t2\nSigQ:\t0/100\nSigPnd:\t0000000000000000\n");
    expect_contains("\nSigIgn:\t0000000000000004\n");
    expect_contains("\nCapEff:\t000001ffffffffff\n");
    expect_contains("\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n");
    expect_contains("\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t0\n");
    fresh();
    s.has_memory = false;
    s.groups_count = 0;
    s.mask = 0;
    lx_format_status(&text, &s);
    cr_assert_null(strstr(text.at, "VmSize"));
    expect_contains("\nGroups:\t \n");
    expect_contains("\nUmask:\t0000\n");
}

Test(proc_format, map_lines)
{
    fresh();
    struct lx_map_text m = {.start = 0x555eacb39000,
                            .end = 0x555eacb3e000,
                            .read = true,
                            .execute = true,
                            .offset = 0x2000,
                            .major = 0xfe,
                            .inode = 247134,
                            .name = "/usr/bin/cat"};
    lx_format_map(&text, &m);
    expect("555eacb39000-555eacb3e000 r-xp 00002000 fe:00 247134                     /usr/bin/cat\n");
    fresh();
    m = (struct lx_map_text){.start = 0x1000, .end = 0x2000, .read = true, .write = true, .shared = true};
    lx_format_map(&text, &m);
    expect("00001000-00002000 rw-s 00000000 00:00 0 \n");
}

Test(proc_format, meminfo_rows)
{
    fresh();
    struct lx_meminfo_text m = {.total = 24684096, .free = 24227860, .available = 24298928};
    lx_format_meminfo(&text, &m);
    expect_contains("MemTotal:       24684096 kB\nMemFree:        24227860 kB\nMemAvailable:   24298928 "
                    "kB\nBuffers:               0 kB\n");
    expect_contains("HugePages_Total:       0\n");
}

Test(proc_format, limits_are_columns)
{
    fresh();
    lx_format_limit(&text, "Max stack size", 8388608, UINT64_MAX, "bytes");
    expect("Max stack size            8388608              unlimited            bytes     \n");
    fresh();
    lx_format_limit(&text, "Max nice priority", 0, 0, NULL);
    expect("Max nice priority         0                    0                    \n");
}

Test(proc_format, times_and_load)
{
    fresh();
    lx_format_uptime(&text, 2869805000000ull, 5612940000000ull);
    expect("2869.80 5612.94\n");
    fresh();
    const uint64_t load[3] = {65536 / 100, 65536 * 3 / 2, 0};
    lx_format_load(&text, load, 1, 93, 20367);
    expect("0.01 1.50 0.00 1/93 20367\n");
    fresh();
    lx_format_cpu_times(&text, "cpu0", 25610000000ull, 14070000000ull, 10000000ull);
    expect("cpu0 2561 0 1407 1 0 0 0 0 0 0\n");
}

Test(proc_format, cpu_sets)
{
    static const struct {
        uint64_t mask;
        uint32_t bits;
        const char *hex, *list;
    } rows[] = {
        {1, 1, "1", "0"},        {3, 2, "3", "0-1"},
        {0xb, 8, "0b", "0-1,3"}, {0x80000000fffffffful, 64, "80000000,ffffffff", "0-31,63"},
        {0, 4, "0", ""},
    };
    for (size_t i = 0; i < LOS_COUNT(rows); i++) {
        fresh();
        lx_format_cpu_mask(&text, rows[i].mask, rows[i].bits);
        expect(rows[i].hex);
        fresh();
        buffer[0] = 0;
        lx_format_cpu_list(&text, rows[i].mask);
        expect(rows[i].list);
    }
}

Test(proc_format, mounts)
{
    fresh();
    lx_format_escaped(&text, "/a b\tc\\", " \t\n\\");
    expect("/a\\040b\\011c\\134");
    fresh();
    lx_format_mount_options(&text, LOS_MOUNT_READONLY | LOS_MOUNT_NOSUID);
    expect("ro,nosuid,relatime");
}

Test(proc_format, cpu_block)
{
    fresh();
    struct lx_cpu_text cpu = {.number = 1,
                              .count = 2,
                              .vendor = "GenuineIntel",
                              .model = "Intel(R) Xeon(R) Processor",
                              .level = 28,
                              .signature = 0xc06f2,
                              .brand = 8 << 8,
                              .words = {[LX_CPU_1_EDX] = 1 | 1u << 25, [LX_CPU_7_EBX] = 1},
                              .cache_kib = 266240,
                              .physical_bits = 48,
                              .virtual_bits = 57,
                              .khz = 2299998};
    lx_format_cpu(&text, &cpu);
    expect_contains("processor\t: 1\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 207\nmodel name\t: "
                    "Intel(R) Xeon(R) Processor\n"
                    "stepping\t: 2\ncpu MHz\t\t: 2299.998\ncache size\t: 266240 KB\nphysical id\t: "
                    "0\nsiblings\t: 2\ncore id\t\t: 1\ncpu cores\t: 2\n");
    expect_contains(
        "\nflags\t\t: fpu sse rep_good nopl cpuid fsgsbase\nbugs\t\t:\nbogomips\t: 4599.99\nclflush size\t: "
        "64\n"
        "cache_alignment\t: 64\naddress sizes\t: 48 bits physical, 57 bits virtual\npower management:\n\n");
}
