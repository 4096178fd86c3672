/* SPDX-License-Identifier: MPL-2.0 */
/* Generated file systems (pseudo.h): inodes and open files over the callbacks of a kind of node. */
#include "internal.h"
#include <los/pseudo.h>

#define DYNAMIC 0x10000ull /* list positions: below, fixed names; from there on, cursors of the kind's own */

static const struct los_inode_ops pseudo_ops;
static const struct los_file_ops text_ops;

const struct los_pseudo_node *los_pseudo_of(const struct los_inode *inode)
{
    return inode->ops == &pseudo_ops ? inode->private : NULL;
}

/* The same thing has the same number each time it is looked at. */
static uint64_t make_number(const struct los_pseudo_node *node, const char *name, size_t length)
{
    uint64_t h = 0xcbf29ce484222325ull, parts[3] = {(uintptr_t)node->kind, node->value[0], node->value[1]};
    if (node->number)
        return node->number;
    for (size_t i = 0; i < sizeof(parts); i++)
        h = (h ^ ((uint8_t *)parts)[i]) * 0x100000001b3ull;
    for (size_t i = 0; i < length; i++)
        h = (h ^ (uint8_t)name[i]) * 0x100000001b3ull;
    return (h ^ (h >> 31)) & 0x7fffffff ? (h ^ (h >> 31)) & 0x7fffffff : 1;
}

static struct los_inode *make_inode(struct los_filesystem *fs, const struct los_pseudo_node *node)
{
    const struct los_pseudo *kind = node->kind;
    struct los_pseudo_node *copy = los_alloc(sizeof(*copy));
    struct los_inode *inode = copy ? los_inode_new(fs, &pseudo_ops, kind->type, kind->permissions) : NULL;
    if (!inode) {
        los_free(copy);
        return NULL;
    }
    *copy = *node;
    inode->private = copy;
    inode->number = node->number;
    inode->major = kind->major;
    inode->minor = node->minor;
    if (kind->type == LOS_DIRECTORY)
        inode->links = 2;
    if (kind->type == LOS_REGULAR || kind->open) /* open puts others in their place */
        inode->file_ops = &text_ops;
    if (kind->owner)
        kind->owner(copy, &inode->permissions, &inode->user, &inode->group);
    return inode;
}

static bool is_name(const char *text, const char *name, size_t length)
{
    return !strncmp(text, name, length) && !text[length];
}

static long pseudo_lookup(struct los_inode *dir, const char *name, size_t length, struct los_inode **out)
{
    const struct los_pseudo_node *parent = dir->private;
    struct los_pseudo_node node = {.value = {parent->value[0], parent->value[1]}};
    char text[LOS_FILE_NAME_MAX + 1];
    for (const struct los_pseudo_item *item = parent->kind->items; item && item->name; item++)
        if (is_name(item->name, name, length)) {
            node.kind = item->kind;
            break;
        }
    if (!node.kind) {
        if (!parent->kind->lookup)
            return -LOS_E_NOENT;
        memcpy(text, name, length);
        text[length] = 0;
        long error = parent->kind->lookup(parent, text, length, &node);
        if (error)
            return error;
    }
    node.number = make_number(&node, name, length);
    *out = make_inode(dir->filesystem, &node);
    return *out ? 0 : -LOS_E_NOMEM;
}

static long pseudo_list(struct los_inode *dir, uint64_t *position,
                        bool (*emit)(void *context, const struct los_directory_item *item, uint64_t next),
                        void *context)
{
    const struct los_pseudo_node *parent = dir->private;
    uint64_t fixed = 0;
    char name[LOS_FILE_NAME_MAX + 1];
    for (const struct los_pseudo_item *item = parent->kind->items; item && item->name; item++, fixed++) {
        struct los_pseudo_node node = {.kind = item->kind, .value = {parent->value[0], parent->value[1]}};
        if (fixed < *position)
            continue;
        struct los_directory_item shown = {item->name, make_number(&node, item->name, strlen(item->name)),
                                           item->kind->type};
        *position = fixed + 1;
        if (!emit(context, &shown, *position))
            return 0;
    }
    uint64_t cursor = *position >= DYNAMIC ? *position - DYNAMIC : 0;
    while (parent->kind->next) {
        struct los_pseudo_node node = {.value = {parent->value[0], parent->value[1]}};
        if (!parent->kind->next(parent, &cursor, name, &node))
            break;
        struct los_directory_item shown = {name, make_number(&node, name, strlen(name)), node.kind->type};
        *position = DYNAMIC + cursor;
        if (!emit(context, &shown, *position))
            break;
    }
    return 0;
}

static long pseudo_read_link(struct los_inode *inode, char *to, size_t size)
{
    const struct los_pseudo_node *node = inode->private;
    return node->kind->read_link ? node->kind->read_link(node, to, size) : -LOS_E_INVAL;
}

static long pseudo_follow(struct los_inode *inode, struct los_path *path)
{
    const struct los_pseudo_node *node = inode->private;
    return node->kind->follow ? node->kind->follow(node, path) : 0;
}

