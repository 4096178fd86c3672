/* SPDX-License-Identifier: MPL-2.0 */
/* Mounts: which file system's tree lies on which entry; paths across them, up, down and as text. */
#include "internal.h"

struct los_mount *los_mount_root;
struct los_link los_mounts = {&los_mounts, &los_mounts};
struct los_link los_filesystem_types = {&los_filesystem_types, &los_filesystem_types};

void los_filesystem_register(struct los_filesystem_type *type)
{
    los_list_add_last(&los_filesystem_types, &type->link);
}

/* --- references ------------------------------------------------------------------------------------------------ */

void los_mount_ref(struct los_mount *mount) { mount->refs++; }

static bool is_unused(const struct los_filesystem *fs)
{
    struct los_mount *mount;
    LOS_LIST_FOR(mount, &los_mounts, all)
    if (mount->filesystem == fs)
        return false;
    return !fs->permanent;
}

/* The root inode holds the file system, so it has to be let go once nothing is mounted. */
static void let_go_of_root(struct los_filesystem *fs)
{
    struct los_inode *root = fs->root;
    fs->root = NULL;
    los_inode_unref(root);
}

void los_mount_unref(struct los_mount *mount)
{
    if (--mount->refs)
        return;
    struct los_filesystem *fs = mount->filesystem;
    los_list_remove(&mount->all);
    bool last = is_unused(fs);
    if (last && fs->root->ops->resident && fs->root->entry)
        los_entry_drop_tree(fs->root->entry);
    los_entry_unref(mount->root);
    if (last)
        let_go_of_root(fs);
    los_free(mount->source);
    los_free(mount);
    los_filesystem_unref(fs);
}

void los_path_ref(const struct los_path *path)
{
    if (path->mount)
        los_mount_ref(path->mount);
    if (path->entry)
        los_entry_ref(path->entry);
}

void los_path_unref(const struct los_path *path)
{
    if (path->entry)
        los_entry_unref(path->entry);
    if (path->mount)
        los_mount_unref(path->mount);
}

struct los_inode *los_path_inode(const struct los_path *path)
{
    return path->entry ? path->entry->inode : NULL;
}

/* --- moving over mounts ------------------------------------------------------------------------------------------ */

static struct los_mount *mounted_on(const struct los_path *path)
{
    struct los_mount *mount;
    if (!path->entry->mounts)
        return NULL;
    LOS_LIST_FOR(mount, &los_mounts, all)
    if (mount->attached && mount->parent == path->mount && mount->point == path->entry)
        return mount;
    return NULL;
}

static void go(struct los_path *path, struct los_mount *mount, struct los_entry *entry)
{
    struct los_path old = *path;
    los_mount_ref(mount);
    los_entry_ref(entry);
    *path = (struct los_path){mount, entry};
    los_path_unref(&old);
}

void los_mount_descend(struct los_path *path)
{
    struct los_mount *mount;
    while (path->entry->mounts && (mount = mounted_on(path)))
        go(path, mount, mount->root);
}

void los_path_up(struct los_path *path, const struct los_path *root)
{
    for (;;) {
        if (path->mount == root->mount && path->entry == root->entry)
            return;
        if (path->entry != path->mount->root)
            break;
        if (!path->mount->parent)
            return;
        go(path, path->mount->parent, path->mount->point);
    }
    if (path->entry->parent)
        go(path, path->mount, path->entry->parent);
    los_mount_descend(path);
}

