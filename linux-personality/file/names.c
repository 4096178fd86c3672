/* SPDX-License-Identifier: MPL-2.0 */
/* Calls that make, move and remove names: mkdir, mknod, link, symlink, unlink, rename, readlink. */
#include "at.h"

#define MODE_BITS 07777u

static long make_directory(uint64_t dirfd, uint64_t path, uint64_t mode)
{
    struct lx_at at;
    long error = lx_at_begin(&at, dirfd, path);
    if (error)
        return error;
    error = los_make_directory(at.start, at.path, (uint32_t)mode & MODE_BITS);
    lx_at_end(&at);
    return error;
}
long lx_sys_mkdir(const struct lx_args *args) { return make_directory(LX_CWD, args->arg[0], args->arg[1]); }
long lx_sys_mkdirat(const struct lx_args *args)
{
    return make_directory(args->arg[0], args->arg[1], args->arg[2]);
}

static long make_node(uint64_t dirfd, uint64_t path, uint32_t mode, uint64_t device)
{
    struct lx_at at;
    enum los_file_type type = lx_mode_type(mode);
    if (type == LOS_DIRECTORY)
        return -LOS_E_PERM;
    if (!type || type == LOS_SYMLINK)
        return -LOS_E_INVAL;
    if ((type == LOS_CHARACTER || type == LOS_BLOCK) && !lx_is_root())
        return -LOS_E_PERM;
    long error = lx_at_begin(&at, dirfd, path);
    if (error)
        return error;
    error = los_make_node(at.start, at.path, type, mode & MODE_BITS, lx_device_major(device),
                          lx_device_minor(device));
    lx_at_end(&at);
    return error;
}
long lx_sys_mknod(const struct lx_args *args)
{
    return make_node(LX_CWD, args->arg[0], (uint32_t)args->arg[1], (uint32_t)args->arg[2]);
}
long lx_sys_mknodat(const struct lx_args *args)
{
    return make_node(args->arg[0], args->arg[1], (uint32_t)args->arg[2], (uint32_t)args->arg[3]);
}

static long make_symlink(uint64_t target, uint64_t dirfd, uint64_t path)
{
    struct lx_at at;
    char *text;
    long error = lx_path(target, &text);
    if (error)
        return error;
    error = *text ? lx_at_begin(&at, dirfd, path) : -LOS_E_NOENT;
    if (!error) {
        error = los_make_symlink(text, at.start, at.path);
        lx_at_end(&at);
    }
    lx_path_free(text);
    return error;
}
long lx_sys_symlink(const struct lx_args *args) { return make_symlink(args->arg[0], LX_CWD, args->arg[1]); }
long lx_sys_symlinkat(const struct lx_args *args)
{
    return make_symlink(args->arg[0], args->arg[1], args->arg[2]);
}

static long unlink_at(uint64_t dirfd, uint64_t path, bool directory)
{
    struct lx_at at;
    long error = lx_at_begin(&at, dirfd, path);
    if (error)
        return error;
    error = los_unlink(at.start, at.path, directory);
    lx_at_end(&at);
    return error;
}
long lx_sys_unlink(const struct lx_args *args) { return unlink_at(LX_CWD, args->arg[0], false); }
long lx_sys_rmdir(const struct lx_args *args) { return unlink_at(LX_CWD, args->arg[0], true); }
long lx_sys_unlinkat(const struct lx_args *args)
{
    if (args->arg[2] & ~(uint64_t)LX_AT_REMOVEDIR)
        return -LOS_E_INVAL;
    return unlink_at(args->arg[0], args->arg[1], args->arg[2] & LX_AT_REMOVEDIR);
}

/* Two paths at once. */
static long begin_two(struct lx_at at[2], const uint64_t dirfd[2], const uint64_t path[2])
{
    long error = lx_at_begin(&at[0], dirfd[0], path[0]);
    if (error)
        return error;
    error = lx_at_begin(&at[1], dirfd[1], path[1]);
    if (error)
        lx_at_end(&at[0]);
    return error;
}
static void end_two(struct lx_at at[2])
{
    lx_at_end(&at[0]);
    lx_at_end(&at[1]);
}

static long rename_at(uint64_t from_fd, uint64_t from, uint64_t to_fd, uint64_t to, uint64_t flags)
{
    struct lx_at at[2];
    _Static_assert((int)LX_RENAME_NOREPLACE == (int)LOS_RENAME_NOREPLACE, "same bits");
    _Static_assert((int)LX_RENAME_EXCHANGE == (int)LOS_RENAME_EXCHANGE, "same bits");
    if (flags & ~3ul || flags == 3)
        return -LOS_E_INVAL;
    long error = begin_two(at, (uint64_t[]){from_fd, to_fd}, (uint64_t[]){from, to});
    if (error)
        return error;
    error = los_rename(at[0].start, at[0].path, at[1].start, at[1].path, (uint32_t)flags);
    end_two(at);
    return error;
}
long lx_sys_rename(const struct lx_args *args)
{
    return rename_at(LX_CWD, args->arg[0], LX_CWD, args->arg[1], 0);
}
long lx_sys_renameat(const struct lx_args *args)
{
    return rename_at(args->arg[0], args->arg[1], args->arg[2], args->arg[3], 0);
}
long lx_sys_renameat2(const struct lx_args *args)
{
    return rename_at(args->arg[0], args->arg[1], args->arg[2], args->arg[3], (uint32_t)args->arg[4]);
}

static long link_at(uint64_t from_fd, uint64_t from, uint64_t to_fd, uint64_t to, uint64_t flags)
{
    struct lx_at at[2];
    if (flags & ~(uint64_t)(LX_AT_SYMLINK_FOLLOW | LX_AT_EMPTY_PATH))
        return -LOS_E_INVAL;
    long error = begin_two(at, (uint64_t[]){from_fd, to_fd}, (uint64_t[]){from, to});
    if (error)
        return error;
    uint32_t walk = (flags & LX_AT_SYMLINK_FOLLOW ? 0 : LOS_WALK_NOFOLLOW) |
                    (flags & LX_AT_EMPTY_PATH ? LOS_WALK_EMPTY : 0);
    error = los_link(at[0].start, at[0].path, at[1].start, at[1].path, walk);
    end_two(at);
    return error;
}
long lx_sys_link(const struct lx_args *args) { return link_at(LX_CWD, args->arg[0], LX_CWD, args->arg[1], 0); }
long lx_sys_linkat(const struct lx_args *args)
{
    return link_at(args->arg[0], args->arg[1], args->arg[2], args->arg[3], (uint32_t)args->arg[4]);
}

static long read_link(uint64_t dirfd, uint64_t path, uint64_t to, uint64_t size)
{
    struct lx_at at;
    if ((int)size <= 0)
        return -LOS_E_INVAL;
    char *text = los_alloc(LX_PATH_MAX);
    if (!text)
        return -LOS_E_NOMEM;
    long length = lx_at_begin(&at, dirfd, path);
    if (!length) {
        length = los_read_link(at.start, at.path, text, size < LX_PATH_MAX ? size : LX_PATH_MAX);
        lx_at_end(&at);
    }
    if (length > 0 && los_copy_out(to, text, (size_t)length))
        length = -LOS_E_FAULT;
    los_free(text);
    return length;
}
long lx_sys_readlink(const struct lx_args *args)
{
    return read_link(LX_CWD, args->arg[0], args->arg[1], args->arg[2]);
}
long lx_sys_readlinkat(const struct lx_args *args)
{
    return read_link(args->arg[0], args->arg[1], args->arg[2], args->arg[3]);
}
