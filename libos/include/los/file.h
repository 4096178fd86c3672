/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Files: inodes, directory entries, mounts, open files, descriptors. All under the container lock.
 * Paths given to functions are NUL-terminated strings in the library OS's memory.
 */
#ifndef LOS_FILE_H
#define LOS_FILE_H

#include <los/base.h>
#include <los/memory.h>
#include <los/process.h>
#include <los/schedule.h>

#define LOS_PATH_MAX      4096
#define LOS_FILE_NAME_MAX 255

enum los_file_type {
    LOS_REGULAR = 1,
    LOS_DIRECTORY,
    LOS_SYMLINK,
    LOS_CHARACTER,
    LOS_BLOCK,
    LOS_FIFO,
    LOS_SOCKET
};
struct los_timestamp {
    int64_t seconds;
    uint32_t nanoseconds;
};
struct los_stat {
    uint64_t device, inode;
    enum los_file_type type;
    uint32_t permissions; /* 07777: as POSIX names them */
    uint32_t links, user, group;
    uint32_t major, minor; /* of character and block devices */
    uint64_t size, blocks; /* bytes; 512-byte units */
    uint32_t block_size;
    struct los_timestamp accessed, modified, changed, born;
};

struct los_inode;
struct los_entry; /* a name in a directory (or a root) */
struct los_mount;
struct los_file;
struct los_inode_ops;
struct los_file_ops;
struct los_path;

struct los_filesystem_stat {
    uint64_t magic_kind; /* enum los_filesystem_kind */
    uint64_t block_size, blocks, blocks_free, files, files_free;
    uint32_t name_max, flags; /* enum los_mount_flag */
};
enum los_filesystem_kind {
    LOS_TMPFS = 1,
    LOS_PROCFS,
    LOS_DEVFS,
    LOS_PIPEFS,
    LOS_SOCKFS,
    LOS_SYSFS,
    LOS_ANONFS,
    LOS_DEVPTS
};
enum los_mount_flag {
    LOS_MOUNT_READONLY = 1,
    LOS_MOUNT_NOSUID = 2,
    LOS_MOUNT_NODEV = 4,
    LOS_MOUNT_NOEXEC = 8,
    LOS_MOUNT_BIND = 16,
    LOS_MOUNT_REMOUNT = 32,
    LOS_MOUNT_NOATIME = 64
};

/* One mounted file system instance. */
struct los_filesystem {
    const char *name; /* "tmpfs", "proc", ... */
    enum los_filesystem_kind kind;
    uint64_t device; /* st_dev */
    struct los_inode *root;
    void (*stat)(struct los_filesystem *fs, struct los_filesystem_stat *out);
    void (*release)(struct los_filesystem *fs);
    uint32_t refs;
    void *private;
    uint64_t last_number; /* los_inode_new numbers inodes from it */
    bool permanent;       /* its tree outlives its mounts (dev) */
};
void los_filesystem_ref(struct los_filesystem *fs);
void los_filesystem_unref(struct los_filesystem *fs);
uint64_t los_filesystem_device(void); /* a fresh device number for a new instance */

struct los_inode {
    uint32_t refs;
    enum los_file_type type;
    uint32_t permissions, links, user, group, major, minor;
    uint64_t number, size, blocks;
    struct los_timestamp accessed, modified, changed, born;
    struct los_filesystem *filesystem;
    const struct los_inode_ops *ops;
    const struct los_file_ops *file_ops; /* what open installs */
    struct los_object *object;           /* page cache of regular files, or NULL */
    void *private;
    void *fifo;                   /* pipe/ state of a named pipe, or NULL */
    void *socket;                 /* bound AF_UNIX socket, or NULL */
    uint32_t writers, deny_write; /* open for writing; being executed (TXTBSY) */
    void *locks;                  /* advisory locks */
    struct los_entry *entry;      /* a directory's only entry; not counted */
    bool linkable;                /* made by TEMPORARY: may get its first name although links is 0 */
};
/* An inode with one reference, times of now, number by the file system; takes a reference on fs. NULL: out of memory. */
struct los_inode *los_inode_new(struct los_filesystem *fs, const struct los_inode_ops *ops,
                                enum los_file_type type, uint32_t permissions);
