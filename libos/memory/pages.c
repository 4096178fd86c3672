/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The page allocator: a buddy system over the extents of the start page, with a stack of hot single pages before it.
 *
 * Invariants
 *   A free block of order n starts at a multiple of 2^n, lies in one extent, and its buddy is not a free block of order n.
 *   free_pages counts the pages of free blocks and of the hot stack.
 */
#include <los/sanitize.h>
#include "pages.h"

#define HOT_MAX      128
#define REFILL_ORDER 4

struct page_record *los_page_records;

static uint64_t total_pages, free_pages, reserve_pages, record_count;
static los_pageno free_list[PAGE_ORDER_MAX + 1];
static los_pageno hot[HOT_MAX]; /* the next one to hand out is the last */
static unsigned hot_count;

/* Runs of pages under one token each; a page's record names its run. Archives are read-only, and nobody's to free. */
struct extent {
    los_pageno first;
    uint64_t pages; /* 0: all of it was given back */
    EXO_TOKEN(FRAME, EXO_R | EXO_X) frame;
    bool archive;
    uint8_t origin; /* the extent that was handed over, of which this is a part */
};
#define EXTENTS_MOST 250
static struct extent extents[EXTENTS_MOST];
static unsigned extent_count;

static void list_push(los_pageno page, unsigned order)
{
    struct page_record *record = page_record(page);
    record->state = PAGE_FREE;
    record->order = (uint8_t)order;
    record->previous = 0;
    record->next = free_list[order];
    if (record->next)
        page_record(record->next)->previous = page;
    free_list[order] = page;
}

static void list_remove(los_pageno page)
{
    struct page_record *record = page_record(page);
    if (record->previous)
        page_record(record->previous)->next = record->next;
    else
        free_list[record->order] = record->next;
    if (record->next)
        page_record(record->next)->previous = record->previous;
}

static los_pageno buddy_alloc(unsigned order)
{
    unsigned from = order;
    while (from <= PAGE_ORDER_MAX && !free_list[from])
        from++;
    if (from > PAGE_ORDER_MAX)
        return LOS_NO_PAGE;
    los_pageno page = free_list[from];
    list_remove(page);
    while (from > order) { /* keep the lower half, so that successive pages ascend */
        from--;
        list_push(page + (1u << from), from);
    }
    return page;
}

static void buddy_free(los_pageno page, unsigned order)
{
    unsigned extent = page_record(page)->extent;
    while (order < PAGE_ORDER_MAX) {
        los_pageno buddy = page ^ (1u << order);
        if (buddy >= record_count)
            break;
        struct page_record *record = page_record(buddy);
        if (record->state != PAGE_FREE || record->order != order || record->extent != extent)
            break;
        list_remove(buddy);
        record->state = PAGE_INSIDE;
        page_record(page)->state = PAGE_INSIDE;
        page &= ~(1u << order);
        order++;
    }
    list_push(page, order);
}

/* Gives the coldest pages of the hot stack back to the buddy system. */
static void hot_drain(unsigned keep)
{
    unsigned away = hot_count - keep;
    for (unsigned i = 0; i < away; i++)
        buddy_free(hot[i], 0);
    memmove(hot, hot + away, keep * sizeof(hot[0]));
    hot_count = keep;
}

static bool hot_refill(void)
{
    unsigned order = REFILL_ORDER;
    los_pageno first = buddy_alloc(order);
    while (!first && order)
        first = buddy_alloc(--order);
    if (!first)
        return false;
    for (unsigned i = 1u << order; i-- > 0;) {
        page_record(first + i)->state = PAGE_HOT;
        hot[hot_count++] = first + i;
    }
    return true;
}

static los_pageno take(unsigned order)
{
    los_pageno page;
    if (order == 0) {
        if (!hot_count && !hot_refill())
            return LOS_NO_PAGE;
        page = hot[--hot_count];
    } else {
        page = order <= PAGE_ORDER_MAX ? buddy_alloc(order) : LOS_NO_PAGE;
        if (!page && hot_count && order <= PAGE_ORDER_MAX) {
            hot_drain(0);
            page = buddy_alloc(order);
        }
    }
    return page;
}

/* For the library OS's own data, which is written in parts: what was left there, code of firmware or of a program, goes at once. An
 * emulator that has translated such code watches every write to its page until all of it is overwritten. */
static void clear(los_pageno first, unsigned order)
{
    for (los_pageno page = first; page < first + (1u << order); page++) {
        if (!page_record(page)->cleared)
            los_page_zero(page_address(page));
        page_record(page)->cleared = true;
    }
}

