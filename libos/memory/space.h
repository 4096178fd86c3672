/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Inside of spaces: the index of regions, and the record of what is mapped where.
 *
 * Invariants
 *   The regions of a space are disjoint, not empty, and in region[] and the list by address.
 *   A slot of a chunk holds a page exactly when its bit in `present` is set; the slot then has one reference on the page.
 *   No chunk and no part is empty but inside a function of memory/.
 *   `own` marks private pages of anonymous memory and copies made on write; the others belong to the region's object.
 *   A part is shared (refs over 1) after a fork by the spaces that share the exokernel's table for its 2 MiB (space_share), and no
 *   others: a space leaves both at once, all 2 MiB of them, or parts from both at once (part_own), before anything in the part
 *   is changed, mapped or unmapped. Parting copies: one more reference on each page, writable on neither side. The last
 *   space that has the part keeps it as it is, and the exokernel's next edit makes its table writable again.
 *   The exokernel maps a present page with the region's protection, without W unless its bit in `writable` is set and the part is
 *   not shared. Where no access was allowed the page may not be mapped: the fault on it maps it.
 *   An own page with more than one reference is shared by a fork and never writable.
 */
#ifndef LOS_MEMORY_SPACE_H
#define LOS_MEMORY_SPACE_H

#include "pages.h"

#define CHUNK_PAGES    64u
#define CHUNK_SHIFT    18
#define PART_SHIFT     21 /* what one lowest page table of the exokernel covers */
#define PART_MASK      ((1ul << PART_SHIFT) - 1)
#define PART_CHUNKS    8u
#define GUARD_BYTES    (256 * LOS_PAGE) /* kept free below a stack */
#define LOWEST_ADDRESS 0x10000ul
#define REGIONS_MAX    32768u

struct part {
    uint32_t refs;                    /* spaces that have it, at the same address */
    struct chunk *chunk[PART_CHUNKS]; /* NULL: nothing is present there */
};
struct part_entry {
    uint64_t number; /* address >> PART_SHIFT */
    struct part *part;
};
struct chunk {
    struct part *part; /* that it belongs to */
    uint64_t number;   /* address >> CHUNK_SHIFT */
    uint64_t present, writable, own;
    los_pageno page[CHUNK_PAGES];
};

struct tables {
    struct los_link spaces; /* los_spaces */
    struct los_space *space;
    struct los_region **region;               /* region_count of them, by address */
    uint32_t capacity, last;                  /* last: index of the region found last */
    struct part_entry *part;                  /* `parts` of them, by number */
    uint32_t parts, part_capacity, part_last; /* part_last: index of the one found last */
};

extern struct los_link los_spaces; /* every space, through tables.spaces */

static inline struct tables *tables_of(const struct los_space *space) { return space->tables; }

/* --- region.c: the index of regions ------------------------------------------------------------------------------ */
/* Index of the first region that ends above `address`; region_count when there is none. */
uint32_t region_above(const struct los_space *space, uint64_t address);
static inline struct los_region *region_at(const struct los_space *space, uint32_t index)
{
    return index < space->region_count ? tables_of(space)->region[index] : NULL;
}
/* A region like `like` over [start, end), entered, with its own references; NULL: out of memory. */
struct los_region *region_add(struct los_space *space, const struct los_region *like, uint64_t start,
                              uint64_t end);
void region_remove(struct los_space *space, uint32_t index); /* drops its references as its last act */
/* Makes `start` and `end` boundaries. As region_above(start), or NOMEM. */
long region_cut(struct los_space *space, uint64_t start, uint64_t end);
/* Joins the neighbours in and around [start, end) that are alike. */
void region_merge(struct los_space *space, uint64_t start, uint64_t end);
/* The highest gap of `bytes` in [low, high); 0: none. */
uint64_t region_gap(const struct los_space *space, uint64_t bytes, uint64_t low, uint64_t high);
void region_resize(struct los_space *space, struct los_region *region, uint64_t start, uint64_t end);

/* --- table.c: what is mapped where ---------------------------------------------------------------------------------- */
/* Makes the record, and the exokernel's table, of the 2 MiB around the address the space's own, ready to be changed. 0, or NOMEM: nothing
 * has changed. Likewise for all in the range, one by one. */
