/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The heap: single pages cut into objects of one size class each; what is larger takes whole blocks of pages.
 *
 * The bookkeeping is in the page's record: objects in use, first free object; a free object's first two bytes hold the index of the
 * next. A page is in its class's list while it has a free object. An empty page goes back at once unless it is the
 * only one in its list, so that taking and freeing one object in turn costs nothing.
 */
#include <los/sanitize.h>
#include "pages.h"

#define LARGE_ORDER_MAX 6 /* 256 KiB */
#define NONE            0xffff
#define STEP            16

static const uint16_t class_size[] = {16,  32,  48,  64,  96,  128,  192,  256, 320,
                                      384, 448, 512, 640, 768, 1024, 1344, 2048};
#define CLASSES   LOS_COUNT(class_size)
#define SMALL_MAX 2048

static uint8_t class_of[SMALL_MAX / STEP + 1]; /* [units of STEP bytes, rounded up] */
static los_pageno partial[CLASSES];
static bool ready;

static void prepare(void)
{
    unsigned bin = 0;
    for (unsigned units = 0; units < LOS_COUNT(class_of); units++) {
        if (units * STEP > class_size[bin])
            bin++;
        class_of[units] = (uint8_t)bin;
    }
    ready = true;
}

static inline uint16_t *object_at(los_pageno page, unsigned bin, unsigned index)
{
    return (uint16_t *)((char *)page_address(page) + index * class_size[bin]);
}

static void partial_add(los_pageno page, unsigned bin)
{
    struct page_record *record = page_record(page);
    record->previous = 0;
    record->next = partial[bin];
    if (record->next)
        page_record(record->next)->previous = page;
    partial[bin] = page;
}

static void partial_remove(los_pageno page, unsigned bin)
{
    struct page_record *record = page_record(page);
    if (record->previous)
        page_record(record->previous)->next = record->next;
    else
        partial[bin] = record->next;
    if (record->next)
        page_record(record->next)->previous = record->previous;
}

static los_pageno slab_make(unsigned bin)
{
    los_pageno page = page_take(0, PAGE_SLAB);
    if (!page)
        return LOS_NO_PAGE;
    los_sanitize_slab(page_address(page));
    unsigned count = LOS_PAGE / class_size[bin];
    for (unsigned i = 0; i < count; i++)
        *object_at(page, bin, i) = (uint16_t)(i + 1 < count ? i + 1 : NONE);
    struct page_record *record = page_record(page);
    record->size_class = (uint8_t)bin;
    record->used = 0;
    record->first_free = 0;
    partial_add(page, bin);
    return page;
}

static void *alloc_large(size_t bytes)
{
    unsigned order = 0;
    while (LOS_PAGE << order < bytes)
        if (++order > LARGE_ORDER_MAX)
            return NULL;
    los_pageno page = page_take(order, PAGE_HEAP);
    if (!page)
        return NULL;
    los_sanitize_object(page_address(page), bytes, LOS_PAGE << order);
    return page_address(page);
}

void *los_alloc(size_t bytes)
{
    size_t room = bytes + LOS_RED_ZONE;
    if (room > SMALL_MAX)
        return alloc_large(bytes);
    if (!ready)
        prepare();
    unsigned bin = class_of[(room + STEP - 1) / STEP];
    los_pageno page = partial[bin];
    if (!page && !(page = slab_make(bin)))
        return NULL;
    struct page_record *record = page_record(page);
    uint16_t *object = object_at(page, bin, record->first_free);
    record->first_free = *object;
    record->used++;
    if (record->first_free == NONE)
        partial_remove(page, bin);
    los_sanitize_object(object, bytes, class_size[bin]);
    return object;
}

void *los_alloc_zeroed(size_t bytes)
{
    void *object = los_alloc(bytes);
    if (object)
        memset(object, 0, bytes);
    return object;
}

static inline size_t room_of(const void *pointer)
{
    const struct page_record *record = page_record(page_of(pointer));
    return record->state == PAGE_HEAP ? LOS_PAGE << record->order : class_size[record->size_class];
}

void los_free(void *pointer)
{
    if (!pointer || !(pointer = los_sanitize_free(pointer, room_of(pointer))))
        return;
    los_pageno page = page_of(pointer);
    struct page_record *record = page_record(page);
    if (record->state == PAGE_HEAP) {
        los_assert(!((uint64_t)pointer & LOS_PAGE_MASK));
#ifdef LOS_DEBUG
        memset(pointer, 0xdd, LOS_PAGE << record->order);
#endif
        page_give(page, record->order);
        return;
    }
    los_assert(record->state == PAGE_SLAB && record->used);
    unsigned bin = record->size_class;
    unsigned index = (unsigned)((uint64_t)pointer & LOS_PAGE_MASK) / class_size[bin];
    uint16_t *object = object_at(page, bin, index);
    los_assert(object == pointer);
#ifdef LOS_DEBUG
    memset(object, 0xdd, class_size[bin]);
#endif
    *object = record->first_free;
    if (record->first_free == NONE)
        partial_add(page, bin);
    record->first_free = (uint16_t)index;
    if (--record->used == 0 && (record->next || record->previous)) {
        partial_remove(page, bin);
        page_give(page, 0);
    }
}

void los_heap_trim(void)
{
    (void)los_sanitize_give_back();
    for (unsigned bin = 0; bin < CLASSES; bin++) {
        for (los_pageno page = partial[bin], next; page; page = next) {
            next = page_record(page)->next;
            if (page_record(page)->used)
                continue;
            partial_remove(page, bin);
            page_give(page, 0);
        }
    }
}

char *los_strdup(const char *s)
{
    size_t bytes = strlen(s) + 1;
    char *copy = los_alloc(bytes);
    if (copy)
        memcpy(copy, s, bytes);
    return copy;
}
