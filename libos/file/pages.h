/* SPDX-License-Identifier: MPL-2.0 */
/* A sparse array of pages: a radix tree, 64 ways at each level, so that it grows without copying. For the contents of files. */
#ifndef LOS_FILE_PAGES_H
#define LOS_FILE_PAGES_H

#include <los/memory.h>

struct los_page_tree {
    void *root;      /* leaf or node, by height; NULL: empty */
    unsigned height; /* 0: `first` alone */
    los_pageno first;
    uint64_t count; /* pages in it */
};
los_pageno los_page_tree_get(const struct los_page_tree *tree, uint64_t index); /* LOS_NO_PAGE: none */
/* Puts a page (its reference goes along) where there was none. False: out of memory. */
bool los_page_tree_put(struct los_page_tree *tree, uint64_t index, los_pageno page);
/* The lowest index >= from that holds a page; UINT64_MAX: none. */
uint64_t los_page_tree_next(const struct los_page_tree *tree, uint64_t from);
/* Drops the pages of [first, end) and their references; returns how many. */
uint64_t los_page_tree_drop(struct los_page_tree *tree, uint64_t first, uint64_t end);

#endif
