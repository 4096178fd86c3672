/* SPDX-License-Identifier: MPL-2.0 */
/* What tmpfs.c (names, limit) and tmpfs_data.c (contents) share. */
#ifndef LOS_FILE_TMPFS_H
#define LOS_FILE_TMPFS_H

#include "internal.h"
#include "pages.h"

struct tmpfs {
    struct los_filesystem filesystem;
    uint64_t limit, used; /* bytes */
};
/* The contents of a regular file: lives as long as the inode or a mapping. */
struct tmpfs_data {
    struct los_object object;
    struct tmpfs *fs; /* referenced */
    struct los_page_tree pages;
    uint64_t size; /* as the inode's */
    bool shared;   /* some of the pages are an archive's: not to be written */
};
bool los_tmpfs_charge(struct tmpfs *fs, uint64_t bytes);
void los_tmpfs_uncharge(struct tmpfs *fs, uint64_t bytes);
struct tmpfs_data *los_tmpfs_data_new(struct tmpfs *fs);
long los_tmpfs_copy_up(struct los_inode *inode); /* before it is written: 0, or NOSPC */
long los_tmpfs_truncate(struct los_inode *inode, uint64_t size);
long los_tmpfs_allocate(struct los_inode *inode, uint64_t offset, uint64_t bytes, bool keep_size, bool punch);
extern const struct los_file_ops los_tmpfs_file_ops;

#endif
