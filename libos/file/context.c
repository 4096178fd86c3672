/* SPDX-License-Identifier: MPL-2.0 */
/* Who asks: credentials, root, working directory and mask of the current process; permission checks, times and inode references. */
#include "internal.h"

/* --- the current process ---------------------------------------------------------------------------------- */

static struct los_file_context boot_context = {.refs = 1, .mask = 022};

const struct los_credentials *los_file_credentials(void)
{
    static const struct los_credentials root;
    struct los_thread *thread = los_current();
    return thread && thread->process ? &thread->process->credentials : &root;
}

struct los_file_context *los_file_context(void)
{
    struct los_thread *thread = los_current();
    if (thread && thread->process && thread->process->files)
        return thread->process->files;
    if (!boot_context.root.mount && los_mount_root) {
        boot_context.root = (struct los_path){los_mount_root, los_mount_root->root};
        boot_context.cwd = boot_context.root;
        los_path_ref(&boot_context.root);
        los_path_ref(&boot_context.cwd);
    }
    return &boot_context;
}

struct los_file_context *los_file_context_clone(const struct los_file_context *from)
{
    struct los_file_context *context = los_alloc(sizeof(*context));
    if (!context)
        return NULL;
    if (!from) {
        struct los_path root = {los_mount_root, los_mount_root->root};
        *context = (struct los_file_context){.root = root, .cwd = root, .mask = 022};
    } else {
        *context = *from;
    }
    context->refs = 1;
    los_path_ref(&context->root);
    los_path_ref(&context->cwd);
    return context;
}

void los_file_context_unref(struct los_file_context *context)
{
    if (!context || --context->refs)
        return;
    los_path_unref(&context->root);
    los_path_unref(&context->cwd);
    los_free(context);
}

static void replace_path(struct los_path *place, const struct los_path *path)
{
    struct los_path old = *place;
    los_path_ref(path);
    *place = *path;
    los_path_unref(&old);
}

long los_change_directory(const struct los_path *to)
{
    if (!to->entry || to->entry->inode->type != LOS_DIRECTORY)
        return -LOS_E_NOTDIR;
    long error = los_inode_permission(to->entry->inode, LOS_MAY_EXECUTE);
    if (!error)
        replace_path(&los_file_context()->cwd, to);
    return error;
}

long los_change_root(const struct los_path *to)
{
    if (!to->entry || to->entry->inode->type != LOS_DIRECTORY)
        return -LOS_E_NOTDIR;
    long error = los_inode_permission(to->entry->inode, LOS_MAY_EXECUTE);
    if (error)
        return error;
    if (los_file_credentials()->effective_user)
        return -LOS_E_PERM;
    replace_path(&los_file_context()->root, to);
    return 0;
}

/* --- permissions --------------------------------------------------------------------------------------------- */

bool los_in_group(const struct los_credentials *who, uint32_t group)
{
    if (who->file_group == group)
        return true;
    for (uint32_t i = 0; i < who->groups_count; i++)
        if (who->groups[i] == group)
            return true;
    return false;
}

bool los_is_owner(const struct los_inode *inode)
{
    const struct los_credentials *who = los_file_credentials();
    return who->file_user == 0 || who->file_user == inode->user;
}

long los_inode_permission(struct los_inode *inode, uint32_t may)
{
    const struct los_credentials *who = los_file_credentials();
    if (who->file_user == 0) {
        bool runs = inode->type == LOS_DIRECTORY || (inode->permissions & 0111);
        return (may & LOS_MAY_EXECUTE) && !runs ? -LOS_E_ACCES : 0;
    }
    uint32_t bits = inode->permissions;
    if (who->file_user == inode->user)
        bits >>= 6;
    else if (los_in_group(who, inode->group))
        bits >>= 3;
    return (may & ~bits & 7) ? -LOS_E_ACCES : 0;
}

static bool kept_on_disk(const struct los_inode *inode)
{
    return inode->type == LOS_REGULAR || inode->type == LOS_DIRECTORY || inode->type == LOS_SYMLINK;
}

long los_path_writable(const struct los_path *path)
{
    return path->mount && (path->mount->flags & LOS_MOUNT_READONLY) ? -LOS_E_ROFS : 0;
}

long los_path_permission(const struct los_path *path, uint32_t may)
{
    struct los_inode *inode = path->entry->inode;
    if ((may & LOS_MAY_WRITE) && kept_on_disk(inode) && los_path_writable(path))
        return -LOS_E_ROFS;
    if ((may & LOS_MAY_EXECUTE) && inode->type == LOS_REGULAR && (path->mount->flags & LOS_MOUNT_NOEXEC))
        return -LOS_E_ACCES;
    return los_inode_permission(inode, may);
}

/* --- attributes ---------------------------------------------------------------------------------------------- */

struct los_timestamp los_timestamp_now(void)
{
    uint64_t ns = los_wall_now();
    return (struct los_timestamp){(int64_t)(ns / 1000000000), (uint32_t)(ns % 1000000000)};
}

void los_inode_touch(struct los_inode *inode, bool modified)
{
    inode->changed = los_timestamp_now();
    if (modified)
        inode->modified = inode->changed;
}

static bool not_after(struct los_timestamp a, struct los_timestamp b)
{
    return a.seconds < b.seconds || (a.seconds == b.seconds && a.nanoseconds <= b.nanoseconds);
}

