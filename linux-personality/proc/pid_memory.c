/* SPDX-License-Identifier: MPL-2.0 */
/* What shows a process's memory: its arguments and environment, the auxiliary vector, maps and smaps. */
#include <proc/format.h>
#include <proc/proc.h>

#define KIB_PER_PAGE 4

/* The process, when it has a space that the current one may look into; *error else. */
static struct los_process *with_space(const struct los_pseudo_node *node, bool private, long *error)
{
    struct los_thread *thread;
    struct los_process *process = lx_proc_find(node, &thread);
    *error = process == NULL ? -LOS_E_SRCH : 0;
    if (process == NULL)
        return NULL;
    if (private && !lx_proc_may_look(process)) {
        *error = -LOS_E_ACCES;
        return NULL;
    }
    return process->space != NULL && process->state != LOS_ZOMBIE ? process : NULL; /* else empty */
}

static void copy(struct los_text *text, struct los_space *space, uint64_t start, uint64_t end)
{
    char buffer[256];
    while (start < end) {
        size_t wanted = end - start < sizeof buffer ? end - start : sizeof buffer;
        size_t n = los_space_read(space, start, buffer, wanted);
        los_text_bytes(text, buffer, n);
        if (n < wanted || text->failed)
            return;
        start += n;
    }
}

long lx_pid_cmdline(struct los_text *text, const struct los_pseudo_node *node)
{
    long error;
    struct los_process *process = with_space(node, false, &error);
    if (process != NULL)
        copy(text, process->space, process->arguments_start, process->arguments_end);
    return error;
}

long lx_pid_environ(struct los_text *text, const struct los_pseudo_node *node)
{
    long error;
    struct los_process *process = with_space(node, true, &error);
    if (process != NULL)
        copy(text, process->space, process->environment_start, process->environment_end);
    return error;
}

long lx_pid_auxv(struct los_text *text, const struct los_pseudo_node *node)
{
    long error;
    struct los_process *process = with_space(node, true, &error);
    if (process == NULL)
        return error;
    size_t n = 0;
    while (n + 2 < LOS_COUNT(process->auxiliary) && process->auxiliary[n] != LX_AT_NULL)
        n += 2;
    los_text_bytes(text, process->auxiliary, (n + 2) * sizeof process->auxiliary[0]);
    return 0;
}

static void map_line(struct los_text *text, const struct los_region *region, char *name, size_t size)
{
    struct lx_map_text line = {
        .start = region->start,
        .end = region->end,
        .read = region->protection & LOS_READ,
        .write = region->protection & LOS_WRITE,
        .execute = region->protection & LOS_EXECUTE,
        .shared = region->flags & LOS_SHARED,
        .name = region->name,
    };
    if (region->file != NULL) {
        uint64_t device = region->file->inode->filesystem->device;
        line.offset = region->object_page * LOS_PAGE;
        line.major = lx_device_major(device);
        line.minor = lx_device_minor(device);
        line.inode = region->file->inode->number;
        long length = los_file_text(region->file, &los_current()->process->files->root, name, size);
        if (length >= 0) {
            name[length < (long)size ? (size_t)length : size - 1] = 0;
            line.name = name;
        }
    } else if (line.name == NULL) {
        if (region->flags & LOS_HEAP)
            line.name = "[heap]";
        else if (region->flags & LOS_STACK)
            line.name = "[stack]";
        else if (region->object != NULL && line.shared)
            line.name = "/dev/zero (deleted)";
    }
    lx_format_map(text, &line);
}

static void smap_rows(struct los_text *text, struct los_space *space, const struct los_region *region)
{
    uint64_t pages = (region->end - region->start) / LOS_PAGE, present = 0;
    for (uint64_t at = region->start; at < region->end; at += LOS_PAGE)
        present += los_space_present(space, at);
    bool anonymous = region->file == NULL;
    const struct {
        const char *name;
        uint64_t pages;
    } rows[] = {
        {"Size:", pages},
        {"KernelPageSize:", 1},
        {"MMUPageSize:", 1},
        {"Rss:", present},
        {"Pss:", present},
        {"Pss_Dirty:", anonymous ? present : 0},
        {"Shared_Clean:", 0},
        {"Shared_Dirty:", 0},
        {"Private_Clean:", anonymous ? 0 : present},
        {"Private_Dirty:", anonymous ? present : 0},
        {"Referenced:", present},
        {"Anonymous:", anonymous ? present : 0},
        {"LazyFree:", 0},
        {"AnonHugePages:", 0},
        {"ShmemPmdMapped:", 0},
        {"FilePmdMapped:", 0},
        {"Shared_Hugetlb:", 0},
        {"Private_Hugetlb:", 0},
        {"Swap:", 0},
        {"SwapPss:", 0},
        {"Locked:", 0},
    };
    for (size_t i = 0; i < LOS_COUNT(rows); i++)
        los_text_add(text, "%-16s%8lu kB\n", rows[i].name, (unsigned long)rows[i].pages * KIB_PER_PAGE);
    los_text_add(text, "THPeligible:    0\nVmFlags:%s%s%s%s mr mw me%s \n",
                 region->protection & LOS_READ ? " rd" : "", region->protection & LOS_WRITE ? " wr" : "",
                 region->protection & LOS_EXECUTE ? " ex" : "", region->flags & LOS_SHARED ? " sh" : "",
                 region->flags & LOS_GROWS_DOWN ? " gd" : "");
}

static long regions(struct los_text *text, const struct los_pseudo_node *node, bool sizes)
{
    long error;
    struct los_process *process = with_space(node, true, &error);
    if (process == NULL)
        return error;
    char *name = los_alloc(LOS_PATH_MAX);
    if (name == NULL)
        return -LOS_E_NOMEM;
    const struct los_region *region;
    LOS_LIST_FOR(region, &process->space->regions, link)
    {
        map_line(text, region, name, LOS_PATH_MAX);
        if (sizes)
            smap_rows(text, process->space, region);
    }
    los_free(name);
    return 0;
}

long lx_pid_maps(struct los_text *text, const struct los_pseudo_node *node)
{
    return regions(text, node, false);
}
long lx_pid_smaps(struct los_text *text, const struct los_pseudo_node *node)
{
    return regions(text, node, true);
}
