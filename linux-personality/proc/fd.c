/* SPDX-License-Identifier: MPL-2.0 */
/* /proc/PID/fd and fdinfo: open files by descriptor. Nodes: value[0] = pid; of an entry, value[1] = descriptor. */
#include <proc/proc.h>

static struct los_file *find(const struct los_pseudo_node *node, uint64_t fd, struct los_process **process)
{
    *process = los_find_process((int)node->value[0]);
    if (*process == NULL || (*process)->descriptors == NULL)
        return NULL;
    return los_descriptor_of(*process, (int)fd);
}

static long entry_lookup(const struct los_pseudo_node *dir, const char *name, size_t length,
                         const struct los_pseudo *kind, struct los_pseudo_node *out)
{
    struct los_process *process;
    uint64_t fd;
    if (!lx_proc_number(name, length, &fd) || find(dir, fd, &process) == NULL)
        return -LOS_E_NOENT;
    if (!lx_proc_may_look(process))
        return -LOS_E_ACCES;
    out->kind = kind;
    out->value[1] = fd;
    return 0;
}

/* The cursor is the descriptor plus 1. */
static bool entry_next(const struct los_pseudo_node *dir, uint64_t *cursor, char name[LOS_FILE_NAME_MAX + 1],
                       const struct los_pseudo *kind, struct los_pseudo_node *out)
{
    struct los_process *process = los_find_process((int)dir->value[0]);
    if (process == NULL || process->descriptors == NULL || !lx_proc_may_look(process))
        return false;
    int fd = los_descriptor_next(process, (int)*cursor);
    if (fd < 0)
        return false;
    *cursor = (uint64_t)fd + 1;
    los_snprintf(name, LOS_FILE_NAME_MAX + 1, "%d", fd);
    out->kind = kind;
    out->value[1] = (uint64_t)fd;
    return true;
}

/* --- fd ----------------------------------------------------------------------------------------------------------- */

static long link_text(const struct los_pseudo_node *node, char *to, size_t size)
{
    struct los_process *process;
    struct los_file *file = find(node, node->value[1], &process);
    if (file == NULL)
        return -LOS_E_NOENT;
    if (!lx_proc_may_look(process))
        return -LOS_E_ACCES;
    return los_file_text(file, &los_current()->process->files->root, to, size);
}

static long link_follow(const struct los_pseudo_node *node, struct los_path *path)
{
    struct los_process *process;
    struct los_file *file = find(node, node->value[1], &process);
    if (file == NULL)
        return -LOS_E_NOENT;
    return lx_proc_may_look(process) ? los_file_path(file, path) : -LOS_E_ACCES;
}

static void link_owner(const struct los_pseudo_node *node, uint32_t *permissions, uint32_t *user,
                       uint32_t *group)
{
    struct los_process *process;
    const struct los_file *file = find(node, node->value[1], &process);
    lx_proc_owner(node, permissions, user, group);
    if (file != NULL)
        *permissions =
            0100u | (file->flags & LOS_OPEN_READ ? 0400u : 0) | (file->flags & LOS_OPEN_WRITE ? 0200u : 0);
}

static const struct los_pseudo fd_link = {.type = LOS_SYMLINK,
                                          .permissions = 0700,
                                          .owner = link_owner,
                                          .read_link = link_text,
                                          .follow = link_follow};

static long fd_lookup(const struct los_pseudo_node *dir, const char *name, size_t length,
                      struct los_pseudo_node *out)
{
    return entry_lookup(dir, name, length, &fd_link, out);
}
static bool fd_next(const struct los_pseudo_node *dir, uint64_t *cursor, char name[LOS_FILE_NAME_MAX + 1],
                    struct los_pseudo_node *out)
{
    return entry_next(dir, cursor, name, &fd_link, out);
}
const struct los_pseudo lx_proc_fd = {
    .type = LOS_DIRECTORY, .permissions = 0500, .owner = lx_proc_owner, .lookup = fd_lookup, .next = fd_next};

/* --- fdinfo ----------------------------------------------------------------------------------------------------------- */

static long info_make(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_process *process;
    struct los_file *file = find(node, node->value[1], &process);
    if (file == NULL)
        return -LOS_E_NOENT;
    uint64_t flags = lx_open_flags_out(file->flags);
    if (process == los_current()->process && los_descriptor_flags((int)node->value[1], -1) == 1)
        flags |= LX_O_CLOEXEC;
    los_text_add(text, "pos:\t%lld\nflags:\t0%lo\nmnt_id:\t%d\nino:\t%lu\n", (long long)file->offset,
                 (unsigned long)flags, (int)file->inode->filesystem->device,
                 (unsigned long)file->inode->number);
    return 0;
}

static const struct los_pseudo info_file = {
    .type = LOS_REGULAR, .permissions = 0444, .owner = lx_proc_owner, .make = info_make};

static long info_lookup(const struct los_pseudo_node *dir, const char *name, size_t length,
                        struct los_pseudo_node *out)
{
    return entry_lookup(dir, name, length, &info_file, out);
}
static bool info_next(const struct los_pseudo_node *dir, uint64_t *cursor, char name[LOS_FILE_NAME_MAX + 1],
                      struct los_pseudo_node *out)
{
    return entry_next(dir, cursor, name, &info_file, out);
}
const struct los_pseudo lx_proc_fdinfo = {.type = LOS_DIRECTORY,
                                          .permissions = 0555,
                                          .owner = lx_proc_owner,
                                          .lookup = info_lookup,
                                          .next = info_next};
