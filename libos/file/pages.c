/* SPDX-License-Identifier: MPL-2.0 */
/* The radix tree of pages.h. Height h covers 64^h pages; leaves (height 1) hold page numbers, nodes above hold pointers. */
#include "pages.h"

#define WAY_BITS   6
#define WAYS       (1u << WAY_BITS)
#define HEIGHT_MAX 10

struct leaf {
    los_pageno page[WAYS];
};
struct node {
    void *child[WAYS];
};

static uint64_t span(unsigned height) /* pages under one node of that height */
{
    return height * WAY_BITS >= 64 ? UINT64_MAX : 1ull << (height * WAY_BITS);
}

static unsigned way(uint64_t index, unsigned height)
{
    return (index >> ((height - 1) * WAY_BITS)) & (WAYS - 1);
}

los_pageno los_page_tree_get(const struct los_page_tree *tree, uint64_t index)
{
    if (tree->height == 0)
        return index ? LOS_NO_PAGE : tree->first;
    if (index >= span(tree->height))
        return LOS_NO_PAGE;
    void *at = tree->root;
    for (unsigned h = tree->height; h > 1 && at; h--)
        at = ((struct node *)at)->child[way(index, h)];
    return at ? ((struct leaf *)at)->page[index & (WAYS - 1)] : LOS_NO_PAGE;
}

static bool grow(struct los_page_tree *tree)
{
    if (tree->height >= HEIGHT_MAX)
        return false;
    if (tree->height == 0) {
        struct leaf *leaf = los_alloc_zeroed(sizeof(*leaf));
        if (!leaf)
            return false;
        leaf->page[0] = tree->first;
        tree->first = LOS_NO_PAGE;
        tree->root = leaf;
    } else {
        struct node *node = los_alloc_zeroed(sizeof(*node));
        if (!node)
            return false;
        node->child[0] = tree->root;
        tree->root = node;
    }
    tree->height++;
    return true;
}

bool los_page_tree_put(struct los_page_tree *tree, uint64_t index, los_pageno page)
{
    while (index >= span(tree->height))
        if (!grow(tree))
            return false;
    tree->count++;
    if (tree->height == 0) {
        tree->first = page;
        return true;
    }
    void **at = &tree->root;
    for (unsigned h = tree->height; h > 1; h--) {
        at = &((struct node *)*at)->child[way(index, h)];
        if (!*at && !(*at = los_alloc_zeroed(h == 2 ? sizeof(struct leaf) : sizeof(struct node)))) {
            tree->count--;
            return false; /* empty nodes above stay: they are dropped with the tree */
        }
    }
    ((struct leaf *)*at)->page[index & (WAYS - 1)] = page;
    return true;
}

static uint64_t next_below(void *at, unsigned height, uint64_t base, uint64_t from)
{
    uint64_t each = span(height - 1);
    for (unsigned i = from > base ? (unsigned)((from - base) / each) : 0; i < WAYS; i++) {
        uint64_t found = UINT64_MAX;
        if (height == 1)
            found = ((struct leaf *)at)->page[i] ? base + i : UINT64_MAX;
        else if (((struct node *)at)->child[i])
            found = next_below(((struct node *)at)->child[i], height - 1, base + i * each, from);
        if (found != UINT64_MAX)
            return found;
    }
    return UINT64_MAX;
}

uint64_t los_page_tree_next(const struct los_page_tree *tree, uint64_t from)
{
    if (tree->height == 0)
        return tree->first && from == 0 ? 0 : UINT64_MAX;
    if (!tree->root || from >= span(tree->height))
        return UINT64_MAX;
    return next_below(tree->root, tree->height, 0, from);
}

/* Frees what lies in [first, end) below `at`; true: nothing is left there and `at` was freed. */
static bool drop_below(struct los_page_tree *tree, void *at, unsigned height, uint64_t base, uint64_t first,
                       uint64_t end)
{
    uint64_t each = span(height - 1);
    bool empty = true;
    for (unsigned i = 0; i < WAYS; i++) {
        uint64_t low = base + i * each;
        bool inside = low < end && low + (each - 1) >= first;
        if (height == 1) {
            los_pageno *slot = &((struct leaf *)at)->page[i];
            if (*slot && inside) {
                los_page_unref(*slot);
                *slot = LOS_NO_PAGE;
                tree->count--;
            }
            empty = empty && !*slot;
        } else {
            void **child = &((struct node *)at)->child[i];
            if (*child && inside && drop_below(tree, *child, height - 1, low, first, end))
                *child = NULL;
            empty = empty && !*child;
        }
    }
    if (empty)
        los_free(at);
    return empty;
}

uint64_t los_page_tree_drop(struct los_page_tree *tree, uint64_t first, uint64_t end)
{
    uint64_t before = tree->count;
    if (first >= end)
        return 0;
    if (tree->height == 0) {
        if (tree->first && first == 0) {
            los_page_unref(tree->first);
            tree->first = LOS_NO_PAGE;
            tree->count = 0;
        }
    } else if (drop_below(tree, tree->root, tree->height, 0, first, end)) {
        tree->root = NULL;
        tree->height = 0;
    }
    return before - tree->count;
}
