/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Who has which frame. Frames are numbered through all extents of the boot information, as if these lay one after the other; an array
 * has the owner of each (the number of a container's slot plus 1). It lies at the start of the largest extent.
 *
 * Invariants
 *   free_pages counts the entries that are OWNER_NONE. Nothing below lowest_free is free.
 */
#include "supervisor.h"

static struct range extents[EXO_EXTENTS_MAX];
static uint32_t extent_count;
static uint64_t total_pages, free_pages, lowest_free;
static uint16_t *const owners = (uint16_t *)OWNERS_VA;

uint64_t memory_free(void) { return free_pages; }
uint64_t memory_total(void) { return total_pages; }
struct range memory_extent(uint32_t extent) { return extents[extent]; }

long(map_pages)(exo_space space, uint64_t va, exo_frame_r frame, uint64_t offset, uint64_t pages, uint32_t prot)
{
    while (pages) {
        uint64_t most = 4096; /* the bound of one call */
        struct exo_map map = EXO_MAP_COMPUTED(va, frame, offset, (uint32_t)(pages < most ? pages : most), prot);
        long error = AGAIN(exo_space_map(space, &map, 1));
        if (error < 0)
            return error;
        va += map.count * PAGE;
        offset += map.count;
        pages -= map.count;
    }
    return 0;
}

void memory_start(void)
{
    if (!boot->extents)
        fail("no free memory", 0);
    for (uint32_t i = 0; i < boot->extents; i++) {
        struct exo_token_info info;
        MUST("memory", exo_token_info(boot_extent(i), &info));
        extents[extent_count++] = (struct range){total_pages, info.count};
        total_pages += info.count;
    }
    uint64_t pages = PAGES(total_pages * sizeof owners[0]);
    if (pages + 512 > extents[0].pages)
        fail("not enough memory: give the machine at least 32 MiB", 0);
    MUST("memory", map_pages(boot_space(), OWNERS_VA, boot_extent(0), 0, pages, EXO_MAP_R | EXO_MAP_W));
    memset(owners, 0, pages * PAGE);
    free_pages = total_pages;
    memory_claim(OWNER_SUPERVISOR, (struct range){0, pages});
}

void memory_claim(uint16_t owner, struct range range)
{
    for (uint64_t i = range.first; i < range.first + range.pages; i++)
        owners[i] = owner;
    free_pages -= range.pages;
    if (range.first <= lowest_free && lowest_free < range.first + range.pages)
        lowest_free = range.first + range.pages;
}

void memory_give(uint16_t owner, struct range range)
{
    for (uint64_t i = range.first; i < range.first + range.pages; i++) {
        if (owners[i] != owner)
            continue;
        owners[i] = OWNER_NONE;
        free_pages++;
        if (i < lowest_free)
            lowest_free = i;
    }
}

/* Free frames in a row from `from` on, at most `most`. */
static uint64_t free_from(uint64_t from, uint64_t end, uint64_t most)
{
    uint64_t n = 0;
    while (n < most && from + n < end && owners[from + n] == OWNER_NONE)
        n++;
    return n;
}

/* The first run of at least `pages`; or, where there is none, the longest. */
static struct range find_run(uint64_t pages)
{
    struct range best = {0, 0};
    while (lowest_free < total_pages && owners[lowest_free] != OWNER_NONE)
        lowest_free++;
    for (uint32_t i = 0; i < extent_count; i++) {
        uint64_t at = extents[i].first > lowest_free ? extents[i].first : lowest_free;
        uint64_t end = extents[i].first + extents[i].pages;
        for (; at < end; at++) {
            uint64_t n = free_from(at, end, pages);
            if (n > best.pages)
                best = (struct range){at, n};
            if (best.pages == pages)
                return best;
            at += n;
        }
    }
    return best;
}

bool memory_take(uint16_t owner, uint64_t pages, struct range *range)
{
    struct range run = pages <= free_pages ? find_run(pages) : (struct range){0, 0};
    if (run.pages < pages)
        return false;
    memory_claim(owner, run);
    *range = run;
    return true;
}

bool memory_take_pieces(uint16_t owner, uint64_t pages, struct range *pieces, uint32_t most, uint32_t *count)
{
    uint64_t left = pages;
    *count = 0;
    while (left && left <= free_pages && *count < most) {
        struct range run = find_run(left);
        memory_claim(owner, run);
        pieces[(*count)++] = run;
        left -= run.pages;
    }
    if (!left)
        return true;
    while (*count)
        memory_give(owner, pieces[--*count]);
    return false;
}

long memory_token(struct range range, exo_frame *token)
{
    for (uint32_t i = 0; i < extent_count; i++)
        if (range.first >= extents[i].first && range.first - extents[i].first < extents[i].pages)
            return exo_token_derive(boot_extent(i), EXO_ALL, range.first - extents[i].first, range.pages,
                                    token);
    return -EXO_E_BAD_ARGUMENT;
}
