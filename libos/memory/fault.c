/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Page faults: demand zero, pages of objects, copy on write, growing stacks.
 *
 * One fault does a bounded amount around the page asked for, inside a window of WINDOW pages: it maps what the object has
 * already, makes writable again what a fork has left to this space alone, and makes a few more zero pages where a program
 * runs through fresh memory.
 */
#include <exo/typed.h>
#include "space.h"

#define WINDOW     16u /* pages, aligned: never crosses a chunk */
#define ZERO_AHEAD 4u  /* pages made at once when the page before is there already */

static uint64_t window_mask(unsigned slot) { return ((1ul << WINDOW) - 1) << (slot & ~(WINDOW - 1)); }

static void add_slot(struct map_batch *batch, const struct chunk *chunk, unsigned slot, uint32_t protection)
{
    map_add(batch, chunk_address(chunk, slot), chunk->page[slot],
            map_prot(protection, chunk->writable >> slot & 1));
}

/* Maps the slots of `fresh`; where the exokernel cannot, they are emptied again. */
static int install(struct los_space *space, struct los_region *region, struct chunk *chunk, uint64_t fresh)
{
    struct map_batch *batch = &los_map_batch[0];
    map_begin(batch, space);
    for (uint64_t bits = fresh; bits; bits &= bits - 1)
        add_slot(batch, chunk, (unsigned)__builtin_ctzl(bits), region->protection);
    if (map_flush(batch) == 0)
        return 0;
    for (uint64_t bits = fresh; bits; bits &= bits - 1) {
        unsigned slot = (unsigned)__builtin_ctzl(bits);
        exo_space_unmap(space->handle, chunk_address(chunk, slot), 1);
        los_page_unref(slot_clear(space, chunk, slot));
    }
    return -LOS_E_NOMEM;
}

/* The page is there, and the access does not need it writable, or it is writable: the last space takes back what a fork shared, another
 * vCPU was faster, or the page was left unmapped. */
static int map_present(struct los_space *space, struct los_region *region, struct chunk *chunk, unsigned slot,
                       bool write)
{
    struct map_batch *batch = &los_map_batch[0];
    uint64_t mask = (write ? 1ul << slot : window_mask(slot)) & chunk_mask(chunk, region->start, region->end) &
                    chunk->present;
    map_begin(batch, space);
    for (uint64_t bits = mask; bits; bits &= bits - 1)
        add_slot(batch, chunk, (unsigned)__builtin_ctzl(bits), region->protection);
    return map_flush(batch);
}

/* Own pages of `mask` that no other space shares any more become writable, in one call. */
static int make_writable(struct los_space *space, struct los_region *region, struct chunk *chunk, uint64_t mask)
{
    struct map_batch *batch = &los_map_batch[0];
    map_begin(batch, space);
    for (uint64_t bits = mask & chunk->present & chunk->own & ~chunk->writable; bits; bits &= bits - 1) {
        unsigned at = (unsigned)__builtin_ctzl(bits);
        if (page_record(chunk->page[at])->refs != 1)
            continue;
        chunk->writable |= 1ul << at;
        add_slot(batch, chunk, at, region->protection);
    }
    return map_flush(batch);
}

static int copy_on_write(struct los_space *space, struct los_region *region, struct chunk *chunk, unsigned slot)
{
    los_pageno copy = los_page_alloc();
    if (!copy)
        return -LOS_E_NOMEM;
    bool writable = region->protection & LOS_WRITE;
    los_page_copy(page_address(copy), page_address(chunk->page[slot]));
    struct map_batch *batch = &los_map_batch[0];
    map_begin(batch, space);
    map_add(batch, chunk_address(chunk, slot), copy, map_prot(region->protection, writable));
    if (map_flush(batch) < 0) {
        los_page_unref(copy);
        return -LOS_E_NOMEM;
    }
    los_page_unref(slot_clear(space, chunk, slot));
    slot_set(space, chunk, slot, copy, true, writable);
    return 0;
}

static int present_fault(struct los_space *space, struct los_region *region, struct chunk *chunk, unsigned slot,
                         bool write)
{
    uint64_t bit = 1ul << slot;
    if (!write || (chunk->writable & bit))
        return map_present(space, region, chunk, slot, write);
    bool may_write = region->protection & LOS_WRITE;
    if (region->flags & LOS_SHARED) {
        if (!may_write)
            return 0;
        chunk->writable |= window_mask(slot) & chunk_mask(chunk, region->start, region->end) & chunk->present;
        return map_present(space, region, chunk, slot, false);
    }
    if (!(chunk->own & bit) || page_record(chunk->page[slot])->refs != 1)
        return copy_on_write(space, region, chunk, slot);
    uint64_t mask = window_mask(slot) & chunk_mask(chunk, region->start, region->end);
    return may_write ? make_writable(space, region, chunk, mask) : 0;
}

static void regain(struct los_space *space, struct chunk *chunk, uint64_t mask, void *context)
{
    if (!chunk_shared(chunk))
        make_writable(space, context, chunk, mask); /* where it fails, faults try again */
}

void pages_regain(struct los_space *space, struct los_region *region)
{
    if (region->end - region->start <= WINDOW * LOS_PAGE && !(region->flags & LOS_SHARED))
        chunks_each(space, region->start, region->end, regain, region);
}