/* Only the first read after a change moves the access time: enough to tell read from unread, and reads need no clock. */
void los_inode_accessed(struct los_inode *inode, const struct los_file *file)
{
    uint32_t flags = file->path.mount ? file->path.mount->flags : 0;
    if ((file->flags & LOS_OPEN_NOATIME) || (flags & (LOS_MOUNT_NOATIME | LOS_MOUNT_READONLY)))
        return;
    if (not_after(inode->accessed, inode->modified) || not_after(inode->accessed, inode->changed))
        inode->accessed = los_timestamp_now();
}

void los_inode_strip_setuid(struct los_inode *inode)
{
    uint32_t strip = MODE_SETUID;
    if ((inode->permissions & (MODE_SETGID | MODE_GROUP_EXECUTE)) == (MODE_SETGID | MODE_GROUP_EXECUTE))
        strip |= MODE_SETGID;
    if ((inode->permissions & strip) && los_file_credentials()->file_user)
        inode->permissions &= ~strip;
}

static long keep(struct los_inode *inode, const struct los_inode *before)
{
    long error = inode->ops->changed ? inode->ops->changed(inode) : 0;
    if (error) {
        inode->permissions = before->permissions;
        inode->user = before->user;
        inode->group = before->group;
        inode->accessed = before->accessed;
        inode->modified = before->modified;
        inode->changed = before->changed;
    }
    return error;
}

long los_change_mode(struct los_inode *inode, uint32_t permissions)
{
    const struct los_credentials *who = los_file_credentials();
    struct los_inode before = *inode;
    if (!los_is_owner(inode))
        return -LOS_E_PERM;
    permissions &= MODE_ALL;
    if (who->file_user && !los_in_group(who, inode->group))
        permissions &= ~(uint32_t)MODE_SETGID;
    inode->permissions = permissions;
    los_inode_touch(inode, false);
    return keep(inode, &before);
}

long los_change_owner(struct los_inode *inode, uint32_t user, uint32_t group)
{
    const struct los_credentials *who = los_file_credentials();
    struct los_inode before = *inode;
    if (who->file_user) {
        if (user != UINT32_MAX && (who->file_user != inode->user || user != inode->user))
            return -LOS_E_PERM;
        if (group != UINT32_MAX &&
            (who->file_user != inode->user || (group != inode->group && !los_in_group(who, group))))
            return -LOS_E_PERM;
    }
    if (user != UINT32_MAX)
        inode->user = user;
    if (group != UINT32_MAX)
        inode->group = group;
    if (inode->type != LOS_DIRECTORY) {
        if (inode->permissions & MODE_GROUP_EXECUTE)
            inode->permissions &= ~(uint32_t)MODE_SETGID;
        inode->permissions &= ~(uint32_t)MODE_SETUID;
    }
    los_inode_touch(inode, false);
    return keep(inode, &before);
}

static bool is_now(const struct los_timestamp *time) { return !time || time->nanoseconds == LOS_TIME_NOW; }

long los_change_times(struct los_inode *inode, const struct los_timestamp *accessed,
                      const struct los_timestamp *modified)
{
    struct los_inode before = *inode;
    bool both_now = accessed && modified && is_now(accessed) && is_now(modified);
    if (!accessed && !modified)
        return 0;
    if (!los_is_owner(inode)) {
        if (!both_now)
            return -LOS_E_PERM;
        if (los_inode_permission(inode, LOS_MAY_WRITE))
            return -LOS_E_ACCES;
    }
    inode->changed = los_timestamp_now();
    if (accessed)
        inode->accessed = is_now(accessed) ? inode->changed : *accessed;
    if (modified)
        inode->modified = is_now(modified) ? inode->changed : *modified;
    return keep(inode, &before);
}

/* --- inodes and file systems --------------------------------------------------------------------------------- */

void los_filesystem_ref(struct los_filesystem *fs) { fs->refs++; }

void los_filesystem_unref(struct los_filesystem *fs)
{
    if (--fs->refs == 0 && fs->release)
        fs->release(fs);
}

uint64_t los_filesystem_device(void)
{
    static uint64_t last;
    return ++last;
}

struct los_inode *los_inode_new(struct los_filesystem *fs, const struct los_inode_ops *ops,
                                enum los_file_type type, uint32_t permissions)
{
    struct los_inode *inode = los_alloc_zeroed(sizeof(*inode));
    if (!inode)
        return NULL;
    inode->refs = 1;
    inode->type = type;
    inode->permissions = permissions;
    inode->links = 1;
    inode->number = ++fs->last_number;
    inode->filesystem = fs;
    inode->ops = ops;
    inode->accessed = inode->modified = inode->changed = inode->born = los_timestamp_now();
    los_filesystem_ref(fs);
    return inode;
}

void los_inode_ref(struct los_inode *inode) { inode->refs++; }

void los_inode_unref(struct los_inode *inode)
{
    if (--inode->refs)
        return;
    struct los_filesystem *fs = inode->filesystem;
    los_locks_release(inode);
    if (inode->fifo)
        los_fifo_release(inode);
    if (inode->ops->release)
        inode->ops->release(inode);
    los_free(inode);
    los_filesystem_unref(fs);
}

void los_inode_stat(struct los_inode *inode, struct los_stat *out)
{
    *out = (struct los_stat){
        .device = inode->filesystem->device,
        .inode = inode->number,
        .type = inode->type,
        .permissions = inode->permissions,
        .links = inode->links,
        .user = inode->user,
        .group = inode->group,
        .major = inode->major,
        .minor = inode->minor,
        .size = inode->size,
        .blocks = inode->blocks,
        .block_size = LOS_PAGE,
        .accessed = inode->accessed,
        .modified = inode->modified,
        .changed = inode->changed,
        .born = inode->born,
    };
    if (inode->ops->stat)
        inode->ops->stat(inode, out);
}
