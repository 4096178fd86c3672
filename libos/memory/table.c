/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What is mapped where in a space: chunks of 64 pages, found through a hash of their number.
 *
 * A chunk keeps bits beside its page numbers, so that copying and destroying a space touches what is there and no more; a
 * small process needs about a dozen chunks of a third of a KiB.
 */
#include <exo/typed.h>
#include "space.h"

#define BUCKETS_FIRST 16u
#define BUCKETS_MAX   32768u

struct map_batch los_map_batch[2];

static inline uint32_t hash(const struct tables *tables, uint64_t number)
{
    return (uint32_t)((number * 0x9e3779b97f4a7c15ul) >> 40) & (tables->buckets - 1);
}

struct chunk *chunk_find(const struct los_space *space, uint64_t address)
{
    struct tables *tables = tables_of(space);
    if (!tables->buckets)
        return NULL;
    uint64_t number = address >> CHUNK_SHIFT;
    struct chunk *chunk = tables->bucket[hash(tables, number)];
    while (chunk && chunk->number != number)
        chunk = chunk->hash_next;
    return chunk;
}

/* Failing to grow is harmless but for the first table: the chains get longer. */
static bool grow(struct tables *tables)
{
    uint32_t buckets = tables->buckets ? tables->buckets * 2 : BUCKETS_FIRST;
    struct chunk **bucket = buckets <= BUCKETS_MAX ? los_alloc_zeroed(buckets * sizeof(bucket[0])) : NULL;
    if (!bucket)
        return tables->buckets != 0;
    los_free(tables->bucket);
    tables->bucket = bucket;
    tables->buckets = buckets;
    struct chunk *chunk;
    LOS_LIST_FOR(chunk, &tables->chunks, link)
    {
        struct chunk **head = &bucket[hash(tables, chunk->number)];
        chunk->hash_next = *head;
        *head = chunk;
    }
    return true;
}

struct chunk *chunk_make(struct los_space *space, uint64_t address)
{
    struct chunk *chunk = chunk_find(space, address);
    if (chunk)
        return chunk;
    struct tables *tables = tables_of(space);
    if (tables->chunk_count >= tables->buckets && !grow(tables))
        return NULL;
    chunk = los_alloc(sizeof(*chunk));
    if (!chunk)
        return NULL;
    chunk->number = address >> CHUNK_SHIFT;
    chunk->present = chunk->writable = chunk->own = 0;
    struct chunk **head = &tables->bucket[hash(tables, chunk->number)];
    chunk->hash_next = *head;
    *head = chunk;
    los_list_add_last(&tables->chunks, &chunk->link);
    tables->chunk_count++;
    return chunk;
}

void chunk_tidy(struct los_space *space, struct chunk *chunk)
{
    if (chunk->present)
        return;
    struct tables *tables = tables_of(space);
    struct chunk **at = &tables->bucket[hash(tables, chunk->number)];
    while (*at != chunk)
        at = &(*at)->hash_next;
    *at = chunk->hash_next;
    los_list_remove(&chunk->link);
    tables->chunk_count--;
    los_free(chunk);
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
    struct chunk *chunk, *after;
    if (start >= end || !tables->chunk_count)
        return;
    if (((end - start) >> CHUNK_SHIFT) <= tables->chunk_count) {
        for (uint64_t at = start; at < end; at = ((at >> CHUNK_SHIFT) + 1) << CHUNK_SHIFT)
            if ((chunk = chunk_find(space, at)))
                each(space, chunk, chunk_mask(chunk, start, end), context);
        return;
    }
    LOS_LIST_FOR_SAFE(chunk, after, &tables->chunks, link)
    {
        uint64_t mask = chunk_mask(chunk, start, end);
        if (mask)
            each(space, chunk, mask, context);
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

void pages_drop(struct los_space *space, uint64_t start, uint64_t end)
{
    if (!pages_any(space, start, end))
        return;
    exo_space_unmap(space->handle, start, (end - start) >> 12); /* before the pages can go to somebody else */
    chunks_each(space, start, end, drop, NULL);
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