/* One that has no name: pipes, sockets, events. Owned by the current process. */
struct los_inode *los_inode_anonymous(enum los_filesystem_kind kind, enum los_file_type type,
                                      uint32_t permissions);
void los_inode_ref(struct los_inode *inode);
void los_inode_unref(struct los_inode *inode);

struct los_directory_item {
    const char *name;
    uint64_t inode;
    enum los_file_type type;
};
/* Operations on inodes. Directory operations get a name of 1 to 255 bytes without '/'; permission was checked by the caller. Any may be
 * NULL: then NOTDIR, INVAL or PERM as fits. Returned inodes carry a reference for the caller. */
struct los_inode_ops {
    long (*lookup)(struct los_inode *dir, const char *name, size_t length, struct los_inode **out);
    long (*create)(struct los_inode *dir, const char *name, size_t length, const struct los_stat *as,
                   const char *target, struct los_inode **out);
    long (*link)(struct los_inode *dir, const char *name, size_t length, struct los_inode *inode);
    long (*unlink)(struct los_inode *dir, const char *name, size_t length,
                   struct los_inode *inode); /* also rmdir; emptiness checked inside */
    long (*rename)(struct los_inode *from, const char *name, size_t length, struct los_inode *to,
                   const char *new_name, size_t new_length, struct los_inode *replaced);
    /* Calls emit for items from *position on (opaque cookie; 0 is the start; "." and ".." are given by the caller of this) until it returns false. */
    long (*list)(struct los_inode *dir, uint64_t *position,
                 bool (*emit)(void *context, const struct los_directory_item *item, uint64_t next),
                 void *context);
    long (*read_link)(struct los_inode *inode, char *to, size_t size); /* length, no NUL */
    /* A symbolic link that leads to an object rather than to a name (/proc/self/fd/N): fills in *path; else NULL. */
    long (*follow)(struct los_inode *inode, struct los_path *path);
    long (*truncate)(struct los_inode *inode, uint64_t size);
    long (*changed)(struct los_inode *inode); /* permissions, owner or times were changed: keep them */
    long (*open)(struct los_inode *inode, struct los_file *file);
    void (*stat)(struct los_inode *inode, struct los_stat *out); /* after the generic fill-in; may be NULL */
    void (*release)(
        struct los_inode *inode); /* the last reference has gone (links may be 0: free the contents) */
    bool uncached; /* names come and go by themselves (proc): never keep entries of this directory */
    /* The entries are the directory (tmpfs): every one is kept until it is unlinked, and names, link counts, emptiness and times are kept by
     * the callers of these operations. lookup, list, link, unlink and rename are not called. */
    bool resident;
    long (*temporary)(struct los_inode *dir, const struct los_stat *as,
                      struct los_inode **out); /* an inode without a name */
    long (*allocate)(struct los_inode *inode, uint64_t offset, uint64_t bytes, bool keep_size, bool punch);
};

/* A place in the tree. Holds references when stored: los_path_ref / los_path_unref. */
struct los_path {
    struct los_mount *mount;
    struct los_entry *entry;
};
void los_path_ref(const struct los_path *path);
void los_path_unref(const struct los_path *path);
struct los_inode *los_path_inode(const struct los_path *path); /* no reference added */
/* Absolute path as seen from `root`; " (deleted)" appended when it is unlinked. Returns length or an error (NAMETOOLONG; NOENT when not below root). */
long los_path_text(const struct los_path *path, const struct los_path *root, char *to, size_t size);

