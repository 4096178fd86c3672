/* SPDX-License-Identifier: MPL-2.0 */
/* The root of /proc: fixed files, then a directory per process. Registers the file system types proc and sysfs. */
#include <proc/proc.h>

static long empty(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)text;
    (void)node;
    return 0;
}

static long partitions(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "major minor  #blocks  name\n\n");
    return 0;
}

static long swaps(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    return 0;
}

/* --- links --------------------------------------------------------------------------------------------------------- */

static long self_text(const struct los_pseudo_node *node, char *to, size_t size)
{
    (void)node;
    return los_snprintf(to, size, "%d", los_current()->process->pid);
}
static long thread_self_text(const struct los_pseudo_node *node, char *to, size_t size)
{
    (void)node;
    return los_snprintf(to, size, "%d/task/%d", los_current()->process->pid, los_current()->tid);
}
static long mounts_text(const struct los_pseudo_node *node, char *to, size_t size)
{
    (void)node;
    return los_snprintf(to, size, "self/mounts");
}
static long net_text(const struct los_pseudo_node *node, char *to, size_t size)
{
    (void)node;
    return los_snprintf(to, size, "self/net");
}

#define LINK_TO(name, function)                                                                                \
    static const struct los_pseudo name = {.type = LOS_SYMLINK, .permissions = 0777, .read_link = (function)}
LINK_TO(self_link, self_text);
LINK_TO(thread_self_link, thread_self_text);
LINK_TO(mounts_link, mounts_text);
LINK_TO(net_link, net_text);

/* --- the tree ----------------------------------------------------------------------------------------------------------- */

static const struct los_pseudo empty_file = PROC_FILE(empty, 0444),
                               partitions_file = PROC_FILE(partitions, 0444),
                               swaps_file = PROC_FILE(swaps, 0444),
                               meminfo_file = PROC_FILE(lx_proc_meminfo, 0444),
                               stat_file = PROC_FILE(lx_proc_stat, 0444),
                               uptime_file = PROC_FILE(lx_proc_uptime, 0444),
                               loadavg_file = PROC_FILE(lx_proc_loadavg, 0444),
                               version_file = PROC_FILE(lx_proc_version, 0444),
                               filesystems_file = PROC_FILE(lx_proc_filesystems, 0444),
                               cmdline_file = PROC_FILE(lx_proc_cmdline, 0444),
                               devices_file = PROC_FILE(lx_proc_devices, 0444),
                               interrupts_file = PROC_FILE(lx_proc_interrupts, 0444),
                               vmstat_file = PROC_FILE(lx_proc_vmstat, 0444),
                               cpuinfo_file = PROC_FILE(lx_proc_cpuinfo, 0444);

static const struct los_pseudo_item items[] = {
    {"cmdline", &cmdline_file},
    {"cpuinfo", &cpuinfo_file},
    {"devices", &devices_file},
    {"diskstats", &empty_file},
    {"filesystems", &filesystems_file},
    {"interrupts", &interrupts_file},
    {"kxos", &lx_proc_kxos},
    {"loadavg", &loadavg_file},
    {"meminfo", &meminfo_file},
    {"modules", &empty_file},
    {"mounts", &mounts_link},
    {"net", &net_link},
    {"partitions", &partitions_file},
    {"self", &self_link},
    {"stat", &stat_file},
    {"swaps", &swaps_file},
    {"sys", &lx_proc_sys},
    {"sysvipc", &lx_proc_sysvipc},
    {"thread-self", &thread_self_link},
    {"uptime", &uptime_file},
    {"version", &version_file},
    {"vmstat", &vmstat_file},
    {NULL, NULL},
};

/* A thread's id leads to its process's directory too, though it is not listed. */
static long root_lookup(const struct los_pseudo_node *dir, const char *name, size_t length,
                        struct los_pseudo_node *out)
{
    (void)dir;
    uint64_t number;
    if (!lx_proc_number(name, length, &number) || number == 0)
        return -LOS_E_NOENT;
    out->kind = &lx_proc_process;
    out->value[0] = number;
    if (los_find_process((int)number) != NULL)
        return 0;
    const struct los_thread *thread = los_find_thread((int)number);
    if (thread == NULL)
        return -LOS_E_NOENT;
    out->value[0] = (uint64_t)thread->process->pid;
    out->value[1] = number;
    return 0;
}

static bool root_next(const struct los_pseudo_node *dir, uint64_t *cursor, char name[LOS_FILE_NAME_MAX + 1],
                      struct los_pseudo_node *out)
{
    (void)dir;
    const struct los_process *process, *lowest = NULL;
    LOS_LIST_FOR(process, &los_processes, all)
    {
        if ((uint64_t)process->pid > *cursor && (lowest == NULL || process->pid < lowest->pid))
            lowest = process;
    }
    if (lowest == NULL)
        return false;
    *cursor = (uint64_t)lowest->pid;
    los_snprintf(name, LOS_FILE_NAME_MAX + 1, "%d", lowest->pid);
    out->kind = &lx_proc_process;
    out->value[0] = *cursor;
    return true;
}

static const struct los_pseudo root = {
    .type = LOS_DIRECTORY, .permissions = 0555, .items = items, .lookup = root_lookup, .next = root_next};

static long proc_mount(const char *data, struct los_filesystem **out)
{
    (void)data;
    return los_pseudo_create("proc", LOS_PROCFS, &root, out);
}

static long sys_mount(const char *data, struct los_filesystem **out)
{
    (void)data;
    return los_pseudo_create("sysfs", LOS_SYSFS, &lx_sys_root, out);
}

/* --- start-up ---------------------------------------------------------------------------------------------------- */

struct search {
    const char *target;
    bool found;
};

static void compare(void *context, const char *source, const char *target, const char *type, uint32_t flags)
{
    (void)source;
    (void)type;
    (void)flags;
    struct search *search = context;
    search->found = search->found || strcmp(target, search->target) == 0;
}

/* A root file system without the directory has none. */
static void mount(const char *type, const char *target)
{
    struct search search = {.target = target};
    los_mounts_list(compare, &search);
    if (search.found)
        return;
    long error = los_mount(type, target, type, LOS_MOUNT_NOSUID | LOS_MOUNT_NOEXEC, NULL);
    if (error < 0 && error != -LOS_E_NOENT)
        los_log("proc: cannot mount %s: error %ld", target, -error);
}

void lx_proc_init(void)
{
    static struct los_filesystem_type proc = {.name = "proc", .nodev = true, .mount = proc_mount};
    static struct los_filesystem_type sys = {.name = "sysfs", .nodev = true, .mount = sys_mount};
    los_filesystem_register(&sys);
    los_filesystem_register(&proc);
    mount("sysfs", "/sys");
    mount("proc", "/proc");
    mount("devpts", "/dev/pts");
}
