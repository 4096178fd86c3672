/* SPDX-License-Identifier: MPL-2.0 */
/* Opening: from a path and flags to an open file. Creation, O_TMPFILE-like files, devices, FIFOs, and what may not be opened how. */
#include "internal.h"

static uint32_t wanted_access(uint32_t flags)
{
    uint32_t may = 0;
    if (flags & LOS_OPEN_READ)
        may |= LOS_MAY_READ;
    if (flags & (LOS_OPEN_WRITE | LOS_OPEN_TRUNCATE))
        may |= LOS_MAY_WRITE;
    if (flags & LOS_OPEN_EXEC)
        may |= LOS_MAY_EXECUTE;
    return may;
}

/* What is wrong with opening this in this way. created: the permissions of a file that this call made do not bind it. */
static long check_open(const struct los_path *path, uint32_t flags, bool created)
{
    struct los_inode *inode = path->entry->inode;
    bool device = inode->type == LOS_CHARACTER || inode->type == LOS_BLOCK;
    if (inode->type == LOS_SYMLINK)
        return -LOS_E_LOOP;
    if ((flags & LOS_OPEN_DIRECTORY) && inode->type != LOS_DIRECTORY)
        return -LOS_E_NOTDIR;
    if (inode->type == LOS_DIRECTORY && (flags & (LOS_OPEN_WRITE | LOS_OPEN_CREATE | LOS_OPEN_TRUNCATE)))
        return -LOS_E_ISDIR;
    if (inode->type == LOS_SOCKET)
        return -LOS_E_NXIO;
    if (device && (path->mount->flags & LOS_MOUNT_NODEV))
        return -LOS_E_ACCES;
    long error = created ? 0 : los_path_permission(path, wanted_access(flags));
    if (error)
        return error;
    if ((flags & LOS_OPEN_NOATIME) && !los_is_owner(inode))
        return -LOS_E_PERM;
    if (inode->type == LOS_REGULAR && (flags & (LOS_OPEN_WRITE | LOS_OPEN_TRUNCATE)) && inode->deny_write)
        return -LOS_E_TXTBSY;
    return 0;
}

static const struct los_file_ops *find_ops(struct los_inode *inode, void **private)
{
    switch (inode->type) {
    case LOS_CHARACTER:
    case LOS_BLOCK:
        if (inode->file_ops)
            return inode->file_ops;
        return inode->type == LOS_CHARACTER ? los_device_find(inode->major, inode->minor, private) : NULL;
    case LOS_FIFO: return &los_fifo_file_ops;
    case LOS_DIRECTORY: return inode->file_ops ? inode->file_ops : &los_directory_file_ops;
    default: return inode->file_ops;
    }
}

/* Checks done; makes the file. */
static long finish_open(const struct los_path *path, uint32_t flags, struct los_file **out)
{
    struct los_inode *inode = path->entry->inode;
    void *private = NULL;
    const struct los_file_ops *ops = flags & LOS_OPEN_PATH ? &los_path_file_ops : find_ops(inode, &private);
    if (!ops)
        return -LOS_E_NXIO;
    if ((flags & LOS_OPEN_TRUNCATE) && inode->type == LOS_REGULAR && inode->size && inode->ops->truncate) {
        long error = inode->ops->truncate(inode, 0);
        if (error)
            return error;
    }
    los_inode_ref(inode);
    struct los_file *file =
        los_file_new(inode, ops, flags & ~(uint32_t)(LOS_OPEN_CREATE | LOS_OPEN_EXCLUSIVE | LOS_OPEN_TRUNCATE));
    if (!file) {
        los_inode_unref(inode);
        return -LOS_E_NOMEM;
    }
    file->path = *path;
    los_path_ref(path);
    file->private = private;
    if (!(flags & LOS_OPEN_PATH)) {
        if ((flags & LOS_OPEN_WRITE) && inode->type == LOS_REGULAR) {
            inode->writers++;
            path->mount->writers++;
        }
        long error = inode->ops->open ? inode->ops->open(inode, file) : 0;
        if (!error && file->ops->open)
            error = file->ops->open(file);
        if (error) {
            file->ops = &los_path_file_ops; /* whose close does nothing */
            los_file_unref(file);
            return error;
        }
    }
    *out = file;
    return 0;
}

long los_open_path(const struct los_path *path, uint32_t flags, struct los_file **out)
{
    long error = flags & LOS_OPEN_PATH ? 0 : check_open(path, flags, false);
    return error ? error : finish_open(path, flags, out);
}

