/* SPDX-License-Identifier: MPL-2.0 */
/* See fake_exo.h. Checks what callers promise: known handles, offsets inside the extent, whole pages, user addresses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>
#include <los/process.h>
#include <los/personality.h>
#include "fake_exo.h"

#define EXTENTS      2
#define FRAME_HANDLE 100ul
#define FIRST_SPACE  200ul
#define SPACES_MAX   512
#define ENTRIES_MAX  256

/* Lowest page tables, which spaces may share as space_share lets them. */
struct table {
    unsigned refs; /* entries that point to it */
    struct {
        los_pageno page;
        uint32_t prot; /* 0: not mapped */
    } map[512];
};
struct entry {
    uint64_t number; /* va / 2 MiB */
    struct table *table;
    bool writable;
};
struct fake_space {
    bool alive, grafted;
    struct entry entry[ENTRIES_MAX];
    unsigned entries;
};

struct los_start los_test_start;
char *los_test_direct;
uint64_t fake_map_budget = UINT64_MAX, fake_table_budget = UINT64_MAX;
char fake_log[8192];
static uint64_t extent_base[EXTENTS], calls[EXO_CALL_COUNT];
static struct fake_space spaces[SPACES_MAX];
static exo_handle present_space = FIRST_SPACE;
static struct los_cpu cpu;

struct los_cpu *los_cpu(void) { return &cpu; }

#define memory_token(i) exo_trust(FRAME, EXO_R | EXO_W | EXO_X | EXO_SEND | EXO_SPLIT, FRAME_HANDLE + (i))

void fake_start(uint64_t pages)
{
    los_test_direct = aligned_alloc(1ul << 21, LOS_ROUND_UP(pages * LOS_PAGE, 1ul << 21));
    memset(los_test_direct, 0xa5, pages * LOS_PAGE); /* whoever needs zeroes makes them */
    uint64_t first = pages * 2 / 3;
    los_test_start = (struct los_start){.magic = LOS_START_MAGIC,
                                        .domain = exo_trust(DOMAIN, EXO_R | EXO_W, 1ul),
                                        .space = exo_trust(SPACE, EXO_R | EXO_W | EXO_X, FIRST_SPACE),
                                        .machine = exo_trust(MACHINE, EXO_W | EXO_X, 2ul),
                                        .vcpus = 1,
                                        .extents = EXTENTS,
                                        .memory = {{memory_token(0), first}, {memory_token(1), pages - first}},
                                        .reserved_pages = 3};
    extent_base[1] = first;
    spaces[0].alive = true;
    cpu.self = &cpu;
    los_pages_init();
}

static struct fake_space *space_of(exo_handle handle)
{
    cr_assert(handle >= FIRST_SPACE && handle < FIRST_SPACE + SPACES_MAX, "space handle %lu", handle);
    cr_assert(spaces[handle - FIRST_SPACE].alive, "dead space");
    return &spaces[handle - FIRST_SPACE];
}

static struct entry *entry_of(struct fake_space *space, uint64_t va)
{
    for (unsigned i = 0; i < space->entries; i++)
        if (space->entry[i].number == va >> 21)
            return &space->entry[i];
    return NULL;
}

static struct entry *entry_make(struct fake_space *space, uint64_t va, struct table *table, bool writable)
{
    cr_assert(space->entries < ENTRIES_MAX);
    space->entry[space->entries] = (struct entry){va >> 21, table, writable};
    return &space->entry[space->entries++];
}

static void leave(struct fake_space *space, struct entry *entry)
{
    if (--entry->table->refs == 0)
        free(entry->table);
    *entry = space->entry[--space->entries];
}

/* How many tables making the entry's table its own takes. */
static unsigned copies(const struct entry *entry) { return entry && entry->table->refs > 1; }

/* As the exokernel's table_own. */
static void own(struct entry *entry)
{
    if (entry->writable)
        return;
    entry->writable = true;
    if (entry->table->refs == 1)
        return;
    for (unsigned i = 0; i < 512; i++)
        entry->table->map[i].prot &= ~(uint32_t)EXO_MAP_W;
    struct table *copy = malloc(sizeof(*copy));
    *copy = *entry->table;
    copy->refs = 1;
    entry->table->refs--;
    entry->table = copy;
    fake_table_budget--;
}

static long space_create(void)
{
    for (unsigned i = 1; i < SPACES_MAX; i++) {
        if (spaces[i].alive)
            continue;
        spaces[i] = (struct fake_space){.alive = true};
        return (long)FIRST_SPACE + i;
    }
    return -EXO_E_NO_SLOT;
}

static long space_destroy(exo_handle handle)
{
    struct fake_space *space = space_of(handle);
    if (handle == present_space)
        return -EXO_E_BUSY;
    while (space->entries)
        leave(space, &space->entry[0]);
    *space = (struct fake_space){0};
    return 0;
}

