/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The texts of /proc as functions of plain numbers: proc(5), and Linux 6.1's own spacing to the byte. Pure, so that they are tested
 * on any host; who collects the numbers is in the other files.
 */
#ifndef LX_PROC_FORMAT_H
#define LX_PROC_FORMAT_H

#include <los/file.h>

struct lx_stat_text { /* /proc/PID/stat, in its order */
    int pid;
    const char *name;
    char state;
    int parent, group, session, terminal, foreground;
    uint64_t flags, faults, children_faults, user, system, children_user, children_system; /* times: ticks */
    int priority, nice;
    uint64_t threads, start, virtual_bytes, resident_pages, resident_limit, code_start, code_end, stack_start;
    uint64_t pending, blocked, ignored, caught;
    int exit_signal;
    uint32_t cpu, realtime_priority, policy;
    uint64_t data_start, data_end, heap_start, arguments_start, arguments_end, environment_start,
        environment_end;
    int exit_code;
};
void lx_format_stat(struct los_text *text, const struct lx_stat_text *stat);

struct lx_status_text { /* /proc/PID/status */
    const char *name;
    uint32_t mask;
    char state;
    int group_id, pid, parent, group, session;
    uint32_t user[4], group_ids[4]; /* real, effective, saved, file system */
    uint32_t descriptors;
    uint32_t groups_count;
    const uint32_t *groups;
    bool has_memory; /* not a zombie: sizes in KiB */
    uint64_t peak, size, resident_peak, resident, anonymous, file, shared, data, stack, code, library, tables;
    uint64_t threads, queued, queue_limit;
    uint64_t pending, process_pending, blocked, ignored, caught;
    uint64_t capabilities;
    bool no_new_privileges;
    uint64_t cpus; /* mask */
    uint32_t cpu_count;
    uint64_t voluntary, involuntary;
};
void lx_format_status(struct los_text *text, const struct lx_status_text *status);
const char *lx_state_word(char state); /* "running" for 'R' */

struct lx_meminfo_text { /* KiB */
    uint64_t total, free, available, cached, anonymous, mapped, shared, slab, tables, stacks;
};
void lx_format_meminfo(struct los_text *text, const struct lx_meminfo_text *info);

struct lx_map_text { /* one line of maps */
    uint64_t start, end;
    bool read, write, execute, shared;
    uint64_t offset;
    uint32_t major, minor;
    uint64_t inode;
    const char *name; /* NULL: none */
};
void lx_format_map(struct los_text *text, const struct lx_map_text *map);

void lx_format_limit(struct los_text *text, const char *name, uint64_t soft, uint64_t hard, const char *unit);
void lx_format_cpu_times(struct los_text *text, const char *name, uint64_t user_ns, uint64_t system_ns,
                         uint64_t idle_ns);
void lx_format_uptime(struct los_text *text, uint64_t up_ns, uint64_t idle_ns);
void lx_format_load(struct los_text *text, const uint64_t load[3], uint64_t running, uint64_t threads,
                    int last_pid);
/* A path in mounts: blanks, tabs, newlines and backslashes as octal; `more`: further such bytes. */
void lx_format_escaped(struct los_text *text, const char *path, const char *more);
void lx_format_mount_options(struct los_text *text, uint32_t flags); /* enum los_mount_flag */
void lx_format_cpu_mask(struct los_text *text, uint64_t mask,
                        uint32_t bits);                        /* as bitmaps: groups of 32 bits */
void lx_format_cpu_list(struct los_text *text, uint64_t mask); /* 0-2,5 */

/* /proc/cpuinfo: one block. Words of CPUID as the processor gave them. */
struct lx_cpu_text {
    uint32_t number, count;
    char vendor[13], model[49];
    uint32_t level;     /* highest basic leaf */
    uint32_t signature; /* leaf 1 EAX */
    uint32_t brand;     /* leaf 1 EBX: cache line, APIC id */
    uint32_t words[8];  /* enum lx_cpu_word */
    uint32_t cache_kib;
    uint32_t physical_bits, virtual_bits;
    uint64_t khz;
};
enum lx_cpu_word {
    LX_CPU_1_EDX,
    LX_CPU_EXT_EDX,
    LX_CPU_1_ECX,
    LX_CPU_EXT_ECX,
    LX_CPU_D_EAX,
    LX_CPU_7_EBX,
    LX_CPU_7_ECX,
    LX_CPU_7_EDX
};
void lx_format_cpu(struct los_text *text, const struct lx_cpu_text *cpu);

#endif
