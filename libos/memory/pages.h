/* SPDX-License-Identifier: MPL-2.0 */
/* One record per page of the direct map, and what memory/ needs of pages beyond the public functions. */
#ifndef LOS_MEMORY_PAGES_H
#define LOS_MEMORY_PAGES_H

#include <los/image.h>
#include <los/memory.h>

#define PAGE_ORDER_MAX 9

enum page_state {
    PAGE_RESERVED, /* the image, the records: never ours to give */
    PAGE_GONE,     /* given back */
    PAGE_FREE,     /* first page of a free block of 2^order pages, in its order's list */
    PAGE_INSIDE,   /* not the first page of its block */
    PAGE_HOT,      /* in the stack of free single pages */
    PAGE_USED,     /* first page of an allocated block; refs counts */
    PAGE_SLAB,     /* the heap's: objects of one size class */
    PAGE_HEAP,     /* the heap's: one object of 2^order pages */
};

struct page_record {
    union {
        uint32_t refs;
        struct {
            uint16_t used, first_free; /* PAGE_SLAB: objects in use; index of the first free one */
        };
    };
    uint8_t order : 4,
        cleared : 1; /* cleared: since it last was a program's, or since boot; only the heap asks */
    uint8_t state, extent, size_class;
    uint32_t next, previous; /* free block, slab: page numbers in its list; 0 ends it */
};
_Static_assert(sizeof(struct page_record) == 16, "0.4 percent of memory");

extern struct page_record *los_page_records;

static inline struct page_record *page_record(los_pageno page) { return &los_page_records[page]; }
static inline void *page_address(los_pageno page) { return LOS_DIRECT_MAP + ((uint64_t)page << 12); }
static inline los_pageno page_of(const void *address)
{
    return (los_pageno)((uint64_t)((const char *)address - LOS_DIRECT_MAP) >> 12);
}

/* As los_page_alloc and los_pages_alloc, but the record's state becomes `state`. For the heap: goes below the reserve. */
los_pageno page_take(unsigned order, enum page_state state);
void page_give(los_pageno first, unsigned order);
void page_recycle(los_pageno first, unsigned order); /* its second half: the block may be handed out again */

#endif
