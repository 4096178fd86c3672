/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The primitives of Appel and Li, "Virtual memory primitives for user programs", ASPLOS 1991: what garbage collectors, checkpoints and
 * shared virtual memory ask of a system. Each is done on 100 pages, many times, and checked.
 */
#include "pager.h"
#include <los/bare.h>

enum { PAGES = 100, DIRTIED = 10, RUNS = 20 };

static uint64_t *const area = (uint64_t *)AREA_OF_PRIMITIVES;
static uint64_t offset;      /* of the pages' frames */
static uint64_t traps;       /* taken */
static uint32_t open_page;   /* appel1: the one that may be written */
static uint8_t order[PAGES]; /* all pages, in no order */

static uint64_t *at(uint32_t page) { return area + page * PAGING_WORDS; }
static uint32_t page_of(uint64_t address) { return (uint32_t)((address - AREA_OF_PRIMITIVES) / PAGING_BYTES); }

static void protect(uint32_t page, uint32_t count)
{
    BARE_MUST("protect", exo_space_protect(LOS_START_PAGE->space, (uint64_t)at(page), count, EXO_MAP_R));
}
static void unprotect(uint32_t page, uint32_t count)
{
    BARE_MUST("unprotect",
              exo_space_protect(LOS_START_PAGE->space, (uint64_t)at(page), count, EXO_MAP_R | EXO_MAP_W));
}
static void write_all(uint64_t value)
{
    for (uint32_t page = 0; page < PAGES; page++)
        probe(at(page), value + page);
}

/* --- what the handlers do ---------------------------------------------------------------------------------------------- */

static uint64_t skip(uint64_t address, uint64_t error, uint64_t rip)
{
    (void)address, (void)error, (void)rip;
    traps++;
    return (uint64_t)probe_end;
}
static uint64_t unprotect_it(uint64_t address, uint64_t error, uint64_t rip)
{
    (void)error;
    traps++;
    unprotect(page_of(address), 1);
    return rip;
}
static uint64_t change_places(uint64_t address, uint64_t error, uint64_t rip)
{
    (void)error;
    traps++;
    protect(open_page, 1);
    open_page = page_of(address);
    unprotect(open_page, 1);
    return rip;
}

/* --- measuring ------------------------------------------------------------------------------------------------------------ */

static uint64_t started, spent;
static void go(void) { started = bare_now_ns(); }
static void stop(void) { spent += bare_now_ns() - started; }
static void begin(uint64_t (*handler)(uint64_t, uint64_t, uint64_t))
{
    fault_handler = handler;
    spent = traps = 0;
}
/* The mean of so many operations; so many traps there should have been. */
static void say(const char *name, uint64_t operations, uint64_t expected_traps)
{
    if (traps != expected_traps)
        bare_fail("pager: a wrong number of traps in ", name);
    bare_say_line(name, spent / operations, "ns");
}
static void expect_written(const char *name, uint64_t value)
{
    for (uint32_t page = 0; page < PAGES; page++)
        if (*at(page) != value + page)
            bare_fail("pager: a write was lost in ", name);
}

static void measure_trap(void)
{
    begin(skip);
    write_all(1);
    protect(0, PAGES);
    go();
    for (uint32_t run = 0; run < RUNS; run++)
        write_all(2);
    stop();
    say("trap", RUNS * PAGES, RUNS * PAGES);
    expect_written("trap", 1); /* and not 2 */
    unprotect(0, PAGES);
}

static void measure_protection(uint32_t batch, const char *name, const char *opposite)
{
    uint64_t closing = 0, opening = 0;
    begin(skip);
    for (uint32_t run = 0; run < RUNS; run++) {
        write_all(run); /* every page is in the TLB */
        spent = 0;
        go();
        for (uint32_t page = 0; page < PAGES; page += batch)
            protect(page, batch);
        stop();
        closing += spent;
        write_all(run + 1);
        spent = 0;
        go();
        for (uint32_t page = 0; page < PAGES; page += batch)
            unprotect(page, batch);
        stop();
        opening += spent;
        expect_written(name, run);
    }
    spent = closing;
    say(name, RUNS * PAGES / batch, RUNS * PAGES);
    spent = opening;
    say(opposite, RUNS * PAGES / batch, RUNS * PAGES);
}

