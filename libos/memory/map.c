/* SPDX-License-Identifier: MPL-2.0 */
/* Changing what a space shows: map, unmap, protect, remap, discard, the break. Decide and check first, then change. */
#include <exo/typed.h>
#include "space.h"

#define LOW_END   0x80000000ul /* LOS_LOW */
#define LOW_START 0x40000000ul

static bool in_user(uint64_t address, uint64_t bytes)
{
    return address < LOS_USER_END && bytes <= LOS_USER_END - address;
}

/* The range must be given in whole pages; its length is rounded up here. */
static int check_range(uint64_t address, uint64_t *bytes)
{
    *bytes = (*bytes + LOS_PAGE_MASK) & ~LOS_PAGE_MASK;
    return (address & LOS_PAGE_MASK) || !in_user(address, *bytes) ? -LOS_E_INVAL : 0;
}

/* What can plainly never be had is refused; anything else is settled when it is touched. */
static bool affordable(const struct los_space *space, uint64_t more_bytes, uint32_t protection, uint32_t flags)
{
    if ((protection & LOS_WRITE) && !(flags & (LOS_SHARED | LOS_NO_RESERVE)) &&
        more_bytes >> 12 > los_pages_total())
        return false;
    return space->address_limit == UINT64_MAX ||
           (space->virtual_pages << 12) + more_bytes <= space->address_limit;
}

static bool is_free(const struct los_space *space, uint64_t address, uint64_t bytes)
{
    struct los_region *above = region_at(space, region_above(space, address));
    return !above || above->start >= address + bytes;
}

static uint64_t place(const struct los_space *space, uint64_t hint, uint64_t bytes, uint32_t flags)
{
    if (flags & LOS_LOW)
        return region_gap(space, bytes, LOW_START, LOW_END);
    hint = (hint + LOS_PAGE_MASK) & ~LOS_PAGE_MASK;
    if (hint >= LOWEST_ADDRESS && in_user(hint, bytes) && is_free(space, hint, bytes))
        return hint;
    uint64_t address = region_gap(space, bytes, LOWEST_ADDRESS, space->map_top);
    return address ? address : region_gap(space, bytes, LOWEST_ADDRESS, LOS_USER_END - LOS_PAGE);
}

static void populate(struct los_space *space, uint64_t start, uint64_t end)
{
    for (uint64_t at = start; at < end; at += LOS_PAGE) {
        struct los_region *region = los_space_find(space, at);
        struct chunk *chunk = chunk_find(space, at);
        if (!region || !region->protection)
            return;
        if (chunk && (chunk->present >> chunk_slot(at) & 1))
            continue;
        if (page_resolve(space, region, at, region->protection & LOS_WRITE ? LOS_WRITE : LOS_READ) < 0)
            return;
    }
}

long los_space_map(struct los_space *space, uint64_t address, uint64_t bytes, uint32_t protection,
                   uint32_t flags, struct los_object *object, uint64_t object_page, struct los_file *file,
                   const char *name)
{
    if (!bytes)
        return -LOS_E_INVAL;
    if (bytes > LOS_USER_END)
        return -LOS_E_NOMEM;
    bytes = (bytes + LOS_PAGE_MASK) & ~LOS_PAGE_MASK;
    if (flags & LOS_FIXED) {
        if (address & LOS_PAGE_MASK)
            return -LOS_E_INVAL;
        if (!in_user(address, bytes))
            return -LOS_E_NOMEM;
        if ((flags & LOS_NOREPLACE) && !is_free(space, address, bytes))
            return -LOS_E_EXIST;
    }
    if (!affordable(space, bytes, protection, flags))
        return -LOS_E_NOMEM;
    if (flags & LOS_FIXED) {
        long error = is_free(space, address, bytes) ? 0 : los_space_unmap(space, address, bytes);
        if (error < 0)
            return error;
    } else if (!(address = place(space, address, bytes, flags))) {
        return -LOS_E_NOMEM;
    }

    struct los_object *shared = NULL;
    if (!object && (flags & LOS_SHARED)) {
        object = shared = los_object_anonymous(bytes >> 12);
        if (!object)
            return -LOS_E_NOMEM;
    }
    struct los_region like = {.protection = protection,
                              .flags = flags & (LOS_SHARED | LOS_GROWS_DOWN | LOS_HEAP | LOS_STACK),
                              .object = object,
                              .object_page = object ? object_page : 0,
                              .file = file,
                              .name = name};
    struct los_region *region = region_add(space, &like, address, address + bytes);
    if (shared)
        los_object_unref(shared);
    if (!region)
        return -LOS_E_NOMEM;
    region_merge(space, address, address + bytes);
    if (flags & LOS_POPULATE)
        populate(space, address, address + bytes);
    return (long)address;
}

