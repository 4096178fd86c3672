/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What is mapped where in a space: parts of 2 MiB in an array by address, and in each part up to eight chunks of 64 pages.
 *
 * A part records what one lowest page table of the exokernel maps, and is shared by a fork exactly when that is: so a fork
 * costs a few steps for each 2 MiB. A chunk keeps bits beside its page numbers, so that copying and dropping touch what is there and
 * no more; a small process needs about ten parts of a tenth of a KiB, and a dozen chunks of a third of one.
 */
#include <exo/typed.h>
#include "space.h"

#define PARTS_FIRST 16u
#define PARTS_MAX   16384u /* 32 GiB in which something is present; the heap has no larger arrays */

struct map_batch los_map_batch[2];

/* --- parts ------------------------------------------------------------------------------------------------------------ */

/* Index of the first part with at least that number. */
static uint32_t part_above(struct tables *tables, uint64_t number)
{
    uint32_t last = tables->part_last, low = 0, high = tables->parts;
    if (last < high && tables->part[last].number >= number) {
        if (last == 0 || tables->part[last - 1].number < number)
            return last;
        high = last - 1;
        if (high == 0 || tables->part[high - 1].number < number)
            return tables->part_last = high;
    } else if (last < high) {
        low = last + 1;
        if (low == high || tables->part[low].number >= number)
            return tables->part_last = low;
    }
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (tables->part[middle].number >= number)
            high = middle;
        else
            low = middle + 1;
    }
    return tables->part_last = low;
}

/* Where the part of the address is entered; NULL: nothing is present in its 2 MiB. */
static struct part_entry *part_find(const struct los_space *space, uint64_t address)
{
    struct tables *tables = tables_of(space);
    uint32_t index = part_above(tables, address >> PART_SHIFT);
    if (index == tables->parts || tables->part[index].number != address >> PART_SHIFT)
        return NULL;
    return &tables->part[index];
}

static bool grow(struct tables *tables)
{
    uint32_t capacity = tables->part_capacity ? tables->part_capacity * 2 : PARTS_FIRST;
    struct part_entry *larger = capacity <= PARTS_MAX ? los_alloc(capacity * sizeof(larger[0])) : NULL;
    if (!larger)
        return false;
    if (tables->parts)
        memcpy(larger, tables->part, tables->parts * sizeof(larger[0]));
    los_free(tables->part);
    tables->part = larger;
    tables->part_capacity = capacity;
    return true;
}

/* Where there is none. */
static struct part_entry *part_make(struct los_space *space, uint64_t address)
{
    struct tables *tables = tables_of(space);
    if (tables->parts == tables->part_capacity && !grow(tables))
        return NULL;
    struct part *part = los_alloc_zeroed(sizeof(*part));
    if (!part)
        return NULL;
    part->refs = 1;
    struct part_entry *entry = &tables->part[part_above(tables, address >> PART_SHIFT)];
    memmove(entry + 1, entry, (uint64_t)((char *)&tables->part[tables->parts] - (char *)entry));
    *entry = (struct part_entry){address >> PART_SHIFT, part};
    tables->parts++;
    return entry;
}

/* The space has the part no longer. */
static void part_remove(struct los_space *space, struct part_entry *entry)
{
    struct tables *tables = tables_of(space);
    tables->parts--;
    memmove(entry, entry + 1, (uint64_t)((char *)&tables->part[tables->parts] - (char *)entry));
}

static void part_tidy(struct los_space *space, struct part_entry *entry)
{
    struct part *part = entry->part;
    for (unsigned i = 0; i < PART_CHUNKS; i++)
        if (part->chunk[i])
            return;
    part_remove(space, entry);
    los_free(part);
}

void part_unref(struct part *part)
{
    if (--part->refs)
        return;
    for (unsigned i = 0; i < PART_CHUNKS; i++) {
        struct chunk *chunk = part->chunk[i];
        if (!chunk)
            continue;
        for (uint64_t bits = chunk->present; bits; bits &= bits - 1)
            los_page_unref(chunk->page[__builtin_ctzl(bits)]);
        los_free(chunk);
    }
    los_free(part);
}