enum los_open_flag {
    LOS_OPEN_READ = 1,
    LOS_OPEN_WRITE = 2,
    LOS_OPEN_CREATE = 4,
    LOS_OPEN_EXCLUSIVE = 8,
    LOS_OPEN_TRUNCATE = 16,
    LOS_OPEN_APPEND = 32,
    LOS_OPEN_NONBLOCK = 64,
    LOS_OPEN_DIRECTORY = 128,
    LOS_OPEN_NOFOLLOW = 256,
    LOS_OPEN_NOTERMINAL = 512,
    LOS_OPEN_PATH = 1024,
    LOS_OPEN_TEMPORARY = 2048,
    LOS_OPEN_NOATIME = 4096,
    LOS_OPEN_SYNC = 8192,
    LOS_OPEN_DIRECT = 16384,
    LOS_OPEN_EXEC = 32768,
};
enum los_walk_flag {
    LOS_WALK_NOFOLLOW = 1,
    LOS_WALK_DIRECTORY = 2,
    LOS_WALK_EMPTY = 4 /* "" names start itself */
};

/* cwd, root and umask of a process. */
struct los_file_context {
    uint32_t refs;
    struct los_path root, cwd;
    uint32_t mask;
};
/* from NULL: root and cwd are the root of the first file system, mask 022. NULL: out of memory. */
struct los_file_context *los_file_context_clone(const struct los_file_context *from);
void los_file_context_unref(struct los_file_context *context);

/* In the following, `start` is where relative paths start (NULL: the current process's cwd). All check permissions against the current
 * process's credentials. 0 or an error. Paths that come out of a function are referenced: the caller unrefs them. The umask is applied
 * inside wherever something is created. */
long los_walk(const struct los_path *start, const char *path, uint32_t flags, struct los_path *out);
long los_open(const struct los_path *start, const char *path, uint32_t flags, uint32_t permissions,
              struct los_file **out); /* umask applied inside */
long los_stat(const struct los_path *start, const char *path, uint32_t walk_flags, struct los_stat *out);
void los_inode_stat(struct los_inode *inode, struct los_stat *out);
long los_make_directory(const struct los_path *start, const char *path, uint32_t permissions);
long los_make_node(const struct los_path *start, const char *path, enum los_file_type type,
                   uint32_t permissions, uint32_t major, uint32_t minor);
long los_make_symlink(const char *target, const struct los_path *start, const char *path);
long los_link(const struct los_path *from_start, const char *from, const struct los_path *to_start,
              const char *to, uint32_t walk_flags);
long los_unlink(const struct los_path *start, const char *path, bool directory);
enum los_rename_flag { LOS_RENAME_NOREPLACE = 1, LOS_RENAME_EXCHANGE = 2 };
long los_rename(const struct los_path *from_start, const char *from, const struct los_path *to_start,
                const char *to, uint32_t flags);
long los_read_link(const struct los_path *start, const char *path, char *to, size_t size);
long los_truncate(const struct los_path *start, const char *path, uint64_t size);
enum { LOS_MAY_EXECUTE = 1, LOS_MAY_WRITE = 2, LOS_MAY_READ = 4 };
long los_access(const struct los_path *start, const char *path, uint32_t may, bool real_user,
                uint32_t walk_flags);
long los_inode_permission(struct los_inode *inode, uint32_t may);
long los_change_mode(struct los_inode *inode, uint32_t permissions);
long los_change_owner(struct los_inode *inode, uint32_t user, uint32_t group); /* UINT32_MAX: leave */
#define LOS_TIME_NOW UINT32_MAX /* as nanoseconds: the present time, which those may set who may write */
long los_path_writable(const struct los_path *path); /* 0, or ROFS: for changes made through inodes */
long los_change_times(struct los_inode *inode, const struct los_timestamp *accessed,
                      const struct los_timestamp *modified); /* NULL: leave */
long los_change_directory(const struct los_path *to);
long los_change_root(const struct los_path *to);
long los_mount(const char *source, const char *target, const char *type, uint32_t flags, const char *data);
enum los_unmount_flag { LOS_UNMOUNT_FORCE = 1, LOS_UNMOUNT_DETACH = 2, LOS_UNMOUNT_NOFOLLOW = 8 };
long los_unmount(const char *target, uint32_t flags); /* BUSY while used, unless DETACH */
/* For /proc/mounts: calls each with one mount's fields. */
void los_mounts_list(void (*each)(void *context, const char *source, const char *target, const char *type,
                                  uint32_t flags),
                     void *context);
