/* SPDX-License-Identifier: MPL-2.0 */
/* Top-level files of /proc about the container as a whole. */
#include <los/image.h>
#include <proc/format.h>
#include <proc/proc.h>

#define NS_PER_S     1000000000ull
#define KIB_PER_PAGE 4

/* --- memory -------------------------------------------------------------------------------------------------------- */

/* Pages of the container that the files of the root file system hold, when it is one in memory. */
static uint64_t file_pages(void)
{
    struct los_filesystem_stat stat;
    if (los_path_filesystem(&los_current()->process->files->root, &stat) != 0 || stat.magic_kind != LOS_TMPFS)
        return 0;
    uint64_t pages = (stat.blocks - stat.blocks_free) * stat.block_size / LOS_PAGE,
             shared = los_files_shared_pages();
    return pages > shared ? pages - shared : 0;
}

/* Resident in processes and not shared with files. Pages that fork shares count once for each process, but never more than are in use. */
static uint64_t anonymous_pages(uint64_t most, uint64_t *mapped)
{
    const struct los_process *process;
    uint64_t anonymous = 0;
    *mapped = 0;
    LOS_LIST_FOR(process, &los_processes, all)
    {
        if (process->space == NULL || process->state == LOS_ZOMBIE)
            continue;
        *mapped += process->space->shared_pages;
        if (process->space->resident_pages > process->space->shared_pages)
            anonymous += process->space->resident_pages - process->space->shared_pages;
    }
    return anonymous < most ? anonymous : most;
}

static void measure(struct lx_meminfo_text *info)
{
    uint64_t total = los_pages_total(), free = los_pages_free_count(), used = total - free, mapped;
    uint64_t files = file_pages();
    if (files > used)
        files = used;
    uint64_t anonymous = anonymous_pages(used - files, &mapped);
    uint64_t stacks = (uint64_t)los_thread_total() * (LOS_STACK_BYTES / LOS_PAGE),
             own = used - files - anonymous;
    if (stacks > own)
        stacks = own;
    *info = (struct lx_meminfo_text){
        .total = total * KIB_PER_PAGE,
        .free = free * KIB_PER_PAGE,
        .available = free * KIB_PER_PAGE,
        .cached = files * KIB_PER_PAGE,
        .shared = files * KIB_PER_PAGE,
        .anonymous = anonymous * KIB_PER_PAGE,
        .mapped = (mapped < files ? mapped : files) * KIB_PER_PAGE,
        .stacks = stacks * KIB_PER_PAGE,
        .slab = (own - stacks) * KIB_PER_PAGE,
    };
}

long lx_proc_meminfo(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    struct lx_meminfo_text info;
    measure(&info);
    lx_format_meminfo(text, &info);
    return 0;
}

long lx_proc_vmstat(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    struct lx_meminfo_text info;
    measure(&info);
    los_text_add(
        text,
        "nr_free_pages %lu\nnr_anon_pages %lu\nnr_mapped %lu\nnr_file_pages %lu\nnr_dirty 0\nnr_writeback 0\n",
        (unsigned long)info.free / KIB_PER_PAGE, (unsigned long)info.anonymous / KIB_PER_PAGE,
        (unsigned long)info.mapped / KIB_PER_PAGE, (unsigned long)info.cached / KIB_PER_PAGE);
    los_text_add(text, "nr_shmem %lu\npgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n",
                 (unsigned long)info.shared / KIB_PER_PAGE);
    return 0;
}

/* --- time --------------------------------------------------------------------------------------------------------------- */

static uint64_t idle_of(const struct los_cpu *cpu, uint64_t now)
{
    return cpu->idle_ns + (cpu->idling && now > cpu->busy_since ? now - cpu->busy_since : 0);
}

/* On a vCPU, or waiting for one. */
static uint64_t running(void)
{
    uint64_t n = los_runnable_count();
    for (uint32_t i = 0; i < los_cpu_count(); i++) {
        const struct los_cpu *cpu = los_cpu_number(i);
        n += cpu->current != NULL && cpu->current != cpu->idle;
    }
    return n;
}

long lx_proc_stat(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    uint64_t now = los_now(), user = 0, system = 0, idle = 0, interrupts = 0, switches = 0;
    for (uint32_t i = 0; i < los_cpu_count(); i++) {
        const struct los_cpu *cpu = los_cpu_number(i);
        user += cpu->user_ns;
        system += cpu->system_ns;
        idle += idle_of(cpu, now);
        interrupts += cpu->interrupts;
        switches += cpu->switches;
    }
    lx_format_cpu_times(text, "cpu ", user, system, idle);
    for (uint32_t i = 0; i < los_cpu_count(); i++) {
        const struct los_cpu *cpu = los_cpu_number(i);
        char name[16];
        los_snprintf(name, sizeof name, "cpu%u", i);
        lx_format_cpu_times(text, name, cpu->user_ns, cpu->system_ns, idle_of(cpu, now));
    }
    los_text_add(text, "intr %lu\nctxt %lu\nbtime %lu\nprocesses %d\nprocs_running %lu\nprocs_blocked 0\n",
                 (unsigned long)interrupts, (unsigned long)switches,
                 (unsigned long)((los_wall_now() - now) / NS_PER_S), los_last_pid(), (unsigned long)running());
    los_text_add(text, "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
    return 0;
}

long lx_proc_uptime(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    uint64_t now = los_now(), idle = 0;
    for (uint32_t i = 0; i < los_cpu_count(); i++)
        idle += idle_of(los_cpu_number(i), now);
    lx_format_uptime(text, now, idle);
    return 0;
}

long lx_proc_loadavg(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    uint64_t load[3];
    los_load_average(load);
    lx_format_load(text, load, running(), los_thread_total(), los_last_pid());
    return 0;
}

long lx_proc_interrupts(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "           ");
    for (uint32_t i = 0; i < los_cpu_count(); i++)
        los_text_add(text, "CPU%-8u", i);
    los_text_add(text, "\nLOC:");
    for (uint32_t i = 0; i < los_cpu_count(); i++)
        los_text_add(text, " %10lu", (unsigned long)los_cpu_number(i)->interrupts);
    los_text_add(text, "   Local timer interrupts\n");
    return 0;
}

/* --- names ----------------------------------------------------------------------------------------------------------------- */

long lx_proc_version(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "%s version %s (kxos@kxos) (gcc %s) %s\n", LX_OS_NAME, LX_OS_RELEASE, __VERSION__,
                 LX_OS_VERSION);
    return 0;
}

long lx_proc_filesystems(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    const struct los_filesystem_type *type;
    LOS_LIST_FOR(type, &los_filesystem_types, link)
    {
        los_text_add(text, "%s\t%s\n", type->nodev ? "nodev" : "", type->name);
    }
    return 0;
}

long lx_proc_cmdline(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    const struct los_start *start = LOS_START_PAGE;
    los_text_bytes(text, start->command_line, strnlen(start->command_line, sizeof start->command_line));
    los_text_bytes(text, "\n", 1);
    return 0;
}

long lx_proc_devices(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(
        text, "Character devices:\n  1 mem\n  4 /dev/vc/0\n  4 tty\n  4 ttyS\n  5 /dev/tty\n  5 /dev/console\n"
              "  5 /dev/ptmx\n128 ptm\n136 pts\n\nBlock devices:\n");
    return 0;
}
