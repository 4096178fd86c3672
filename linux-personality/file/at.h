/* SPDX-License-Identifier: MPL-2.0 */
/* A path argument of a system call, with the place where it starts. */
#ifndef LX_FILE_AT_H
#define LX_FILE_AT_H

#include <personality.h>

struct lx_at {
    const struct los_path *start; /* NULL: the cwd. No reference */
    char *path;                   /* the library OS's copy */
};

/* Copies the path in and finds its start. 0, or an error (then there is nothing to end). */
static inline long lx_at_begin(struct lx_at *at, uint64_t dirfd, uint64_t user)
{
    long error = lx_path(user, &at->path);
    if (error)
        return error;
    error = lx_fd_path(dirfd, at->path, &at->start);
    if (error)
        lx_path_free(at->path);
    return error;
}
static inline void lx_at_end(struct lx_at *at) { lx_path_free(at->path); }

/* Walk flags of the AT_ flags that every such call knows. */
static inline uint32_t lx_at_walk(uint64_t flags)
{
    return (flags & LX_AT_SYMLINK_NOFOLLOW ? LOS_WALK_NOFOLLOW : 0) |
           (flags & LX_AT_EMPTY_PATH ? LOS_WALK_EMPTY : 0);
}

/* The inode that a ...at call means, with the descriptor itself for an empty path and AT_EMPTY_PATH (which may be a pipe, in no
 * tree). Ended with lx_target_end. */
struct lx_target {
    struct los_inode *inode;
    struct los_path path; /* mount NULL: of a descriptor */
    struct los_file *file;
};
long lx_target_begin(struct lx_target *target, uint64_t dirfd, uint64_t user_path, uint64_t flags);
void lx_target_end(struct lx_target *target);

#define LX_CWD ((uint64_t)(int64_t)LX_AT_FDCWD)

#endif
