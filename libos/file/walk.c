/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Path walk: from a path as text to a place in the tree, as POSIX.1-2017 section 4.13 resolves it.
 *
 * The walk keeps a stack of what remains after each symbolic link met on the way, and pushes only remainders that still hold a
 * component: so "last component" is simply "nothing remains here and the stack is empty".
 */
#include "internal.h"

long los_walk_begin(struct los_walk *walk, const struct los_path *start, const char *path, uint32_t flags,
                    bool parent)
{
    struct los_file_context *context = los_file_context();
    walk->root = context->root;
    walk->rest = path;
    walk->text = NULL;
    walk->parent = parent;
    walk->follow = !(flags & LOS_WALK_NOFOLLOW);
    walk->directory = flags & LOS_WALK_DIRECTORY;
    walk->exact = false;
    walk->links = walk->depth = 0;
    walk->last = WALK_ROOT;
    walk->name = "";
    walk->length = 0;
    walk->at = (struct los_path){NULL, NULL};
    if (!*path && !(flags & LOS_WALK_EMPTY))
        return -LOS_E_NOENT;
    if (*path == '/')
        walk->at = walk->root;
    else
        walk->at = start ? *start : context->cwd;
    if (!walk->at.entry) { /* a descriptor outside the tree as start */
        walk->at.mount = NULL;
        return -LOS_E_NOTDIR;
    }
    los_path_ref(&walk->at);
    return los_walk_run(walk);
}

void los_walk_end(struct los_walk *walk)
{
    los_path_unref(&walk->at);
    walk->at = (struct los_path){NULL, NULL};
    los_free(walk->text);
    walk->text = NULL;
    while (walk->depth)
        los_free(walk->stack[--walk->depth].text);
}

/* Continues with `text` (taken over), then with what remains. */
static void push(struct los_walk *walk, char *text)
{
    if (*walk->rest) {
        walk->stack[walk->depth].rest = walk->rest;
        walk->stack[walk->depth++].text = walk->text;
    } else {
        los_free(walk->text);
    }
    walk->text = text;
    walk->rest = text;
}

static bool pop(struct los_walk *walk)
{
    if (!walk->depth)
        return false;
    los_free(walk->text);
    walk->depth--;
    walk->rest = walk->stack[walk->depth].rest;
    walk->text = walk->stack[walk->depth].text;
    return true;
}

/* Goes into a symbolic link found in the directory walk->at. */
static long enter_link(struct los_walk *walk, struct los_inode *link)
{
    if (++walk->links > WALK_LINKS_MAX)
        return -LOS_E_LOOP;
    if (link->ops->follow) {
        struct los_path to = {NULL, NULL};
        long error = link->ops->follow(link, &to);
        if (error)
            return error;
        if (to.entry) {
            los_path_unref(&walk->at);
            walk->at = to;
            walk->exact = true;
            return 0;
        }
    }
    if (!link->ops->read_link)
        return -LOS_E_INVAL;
    size_t size = link->size && link->size < LOS_PATH_MAX ? link->size + 1 : LOS_PATH_MAX;
    char *text = los_alloc(size);
    if (!text)
        return -LOS_E_NOMEM;
    long length = link->ops->read_link(link, text, size);
    if (length <= 0 || (size_t)length >= size) {
        los_free(text);
        return length < 0 ? length : length ? -LOS_E_NAMETOOLONG : -LOS_E_NOENT;
    }
    text[length] = 0;
    push(walk, text);
    if (*text == '/') {
        los_path_ref(&walk->root);
        los_path_unref(&walk->at);
        walk->at = walk->root;
    }
    walk->last = WALK_ROOT; /* a link to "/" alone */
    return 0;
}

long los_walk_follow(struct los_walk *walk, struct los_entry *link)
{
    los_inode_ref(link->inode);
    struct los_inode *inode = link->inode;
    walk->rest = "";
    long error = enter_link(walk, inode);
    los_inode_unref(inode);
    if (!error && walk->exact) {
        walk->last = WALK_DOT;
        return 0;
    }
    return error ? error : los_walk_run(walk);
}

