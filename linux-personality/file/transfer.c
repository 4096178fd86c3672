/* SPDX-License-Identifier: MPL-2.0 */
/* read, write, and all that move bytes. */
#include "at.h"

#define COPY_CHUNK 16384ul

static struct los_transfer program(uint64_t at, uint64_t bytes)
{
    return (struct los_transfer){at, bytes < LX_RW_COUNT_MAX ? bytes : LX_RW_COUNT_MAX, true};
}

static long check_user(uint64_t at, uint64_t bytes)
{
    return at <= LOS_USER_END && bytes <= LOS_USER_END - at ? 0 : -LOS_E_FAULT;
}

/* One buffer to or from a file; offset NULL: at the file's own. A file stays open while the call sleeps, whatever others close. */
static long move(int fd, uint64_t at, uint64_t bytes, uint64_t *offset, bool in)
{
    struct los_file *file = los_descriptor(fd);
    if (!file)
        return -LOS_E_BADF;
    if (offset && !file->ops->seek)
        return -LOS_E_SPIPE;
    if (check_user(at, bytes < LX_RW_COUNT_MAX ? bytes : LX_RW_COUNT_MAX))
        return -LOS_E_FAULT;
    struct los_transfer transfer = program(at, bytes);
    los_file_ref(file);
    long moved = in ? los_file_read(file, &transfer, offset) : los_file_write(file, &transfer, offset);
    los_file_unref(file);
    return moved;
}

long lx_sys_read(const struct lx_args *args)
{
    return move((int)args->arg[0], args->arg[1], args->arg[2], NULL, true);
}
long lx_sys_write(const struct lx_args *args)
{
    return move((int)args->arg[0], args->arg[1], args->arg[2], NULL, false);
}
long lx_sys_pread64(const struct lx_args *args)
{
    uint64_t offset = args->arg[3];
    if ((int64_t)offset < 0)
        return -LOS_E_INVAL;
    return move((int)args->arg[0], args->arg[1], args->arg[2], &offset, true);
}
long lx_sys_pwrite64(const struct lx_args *args)
{
    uint64_t offset = args->arg[3];
    if ((int64_t)offset < 0)
        return -LOS_E_INVAL;
    return move((int)args->arg[0], args->arg[1], args->arg[2], &offset, false);
}

/* Several buffers: goes on while each is moved in full. */
static long move_vector(int fd, uint64_t user, uint64_t n, uint64_t *offset, bool in)
{
    struct lx_iovec *vector;
    size_t total;
    struct los_file *file = los_descriptor(fd);
    if (!file)
        return -LOS_E_BADF;
    if (offset && !file->ops->seek)
        return -LOS_E_SPIPE;
    long error = lx_iovecs_in(user, n, &vector, &total), moved = 0;
    if (error)
        return error;
    los_file_ref(file);
    if (!total) { /* open mode and the like are still checked */
        struct los_transfer nothing = program(0, 0);
        moved = in ? los_file_read(file, &nothing, offset) : los_file_write(file, &nothing, offset);
    }
    for (uint64_t i = 0; i < n && total; i++) {
        struct los_transfer transfer = program(vector[i].base, vector[i].length);
        if (!transfer.left)
            continue;
        long one = check_user(transfer.at, transfer.left);
        if (!one)
            one = in ? los_file_read(file, &transfer, offset) : los_file_write(file, &transfer, offset);
        if (one < 0) {
            moved = moved ? moved : one;
            break;
        }
        moved += one;
        if ((uint64_t)one < vector[i].length)
            break;
        /* What streams had ready has been taken; waiting for more would withhold it. */
        if (in && !file->ops->seek && i + 1 < n && file->ops->poll &&
            !(file->ops->poll(file, NULL) & LOS_POLL_IN))
            break;
    }
    los_file_unref(file);
    los_free(vector);
    return moved;
}

long lx_sys_readv(const struct lx_args *args)
{
    return move_vector((int)args->arg[0], args->arg[1], args->arg[2], NULL, true);
}
long lx_sys_writev(const struct lx_args *args)
{
    return move_vector((int)args->arg[0], args->arg[1], args->arg[2], NULL, false);
}
long lx_sys_preadv(const struct lx_args *args)
{
    uint64_t offset = args->arg[3];
    if ((int64_t)offset < 0)
        return -LOS_E_INVAL;
    return move_vector((int)args->arg[0], args->arg[1], args->arg[2], &offset, true);
}
long lx_sys_pwritev(const struct lx_args *args)
{
    uint64_t offset = args->arg[3];
    if ((int64_t)offset < 0)
        return -LOS_E_INVAL;
    return move_vector((int)args->arg[0], args->arg[1], args->arg[2], &offset, false);
}

