/* SPDX-License-Identifier: MPL-2.0 */
/* dup, fcntl, flock, ioctl. */
#include "at.h"

static long duplicate(struct los_file *file, int lowest, bool close_on_exec)
{
    los_file_ref(file);
    long fd = los_descriptor_add(file, lowest, close_on_exec);
    if (fd < 0)
        los_file_unref(file);
    return fd;
}

long lx_sys_dup(const struct lx_args *args)
{
    struct los_file *file = los_descriptor((int)args->arg[0]);
    return file ? duplicate(file, 0, false) : -LOS_E_BADF;
}

static long duplicate_to(int from, int to, bool close_on_exec)
{
    struct los_file *file = los_descriptor(from);
    if (!file || to < 0)
        return -LOS_E_BADF;
    long error = los_descriptor_set(to, file, close_on_exec);
    return error < 0 ? error : to;
}
long lx_sys_dup2(const struct lx_args *args)
{
    int from = (int)args->arg[0], to = (int)args->arg[1];
    if (from == to)
        return los_descriptor(from) ? to : -LOS_E_BADF;
    return duplicate_to(from, to, false);
}
long lx_sys_dup3(const struct lx_args *args)
{
    int from = (int)args->arg[0], to = (int)args->arg[1];
    if (from == to || args->arg[2] & ~(uint64_t)LX_O_CLOEXEC)
        return -LOS_E_INVAL;
    return duplicate_to(from, to, args->arg[2] & LX_O_CLOEXEC);
}

/* --- locks */
static long lock_in(struct los_file *file, uint64_t user, struct lx_flock *given, struct los_lock_range *range)
{
    struct los_stat stat;
    int64_t base = 0, start, end;
    if (los_copy_in(given, user, sizeof *given))
        return -LOS_E_FAULT;
    if (given->l_type < LX_F_RDLCK || given->l_type > LX_F_UNLCK)
        return -LOS_E_INVAL;
    if (given->l_whence == LX_SEEK_CUR) {
        base = (int64_t)file->offset;
    } else if (given->l_whence == LX_SEEK_END) {
        los_inode_stat(file->inode, &stat);
        base = (int64_t)stat.size;
    } else if (given->l_whence != LX_SEEK_SET) {
        return -LOS_E_INVAL;
    }
    if (__builtin_add_overflow(base, given->l_start, &start) ||
        __builtin_add_overflow(start, given->l_len, &end))
        return -LOS_E_OVERFLOW;
    if (given->l_len < 0) {
        int64_t swap = start;
        start = end;
        end = swap;
    }
    if (start < 0)
        return -LOS_E_INVAL;
    *range = (struct los_lock_range){
        .exclusive = given->l_type == LX_F_WRLCK,
        .unlock = given->l_type == LX_F_UNLCK,
        .start = (uint64_t)start,
        .end = given->l_len ? (uint64_t)end : UINT64_MAX,
        .pid = los_current()->process->pid,
    };
    return 0;
}

static long get_lock(struct los_file *file, uint64_t user)
{
    struct lx_flock given;
    struct los_lock_range range;
    long error = lock_in(file, user, &given, &range);
    if (error)
        return error;
    if (range.unlock)
        return -LOS_E_INVAL;
    error = los_file_test_lock(file, &range);
    if (error)
        return error;
    given.l_type = range.unlock ? LX_F_UNLCK : range.exclusive ? LX_F_WRLCK : LX_F_RDLCK;
    if (!range.unlock) {
        given.l_whence = LX_SEEK_SET;
        given.l_start = (int64_t)range.start;
        given.l_len = range.end == UINT64_MAX ? 0 : (int64_t)(range.end - range.start);
        given.l_pid = range.pid;
    }
    return los_copy_out(user, &given, sizeof given);
}

static long set_lock(struct los_file *file, uint64_t user, bool wait)
{
    struct lx_flock given;
    struct los_lock_range range;
    long error = lock_in(file, user, &given, &range);
    if (error)
        return error;
    if (!range.unlock && !(file->flags & (range.exclusive ? LOS_OPEN_WRITE : LOS_OPEN_READ)))
        return -LOS_E_BADF;
    los_file_ref(file);
    error = los_file_lock(file, false, &range, wait);
    los_file_unref(file);
    return error;
}

long lx_sys_flock(const struct lx_args *args)
{
    struct los_file *file = los_descriptor((int)args->arg[0]);
    uint32_t operation = (uint32_t)args->arg[1];
    struct los_lock_range range = {.end = UINT64_MAX};
    if (!file || file->flags & LOS_OPEN_PATH)
        return -LOS_E_BADF;
    switch (operation & ~(uint32_t)LX_LOCK_NB) {
    case LX_LOCK_SH: break;
    case LX_LOCK_EX: range.exclusive = true; break;
    case LX_LOCK_UN: range.unlock = true; break;
    default: return -LOS_E_INVAL;
    }
    los_file_ref(file);
    long error = los_file_lock(file, true, &range, !(operation & LX_LOCK_NB));
    los_file_unref(file);
    return error;
}