static long step(struct los_walk *walk, const char *name, size_t length, bool last)
{
    struct los_entry *child;
    long error = los_entry_child(walk->at.entry, name, length, &child);
    if (error)
        return error;
    if (child->inode->type == LOS_SYMLINK && (!last || walk->follow || walk->directory)) {
        error = enter_link(walk, child->inode);
        los_entry_unref(child);
        return error;
    }
    los_entry_unref(walk->at.entry); /* the mount stays, and so does our reference on it */
    walk->at.entry = child;
    walk->exact = false;
    if (child->mounts)
        los_mount_descend(&walk->at);
    return 0;
}

long los_walk_run(struct los_walk *walk)
{
    for (;;) {
        while (*walk->rest == '/')
            walk->rest++;
        if (!*walk->rest) {
            if (pop(walk))
                continue;
            break;
        }
        const char *name = walk->rest;
        size_t length = 1;
        while (name[length] && name[length] != '/')
            length++;
        walk->rest = name + length;
        bool slash = *walk->rest == '/';
        while (*walk->rest == '/')
            walk->rest++;
        bool last = !*walk->rest && !walk->depth;
        if (last && slash)
            walk->directory = true;
        if (walk->at.entry->inode->type != LOS_DIRECTORY)
            return -LOS_E_NOTDIR;
        long error = los_inode_permission(walk->at.entry->inode, LOS_MAY_EXECUTE);
        if (error)
            return error;
        if (length > LOS_FILE_NAME_MAX)
            return -LOS_E_NAMETOOLONG;
        bool dot = length == 1 && name[0] == '.', dotdot = length == 2 && name[0] == '.' && name[1] == '.';
        if (last && walk->parent) {
            walk->last = dot ? WALK_DOT : dotdot ? WALK_DOTDOT : WALK_NAME;
            walk->name = name;
            walk->length = length;
            return 0;
        }
        walk->exact = false;
        if (dotdot)
            los_path_up(&walk->at, &walk->root);
        else if (!dot && (error = step(walk, name, length, last)))
            return error;
    }
    if (walk->directory && walk->at.entry->inode->type != LOS_DIRECTORY)
        return -LOS_E_NOTDIR;
    return 0;
}

long los_walk(const struct los_path *start, const char *path, uint32_t flags, struct los_path *out)
{
    struct los_walk walk;
    long error = los_walk_begin(&walk, start, path, flags, false);
    if (!error) {
        *out = walk.at;
        walk.at = (struct los_path){NULL, NULL};
    }
    los_walk_end(&walk);
    return error;
}

long los_stat(const struct los_path *start, const char *path, uint32_t walk_flags, struct los_stat *out)
{
    struct los_path at;
    long error = los_walk(start, path, walk_flags, &at);
    if (error)
        return error;
    los_inode_stat(at.entry->inode, out);
    los_path_unref(&at);
    return 0;
}

long los_read_link(const struct los_path *start, const char *path, char *to, size_t size)
{
    struct los_path at;
    long error = los_walk(start, path, LOS_WALK_NOFOLLOW | LOS_WALK_EMPTY, &at);
    if (error)
        return error;
    struct los_inode *inode = at.entry->inode;
    if (inode->type != LOS_SYMLINK)
        error = *path ? -LOS_E_INVAL : -LOS_E_NOENT;
    else
        error = inode->ops->read_link ? inode->ops->read_link(inode, to, size) : -LOS_E_INVAL;
    los_path_unref(&at);
    return error;
}

/* The real user's rights: the check runs with the credentials changed for a moment. */
long los_access(const struct los_path *start, const char *path, uint32_t may, bool real_user,
                uint32_t walk_flags)
{
    struct los_path at;
    struct los_thread *thread = los_current();
    struct los_credentials *who = thread && thread->process ? &thread->process->credentials : NULL;
    uint32_t user = who ? who->file_user : 0, group = who ? who->file_group : 0;
    if (who && real_user) {
        who->file_user = who->user;
        who->file_group = who->group;
    }
    long error = los_walk(start, path, walk_flags, &at);
    if (!error) {
        if (may)
            error = los_path_permission(&at, may);
        los_path_unref(&at);
    }
    if (who) {
        who->file_user = user;
        who->file_group = group;
    }
    return error;
}
