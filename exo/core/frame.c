/* SPDX-License-Identifier: MPL-2.0 */
/* The frame table: states, and zeroing frames before they change hands. */
#include "frame.h"

#define LOOK_MAX        65536 /* frames */
#define REGIONS_AT_ONCE 512   /* dirty ones */

struct frame *frame_table;
struct frame_region *frame_regions;
uint64_t frame_count;

static uint64_t region_count(uint64_t count) { return (count + EXO_LARGE_PAGES - 1) / EXO_LARGE_PAGES; }

static uint64_t table_bytes(uint64_t count)
{
    return count * sizeof(struct frame) + region_count(count) * sizeof(struct frame_region);
}

uint64_t frame_table_pages(uint64_t count) { return (table_bytes(count) + EXO_PAGE_SIZE - 1) / EXO_PAGE_SIZE; }

void frame_init(void *memory, uint64_t count)
{
    __builtin_memset(memory, 0, table_bytes(count));
    frame_table = memory;
    frame_regions = (struct frame_region *)(frame_table + count);
    frame_count = count;
    for (uint64_t region = 0; region < region_count(count); region++)
        frame_regions[region].special = EXO_LARGE_PAGES;
}

void frame_set_state(uint64_t pfn, enum frame_state state)
{
    struct frame *frame = frame_of(pfn);
    if (frame->state == FRAME_USER && state != FRAME_USER)
        frame_region_of(pfn)->special++;
    if (frame->state != FRAME_USER && state == FRAME_USER)
        frame_region_of(pfn)->special--;
    frame->state = state;
    frame->link = 0;
}

void frame_make_user(uint64_t pfn, uint64_t pages)
{
    for (uint64_t i = 0; i < pages; i++)
        frame_set_state(pfn + i, FRAME_USER);
}

bool frame_all_idle(uint64_t pfn, uint64_t pages)
{
    for (uint64_t i = pfn; i < pfn + pages; i++)
        if (frame_of(i)->state != FRAME_USER || frame_mapped(i))
            return false;
    return true;
}

bool frame_any_mapped(uint64_t pfn, uint64_t pages)
{
    if (pages > LOOK_MAX)
        return true;
    for (uint64_t i = pfn; i < pfn + pages; i++)
        if (frame_of(i)->state == FRAME_USER && frame_mapped(i))
            return true;
    return false;
}

static bool is_clean(const struct frame_region *region) { return !region->touched && !region->dirty; }

bool frame_any_written(uint64_t pfn, uint64_t pages)
{
    uint32_t regions = 0;
    for (uint64_t i = pfn; i < pfn + pages; i++) {
        const struct frame_region *region = frame_region_of(i);
        if (is_clean(region))
            i |= EXO_LARGE_PAGES - 1; /* all of the region */
        else if ((i == pfn || i % EXO_LARGE_PAGES == 0) && regions++ == REGIONS_AT_ONCE)
            return false;
        else if ((frame_of(i)->touched || region->touched) && frame_mapped(i))
            return true;
    }
    return false;
}

/* Notes with each frame what was noted for the whole region. */
static void spread_touched(struct frame_region *region, uint64_t pfn)
{
    region->touched = false;
    region->dirty = true;
    pfn -= pfn % EXO_LARGE_PAGES;
    for (uint64_t i = pfn; i < pfn + EXO_LARGE_PAGES && i < frame_count; i++)
        frame_of(i)->touched = true;
}

/* Of one region. */
static bool clean_frames(uint64_t pfn, uint64_t end, struct work *work)
{
    for (; pfn < end; pfn++) {
        if (!frame_of(pfn)->touched)
            continue;
        if (!work_spend(work, 16))
            return false;
        __builtin_memset(machine_frame(pfn), 0, EXO_PAGE_SIZE);
        frame_of(pfn)->touched = false;
    }
    return true;
}

bool frame_clean(uint64_t pfn, uint64_t pages, struct work *work)
{
    uint32_t regions = 0;
    for (uint64_t end, last = pfn + pages; pfn < last; pfn = end) {
        struct frame_region *region = frame_region_of(pfn);
        end = (pfn | (EXO_LARGE_PAGES - 1)) + 1;
        end = end < last ? end : last;
        if (is_clean(region))
            continue;
        if (regions++ == REGIONS_AT_ONCE)
            return false;
        if (region->touched)
            spread_touched(region, pfn);
        if (!clean_frames(pfn, end, work))
            return false;
        region->dirty = end - pfn < EXO_LARGE_PAGES; /* others may be touched */
    }
    return true;
}