static los_pageno take_block(unsigned order, enum page_state state)
{
    los_pageno page = take(order);
    if (!page && los_sanitize_give_back())
        page = take(order);
    if (!page)
        return LOS_NO_PAGE;
    free_pages -= 1ul << order;
    struct page_record *record = page_record(page);
    record->state = (uint8_t)state;
    record->order = (uint8_t)order;
    record->refs = 1;
    los_sanitize_pages(page_address(page), LOS_PAGE << order, true);
    return page;
}

los_pageno page_take(unsigned order, enum page_state state)
{
    los_pageno page = take_block(order, state);
    if (page)
        clear(page, order);
    return page;
}

void page_recycle(los_pageno first, unsigned order)
{
    if (order) {
        buddy_free(first, order);
        return;
    }
    if (hot_count == HOT_MAX)
        hot_drain(HOT_MAX / 2);
    hot[hot_count++] = first;
}

void page_give(los_pageno first, unsigned order)
{
    struct page_record *record = page_record(first);
    los_assert(first < record_count && record->state >= PAGE_USED && record->order == order);
    record->state = PAGE_HOT;
    free_pages += 1ul << order;
    los_sanitize_pages(page_address(first), LOS_PAGE << order, false);
    if (los_sanitize_free_pages(&first, &order))
        page_recycle(first, order);
}

los_pageno los_page_alloc(void)
{
    if (__builtin_expect(free_pages <= reserve_pages, 0)) {
        los_heap_trim();
        if (free_pages <= reserve_pages)
            return LOS_NO_PAGE;
    }
    los_pageno page = take_block(0, PAGE_USED);
    if (page)
        page_record(page)->cleared = false;
    return page;
}

los_pageno los_page_alloc_zeroed(void)
{
    los_pageno page = los_page_alloc();
    if (page)
        los_page_zero(page_address(page));
    return page;
}

los_pageno los_pages_alloc(unsigned order) { return page_take(order, PAGE_USED); }

void los_pages_free(los_pageno first, unsigned order)
{
    los_assert(page_record(first)->state == PAGE_USED && page_record(first)->refs == 1);
    page_give(first, order);
}

void los_page_ref(los_pageno page) { page_record(page)->refs++; }

void los_page_unref(los_pageno page)
{
    struct page_record *record = page_record(page);
    los_assert(record->state == PAGE_USED && record->refs != 0);
    if (--record->refs == 0)
        page_give(page, record->order);
}

uint32_t los_page_refs(los_pageno page) { return page_record(page)->refs; }
void *los_page_address(los_pageno page) { return page_address(page); }
los_pageno los_page_of(const void *address) { return page_of(address); }
uint64_t los_pages_free_count(void) { return free_pages; }
uint64_t los_pages_total(void) { return total_pages; }
void los_pages_reserve(uint64_t pages) { reserve_pages = pages; }

exo_frame_rwx los_page_frame(los_pageno page, uint64_t *offset)
{
    const struct extent *extent = &extents[page_record(page)->extent];
    *offset = page - extent->first;
    return exo_trust(FRAME, EXO_R | EXO_W | EXO_X,
                     EXO_HANDLE(extent->frame)); /* W is missing for an archive's */
}

bool los_page_is_shared(los_pageno page) { return extents[page_record(page)->extent].archive; }

/* Makes [first, end) free blocks, each as large as its alignment allows. */
static void add_free(los_pageno first, los_pageno end)
{
    while (first < end) {
        unsigned order = 0;
        while (order < PAGE_ORDER_MAX && !(first & ((2u << order) - 1)) && end - first >= 2u << order)
            order++;
        list_push(first, order);
        los_sanitize_pages(page_address(first), LOS_PAGE << order, false);
        free_pages += 1ul << order;
        first += 1u << order;
    }
}

/* --- extents ---------------------------------------------------------------------------------------------------------- */

static void add_extent(exo_handle frame, uint64_t pages, bool archive)
{
    struct extent *extent = &extents[extent_count];
    los_assert(extent_count < EXTENTS_MOST);
    *extent = (struct extent){(los_pageno)record_count, pages, exo_trust(FRAME, EXO_R | EXO_X, frame), archive,
                              (uint8_t)extent_count};
    for (uint64_t p = record_count; p < record_count + pages; p++)
        *page_record((los_pageno)p) = (struct page_record){
            .extent = (uint8_t)extent_count, .state = archive ? PAGE_USED : PAGE_INSIDE, .refs = archive};
    extent_count++;
    record_count += pages;
}

