/* SPDX-License-Identifier: MPL-2.0 */
/* The work: a scan over all pages in turn, again and again, which a list by recency serves worst. It checks what it reads. */
#include "paging.h"

/* What word `i` of the page holds after the first `rounds` rounds. */
static uint64_t content(const struct scan *scan, uint32_t page, uint32_t i, uint32_t rounds)
{
    uint64_t value = (uint64_t)page << 32 | i;
    if (page % scan->every == 0) /* round r adds r + 1 to word r */
        for (uint32_t round = i; round < rounds; round += PAGING_WORDS)
            value += round + 1;
    return value;
}

void scan_prepare(const struct scan *scan, uint64_t (*store)[PAGING_WORDS])
{
    for (uint32_t page = 0; page < scan->pages; page++)
        for (uint32_t i = 0; i < PAGING_WORDS; i++)
            store[page][i] = content(scan, page, i, 0);
}

bool scan_run(const struct scan *scan, volatile uint64_t (*area)[PAGING_WORDS])
{
    bool good = true;
    for (uint32_t round = 0; round < scan->rounds; round++)
        for (uint32_t page = 0; page < scan->pages; page++) {
            uint32_t i = round % PAGING_WORDS;
            uint64_t value = area[page][i];
            good &= value == content(scan, page, i, round);
            if (page % scan->every == 0)
                area[page][i] = value + round + 1;
        }
    return good;
}

bool scan_check(const struct scan *scan, uint64_t (*store)[PAGING_WORDS])
{
    for (uint32_t page = 0; page < scan->pages; page++)
        for (uint32_t i = 0; i < PAGING_WORDS; i++)
            if (store[page][i] != content(scan, page, i, scan->rounds))
                return false;
    return true;
}

uint32_t scan_victim(const struct paging *paging, uint32_t wanted)
{
    return wanted ? wanted - 1 : paging->pages - 1;
}