static long vector_with_flags(const struct lx_args *args, bool in)
{
    uint64_t offset = args->arg[3], flags = (uint32_t)args->arg[5];
    if (flags & ~(uint64_t)(LX_RWF_HIPRI | LX_RWF_DSYNC | LX_RWF_SYNC))
        return -LOS_E_OPNOTSUPP;
    if ((int64_t)offset < -1)
        return -LOS_E_INVAL;
    return move_vector((int)args->arg[0], args->arg[1], args->arg[2], offset == UINT64_MAX ? NULL : &offset,
                       in);
}
long lx_sys_preadv2(const struct lx_args *args) { return vector_with_flags(args, true); }
long lx_sys_pwritev2(const struct lx_args *args) { return vector_with_flags(args, false); }

long lx_sys_lseek(const struct lx_args *args)
{
    struct los_file *file = los_descriptor((int)args->arg[0]);
    _Static_assert(LX_SEEK_SET == 0 && LX_SEEK_CUR == 1 && LX_SEEK_END == 2 && LX_SEEK_DATA == 3 &&
                       LX_SEEK_HOLE == 4,
                   "as los_file_ops.seek numbers them");
    if (!file || file->flags & LOS_OPEN_PATH)
        return -LOS_E_BADF;
    if ((uint32_t)args->arg[2] > LX_SEEK_HOLE)
        return -LOS_E_INVAL;
    return los_file_seek(file, (int64_t)args->arg[1], (int)args->arg[2]);
}

/* Moves up to `bytes` from one file to another through a buffer. What was read and could not be written is put back where the source can
 * seek. */
static long copy(struct los_file *in, uint64_t *in_offset, struct los_file *out, uint64_t *out_offset,
                 uint64_t bytes)
{
    long copied = 0, error = 0;
    char *buffer = los_alloc(COPY_CHUNK);
    if (!buffer)
        return -LOS_E_NOMEM;
    while ((uint64_t)copied < bytes) {
        uint64_t left = bytes - (uint64_t)copied, chunk = left < COPY_CHUNK ? left : COPY_CHUNK;
        struct los_transfer to = {(uint64_t)buffer, chunk, false};
        long got = los_file_read(in, &to, in_offset), put = 0;
        if (got <= 0) {
            error = got;
            break;
        }
        struct los_transfer from = {(uint64_t)buffer, (size_t)got, false};
        while (put < got) {
            error = los_file_write(out, &from, out_offset);
            if (error <= 0)
                break;
            put += error;
            error = 0;
        }
        copied += put;
        if (put < got) {
            if (in_offset)
                *in_offset -= (uint64_t)(got - put);
            else if (in->ops->seek)
                los_file_seek(in, put - got, LX_SEEK_CUR);
            break;
        }
    }
    los_free(buffer);
    return copied ? copied : error;
}

static long copy_descriptors(int in_fd, uint64_t in_user, int out_fd, uint64_t out_user, uint64_t bytes,
                             bool regular)
{
    struct los_file *in = los_descriptor(in_fd), *out = los_descriptor(out_fd);
    uint64_t in_offset, out_offset;
    if (!in || !out || !(in->flags & LOS_OPEN_READ) || !(out->flags & LOS_OPEN_WRITE))
        return -LOS_E_BADF;
    if ((in_user && !in->ops->seek) || (out_user && !out->ops->seek))
        return -LOS_E_SPIPE;
    if (in->inode->type == LOS_DIRECTORY || out->inode->type == LOS_DIRECTORY)
        return -LOS_E_ISDIR;
    /* As Linux: what cannot be read again is not sent, so that nothing taken from it can be lost. */
    if (in->inode->type != LOS_REGULAR && in->inode->type != LOS_BLOCK)
        return -LOS_E_INVAL;
    if (regular && (in->inode->type != LOS_REGULAR || out->inode->type != LOS_REGULAR))
        return -LOS_E_INVAL;
    if ((out->flags & LOS_OPEN_APPEND) && regular)
        return -LOS_E_BADF;
    if ((in_user && los_copy_in(&in_offset, in_user, sizeof in_offset)) ||
        (out_user && los_copy_in(&out_offset, out_user, sizeof out_offset)))
        return -LOS_E_FAULT;
    if ((in_user && (int64_t)in_offset < 0) || (out_user && (int64_t)out_offset < 0))
        return -LOS_E_INVAL;
    if (bytes > LX_RW_COUNT_MAX)
        bytes = LX_RW_COUNT_MAX;
    los_file_ref(in);
    los_file_ref(out);
    long copied = copy(in, in_user ? &in_offset : NULL, out, out_user ? &out_offset : NULL, bytes);
    los_file_unref(in);
    los_file_unref(out);
    if (copied >= 0 && ((in_user && los_copy_out(in_user, &in_offset, sizeof in_offset)) ||
                        (out_user && los_copy_out(out_user, &out_offset, sizeof out_offset))))
        return -LOS_E_FAULT;
    return copied;
}

