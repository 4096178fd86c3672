/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Generated file systems (proc, pts, ...): a tree whose names, texts and links are made by callbacks when they are looked at.
 *
 * A `struct los_pseudo` is a kind of node: constant, shared by all nodes of that kind. A `struct los_pseudo_node` is one node:
 * its kind and two numbers of the kind's own (a pid and a descriptor, say). Numbers and not pointers, so that a node that outlives what it
 * shows is harmless: each callback looks the object up again and returns NOENT or SRCH when it is gone.
 * Children given in `items` inherit the directory's numbers. Nothing is cached: each look-up calls back.
 */
#ifndef LOS_PSEUDO_H
#define LOS_PSEUDO_H

#include <los/file.h>

struct los_pseudo;
struct los_pseudo_node {
    const struct los_pseudo *kind;
    uint64_t number;   /* inode number; 0: made from kind, values and name, so the same for the same thing */
    uint64_t value[2]; /* the kind's own */
    uint32_t minor;    /* of devices */
};
struct los_pseudo_item {
    const char *name; /* NULL ends the list */
    const struct los_pseudo *kind;
};
struct los_pseudo {
    enum los_file_type type;
    uint32_t permissions;
    uint32_t major; /* of devices */

    /* Directories: fixed names first (may be NULL), then these two (may be NULL). */
    const struct los_pseudo_item *items;
    /* Fills in out->kind and value (zeroed but for value, which is the directory's). 0 or an error (NOENT). name has a NUL at name[length]. */
    long (*lookup)(const struct los_pseudo_node *dir, const char *name, size_t length,
                   struct los_pseudo_node *out);
    /* The first item whose cursor is greater than *cursor (0 at first): writes its name and node and moves *cursor to it. False: no more.
     * Example: the process with the lowest pid above *cursor, *cursor = that pid. Cursors stay below 2^48. */
    bool (*next)(const struct los_pseudo_node *dir, uint64_t *cursor, char name[LOS_FILE_NAME_MAX + 1],
                 struct los_pseudo_node *out);

    /* Regular files: the whole text, made at open and again when it is read from offset 0. 0 or an error (for the open or read). */
    long (*make)(struct los_text *text, const struct los_pseudo_node *node);
    /* One write: n bytes (at most 4096, with a NUL at bytes[n]) given to the file. Bytes taken or an error. NULL: ACCES at open for writing. */
    long (*write)(const struct los_pseudo_node *node, const char *bytes, size_t n);

    /* Symbolic links: one or both (see los_inode_ops). follow leaves *path referenced. */
    long (*read_link)(const struct los_pseudo_node *node, char *to, size_t size);
    long (*follow)(const struct los_pseudo_node *node, struct los_path *path);

    /* Any type; each may be NULL. */
    void (*owner)(const struct los_pseudo_node *node, uint32_t *permissions, uint32_t *user,
                  uint32_t *group); /* may change what it is given */
    long (*open)(const struct los_pseudo_node *node,
                 struct los_file *file); /* checks, or sets file->ops and file->private */
    long (*changed)(const struct los_pseudo_node *node, uint32_t permissions, uint32_t user,
                    uint32_t group); /* chmod, chown; NULL: PERM */
};

/* A file system instance with this root. 0 or NOMEM. Meant for los_filesystem_type.mount. */
long los_pseudo_create(const char *name, enum los_filesystem_kind kind, const struct los_pseudo *root,
                       struct los_filesystem **out);
/* The node behind an inode of such a file system; NULL for other inodes. */
const struct los_pseudo_node *los_pseudo_of(const struct los_inode *inode);

#endif