long los_space_unmap(struct los_space *space, uint64_t address, uint64_t bytes)
{
    if (!bytes || check_range(address, &bytes) < 0 || !bytes)
        return -LOS_E_INVAL;
    uint64_t end = address + bytes;
    long index = region_cut(space, address, end);
    if (index < 0)
        return index;
    int error = pages_drop(space, address, end);
    if (error < 0) {
        region_merge(space, address, end);
        return error;
    }
    const struct los_region *region;
    while ((region = region_at(space, (uint32_t)index)) && region->start < end)
        region_remove(space, (uint32_t)index);
    return 0;
}

/* Pages in the chunk may be written no longer without a fault. */
static void clear_writable(struct los_space *space, struct chunk *chunk, uint64_t mask, void *context)
{
    (void)space, (void)context;
    chunk->writable &= ~mask;
}

static int protect_region(struct los_space *space, struct los_region *region, uint32_t protection)
{
    uint32_t old = region->protection;
    /* More to write is taken up by faults, and so is all where nothing was allowed; any other change must be seen at once. */
    bool mapped_so = !old || old == protection || (old | LOS_WRITE) == protection ||
                     !pages_any(space, region->start, region->end);
    if (!mapped_so && parts_own(space, region->start, region->end) < 0)
        return -LOS_E_NOMEM;
    region->protection = protection;
    if (mapped_so) {
        if (protection & ~old & LOS_WRITE)
            pages_regain(space, region);
        return 0;
    }
    uint64_t pages = (region->end - region->start) >> 12;
    if (!protection)
        space_unmap(space, region->start, region->end);
    while (protection &&
           exo_space_protect(space->handle, region->start, pages, map_prot(protection, false)) == -EXO_E_AGAIN)
        ;
    chunks_each(space, region->start, region->end, clear_writable, NULL);
    return 0;
}

long los_space_protect(struct los_space *space, uint64_t address, uint64_t bytes, uint32_t protection)
{
    if (check_range(address, &bytes) < 0)
        return -LOS_E_INVAL;
    if (!bytes)
        return 0;
    uint64_t end = address + bytes, at = address;
    long index = region_cut(space, address, end);
    if (index < 0)
        return index;
    long result = 0;
    for (;; index++) {
        struct los_region *region = region_at(space, (uint32_t)index);
        if (!region || region->start != at || protect_region(space, region, protection) < 0) {
            result = -LOS_E_NOMEM;
            break;
        }
        at = region->end;
        if (at >= end)
            break;
    }
    region_merge(space, address, end);
    return result;
}

/* --- remap ------------------------------------------------------------------------------------------------------------- */
struct move {
    uint64_t distance; /* to add to an address, modulo 2^64 */
    uint32_t protection;
    bool failed;
    struct run run; /* of the old addresses */
};

