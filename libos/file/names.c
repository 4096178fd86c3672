/* SPDX-License-Identifier: MPL-2.0 */
/* Names come, go and move: creation of every type of file, links, unlink, rename. */
#include "internal.h"

/* --- what is common to making names ---------------------------------------------------------------------------- */

static long may_change(const struct los_path *dir)
{
    if (dir->entry->deleted)
        return -LOS_E_NOENT;
    return los_path_permission(dir, LOS_MAY_WRITE | LOS_MAY_EXECUTE);
}

long los_may_create(const struct los_path *dir) { return may_change(dir); }

void los_new_owner(const struct los_inode *dir, enum los_file_type type, uint32_t permissions,
                   struct los_stat *as)
{
    const struct los_credentials *who = los_file_credentials();
    *as = (struct los_stat){
        .type = type, .permissions = permissions, .user = who->file_user, .group = who->file_group};
    if (!(dir->permissions & MODE_SETGID))
        return;
    as->group = dir->group;
    if (type == LOS_DIRECTORY)
        as->permissions |= MODE_SETGID;
    else if ((permissions & MODE_GROUP_EXECUTE) && who->file_user && !los_in_group(who, dir->group))
        as->permissions &= ~(uint32_t)MODE_SETGID;
}

long los_create(const struct los_path *dir, const char *name, size_t length, enum los_file_type type,
                uint32_t permissions, uint32_t major, uint32_t minor, const char *target,
                struct los_entry **out)
{
    struct los_inode *parent = dir->entry->inode, *inode;
    struct los_stat as;
    long error = los_may_create(dir);
    if (error)
        return error;
    if (!parent->ops->create) /* generated names: there is none of that kind */
        return parent->ops->uncached ? -LOS_E_NOENT : -LOS_E_PERM;
    if (type != LOS_SYMLINK)
        permissions &= ~los_file_context()->mask;
    los_new_owner(parent, type, permissions, &as);
    as.major = major;
    as.minor = minor;
    error = parent->ops->create(parent, name, length, &as, target, &inode);
    if (error)
        return error;
    struct los_entry *entry = los_entry_new(dir->entry, name, length, inode);
    if (!entry) {
        if (!parent->ops->resident && parent->ops->unlink)
            parent->ops->unlink(parent, name, length, inode);
        inode->links = 0;
        los_inode_unref(inode);
        return -LOS_E_NOMEM;
    }
    los_entry_insert(entry);
    if (parent->ops->resident) {
        if (type == LOS_DIRECTORY) {
            inode->links = 2;
            parent->links++;
        }
        los_inode_touch(parent, true);
    }
    *out = entry;
    return 0;
}

/* Finds the place for a new name: EXIST when it is taken. On success walk.at is the directory; los_walk_end is due in any case. */
static long new_place(struct los_walk *walk, const struct los_path *start, const char *path, bool directory)
{
    struct los_entry *there;
    long error = los_walk_begin(walk, start, path, LOS_WALK_NOFOLLOW, true);
    if (error)
        return error;
    if (walk->last != WALK_NAME)
        return -LOS_E_EXIST;
    error = los_entry_child(walk->at.entry, walk->name, walk->length, &there);
    if (!error) {
        los_entry_unref(there);
        return -LOS_E_EXIST;
    }
    if (error != -LOS_E_NOENT)
        return error;
    return walk->directory && !directory ? -LOS_E_NOENT : 0;
}

static long make(const struct los_path *start, const char *path, enum los_file_type type, uint32_t permissions,
                 uint32_t major, uint32_t minor, const char *target)
{
    struct los_walk walk;
    struct los_entry *entry;
    long error = new_place(&walk, start, path, type == LOS_DIRECTORY);
    if (!error)
        error = los_create(&walk.at, walk.name, walk.length, type, permissions, major, minor, target, &entry);
    if (!error)
        los_entry_unref(entry);
    los_walk_end(&walk);
    return error;
}

long los_make_directory(const struct los_path *start, const char *path, uint32_t permissions)
{
    return make(start, path, LOS_DIRECTORY, permissions & (0777 | MODE_STICKY), 0, 0, NULL);
}

long los_make_node(const struct los_path *start, const char *path, enum los_file_type type,
                   uint32_t permissions, uint32_t major, uint32_t minor)
{
    if (type == LOS_DIRECTORY || type == LOS_SYMLINK)
        return -LOS_E_INVAL;
    if ((type == LOS_CHARACTER || type == LOS_BLOCK) && los_file_credentials()->effective_user)
        return -LOS_E_PERM;
    return make(start, path, type, permissions & MODE_ALL, major, minor, NULL);
}

long los_make_symlink(const char *target, const struct los_path *start, const char *path)
{
    if (!*target)
        return -LOS_E_NOENT;
    if (strlen(target) >= LOS_PATH_MAX)
        return -LOS_E_NAMETOOLONG;
    return make(start, path, LOS_SYMLINK, 0777, 0, 0, target);
}

/* --- hard links -------------------------------------------------------------------------------------------------- */