long los_path_filesystem(const struct los_path *path, struct los_filesystem_stat *out);
/* References of files to pages of archives, which are shared and not of the container's own memory. */
uint64_t los_files_shared_pages(void);
void los_files_limit(void); /* the root file system's size follows from the memory there is now */
/* File system types: tmpfs, proc, devtmpfs, ... register by name. */
struct los_filesystem_type {
    struct los_link link;
    const char *name;
    bool nodev;
    long (*mount)(const char *data, struct los_filesystem **out);
};
void los_filesystem_register(struct los_filesystem_type *type);
extern struct los_link los_filesystem_types;

/* --- open files ------------------------------------------------------------------------------------------------------------ */
enum los_poll {
    LOS_POLL_IN = 1,
    LOS_POLL_OUT = 2,
    LOS_POLL_ERROR = 4,
    LOS_POLL_HANGUP = 8,
    LOS_POLL_PRIORITY = 16,
    LOS_POLL_READ_HANGUP = 32
};
struct los_poll_table; /* poll in progress: see los_poll_wait */
struct los_file_ops {
    bool immediate; /* read and write never sleep */
    /* Moves bytes at *offset and advances it (streams ignore it). Returns bytes, 0 at the end, or an error when none were moved. */
    long (*read)(struct los_file *file, struct los_transfer *to, uint64_t *offset);
    long (*write)(struct los_file *file, struct los_transfer *from, uint64_t *offset);
    uint32_t (*poll)(
        struct los_file *file,
        struct los_poll_table *table); /* NULL: always IN | OUT. Calls los_poll_wait on its queues */
    /* Device control; request numbers are those of `enum los_control` where the library OS knows them. */
    long (*control)(struct los_file *file, uint32_t request, uint64_t argument);
    long (*seek)(struct los_file *file, int64_t offset,
                 int whence); /* NULL: SPIPE. whence 0 start, 1 present, 2 end, 3 data, 4 hole */
    long (*map)(struct los_file *file, struct los_object **out); /* NULL: NODEV; no reference added */
    long (*sync)(struct los_file *file);
    void (*close)(struct los_file *file); /* the last reference has gone */
    /* Devices only: called by los_open when ops and private are set to what los_device_register was given; close is called
     * when this succeeded. May put others in their place (/dev/tty, /dev/ptmx). NULL: nothing to do. 0 or an error. */
    long (*open)(struct los_file *file);
};
struct los_file {
    uint32_t refs;
    uint32_t flags; /* enum los_open_flag: READ WRITE APPEND NONBLOCK PATH ... */
    uint64_t offset;
    struct los_path path;    /* entry NULL: not in the tree (pipe): text is name */
    struct los_inode *inode; /* always there */
    const struct los_file_ops *ops;
    uint64_t directory_position;
    void *private;
    int owner; /* F_SETOWN */
    uint32_t seals;
    struct los_link watches; /* events.h: the sets that watch it */
};
/* Opens what is at path already (permissions are checked as by los_open). */
long los_open_path(const struct los_path *path, uint32_t flags, struct los_file **out);
/* The file's place, referenced; one outside the tree is given an entry of its own (/proc/self/fd/N of a pipe). NOMEM. */
long los_file_path(struct los_file *file, struct los_path *out);
/* A regular file without a name, in memory only. */
long los_memory_file(const char *name, uint32_t flags, struct los_file **out);
struct los_file *los_file_new(struct los_inode *inode, const struct los_file_ops *ops,
                              uint32_t flags); /* takes over a reference on inode; NULL: out of memory */
void los_file_ref(struct los_file *file);
void los_file_unref(struct los_file *file);
/* Check open mode, then call the operation. offset NULL: the file's own. */
long los_file_read(struct los_file *file, struct los_transfer *to, uint64_t *offset);
long los_file_write(struct los_file *file, struct los_transfer *from, uint64_t *offset);
long los_file_seek(struct los_file *file, int64_t offset, int whence);
long los_file_truncate(struct los_file *file, uint64_t size);
long los_file_allocate(struct los_file *file, uint64_t offset, uint64_t bytes, bool keep_size, bool punch);
/* "." and ".." first. The emit function gets each item; position is kept in file->directory_position by `next`. */
long los_file_list(struct los_file *file,
                   bool (*emit)(void *context, const struct los_directory_item *item, uint64_t next),
                   void *context);
