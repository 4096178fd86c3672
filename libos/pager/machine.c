/* SPDX-License-Identifier: MPL-2.0 */
/* Pages on the exokernel: mappings are ours to make, and the page tables ours to read. */
#include "pager.h"
#include <los/bare.h>

#define QUERY_MOST 512u
#define MAP_MOST   1024u

static uint64_t taken; /* pages of the first extent, besides those in use from the start */
static uint64_t (*frame_at)[PAGING_WORDS], (*store_at)[PAGING_WORDS];
static uint64_t frame_offset;

uint64_t (*machine_take(uint32_t pages, uint64_t *offset))[PAGING_WORDS]
{
    const struct los_start *start = LOS_START_PAGE;
    *offset = start->reserved_pages + taken;
    if (*offset + pages > start->memory[0].pages)
        bare_fail("pager: not enough memory", "");
    taken += pages;
    return (uint64_t(*)[PAGING_WORDS])(LOS_DIRECT + *offset * EXO_PAGE_SIZE);
}

void machine_start(uint32_t pages, uint32_t frames)
{
    uint64_t unused;
    frame_at = machine_take(frames, &frame_offset);
    store_at = machine_take(pages, &unused);
}

uint64_t *machine_frame(uint32_t frame) { return frame_at[frame]; }
uint64_t *machine_store(uint32_t page) { return store_at[page]; }

static struct exo_map mapping(uint32_t page, uint32_t frame)
{
    return EXO_MAP(AREA + page * EXO_PAGE_SIZE, LOS_START_PAGE->memory[0].frame, frame_offset + frame, 1,
                   EXO_MAP_R | EXO_MAP_W);
}

static void map(const struct exo_map *maps, uint64_t count)
{
    for (long done; count; maps += done, count -= (uint64_t)done)
        done = BARE_MUST("map", exo_space_map(LOS_START_PAGE->space, maps, count));
}

void machine_show(uint32_t page, uint32_t frame)
{
    struct exo_map one = mapping(page, frame);
    map(&one, 1);
}

void machine_hide(uint32_t page)
{
    BARE_MUST("unmap", exo_space_unmap(LOS_START_PAGE->space, AREA + page * EXO_PAGE_SIZE, 1));
}

void machine_look(uint32_t first, uint32_t count, uint8_t *flags)
{
    static struct exo_pte entry[QUERY_MOST];
    while (count) {
        uint32_t n = count < QUERY_MOST ? count : QUERY_MOST;
        BARE_MUST("look", exo_space_query(LOS_START_PAGE->space, AREA + first * EXO_PAGE_SIZE, entry, n));
        for (uint32_t i = 0; i < n; i++)
            flags[i] = (uint8_t)((entry[i].frame & EXO_PTE_ACCESSED ? MACHINE_USED : 0) |
                                 (entry[i].frame & EXO_PTE_DIRTY ? MACHINE_DIRTY : 0));
        first += n, flags += n, count -= n;
    }
}

/* Mapped anew, a page has neither bit. */
void machine_clear(const struct paging *paging, const uint16_t *page, uint32_t count)
{
    static struct exo_map maps[MAP_MOST];
    for (uint32_t n; count; count -= n, page += n) {
        for (n = 0; n < count && n < MAP_MOST; n++)
            maps[n] = mapping(page[n], paging->frame_of[page[n]]);
        map(maps, n);
    }
}