static long link_at(const struct los_path *dir, const char *name, size_t length, const struct los_path *from)
{
    struct los_inode *inode = from->entry->inode, *parent = dir->entry->inode;
    if (from->mount->filesystem != dir->mount->filesystem || from->mount != dir->mount)
        return -LOS_E_XDEV;
    long error = may_change(dir);
    if (error)
        return error;
    if (inode->type == LOS_DIRECTORY)
        return -LOS_E_PERM;
    if (!inode->links && !inode->linkable)
        return -LOS_E_NOENT;
    if (inode->links >= 65000)
        return -LOS_E_MLINK;
    if (!parent->ops->resident) {
        if (!parent->ops->link)
            return -LOS_E_PERM;
        if ((error = parent->ops->link(parent, name, length, inode)))
            return error;
    }
    los_inode_ref(inode);
    struct los_entry *entry = los_entry_new(dir->entry, name, length, inode);
    if (!entry) {
        los_inode_unref(inode);
        return parent->ops->resident ? -LOS_E_NOMEM : 0; /* else the name is found again by lookup */
    }
    los_entry_insert(entry);
    los_entry_unref(entry);
    if (parent->ops->resident) {
        inode->links++;
        los_inode_touch(inode, false);
        los_inode_touch(parent, true);
    }
    inode->linkable = false;
    return 0;
}

long los_link(const struct los_path *from_start, const char *from, const struct los_path *to_start,
              const char *to, uint32_t walk_flags)
{
    struct los_path source;
    struct los_walk walk;
    long error = los_walk(from_start, from, walk_flags, &source);
    if (error)
        return error;
    error = new_place(&walk, to_start, to, false);
    if (!error)
        error = link_at(&walk.at, walk.name, walk.length, &source);
    los_walk_end(&walk);
    los_path_unref(&source);
    return error;
}

/* --- unlink ---------------------------------------------------------------------------------------------------------- */

static long may_remove(const struct los_path *dir, const struct los_inode *victim)
{
    long error = may_change(dir);
    if (error)
        return error;
    const struct los_inode *parent = dir->entry->inode;
    uint32_t user = los_file_credentials()->file_user;
    if ((parent->permissions & MODE_STICKY) && user && user != victim->user && user != parent->user)
        return -LOS_E_PERM;
    return 0;
}

/* The inode loses one name in `parent`: counts and times of resident directories. */
static void name_gone(struct los_inode *parent, struct los_inode *inode)
{
    if (inode->type == LOS_DIRECTORY) {
        parent->links--;
        inode->links = 0;
    } else {
        inode->links--;
    }
    los_inode_touch(inode, false);
    los_inode_touch(parent, true);
}

static long remove_entry(const struct los_path *dir, struct los_entry *victim)
{
    struct los_inode *parent = dir->entry->inode;
    if (victim->mounts)
        return -LOS_E_BUSY;
    if (parent->ops->resident) {
        if (victim->inode->type == LOS_DIRECTORY && !los_list_empty(&victim->children))
            return -LOS_E_NOTEMPTY;
        name_gone(parent, victim->inode);
    } else {
        if (!parent->ops->unlink)
            return -LOS_E_PERM;
        long error = parent->ops->unlink(parent, victim->name, victim->length, victim->inode);
        if (error)
            return error;
    }
    los_entry_remove(victim);
    return 0;
}

long los_unlink(const struct los_path *start, const char *path, bool directory)
{
    struct los_walk walk;
    struct los_entry *victim = NULL;
    long error = los_walk_begin(&walk, start, path, LOS_WALK_NOFOLLOW, true);
    if (!error && walk.last != WALK_NAME) {
        if (!directory)
            error = -LOS_E_ISDIR;
        else
            error = walk.last == WALK_DOT      ? -LOS_E_INVAL
                    : walk.last == WALK_DOTDOT ? -LOS_E_NOTEMPTY
                                               : -LOS_E_BUSY;
    }
    if (!error)
        error = los_entry_child(walk.at.entry, walk.name, walk.length, &victim);
    if (!error)
        error = may_remove(&walk.at, victim->inode);
    if (!error) {
        bool is_directory = victim->inode->type == LOS_DIRECTORY;
        if (directory && !is_directory)
            error = -LOS_E_NOTDIR;
        else if (!directory && is_directory)
            error = -LOS_E_ISDIR;
        else if (walk.directory && !is_directory)
            error = -LOS_E_NOTDIR;
        else
            error = remove_entry(&walk.at, victim);
    }
    if (victim)
        los_entry_unref(victim);
    los_walk_end(&walk);
    return error;
}

/* --- rename ------------------------------------------------------------------------------------------------------------ */

static bool is_below(const struct los_entry *entry, const struct los_entry *ancestor)
{
    for (; entry; entry = entry->parent)
        if (entry == ancestor)
            return true;
    return false;
}

struct move {
    struct los_walk from, to;
    struct los_entry *source, *target; /* target NULL: a new name */
};