static uint64_t pages_for_records(uint64_t records)
{
    return LOS_ROUND_UP(records * sizeof(struct page_record), LOS_PAGE) / LOS_PAGE;
}

/* Shows pages of an extent of the start page at `at` pages from the records' start. */
static void map_records(exo_handle frame, uint64_t offset, uint64_t at, uint64_t pages)
{
#ifndef EXO_UNIT_TEST /* there the records lie in the direct map alone */
    while (pages) {
        uint64_t n = pages < 4096 ? pages : 4096;
        struct exo_map map =
            EXO_MAP_COMPUTED(LOS_RECORDS + at * LOS_PAGE, exo_trust(FRAME, EXO_R | EXO_W, frame), offset,
                             (uint32_t)n, EXO_MAP_R | EXO_MAP_W);
        long error = exo_space_map(LOS_START_PAGE->space, &map, 1);
        if (error < 0)
            los_panic("no pool for the page records: error %ld", error);
        at += n;
        offset += n;
        pages -= n;
    }
#else
    (void)frame, (void)offset, (void)at, (void)pages;
#endif
}

void los_pages_init(void)
{
    const struct los_start *start = LOS_START_PAGE;
    uint64_t all = 0, base = 0,
             used = start->reserved_pages ? start->reserved_pages : 1; /* page 0 is nobody's */
    for (uint64_t i = 0; i < start->extents; i++)
        all += start->memory[i].pages;
    for (uint64_t i = 0; i < start->archives; i++)
        all += start->archive[i].pages;
    uint64_t records = pages_for_records(all), home = 0;
    memset(free_list, 0, sizeof(free_list));
    free_pages = hot_count = 0;
    record_count = extent_count = 0;

    /* The records go into the first extent that can hold them. */
    while (home < start->extents && start->memory[home].pages < (home ? 0 : used) + records)
        base += start->memory[home++].pages;
    los_assert(home < start->extents);
    uint64_t at = home ? 0 : used;
    memset(page_address((los_pageno)(base + at)), 0, records * LOS_PAGE);
    map_records(EXO_HANDLE(start->memory[home].frame), at, 0, records);
#ifdef EXO_UNIT_TEST
    los_page_records = page_address((los_pageno)(base + at));
#else
    los_page_records = (struct page_record *)LOS_RECORDS;
#endif
    for (uint64_t i = 0; i < start->extents; i++) {
        uint64_t first = record_count, taken = (i == 0 ? used : 0) + (i == home ? records : 0);
        add_extent(EXO_HANDLE(start->memory[i].frame), start->memory[i].pages, false);
        for (uint64_t p = first; p < first + taken; p++)
            page_record((los_pageno)p)->state = PAGE_RESERVED;
        add_free((los_pageno)(first + taken), (los_pageno)record_count);
    }
    for (uint64_t i = 0; i < start->archives; i++)
        add_extent(EXO_HANDLE(start->archive[i].frame), start->archive[i].pages, true);
    total_pages = free_pages;
    reserve_pages = total_pages / 64 < 512 ? total_pages / 64 : 512;
}

void *los_archive(unsigned number, uint64_t *bytes)
{
    const struct los_start *start = LOS_START_PAGE;
    unsigned at = (unsigned)start->extents + number;
    *bytes = number < start->archives ? start->archive[number].bytes : 0;
    return number < start->archives ? page_address(extents[at].first) : NULL;
}

#ifndef EXO_UNIT_TEST /* there the records have no room to grow */
int los_pages_add(exo_handle frame, uint64_t pages)
{
    /* Records of what comes lie partly in a page that is mapped already, partly in the first of its own pages. */
    uint64_t before = pages_for_records(record_count), more = pages_for_records(record_count + pages) - before;
    if (extent_count == EXTENTS_MOST || more >= pages || record_count + pages > UINT32_MAX)
        return -LOS_E_NOSPC;
    los_pageno first = (los_pageno)record_count;
    memset(page_address(first), 0, more * LOS_PAGE);
    map_records(frame, 0, before, more);
    add_extent(frame, pages, false);
    for (uint64_t i = 0; i < more; i++)
        page_record((los_pageno)(first + i))->state = PAGE_RESERVED;
    uint64_t had = free_pages;
    add_free((los_pageno)(first + more), (los_pageno)record_count);
    total_pages += free_pages - had;
    return 0;
}
#endif

/* --- giving back ---------------------------------------------------------------------------------------------------------- */

