/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of libos/file share: entries, mounts, the walk in progress, permission checks. All under the container lock. */
#ifndef LOS_FILE_INTERNAL_H
#define LOS_FILE_INTERNAL_H

#include <los/file.h>
#include <los/random.h>

/* Bits of permissions beside the nine. */
enum {
    MODE_SETUID = 04000,
    MODE_SETGID = 02000,
    MODE_STICKY = 01000,
    MODE_GROUP_EXECUTE = 010,
    MODE_ALL = 07777
};

#define ENTRY_SHORT_NAME 24
struct los_entry {
    uint32_t refs;
    uint32_t hash;
    uint16_t length;
    bool hashed;              /* found by name, below parent */
    bool pinned;              /* the directory itself holds one of the references */
    bool deleted;             /* its name is gone */
    uint32_t mounts;          /* mounts that lie on it */
    struct los_entry *parent; /* referenced; NULL: root of a file system */
    struct los_inode *inode;  /* referenced; always there */
    struct los_entry *chain;  /* in the hash table */
    struct los_link sibling, children;
    uint64_t position, last_position; /* in the parent's listing; highest among the children */
    char *name;
    char short_name[ENTRY_SHORT_NAME];
};

struct los_mount {
    struct los_link all;
    uint32_t refs;
    uint32_t flags;
    uint32_t children;
    uint32_t writers; /* regular files open for writing through it */
    bool attached;
    struct los_filesystem *filesystem; /* referenced */
    struct los_entry *root;            /* referenced */
    struct los_mount *parent;          /* referenced; NULL: root of all */
    struct los_entry *point;           /* where it lies in parent; referenced */
    char *source;
};
extern struct los_mount *los_mount_root; /* NULL before los_files_init */
extern struct los_link los_mounts;

/* --- entry.c --- */
bool los_entries_init(void);
/* Takes over the reference on inode, adds one on parent. One reference. NULL: out of memory, inode untouched. */
struct los_entry *los_entry_new(struct los_entry *parent, const char *name, size_t length,
                                struct los_inode *inode);
void los_entry_insert(struct los_entry *entry); /* becomes findable below its parent */
void los_entry_remove(struct los_entry *entry); /* no longer; marked deleted */
/* Moves it to another name. NOMEM, then nothing changed. */
long los_entry_move(struct los_entry *entry, struct los_entry *parent, const char *name, size_t length);
void los_entry_exchange(struct los_entry *a, struct los_entry *b);
/* The child, referenced, asking the file system where it is not known. NOENT. */
long los_entry_child(struct los_entry *parent, const char *name, size_t length, struct los_entry **out);
void los_entry_drop_tree(struct los_entry *root); /* removes all below */
static inline void los_entry_ref(struct los_entry *entry) { entry->refs++; }
void los_entry_unref(struct los_entry *entry);

/* --- mount.c --- */
void los_mount_ref(struct los_mount *mount);
void los_mount_unref(struct los_mount *mount);
/* While something is mounted on *path, go to its root (references moved along). */
void los_mount_descend(struct los_path *path);
/* To the parent directory, past mount points, not above root. */
void los_path_up(struct los_path *path, const struct los_path *root);
long los_mount_add(const struct los_path *point, struct los_filesystem *fs, struct los_entry *root,
                   const char *source, uint32_t flags);

/* --- context.c --- */
const struct los_credentials *los_file_credentials(void); /* current; root's before there are processes */
struct los_file_context *los_file_context(void); /* current; the boot context before there are processes */
bool los_in_group(const struct los_credentials *who, uint32_t group);
long los_path_permission(const struct los_path *path,
                         uint32_t may);           /* inode permission plus the mount's flags */
bool los_is_owner(const struct los_inode *inode); /* or root */
struct los_timestamp los_timestamp_now(void);
void los_inode_touch(struct los_inode *inode, bool modified); /* changed, and maybe modified, are now */
void los_inode_accessed(struct los_inode *inode, const struct los_file *file); /* relatime */
void los_inode_strip_setuid(struct los_inode *inode); /* after a write by a common user */

