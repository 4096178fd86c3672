/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A domain's pool: donated frames, free ones in a list that runs through the frame table, and a record of what was
 * donated, to return it. The records themselves are kept in frames of the pool.
 */
#include "domain.h"
#include "frame.h"

#define EXTENTS_PER_BLOCK 510

struct extent_block {
    uint64_t next; /* frame of the next block; 0: none */
    uint64_t used;
    struct {
        uint32_t pfn, pages;
    } extent[EXTENTS_PER_BLOCK];
};
_Static_assert(sizeof(struct extent_block) == EXO_PAGE_SIZE, "one frame");

/* machine_frame is linear: the inverse needs only its first address. */
uint64_t pool_pfn(const void *object)
{
    return ((uintptr_t)object - (uintptr_t)machine_frame(0)) >> EXO_PAGE_SHIFT;
}

uint64_t pool_take(struct domain *domain)
{
    uint64_t pfn = domain->pool_first;
    struct frame *frame = frame_of(pfn);
    domain->pool_first = frame->link;
    domain->pool_free--;
    frame->link = (uint32_t)pool_pfn(domain);
    frame->used = 0;
    __builtin_memset(machine_frame(pfn), 0, EXO_PAGE_SIZE);
    return pfn;
}

void pool_give(struct domain *domain, uint64_t pfn)
{
    frame_of(pfn)->link = domain->pool_first;
    frame_of(pfn)->used = 0;
    domain->pool_first = (uint32_t)pfn;
    domain->pool_free++;
}

static void enter_frames(struct domain *domain, uint64_t pfn, uint64_t pages)
{
    for (uint64_t i = pfn + pages; i-- > pfn;) {
        frame_untouch(i);
        frame_set_state(i, FRAME_POOL);
        frame_of(i)->flags = 0;
        pool_give(domain, i);
    }
    domain->pool_pages += pages;
}

static void record_extent(struct domain *domain, uint64_t pfn, uint64_t pages)
{
    struct extent_block *block = machine_frame(domain->extents);
    if (domain->extents == 0 || block->used == EXTENTS_PER_BLOCK) {
        uint64_t fresh = pool_take(domain);
        frame_of(fresh)->flags |= FRAME_KEPT;
        block = machine_frame(fresh);
        block->next = domain->extents;
        domain->extents = (uint32_t)fresh;
    }
    block->extent[block->used].pfn = (uint32_t)pfn;
    block->extent[block->used].pages = (uint32_t)pages;
    block->used++;
}

void pool_start(struct domain *domain, uint64_t pfn, uint64_t pages)
{
    __builtin_memset(domain, 0, sizeof *domain);
    enter_frames(domain, pfn + 1, pages - 1);
    frame_untouch(pfn);
    frame_set_state(pfn, FRAME_POOL);
    frame_of(pfn)->link = (uint32_t)pfn;
    frame_of(pfn)->flags = FRAME_KEPT;
    domain->pool_pages++;
    record_extent(domain, pfn, pages);
}

void pool_add(struct domain *domain, uint64_t pfn, uint64_t pages)
{
    enter_frames(domain, pfn, pages);
    record_extent(domain, pfn, pages);
}

static void make_ordinary(uint64_t pfn)
{
    __builtin_memset(machine_frame(pfn), 0, EXO_PAGE_SIZE);
    frame_of(pfn)->flags = 0;
    frame_set_state(pfn, FRAME_USER);
}

bool pool_return(struct domain *domain, struct work *work)
{
    while (domain->extents != 0) {
        struct extent_block *block = machine_frame(domain->extents);
        while (block->used > 0) {
            uint64_t pfn = block->extent[block->used - 1].pfn;
            while (block->extent[block->used - 1].pages > 0) {
                if (!work_spend(work, 16))
                    return false;
                uint64_t last = pfn + --block->extent[block->used - 1].pages;
                if (!(frame_of(last)->flags & FRAME_KEPT))
                    make_ordinary(last);
            }
            block->used--;
        }
        uint64_t done = domain->extents;
        domain->extents = (uint32_t)block->next;
        make_ordinary(done);
    }
    domain->pool_first = 0;
    domain->pool_free = domain->pool_pages = 0;
    return true;
}

void pool_end(struct domain *domain) { make_ordinary(pool_pfn(domain)); }