int part_own(struct los_space *space, uint64_t address);
int parts_own(struct los_space *space, uint64_t start, uint64_t end);
/* Enters all parts of `from` in `to`, which has none: shared from now on. False: out of memory, nothing entered. */
bool parts_share(struct los_space *to, const struct los_space *from);
void part_unref(struct part *part);                                        /* the last one drops its pages */
struct chunk *chunk_find(const struct los_space *space, uint64_t address); /* to look at: it may be shared */
static inline bool chunk_shared(const struct chunk *chunk) { return chunk->part->refs > 1; }
/* Finds or makes, in a part of the space's own; NULL: out of memory. */
struct chunk *chunk_make(struct los_space *space, uint64_t address);
void chunk_tidy(struct los_space *space, struct chunk *chunk); /* frees it, the space's own, when it is empty */
static inline unsigned chunk_slot(uint64_t address) { return (unsigned)(address >> 12) & (CHUNK_PAGES - 1); }
static inline uint64_t chunk_address(const struct chunk *chunk, unsigned slot)
{
    return (chunk->number << CHUNK_SHIFT) + (uint64_t)slot * LOS_PAGE;
}
/* The slots of the chunk that lie in [start, end). */
uint64_t chunk_mask(const struct chunk *chunk, uint64_t start, uint64_t end);
/* Calls `each` for every chunk that overlaps [start, end), by address; it may make and remove chunks. To change any: parts_own first. */
void chunks_each(struct los_space *space, uint64_t start, uint64_t end,
                 void (*each)(struct los_space *space, struct chunk *chunk, uint64_t mask, void *context),
                 void *context);

/* The chunks of these two are the space's own. Enters a page whose reference passes to the slot, which must be empty. */
void slot_set(struct los_space *space, struct chunk *chunk, unsigned slot, los_pageno page, bool own,
              bool writable);
/* Empties it and returns the page with its reference. */
los_pageno slot_clear(struct los_space *space, struct chunk *chunk, unsigned slot);

/* Protection for the exokernel of a page in a region. */
static inline uint32_t map_prot(uint32_t protection, bool writable)
{
    return protection ? EXO_MAP_R | (writable ? EXO_MAP_W : 0) | (protection & LOS_EXECUTE ? EXO_MAP_X : 0) : 0;
}

/* Mappings collected for one exo call; adjoining pages become one element. Errors show in map_flush. */
struct map_batch {
    exo_space space;
    uint32_t count;
    long error;
    struct exo_map map[512];
};
void map_begin(struct map_batch *batch, const struct los_space *space);
void map_add(struct map_batch *batch, uint64_t va, los_pageno page, uint32_t prot);
int map_flush(struct map_batch *batch); /* 0 or NOMEM: then some may have been mapped */
extern struct map_batch
    los_map_batch[2]; /* too large for a stack; nothing that is built in one outlives a function of memory/ */

/* Unmaps [start, end) in the exokernel; the parts that it does not cover in full are the space's own. */
void space_unmap(const struct los_space *space, uint64_t start, uint64_t end);
/* The same for present pages of chunks of its own, by address; those that lie close together go in one call. */
struct run {
    uint64_t start, end; /* 0: none yet */
};
void run_add(const struct los_space *space, struct run *run, const struct chunk *chunk, uint64_t mask);
void run_end(const struct los_space *space, const struct run *run);
/* Empties [start, end) and unmaps what was mapped there. 0, or NOMEM: nothing has changed. */
int pages_drop(struct los_space *space, uint64_t start, uint64_t end);
bool pages_any(struct los_space *space, uint64_t start, uint64_t end);

/* --- fault.c ---------------------------------------------------------------------------------------------------------- */
/* Makes the page at `address` of the region usable for `access`, whatever the region's protection says of that access; a copy made
 * on write is not mapped writable unless the region is. 0, NOMEM or IO. */
int page_resolve(struct los_space *space, struct los_region *region, uint64_t address, uint32_t access);
/* The region has become writable. Where it is no more than a fault would do, its pages that need no copy become so now. */
void pages_regain(struct los_space *space, struct los_region *region);

/* --- overlay.c: patched text -------------------------------------------------------------------------------------------- */
los_pageno overlay_find(const struct los_object *object, uint64_t index,
                        uint64_t address); /* no reference added; 0: none */
void overlays_drop(struct los_object *object, uint64_t first, uint64_t count);

static inline uint64_t region_index(const struct los_region *region, uint64_t address)
{
    return region->object_page + ((address - region->start) >> 12);
}
/* Patched text stands in for the object's own pages in such a region. */
static inline bool region_is_text(const struct los_region *region)
{
    return region->file && region->object && (region->protection & LOS_EXECUTE) &&
           !(region->protection & LOS_WRITE) && !(region->flags & LOS_SHARED);
}

#endif