long los_path_text(const struct los_path *path, const struct los_path *root, char *to, size_t size)
{
    static const char deleted[] = " (deleted)";
    struct los_mount *mount = path->mount;
    struct los_entry *entry = path->entry;
    size_t at = size; /* built backwards, then moved to the front */
    if (!size)
        return -LOS_E_NAMETOOLONG;
    to[--at] = 0;
    if (!mount || !mount->attached || !entry) { /* outside the tree: "pipe:[12]" */
        if (!entry || (mount && entry->parent))
            return -LOS_E_NOENT;
        size_t length = los_strlcpy(to, entry->name, size);
        return length < size ? (long)length : -LOS_E_NAMETOOLONG;
    }
    if (entry->deleted) {
        if (at < sizeof(deleted) - 1)
            return -LOS_E_NAMETOOLONG;
        at -= sizeof(deleted) - 1;
        memcpy(to + at, deleted, sizeof(deleted) - 1);
    }
    size_t bottom = at;
    while (!root || mount != root->mount || entry != root->entry) {
        if (entry == mount->root) {
            if (!mount->parent) {
                if (root && (root->mount != mount || root->entry != entry))
                    return -LOS_E_NOENT;
                break;
            }
            entry = mount->point;
            mount = mount->parent;
            continue;
        }
        if (at < (size_t)entry->length + 1)
            return -LOS_E_NAMETOOLONG;
        at -= entry->length;
        memcpy(to + at, entry->name, entry->length);
        to[--at] = '/';
        if (!entry->parent)
            return -LOS_E_NOENT;
        entry = entry->parent;
    }
    if (at == bottom) {
        if (!at)
            return -LOS_E_NAMETOOLONG;
        to[--at] = '/';
    }
    memmove(to, to + at, size - at);
    return (long)(size - at - 1);
}

/* --- mounting ---------------------------------------------------------------------------------------------------- */

long los_mount_add(const struct los_path *point, struct los_filesystem *fs, struct los_entry *root,
                   const char *source, uint32_t flags)
{
    struct los_mount *mount = los_alloc_zeroed(sizeof(*mount));
    if (!mount)
        return -LOS_E_NOMEM;
    if (!(mount->source = los_strdup(source))) {
        los_free(mount);
        return -LOS_E_NOMEM;
    }
    mount->refs = 1; /* being attached */
    mount->flags = flags & ~(uint32_t)(LOS_MOUNT_REMOUNT | LOS_MOUNT_BIND);
    mount->filesystem = fs;
    mount->root = root;
    mount->attached = true;
    los_filesystem_ref(fs);
    los_entry_ref(root);
    if (point) {
        los_path_ref(point);
        mount->parent = point->mount;
        mount->point = point->entry;
        point->mount->children++;
        point->entry->mounts++;
    } else {
        los_mount_root = mount;
    }
    los_list_add_last(&los_mounts, &mount->all);
    return 0;
}

static void detach(struct los_mount *mount)
{
    struct los_path point = {mount->parent, mount->point};
    mount->attached = false;
    mount->parent = NULL;
    mount->point = NULL;
    point.mount->children--;
    point.entry->mounts--;
    los_mount_unref(mount);
    los_path_unref(&point);
}

static long remount(const struct los_path *path, uint32_t flags)
{
    struct los_mount *mount = path->mount;
    if (path->entry != mount->root)
        return -LOS_E_INVAL;
    if ((flags & LOS_MOUNT_READONLY) && !(mount->flags & LOS_MOUNT_READONLY) && mount->writers)
        return -LOS_E_BUSY;
    mount->flags = flags & ~(uint32_t)(LOS_MOUNT_REMOUNT | LOS_MOUNT_BIND);
    return 0;
}

static long mount_type(const struct los_path *point, const char *source, const char *name, uint32_t flags,
                       const char *data)
{
    struct los_filesystem_type *type;
    LOS_LIST_FOR(type, &los_filesystem_types, link)
    {
        struct los_filesystem *fs;
        if (strcmp(type->name, name))
            continue;
        long error = type->mount(data, &fs);
        if (error)
            return error;
        struct los_entry *root = fs->root->entry;
        bool fresh = !root;
        if (fresh && (root = los_entry_new(NULL, "/", 1, fs->root)))
            los_inode_ref(fs->root); /* the entry's */
        error = root ? los_mount_add(point, fs, root, source, flags) : -LOS_E_NOMEM;
        if (fresh && root)
            los_entry_unref(root);
        if (error && is_unused(fs))
            let_go_of_root(fs);
        los_filesystem_unref(fs);
        return error;
    }
    return -LOS_E_NODEV;
}

