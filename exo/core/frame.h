/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The frame table: what the core knows of each physical page.
 *
 * Invariants
 *   A USER frame is nobody's kernel object; its mappings are counted: in `link` those by small pages, as vCPU pages and by
 *   devices, in its region's `mapped` those by a large page.
 *   A POOL frame is mapped in no space. It is free in its domain's pool (`link`: the next free one) or in use as a kernel
 *   object (`link`: the frame of the domain's own structure).
 *   A RING frame is a device queue's ring: mapped in no space.
 *   An UNUSABLE frame is not RAM, or belongs to the exokernel itself. No token names it.
 *   A frame that ring 3 could have written is touched, until it was zeroed; its region is dirty, or touched as a whole.
 * Regions are the 2 MiB that a large page maps: `special` counts the frames in them that are not USER.
 */
#ifndef EXO_CORE_FRAME_H
#define EXO_CORE_FRAME_H

#include "machine.h"
#include "work.h"

enum frame_state { FRAME_UNUSABLE, FRAME_USER, FRAME_POOL, FRAME_RING };

struct frame {
    uint32_t link;
    uint32_t member; /* POOL: the next frame that was donated to the same pool */
    uint8_t state;
    bool touched;
    uint16_t used;    /* POOL, page tables: entries in use */
    uint32_t sharers; /* POOL, lowest page tables: how many entries point to it besides the first (table.h) */
};

struct frame_region {
    uint32_t mapped;  /* large pages that map it */
    uint16_t special; /* frames that are not USER */
    bool touched;     /* was mapped writable by a large page: all frames count as touched */
    bool dirty;       /* one of its frames may be touched */
};

extern struct frame *frame_table; /* frame_count entries */
extern struct frame_region *frame_regions;
extern uint64_t frame_count;

uint64_t frame_table_pages(uint64_t count);    /* how many pages the table for that many frames takes */
void frame_init(void *memory, uint64_t count); /* all unusable; the memory need not be zeroed */
void frame_make_user(uint64_t pfn, uint64_t pages);

static inline struct frame *frame_of(uint64_t pfn) { return &frame_table[pfn]; }
static inline struct frame_region *frame_region_of(uint64_t pfn) { return &frame_regions[pfn >> 9]; }
void frame_set_state(uint64_t pfn, enum frame_state state);

/* May all of them be mapped? One look for each 2 MiB, and at most 512 besides at each end. */
static inline bool frame_all_user(uint64_t pfn, uint64_t pages)
{
    for (uint64_t i = pfn; i < pfn + pages; i++) {
        if (frame_region_of(i)->special == 0)
            i |= EXO_LARGE_PAGES - 1; /* all of the region */
        else if (frame_of(i)->state != FRAME_USER)
            return false;
    }
    return true;
}

/* May all of them become a pool: USER and mapped nowhere? */
bool frame_all_idle(uint64_t pfn, uint64_t pages);

static inline bool frame_mapped(uint64_t pfn)
{
    return frame_of(pfn)->link != 0 || frame_region_of(pfn)->mapped != 0;
}

/* Is one of them mapped, or used as a vCPU page? Of many it only says that it may be so. */
bool frame_any_mapped(uint64_t pfn, uint64_t pages);
/* Is there one that was touched and is still mapped? Then it cannot change hands zeroed. Looks only as far as the next call of
 * frame_clean can get. */
bool frame_any_written(uint64_t pfn, uint64_t pages);
/* Zeroes those that were touched, none of them mapped. False: the work ran out, call again. */
bool frame_clean(uint64_t pfn, uint64_t pages, struct work *work);

#endif
