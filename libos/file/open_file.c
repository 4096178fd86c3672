/* SPDX-License-Identifier: MPL-2.0 */
/* Open files: references, and the checks that come before each operation. */
#include "internal.h"

struct los_file *los_file_new(struct los_inode *inode, const struct los_file_ops *ops, uint32_t flags)
{
    struct los_file *file = los_alloc_zeroed(sizeof(*file));
    if (!file)
        return NULL;
    file->refs = 1;
    file->flags = flags;
    file->inode = inode;
    file->ops = ops;
    los_list_init(&file->watches);
    return file;
}

void los_file_ref(struct los_file *file) { file->refs++; }

void los_file_unref(struct los_file *file)
{
    if (--file->refs)
        return;
    struct los_inode *inode = file->inode;
    if (!los_list_empty(&file->watches))
        los_watches_drop(file);
    if (inode->locks)
        los_locks_close_file(file);
    if (file->ops->close)
        file->ops->close(file);
    if ((file->flags & LOS_OPEN_WRITE) && inode->type == LOS_REGULAR && file->path.mount) {
        inode->writers--;
        file->path.mount->writers--;
    }
    los_path_unref(&file->path);
    los_inode_unref(inode);
    los_free(file);
}

/* --- reading and writing: the file is held meanwhile, because another thread may close its descriptor ---------------- */

long los_file_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    if (!file_is_open_for(file, LOS_OPEN_READ))
        return -LOS_E_BADF;
    if (!file->ops->read)
        return -LOS_E_INVAL;
    if (offset && !file->ops->seek)
        return -LOS_E_SPIPE;
    los_file_ref(file);
    long result = file->ops->read(file, to, offset ? offset : &file->offset);
    los_file_unref(file);
    return result;
}

long los_file_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    if (!file_is_open_for(file, LOS_OPEN_WRITE))
        return -LOS_E_BADF;
    if (!file->ops->write)
        return -LOS_E_INVAL;
    if (offset && !file->ops->seek)
        return -LOS_E_SPIPE;
    los_file_ref(file);
    long result = file->ops->write(file, from, offset ? offset : &file->offset);
    los_file_unref(file);
    return result;
}

long los_file_seek(struct los_file *file, int64_t offset, int whence)
{
    if (file->flags & LOS_OPEN_PATH)
        return -LOS_E_BADF;
    return file->ops->seek ? file->ops->seek(file, offset, whence) : -LOS_E_SPIPE;
}

long los_file_read_all(struct los_file *file, void *to, size_t bytes, uint64_t offset)
{
    struct los_transfer transfer = {.at = (uintptr_t)to, .left = bytes};
    long total = 0;
    if (!file->ops->read)
        return file->inode->type == LOS_DIRECTORY ? -LOS_E_ISDIR : -LOS_E_INVAL;
    while (transfer.left) {
        long moved = file->ops->read(file, &transfer, &offset);
        if (moved < 0)
            return total ? total : moved;
        if (!moved)
            break;
        total += moved;
    }
    return total;
}

long los_write_limit(uint64_t offset, size_t bytes)
{
    struct los_thread *thread = los_current();
    uint64_t limit = INT64_MAX;
    bool own = false;
    if (thread && thread->process && thread->process->limits[LOS_LIMIT_FILE_SIZE].soft < limit) {
        limit = thread->process->limits[LOS_LIMIT_FILE_SIZE].soft;
        own = true;
    }
    if (!bytes)
        return 0;
    if (offset >= limit) {
        struct los_signal_info info = {.number = LOS_SIG_FILE_LIMIT, .cause = LOS_CAUSE_KERNEL};
        if (own)
            los_signal_thread(thread, &info);
        return -LOS_E_FBIG;
    }
    return (long)(bytes < limit - offset ? bytes : limit - offset);
}

