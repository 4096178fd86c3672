/* SPDX-License-Identifier: MPL-2.0 */
/*
 * space_map: a batch of mappings. Each element is decoded in full, then applied in full; the TLBs are flushed once at the
 * end, if something that was present was replaced. The last level-1 table is remembered from element to element.
 */
#include "call.h"
#include "domain.h"
#include "reference.h"
#include "table.h"

#define MAPS_MAX   1024
#define PAGES_MAX  4096
#define COPY_CHUNK 32
#define COPIED_MAX 128 /* shared tables: a call that copied that many ends after the element */

struct batch {
    struct space *space;
    struct flush flush;
    uint64_t pages_left;
    bool abroad; /* another domain's space */
    uint64_t last_region,
        last_table; /* the 2 MiB at last_region * LARGE_SIZE are mapped by that table; 0: none */
};

static bool fits_large(uint64_t va, uint64_t pfn, uint64_t pages)
{
    return pages >= EXO_LARGE_PAGES && va % LARGE_SIZE == 0 && pfn % EXO_LARGE_PAGES == 0;
}

/* A range is some small pages, then some large ones, then small ones again; without large ones, all is head. */
struct parts {
    uint64_t head, large, tail; /* pages */
};

static struct parts split_range(uint64_t va, uint64_t pfn, uint64_t pages)
{
    uint64_t head = -(va >> EXO_PAGE_SHIFT) % EXO_LARGE_PAGES;
    if (pages < EXO_LARGE_PAGES || head >= pages ||
        !fits_large(va + head * EXO_PAGE_SIZE, pfn + head, pages - head))
        return (struct parts){pages, 0, 0};
    uint64_t tail = (pages - head) % EXO_LARGE_PAGES;
    return (struct parts){head, pages - head - tail, tail};
}

/* Entries to write, and to clear where a table of small pages is in a large one's way; more than `most`: counted no further. */
static uint64_t count_leaves(const struct space *space, uint64_t va, struct parts parts, uint64_t most)
{
    uint64_t leaves = parts.head + parts.tail;
    va += parts.head * EXO_PAGE_SIZE;
    for (uint64_t i = 0; i < parts.large && leaves <= most; i += EXO_LARGE_PAGES, va += LARGE_SIZE)
        leaves += table_find(space, va, 1) != 0 ? EXO_LARGE_PAGES : 1;
    return leaves;
}

static uint64_t count_tables(const struct space *space, uint64_t va, struct parts parts)
{
    uint64_t head = parts.head * EXO_PAGE_SIZE, large = parts.large * EXO_PAGE_SIZE,
             tail = parts.tail * EXO_PAGE_SIZE, all = head + large + tail;
    return table_missing(space, va, all, 3) + table_missing(space, va, all, 2) +
           table_missing(space, va, head, 1) + table_missing(space, va + head + large, tail, 1);
}

static bool countable(uint64_t pfn, uint64_t pages)
{
    if (pages >= EXO_LARGE_PAGES)
        return true; /* a frame's counter cannot get near its end: each mapping takes 8 bytes of a pool */
    for (uint64_t i = pfn; i < pfn + pages; i++)
        if (frame_of(i)->link == UINT32_MAX)
            return false;
    return true;
}

static long decode(struct batch *batch, const struct exo_map *map, const struct frame_ref *frame)
{
    uint64_t pages = map->count, va = map->va;
    if (pages == 0 || va % EXO_PAGE_SIZE != 0 || map->prot & ~(EXO_MAP_R | EXO_MAP_W | EXO_MAP_X))
        return -EXO_E_BAD_ARGUMENT;
    if (map->offset >= frame->pages || pages > frame->pages - map->offset)
        return -EXO_E_BAD_ARGUMENT;
    if (map->prot & ~frame->rights)
        return -EXO_E_NO_RIGHT;
    if (va >= EXO_USER_END || pages > (EXO_USER_END - va) / EXO_PAGE_SIZE ||
        space_any_grafted(batch->space, va, pages))
        return -EXO_E_BAD_ADDRESS;
    uint64_t pfn = frame->pfn + map->offset;
    struct parts parts = split_range(va, pfn, pages);
    uint64_t leaves = count_leaves(batch->space, va, parts, batch->pages_left);
    if (leaves > batch->pages_left)
        return leaves > PAGES_MAX ? -EXO_E_BAD_ARGUMENT
                                  : -EXO_E_AGAIN; /* not the first: its predecessors are told */
    if (!frame_all_user(pfn, pages) || !countable(pfn, pages))
        return -EXO_E_BUSY;
    if (pages == 1 && batch->last_table != 0 && va / LARGE_SIZE == batch->last_region)
        return 0;
    uint64_t enough = 10 + (parts.head + parts.large / EXO_LARGE_PAGES) / EXO_LARGE_PAGES;
    if (batch->space->domain->pool_free < enough &&
        count_tables(batch->space, va, parts) > batch->space->domain->pool_free)
        return -EXO_E_NO_POOL;
    batch->pages_left -= leaves;
    return 0;
}

