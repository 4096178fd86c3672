/* SPDX-License-Identifier: MPL-2.0 */
/* A domain's pool: donated frames, the free ones in a list and all of them in another, both through the frame table. */
#include "domain.h"
#include "frame.h"

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

void pool_add(struct domain *domain, uint64_t pfn, uint64_t pages)
{
    for (uint64_t i = pfn + pages; i-- > pfn;) {
        frame_set_state(i, FRAME_POOL);
        frame_of(i)->touched = false;
        frame_of(i)->member = domain->pool_members;
        domain->pool_members = (uint32_t)i;
        domain->pool_pages++;
        pool_give(domain, i);
    }
}

void pool_start(struct domain *domain, uint64_t pfn, uint64_t pages)
{
    __builtin_memset(domain, 0, sizeof *domain);
    pool_add(domain, pfn + 1, pages - 1);
    frame_set_state(pfn, FRAME_POOL);
    frame_of(pfn)->touched = false;
    frame_of(pfn)->link = (uint32_t)pfn;
    domain->pool_pages++;
}

static void make_ordinary(uint64_t pfn)
{
    __builtin_memset(machine_frame(pfn), 0, EXO_PAGE_SIZE);
    frame_set_state(pfn, FRAME_USER);
    frame_of(pfn)->used = 0;
}

bool pool_return(struct domain *domain, struct work *work)
{
    for (uint64_t pfn; (pfn = domain->pool_members) != 0;) {
        if (!work_spend(work, 16))
            return false;
        domain->pool_members = frame_of(pfn)->member;
        make_ordinary(pfn);
    }
    domain->pool_first = 0;
    domain->pool_free = domain->pool_pages = 0;
    return true;
}

void pool_end(struct domain *domain) { make_ordinary(pool_pfn(domain)); }