long los_file_truncate(struct los_file *file, uint64_t size)
{
    struct los_inode *inode = file->inode;
    if (file->flags & LOS_OPEN_PATH)
        return -LOS_E_BADF;
    if (inode->type != LOS_REGULAR || !inode->ops->truncate || !(file->flags & LOS_OPEN_WRITE))
        return -LOS_E_INVAL;
    if (size > INT64_MAX)
        return -LOS_E_INVAL;
    if (size > inode->size && los_write_limit(size - 1, 1) < 0)
        return -LOS_E_FBIG;
    long error = inode->ops->truncate(inode, size);
    if (!error)
        los_inode_strip_setuid(inode);
    return error;
}

long los_file_allocate(struct los_file *file, uint64_t offset, uint64_t bytes, bool keep_size, bool punch)
{
    struct los_inode *inode = file->inode;
    if (!file_is_open_for(file, LOS_OPEN_WRITE))
        return -LOS_E_BADF;
    if (inode->type == LOS_FIFO)
        return -LOS_E_SPIPE;
    if (inode->type != LOS_REGULAR)
        return -LOS_E_NODEV;
    if (!bytes || (punch && !keep_size))
        return punch && bytes ? -LOS_E_OPNOTSUPP : -LOS_E_INVAL;
    if (offset > INT64_MAX || bytes > INT64_MAX - offset)
        return -LOS_E_FBIG;
    if (!inode->ops->allocate)
        return -LOS_E_OPNOTSUPP;
    if (!keep_size && offset + bytes > inode->size && los_write_limit(offset + bytes - 1, 1) < 0)
        return -LOS_E_FBIG;
    return inode->ops->allocate(inode, offset, bytes, keep_size, punch);
}

/* --- directories --------------------------------------------------------------------------------------------------- */

static long directory_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    (void)file, (void)to, (void)offset;
    return -LOS_E_ISDIR;
}

static long directory_seek(struct los_file *file, int64_t offset, int whence)
{
    if (whence == 1)
        offset += (int64_t)file->directory_position;
    else if (whence != 0)
        return -LOS_E_INVAL;
    if (offset < 0)
        return -LOS_E_INVAL;
    file->directory_position = (uint64_t)offset;
    return offset;
}

const struct los_file_ops los_directory_file_ops = {.read = directory_read, .seek = directory_seek};
const struct los_file_ops los_path_file_ops = {0};

#define OWN_ITEMS 2 /* "." and "..": positions 0 and 1, before those of the file system */
struct listing {
    struct los_file *file;
    bool (*emit)(void *context, const struct los_directory_item *item, uint64_t next);
    void *context;
};

static bool emit_shifted(void *context, const struct los_directory_item *item, uint64_t next)
{
    struct listing *listing = context;
    next += OWN_ITEMS;
    if (!listing->emit(listing->context, item, next))
        return false;
    listing->file->directory_position = next;
    return true;
}

static long list_resident(struct los_entry *dir, uint64_t position, struct listing *listing)
{
    struct los_entry *child;
    LOS_LIST_FOR(child, &dir->children, sibling)
    {
        if (child->position <= position)
            continue;
        struct los_directory_item item = {child->name, child->inode->number, child->inode->type};
        if (!emit_shifted(listing, &item, child->position))
            break;
    }
    return 0;
}

long los_file_list(struct los_file *file,
                   bool (*emit)(void *context, const struct los_directory_item *item, uint64_t next),
                   void *context)
{
    struct los_inode *inode = file->inode;
    struct listing listing = {file, emit, context};
    if (!file_is_open_for(file, LOS_OPEN_READ))
        return -LOS_E_BADF;
    if (inode->type != LOS_DIRECTORY)
        return -LOS_E_NOTDIR;
    if (file->path.entry->deleted)
        return -LOS_E_NOENT;
    los_inode_accessed(inode, file);
    while (file->directory_position < OWN_ITEMS) {
        struct los_directory_item item = {".", inode->number, LOS_DIRECTORY};
        struct los_path up = file->path;
        if (file->directory_position == 1) {
            los_path_ref(&up);
            los_path_up(&up, &los_file_context()->root);
            item = (struct los_directory_item){"..", up.entry->inode->number, LOS_DIRECTORY};
            los_path_unref(&up);
        }
        if (!emit(context, &item, file->directory_position + 1))
            return 0;
        file->directory_position++;
    }
    uint64_t position = file->directory_position - OWN_ITEMS;
    if (inode->ops->resident)
        return list_resident(file->path.entry, position, &listing);
    return inode->ops->list ? inode->ops->list(inode, &position, emit_shifted, &listing) : 0;
}