/* One more reference on each page; writable in neither, as the exokernel makes it too. */
static void copy_chunk(struct chunk *to, struct chunk *from)
{
    from->writable = 0;
    to->number = from->number;
    to->present = from->present;
    to->own = from->own;
    to->writable = 0;
    for (uint64_t bits = from->present; bits; bits &= bits - 1) {
        unsigned slot = (unsigned)__builtin_ctzl(bits);
        to->page[slot] = from->page[slot];
        page_record(from->page[slot])->refs++;
    }
}

/* Makes the exokernel part the tables: any edit does, so a page that is there gets the protection that it has. */
static bool part_table(struct los_space *space, const struct part *part)
{
    const struct chunk *const *chunk = (const struct chunk *const *)part->chunk;
    while (!*chunk)
        chunk++;
    uint64_t address = chunk_address(*chunk, (unsigned)__builtin_ctzl((*chunk)->present));
    const struct los_region *region = los_space_find(space, address);
    return exo_space_protect(space->handle, address, 1, map_prot(region->protection, false)) == 0;
}

static int entry_own(struct los_space *space, struct part_entry *entry)
{
    if (entry->part->refs == 1)
        return 0;
    struct part *from = entry->part, *to = los_alloc_zeroed(sizeof(*to));
    bool good = to != NULL;
    for (unsigned i = 0; i < PART_CHUNKS && good; i++)
        if (from->chunk[i])
            good = (to->chunk[i] = los_alloc(sizeof(struct chunk))) != NULL;
    if (!good || !part_table(space, from)) {
        for (unsigned i = 0; to && i < PART_CHUNKS; i++)
            los_free(to->chunk[i]);
        los_free(to);
        return -LOS_E_NOMEM;
    }
    for (unsigned i = 0; i < PART_CHUNKS; i++)
        if (from->chunk[i]) {
            to->chunk[i]->part = to;
            copy_chunk(to->chunk[i], from->chunk[i]);
        }
    to->refs = 1;
    from->refs--;
    entry->part = to;
    return 0;
}

int part_own(struct los_space *space, uint64_t address)
{
    struct part_entry *entry = part_find(space, address);
    return entry ? entry_own(space, entry) : 0;
}

int parts_own(struct los_space *space, uint64_t start, uint64_t end)
{
    struct tables *tables = tables_of(space);
    for (uint32_t i = part_above(tables, start >> PART_SHIFT);
         i < tables->parts && tables->part[i].number << PART_SHIFT < end; i++)
        if (entry_own(space, &tables->part[i]) < 0)
            return -LOS_E_NOMEM;
    return 0;
}

bool parts_share(struct los_space *to, const struct los_space *from)
{
    struct tables *tables = tables_of(to), *theirs = tables_of(from);
    if (!theirs->parts)
        return true;
    struct part_entry *copy = los_alloc(theirs->part_capacity * sizeof(copy[0]));
    if (!copy)
        return false;
    for (uint32_t i = 0; i < theirs->parts; i++) {
        copy[i] = theirs->part[i];
        copy[i].part->refs++;
    }
    tables->part = copy;
    tables->part_capacity = theirs->part_capacity;
    tables->parts = theirs->parts;
    to->resident_pages = to->peak_pages = from->resident_pages;
    to->shared_pages = from->shared_pages;
    return true;
}

/* --- chunks ------------------------------------------------------------------------------------------------------------ */

static unsigned chunk_index(uint64_t address) { return (unsigned)(address >> CHUNK_SHIFT) % PART_CHUNKS; }

struct chunk *chunk_find(const struct los_space *space, uint64_t address)
{
    struct part_entry *entry = part_find(space, address);
    return entry ? entry->part->chunk[chunk_index(address)] : NULL;
}

