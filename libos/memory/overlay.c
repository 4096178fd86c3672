/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Patched text: copies of an object's pages, kept on the object by page index and the address at which they are mapped, that stand
 * in for the object's own page in every private, unwritable file mapping there. The object itself never changes.
 *
 * A change that fits one aligned word is stored into the copy in place, which other vCPUs see whole; any other makes a new copy,
 * which a space takes up when it faults on the page or patches it itself.
 */
#include "space.h"

#define OVERLAY_BUCKETS 64u
#define OVERLAYS_MAX                                                                                           \
    4096u /* in all objects: bounds the memory that programs at changing addresses can use up */

struct overlay {
    struct overlay *next;
    uint64_t index, address; /* page of the object; address of the mapped page */
    los_pageno page;
};
struct overlays {
    struct overlay *bucket[OVERLAY_BUCKETS];
};
static uint32_t overlay_count;

static struct overlay **bucket_of(struct overlays *overlays, uint64_t index)
{
    return &overlays->bucket[index % OVERLAY_BUCKETS];
}

static struct overlay *find(const struct los_object *object, uint64_t index, uint64_t address)
{
    if (!object->overlay)
        return NULL;
    struct overlay *overlay = *bucket_of(object->overlay, index);
    while (overlay && (overlay->index != index || overlay->address != address))
        overlay = overlay->next;
    return overlay;
}

los_pageno overlay_find(const struct los_object *object, uint64_t index, uint64_t address)
{
    struct overlay *overlay = find(object, index, address);
    return overlay ? overlay->page : LOS_NO_PAGE;
}

void overlays_drop(struct los_object *object, uint64_t first, uint64_t count)
{
    struct overlays *overlays = object->overlay;
    bool any = false;
    for (unsigned i = 0; i < OVERLAY_BUCKETS; i++) {
        for (struct overlay **at = &overlays->bucket[i], *overlay; (overlay = *at);) {
            if (overlay->index - first >= count) {
                any = true;
                at = &overlay->next;
                continue;
            }
            *at = overlay->next;
            los_page_unref(overlay->page);
            los_free(overlay);
            overlay_count--;
        }
    }
    if (!any) {
        los_free(overlays);
        object->overlay = NULL;
    }
}

static struct overlay *overlay_make(struct los_object *object, uint64_t index, uint64_t address)
{
    if (overlay_count >= OVERLAYS_MAX)
        return NULL;
    if (!object->overlay && !(object->overlay = los_alloc_zeroed(sizeof(struct overlays))))
        return NULL;
    struct overlay *overlay = los_alloc(sizeof(*overlay));
    if (!overlay)
        return NULL;
    struct overlay **bucket = bucket_of(object->overlay, index);
    *overlay = (struct overlay){.next = *bucket, .index = index, .address = address};
    *bucket = overlay;
    overlay_count++;
    return overlay;
}

/* Stores the bytes if they lie in one aligned word; other vCPUs see all of them or none. */
static bool store_whole(char *page, unsigned offset, const void *from, size_t bytes)
{
    if (offset / 8 != (offset + bytes - 1) / 8)
        return false;
    uint64_t *word = (uint64_t *)(page + (offset & ~7u)), value = *word;
    memcpy((char *)&value + offset % 8, from, bytes);
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
    return true;
}

/* Makes the space's page the overlay's. The exokernel's map flushes the translation on every CPU. */
static int adopt(struct los_space *space, struct los_region *region, uint64_t address, los_pageno page)
{
    struct chunk *chunk = chunk_find(space, address);
    unsigned slot = chunk_slot(address);
    if (chunk->page[slot] == page)
        return 0;
    if (part_own(space, address) < 0)
        return -LOS_E_NOMEM;
    chunk = chunk_find(space, address);
    struct map_batch *batch = &los_map_batch[0];
    map_begin(batch, space);
    map_add(batch, chunk_address(chunk, slot), page, map_prot(region->protection, false));
    if (map_flush(batch) < 0)
        return -LOS_E_NOMEM;
    los_page_ref(page);
    los_page_unref(slot_clear(space, chunk, slot));
    slot_set(space, chunk, slot, page, false, false);
    return 0;
}

int los_space_patch(struct los_space *space, uint64_t address, const void *to, size_t bytes)
{
    unsigned offset = (unsigned)(address & LOS_PAGE_MASK), slot = chunk_slot(address);
    uint64_t page_va = address - offset;
    struct los_region *region = los_space_find(space, address);
    if (!region || !region_is_text(region) || !bytes || bytes > 16 || offset + bytes > LOS_PAGE)
        return -LOS_E_ACCES;
    struct chunk *chunk = chunk_find(space, address);
    if (!chunk || !(chunk->present >> slot & 1)) {
        int error = page_resolve(space, region, address, LOS_EXECUTE);
        if (error < 0)
            return error;
        chunk = chunk_find(space, address);
    }
    if (chunk->own >> slot & 1)
        return -LOS_E_ACCES; /* this process has its own version of the page */

    uint64_t index = region_index(region, page_va);
    struct overlay *overlay = find(region->object, index, page_va);
    if (overlay && memcmp((char *)page_address(overlay->page) + offset, to, bytes) == 0)
        return adopt(space, region, page_va, overlay->page);
    if (overlay && store_whole(page_address(overlay->page), offset, to, bytes))
        return adopt(space, region, page_va, overlay->page);

    los_pageno copy = los_page_alloc();
    if (!copy)
        return -LOS_E_NOMEM;
    los_page_copy(page_address(copy), page_address(overlay ? overlay->page : chunk->page[slot]));
    memcpy((char *)page_address(copy) + offset, to, bytes);
    if (overlay) {
        los_page_unref(overlay->page);
    } else if (!(overlay = overlay_make(region->object, index, page_va))) {
        los_page_unref(copy);
        return -LOS_E_NOMEM;
    }
    overlay->page = copy;
    return adopt(space, region, page_va, copy);
}