/* Makes the chunks, at most two, that the pages of this one go to, and maps them there; both sides are the space's own then. */
static void map_moved(struct los_space *space, struct chunk *chunk, uint64_t mask, void *context)
{
    struct move *move = context;
    uint64_t bits = chunk->present & mask;
    if (!bits || move->failed)
        return;
    if (chunk_shared(chunk)) {
        uint64_t at = chunk_address(chunk, 0);
        move->failed = part_own(space, at) < 0;
        chunk = chunk_find(space, at);
    }
    uint64_t first = chunk_address(chunk, (unsigned)__builtin_ctzl(bits)) + move->distance,
             last = chunk_address(chunk, 63 - (unsigned)__builtin_clzl(bits)) + move->distance;
    move->failed = move->failed || !chunk_make(space, first) ||
                   (first >> CHUNK_SHIFT != last >> CHUNK_SHIFT && !chunk_make(space, last));
    for (; bits && !move->failed; bits &= bits - 1) {
        unsigned slot = (unsigned)__builtin_ctzl(bits);
        map_add(&los_map_batch[0], chunk_address(chunk, slot) + move->distance, chunk->page[slot],
                map_prot(move->protection, chunk->writable >> slot & 1));
    }
}

static void move_slots(struct los_space *space, struct chunk *chunk, uint64_t mask, void *context)
{
    struct move *move = context;
    struct chunk *target = NULL;
    run_add(space, &move->run, chunk, mask);
    for (uint64_t bits = chunk->present & mask; bits; bits &= bits - 1) {
        unsigned slot = (unsigned)__builtin_ctzl(bits);
        bool own = chunk->own >> slot & 1, writable = chunk->writable >> slot & 1;
        uint64_t to = chunk_address(chunk, slot) + move->distance;
        if (!target || target->number != to >> CHUNK_SHIFT)
            target = chunk_find(space, to);
        los_pageno page = slot_clear(space, chunk, slot);
        slot_set(space, target, chunk_slot(to), page, own, writable);
    }
}

static void tidy(struct los_space *space, struct chunk *chunk, uint64_t mask, void *context)
{
    (void)mask, (void)context;
    chunk_tidy(space, chunk);
}

/* Nothing was entered yet, and nothing mapped where the part is not the space's own. */
static void undo(struct los_space *space, struct chunk *chunk, uint64_t mask, void *context)
{
    (void)context;
    uint64_t start = chunk_address(chunk, (unsigned)__builtin_ctzl(mask)),
             end = chunk_address(chunk, 63 - (unsigned)__builtin_clzl(mask)) + LOS_PAGE;
    if (chunk_shared(chunk))
        return;
    space_unmap(space, start, end);
    chunk_tidy(space, chunk);
}

/* Moves the pages of [from, from + bytes), which lie in one region of that protection, to the free addresses at `to`. */
static int move_pages(struct los_space *space, uint64_t from, uint64_t to, uint64_t bytes, uint32_t protection)
{
    struct move move = {.distance = to - from, .protection = protection};
    map_begin(&los_map_batch[0], space);
    chunks_each(space, from, from + bytes, map_moved, &move);
    if (map_flush(&los_map_batch[0]) < 0 || move.failed) {
        chunks_each(space, to, to + bytes, undo, NULL);
        return -LOS_E_NOMEM;
    }
    chunks_each(space, from, from + bytes, move_slots, &move);
    run_end(space, &move.run);
    chunks_each(space, from, from + bytes, tidy, NULL); /* now: one that was emptied may have been refilled */
    return 0;
}

static long move_region(struct los_space *space, uint64_t address, uint64_t old_bytes, uint64_t new_bytes,
                        uint64_t to)
{
    uint64_t both = old_bytes < new_bytes ? old_bytes : new_bytes;
    struct los_region *old = NULL, *moved = NULL;
    long index = region_cut(space, address, address + both);
    if (index >= 0) {
        old = region_at(space, (uint32_t)index);
        moved = region_add(space, old, to, to + new_bytes);
    }
    if (!moved || move_pages(space, address, to, both, old->protection) < 0) {
        if (moved)
            region_remove(space, region_above(space, to));
        region_merge(space, address, address + both);
        return -LOS_E_NOMEM;
    }
    region_remove(space, region_above(space, address));
    if (both < old_bytes) /* if memory is short, this part of the old range stays */
        los_space_unmap(space, address + both, old_bytes - both);
    region_merge(space, to, to + new_bytes);
    return (long)to;
}

