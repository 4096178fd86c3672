/* SPDX-License-Identifier: MPL-2.0 */
/* Directories: reading them, the working directory, the root. */
#include "at.h"

/* --- getdents: records go to the program one by one until one does not fit */
struct listing {
    uint64_t at;
    size_t left, written;
    bool refused; /* a record did not fit */
    bool old;     /* struct linux_dirent: its type is the last byte */
    long error;
};

static bool emit(void *context, const struct los_directory_item *item, uint64_t next)
{
    struct listing *listing = context;
    char record[LX_PATH_MAX / 8];
    size_t length = strlen(item->name);
    size_t header = listing->old ? sizeof(struct lx_dirent) : sizeof(struct lx_dirent64);
    size_t bytes = LOS_ROUND_UP(header + length + (listing->old ? 2 : 1), 8);
    if (bytes > listing->left || bytes > sizeof record) {
        listing->refused = true;
        return false;
    }
    memset(record, 0, bytes);
    if (listing->old) {
        struct lx_dirent *out = (struct lx_dirent *)record;
        out->d_ino = item->inode;
        out->d_off = next;
        out->d_reclen = (uint16_t)bytes;
        memcpy(out->d_name, item->name, length);
        record[bytes - 1] = (char)lx_dirent_type(item->type);
    } else {
        struct lx_dirent64 *out = (struct lx_dirent64 *)record;
        out->d_ino = item->inode;
        out->d_off = (int64_t)next;
        out->d_reclen = (uint16_t)bytes;
        out->d_type = lx_dirent_type(item->type);
        memcpy(out->d_name, item->name, length);
    }
    if (los_copy_out(listing->at + listing->written, record, bytes)) {
        listing->error = -LOS_E_FAULT;
        return false;
    }
    listing->written += bytes;
    listing->left -= bytes;
    return true;
}

static long list(const struct lx_args *args, bool old)
{
    struct los_file *file = los_descriptor((int)args->arg[0]);
    struct listing listing = {.at = args->arg[1], .left = (uint32_t)args->arg[2], .old = old};
    if (!file || file->flags & LOS_OPEN_PATH)
        return -LOS_E_BADF;
    if (file->inode->type != LOS_DIRECTORY)
        return -LOS_E_NOTDIR;
    los_file_ref(file);
    long error = los_file_list(file, emit, &listing);
    los_file_unref(file);
    if (listing.written)
        return (long)listing.written;
    if (listing.error)
        return listing.error;
    if (error < 0)
        return error;
    return listing.refused ? -LOS_E_INVAL : 0; /* no room for a single record, or the end */
}
long lx_sys_getdents(const struct lx_args *args) { return list(args, true); }
long lx_sys_getdents64(const struct lx_args *args) { return list(args, false); }

long lx_sys_getcwd(const struct lx_args *args)
{
    const struct los_file_context *context = los_current()->process->files;
    static const char outside[] = "(unreachable)";
    char *text = los_alloc(LX_PATH_MAX + sizeof outside);
    if (!text)
        return -LOS_E_NOMEM;
    long length;
    if (!los_path_inode(&context->cwd)->links) {
        length = -LOS_E_NOENT;
    } else {
        length = los_path_text(&context->cwd, &context->root, text, LX_PATH_MAX);
        if (length == -LOS_E_NOENT) { /* not below the root: said as Linux says it */
            memcpy(text, outside, sizeof outside);
            length = los_path_text(&context->cwd, NULL, text + sizeof outside - 1, LX_PATH_MAX);
            length = length < 0 ? length : length + (long)sizeof outside - 1;
        }
    }
    if (length >= 0) {
        if ((uint64_t)length + 1 > args->arg[1])
            length = -LOS_E_RANGE;
        else if (los_copy_out(args->arg[0], text, (size_t)length + 1))
            length = -LOS_E_FAULT;
        else
            length++;
    }
    los_free(text);
    return length;
}

static long walk_to_directory(uint64_t user, struct los_path *path)
{
    struct lx_at at;
    long error = lx_at_begin(&at, LX_CWD, user);
    if (error)
        return error;
    error = los_walk(at.start, at.path, LOS_WALK_DIRECTORY, path);
    lx_at_end(&at);
    if (!error) {
        error = los_inode_permission(los_path_inode(path), LOS_MAY_EXECUTE);
        if (error)
            los_path_unref(path);
    }
    return error;
}

long lx_sys_chdir(const struct lx_args *args)
{
    struct los_path path;
    long error = walk_to_directory(args->arg[0], &path);
    if (error)
        return error;
    error = los_change_directory(&path);
    los_path_unref(&path);
    return error;
}

long lx_sys_fchdir(const struct lx_args *args)
{
    struct los_file *file = los_descriptor((int)args->arg[0]);
    if (!file)
        return -LOS_E_BADF;
    if (file->inode->type != LOS_DIRECTORY)
        return -LOS_E_NOTDIR;
    long error = los_inode_permission(file->inode, LOS_MAY_EXECUTE);
    return error ? error : los_change_directory(&file->path);
}

long lx_sys_chroot(const struct lx_args *args)
{
    struct los_path path;
    long error = walk_to_directory(args->arg[0], &path);
    if (error)
        return error;
    error = lx_is_root() ? los_change_root(&path) : -LOS_E_PERM;
    los_path_unref(&path);
    return error;
}
