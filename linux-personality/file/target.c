/* SPDX-License-Identifier: MPL-2.0 */
/* Which inode a call means: by path, or by a descriptor with an empty path. */
#include "at.h"

long lx_target_begin(struct lx_target *target, uint64_t dirfd, uint64_t user_path, uint64_t flags)
{
    char *path;
    const struct los_path *start;
    *target = (struct lx_target){0};
    long error = lx_path(user_path, &path);
    if (error)
        return error;
    if (!*path && (flags & LX_AT_EMPTY_PATH) && (int)dirfd != LX_AT_FDCWD) {
        target->file = los_descriptor((int)dirfd);
        lx_path_free(path);
        if (!target->file)
            return -LOS_E_BADF;
        los_file_ref(target->file);
        target->inode = target->file->inode;
        return 0;
    }
    error = lx_fd_path(dirfd, path, &start);
    if (!error)
        error = los_walk(start, path, lx_at_walk(flags), &target->path);
    lx_path_free(path);
    if (!error)
        target->inode = los_path_inode(&target->path);
    return error;
}

void lx_target_end(struct lx_target *target)
{
    if (target->file)
        los_file_unref(target->file);
    else
        los_path_unref(&target->path);
}
