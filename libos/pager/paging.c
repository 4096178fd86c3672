/* SPDX-License-Identifier: MPL-2.0 */
/* Faults, and what the policies need to know. No list is longer than the number of pages, and nothing is allocated. */
#include "paging.h"

enum { HEAD = PAGING_MOST, NEAR = 8, ALL_EVERY = 64 };

static void copy(uint64_t *to, const uint64_t *from)
{
    for (unsigned i = 0; i < PAGING_WORDS; i++)
        to[i] = from[i];
}

/* --- the order of use ------------------------------------------------------------------------------------------------- */

static void take_out(struct paging *paging, uint32_t frame)
{
    paging->newer[paging->older[frame]] = paging->newer[frame];
    paging->older[paging->newer[frame]] = paging->older[frame];
}

static void make_newest(struct paging *paging, uint32_t frame)
{
    paging->older[frame] = paging->older[HEAD];
    paging->newer[frame] = HEAD;
    paging->newer[paging->older[HEAD]] = (uint16_t)frame;
    paging->older[HEAD] = (uint16_t)frame;
}

/*
 * Asks which pages were used since the last fault, and makes them the newest. A look costs by the page: so only at those before the fault, as
 * a scan would use them, as long as there are any, and at all of them at each ALL_EVERY-th fault. The order among them is not
 * known: taken for it is that of a scan upwards that has come to `wanted`.
 */
static void order(struct paging *paging, uint32_t wanted)
{
    static uint8_t flags[PAGING_MOST];
    static uint16_t used[PAGING_MOST];
    bool all = paging->faults % ALL_EVERY == 0;
    uint32_t count = 0, before = count, end = wanted;
    for (uint32_t left = paging->pages - 1, n; left; left -= n, before = count) {
        end = end ? end : paging->pages;
        n = all || left < NEAR ? left : NEAR;
        n = n < end ? n : end;
        end -= n;
        machine_look(end, n, flags);
        for (uint32_t i = n; i-- > 0;)
            if (flags[i] & MACHINE_USED) {
                paging->dirty[end + i] |= (flags[i] & MACHINE_DIRTY) != 0;
                used[count++] = (uint16_t)(end + i);
            }
        if (count == before && !all)
            break;
    }
    for (uint32_t i = count; i-- > 0;) {
        take_out(paging, paging->frame_of[used[i]]);
        make_newest(paging, paging->frame_of[used[i]]);
    }
    machine_clear(paging, used, count);
}

/* --- policies --------------------------------------------------------------------------------------------------------------- */

static uint32_t oldest(struct paging *paging, uint32_t wanted)
{
    (void)wanted;
    return paging->newer[HEAD];
}

static uint32_t newest(struct paging *paging, uint32_t wanted)
{
    (void)wanted;
    return paging->older[HEAD];
}

/* Frames are filled in their order, and emptied in it. */
static uint32_t first_in(struct paging *paging, uint32_t wanted)
{
    (void)wanted;
    uint32_t frame = paging->hand++;
    paging->hand %= paging->frames;
    return frame;
}

/* As fifo, but a page that was used gets another turn. */
static uint32_t second_chance(struct paging *paging, uint32_t wanted)
{
    for (;;) {
        uint32_t frame = first_in(paging, wanted);
        uint16_t page = paging->page_of[frame];
        uint8_t flags;
        machine_look(page, 1, &flags);
        if (!(flags & MACHINE_USED))
            return frame;
        paging->dirty[page] |= (flags & MACHINE_DIRTY) != 0;
        machine_clear(paging, &page, 1);
    }
}

/* Marsaglia's xorshift, "Xorshift RNGs", 2003. */
static uint32_t any(struct paging *paging, uint32_t wanted)
{
    (void)wanted;
    paging->random ^= paging->random << 13;
    paging->random ^= paging->random >> 7;
    paging->random ^= paging->random << 17;
    return (uint32_t)(paging->random % paging->frames);
}

static uint32_t ask_application(struct paging *paging, uint32_t wanted)
{
    return paging->frame_of[paging->application(paging, wanted)];
}

const struct policy policies[] = {
    {"lru", oldest, true},                                                          /* least recently used */
    {"fifo", first_in, false},                                                      /* first in, first out */
    {"clock", second_chance, false}, {"random", any, false}, {"mru", newest, true}, /* most recently used */
    {"app", ask_application, false},
};
const uint32_t policies_count = sizeof policies / sizeof policies[0];

/* --- faults ------------------------------------------------------------------------------------------------------------------ */

void paging_start(struct paging *paging, const struct policy *policy, uint32_t pages, uint32_t frames)
{
    paging->policy = policy;
    paging->pages = pages;
    paging->frames = frames;
    paging->in_use = paging->hand = 0;
    paging->faults = paging->reads = paging->writes = 0;
    paging->random = 88172645463325252u;
    paging->newer[HEAD] = paging->older[HEAD] = HEAD;
    for (uint32_t page = 0; page < pages; page++) {
        paging->frame_of[page] = PAGING_NOWHERE;
        paging->dirty[page] = false;
    }
}

/* The page loses its frame; the store has its contents. Was it written there just now? */
static bool put_out(struct paging *paging, uint32_t page)
{
    uint8_t flags;
    machine_look(page, 1, &flags);
    machine_hide(page);
    bool write = paging->dirty[page] || flags & MACHINE_DIRTY;
    if (write)
        copy(machine_store(page), machine_frame(paging->frame_of[page]));
    paging->frame_of[page] = PAGING_NOWHERE;
    paging->dirty[page] = false;
    return write;
}

void paging_fault(struct paging *paging, uint32_t page)
{
    uint32_t frame;
    paging->faults++;
    if (paging->policy->orders)
        order(paging, page);
    if (paging->in_use < paging->frames) {
        frame = paging->in_use++;
    } else {
        frame = paging->policy->victim(paging, page);
        take_out(paging, frame);
        paging->writes += put_out(paging, paging->page_of[frame]);
    }
    copy(machine_frame(frame), machine_store(page));
    paging->reads++;
    paging->frame_of[page] = (uint16_t)frame;
    paging->page_of[frame] = (uint16_t)page;
    make_newest(paging, frame);
    machine_show(page, frame);
}

void paging_flush(struct paging *paging)
{
    for (uint32_t page = 0; page < paging->pages; page++)
        if (paging->frame_of[page] != PAGING_NOWHERE)
            put_out(paging, page);
}