static long open_temporary(const struct los_path *start, const char *path, uint32_t flags, uint32_t permissions,
                           struct los_file **out)
{
    struct los_path dir, at;
    struct los_inode *inode;
    struct los_stat as;
    char name[24];
    if (!(flags & LOS_OPEN_WRITE))
        return -LOS_E_INVAL;
    long error = los_walk(start, path, LOS_WALK_DIRECTORY, &dir);
    if (error)
        return error;
    struct los_inode *parent = dir.entry->inode;
    error = los_path_permission(&dir, LOS_MAY_WRITE | LOS_MAY_EXECUTE);
    if (!error && !parent->ops->temporary)
        error = -LOS_E_OPNOTSUPP;
    if (!error) {
        los_new_owner(parent, LOS_REGULAR, permissions & MODE_ALL & ~los_file_context()->mask, &as);
        error = parent->ops->temporary(parent, &as, &inode);
    }
    if (!error) {
        inode->links = 0;
        inode->linkable = !(flags & LOS_OPEN_EXCLUSIVE);
        int length = los_snprintf(name, sizeof(name), "#%lu", (unsigned long)inode->number);
        at = (struct los_path){dir.mount, los_entry_new(dir.entry, name, (size_t)length, inode)};
        if (at.entry) {
            at.entry->deleted = true;
            error = finish_open(&at, flags & ~(uint32_t)LOS_OPEN_DIRECTORY, out);
            los_entry_unref(at.entry);
        } else {
            los_inode_unref(inode);
            error = -LOS_E_NOMEM;
        }
    }
    los_path_unref(&dir);
    return error;
}

/* One look at the last component of a path that may be created. 1: it was a link, the walk went on; look again. */
static long create_or_find(struct los_walk *walk, uint32_t flags, uint32_t permissions, bool *created)
{
    struct los_entry *entry;
    if (walk->last != WALK_NAME) {
        if (walk->last == WALK_DOTDOT)
            los_path_up(&walk->at, &walk->root);
        if (flags & LOS_OPEN_EXCLUSIVE)
            return -LOS_E_EXIST;
        return 0;
    }
    if (walk->directory)
        return -LOS_E_ISDIR;
    long error = los_entry_child(walk->at.entry, walk->name, walk->length, &entry);
    if (error == -LOS_E_NOENT) {
        error = los_create(&walk->at, walk->name, walk->length, LOS_REGULAR, permissions & MODE_ALL, 0, 0, NULL,
                           &entry);
        *created = !error;
    } else if (!error && (flags & LOS_OPEN_EXCLUSIVE)) {
        los_entry_unref(entry);
        return -LOS_E_EXIST;
    }
    if (error)
        return error;
    if (entry->inode->type == LOS_SYMLINK && !(flags & LOS_OPEN_NOFOLLOW)) {
        error = los_walk_follow(walk, entry);
        los_entry_unref(entry);
        if (error)
            return error;
        return 1;
    }
    los_entry_unref(walk->at.entry);
    walk->at.entry = entry;
    los_mount_descend(&walk->at);
    return 0;
}

static long open_create(const struct los_path *start, const char *path, uint32_t flags, uint32_t permissions,
                        struct los_file **out)
{
    struct los_walk walk;
    bool created = false;
    long error = los_walk_begin(&walk, start, path, LOS_WALK_NOFOLLOW, true);
    if (!error)
        do {
            error = create_or_find(&walk, flags, permissions, &created);
        } while (error == 1);
    if (!error) {
        if (created)
            flags &= ~(uint32_t)LOS_OPEN_TRUNCATE;
        error = check_open(&walk.at, flags, created);
    }
    if (!error)
        error = finish_open(&walk.at, flags, out);
    los_walk_end(&walk);
    return error;
}

long los_open(const struct los_path *start, const char *path, uint32_t flags, uint32_t permissions,
              struct los_file **out)
{
    struct los_path at;
    uint32_t walk = 0;
    if (flags & LOS_OPEN_PATH)
        flags &= LOS_OPEN_PATH | LOS_OPEN_DIRECTORY | LOS_OPEN_NOFOLLOW;
    if (flags & LOS_OPEN_TEMPORARY)
        return open_temporary(start, path, flags, permissions, out);
    if (flags & LOS_OPEN_CREATE)
        return flags & LOS_OPEN_DIRECTORY ? -LOS_E_INVAL : open_create(start, path, flags, permissions, out);
    if (flags & LOS_OPEN_NOFOLLOW)
        walk |= LOS_WALK_NOFOLLOW;
    if (flags & LOS_OPEN_DIRECTORY)
        walk |= flags & LOS_OPEN_NOFOLLOW ? 0 : LOS_WALK_DIRECTORY;
    long error = los_walk(start, path, walk, &at);
    if (error)
        return error;
    if ((flags & LOS_OPEN_DIRECTORY) && at.entry->inode->type != LOS_DIRECTORY)
        error = -LOS_E_NOTDIR;
    else
        error = los_open_path(&at, flags, out);
    los_path_unref(&at);
    return error;
}

long los_truncate(const struct los_path *start, const char *path, uint64_t size)
{
    struct los_path at;
    long error = los_walk(start, path, 0, &at);
    if (error)
        return error;
    struct los_inode *inode = at.entry->inode;
    if (inode->type == LOS_DIRECTORY)
        error = -LOS_E_ISDIR;
    else if (inode->type != LOS_REGULAR || !inode->ops->truncate)
        error = -LOS_E_INVAL;
    else if (!(error = los_path_permission(&at, LOS_MAY_WRITE)))
        error = inode->deny_write ? -LOS_E_TXTBSY : 0;
    if (!error && size > inode->size)
        error = los_write_limit(size - 1, 1) < 0 ? -LOS_E_FBIG : 0;
    if (!error) {
        error = inode->ops->truncate(inode, size);
        if (!error)
            los_inode_strip_setuid(inode);
    }
    los_path_unref(&at);
    return error;
}
