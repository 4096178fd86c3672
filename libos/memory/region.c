/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The index of a space's regions: a sorted array of pointers, searched by halving, with the region found last and its neighbours
 * tried first.
 * The list in the regions shows the same order to readers outside memory/.
 */
#include <los/file.h>
#include "space.h"

uint32_t region_above(const struct los_space *space, uint64_t address)
{
    struct tables *tables = tables_of(space);
    uint32_t low = 0, high = (uint32_t)space->region_count, last = tables->last;
    if (last < high && tables->region[last]->end > address) {
        if (last == 0 || tables->region[last - 1]->end <= address)
            return last;
        high = last - 1;
        if (high == 0 || tables->region[high - 1]->end <= address)
            return tables->last = high;
    } else if (last < high) {
        low = last + 1;
        if (low == high || tables->region[low]->end > address)
            return tables->last = low;
    }
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (tables->region[middle]->end > address)
            high = middle;
        else
            low = middle + 1;
    }
    tables->last = low;
    return low;
}

struct los_region *los_space_find(struct los_space *space, uint64_t address)
{
    struct los_region *region = region_at(space, region_above(space, address));
    return region && region->start <= address ? region : NULL;
}

struct los_region *los_space_above(struct los_space *space, uint64_t address)
{
    return region_at(space, region_above(space, address));
}

static bool make_room(struct los_space *space)
{
    struct tables *tables = tables_of(space);
    if (space->region_count < tables->capacity)
        return true;
    uint32_t capacity = tables->capacity ? tables->capacity * 2 : 16;
    if (capacity > REGIONS_MAX)
        return false;
    struct los_region **larger = los_alloc(capacity * sizeof(larger[0]));
    if (!larger)
        return false;
    if (tables->region)
        memcpy(larger, tables->region, space->region_count * sizeof(larger[0]));
    los_free(tables->region);
    tables->region = larger;
    tables->capacity = capacity;
    return true;
}

static void count_virtual(struct los_space *space, int64_t pages)
{
    space->virtual_pages += (uint64_t)pages;
    if (space->virtual_pages > space->peak_virtual_pages)
        space->peak_virtual_pages = space->virtual_pages;
}

struct los_region *region_add(struct los_space *space, const struct los_region *like, uint64_t start,
                              uint64_t end)
{
    struct los_region *region = make_room(space) ? los_alloc(sizeof(*region)) : NULL;
    if (!region)
        return NULL;
    *region = *like;
    region->start = start;
    region->end = end;
    struct tables *tables = tables_of(space);
    uint32_t at = region_above(space, start);
    memmove(&tables->region[at + 1], &tables->region[at],
            (space->region_count - at) * sizeof(tables->region[0]));
    tables->region[at] = region;
    struct los_link *after = at ? &tables->region[at - 1]->link : &space->regions;
    los_list_add_first(after, &region->link);
    space->region_count++;
    tables->last = at;
    count_virtual(space, (int64_t)((end - start) >> 12));
    if (region->object) {
        los_object_ref(region->object);
        region->object->mapped++;
    }
    if (region->file)
        los_file_ref(region->file);
    return region;
}

void region_remove(struct los_space *space, uint32_t index)
{
    struct tables *tables = tables_of(space);
    struct los_region *region = tables->region[index];
    struct los_object *object = region->object;
    struct los_file *file = region->file;
    space->region_count--;
    memmove(&tables->region[index], &tables->region[index + 1],
            (space->region_count - index) * sizeof(tables->region[0]));
    los_list_remove(&region->link);
    count_virtual(space, -(int64_t)((region->end - region->start) >> 12));
    los_free(region);
    if (object) {
        object->mapped--;
        los_object_unref(object);
    }
    if (file)
        los_file_unref(file);
}

void region_resize(struct los_space *space, struct los_region *region, uint64_t start, uint64_t end)
{
    count_virtual(space, (int64_t)((end - start) >> 12) - (int64_t)((region->end - region->start) >> 12));
    if (start > region->start)
        region->object_page += (start - region->start) >> 12;
    else
        region->object_page -= (region->start - start) >> 12;
    if (!region->object)
        region->object_page = 0;
    region->start = start;
    region->end = end;
}

static int region_split(struct los_space *space, uint64_t address)
{
    struct los_region *region = los_space_find(space, address);
    if (!region || region->start == address)
        return 0;
    /* Shortened first: the new one must not overlap it in the index. */
    uint64_t end = region->end;
    struct los_region upper = *region;
    if (region->object)
        upper.object_page = region_index(region, address);
    upper.flags &= ~(uint32_t)LOS_GROWS_DOWN;
    region_resize(space, region, region->start, address);
    if (!region_add(space, &upper, address, end)) {
        region_resize(space, region, region->start, end);
        return -LOS_E_NOMEM;
    }
    return 0;
}

long region_cut(struct los_space *space, uint64_t start, uint64_t end)
{
    uint32_t index = region_above(space, start);
    const struct los_region *region = region_at(space, index);
    if (region && region->start == start && region->end == end)
        return index;
    if (region_split(space, start) < 0 || region_split(space, end) < 0)
        return -LOS_E_NOMEM;
    return region_above(space, start);
}

static bool alike(const struct los_region *a, const struct los_region *b)
{
    if (a->end != b->start || a->protection != b->protection || a->object != b->object || a->file != b->file ||
        a->name != b->name)
        return false;
    /* The lower part of a split stack alone keeps growing. */
    if ((a->flags | LOS_GROWS_DOWN) != (b->flags | LOS_GROWS_DOWN) || (b->flags & ~a->flags & LOS_GROWS_DOWN))
        return false;
    return !a->object || b->object_page == region_index(a, b->start);
}

void region_merge(struct los_space *space, uint64_t start, uint64_t end)
{
    uint32_t index = region_above(space, start ? start - 1 : 0);
    while (index + 1 < space->region_count) {
        struct los_region *a = region_at(space, index), *b = region_at(space, index + 1);
        if (a->start > end)
            break;
        if (!alike(a, b)) {
            index++;
            continue;
        }
        uint64_t new_end = b->end;
        region_remove(space, index + 1); /* a holds references on the same: nothing is released */
        region_resize(space, a, a->start, new_end);
    }
}

uint64_t region_gap(const struct los_space *space, uint64_t bytes, uint64_t low, uint64_t high)
{
    uint64_t top = high;
    uint32_t index = region_above(space, high - 1);
    struct los_region *above = region_at(space, index);
    if (above) {
        uint64_t guard = above->flags & LOS_GROWS_DOWN ? GUARD_BYTES : 0;
        uint64_t limit = above->start > guard ? above->start - guard : 0;
        if (limit < top)
            top = limit;
    }
    while (top > low && top - low >= bytes) {
        struct los_region *below = index ? region_at(space, index - 1) : NULL;
        uint64_t floor = below && below->end > low ? below->end : low;
        if (top >= floor && top - floor >= bytes)
            return top - bytes;
        if (!below)
            break;
        uint64_t guard = below->flags & LOS_GROWS_DOWN ? GUARD_BYTES : 0;
        top = below->start > guard ? below->start - guard : 0;
        index--;
    }
    return 0;
}