/* --- walk.c --- */
#define WALK_LINKS_MAX 40
enum walk_last { WALK_NAME, WALK_DOT, WALK_DOTDOT, WALK_ROOT };
struct los_walk {
    struct los_path at;   /* referenced */
    struct los_path root; /* borrowed */
    const char *rest;
    bool parent;    /* stop before the last component */
    bool follow;    /* a symbolic link as last component */
    bool directory; /* the last component had a slash behind it */
    bool exact;     /* `at` came from a link that leads to an object */
    unsigned links, depth;
    char *text; /* what rest points into, when it came from a link */
    struct {
        const char *rest;
        char *text;
    } stack[WALK_LINKS_MAX];
    enum walk_last last; /* with parent: */
    const char *name;
    size_t length;
};
long los_walk_begin(struct los_walk *walk, const struct los_path *start, const char *path, uint32_t flags,
                    bool parent);
long los_walk_run(struct los_walk *walk);
/* parent walk only: the last component turned out to be the link; goes on into it up to its own last component. */
long los_walk_follow(struct los_walk *walk, struct los_entry *link);
void los_walk_end(struct los_walk *walk); /* drops all */

/* --- names.c --- */
long los_may_create(const struct los_path *dir);
/* Makes the inode and its entry, referenced. */
long los_create(const struct los_path *dir, const char *name, size_t length, enum los_file_type type,
                uint32_t permissions, uint32_t major, uint32_t minor, const char *target,
                struct los_entry **out);
void los_new_owner(const struct los_inode *dir, enum los_file_type type, uint32_t permissions,
                   struct los_stat *as);

/* --- open_file.c --- */
extern const struct los_file_ops los_directory_file_ops, los_path_file_ops;
/* Gives a file made without a path a place that only shows `text`. NOMEM. */
long los_file_place_outside(struct los_file *file, const char *text);
/* The limit on file sizes and the largest size there is: how many of bytes may be written at offset. FBIG (and the signal). */
long los_write_limit(uint64_t offset, size_t bytes);

/* --- lock.c --- */
void los_locks_close_file(struct los_file *file); /* whole-file locks of it */
void los_locks_close_descriptor(struct los_descriptors *owner,
                                struct los_inode *inode); /* range locks of the process */
void los_locks_release(struct los_inode *inode);

/* --- poll.c --- */
#define POLL_WAITERS_FIRST 8
struct los_poll_chunk;
/* Of one watched file: no file's poll has more queues. */
#define LOS_WATCH_QUEUES 3
struct los_watch_listeners {
    struct los_listener listener[LOS_WATCH_QUEUES];
};
struct los_poll_table {
    unsigned used; /* in first, then in the newest chunk */
    bool failed;
    struct los_watch_listeners *listeners; /* not NULL: these are to listen to the queues, nobody enlists */
    uint64_t activity;                     /* sum over the queues seen of how often they were woken */
    struct los_poll_chunk *chunks;
    struct los_waiter first[POLL_WAITERS_FIRST];
};
void los_poll_begin(struct los_poll_table *table);
void los_poll_end(struct los_poll_table *table); /* leaves all queues */

/* Was it opened for that (READ or WRITE)? */
static inline bool file_is_open_for(const struct los_file *file, uint32_t how)
{
    return (file->flags & (how | LOS_OPEN_PATH)) == how;
}

/* --- watch.c --- */
void los_watches_drop(struct los_file *file); /* it is closed: out of every set */

/* --- the file systems and devices --- */
long los_tmpfs_create(const char *options, struct los_filesystem **out);
void los_tmpfs_set_limit(struct los_filesystem *fs, uint64_t bytes); /* UINT64_MAX: only what memory there is */
uint64_t los_tmpfs_used(const struct los_filesystem *fs);
void los_tmpfs_init(void);
/* Gives an empty file the whole pages of these bytes that lie in pages of an archive, without copying. How many bytes, or an error. */
long los_tmpfs_share(struct los_inode *inode, const void *pages, uint64_t bytes);
void los_devices_init(void);
void los_file_systems_init(void); /* all of los_files_init that needs no archive */
const struct los_file_ops *los_device_find(uint32_t major, uint32_t minor, void **private);
struct los_filesystem *los_anonymous_filesystem(enum los_filesystem_kind kind);
extern const struct los_file_ops los_fifo_file_ops; /* pipe/fifo.c */
void los_fifo_release(struct los_inode *inode);

#endif