static long space_map(exo_handle handle, const struct exo_map *maps, uint64_t n)
{
    struct fake_space *space = space_of(handle);
    cr_assert(n <= 1024);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t extent = maps[i].frame - FRAME_HANDLE;
        cr_assert(extent < EXTENTS && maps[i].count && !(maps[i].va & LOS_PAGE_MASK) && maps[i].prot);
        cr_assert(maps[i].offset + maps[i].count <= los_test_start.memory[extent].pages);
        unsigned tables = 0;
        for (uint64_t va = maps[i].va >> 21 << 21; va < maps[i].va + maps[i].count * LOS_PAGE; va += 1ul << 21)
            tables += copies(entry_of(space, va));
        if (fake_map_budget < maps[i].count || fake_table_budget < tables)
            return i ? (long)i : -EXO_E_NO_POOL;
        fake_map_budget -= maps[i].count;
        for (uint64_t p = 0; p < maps[i].count; p++) {
            uint64_t va = maps[i].va + p * LOS_PAGE;
            struct entry *entry = entry_of(space, va);
            if (!entry) {
                entry = entry_make(space, va, calloc(1, sizeof(struct table)), true);
                entry->table->refs = 1;
            }
            own(entry);
            entry->table->map[va >> 12 & 511].page = (los_pageno)(extent_base[extent] + maps[i].offset + p);
            entry->table->map[va >> 12 & 511].prot = maps[i].prot;
        }
    }
    return (long)n;
}

static long space_change(exo_handle handle, uint64_t va, uint64_t pages, uint32_t prot)
{
    struct fake_space *space = space_of(handle);
    uint64_t end = va + pages * LOS_PAGE;
    unsigned tables = 0;
    cr_assert(!(va & LOS_PAGE_MASK) && pages);
    for (int pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < space->entries; i++) {
            struct entry *entry = &space->entry[i];
            uint64_t first = entry->number << 21;
            if (first >= end || first + (1ul << 21) <= va)
                continue;
            bool leaves = !prot && copies(entry) && first >= va && first + (1ul << 21) <= end;
            if (!pass) {
                tables += leaves ? 0 : copies(entry);
                continue;
            }
            if (leaves) {
                leave(space, entry);
                i--;
                continue;
            }
            own(entry);
            for (unsigned k = 0; k < 512; k++)
                if (entry->table->map[k].prot && first + k * LOS_PAGE - va < pages * LOS_PAGE)
                    entry->table->map[k].prot = prot;
        }
        if (tables > fake_table_budget)
            return -EXO_E_NO_POOL;
    }
    return 0;
}

static long space_share(exo_handle to_handle, exo_handle from_handle, uint64_t va, uint64_t pages)
{
    struct fake_space *to = space_of(to_handle), *from = space_of(from_handle);
    cr_assert(!(va & ((1ul << 21) - 1)) && pages && pages % 512 == 0 && to != from);
    uint64_t done = 0;
    for (; done < pages && done < 4 * 512; done += 512) {
        struct entry *entry = entry_of(from, va + done * LOS_PAGE);
        if (!entry)
            continue;
        cr_assert(!entry_of(to, va + done * LOS_PAGE));
        if (!fake_map_budget)
            return done ? (long)done : -EXO_E_NO_POOL;
        fake_map_budget--;
        entry->writable = false;
        entry->table->refs++;
        entry_make(to, va + done * LOS_PAGE, entry->table, false);
    }
    return (long)done;
}

/* --- frame tokens: what of them was given back ------------------------------------------------------------------------- */

#define GIVEN_HANDLE 5000ul
static struct {
    exo_handle handle;
    uint64_t pages;
} frames[256];
static unsigned frame_count;
uint64_t fake_given;

static long token_give_back(exo_handle handle, uint64_t offset, uint64_t count)
{
    unsigned i = 0;
    for (; frame_count < EXTENTS; frame_count++) {
        frames[frame_count].handle = FRAME_HANDLE + frame_count;
        frames[frame_count].pages = los_test_start.memory[frame_count].pages;
    }
    while (i < frame_count && frames[i].handle != handle)
        i++;
    cr_assert(i < frame_count && count && offset + count <= frames[i].pages, "no such part of a token");
    uint64_t above = frames[i].pages - offset - count;
    frames[i].pages = offset ? offset : above;
    fake_given += count;
    if (!offset || !above)
        return 0;
    frames[frame_count].handle = GIVEN_HANDLE + frame_count;
    frames[frame_count].pages = above;
    return (long)frames[frame_count++].handle;
}

