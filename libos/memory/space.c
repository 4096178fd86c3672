/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Spaces as a whole: making, forking, destroying, activating.
 *
 * A fork shares whole parts of 2 MiB with the child, in the record and in the exokernel's tables; whoever changes one first copies
 * it, and then single pages on write. Destroying is one exo call; nothing is unmapped page by page.
 */
#include <exo/typed.h>
#include <los/schedule.h>
#include "space.h"

#define STACK_LIMIT (8ul << 20)
#define MAP_TOP     (LOS_USER_END - (16ul << 20)) /* exec sets it below the stack */
#define SHARE_GAP   16u /* parts without pages that one space_share passes over rather than end there */

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

static bool share_range(struct los_space *to, struct los_space *from, uint64_t first, uint64_t count)
{
    while (count) {
        long pages = exo_space_share(to->handle, from->handle, first << PART_SHIFT, count << (PART_SHIFT - 12));
        if (pages == -EXO_E_AGAIN)
            continue;
        if (pages <= 0)
            return false;
        first += (uint64_t)pages >> (PART_SHIFT - 12);
        count -= (uint64_t)pages >> (PART_SHIFT - 12);
    }
    return true;
}

/* Shares in the exokernel what the record shares. Where it fails, `from` can go on: its next write takes the tables back. */
static bool share_tables(struct los_space *to, struct los_space *from)
{
    const struct tables *tables = tables_of(from);
    for (uint32_t i = 0, next; i < tables->parts; i = next) {
        for (next = i + 1; next < tables->parts; next++)
            if (tables->part[next].number - tables->part[next - 1].number > SHARE_GAP)
                break;
        uint64_t first = tables->part[i].number;
        if (!share_range(to, from, first, tables->part[next - 1].number + 1 - first))
            return false;
    }
    return true;
}

struct los_space *los_space_fork(struct los_space *from)
{
    struct los_space *to = los_space_create();
    if (!to)
        return NULL;
    if (!copy_regions(to, from) || !parts_share(to, from) || !share_tables(to, from)) {
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
    for (uint32_t i = 0; i < tables->parts; i++)
        part_unref(tables->part[i].part);
    los_list_remove(&tables->spaces);
    los_free(tables->part);
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