/* Everything that may be wrong; changes nothing. 1: nothing to do. */
static long check_move(struct move *m, uint32_t flags)
{
    struct los_inode *source = m->source->inode, *target = m->target ? m->target->inode : NULL;
    bool exchange = flags & LOS_RENAME_EXCHANGE;
    if (target && (flags & LOS_RENAME_NOREPLACE))
        return -LOS_E_EXIST;
    if (!target && exchange)
        return -LOS_E_NOENT;
    if (source->type != LOS_DIRECTORY) {
        if (m->from.directory)
            return -LOS_E_NOTDIR;
        if (m->to.directory && !exchange)
            return -LOS_E_NOTDIR;
    }
    if (is_below(m->to.at.entry, m->source))
        return -LOS_E_INVAL;
    if (target && is_below(m->from.at.entry, m->target))
        return exchange ? -LOS_E_INVAL : -LOS_E_NOTEMPTY;
    if (source == target && !exchange)
        return 1;
    if (m->source == m->target)
        return 1;
    long error = may_remove(&m->from.at, source);
    if (!error)
        error = target ? may_remove(&m->to.at, target) : may_change(&m->to.at);
    if (error)
        return error;
    if (target && !exchange) {
        if (source->type == LOS_DIRECTORY && target->type != LOS_DIRECTORY)
            return -LOS_E_NOTDIR;
        if (source->type != LOS_DIRECTORY && target->type == LOS_DIRECTORY)
            return -LOS_E_ISDIR;
        if (target->ops->resident && !los_list_empty(&m->target->children))
            return -LOS_E_NOTEMPTY;
    }
    if (m->source->mounts || (m->target && m->target->mounts))
        return -LOS_E_BUSY;
    if (source->type == LOS_DIRECTORY && m->from.at.entry != m->to.at.entry) /* ".." changes */
        return los_inode_permission(source, LOS_MAY_WRITE);
    return 0;
}

/* Link counts of the two parents when a directory goes from one to the other. */
static void move_directory_link(struct los_inode *moved, struct los_inode *from, struct los_inode *to)
{
    if (moved->type == LOS_DIRECTORY && from != to) {
        from->links--;
        to->links++;
    }
}

static long apply_move(struct move *m, uint32_t flags)
{
    struct los_inode *from = m->from.at.entry->inode, *to = m->to.at.entry->inode;
    bool resident = from->ops->resident;
    if (flags & LOS_RENAME_EXCHANGE) {
        if (!resident)
            return -LOS_E_INVAL;
        los_entry_exchange(m->source, m->target);
        move_directory_link(m->source->inode, from, to);
        move_directory_link(m->target->inode, to, from);
        los_inode_touch(m->target->inode, false);
    } else {
        if (!resident) {
            if (!from->ops->rename)
                return -LOS_E_PERM;
            long error = from->ops->rename(from, m->from.name, m->from.length, to, m->to.name, m->to.length,
                                           m->target ? m->target->inode : NULL);
            if (error)
                return error;
        }
        /* The new name first, which may fail; for a moment two entries carry it, and the newer one is found. */
        long error = los_entry_move(m->source, m->to.at.entry, m->to.name, m->to.length);
        if (error && resident)
            return error;
        if (m->target) {
            if (resident)
                name_gone(to, m->target->inode);
            los_entry_remove(m->target);
        }
        if (resident)
            move_directory_link(m->source->inode, from, to);
    }
    if (resident) {
        los_inode_touch(m->source->inode, false);
        los_inode_touch(from, true);
        los_inode_touch(to, true);
    }
    return 0;
}

static long find_move(struct move *m, uint32_t flags)
{
    if (m->from.last != WALK_NAME || m->to.last != WALK_NAME)
        return (flags & LOS_RENAME_NOREPLACE) && m->to.last != WALK_NAME ? -LOS_E_EXIST : -LOS_E_BUSY;
    if (m->from.at.mount != m->to.at.mount)
        return -LOS_E_XDEV;
    long error = los_entry_child(m->from.at.entry, m->from.name, m->from.length, &m->source);
    if (error)
        return error;
    error = los_entry_child(m->to.at.entry, m->to.name, m->to.length, &m->target);
    return error == -LOS_E_NOENT ? 0 : error;
}

long los_rename(const struct los_path *from_start, const char *from, const struct los_path *to_start,
                const char *to, uint32_t flags)
{
    if ((flags & LOS_RENAME_EXCHANGE) && (flags & LOS_RENAME_NOREPLACE))
        return -LOS_E_INVAL;
    struct move *m = los_alloc_zeroed(sizeof(*m)); /* two walks are too big for a thread's stack */
    if (!m)
        return -LOS_E_NOMEM;
    long error = los_walk_begin(&m->from, from_start, from, LOS_WALK_NOFOLLOW, true);
    if (!error)
        error = los_walk_begin(&m->to, to_start, to, LOS_WALK_NOFOLLOW, true);
    if (!error)
        error = find_move(m, flags);
    if (!error)
        error = check_move(m, flags);
    if (!error)
        error = apply_move(m, flags);
    if (m->source)
        los_entry_unref(m->source);
    if (m->target)
        los_entry_unref(m->target);
    los_walk_end(&m->from);
    los_walk_end(&m->to);
    los_free(m);
    return error > 0 ? 0 : error;
}
