/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Entries: names in directories, as a tree with parent pointers and one hash table over (parent, name).
 *
 * An entry is alive while referenced: by paths, by its children, and by its directory when that is resident (then it is pinned until it
 * is unlinked). The hash table never grows: its size follows from the memory at boot, so that memory use depends only on what exists.
 */
#include "internal.h"

static struct los_entry **table;
static uint32_t table_mask;

bool los_entries_init(void)
{
    unsigned order = 3; /* 32 KiB: 4096 heads */
    if (table)
        return true;
    while (order < 9 && (LOS_PAGE << (order + 11)) < los_pages_total() * LOS_PAGE)
        order++; /* a head per 16 KiB of memory or so */
    los_pageno page = los_pages_alloc(order);
    if (!page)
        return false;
    table = los_page_address(page);
    memset(table, 0, LOS_PAGE << order);
    table_mask = (uint32_t)((LOS_PAGE << order) / sizeof(*table)) - 1;
    return true;
}

static uint32_t hash_name(const struct los_entry *parent, const char *name, size_t length)
{
    uint64_t h = (uintptr_t)parent >> 4;
    for (size_t i = 0; i < length; i++)
        h = (h ^ (uint8_t)name[i]) * 0x100000001b3ull;
    h ^= h >> 29;
    return (uint32_t)(h ^ (h >> 17));
}

static struct los_entry *find(struct los_entry *parent, const char *name, size_t length)
{
    uint32_t hash = hash_name(parent, name, length);
    for (struct los_entry *e = table[hash & table_mask]; e; e = e->chain)
        if (e->hash == hash && e->parent == parent && e->length == length && !memcmp(e->name, name, length))
            return e;
    return NULL;
}

static void hash_add(struct los_entry *entry)
{
    entry->hash = hash_name(entry->parent, entry->name, entry->length);
    entry->chain = table[entry->hash & table_mask];
    table[entry->hash & table_mask] = entry;
    entry->hashed = true;
}

static void hash_remove(struct los_entry *entry)
{
    struct los_entry **at = &table[entry->hash & table_mask];
    while (*at != entry)
        at = &(*at)->chain;
    *at = entry->chain;
    entry->chain = NULL;
    entry->hashed = false;
}

static bool set_name(struct los_entry *entry, const char *name, size_t length)
{
    char *to = entry->short_name;
    if (length >= ENTRY_SHORT_NAME && !(to = los_alloc(length + 1)))
        return false;
    memcpy(to, name, length);
    to[length] = 0;
    if (entry->name && entry->name != entry->short_name)
        los_free(entry->name);
    entry->name = to;
    entry->length = (uint16_t)length;
    return true;
}

struct los_entry *los_entry_new(struct los_entry *parent, const char *name, size_t length,
                                struct los_inode *inode)
{
    struct los_entry *entry = los_alloc_zeroed(sizeof(*entry));
    if (!entry)
        return NULL;
    if (!set_name(entry, name, length)) {
        los_free(entry);
        return NULL;
    }
    entry->refs = 1;
    entry->inode = inode;
    los_list_init(&entry->sibling);
    los_list_init(&entry->children);
    entry->parent = parent;
    if (parent)
        los_entry_ref(parent);
    if (inode->type == LOS_DIRECTORY)
        inode->entry = entry;
    return entry;
}

static void join_parent(struct los_entry *entry)
{
    struct los_entry *parent = entry->parent;
    hash_add(entry);
    entry->position = ++parent->last_position;
    los_list_add_last(&parent->children, &entry->sibling);
    entry->deleted = false;
    if (parent->inode->ops->resident && !entry->pinned) {
        entry->pinned = true;
        los_entry_ref(entry);
    }
}

void los_entry_insert(struct los_entry *entry) { join_parent(entry); }

void los_entry_remove(struct los_entry *entry)
{
    entry->deleted = true;
    if (entry->hashed) {
        hash_remove(entry);
        los_list_remove(&entry->sibling);
    }
    if (entry->pinned) {
        entry->pinned = false;
        los_entry_unref(entry);
    }
}

long los_entry_move(struct los_entry *entry, struct los_entry *parent, const char *name, size_t length)
{
    struct los_entry *old = entry->parent;
    hash_remove(entry);
    if (!set_name(entry, name, length)) {
        hash_add(entry);
        return -LOS_E_NOMEM;
    }
    los_list_remove(&entry->sibling);
    los_entry_ref(parent);
    entry->parent = parent;
    join_parent(entry);
    los_entry_unref(old);
    return 0;
}

/* Swaps names and parents in place: nothing to allocate, so it cannot fail. */
void los_entry_exchange(struct los_entry *a, struct los_entry *b)
{
    char spare[ENTRY_SHORT_NAME];
    bool a_short = a->name == a->short_name, b_short = b->name == b->short_name;
    hash_remove(a);
    hash_remove(b);
    los_list_remove(&a->sibling);
    los_list_remove(&b->sibling);
    memcpy(spare, a->short_name, sizeof(spare));
    memcpy(a->short_name, b->short_name, sizeof(spare));
    memcpy(b->short_name, spare, sizeof(spare));
    char *a_name = a->name, *b_name = b->name;
    a->name = b_short ? a->short_name : b_name;
    b->name = a_short ? b->short_name : a_name;
    uint16_t length = a->length;
    a->length = b->length;
    b->length = length;
    struct los_entry *parent = a->parent; /* the references go along */
    a->parent = b->parent;
    b->parent = parent;
    join_parent(a);
    join_parent(b);
}

long los_entry_child(struct los_entry *parent, const char *name, size_t length, struct los_entry **out)
{
    const struct los_inode_ops *ops = parent->inode->ops;
    struct los_inode *inode;
    struct los_entry *entry = find(parent, name, length);
    if (entry) {
        los_entry_ref(entry);
        *out = entry;
        return 0;
    }
    if (ops->resident || !ops->lookup || parent->deleted)
        return -LOS_E_NOENT;
    long error = ops->lookup(parent->inode, name, length, &inode);
    if (error)
        return error;
    if (!(entry = los_entry_new(parent, name, length, inode))) {
        los_inode_unref(inode);
        return -LOS_E_NOMEM;
    }
    if (!ops->uncached)
        join_parent(entry);
    *out = entry;
    return 0;
}

void los_entry_unref(struct los_entry *entry)
{
    while (entry && --entry->refs == 0) {
        struct los_entry *parent = entry->parent;
        if (entry->hashed) {
            hash_remove(entry);
            los_list_remove(&entry->sibling);
        }
        if (entry->inode->entry == entry)
            entry->inode->entry = NULL;
        los_inode_unref(entry->inode);
        if (entry->name != entry->short_name)
            los_free(entry->name);
        los_free(entry);
        entry = parent;
    }
}

/* Without recursion: always takes the first child of the deepest directory reached. */
void los_entry_drop_tree(struct los_entry *root)
{
    struct los_entry *at = root;
    los_entry_ref(root);
    for (;;) {
        if (!los_list_empty(&at->children)) {
            at = LOS_CONTAINER(at->children.next, struct los_entry, sibling);
            continue;
        }
        if (at == root)
            break;
        struct los_entry *parent = at->parent; /* stays: it is pinned, or the root */
        if (at->inode->links)
            at->inode->links -= at->inode->type == LOS_DIRECTORY ? at->inode->links : 1;
        los_entry_remove(at);
        at = parent;
    }
    los_entry_unref(root);
}
