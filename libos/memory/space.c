/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Spaces as a whole: making, forking, destroying, activating.
 *
 * A fork gives the child the parent's own pages, read-only on both sides, in one exo call each; pages of objects are mapped again when
 * they are touched. Destroying is one exo call; nothing is unmapped page by page.
 */
#include <exo/typed.h>
#include <los/schedule.h>
#include "space.h"

#define STACK_LIMIT     (8ul << 20)
#define MAP_TOP         (LOS_USER_END - (16ul << 20)) /* exec sets it below the stack */
#define FORK_MAPPED_MAX 4096u /* pages that a fork maps in the child at once; the others on touch */

struct los_link los_spaces = {&los_spaces, &los_spaces};
static struct los_link dying = {&dying, &dying}; /* were still some vCPU's present space when they died */

struct los_space *los_space_create(void)
{
    struct los_space *space = los_alloc_zeroed(sizeof(*space));
    struct tables *tables = los_alloc_zeroed(sizeof(*tables));
    long error = space && tables ? exo_space_create(LOS_START_PAGE->domain, &space->handle) : -EXO_E_NO_POOL;
    if (error >= 0) {
        error = exo_space_graft(space->handle, LOS_START_PAGE->space, LOS_SEGMENT_SLOT, 0);
        if (error < 0)
            exo_space_destroy(space->handle);
    }
    if (error < 0) {
        los_free(space);
        los_free(tables);
        return NULL;
    }
    space->tables = tables;
    space->refs = 1;
    space->stack_limit = STACK_LIMIT;
    space->address_limit = UINT64_MAX;
    space->map_top = MAP_TOP;
    los_list_init(&space->regions);
    tables->space = space;
    los_list_init(&tables->chunks);
    los_list_add_last(&los_spaces, &tables->spaces);
    return space;
}

static bool copy_regions(struct los_space *to, const struct los_space *from)
{
    for (uint32_t i = 0; i < from->region_count; i++) {
        const struct los_region *region = region_at(from, i);
        if (!region_add(to, region, region->start, region->end))
            return false;
    }
    return true;
}

/* Shares the own pages of one chunk; false: out of memory. */
static bool fork_chunk(struct los_space *from, struct los_space *to, struct chunk *chunk, uint32_t *mapped)
{
    uint64_t left = chunk->present & chunk->own;
    if (!left)
        return true;
    struct chunk *copy = chunk_make(to, chunk_address(chunk, 0));
    if (!copy)
        return false;
    while (left) {
        struct los_region *region = los_space_find(from, chunk_address(chunk, (unsigned)__builtin_ctzl(left)));
        uint64_t bits = left & chunk_mask(chunk, region->start, region->end);
        uint32_t prot = map_prot(region->protection, false);
        for (left &= ~bits; bits; bits &= bits - 1) {
            unsigned slot = (unsigned)__builtin_ctzl(bits);
            los_pageno page = chunk->page[slot];
            uint64_t va = chunk_address(chunk, slot);
            los_page_ref(page);
            slot_set(to, copy, slot, page, true, false);
            if (++*mapped <= FORK_MAPPED_MAX)
                map_add(&los_map_batch[0], va, page, prot);
            if (chunk->writable >> slot & 1)
                map_add(&los_map_batch[1], va, page, prot);
        }
    }
    chunk->writable &= ~chunk->own;
    return true;
}

struct los_space *los_space_fork(struct los_space *from)
{
    struct los_space *to = los_space_create();
    if (!to)
        return NULL;
    bool good = copy_regions(to, from);
    uint32_t mapped = 0;
    struct chunk *chunk;
    map_begin(&los_map_batch[0], to);
    map_begin(&los_map_batch[1], from);
    LOS_LIST_FOR(chunk, &tables_of(from)->chunks, link)
    {
        if (!good || !fork_chunk(from, to, chunk, &mapped)) {
            good = false;
            break;
        }
    }
    /* The parent's part always: slots that lost their writable bit must lose it in the exokernel too. */
    int parent = map_flush(&los_map_batch[1]);
    int child = map_flush(&los_map_batch[0]);
    if (!good || parent < 0 || child < 0) {
        los_space_unref(to);
        return NULL;
    }
    to->stack_limit = from->stack_limit;
    to->address_limit = from->address_limit;
    to->heap_start = from->heap_start;
    to->heap_end = from->heap_end;
    to->map_top = from->map_top;
    return to;
}

static bool destroy(struct los_space *space)
{
    struct tables *tables = tables_of(space);
    long result;
    do
        result = exo_space_destroy(space->handle);
    while (result == -EXO_E_AGAIN);
    if (result == -EXO_E_BUSY)
        return false;
    while (!los_list_empty(&tables->chunks)) {
        struct chunk *chunk = LOS_CONTAINER(tables->chunks.next, struct chunk, link);
        for (uint64_t bits = chunk->present; bits; bits &= bits - 1)
            los_page_unref(chunk->page[__builtin_ctzl(bits)]);
        los_list_remove(&chunk->link);
        los_free(chunk);
    }
    los_list_remove(&tables->spaces);
    los_free(tables->bucket);
    los_free(tables->region);
    los_free(tables);
    los_free(space);
    return true;
}

void los_space_ref(struct los_space *space) { space->refs++; }

void los_space_unref(struct los_space *space)
{
    struct tables *tables, *after;
    if (--space->refs)
        return;
    if (los_cpu()->space == space)
        los_space_activate(NULL);
    /* Regions first: they may be the last to hold a file, whose end looks at the spaces that map it. The pages stay mapped, and
     * referenced, until the exokernel has let go of them. */
    while (space->region_count)
        region_remove(space, (uint32_t)space->region_count - 1);
    LOS_LIST_FOR_SAFE(tables, after, &dying, spaces)
    destroy(tables->space);
    if (!destroy(space)) {
        los_list_remove(&tables_of(space)->spaces);
        los_list_add_last(&dying, &tables_of(space)->spaces);
    }
}

void los_space_activate(struct los_space *space)
{
    struct los_cpu *cpu = los_cpu();
    if (cpu->space == space)
        return;
    long result =
        exo_space_switch(space ? exo_weaken(space->handle, EXO_X) : exo_weaken(LOS_START_PAGE->space, EXO_X));
    los_assert(result == 0);
    cpu->space = space;
}

bool los_space_present(struct los_space *space, uint64_t address)
{
    struct los_region *region = los_space_find(space, address);
    if (!region)
        return false;
    struct chunk *chunk = chunk_find(space, address);
    if (chunk && (chunk->present >> chunk_slot(address) & 1))
        return true;
    los_pageno page = LOS_NO_PAGE;
    if (!region->object ||
        region->object->ops->page(region->object, region_index(region, address), false, &page) < 0)
        return false;
    if (page)
        los_page_unref(page);
    return page != LOS_NO_PAGE;
}