static long pseudo_changed(struct los_inode *inode)
{
    const struct los_pseudo_node *node = inode->private;
    if (!node->kind->changed)
        return -LOS_E_PERM;
    return node->kind->changed(node, inode->permissions, inode->user, inode->group);
}

/* Truncating on open for writing is what shells do with ">": nothing to do here. */
static long pseudo_truncate(struct los_inode *inode, uint64_t size)
{
    (void)size;
    const struct los_pseudo_node *node = inode->private;
    return node->kind->write ? 0 : -LOS_E_PERM;
}

static void pseudo_inode_release(struct los_inode *inode) { los_free(inode->private); }

/* --- open files: a text, made at open and when read from the start ------------------------------------------------------- */

struct text_file {
    struct los_text text;
    bool fresh; /* made, and not read yet */
};

static long make_text(struct los_file *file)
{
    const struct los_pseudo_node *node = file->inode->private;
    struct text_file *made = file->private;
    struct los_text *text = &made->text;
    made->fresh = true;
    text->length = 0;
    text->failed = false;
    long error = node->kind->make ? node->kind->make(text, node) : 0;
    return error ? error : text->failed ? -LOS_E_NOMEM : 0;
}

static long pseudo_open(struct los_inode *inode, struct los_file *file)
{
    const struct los_pseudo_node *node = inode->private;
    if (inode->type == LOS_REGULAR) {
        if ((file->flags & LOS_OPEN_WRITE) && !node->kind->write)
            return -LOS_E_ACCES;
        if (node->kind->make || node->kind->write) {
            if (!(file->private = los_alloc_zeroed(sizeof(struct text_file))))
                return -LOS_E_NOMEM;
            long error = file->flags & LOS_OPEN_READ ? make_text(file) : 0;
            if (error) {
                los_free(((struct text_file *)file->private)->text.at);
                los_free(file->private);
                file->private = NULL;
                return error;
            }
        }
    }
    return node->kind->open ? node->kind->open(node, file) : 0;
}

static long text_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    struct text_file *made = file->private;
    if (!made)
        return 0;
    struct los_text *text = &made->text;
    if (*offset == 0 && !made->fresh) {
        long error = make_text(file);
        if (error)
            return error;
    }
    made->fresh = false;
    if (*offset >= text->length)
        return 0;
    size_t n = text->length - *offset;
    long moved = los_transfer_out(to, text->at + *offset, n < to->left ? n : to->left);
    if (moved > 0)
        *offset += (uint64_t)moved;
    return moved;
}

static long text_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    const struct los_pseudo_node *node = file->inode->private;
    size_t n = from->left < LOS_PAGE ? from->left : LOS_PAGE;
    if (!node->kind->write)
        return -LOS_E_ACCES;
    char *bytes = los_alloc(n + 1);
    if (!bytes)
        return -LOS_E_NOMEM;
    long moved = los_transfer_in(from, bytes, n);
    if (moved >= 0) {
        bytes[moved] = 0;
        moved = node->kind->write(node, bytes, (size_t)moved);
    }
    los_free(bytes);
    if (moved > 0)
        *offset += (uint64_t)moved;
    return moved;
}

static long text_seek(struct los_file *file, int64_t offset, int whence)
{
    struct text_file *made = file->private;
    if (whence == 1)
        offset += (int64_t)file->offset;
    else if (whence == 2)
        offset += made ? (int64_t)made->text.length : 0;
    else if (whence != 0)
        return -LOS_E_INVAL;
    if (offset < 0)
        return -LOS_E_INVAL;
    file->offset = (uint64_t)offset;
    return offset;
}

static void text_close(struct los_file *file)
{
    struct text_file *made = file->private;
    if (made)
        los_free(made->text.at);
    los_free(made);
}

static const struct los_file_ops text_ops = {
    .read = text_read, .write = text_write, .seek = text_seek, .close = text_close};
static const struct los_inode_ops pseudo_ops = {
    .lookup = pseudo_lookup,
    .list = pseudo_list,
    .read_link = pseudo_read_link,
    .follow = pseudo_follow,
    .truncate = pseudo_truncate,
    .changed = pseudo_changed,
    .open = pseudo_open,
    .release = pseudo_inode_release,
    .uncached = true,
};

/* --- instances --------------------------------------------------------------------------------------------------------------- */

static void pseudo_release(struct los_filesystem *fs) { los_free(fs); }

long los_pseudo_create(const char *name, enum los_filesystem_kind kind, const struct los_pseudo *root,
                       struct los_filesystem **out)
{
    struct los_pseudo_node node = {.kind = root, .number = 1};
    struct los_filesystem *fs = los_alloc_zeroed(sizeof(*fs));
    if (!fs)
        return -LOS_E_NOMEM;
    fs->name = name;
    fs->kind = kind;
    fs->device = los_filesystem_device();
    fs->release = pseudo_release;
    fs->refs = 1;
    if (!(fs->root = make_inode(fs, &node))) {
        los_free(fs);
        return -LOS_E_NOMEM;
    }
    *out = fs;
    return 0;
}
