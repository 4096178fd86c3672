/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A library OS that is an application with a pager of its own: it knows what it will use next, and no system between it and the page
 * tables has to guess.
 *
 *   boot/run --libos pager --cmd '[primitives] [POLICY]... [pages=N] [frames=N] [rounds=N] [every=N]'
 *
 * POLICY: lru, fifo, clock, random, mru, app; without one, and without `primitives`, all of them. For each a line
 *   POLICY faults N reads N writes N ns N
 */
#include "pager.h"
#include <los/arguments.h>
#include <los/bare.h>

_Noreturn void los_entry(const struct los_start *start);

uint64_t (*fault_handler)(uint64_t, uint64_t, uint64_t);

static struct arguments arguments;
static struct paging paging;
static struct scan scan = {.pages = 512, .frames = 384, .rounds = 8, .every = 2};
static bool chosen[8], any_policy, any_primitives;

static uint64_t page_in(uint64_t address, uint64_t error, uint64_t rip)
{
    uint64_t page = (address - AREA) / PAGING_BYTES;
    (void)error;
    if (page >= scan.pages || paging.frame_of[page] != PAGING_NOWHERE)
        bare_fail("pager: a fault that is none of ours", "");
    paging_fault(&paging, (uint32_t)page);
    return rip;
}

static void say_count(const char *name, uint64_t count)
{
    bare_say(" ");
    bare_say(name);
    bare_say(" ");
    bare_say_number(count);
}

static void run(const struct policy *policy)
{
    uint64_t(*store)[PAGING_WORDS] = (uint64_t(*)[PAGING_WORDS])machine_store(0);
    scan_prepare(&scan, store);
    paging_start(&paging, policy, scan.pages, scan.frames);
    paging.application = scan_victim;
    fault_handler = page_in;
    uint64_t start = bare_now_ns();
    bool good = scan_run(&scan, (volatile uint64_t(*)[PAGING_WORDS])AREA);
    uint64_t ns = bare_now_ns() - start;
    paging_flush(&paging);
    if (!good || !scan_check(&scan, store))
        bare_fail("pager: pages were damaged under ", policy->name);
    bare_say(policy->name);
    say_count("faults", paging.faults);
    say_count("reads", paging.reads);
    say_count("writes", paging.writes);
    say_count("ns", ns);
    bare_say("\r\n");
}

static bool is_policy(const char *word)
{
    for (uint32_t i = 0; i < policies_count; i++)
        if (arguments_same(word, policies[i].name)) {
            chosen[i] = any_policy = true;
            return true;
        }
    return false;
}

static bool is_number(const char *word, const char *name, uint32_t least, uint32_t most, uint32_t *value)
{
    uint64_t number;
    if (arguments_number(word, name, least, most, &number) != 1)
        return false;
    *value = (uint32_t)number;
    return true;
}

static void read_arguments(void)
{
    arguments_read(&arguments);
    for (uint32_t i = 0; i < arguments.count; i++) {
        const char *word = arguments.word[i];
        if (arguments_same(word, "primitives"))
            any_primitives = true;
        else if (!is_policy(word) && !is_number(word, "pages=", 2, PAGING_MOST, &scan.pages) &&
                 !is_number(word, "frames=", 1, PAGING_MOST, &scan.frames) &&
                 !is_number(word, "rounds=", 1, 100000, &scan.rounds) &&
                 !is_number(word, "every=", 1, PAGING_MOST, &scan.every))
            bare_fail("pager: unknown word, or a number out of range: ", word);
    }
    if (scan.frames > scan.pages)
        bare_fail("pager: more frames than pages", "");
}

void los_entry(const struct los_start *start)
{
    read_arguments();
    BARE_MUST("name the fault entry", exo_vcpu_entries(start->vcpu[0], 0, (uint64_t)fault_entry, 0));
    if (any_primitives)
        primitives();
    if (!any_primitives || any_policy) {
        machine_start(scan.pages, scan.frames);
        for (uint32_t i = 0; i < policies_count; i++)
            if (chosen[i] || !any_policy)
                run(&policies[i]);
    }
    bare_end(0);
}
