/* SPDX-License-Identifier: MPL-2.0 */
/* The frame table: states, and zeroing frames before they change hands. */
#include "frame.h"

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

bool frame_any_written(uint64_t pfn, uint64_t pages)
{
    for (uint64_t i = pfn; i < pfn + pages; i++)
        if ((frame_of(i)->touched || frame_region_of(i)->touched) && frame_mapped(i))
            return true;
    return false;
}

/* Notes with each frame what was noted for the whole region. */
static void spread_touched(struct frame_region *region, uint64_t pfn)
{
    region->touched = false;
    pfn -= pfn % EXO_LARGE_PAGES;
    for (uint64_t i = pfn; i < pfn + EXO_LARGE_PAGES && i < frame_count; i++)
        frame_of(i)->touched = true;
}

bool frame_clean(uint64_t pfn, uint64_t pages, struct work *work)
{
    for (uint64_t i = pfn; i < pfn + pages; i++) {
        if (frame_region_of(i)->touched)
            spread_touched(frame_region_of(i), i);
        if (!frame_of(i)->touched)
            continue;
        if (!work_spend(work, 16))
            return false;
        __builtin_memset(machine_frame(i), 0, EXO_PAGE_SIZE);
        frame_of(i)->touched = false;
    }
    return true;
}
