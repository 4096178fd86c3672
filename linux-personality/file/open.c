/* SPDX-License-Identifier: MPL-2.0 */
/* open and its kin, close, memfd_create. */
#include "at.h"

#define MODE_BITS 07777u

static long install(struct los_file *file, bool close_on_exec)
{
    long fd = los_descriptor_add(file, 0, close_on_exec);
    if (fd < 0)
        los_file_unref(file);
    return fd;
}

static long open_at(uint64_t dirfd, uint64_t path, uint64_t flags, uint64_t mode)
{
    struct lx_at at;
    struct los_file *file;
    long error = lx_at_begin(&at, dirfd, path);
    if (error)
        return error;
    error = los_open(at.start, at.path, lx_open_flags(flags), (uint32_t)mode & MODE_BITS, &file);
    lx_at_end(&at);
    return error ? error : install(file, flags & LX_O_CLOEXEC);
}

long lx_sys_open(const struct lx_args *args)
{
    return open_at(LX_CWD, args->arg[0], (uint32_t)args->arg[1], args->arg[2]);
}
long lx_sys_openat(const struct lx_args *args)
{
    return open_at(args->arg[0], args->arg[1], (uint32_t)args->arg[2], args->arg[3]);
}
long lx_sys_creat(const struct lx_args *args)
{
    return open_at(LX_CWD, args->arg[0], LX_O_CREAT | LX_O_WRONLY | LX_O_TRUNC, args->arg[1]);
}

long lx_sys_openat2(const struct lx_args *args)
{
    struct lx_open_how how = {0};
    uint64_t size = args->arg[3];
    if (size < sizeof how)
        return -LOS_E_INVAL;
    for (uint64_t at = sizeof how; at < size; at++) {
        uint8_t byte;
        if (at >= LX_PATH_MAX)
            return -LOS_E_TOOBIG;
        if (los_copy_in(&byte, args->arg[2] + at, 1))
            return -LOS_E_FAULT;
        if (byte)
            return -LOS_E_TOOBIG; /* asks for something that is not known here */
    }
    if (los_copy_in(&how, args->arg[2], sizeof how))
        return -LOS_E_FAULT;
    bool makes = (how.flags & LX_O_CREAT) || (how.flags & LX_O_TMPFILE) == LX_O_TMPFILE;
    if (how.mode & ~(uint64_t)MODE_BITS || (how.mode && !makes) || how.flags >> 32)
        return -LOS_E_INVAL;
    if (how.resolve & ~(uint64_t)LX_RESOLVE_CACHED)
        return -LOS_E_INVAL; /* restricted walks are not built */
    return open_at(args->arg[0], args->arg[1], how.flags, how.mode);
}

long lx_sys_close(const struct lx_args *args) { return los_descriptor_close((int)args->arg[0]); }

long lx_sys_close_range(const struct lx_args *args)
{
    uint32_t first = (uint32_t)args->arg[0], last = (uint32_t)args->arg[1], flags = (uint32_t)args->arg[2];
    struct los_process *process = los_current()->process;
    if (first > last || flags & ~(uint32_t)(LX_CLOSE_RANGE_UNSHARE | LX_CLOSE_RANGE_CLOEXEC))
        return -LOS_E_INVAL;
    if (flags & LX_CLOSE_RANGE_UNSHARE) {
        struct los_descriptors *own = los_descriptors_clone(process->descriptors);
        if (!own)
            return -LOS_E_NOMEM;
        los_descriptors_unref(process->descriptors);
        process->descriptors = own;
    }
    if (first > INT32_MAX)
        return 0;
    for (int fd = los_descriptor_next(process, (int)first); fd >= 0 && (uint32_t)fd <= last;
         fd = los_descriptor_next(process, fd + 1)) {
        if (flags & LX_CLOSE_RANGE_CLOEXEC)
            los_descriptor_flags(fd, 1);
        else
            los_descriptor_close(fd);
    }
    return 0;
}

long lx_sys_pipe2(const struct lx_args *args)
{
    struct los_file *end[2];
    uint64_t flags = (uint32_t)args->arg[1];
    int fd[2];
    if (flags & ~(uint64_t)(LX_O_CLOEXEC | LX_O_NONBLOCK | LX_O_DIRECT))
        return -LOS_E_INVAL;
    long error = los_pipe_create(flags & LX_O_NONBLOCK ? LOS_OPEN_NONBLOCK : 0, &end[0], &end[1]);
    if (error)
        return error;
    fd[0] = (int)install(end[0], flags & LX_O_CLOEXEC);
    if (fd[0] < 0) {
        los_file_unref(end[1]);
        return fd[0];
    }
    fd[1] = (int)install(end[1], flags & LX_O_CLOEXEC);
    if (fd[1] < 0 || los_copy_out(args->arg[0], fd, sizeof fd)) {
        los_descriptor_close(fd[0]);
        if (fd[1] < 0)
            return fd[1];
        los_descriptor_close(fd[1]);
        return -LOS_E_FAULT;
    }
    return 0;
}

long lx_sys_pipe(const struct lx_args *args)
{
    struct lx_args with_flags = *args;
    with_flags.arg[1] = 0;
    return lx_sys_pipe2(&with_flags);
}