long exo_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    (void)e;
    cr_assert(number < EXO_CALL_COUNT);
    calls[number]++;
    switch (number) {
    case EXO_CALL_LOG_WRITE:
        strncat(fake_log, (const char *)b, c < sizeof(fake_log) - strlen(fake_log) ? c : 0);
        return (long)c;
    case EXO_CALL_TOKEN_DROP: return c ? token_give_back(a, b, c) : 0;
    case EXO_CALL_SPACE_CREATE: return space_create();
    case EXO_CALL_SPACE_GRAFT:
        cr_assert(b == FIRST_SPACE && c == LOS_SEGMENT_SLOT && !space_of(a)->grafted);
        space_of(a)->grafted = true;
        return 0;
    case EXO_CALL_SPACE_DESTROY: return space_destroy(a);
    case EXO_CALL_SPACE_MAP: return space_map(a, (const struct exo_map *)b, c);
    case EXO_CALL_SPACE_UNMAP: return space_change(a, b, c, 0);
    case EXO_CALL_SPACE_PROTECT: return space_change(a, b, c, (uint32_t)d);
    case EXO_CALL_SPACE_SHARE: return space_share(a, b, c, d);
    case EXO_CALL_SPACE_SWITCH:
        space_of(a);
        present_space = a;
        return 0;
    default: return 0;
    }
}

bool(fake_mapped)(exo_handle handle, uint64_t va, los_pageno *page, uint32_t *prot)
{
    const struct entry *entry = entry_of(space_of(handle), va);
    if (!entry || !entry->table->map[va >> 12 & 511].prot)
        return false;
    *page = entry->table->map[va >> 12 & 511].page;
    *prot = entry->table->map[va >> 12 & 511].prot & (entry->writable ? ~0u : ~(uint32_t)EXO_MAP_W);
    return true;
}

static uint8_t *program_access(struct los_space *space, uint64_t va, uint32_t access, uint32_t need, int *error)
{
    los_pageno page = 0;
    uint32_t prot = 0;
    *error = 0;
    for (int tries = 0; tries < 3; tries++) {
        if (fake_mapped(space->handle, va, &page, &prot) && (prot & need)) {
            cr_assert(los_page_refs(page) > 0, "a free page is mapped at %lx", va);
            return (uint8_t *)los_test_direct + ((uint64_t)page << 12) + (va & LOS_PAGE_MASK);
        }
        *error = los_space_fault(space, va, access);
        if (*error < 0)
            return NULL;
    }
    cr_assert_fail("the fault at %lx is resolved again and again", va);
    return NULL;
}

bool fake_store(struct los_space *space, uint64_t va, uint8_t value, int *error)
{
    uint8_t *at = program_access(space, va, LOS_WRITE, EXO_MAP_W, error);
    if (at)
        *at = value;
    return at != NULL;
}

bool fake_load(struct los_space *space, uint64_t va, uint8_t *value, int *error)
{
    uint8_t *at = program_access(space, va, LOS_READ, EXO_MAP_R, error);
    if (at)
        *value = *at;
    return at != NULL;
}

/* --- allocations that fail: the linker puts these before the real ones -------------------------------------------------- */

uint64_t fake_fail_at;
static bool fails(void) { return fake_fail_at != 0 && --fake_fail_at == 0; }

void *__real_los_alloc(size_t bytes);
void *__wrap_los_alloc(size_t bytes);
void *__wrap_los_alloc(size_t bytes) { return fails() ? NULL : __real_los_alloc(bytes); }
void *__real_los_alloc_zeroed(size_t bytes);
void *__wrap_los_alloc_zeroed(size_t bytes);
void *__wrap_los_alloc_zeroed(size_t bytes) { return fails() ? NULL : __real_los_alloc_zeroed(bytes); }
los_pageno __real_los_page_alloc(void);
los_pageno __wrap_los_page_alloc(void);
los_pageno __wrap_los_page_alloc(void) { return fails() ? LOS_NO_PAGE : __real_los_page_alloc(); }
los_pageno __real_los_page_alloc_zeroed(void);
los_pageno __wrap_los_page_alloc_zeroed(void);
los_pageno __wrap_los_page_alloc_zeroed(void) { return fails() ? LOS_NO_PAGE : __real_los_page_alloc_zeroed(); }
los_pageno __real_los_pages_alloc(unsigned order);
los_pageno __wrap_los_pages_alloc(unsigned order);
los_pageno __wrap_los_pages_alloc(unsigned order)
{
    return fails() ? LOS_NO_PAGE : __real_los_pages_alloc(order);
}

uint64_t fake_calls(enum exo_call call) { return calls[call]; }

uint64_t fake_spaces(void)
{
    uint64_t n = 0;
    for (unsigned i = 1; i < SPACES_MAX; i++)
        n += spaces[i].alive;
    return n;
}

/* What other parts provide, for programs of tests that leave those parts out. */
__attribute__((weak)) void los_file_ref(struct los_file *file);
__attribute__((weak)) void los_file_ref(struct los_file *file) { (void)file; }
__attribute__((weak)) void los_file_unref(struct los_file *file);
__attribute__((weak)) void los_file_unref(struct los_file *file) { (void)file; }
__attribute__((weak)) void los_container_exit(int status) { exit(status); }