long los_file_read_all(struct los_file *file, void *to, size_t bytes,
                       uint64_t offset); /* into library OS memory; bytes read */
long los_file_text(struct los_file *file, const struct los_path *root, char *to,
                   size_t size); /* path, "pipe:[12]", ... */
/* Advisory locks, whole file (flock) and ranges (fcntl). owner: the file for flock, the process for ranges. */
struct los_lock_range {
    bool exclusive, unlock;
    uint64_t start, end; /* end exclusive; UINT64_MAX: to the end */
    int pid;
};
long los_file_lock(struct los_file *file, bool whole, struct los_lock_range *range, bool wait);
long los_file_test_lock(struct los_file *file,
                        struct los_lock_range *range); /* fills in what conflicts, or unlock */

/* --- poll ----------------------------------------------------------------------------------------------------------------------- */
void los_poll_wait(struct los_poll_table *table,
                   struct los_wait_queue *queue); /* from ops.poll; table NULL: just asking */
uint32_t los_file_poll(struct los_file *file, struct los_poll_table *table); /* what is so now */
struct los_poll_item {
    struct los_file *file; /* NULL: skipped */
    uint32_t wanted, got;
};
long los_poll(struct los_poll_item *items, size_t n,
              uint64_t deadline_ns); /* how many have got != 0; 0 at the deadline; INTR; NOMEM */

/* --- descriptors ------------------------------------------------------------------------------------------------------------------- */
struct los_descriptors; /* a table; shared by CLONE_FILES */
struct los_descriptors *los_descriptors_create(void);
struct los_descriptors *los_descriptors_clone(struct los_descriptors *from);
void los_descriptors_ref(struct los_descriptors *table);
void los_descriptors_unref(struct los_descriptors *table);
void los_descriptors_close_on_exec(struct los_descriptors *table);
struct los_file *los_descriptor(int fd); /* of the current process, no reference added; NULL: BADF */
struct los_file *los_descriptor_of(struct los_process *process, int fd);
long los_descriptor_add(
    struct los_file *file, int lowest,
    bool close_on_exec); /* takes over the reference; the number, or MFILE/INVAL (reference kept) */
long los_descriptor_set(
    int fd, struct los_file *file,
    bool close_on_exec); /* dup2: adds a reference; closes what was there. BADF: beyond the limit */
long los_descriptor_close(int fd);
long los_descriptor_flags(int fd, int set);                     /* -1: get; 0 or 1: close on exec */
int los_descriptor_next(struct los_process *process, int from); /* lowest open one >= from, or -1 */

/* --- devices, pipes, start-up ---------------------------------------------------------------------------------------------------------- */
/* Character devices by number: los_open on such an inode asks here. */
void los_device_register(uint32_t major, uint32_t minor, const char *name, const struct los_file_ops *ops,
                         void *private); /* also shows it in the dev file system */
long los_pipe_create(uint32_t flags, struct los_file **reader, struct los_file **writer);
long los_pipe_capacity(struct los_file *file, long set); /* -1: get */
long los_pipe_available(struct los_file *file);          /* FIONREAD */
long los_socket_pair(int type, uint32_t flags, struct los_file **a,
                     struct los_file **b); /* AF_UNIX; type 1 stream, 2 datagram, 5 seqpacket */
/* File system types (proc) and devices may be registered before. */
void los_files_init(
    void); /* root tmpfs, filled from the first archive, whose pages it shares; /proc, /dev mounted if the directories are there */
/* Unpacks a newc archive into the current root. 0, or INVAL with a line on the log (what was unpacked stays). */
long los_cpio_unpack(const void *archive, size_t bytes);

/* Generated files: proc. A file's text is made when it is opened (or read at offset 0 again). */
struct los_text {
    char *at;
    size_t length, size;
    bool failed;
};
void los_text_add(struct los_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void los_text_bytes(struct los_text *text, const void *from, size_t bytes);

#endif