/* --- where it lies --------------------------------------------------------------------------------------------------- */

static void anonymous_text(struct los_file *file, char *to, size_t size)
{
    struct los_inode *inode = file->inode;
    switch (inode->filesystem->kind) {
    case LOS_PIPEFS: los_snprintf(to, size, "pipe:[%lu]", (unsigned long)inode->number); break;
    case LOS_SOCKFS: los_snprintf(to, size, "socket:[%lu]", (unsigned long)inode->number); break;
    default:
        los_snprintf(to, size, "anon_inode:%s", inode->private ? (const char *)inode->private : "inode");
        break;
    }
}

long los_file_text(struct los_file *file, const struct los_path *root, char *to, size_t size)
{
    char name[64];
    if (file->path.entry)
        return los_path_text(&file->path, root, to, size);
    anonymous_text(file, name, sizeof(name));
    size_t length = los_strlcpy(to, name, size);
    return length < size ? (long)length : -LOS_E_NAMETOOLONG;
}

/* A place that no path leads to, for files that were not opened by one. */
static struct los_mount outside = {.refs = 1, .source = "none"};

static long make_place(struct los_inode *inode, const char *text, struct los_path *out)
{
    los_inode_ref(inode);
    struct los_entry *entry = los_entry_new(NULL, text, strlen(text), inode);
    if (!entry) {
        los_inode_unref(inode);
        return -LOS_E_NOMEM;
    }
    outside.filesystem = los_anonymous_filesystem(LOS_ANONFS);
    outside.refs++;
    *out = (struct los_path){&outside, entry};
    return 0;
}

long los_file_place_outside(struct los_file *file, const char *text)
{
    long error = make_place(file->inode, text, &file->path);
    if (!error && (file->flags & LOS_OPEN_WRITE) && file->inode->type == LOS_REGULAR) {
        file->inode->writers++;
        outside.writers++;
    }
    return error;
}

long los_file_path(struct los_file *file, struct los_path *out)
{
    char name[64];
    if (!file->path.entry) {
        anonymous_text(file, name, sizeof(name));
        return make_place(file->inode, name, out);
    }
    *out = file->path;
    los_path_ref(out);
    return 0;
}

/* --- anonymous file systems ------------------------------------------------------------------------------------------- */

static const struct los_inode_ops anonymous_ops;

struct los_filesystem *los_anonymous_filesystem(enum los_filesystem_kind kind)
{
    static struct los_filesystem pipes = {.name = "pipefs", .kind = LOS_PIPEFS},
                                 sockets = {.name = "sockfs", .kind = LOS_SOCKFS},
                                 others = {.name = "anon_inodefs", .kind = LOS_ANONFS};
    struct los_filesystem *fs = kind == LOS_PIPEFS ? &pipes : kind == LOS_SOCKFS ? &sockets : &others;
    if (!fs->refs) {
        fs->refs = 1;
        fs->permanent = true;
        fs->device = los_filesystem_device();
    }
    return fs;
}

struct los_inode *los_inode_anonymous(enum los_filesystem_kind kind, enum los_file_type type,
                                      uint32_t permissions)
{
    struct los_inode *inode = los_inode_new(los_anonymous_filesystem(kind), &anonymous_ops, type, permissions);
    if (inode) {
        inode->user = los_file_credentials()->file_user;
        inode->group = los_file_credentials()->file_group;
    }
    return inode;
}