static bool grow_in_place(struct los_space *space, struct los_region *region, uint64_t end, uint64_t more)
{
    if (region->end != end || !in_user(end, more) || !is_free(space, end, more))
        return false;
    region_resize(space, region, region->start, end + more);
    region_merge(space, region->start, end + more);
    return true;
}

long los_space_remap(struct los_space *space, uint64_t address, uint64_t old_bytes, uint64_t new_bytes,
                     bool may_move, bool fixed, uint64_t new_address)
{
    if (!new_bytes || !old_bytes || new_bytes > LOS_USER_END || check_range(address, &old_bytes) < 0)
        return -LOS_E_INVAL;
    new_bytes = (new_bytes + LOS_PAGE_MASK) & ~LOS_PAGE_MASK;
    if (fixed && ((new_address & LOS_PAGE_MASK) || !in_user(new_address, new_bytes) || !may_move ||
                  (new_address < address + old_bytes && address < new_address + new_bytes)))
        return -LOS_E_INVAL;
    struct los_region *region = los_space_find(space, address);
    if (!region || region->end - address < old_bytes)
        return -LOS_E_FAULT;
    uint64_t more = new_bytes > old_bytes ? new_bytes - old_bytes : 0;
    if (more && !affordable(space, more, 0, region->flags))
        return -LOS_E_NOMEM;
    if ((region->protection & LOS_WRITE) && !(region->flags & LOS_SHARED) &&
        new_bytes >> 12 > los_pages_total())
        return -LOS_E_NOMEM;

    if (fixed) {
        long error = los_space_unmap(space, new_address, new_bytes);
        return error < 0 ? error : move_region(space, address, old_bytes, new_bytes, new_address);
    }
    if (!more) {
        long error =
            new_bytes < old_bytes ? los_space_unmap(space, address + new_bytes, old_bytes - new_bytes) : 0;
        return error < 0 ? error : (long)address;
    }
    if (grow_in_place(space, region, address + old_bytes, more))
        return (long)address;
    if (!may_move)
        return -LOS_E_NOMEM;
    uint64_t to = place(space, 0, new_bytes, 0);
    return to ? move_region(space, address, old_bytes, new_bytes, to) : -LOS_E_NOMEM;
}

long los_space_discard(struct los_space *space, uint64_t address, uint64_t bytes)
{
    if (check_range(address, &bytes) < 0)
        return -LOS_E_INVAL;
    uint64_t at = address, end = address + bytes;
    if (pages_drop(space, address, end) < 0)
        return -LOS_E_NOMEM;
    while (at < end) { /* what is there was dropped all the same */
        struct los_region *region = los_space_find(space, at);
        if (!region)
            return -LOS_E_NOMEM;
        at = region->end;
    }
    return 0;
}

long los_space_set_break(struct los_space *space, uint64_t end)
{
    uint64_t old_end = LOS_ROUND_UP(space->heap_end, LOS_PAGE);
    if (end < space->heap_start || end > LOS_USER_END - LOS_PAGE)
        return (long)space->heap_end;
    uint64_t new_end = LOS_ROUND_UP(end, LOS_PAGE);
    if (new_end > old_end) {
        uint64_t bytes = new_end - old_end;
        if (new_end - space->heap_start > los_pages_total() << 12 ||
            !is_free(space, old_end, bytes + LOS_PAGE) ||
            los_space_map(space, old_end, bytes, LOS_READ | LOS_WRITE, LOS_FIXED | LOS_NOREPLACE | LOS_HEAP,
                          NULL, 0, NULL, NULL) < 0)
            return (long)space->heap_end;
    } else if (new_end < old_end && los_space_unmap(space, new_end, old_end - new_end) < 0) {
        return (long)space->heap_end;
    }
    space->heap_end = end;
    return (long)end;
}
