/* SPDX-License-Identifier: MPL-2.0 */
/* Permissions, owners, times, umask. */
#include "at.h"

#define MODE_BITS 07777u

static long change_mode(uint64_t dirfd, uint64_t path, uint64_t mode)
{
    struct lx_target target;
    long error = lx_target_begin(&target, dirfd, path, 0);
    if (error)
        return error;
    error = los_change_mode(target.inode, (uint32_t)mode & MODE_BITS);
    lx_target_end(&target);
    return error;
}
long lx_sys_chmod(const struct lx_args *args) { return change_mode(LX_CWD, args->arg[0], args->arg[1]); }
long lx_sys_fchmodat(const struct lx_args *args)
{
    return change_mode(args->arg[0], args->arg[1], args->arg[2]);
}
long lx_sys_fchmod(const struct lx_args *args)
{
    struct los_file *file = los_descriptor((int)args->arg[0]);
    if (!file || file->flags & LOS_OPEN_PATH)
        return -LOS_E_BADF;
    return los_change_mode(file->inode, (uint32_t)args->arg[1] & MODE_BITS);
}

static long change_owner(uint64_t dirfd, uint64_t path, uint64_t user, uint64_t group, uint64_t flags)
{
    struct lx_target target;
    long error = lx_target_begin(&target, dirfd, path, flags);
    if (error)
        return error;
    error = los_change_owner(target.inode, (uint32_t)user, (uint32_t)group);
    lx_target_end(&target);
    return error;
}
long lx_sys_chown(const struct lx_args *args)
{
    return change_owner(LX_CWD, args->arg[0], args->arg[1], args->arg[2], 0);
}
long lx_sys_lchown(const struct lx_args *args)
{
    return change_owner(LX_CWD, args->arg[0], args->arg[1], args->arg[2], LX_AT_SYMLINK_NOFOLLOW);
}
long lx_sys_fchownat(const struct lx_args *args)
{
    if (args->arg[4] & ~(uint64_t)(LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH))
        return -LOS_E_INVAL;
    return change_owner(args->arg[0], args->arg[1], args->arg[2], args->arg[3], args->arg[4]);
}
long lx_sys_fchown(const struct lx_args *args)
{
    struct los_file *file = los_descriptor((int)args->arg[0]);
    if (!file || file->flags & LOS_OPEN_PATH)
        return -LOS_E_BADF;
    return los_change_owner(file->inode, (uint32_t)args->arg[1], (uint32_t)args->arg[2]);
}

long lx_sys_umask(const struct lx_args *args)
{
    struct los_file_context *context = los_current()->process->files;
    uint32_t old = context->mask;
    context->mask = (uint32_t)args->arg[0] & 0777;
    return old;
}

/* --- times. Each of the two may be given, be the present time, or stay as it is. */
struct times {
    struct los_timestamp accessed, modified;
    bool set_accessed, set_modified;
    bool explicit; /* some time was given: only the owner may; else who may write may, too */
};

static struct los_timestamp present(void)
{
    uint64_t now = los_wall_now();
    return (struct los_timestamp){(int64_t)(now / 1000000000), (uint32_t)(now % 1000000000)};
}

static long change_times(struct los_inode *inode, const struct times *times)
{
    const struct los_credentials *who = &los_current()->process->credentials;
    if (!times->set_accessed && !times->set_modified)
        return 0;
    if (!lx_is_root() && who->file_user != inode->user) {
        if (times->explicit)
            return -LOS_E_PERM;
        long error = los_inode_permission(inode, LOS_MAY_WRITE);
        if (error)
            return error;
    }
    return los_change_times(inode, times->set_accessed ? &times->accessed : NULL,
                            times->set_modified ? &times->modified : NULL);
}

static void times_now(struct times *times) { *times = (struct times){present(), present(), true, true, false}; }

static long one_time(const struct lx_timespec *from, struct los_timestamp *to, bool *set, bool *explicit)
{
    if (from->tv_nsec == LX_UTIME_OMIT) {
        *set = false;
        return 0;
    }
    *set = true;
    if (from->tv_nsec == LX_UTIME_NOW) {
        *to = present();
        return 0;
    }
    if (from->tv_nsec < 0 || from->tv_nsec >= 1000000000)
        return -LOS_E_INVAL;
    *to = (struct los_timestamp){from->tv_sec, (uint32_t)from->tv_nsec};
    *explicit = true;
    return 0;
}

static long times_at(uint64_t dirfd, uint64_t path, const struct times *times, uint64_t flags)
{
    struct lx_target target;
    if (!path) { /* the descriptor itself */
        struct los_file *file = los_descriptor((int)dirfd);
        if (flags & ~(uint64_t)LX_AT_EMPTY_PATH)
            return -LOS_E_INVAL;
        return file && !(file->flags & LOS_OPEN_PATH) ? change_times(file->inode, times) : -LOS_E_BADF;
    }
    long error = lx_target_begin(&target, dirfd, path, flags);
    if (error)
        return error;
    error = change_times(target.inode, times);
    lx_target_end(&target);
    return error;
}

long lx_sys_utimensat(const struct lx_args *args)
{
    struct lx_timespec given[2];
    struct times times;
    if (args->arg[3] & ~(uint64_t)(LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH))
        return -LOS_E_INVAL;
    times_now(&times);
    if (args->arg[2]) {
        if (los_copy_in(given, args->arg[2], sizeof given))
            return -LOS_E_FAULT;
        long error = one_time(&given[0], &times.accessed, &times.set_accessed, &times.explicit);
        if (!error)
            error = one_time(&given[1], &times.modified, &times.set_modified, &times.explicit);
        if (error)
            return error;
        if (!times.set_accessed || !times.set_modified)
            times.explicit = true;
    }
    return times_at(args->arg[0], args->arg[1], &times, args->arg[3]);
}

static long times_of_timevals(uint64_t dirfd, uint64_t path, uint64_t user)
{
    struct lx_timeval given[2];
    struct times times;
    times_now(&times);
    if (user) {
        if (los_copy_in(given, user, sizeof given))
            return -LOS_E_FAULT;
        for (int i = 0; i < 2; i++)
            if (given[i].tv_usec < 0 || given[i].tv_usec >= 1000000)
                return -LOS_E_INVAL;
        times.accessed = (struct los_timestamp){given[0].tv_sec, (uint32_t)given[0].tv_usec * 1000};
        times.modified = (struct los_timestamp){given[1].tv_sec, (uint32_t)given[1].tv_usec * 1000};
        times.explicit = true;
    }
    return times_at(dirfd, path, &times, 0);
}
long lx_sys_utimes(const struct lx_args *args)
{
    return args->arg[0] ? times_of_timevals(LX_CWD, args->arg[0], args->arg[1]) : -LOS_E_FAULT;
}
long lx_sys_futimesat(const struct lx_args *args)
{
    return times_of_timevals(args->arg[0], args->arg[1], args->arg[2]);
}
long lx_sys_utime(const struct lx_args *args)
{
    struct lx_utimbuf given;
    struct times times;
    times_now(&times);
    if (!args->arg[0])
        return -LOS_E_FAULT;
    if (args->arg[1]) {
        if (los_copy_in(&given, args->arg[1], sizeof given))
            return -LOS_E_FAULT;
        times.accessed = (struct los_timestamp){given.actime, 0};
        times.modified = (struct los_timestamp){given.modtime, 0};
        times.explicit = true;
    }
    return times_at(LX_CWD, args->arg[0], &times, 0);
}
