/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Page tables: finding, making, splitting and freeing them, setting and clearing leaves with the frames' mapping counts.
 *
 * Level 4 is the top; an entry of level n covers table_span(n) bytes; level 1 holds 4 KiB leaves, level 2 may hold 2 MiB ones.
 *
 * Shared tables: several spaces of a domain may have the same table of level 1 at the same addresses (share.c). Invariants
 *   As many entries of level 2 point to a table of level 1 as its frame's `sharers` says, and one more.
 *   An entry of level 2 that points to a table with sharers does not permit writing. One that permits writing is the only one;
 *   one that does not may be the last of several: then the table is taken over as it is, with what is writable in it.
 *   Only table_own makes an entry permit writing again: as it copies, it takes W from the leaves of both tables. So a leaf with
 *   W is in no second table on account of sharing.
 *   The leaves of a shared table are counted once. Whoever changes one first calls table_own, except to take
 *   away what was revoked: that is taken from all who share.
 *   A shared table goes back to the pool with its last entry; each space that left it before has flushed at once (`eager`).
 */
#ifndef EXO_CORE_TABLE_H
#define EXO_CORE_TABLE_H

#include "frame.h"
#include "space.h"

#define LARGE_SIZE (EXO_LARGE_PAGES * EXO_PAGE_SIZE)

/*
 * What an edit left for the TLBs. Present translations that were changed or removed are collected here, with the
 * tables that became empty: these go back to the pool only when no CPU can walk them any more. flush_finish ends every
 * edit, before the lock is released and before anything else takes from the pool.
 */
struct flush {
    struct space *space;
    uint64_t first, end; /* addresses touched; first >= end: nothing */
    bool shared;         /* what was touched is grafted by or shared with other spaces */
    bool eager;          /* a table is not used here any more: idle CPUs may not walk it either */
    uint32_t tables;     /* freed, linked through the frame table */
    uint32_t copied;     /* shared tables that were copied: bounds a call's work */
};

static inline struct flush flush_begin(struct space *space)
{
    return (struct flush){.space = space, .first = UINT64_MAX};
}
void flush_add(struct flush *flush, uint64_t va, uint64_t bytes);
void flush_finish(struct flush *flush);

static inline uint64_t table_span(int level) { return EXO_PAGE_SIZE << (9 * (level - 1)); }
static inline unsigned table_index(uint64_t va, int level) { return (va >> (12 + 9 * (level - 1))) & 511; }
static inline machine_pte *table_entries(uint64_t pfn) { return machine_frame(pfn); }

/* The table of that level on the way to va; 0 where there is none. */
uint64_t table_find(const struct space *space, uint64_t va, int level);
/* The same, made where missing; large pages in the way are split. The pool has the frames: table_missing. */
uint64_t table_make(struct flush *flush, uint64_t va, int level);
/* How many tables of that level an edit of [va, va + bytes) takes from the pool: missing, or shared with others. */
uint64_t table_missing(const struct space *space, uint64_t va, uint64_t bytes, int level);
/* Where to look next when there is no table of level 2 for va: the next 1 GiB, or farther. */
uint64_t table_after_hole(const struct space *space, uint64_t va);
/* How many tables in [va, end), both multiples of 2 MiB, are shared with others. */
uint64_t table_count_shared(const struct space *space, uint64_t va, uint64_t end);
/* Makes the table of level 1 that an entry of level 2 points to this space's own, and returns it. While others share it, it is
 * copied: the pool has a frame for that. */
uint64_t table_own(struct flush *flush, uint64_t table, unsigned index, uint64_t va);
/* The entry that maps va, and its level; NULL: none in use. */
machine_pte *table_leaf(const struct space *space, uint64_t va, int *level);

/* Level 1 and 2 leaves differ in where their mapping is counted. */
static inline void leaf_count(machine_pte leaf, int change)
{
    uint64_t pfn = machine_pte_pfn(leaf);
    bool written = machine_pte_prot(leaf) & EXO_MAP_W;
    if (machine_pte_is_large(leaf)) {
        struct frame_region *region = frame_region_of(pfn);
        region->mapped += (uint32_t)change;
        region->touched |= written;
    } else {
        frame_of(pfn)->link += (uint32_t)change;
        if (written && !frame_of(pfn)->touched)
            frame_of(pfn)->touched = frame_region_of(pfn)->dirty = true;
    }
}

/* Index-th entry of a table of level 1 or (large) 2, which is not in use. */
static inline void leaf_set(uint64_t table, unsigned index, machine_pte leaf)
{
    leaf_count(leaf, 1);
    __atomic_store_n(&table_entries(table)[index], leaf, __ATOMIC_RELEASE);
    frame_of(table)->used++;
}

void leaf_clear(struct flush *flush, uint64_t table, unsigned index, uint64_t va);
void leaf_protect(struct flush *flush, uint64_t table, unsigned index, uint64_t va, uint32_t prot);
/* Turns a large page into a table of small ones; the pool has a frame for it. */
void leaf_split(struct flush *flush, uint64_t table, unsigned index, uint64_t va);
static inline bool table_is_shared(uint64_t pfn) { return frame_of(pfn)->sharers > 0; }
/* Takes the table that the entry points to, empty or shared with others, out of the space. */
void table_free(struct flush *flush, uint64_t parent, unsigned index, uint64_t va);
/* The same of a table of level 1 with all that it maps. Returns how many leaves went: none of a shared one. */
uint32_t table_drop(struct flush *flush, uint64_t parent, unsigned index, uint64_t va);

#endif