/* The order of the free block that ends at `end`, or -1. */
static int free_block_before(los_pageno end, los_pageno least)
{
    for (unsigned order = 0; order <= PAGE_ORDER_MAX && (1ul << order) <= end - least; order++) {
        los_pageno head = end - (1u << order);
        if (head & ((1u << order) - 1))
            break;
        if (page_record(head)->state == PAGE_FREE && page_record(head)->order == order)
            return (int)order;
    }
    return -1;
}

/* The free pages in a row that end at `end`: where they begin. */
static los_pageno free_run_before(los_pageno end, los_pageno least)
{
    los_pageno first = end;
    for (int order; first > least && (order = free_block_before(first, least)) >= 0;)
        first -= 1u << order;
    return first;
}

/* Takes [first, end), which is made of free blocks and a part of one, out of the lists. */
static void take_run(los_pageno first, los_pageno end)
{
    for (los_pageno at = end; at > first;) {
        unsigned order = (unsigned)free_block_before(at, 0);
        los_pageno head = at - (1u << order);
        list_remove(head);
        free_pages -= 1ul << order;
        at = head;
        if (head < first) { /* its lower part stays */
            page_record(head)->state = PAGE_INSIDE;
            add_free(head, first);
            break;
        }
    }
    for (los_pageno at = first; at < end; at++)
        page_record(at)->state = PAGE_GONE;
}

static bool give_run(unsigned number, los_pageno first, los_pageno end)
{
    struct extent *extent = &extents[number];
    EXO_TOKEN(FRAME, EXO_R | EXO_X) upper = NULL;
    uint64_t below = first - extent->first, above = extent->first + extent->pages - end;
    long result;
    if (below && above && extent_count == EXTENTS_MOST)
        return false;
    take_run(first, end);
    do
        result = exo_token_give_back(extent->frame, below, end - first, &upper);
    while (result == -EXO_E_AGAIN);
    if (result < 0) {
        for (los_pageno at = first; at < end; at++)
            page_record(at)->state = PAGE_INSIDE;
        add_free(first, end);
        return false;
    }
    total_pages -= end - first;
    if (below && above) {
        extents[extent_count] = (struct extent){end, above, upper, false, extent->origin};
        for (los_pageno at = end; at < end + above; at++)
            page_record(at)->extent = (uint8_t)extent_count;
        extent_count++;
    }
    if (!below)
        extent->first = end;
    extent->pages = below ? below : above;
    return true;
}

/* One run of at least `least` free pages, at most `most`, from the end of the extent; 0: there is none. */
static uint64_t give_one(unsigned number, uint64_t least, uint64_t most)
{
    if (!extents[number].pages || extents[number].archive)
        return 0;
    los_pageno lowest = extents[number].first, end = lowest + (los_pageno)extents[number].pages;
    while (end > lowest) {
        los_pageno first = free_run_before(end, lowest);
        if (end - first >= least || (end - first && end - first >= most)) {
            if (end - first > most)
                first = end - (los_pageno)most;
            return give_run(number, first, end) ? end - first : 0;
        }
        end = first == end ? end - 1 : first;
    }
    return 0;
}

uint64_t los_pages_give_back(exo_handle frame, uint64_t pages)
{
    static const uint64_t sizes[] = {EXO_LARGE_PAGES, 32, 1};
    uint64_t given = 0, n;
    unsigned origin = 0;
    while (origin < extent_count && EXO_HANDLE(extents[origin].frame) != frame)
        origin++;
    if (origin == extent_count)
        return 0;
    origin = extents[origin].origin;
    hot_drain(0);
    for (unsigned s = 0; s < LOS_COUNT(sizes); s++)
        for (unsigned i = extent_count; i-- > 0 && given < pages;)
            while (extents[i].origin == origin && given < pages &&
                   (n = give_one(i, sizes[s], pages - given)) != 0)
                given += n;
    return given;
}

bool los_pages_taken(exo_handle frame, uint64_t offset, uint64_t pages)
{
    bool unused = true;
    hot_drain(0);
    for (unsigned i = 0; i < extent_count; i++) {
        struct extent *extent = &extents[i];
        if (EXO_HANDLE(extent->frame) != frame || offset + pages > extent->pages)
            continue;
        los_pageno first = extent->first + (los_pageno)offset, end = first + (los_pageno)pages;
        unused = free_run_before(end, extent->first) <= first;
        if (unused) {
            take_run(first, end);
            total_pages -= pages;
            extent->pages = offset;
        }
    }
    return unused;
}