long los_mount(const char *source, const char *target, const char *type, uint32_t flags, const char *data)
{
    struct los_path point, from;
    if (los_file_credentials()->effective_user)
        return -LOS_E_PERM;
    long error = los_walk(NULL, target, 0, &point);
    if (error)
        return error;
    if (flags & LOS_MOUNT_REMOUNT) {
        error = remount(&point, flags);
    } else if (flags & LOS_MOUNT_BIND) {
        error = los_walk(NULL, source, 0, &from);
        if (!error) {
            if ((from.entry->inode->type == LOS_DIRECTORY) != (point.entry->inode->type == LOS_DIRECTORY))
                error = -LOS_E_NOTDIR;
            else
                error = los_mount_add(&point, from.mount->filesystem, from.entry, source,
                                      flags | from.mount->flags);
            los_path_unref(&from);
        }
    } else if (point.entry->inode->type != LOS_DIRECTORY) {
        error = -LOS_E_NOTDIR;
    } else {
        error = type ? mount_type(&point, source ? source : "none", type, flags, data) : -LOS_E_INVAL;
    }
    los_path_unref(&point);
    return error;
}

long los_unmount(const char *target, uint32_t flags)
{
    struct los_path path;
    if (los_file_credentials()->effective_user)
        return -LOS_E_PERM;
    long error = los_walk(NULL, target, flags & LOS_UNMOUNT_NOFOLLOW ? LOS_WALK_NOFOLLOW : 0, &path);
    if (error)
        return error;
    struct los_mount *mount = path.mount;
    if (path.entry != mount->root || !mount->attached) {
        error = -LOS_E_INVAL;
    } else if (!mount->parent) {
        error = -LOS_E_BUSY; /* the root of all stays */
    } else if (!(flags & LOS_UNMOUNT_DETACH) && (mount->refs > 2 || mount->children)) {
        error = -LOS_E_BUSY; /* two: being attached, and our own walk */
    } else {
        struct los_mount *child, *next;
        for (bool again = mount->children; again;) {
            again = false;
            LOS_LIST_FOR_SAFE(child, next, &los_mounts, all)
            if (child->attached && child->parent == mount && !child->children) {
                detach(child);
                again = mount->children;
                break;
            } else if (child->attached && child->parent && child->parent != mount &&
                       child->parent->parent == mount && !child->children) {
                detach(child);
                again = true;
                break;
            }
        }
        detach(mount);
    }
    los_path_unref(&path);
    return error;
}

void los_mounts_list(void (*each)(void *context, const char *source, const char *target, const char *type,
                                  uint32_t flags),
                     void *context)
{
    struct los_mount *mount;
    char *text = los_alloc(LOS_PATH_MAX);
    if (!text)
        return;
    LOS_LIST_FOR(mount, &los_mounts, all)
    {
        struct los_path path = {mount, mount->root};
        if (mount->attached && los_path_text(&path, &los_file_context()->root, text, LOS_PATH_MAX) >= 0)
            each(context, mount->source, text, mount->filesystem->name, mount->flags);
    }
    los_free(text);
}

long los_path_filesystem(const struct los_path *path, struct los_filesystem_stat *out)
{
    struct los_filesystem *fs = path->mount ? path->mount->filesystem : NULL;
    if (!fs)
        return -LOS_E_INVAL;
    *out = (struct los_filesystem_stat){
        .magic_kind = fs->kind, .block_size = LOS_PAGE, .name_max = LOS_FILE_NAME_MAX};
    if (fs->stat)
        fs->stat(fs, out);
    out->flags = path->mount->flags;
    return 0;
}