static int zero_fault(struct los_space *space, struct los_region *region, struct chunk *chunk, unsigned slot)
{
    bool writable = region->protection & LOS_WRITE;
    unsigned count = 1;
    uint64_t room = chunk_mask(chunk, region->start, region->end) & window_mask(slot) & ~chunk->present;
    if (slot && (chunk->present >> (slot - 1) & 1) && los_pages_free_count() > los_pages_total() / 4)
        while (count < ZERO_AHEAD && slot + count < CHUNK_PAGES && (room >> (slot + count) & 1))
            count++;
    uint64_t fresh = 0;
    for (unsigned at = slot; at < slot + count; at++) {
        los_pageno page = los_page_alloc_zeroed();
        if (!page)
            break;
        slot_set(space, chunk, at, page, true, writable);
        fresh |= 1ul << at;
    }
    return fresh ? install(space, region, chunk, fresh) : -LOS_E_NOMEM;
}

/* The object's page, or the patched copy that stands in for it. A reference for the caller; 0 with *page 0: none yet. */
static int object_page(struct los_region *region, uint64_t address, bool create, los_pageno *page)
{
    uint64_t index = region_index(region, address);
    *page = LOS_NO_PAGE;
    if (region->object->overlay && region_is_text(region) &&
        (*page = overlay_find(region->object, index, address)) != LOS_NO_PAGE) {
        los_page_ref(*page);
        return 0;
    }
    int error = region->object->ops->page(region->object, index, create, page);
    return error == -LOS_E_FAULT ? -LOS_E_IO : error;
}

/* A private page that begins as a copy of the object's. */
static int private_write_fault(struct los_space *space, struct los_region *region, struct chunk *chunk,
                               unsigned slot)
{
    los_pageno from;
    int error = object_page(region, chunk_address(chunk, slot), false, &from);
    if (error < 0)
        return error;
    los_pageno page = los_page_alloc();
    if (page && from)
        los_page_copy(page_address(page), page_address(from));
    else if (page)
        los_page_zero(page_address(page));
    if (from)
        los_page_unref(from);
    if (!page)
        return -LOS_E_NOMEM;
    slot_set(space, chunk, slot, page, true, region->protection & LOS_WRITE);
    return install(space, region, chunk, 1ul << slot);
}

static int object_fault(struct los_space *space, struct los_region *region, struct chunk *chunk, unsigned slot,
                        bool write)
{
    bool shared = region->flags & LOS_SHARED;
    if (write && !shared)
        return private_write_fault(space, region, chunk, slot);
    bool writable = shared && (region->protection & LOS_WRITE);
    los_pageno page;
    int error = object_page(region, chunk_address(chunk, slot), true, &page);
    if (error < 0)
        return error;
    slot_set(space, chunk, slot, page, false, writable);
    uint64_t fresh = 1ul << slot;
    uint64_t around = window_mask(slot) & chunk_mask(chunk, region->start, region->end) & ~chunk->present;
    for (; around; around &= around - 1) {
        unsigned at = (unsigned)__builtin_ctzl(around);
        if (object_page(region, chunk_address(chunk, at), false, &page) < 0)
            break; /* beyond the end */
        if (!page)
            continue;
        slot_set(space, chunk, at, page, false, writable);
        fresh |= 1ul << at;
    }
    return install(space, region, chunk, fresh);
}

int page_resolve(struct los_space *space, struct los_region *region, uint64_t address, uint32_t access)
{
    bool write = access & LOS_WRITE;
    struct chunk *chunk = chunk_make(space, address);
    if (!chunk)
        return -LOS_E_NOMEM;
    unsigned slot = chunk_slot(address);
    int error;
    if (chunk->present >> slot & 1)
        error = present_fault(space, region, chunk, slot, write);
    else if (!region->object)
        error = zero_fault(space, region, chunk, slot);
    else
        error = object_fault(space, region, chunk, slot, write);
    if (error < 0)
        chunk_tidy(space, chunk);
    return error;
}

/* Extends the stack above `address` down to it; NULL when there is none or it may not. */
static struct los_region *grow_stack(struct los_space *space, uint64_t address)
{
    uint32_t index = region_above(space, address);
    struct los_region *stack = region_at(space, index);
    uint64_t start = address & ~LOS_PAGE_MASK;
    if (!stack || !(stack->flags & LOS_GROWS_DOWN) || start < LOWEST_ADDRESS)
        return NULL;
    if (space->stack_limit != UINT64_MAX && stack->end - start > space->stack_limit)
        return NULL;
    if (space->address_limit != UINT64_MAX &&
        (space->virtual_pages << 12) + (stack->start - start) > space->address_limit)
        return NULL;
    struct los_region *below = index ? region_at(space, index - 1) : NULL;
    if (below && below->end + GUARD_BYTES > start)
        return NULL;
    region_resize(space, stack, start, stack->end);
    return stack;
}

int los_space_fault(struct los_space *space, uint64_t address, uint32_t access)
{
    if (!space || address >= LOS_USER_END)
        return -LOS_E_FAULT;
    struct los_region *region = los_space_find(space, address);
    if (!region && !(region = grow_stack(space, address)))
        return -LOS_E_FAULT;
    bool allowed = access & LOS_WRITE     ? (region->protection & LOS_WRITE) != 0
                   : access & LOS_EXECUTE ? (region->protection & LOS_EXECUTE) != 0
                                          : region->protection != 0;
    if (!allowed)
        return -LOS_E_ACCES;
    return page_resolve(space, region, address, access);
}