/* --- fcntl */
static long set_flags(struct los_file *file, uint64_t argument)
{
    const uint32_t may_change = LOS_OPEN_APPEND | LOS_OPEN_NONBLOCK | LOS_OPEN_NOATIME | LOS_OPEN_DIRECT;
    uint32_t flags = lx_open_flags((uint32_t)argument & ~(uint32_t)LX_O_ACCMODE);
    file->flags = (file->flags & ~may_change) | (flags & may_change);
    return 0;
}

static long set_pipe_size(struct los_file *file, uint64_t argument)
{
    uint32_t bytes = (uint32_t)argument;
    return bytes > INT32_MAX ? -LOS_E_INVAL : los_pipe_capacity(file, bytes);
}

long lx_sys_fcntl(const struct lx_args *args)
{
    int fd = (int)args->arg[0];
    uint32_t command = (uint32_t)args->arg[1];
    uint64_t argument = args->arg[2];
    struct los_file *file = los_descriptor(fd);
    if (!file)
        return -LOS_E_BADF;
    bool on_path = command == LX_F_DUPFD || command == LX_F_DUPFD_CLOEXEC || command == LX_F_GETFD ||
                   command == LX_F_SETFD || command == LX_F_GETFL;
    if (file->flags & LOS_OPEN_PATH && !on_path)
        return -LOS_E_BADF;
    switch (command) {
    case LX_F_DUPFD:
    case LX_F_DUPFD_CLOEXEC:
        if ((int)argument < 0)
            return -LOS_E_INVAL;
        return duplicate(file, (int)argument, command == LX_F_DUPFD_CLOEXEC);
    case LX_F_GETFD: return los_descriptor_flags(fd, -1);
    case LX_F_SETFD: return los_descriptor_flags(fd, argument & LX_FD_CLOEXEC ? 1 : 0) < 0 ? -LOS_E_BADF : 0;
    case LX_F_GETFL: return (long)lx_open_flags_out(file->flags);
    case LX_F_SETFL: return set_flags(file, argument);
    case LX_F_GETLK: return get_lock(file, argument);
    case LX_F_SETLK: return set_lock(file, argument, false);
    case LX_F_SETLKW: return set_lock(file, argument, true);
    case LX_F_GETOWN: return file->owner;
    case LX_F_SETOWN: file->owner = (int)argument; return 0;
    case LX_F_GETSIG: return 0;
    case LX_F_SETPIPE_SZ: return set_pipe_size(file, argument);
    case LX_F_GETPIPE_SZ: return los_pipe_capacity(file, -1);
    case LX_F_GETLEASE: return LX_F_UNLCK;
    default: return -LOS_E_INVAL;
    }
}

/* --- ioctl */
static long bytes_to_read(struct los_file *file, uint64_t argument)
{
    struct los_stat stat;
    long bytes;
    if (file->inode->type == LOS_REGULAR) {
        los_inode_stat(file->inode, &stat);
        bytes = (long)stat.size - (long)file->offset;
    } else {
        bytes = los_pipe_available(file);
        if (bytes < 0)
            return bytes;
    }
    int32_t out = (int32_t)bytes;
    return los_copy_out(argument, &out, sizeof out);
}

long lx_sys_ioctl(const struct lx_args *args)
{
    int fd = (int)args->arg[0], on;
    uint32_t request = (uint32_t)args->arg[1];
    uint64_t argument = args->arg[2];
    struct los_file *file = los_descriptor(fd);
    if (!file || file->flags & LOS_OPEN_PATH)
        return -LOS_E_BADF;
    switch (request) {
    case LX_FIOCLEX: return los_descriptor_flags(fd, 1) < 0 ? -LOS_E_BADF : 0;
    case LX_FIONCLEX: return los_descriptor_flags(fd, 0) < 0 ? -LOS_E_BADF : 0;
    case LX_FIONBIO:
        if (los_copy_in(&on, argument, sizeof on))
            return -LOS_E_FAULT;
        file->flags = on ? file->flags | LOS_OPEN_NONBLOCK : file->flags & ~(uint32_t)LOS_OPEN_NONBLOCK;
        return 0;
    default: break;
    }
    los_file_ref(file);
    long result = lx_terminal_ioctl(file, request, argument);
    if (result == -LOS_E_NOTTY && request == LX_FIONREAD)
        result = bytes_to_read(file, argument);
    if (result == -LOS_E_NOTTY && file->ops->control)
        result = file->ops->control(file, request, argument);
    los_file_unref(file);
    return result;
}