/* Which pages were written since the last time: the page tables tell, and mapped anew they forget. */
static uint32_t take_dirty(uint8_t dirty[PAGES])
{
    static struct exo_pte entry[PAGES];
    static struct exo_map map[PAGES];
    uint32_t count = 0;
    BARE_MUST("look", exo_space_query(LOS_START_PAGE->space, AREA_OF_PRIMITIVES, entry, PAGES));
    for (uint32_t page = 0; page < PAGES; page++) {
        if (!(entry[page].frame & EXO_PTE_DIRTY))
            continue;
        dirty[count] = (uint8_t)page;
        map[count++] = EXO_MAP((uint64_t)at(page), LOS_START_PAGE->memory[0].frame, offset + page, 1,
                               EXO_MAP_R | EXO_MAP_W);
    }
    if (count && exo_space_map(LOS_START_PAGE->space, map, count) != (long)count)
        bare_fail("pager: pages cannot be mapped anew", "");
    return count;
}

static void measure_dirty(void)
{
    uint8_t dirty[PAGES];
    struct exo_pte entry;
    begin(skip);
    write_all(0);
    go();
    for (uint32_t page = 0; page < PAGES; page++)
        exo_space_query(LOS_START_PAGE->space, (uint64_t)at(page), &entry, 1);
    stop();
    say("dirty1", PAGES, 0);
    if (take_dirty(dirty) != PAGES || take_dirty(dirty) != 0)
        bare_fail("pager: dirty pages were missed", "");
    spent = 0;
    for (uint32_t run = 0; run < RUNS; run++) {
        go();
        for (uint32_t i = 0; i < DIRTIED; i++)
            *at((i * 7 + run) % PAGES) = i;
        uint32_t count = take_dirty(dirty);
        stop();
        if (count != DIRTIED)
            bare_fail("pager: a wrong number of dirty pages", "");
    }
    say("dirty100", RUNS, 0);
}

static void measure_combinations(void)
{
    for (uint32_t i = 0; i < PAGES; i++)
        order[i] = (uint8_t)(i * 37 % PAGES); /* 37 has no divisor in common with 100: each page once */
    begin(change_places);
    open_page = order[PAGES - 1];
    protect(0, PAGES);
    unprotect(open_page, 1);
    go();
    for (uint32_t run = 0; run < RUNS; run++)
        for (uint32_t i = 0; i < PAGES; i++)
            probe(at(order[i]), run + order[i]);
    stop();
    say("prot1+trap+unprot", RUNS * PAGES, RUNS * PAGES);
    expect_written("prot1+trap+unprot", RUNS - 1);

    begin(unprotect_it);
    go();
    for (uint32_t run = 0; run < RUNS; run++) {
        protect(0, PAGES);
        for (uint32_t i = 0; i < PAGES; i++)
            probe(at(order[i]), run + order[i]);
    }
    stop();
    say("protN+trap+unprot", RUNS * PAGES, RUNS * PAGES);
    expect_written("protN+trap+unprot", RUNS - 1);
}

void primitives(void)
{
    machine_take(PAGES, &offset);
    struct exo_map map =
        EXO_MAP(AREA_OF_PRIMITIVES, LOS_START_PAGE->memory[0].frame, offset, PAGES, EXO_MAP_R | EXO_MAP_W);
    BARE_MUST("map", exo_space_map(LOS_START_PAGE->space, &map, 1));
    measure_trap();
    measure_protection(1, "prot1", "unprot1");
    measure_protection(PAGES, "prot100", "unprot100");
    measure_dirty();
    measure_combinations();
}