struct chunk *chunk_make(struct los_space *space, uint64_t address)
{
    struct part_entry *entry = part_find(space, address);
    if (entry ? entry_own(space, entry) < 0 : !(entry = part_make(space, address)))
        return NULL;
    struct chunk **place = &entry->part->chunk[chunk_index(address)], *chunk = *place;
    if (chunk)
        return chunk;
    chunk = *place = los_alloc(sizeof(*chunk));
    if (!chunk) {
        part_tidy(space, entry);
        return NULL;
    }
    chunk->part = entry->part;
    chunk->number = address >> CHUNK_SHIFT;
    chunk->present = chunk->writable = chunk->own = 0;
    return chunk;
}

void chunk_tidy(struct los_space *space, struct chunk *chunk)
{
    if (chunk->present)
        return;
    struct part_entry *entry = part_find(space, chunk_address(chunk, 0));
    entry->part->chunk[chunk->number % PART_CHUNKS] = NULL;
    los_free(chunk);
    part_tidy(space, entry);
}

uint64_t chunk_mask(const struct chunk *chunk, uint64_t start, uint64_t end)
{
    uint64_t first = chunk->number << CHUNK_SHIFT, last = first + (CHUNK_PAGES - 1) * LOS_PAGE;
    if (start > last || end <= first)
        return 0;
    uint64_t mask = ~0ul;
    if (start > first)
        mask &= ~0ul << chunk_slot(start);
    if (end <= last)
        mask &= (1ul << chunk_slot(end)) - 1;
    return mask;
}

void chunks_each(struct los_space *space, uint64_t start, uint64_t end,
                 void (*each)(struct los_space *, struct chunk *, uint64_t, void *), void *context)
{
    struct tables *tables = tables_of(space);
    while (start < end) {
        uint32_t index = part_above(tables, start >> PART_SHIFT);
        if (index == tables->parts)
            return;
        uint64_t first = tables->part[index].number << PART_SHIFT;
        struct chunk *const *chunk = tables->part[index].part->chunk;
        unsigned at = first < start ? chunk_index(start) : 0;
        while (at < PART_CHUNKS && !chunk[at])
            at++;
        uint64_t next = first + ((uint64_t)at << CHUNK_SHIFT);
        if (at < PART_CHUNKS) {
            if (next < end)
                each(space, chunk[at], chunk_mask(chunk[at], start, end), context);
            next += 1ul << CHUNK_SHIFT;
        }
        start = next;
    }
}

void slot_set(struct los_space *space, struct chunk *chunk, unsigned slot, los_pageno page, bool own,
              bool writable)
{
    uint64_t bit = 1ul << slot;
    chunk->page[slot] = page;
    chunk->present |= bit;
    chunk->own = own ? chunk->own | bit : chunk->own & ~bit;
    chunk->writable = writable ? chunk->writable | bit : chunk->writable & ~bit;
    if (!own)
        space->shared_pages++;
    if (++space->resident_pages > space->peak_pages)
        space->peak_pages = space->resident_pages;
}

los_pageno slot_clear(struct los_space *space, struct chunk *chunk, unsigned slot)
{
    uint64_t bit = 1ul << slot;
    space->resident_pages--;
    if (!(chunk->own & bit))
        space->shared_pages--;
    chunk->present &= ~bit;
    chunk->own &= ~bit;
    chunk->writable &= ~bit;
    return chunk->page[slot];
}

static void any(struct los_space *space, struct chunk *chunk, uint64_t mask, void *context)
{
    (void)space;
    if (chunk->present & mask)
        *(bool *)context = true;
}

bool pages_any(struct los_space *space, uint64_t start, uint64_t end)
{
    bool found = false;
    chunks_each(space, start, end, any, &found);
    return found;
}

static void drop(struct los_space *space, struct chunk *chunk, uint64_t mask, void *context)
{
    (void)context;
    for (uint64_t bits = chunk->present & mask; bits; bits &= bits - 1)
        los_page_unref(slot_clear(space, chunk, (unsigned)__builtin_ctzl(bits)));
    chunk_tidy(space, chunk);
}