/* Puts a large page where a table of small ones may be. */
static void map_large(struct batch *batch, uint64_t va, machine_pte leaf)
{
    uint64_t table = table_make(&batch->flush, va, 2);
    unsigned index = table_index(va, 2);
    machine_pte old = table_entries(table)[index];
    if (machine_pte_used(old) && machine_pte_is_large(old)) {
        leaf_clear(&batch->flush, table, index, va);
    } else if (machine_pte_used(old)) {
        table_drop(&batch->flush, table, index, va);
        batch->last_table = 0;
    }
    leaf_set(table, index, leaf);
}

static void map_small(struct batch *batch, uint64_t va, machine_pte leaf)
{
    if (batch->last_table == 0 || va / LARGE_SIZE != batch->last_region) {
        batch->last_table = table_make(&batch->flush, va, 1);
        batch->last_region = va / LARGE_SIZE;
    }
    unsigned index = table_index(va, 1);
    if (machine_pte_used(table_entries(batch->last_table)[index]))
        leaf_clear(&batch->flush, batch->last_table, index, va);
    leaf_set(batch->last_table, index, leaf);
}

static void apply(struct batch *batch, uint64_t va, uint64_t pfn, uint64_t pages, uint32_t prot, uint32_t limit)
{
    while (pages > 0) {
        bool large = fits_large(va, pfn, pages);
        uint64_t step = large ? EXO_LARGE_PAGES : 1;
        machine_pte leaf = machine_pte_leaf(pfn, prot, limit, large);
        if (large)
            map_large(batch, va, leaf);
        else
            map_small(batch, va, leaf);
        va += step * EXO_PAGE_SIZE;
        pfn += step;
        pages -= step;
    }
}

void space_map_boot(struct space *space, uint64_t va, uint64_t pfn, uint64_t pages, uint32_t prot)
{
    struct batch batch = {.space = space, .flush = flush_begin(space)};
    apply(&batch, va, pfn, pages, prot, prot);
    flush_finish(&batch.flush);
}

static long map_element(struct batch *batch, const struct exo_map *map, const struct frame_ref *frame)
{
    if (batch->flush.copied >= COPIED_MAX)
        return -EXO_E_AGAIN; /* there was an element before it: the caller sees how many */
    NEED_OK(decode(batch, map, frame));

    if (batch->abroad)
        revoke_host(batch->space, frame->pfn + map->offset, map->count);
    apply(batch, map->va, frame->pfn + map->offset, map->count, map->prot,
          frame->rights & (EXO_R | EXO_W | EXO_X));
    return 0;
}

/* Carries out elements that name the same frame token, from the first on; *done counts them. */
static long map_run(const struct call *call, struct batch *batch, const struct exo_map *maps, uint64_t n,
                    uint64_t *done)
{
    const struct frame_ref frame = frame_lookup(call->domain, maps[0].frame, 0);
    long error = frame.error;
    if (batch->abroad && !error) /* a revocation that is under way must begin again */
        token_in_slot(call->domain, (uint32_t)maps[0].frame)->batch = 0;
    for (uint64_t i = 0; !error && i < n && maps[i].frame == maps[0].frame; i++) {
        error = map_element(batch, &maps[i], &frame);
        *done += !error;
    }
    return error;
}

long call_space_map(const struct call *call)
{
    uint64_t from = call->argument[1], n = call->argument[2], done = 0;
    NEED(space, space, 0, EXO_W);
    if (n > MAPS_MAX)
        return -EXO_E_BAD_ARGUMENT;
    if (space.space->dying || space.space->domain->dying)
        return -EXO_E_DEAD;

    struct space *to = MAY(space, EXO_W);
    struct batch batch = {.space = to,
                          .flush = flush_begin(to),
                          .pages_left = PAGES_MAX,
                          .abroad = space.space->domain != call->domain};
    struct exo_map chunk[COPY_CHUNK];
    long error = 0;
    revoke_keep_ahead(batch.space);
    while (done < n && !error) {
        uint64_t some = n - done < COPY_CHUNK ? n - done : COPY_CHUNK;
        if (!machine_copy_in(chunk, from + done * sizeof chunk[0], some * sizeof chunk[0])) {
            error = -EXO_E_BAD_ADDRESS;
            break;
        }
        for (uint64_t end = done + some, first = done; done < end && !error;)
            error = map_run(call, &batch, &chunk[done - first], end - done, &done);
    }
    flush_finish(&batch.flush);
    return done > 0 || n == 0 ? (long)done : error;
}
