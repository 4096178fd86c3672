/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Objects of the heap and pages: who may touch them; and the quarantine, where what was freed stays for a while, so that a late use meets
 * poison and not its next owner. Both quarantines are rings under the container lock.
 */
#include "../../libos/memory/pages.h"
#include "guest.h"

#define OBJECTS      1024u
#define OBJECT_BYTES (512ul << 10) /* in quarantine at most */
#define PAGES        256u          /* blocks */

static struct {
    char *object;
    size_t room;
    uint64_t from;
} objects[OBJECTS];
static unsigned object_first, object_count;
static size_t object_bytes;

static struct {
    uint32_t page;
    unsigned order;
} pages[PAGES];
static unsigned page_first, page_count;
static bool giving_back;

void los_sanitize_pages(void *start, size_t bytes, bool usable)
{
    shadow_set(start, bytes, usable ? 0 : SHADOW_FREE_PAGE);
}

void los_sanitize_slab(void *page) { shadow_set(page, LOS_PAGE, SHADOW_NO_OBJECT); }

void los_sanitize_object(void *object, size_t bytes, size_t room)
{
    size_t used = LOS_ROUND_UP(bytes, 8);
    if (!lock_held())
        check_lock((uint64_t)object, true, HERE);
    shadow_clear(object, bytes);
    shadow_set((char *)object + used, room - used, SHADOW_RED_ZONE);
}

static void *take_oldest(void)
{
    void *object = objects[object_first].object;
    object_bytes -= objects[object_first].room;
    object_first = (object_first + 1) % OBJECTS;
    object_count--;
    return object;
}

void *los_sanitize_free_by(void *object, size_t room, void *by)
{
    if (giving_back)
        return object;
    if (!lock_held())
        check_lock((uint64_t)object, true, (uint64_t)by);
    if (!shadow_usable(object, 1)) {
        struct report report;
        if (report_begin(&report, (uint64_t)by)) {
            report_text(&report, "freed twice: ");
            report_hex(&report, (uint64_t)object);
            report_text(&report, ", first from ");
            report_hex(&report, freed_from((uint64_t)object));
            report_line(&report);
            report_back_trace();
            sanitizer_found();
        }
        return NULL;
    }
    shadow_set(object, room, SHADOW_FREED);
    void *oldest =
        object_count == OBJECTS || (object_count && object_bytes + room > OBJECT_BYTES) ? take_oldest() : NULL;
    unsigned at = (object_first + object_count++) % OBJECTS;
    objects[at].object = object;
    objects[at].room = room;
    objects[at].from = (uint64_t)by;
    object_bytes += room;
    return oldest;
}

static void take_oldest_pages(uint32_t *first, unsigned *order)
{
    *first = pages[page_first].page;
    *order = pages[page_first].order;
    page_first = (page_first + 1) % PAGES;
    page_count--;
}

bool los_sanitize_free_pages(uint32_t *first, unsigned *order)
{
    if (giving_back)
        return true;
    uint32_t page = *first;
    unsigned its_order = *order;
    bool full = page_count == PAGES;
    if (full)
        take_oldest_pages(first, order);
    unsigned at = (page_first + page_count++) % PAGES;
    pages[at].page = page;
    pages[at].order = its_order;
    return full;
}

bool los_sanitize_give_back(void)
{
    if (giving_back || (!object_count && !page_count))
        return false;
    giving_back = true;
    while (object_count)
        los_free(take_oldest());
    while (page_count) {
        uint32_t first;
        unsigned order;
        take_oldest_pages(&first, &order);
        page_recycle(first, order);
    }
    giving_back = false;
    return true;
}

uint64_t los_sanitize_slabs(void)
{
    uint64_t all = 0, slabs = 0;
    (void)los_sanitize_give_back();
    for (uint64_t i = 0; i < LOS_START_PAGE->extents; i++)
        all += LOS_START_PAGE->memory[i].pages;
    for (uint64_t page = 0; page < all; page++)
        slabs += page_record((los_pageno)page)->state == PAGE_SLAB;
    return slabs;
}

uint64_t freed_from(uint64_t address)
{
    for (unsigned i = 0; i < object_count; i++) {
        unsigned at = (object_first + i) % OBJECTS;
        if (address - (uint64_t)objects[at].object < objects[at].room)
            return objects[at].from;
    }
    return 0;
}
