/* SPDX-License-Identifier: MPL-2.0 */
/* Memory objects: references, what happens to mappings when contents change or end, and shared anonymous memory. */
#include "space.h"

void los_object_ref(struct los_object *object) { object->refs++; }

void los_object_unref(struct los_object *object)
{
    if (--object->refs)
        return;
    if (object->overlay)
        overlays_drop(object, 0, UINT64_MAX);
    object->ops->release(object);
}

void los_object_changed(struct los_object *object, uint64_t first, uint64_t count)
{
    if (object->overlay)
        overlays_drop(object, first, count);
}

void los_object_truncated(struct los_object *object, uint64_t first_gone)
{
    los_object_changed(object, first_gone, UINT64_MAX);
    if (!object->mapped)
        return;
    struct tables *tables;
    LOS_LIST_FOR(tables, &los_spaces, spaces)
    {
        struct los_region *region;
        LOS_LIST_FOR(region, &tables->space->regions, link)
        {
            if (region->object != object)
                continue;
            uint64_t pages = (region->end - region->start) >> 12;
            uint64_t skip = first_gone > region->object_page ? first_gone - region->object_page : 0;
            if (skip < pages)
                (void)pages_drop(tables->space, region->start + (skip << 12),
                                 region->end); /* out of memory: it keeps them */
        }
    }
}

/* --- shared anonymous memory: a table of tables of page numbers ------------------------------------------------- */
#define LEAF_PAGES 1024u

struct anonymous {
    struct los_object object;
    uint64_t pages;
    los_pageno *leaf[]; /* [index / LEAF_PAGES]: a page of page numbers, or NULL */
};

static int anonymous_page(struct los_object *object, uint64_t index, bool create, los_pageno *page)
{
    struct anonymous *anonymous = LOS_CONTAINER(object, struct anonymous, object);
    *page = LOS_NO_PAGE;
    if (index >= anonymous->pages)
        return -LOS_E_FAULT;
    los_pageno **leaf = &anonymous->leaf[index / LEAF_PAGES];
    if (!*leaf) {
        if (!create)
            return 0;
        los_pageno table = los_page_alloc_zeroed();
        if (!table)
            return -LOS_E_NOMEM;
        *leaf = page_address(table);
    }
    los_pageno *slot = &(*leaf)[index % LEAF_PAGES];
    if (!*slot) {
        if (!create)
            return 0;
        *slot = los_page_alloc_zeroed();
        if (!*slot)
            return -LOS_E_NOMEM;
    }
    los_page_ref(*slot);
    *page = *slot;
    return 0;
}

static void anonymous_release(struct los_object *object)
{
    struct anonymous *anonymous = LOS_CONTAINER(object, struct anonymous, object);
    for (uint64_t i = 0; i < LOS_ROUND_UP(anonymous->pages, LEAF_PAGES) / LEAF_PAGES; i++) {
        los_pageno *leaf = anonymous->leaf[i];
        if (!leaf)
            continue;
        for (unsigned j = 0; j < LEAF_PAGES; j++)
            if (leaf[j])
                los_page_unref(leaf[j]);
        los_page_unref(page_of(leaf));
    }
    los_free(anonymous);
}

static const struct los_object_ops anonymous_ops = {.page = anonymous_page, .release = anonymous_release};

struct los_object *los_object_anonymous(uint64_t pages)
{
    if (!pages || pages > los_pages_total())
        return NULL;
    uint64_t leaves = LOS_ROUND_UP(pages, LEAF_PAGES) / LEAF_PAGES;
    struct anonymous *anonymous = los_alloc_zeroed(sizeof(*anonymous) + leaves * sizeof(anonymous->leaf[0]));
    if (!anonymous)
        return NULL;
    anonymous->object.ops = &anonymous_ops;
    anonymous->object.refs = 1;
    anonymous->pages = pages;
    return &anonymous->object;
}
