/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libos/pager's work with what Linux offers: a frame is a page of a memfd, shown by mmap, hidden by mprotect; a fault is SIGSEGV. Page tables
 * cannot be read, so that a page was used or written is learnt from a fault more: it is shown without the right first.
 */
#define _GNU_SOURCE
#include "../../libos/pager/paging.h"
#include "swap.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { PAGES = 100, DIRTIED = 10, RUNS = 20, WRITE_FAULT = 2 };

static struct paging paging;
static struct scan scan = {.pages = 512, .frames = 384, .rounds = 8, .every = 2};
static uint8_t *area;
static uint64_t (*frames)[PAGING_WORDS], (*store)[PAGING_WORDS];
static int frames_fd;
static uint8_t seen[PAGING_MOST]; /* MACHINE_USED, MACHINE_DIRTY */
static uint8_t now_used;          /* what the fault that is being handled makes of its page */

static int protection(uint8_t flags)
{
    return flags & MACHINE_DIRTY ? PROT_READ | PROT_WRITE : flags & MACHINE_USED ? PROT_READ : PROT_NONE;
}

/* --- machine.h's functions ------------------------------------------------------------------------------------------------ */

uint64_t *machine_frame(uint32_t frame) { return frames[frame]; }
uint64_t *machine_store(uint32_t page) { return store[page]; }

void machine_show(uint32_t page, uint32_t frame)
{
    seen[page] = now_used;
    SWAP_MUST(mmap(area + (size_t)page * PAGING_BYTES, PAGING_BYTES, protection(now_used),
                   MAP_SHARED | MAP_FIXED, frames_fd, (off_t)frame * PAGING_BYTES) != MAP_FAILED);
}

void machine_hide(uint32_t page)
{
    seen[page] = 0;
    SWAP_MUST(mprotect(area + (size_t)page * PAGING_BYTES, PAGING_BYTES, PROT_NONE) == 0);
}

void machine_look(uint32_t first, uint32_t count, uint8_t *flags) { memcpy(flags, seen + first, count); }

void machine_clear(const struct paging *unused, const uint16_t *page, uint32_t count)
{
    (void)unused;
    for (uint32_t i = 0; i < count; i++)
        machine_hide(page[i]);
}

/* --- the scan --------------------------------------------------------------------------------------------------------------- */

