/* SPDX-License-Identifier: MPL-2.0 */
/* stat and its kin, statfs, access. */
#include "at.h"

static long stat_at(uint64_t dirfd, uint64_t path, uint64_t out, uint64_t flags)
{
    struct lx_target target;
    struct los_stat stat;
    long error = lx_target_begin(&target, dirfd, path, flags);
    if (error)
        return error;
    los_inode_stat(target.inode, &stat);
    lx_target_end(&target);
    return lx_stat_out(out, &stat);
}

long lx_sys_stat(const struct lx_args *args) { return stat_at(LX_CWD, args->arg[0], args->arg[1], 0); }
long lx_sys_lstat(const struct lx_args *args)
{
    return stat_at(LX_CWD, args->arg[0], args->arg[1], LX_AT_SYMLINK_NOFOLLOW);
}
long lx_sys_newfstatat(const struct lx_args *args)
{
    if (args->arg[3] & ~(uint64_t)(LX_AT_SYMLINK_NOFOLLOW | LX_AT_NO_AUTOMOUNT | LX_AT_EMPTY_PATH))
        return -LOS_E_INVAL;
    char first;
    if (args->arg[3] & LX_AT_EMPTY_PATH && (int)args->arg[0] >= 0 && !los_copy_in(&first, args->arg[1], 1) &&
        !first)
        return lx_sys_fstat(
            &(struct lx_args){.arg = {args->arg[0], args->arg[2]}}); /* what the C library makes of fstat */
    return stat_at(args->arg[0], args->arg[1], args->arg[2], args->arg[3]);
}
long lx_sys_fstat(const struct lx_args *args)
{
    struct los_stat stat;
    struct los_file *file = los_descriptor((int)args->arg[0]);
    if (!file)
        return -LOS_E_BADF;
    los_inode_stat(file->inode, &stat);
    return lx_stat_out(args->arg[1], &stat);
}

static struct lx_statx_timestamp statx_time(const struct los_timestamp *time)
{
    return (struct lx_statx_timestamp){time->seconds, time->nanoseconds, 0};
}

long lx_sys_statx(const struct lx_args *args)
{
    struct lx_target target;
    struct los_stat stat;
    uint64_t known = LX_AT_SYMLINK_NOFOLLOW | LX_AT_NO_AUTOMOUNT | LX_AT_EMPTY_PATH | LX_AT_STATX_FORCE_SYNC |
                     LX_AT_STATX_DONT_SYNC;
    if (args->arg[2] & ~known || (uint32_t)args->arg[3] & LX_STATX_RESERVED)
        return -LOS_E_INVAL;
    long error = lx_target_begin(&target, args->arg[0], args->arg[1], args->arg[2]);
    if (error)
        return error;
    los_inode_stat(target.inode, &stat);
    lx_target_end(&target);
    struct lx_statx out = {
        .stx_mask = LX_STATX_BASIC_STATS | LX_STATX_BTIME,
        .stx_blksize = stat.block_size,
        .stx_nlink = stat.links,
        .stx_uid = stat.user,
        .stx_gid = stat.group,
        .stx_mode = (uint16_t)lx_mode(&stat),
        .stx_ino = stat.inode,
        .stx_size = stat.size,
        .stx_blocks = stat.blocks,
        .stx_atime = statx_time(&stat.accessed),
        .stx_btime = statx_time(&stat.born),
        .stx_ctime = statx_time(&stat.changed),
        .stx_mtime = statx_time(&stat.modified),
        .stx_rdev_major = stat.major,
        .stx_rdev_minor = stat.minor,
        .stx_dev_major = lx_device_major(stat.device),
        .stx_dev_minor = lx_device_minor(stat.device),
    };
    return los_copy_out(args->arg[4], &out, sizeof out);
}

static long statfs_out(uint64_t user, const struct los_filesystem_stat *stat)
{
    struct lx_statfs out = {
        .f_type = (int64_t)lx_filesystem_magic(stat->magic_kind),
        .f_bsize = (int64_t)stat->block_size,
        .f_blocks = stat->blocks,
        .f_bfree = stat->blocks_free,
        .f_bavail = stat->blocks_free,
        .f_files = stat->files,
        .f_ffree = stat->files_free,
        .f_namelen = stat->name_max,
        .f_frsize = (int64_t)stat->block_size,
        .f_flags = LX_ST_VALID | LX_ST_RELATIME | (stat->flags & LOS_MOUNT_READONLY ? LX_ST_RDONLY : 0) |
                   (stat->flags & LOS_MOUNT_NOSUID ? LX_ST_NOSUID : 0) |
                   (stat->flags & LOS_MOUNT_NODEV ? LX_ST_NODEV : 0) |
                   (stat->flags & LOS_MOUNT_NOEXEC ? LX_ST_NOEXEC : 0),
    };
    return los_copy_out(user, &out, sizeof out);
}

long lx_sys_statfs(const struct lx_args *args)
{
    struct lx_target target;
    struct los_filesystem_stat stat = {0};
    long error = lx_target_begin(&target, LX_CWD, args->arg[0], 0);
    if (error)
        return error;
    error = los_path_filesystem(&target.path, &stat);
    lx_target_end(&target);
    return error ? error : statfs_out(args->arg[1], &stat);
}

long lx_sys_fstatfs(const struct lx_args *args)
{
    struct los_filesystem_stat stat = {0};
    struct los_file *file = los_descriptor((int)args->arg[0]);
    if (!file)
        return -LOS_E_BADF;
    if (file->path.entry) {
        long error = los_path_filesystem(&file->path, &stat);
        if (error)
            return error;
    } else if (file->inode->filesystem && file->inode->filesystem->stat) {
        file->inode->filesystem->stat(file->inode->filesystem, &stat);
    } else {
        stat.magic_kind = file->inode->type == LOS_FIFO     ? LOS_PIPEFS
                          : file->inode->type == LOS_SOCKET ? LOS_SOCKFS
                                                            : LOS_ANONFS;
        stat.block_size = LOS_PAGE;
        stat.name_max = LOS_FILE_NAME_MAX;
    }
    return statfs_out(args->arg[1], &stat);
}

static long access_at(uint64_t dirfd, uint64_t path, uint64_t may, uint64_t flags)
{
    struct lx_at at;
    _Static_assert((int)LX_X_OK == (int)LOS_MAY_EXECUTE && (int)LX_W_OK == (int)LOS_MAY_WRITE, "same bits");
    _Static_assert((int)LX_R_OK == (int)LOS_MAY_READ, "same bits");
    if (may & ~7ul || flags & ~(uint64_t)(LX_AT_EACCESS | LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH))
        return -LOS_E_INVAL;
    long error = lx_at_begin(&at, dirfd, path);
    if (error)
        return error;
    error = los_access(at.start, at.path, (uint32_t)may, !(flags & LX_AT_EACCESS), lx_at_walk(flags));
    lx_at_end(&at);
    return error;
}

long lx_sys_access(const struct lx_args *args)
{
    return access_at(LX_CWD, args->arg[0], (uint32_t)args->arg[1], 0);
}
long lx_sys_faccessat(const struct lx_args *args)
{
    return access_at(args->arg[0], args->arg[1], (uint32_t)args->arg[2], 0);
}
long lx_sys_faccessat2(const struct lx_args *args)
{
    return access_at(args->arg[0], args->arg[1], (uint32_t)args->arg[2], (uint32_t)args->arg[3]);
}
