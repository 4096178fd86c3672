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
static los_pageno extent_first[LOS_EXTENTS_MAX];

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

los_pageno page_take(unsigned order, enum page_state state)
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
    return page_take(0, PAGE_USED);
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
    unsigned extent = page_record(page)->extent;
    *offset = page - extent_first[extent];
    return exo_weaken(LOS_START_PAGE->memory[extent].frame, EXO_R | EXO_W | EXO_X);
}

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

void los_pages_init(void)
{
    const struct los_start *start = LOS_START_PAGE;
    uint64_t all = 0;
    for (uint64_t i = 0; i < start->extents; i++)
        all += start->memory[i].pages;
    uint64_t records = LOS_ROUND_UP(all * sizeof(struct page_record), LOS_PAGE) / LOS_PAGE;
    uint64_t used = start->reserved_pages ? start->reserved_pages : 1; /* page 0 is nobody's */
    memset(free_list, 0, sizeof(free_list));
    free_pages = hot_count = 0;

    /* The records go into the first extent that can hold them. */
    uint64_t base = 0, home = start->extents;
    for (uint64_t i = 0; i < start->extents && home == start->extents; i++) {
        uint64_t taken = i == 0 ? used : 0;
        if (start->memory[i].pages >= taken + records) {
            los_page_records = page_address((los_pageno)(base + taken));
            home = i;
        }
        base += start->memory[i].pages;
    }
    los_assert(home < start->extents);
    memset(los_page_records, 0, all * sizeof(struct page_record));
    record_count = all;

    base = 0;
    for (uint64_t i = 0; i < start->extents; i++) {
        uint64_t taken = (i == 0 ? used : 0) + (i == home ? records : 0);
        extent_first[i] = (los_pageno)base;
        for (uint64_t p = base; p < base + start->memory[i].pages; p++) {
            page_record((los_pageno)p)->extent = (uint8_t)i;
            page_record((los_pageno)p)->state = p < base + taken ? PAGE_RESERVED : PAGE_INSIDE;
        }
        if (taken < start->memory[i].pages)
            add_free((los_pageno)(base + taken), (los_pageno)(base + start->memory[i].pages));
        base += start->memory[i].pages;
    }
    total_pages = free_pages;
    reserve_pages = total_pages / 64 < 512 ? total_pages / 64 : 512;
}