long lx_sys_sendfile(const struct lx_args *args)
{
    return copy_descriptors((int)args->arg[1], args->arg[2], (int)args->arg[0], 0, args->arg[3], false);
}

long lx_sys_copy_file_range(const struct lx_args *args)
{
    if (args->arg[5])
        return -LOS_E_INVAL;
    return copy_descriptors((int)args->arg[0], args->arg[1], (int)args->arg[2], args->arg[3], args->arg[4],
                            true);
}

static long sync_file(int fd)
{
    struct los_file *file = los_descriptor(fd);
    if (!file || file->flags & LOS_OPEN_PATH)
        return -LOS_E_BADF;
    if (file->ops->sync)
        return file->ops->sync(file);
    return file->inode->type == LOS_REGULAR || file->inode->type == LOS_DIRECTORY ? 0 : -LOS_E_INVAL;
}
long lx_sys_fsync(const struct lx_args *args) { return sync_file((int)args->arg[0]); }
long lx_sys_fdatasync(const struct lx_args *args) { return sync_file((int)args->arg[0]); }
long lx_sys_syncfs(const struct lx_args *args) { return los_descriptor((int)args->arg[0]) ? 0 : -LOS_E_BADF; }
long lx_sys_sync(const struct lx_args *args)
{
    (void)args; /* no file system here has anything that is not where it belongs */
    return 0;
}

long lx_sys_truncate(const struct lx_args *args)
{
    struct lx_at at;
    if ((int64_t)args->arg[1] < 0)
        return -LOS_E_INVAL;
    long error = lx_at_begin(&at, LX_CWD, args->arg[0]);
    if (error)
        return error;
    error = los_truncate(at.start, at.path, args->arg[1]);
    lx_at_end(&at);
    return error;
}

long lx_sys_ftruncate(const struct lx_args *args)
{
    struct los_file *file = los_descriptor((int)args->arg[0]);
    if (!file || file->flags & LOS_OPEN_PATH)
        return -LOS_E_BADF;
    if ((int64_t)args->arg[1] < 0 || file->inode->type != LOS_REGULAR || !(file->flags & LOS_OPEN_WRITE))
        return -LOS_E_INVAL;
    return los_file_truncate(file, args->arg[1]);
}

long lx_sys_fallocate(const struct lx_args *args)
{
    struct los_file *file = los_descriptor((int)args->arg[0]);
    uint32_t mode = (uint32_t)args->arg[1];
    int64_t offset = (int64_t)args->arg[2], bytes = (int64_t)args->arg[3];
    if (!file || !(file->flags & LOS_OPEN_WRITE))
        return -LOS_E_BADF;
    if (offset < 0 || bytes <= 0)
        return -LOS_E_INVAL;
    if (offset > INT64_MAX - bytes)
        return -LOS_E_FBIG;
    if (mode & ~(uint32_t)(LX_FALLOC_KEEP_SIZE | LX_FALLOC_PUNCH_HOLE) || mode == LX_FALLOC_PUNCH_HOLE)
        return -LOS_E_OPNOTSUPP;
    if (file->inode->type == LOS_FIFO)
        return -LOS_E_SPIPE;
    if (file->inode->type != LOS_REGULAR)
        return -LOS_E_NODEV;
    return los_file_allocate(file, (uint64_t)offset, (uint64_t)bytes, mode & LX_FALLOC_KEEP_SIZE,
                             mode & LX_FALLOC_PUNCH_HOLE);
}