/* The compiler's own calls a library that is not there. */
static uint64_t count_bits(uint64_t bits)
{
    bits -= bits >> 1 & 0x5555555555555555ul;
    bits = (bits & 0x3333333333333333ul) + (bits >> 2 & 0x3333333333333333ul);
    return ((bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0ful) * 0x0101010101010101ul >> 56;
}

/* Leaves the shared parts in the range to the other spaces that have them. */
static void leave_parts(struct los_space *space, uint64_t start, uint64_t end)
{
    struct tables *tables = tables_of(space);
    uint32_t index = part_above(tables, start >> PART_SHIFT);
    while (index < tables->parts && tables->part[index].number << PART_SHIFT < end) {
        struct part *part = tables->part[index].part;
        if (part->refs == 1) {
            index++;
            continue;
        }
        for (unsigned i = 0; i < PART_CHUNKS; i++)
            if (part->chunk[i]) {
                space->resident_pages -= count_bits(part->chunk[i]->present);
                space->shared_pages -= count_bits(part->chunk[i]->present & ~part->chunk[i]->own);
            }
        part->refs--;
        part_remove(space, &tables->part[index]);
    }
}

int pages_drop(struct los_space *space, uint64_t start, uint64_t end)
{
    if (!pages_any(space, start, end))
        return 0;
    if (((start & PART_MASK) && part_own(space, start) < 0) || ((end & PART_MASK) && part_own(space, end) < 0))
        return -LOS_E_NOMEM;
    space_unmap(space, start, end); /* before the pages can go to somebody else */
    leave_parts(space, start, end);
    chunks_each(space, start, end, drop, NULL);
    return 0;
}

/* --- the exokernel's side ------------------------------------------------------------------------------------------------ */

void space_unmap(const struct los_space *space, uint64_t start, uint64_t end)
{
    while (exo_space_unmap(space->handle, start, (end - start) >> 12) == -EXO_E_AGAIN)
        ;
}

#define GAP_BYTES (8 * LOS_PAGE) /* a wider one costs more than a call */

void run_add(const struct los_space *space, struct run *run, const struct chunk *chunk, uint64_t mask)
{
    for (uint64_t bits = chunk->present & mask; bits; bits &= bits - 1) {
        uint64_t at = chunk_address(chunk, (unsigned)__builtin_ctzl(bits));
        if (!run->end) {
            run->start = at;
        } else if (at - run->end > GAP_BYTES) {
            space_unmap(space, run->start, run->end);
            run->start = at;
        }
        run->end = at + LOS_PAGE;
    }
}

void run_end(const struct los_space *space, const struct run *run)
{
    if (run->end)
        space_unmap(space, run->start, run->end);
}

void map_begin(struct map_batch *batch, const struct los_space *space)
{
    batch->space = space->handle;
    batch->count = 0;
    batch->error = 0;
}

static void send(struct map_batch *batch)
{
    uint32_t done = 0;
    while (done < batch->count && !batch->error) {
        long n = exo_space_map(batch->space, &batch->map[done], batch->count - done);
        if (n <= 0)
            batch->error = n ? n : -EXO_E_NO_POOL;
        else
            done += (uint32_t)n; /* what stopped it shows as the first failure of the next call */
    }
    batch->count = 0;
}

void map_add(struct map_batch *batch, uint64_t va, los_pageno page, uint32_t prot)
{
    if (!prot) { /* no access at all: what was there must not come back with a later protection */
        exo_space_unmap(batch->space, va, 1);
        return;
    }
    uint64_t offset;
    exo_frame_rwx frame = los_page_frame(page, &offset);
    if (batch->count) {
        struct exo_map *last = &batch->map[batch->count - 1];
        if (last->frame == EXO_HANDLE(frame) && last->prot == prot && last->offset + last->count == offset &&
            last->va + last->count * LOS_PAGE == va) {
            last->count++;
            return;
        }
        if (batch->count == LOS_COUNT(batch->map))
            send(batch);
    }
    batch->map[batch->count++] = EXO_MAP_COMPUTED(va, frame, offset, 1, prot);
}

int map_flush(struct map_batch *batch)
{
    send(batch);
    return batch->error ? -LOS_E_NOMEM : 0;
}