static void page_in(int number, siginfo_t *info, void *context)
{
    uint64_t page = (uint64_t)((uint8_t *)info->si_addr - area) / PAGING_BYTES;
    (void)number;
    SWAP_MUST(page < scan.pages);
    bool write = ((ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & WRITE_FAULT;
    now_used = (uint8_t)(MACHINE_USED | (write ? MACHINE_DIRTY : 0));
    if (paging.frame_of[page] == PAGING_NOWHERE) {
        paging_fault(&paging, (uint32_t)page);
        return;
    }
    seen[page] |= now_used;
    SWAP_MUST(mprotect(area + page * PAGING_BYTES, PAGING_BYTES, protection(seen[page])) == 0);
}

static void handle(void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    SWAP_MUST(sigaction(SIGSEGV, &action, NULL) == 0);
}

static void prepare_scan(void)
{
    size_t bytes = (size_t)scan.pages * PAGING_BYTES, frame_bytes = (size_t)scan.frames * PAGING_BYTES;
    frames_fd = memfd_create("frames", 0);
    SWAP_MUST(frames_fd >= 0 && ftruncate(frames_fd, (off_t)frame_bytes) == 0);
    frames = mmap(NULL, frame_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, frames_fd, 0);
    store = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    area = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SWAP_MUST((void *)frames != MAP_FAILED && (void *)store != MAP_FAILED && (void *)area != MAP_FAILED);
    memset(frames, 0, frame_bytes); /* there before anything is measured */
    handle(page_in);
}

static void run(const struct policy *policy)
{
    scan_prepare(&scan, store);
    paging_start(&paging, policy, scan.pages, scan.frames);
    paging.application = scan_victim;
    int64_t start = swap_now_ns();
    bool good = scan_run(&scan, (volatile uint64_t(*)[PAGING_WORDS])area);
    int64_t ns = swap_now_ns() - start;
    paging_flush(&paging);
    SWAP_MUST(good && scan_check(&scan, store));
    printf("%s faults %lu reads %lu writes %lu ns %ld\n", policy->name, paging.faults, paging.reads,
           paging.writes, ns);
}

/* --- the primitives: libos/pager/primitives.c has the same -------------------------------------------------------------------- */

static uint8_t order[PAGES], dirtied[PAGES];
static uint32_t open_page, dirty_count;
static uint64_t traps;

/* void probe(uint64_t *at, uint64_t value): one write, three bytes long. */
void probe(volatile uint64_t *at, uint64_t value);
__asm__("probe: movq %rsi, (%rdi)\n ret");
enum { PROBE_BYTES = 3 };

static volatile uint64_t *at(uint32_t page) { return (uint64_t *)(area + (size_t)page * PAGING_BYTES); }
static uint32_t page_of(const siginfo_t *info)
{
    return (uint32_t)(((uint8_t *)info->si_addr - area) / PAGING_BYTES);
}
static void protect(uint32_t page, uint32_t count)
{
    SWAP_MUST(mprotect((void *)at(page), (size_t)count * PAGING_BYTES, PROT_READ) == 0);
}
static void unprotect(uint32_t page, uint32_t count)
{
    SWAP_MUST(mprotect((void *)at(page), (size_t)count * PAGING_BYTES, PROT_READ | PROT_WRITE) == 0);
}
static void write_all(uint64_t value)
{
    for (uint32_t page = 0; page < PAGES; page++)
        probe(at(page), value + page);
}

static void skip(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    traps++;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += PROBE_BYTES;
}
static void unprotect_it(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    traps++;
    unprotect(page_of(info), 1);
}
static void note_dirty(int number, siginfo_t *info, void *context)
{
    unprotect_it(number, info, context);
    dirtied[dirty_count++] = (uint8_t)page_of(info);
}
static void change_places(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    traps++;
    protect(open_page, 1);
    open_page = page_of(info);
    unprotect(open_page, 1);
}

static void begin(void (*handler)(int, siginfo_t *, void *))
{
    handle(handler);
    traps = 0;
}
static void say(const char *name, int64_t spent, uint64_t operations, uint64_t expected_traps)
{
    SWAP_MUST(traps == expected_traps);
    printf("%s %lu ns\n", name, (uint64_t)spent / operations);
}
static void expect_written(uint64_t value)
{
    for (uint32_t page = 0; page < PAGES; page++)
        SWAP_MUST(*at(page) == value + page);
}

static void measure_trap(void)
{
    begin(skip);
    write_all(1);
    protect(0, PAGES);
    int64_t start = swap_now_ns();
    for (uint32_t i = 0; i < RUNS; i++)
        write_all(2);
    say("trap", swap_now_ns() - start, RUNS * PAGES, RUNS * PAGES);
    expect_written(1);
    unprotect(0, PAGES);
}

static void measure_protection(uint32_t batch, const char *name, const char *opposite)
{
    int64_t closing = 0, opening = 0, start;
    begin(skip);
    for (uint32_t i = 0; i < RUNS; i++) {
        write_all(i);
        start = swap_now_ns();
        for (uint32_t page = 0; page < PAGES; page += batch)
            protect(page, batch);
        closing += swap_now_ns() - start;
        write_all(i + 1);
        start = swap_now_ns();
        for (uint32_t page = 0; page < PAGES; page += batch)
            unprotect(page, batch);
        opening += swap_now_ns() - start;
        expect_written(i);
    }
    say(name, closing, RUNS * PAGES / batch, RUNS * PAGES);
    say(opposite, opening, RUNS * PAGES / batch, RUNS * PAGES);
}

/* /proc/self/pagemap's bit 55, where there is such a file and the bit works. */
static void measure_page_map(void)
{
    int map = open("/proc/self/pagemap", O_RDONLY), clear = open("/proc/self/clear_refs", O_WRONLY);
    uint64_t entry = 0, index = (uint64_t)area / PAGING_BYTES;
    if (map >= 0 && clear >= 0 && write(clear, "4", 1) == 1) {
        probe(at(3), 1);
        SWAP_MUST(pread(map, &entry, sizeof entry, (off_t)((index + 3) * sizeof entry)) == sizeof entry);
    }
    if (!(entry >> 55 & 1))
        return;
    begin(skip);
    int64_t start = swap_now_ns();
    for (uint32_t page = 0; page < PAGES; page++)
        SWAP_MUST(pread(map, &entry, sizeof entry, (off_t)((index + page) * sizeof entry)) == sizeof entry);
    say("dirty1", swap_now_ns() - start, PAGES, 0);
}

static void measure_dirty(void)
{
    int64_t spent = 0;
    begin(note_dirty);
    protect(0, PAGES);
    for (uint32_t i = 0; i < RUNS; i++) {
        int64_t start = swap_now_ns();
        for (uint32_t k = 0; k < DIRTIED; k++)
            *at((k * 7 + i) % PAGES) = k;
        SWAP_MUST(dirty_count == DIRTIED);
        for (; dirty_count; dirty_count--)
            protect(dirtied[dirty_count - 1], 1);
        spent += swap_now_ns() - start;
    }
    say("dirty100", spent, RUNS, RUNS * DIRTIED);
    unprotect(0, PAGES);
}

static void measure_combinations(void)
{
    for (uint32_t i = 0; i < PAGES; i++)
        order[i] = (uint8_t)(i * 37 % PAGES);
    begin(change_places);
    open_page = order[PAGES - 1];
    protect(0, PAGES);
    unprotect(open_page, 1);
    int64_t start = swap_now_ns();
    for (uint32_t k = 0; k < RUNS; k++)
        for (uint32_t i = 0; i < PAGES; i++)
            probe(at(order[i]), k + order[i]);
    say("prot1+trap+unprot", swap_now_ns() - start, RUNS * PAGES, RUNS * PAGES);
    expect_written(RUNS - 1);

    begin(unprotect_it);
    start = swap_now_ns();
    for (uint32_t k = 0; k < RUNS; k++) {
        protect(0, PAGES);
        for (uint32_t i = 0; i < PAGES; i++)
            probe(at(order[i]), k + order[i]);
    }
    say("protN+trap+unprot", swap_now_ns() - start, RUNS * PAGES, RUNS * PAGES);
    expect_written(RUNS - 1);
}

static void primitives(void)
{
    area = mmap(NULL, PAGES * PAGING_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SWAP_MUST((void *)area != MAP_FAILED);
    write_all(0);
    measure_trap();
    measure_protection(1, "prot1", "unprot1");
    measure_protection(PAGES, "prot100", "unprot100");
    measure_page_map();
    measure_dirty();
    measure_combinations();
}

/* --- arguments ------------------------------------------------------------------------------------------------------------------ */

int swap_pager(int count, char **word)
{
    bool chosen[8] = {false}, any_policy = false, any_primitives = false;
    for (int i = 0; i < count; i++) {
        bool known = strcmp(word[i], "primitives") == 0;
        any_primitives |= known;
        for (uint32_t k = 0; k < policies_count; k++)
            if (strcmp(word[i], policies[k].name) == 0)
                known = chosen[k] = any_policy = true;
        known |=
            sscanf(word[i], "pages=%u", &scan.pages) == 1 || sscanf(word[i], "frames=%u", &scan.frames) == 1 ||
            sscanf(word[i], "rounds=%u", &scan.rounds) == 1 || sscanf(word[i], "every=%u", &scan.every) == 1;
        SWAP_MUST(known);
    }
    SWAP_MUST(scan.pages <= PAGING_MOST && scan.frames <= scan.pages && scan.frames && scan.every);
    if (any_primitives)
        primitives();
    if (any_primitives && !any_policy)
        return 0;
    prepare_scan();
    for (uint32_t i = 0; i < policies_count; i++)
        if (chosen[i] || !any_policy)
            run(&policies[i]);
    return 0;
}
