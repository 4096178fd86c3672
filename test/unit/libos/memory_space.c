/* SPDX-License-Identifier: MPL-2.0 */
/* Regions, demand zero, copy on write, fork and exit, mremap, the break; and a long random walk against a model. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <los/file.h>
#include "../../../libos/memory/space.h"
#include "fake_exo.h"

#define RW   (LOS_READ | LOS_WRITE)
#define AT   0x10000000ul
#define PART (1ul << PART_SHIFT)

static int error;

static void store(struct los_space *space, uint64_t va, uint8_t value)
{
    cr_assert(fake_store(space, va, value, &error), "store at %lx: %d", va, error);
}
static uint8_t load(struct los_space *space, uint64_t va)
{
    uint8_t value;
    cr_assert(fake_load(space, va, &value, &error), "load at %lx: %d", va, error);
    return value;
}
static int refused_load(struct los_space *space, uint64_t va)
{
    uint8_t value;
    cr_assert(!fake_load(space, va, &value, &error));
    return error;
}
static int refused_store(struct los_space *space, uint64_t va)
{
    cr_assert(!fake_store(space, va, 1, &error));
    return error;
}
static uint64_t map(struct los_space *space, uint64_t at, uint64_t pages, uint32_t protection, uint32_t flags)
{
    long result = los_space_map(space, at, pages * LOS_PAGE, protection, flags | (at ? LOS_FIXED : 0), NULL, 0,
                                NULL, NULL);
    cr_assert(result > 0, "map: %ld", result);
    return (uint64_t)result;
}
/* What the exokernel maps is what the record says, and writable only where nobody else has the page. */
static void check_record(struct los_space *space, uint64_t at, uint64_t pages)
{
    for (uint64_t va = at; va < at + pages * LOS_PAGE; va += LOS_PAGE) {
        los_pageno page;
        uint32_t prot;
        if (!fake_mapped(space->handle, va, &page, &prot))
            continue;
        const struct chunk *chunk = chunk_find(space, va);
        unsigned slot = chunk_slot(va);
        cr_assert(chunk && (chunk->present >> slot & 1), "mapped at %lx, not recorded", va);
        cr_assert_eq(chunk->page[slot], page, "another page at %lx", va);
        if (!(prot & EXO_MAP_W))
            continue;
        cr_assert(!chunk_shared(chunk) && (chunk->writable >> slot & 1), "writable at %lx", va);
        cr_assert(!(chunk->own >> slot & 1) || los_page_refs(page) == 1, "a shared page is writable at %lx",
                  va);
    }
}
static uint64_t all_free(void)
{
    los_heap_trim();
    return los_pages_free_count();
}

/* A file of `pages` pages, each filled with its index + 1. */
struct test_object {
    struct los_object object;
    uint64_t pages;
    los_pageno page[64];
    bool released;
};
static int test_page(struct los_object *object, uint64_t index, bool create, los_pageno *page)
{
    struct test_object *file = LOS_CONTAINER(object, struct test_object, object);
    (void)create;
    *page = LOS_NO_PAGE;
    if (index >= file->pages)
        return -LOS_E_FAULT;
    los_page_ref(file->page[index]);
    *page = file->page[index];
    return 0;
}
static void test_release(struct los_object *object)
{
    struct test_object *file = LOS_CONTAINER(object, struct test_object, object);
    for (uint64_t i = 0; i < file->pages; i++)
        los_page_unref(file->page[i]);
    file->released = true;
}
static const struct los_object_ops test_ops = {.page = test_page, .release = test_release};
static void file_make(struct test_object *file, uint64_t pages)
{
    *file = (struct test_object){.object = {.ops = &test_ops, .refs = 1}, .pages = pages};
    for (uint64_t i = 0; i < pages; i++) {
        file->page[i] = los_page_alloc();
        memset(los_page_address(file->page[i]), (int)i + 1, LOS_PAGE);
    }
}
static struct los_file a_file = {.refs = 1000}; /* never used up */
static struct los_file *const some_file = &a_file;

Test(memory_space, fresh_memory_is_zero_and_comes_back)
{
    fake_start(4000);
    uint64_t before = all_free();
    struct los_space *space = los_space_create();
    map(space, AT, 100, RW, 0);
    for (unsigned i = 0; i < 100; i++) {
        cr_assert_eq(load(space, AT + i * LOS_PAGE + 5), 0);
        store(space, AT + i * LOS_PAGE + 5, (uint8_t)i);
    }
    cr_assert_eq(space->resident_pages, 100);
    for (unsigned i = 0; i < 100; i++)
        cr_assert_eq(load(space, AT + i * LOS_PAGE + 5), i);
    cr_assert_eq(refused_load(space, AT - 1), -LOS_E_FAULT);
    cr_assert_eq(refused_load(space, AT + 100 * LOS_PAGE), -LOS_E_FAULT);
    cr_assert_eq(refused_load(space, LOS_USER_END), -LOS_E_FAULT);
    los_space_unref(space);
    cr_assert_eq(all_free(), before);
    cr_assert_eq(fake_spaces(), 0);
}

Test(memory_space, protection)
{
    fake_start(4000);
    struct los_space *space = los_space_create();
    map(space, AT, 10, RW, 0);
    store(space, AT + 5 * LOS_PAGE, 7);
    cr_assert_eq(los_space_protect(space, AT + 4 * LOS_PAGE, 2 * LOS_PAGE, LOS_READ), 0);
    cr_assert_eq(space->region_count, 3);
    cr_assert_eq(refused_store(space, AT + 5 * LOS_PAGE), -LOS_E_ACCES);
    cr_assert_eq(load(space, AT + 5 * LOS_PAGE), 7);
    cr_assert_eq(los_space_fault(space, AT, LOS_EXECUTE), -LOS_E_ACCES);
    cr_assert_eq(los_space_protect(space, AT + 4 * LOS_PAGE, 2 * LOS_PAGE, 0), 0);
    cr_assert_eq(refused_load(space, AT + 5 * LOS_PAGE), -LOS_E_ACCES);
    cr_assert_eq(los_space_protect(space, AT + 4 * LOS_PAGE, 2 * LOS_PAGE, RW), 0);
    cr_assert_eq(space->region_count, 1);
    cr_assert_eq(load(space, AT + 5 * LOS_PAGE), 7);
    store(space, AT + 5 * LOS_PAGE, 8);
    cr_assert_eq(los_space_protect(space, AT, 11 * LOS_PAGE, LOS_READ), -LOS_E_NOMEM);
    cr_assert_eq(los_space_protect(space, AT + 1, LOS_PAGE, LOS_READ), -LOS_E_INVAL);
}

static bool writable_now(struct los_space *space, uint64_t va)
{
    los_pageno page;
    uint32_t prot = 0;
    return fake_mapped(space->handle, va, &page, &prot) && (prot & EXO_MAP_W);
}

/* A few pages become writable by the call itself, in one exo call and without a fault each; what a fault would have to make or copy is
 * left to it. */
Test(memory_space, protection_and_back)
{
    fake_start(4000);
    struct los_space *space = los_space_create();
    uint64_t at = AT + 60 * LOS_PAGE; /* in two chunks */
    map(space, AT, 100, RW, 0);
    for (unsigned i = 0; i < 10; i++)
        store(space, at + i * LOS_PAGE, (uint8_t)i);
    cr_assert_eq(los_space_discard(space, at + 3 * LOS_PAGE, LOS_PAGE), 0);
    const uint32_t between[] = {LOS_READ, 0, LOS_READ | LOS_EXECUTE};
    for (unsigned n = 0; n < LOS_COUNT(between); n++) {
        cr_assert_eq(los_space_protect(space, at, 8 * LOS_PAGE, between[n]), 0);
        cr_assert_eq(refused_store(space, at), -LOS_E_ACCES);
        cr_assert_eq(refused_store(space, at + 7 * LOS_PAGE), -LOS_E_ACCES);
        cr_assert(writable_now(space, at + 8 * LOS_PAGE));
        uint64_t resident = space->resident_pages;
        cr_assert_eq(los_space_protect(space, at, 8 * LOS_PAGE, between[n] == 0 ? RW : between[n] | LOS_WRITE),
                     0);
        for (unsigned i = 0; i < 10; i++)
            cr_assert_eq(writable_now(space, at + i * LOS_PAGE), i != 3, "page %u after %u", i, between[n]);
        cr_assert_eq(space->resident_pages, resident);
        check_record(space, AT, 100);
        cr_assert_eq(los_space_protect(space, at, 8 * LOS_PAGE, RW), 0);
    }
    for (unsigned i = 0; i < 10; i++)
        cr_assert_eq(load(space, at + i * LOS_PAGE), i == 3 ? 0 : i);
    uint64_t calls = fake_calls(EXO_CALL_SPACE_MAP) + fake_calls(EXO_CALL_SPACE_PROTECT);
    cr_assert_eq(los_space_protect(space, at + LOS_PAGE, LOS_PAGE, LOS_READ), 0);
    cr_assert_eq(los_space_protect(space, at + LOS_PAGE, LOS_PAGE, RW), 0);
    store(space, at + LOS_PAGE, 1);
    cr_assert_eq(fake_calls(EXO_CALL_SPACE_MAP) + fake_calls(EXO_CALL_SPACE_PROTECT) - calls, 2);
    cr_assert_eq(space->region_count, 1);

    /* More pages than a fault would do: they wait for faults. */
    cr_assert_eq(los_space_protect(space, AT, 100 * LOS_PAGE, LOS_READ), 0);
    cr_assert_eq(los_space_protect(space, AT, 100 * LOS_PAGE, RW), 0);
    cr_assert(!writable_now(space, at));
    store(space, at, 2);

    /* No room in the exokernel: the call is good all the same, and faults try again. */
    cr_assert_eq(los_space_protect(space, at, LOS_PAGE, 0), 0);
    fake_map_budget = 0;
    cr_assert_eq(los_space_protect(space, at, LOS_PAGE, RW), 0);
    cr_assert_eq(refused_store(space, at), -LOS_E_NOMEM);
    fake_map_budget = UINT64_MAX;
    check_record(space, AT, 100);
    store(space, at, 3);
    los_space_unref(space);
}

/* What a fork or an object has, too, is copied by the write and not made writable before. */
Test(memory_space, protection_and_back_of_what_is_shared)
{
    fake_start(4000);
    struct test_object file;
    file_make(&file, 4);
    struct los_space *parent = los_space_create();
    map(parent, AT, 4, RW, 0);
    cr_assert_gt(
        los_space_map(parent, AT + 4 * LOS_PAGE, 4 * LOS_PAGE, RW, LOS_FIXED, &file.object, 0, some_file, NULL),
        0);
    for (unsigned i = 0; i < 4; i++)
        store(parent, AT + i * LOS_PAGE, (uint8_t)i);
    cr_assert_eq(load(parent, AT + 4 * LOS_PAGE), 1);
    cr_assert_eq(los_space_protect(parent, AT, 4 * LOS_PAGE, LOS_READ), 0);
    struct los_space *child = los_space_fork(parent);
    for (int parted = 0; parted < 2; parted++) {
        cr_assert(chunk_shared(chunk_find(child, AT)) == !parted);
        cr_assert_eq(los_space_protect(child, AT, 4 * LOS_PAGE, LOS_READ), 0);
        cr_assert_eq(los_space_protect(child, AT, 8 * LOS_PAGE, RW), 0);
        for (unsigned i = 0; i < 8; i++)
            cr_assert(!writable_now(child, AT + i * LOS_PAGE) && !writable_now(parent, AT + i * LOS_PAGE));
        check_record(child, AT, 8);
        check_record(parent, AT, 8);
        cr_assert_eq(los_space_protect(child, AT, 8 * LOS_PAGE, 0), 0); /* the part is the child's own then */
    }
    cr_assert_eq(los_space_protect(child, AT, 8 * LOS_PAGE, RW), 0);
    store(child, AT, 9);
    store(child, AT + 4 * LOS_PAGE, 9);
    cr_assert_eq(load(parent, AT), 0);
    cr_assert_eq(load(parent, AT + 4 * LOS_PAGE), 1);
    cr_assert_eq(*(uint8_t *)los_page_address(file.page[0]), 1);
    check_record(child, AT, 8);
    los_space_unref(child);
    los_space_unref(parent);
}

Test(memory_space, placement)
{
    fake_start(4000);
    struct los_space *space = los_space_create();
    uint64_t a = map(space, 0, 3, RW, 0), b = map(space, 0, 2, LOS_READ, 0);
    cr_assert_eq(a + 3 * LOS_PAGE, space->map_top);
    cr_assert_eq(b + 2 * LOS_PAGE, a);
    cr_assert_eq(los_space_unmap(space, a, 3 * LOS_PAGE), 0);
    cr_assert_eq(map(space, 0, 1, RW, 0), a + 2 * LOS_PAGE);
    cr_assert_eq(map(space, 0, 3, RW, 0), b - 3 * LOS_PAGE);
    cr_assert_eq(los_space_map(space, b - 8 * LOS_PAGE, LOS_PAGE, RW, 0, NULL, 0, NULL, NULL),
                 b - 8 * LOS_PAGE);
    uint64_t low = map(space, 0, 4, RW, LOS_LOW);
    cr_assert_eq(low, 0x80000000ul - 4 * LOS_PAGE);
    cr_assert_eq(los_space_map(space, low, LOS_PAGE, RW, LOS_FIXED | LOS_NOREPLACE, NULL, 0, NULL, NULL),
                 -LOS_E_EXIST);
    cr_assert_eq(los_space_map(space, low + 1, LOS_PAGE, RW, LOS_FIXED, NULL, 0, NULL, NULL), -LOS_E_INVAL);
    cr_assert_eq(los_space_map(space, 0, 0, RW, 0, NULL, 0, NULL, NULL), -LOS_E_INVAL);
    cr_assert_eq(
        los_space_map(space, LOS_USER_END - LOS_PAGE, 2 * LOS_PAGE, RW, LOS_FIXED, NULL, 0, NULL, NULL),
        -LOS_E_NOMEM);
    cr_assert_eq(los_space_map(space, 0, UINT64_MAX, RW, 0, NULL, 0, NULL, NULL), -LOS_E_NOMEM);
    cr_assert_eq(los_space_map(space, 0, 5000 * LOS_PAGE, RW, 0, NULL, 0, NULL, NULL), -LOS_E_NOMEM,
                 "overcommit");
    cr_assert(los_space_map(space, 0, 5000 * LOS_PAGE, 0, 0, NULL, 0, NULL, NULL) > 0, "a reservation");
    space->address_limit = (space->virtual_pages + 1) * LOS_PAGE;
    cr_assert_eq(los_space_map(space, 0, 2 * LOS_PAGE, RW, 0, NULL, 0, NULL, NULL), -LOS_E_NOMEM);
    cr_assert(los_space_map(space, 0, LOS_PAGE, RW, 0, NULL, 0, NULL, NULL) > 0);
}

Test(memory_space, unmap_in_the_middle)
{
    fake_start(4000);
    struct los_space *space = los_space_create();
    map(space, AT, 10, RW, 0);
    for (unsigned i = 0; i < 10; i++)
        store(space, AT + i * LOS_PAGE, 9);
    uint64_t before = los_pages_free_count();
    cr_assert_eq(los_space_unmap(space, AT + 3 * LOS_PAGE, 4 * LOS_PAGE), 0);
    cr_assert_eq(los_pages_free_count(), before + 4);
    cr_assert_eq(space->region_count, 2);
    cr_assert_eq(space->virtual_pages, 6);
    cr_assert_eq(refused_load(space, AT + 3 * LOS_PAGE), -LOS_E_FAULT);
    cr_assert_eq(load(space, AT + 2 * LOS_PAGE), 9);
    cr_assert_eq(load(space, AT + 7 * LOS_PAGE), 9);
    map(space, AT + 3 * LOS_PAGE, 4, RW, 0);
    cr_assert_eq(space->region_count, 1);
    cr_assert_eq(load(space, AT + 4 * LOS_PAGE), 0);
    cr_assert_eq(los_space_unmap(space, AT, 0), -LOS_E_INVAL);
    cr_assert_eq(los_space_unmap(space, AT + 7, LOS_PAGE), -LOS_E_INVAL);
    cr_assert_eq(los_space_unmap(space, AT - 100 * LOS_PAGE, 50 * LOS_PAGE), 0);
}

Test(memory_space, fork_copies_on_write)
{
    fake_start(4000);
    uint64_t before = all_free();
    struct los_space *parent = los_space_create();
    map(parent, AT, 40, RW, 0);
    for (unsigned i = 0; i < 40; i++)
        store(parent, AT + i * LOS_PAGE, (uint8_t)i);
    uint64_t maps = fake_calls(EXO_CALL_SPACE_MAP), free = los_pages_free_count();
    struct los_space *child = los_space_fork(parent);
    cr_assert_eq(fake_calls(EXO_CALL_SPACE_MAP), maps);
    cr_assert_eq(fake_calls(EXO_CALL_SPACE_SHARE), 1);
    cr_assert_eq(fake_calls(EXO_CALL_SPACE_PROTECT), 0);
    cr_assert(free - los_pages_free_count() < 8, "a fork copies no page of the program");
    for (unsigned i = 0; i < 40; i += 2) {
        store(child, AT + i * LOS_PAGE, 100);
        store(parent, AT + (i + 1) * LOS_PAGE, 200);
    }
    for (unsigned i = 0; i < 40; i++) {
        cr_assert_eq(load(parent, AT + i * LOS_PAGE), i % 2 ? 200 : i);
        cr_assert_eq(load(child, AT + i * LOS_PAGE), i % 2 ? i : 100);
    }
    uint64_t unmaps = fake_calls(EXO_CALL_SPACE_UNMAP);
    los_space_unref(child);
    cr_assert_eq(fake_calls(EXO_CALL_SPACE_UNMAP), unmaps, "an exit unmaps nothing page by page");
    for (unsigned i = 0; i < 40; i++)
        store(parent, AT + i * LOS_PAGE, 1);
    cr_assert_eq(parent->resident_pages, 40);
    los_space_unref(parent);
    cr_assert_eq(all_free(), before);
}

Test(memory_space, pages_left_alone_become_writable_together)
{
    fake_start(4000);
    struct los_space *parent = los_space_create();
    map(parent, AT, 16, RW, 0);
    for (unsigned i = 0; i < 16; i++)
        store(parent, AT + i * LOS_PAGE, 1);
    struct los_space *child = los_space_fork(parent);
    store(child, AT, 7); /* or the parent would just take all of it back */
    los_space_unref(child);
    uint64_t maps = fake_calls(EXO_CALL_SPACE_MAP);
    for (unsigned i = 0; i < 16; i++)
        store(parent, AT + i * LOS_PAGE, 2);
    cr_assert_eq(fake_calls(EXO_CALL_SPACE_MAP), maps + 1);
}

Test(memory_space, shared_memory_is_shared_over_fork)
{
    fake_start(4000);
    uint64_t before = all_free();
    struct los_space *parent = los_space_create();
    uint64_t at = map(parent, 0, 5, RW, LOS_SHARED);
    store(parent, at, 1);
    struct los_space *child = los_space_fork(parent);
    store(child, at + 2 * LOS_PAGE, 3);
    cr_assert_eq(load(child, at), 1);
    cr_assert_eq(load(parent, at + 2 * LOS_PAGE), 3);
    store(parent, at + 2 * LOS_PAGE, 4);
    cr_assert_eq(load(child, at + 2 * LOS_PAGE), 4);
    los_space_unref(parent);
    cr_assert_eq(load(child, at + 2 * LOS_PAGE), 4);
    los_space_unref(child);
    cr_assert_eq(all_free(), before);
}

Test(memory_space, a_fork_out_of_memory_changes_nothing)
{
    fake_start(4000);
    struct los_space *parent = los_space_create();
    map(parent, AT, 40, RW, 0);
    for (unsigned i = 0; i < 40; i++)
        store(parent, AT + i * LOS_PAGE, (uint8_t)i);
    map(parent, AT + 10 * PART, 1, RW, 0);
    store(parent, AT + 10 * PART, 9);
    map(parent, AT + 100 * PART, 1, RW, 0);
    store(parent, AT + 100 * PART, 9);
    for (uint64_t budget = 0; budget < 3; budget++) {
        uint64_t before = all_free();
        fake_map_budget = budget;
        cr_assert_null(los_space_fork(parent));
        fake_map_budget = UINT64_MAX;
        cr_assert_eq(all_free(), before);
        cr_assert_eq(fake_spaces(), 1);
        check_record(parent, AT, 40);
        for (unsigned i = 0; i < 40; i++) {
            cr_assert_eq(load(parent, AT + i * LOS_PAGE), i);
            store(parent, AT + i * LOS_PAGE, (uint8_t)i);
        }
    }
}

Test(memory_space, a_fork_that_nobody_writes_after_costs_one_call_to_take_back)
{
    fake_start(4000);
    struct los_space *parent = los_space_create();
    map(parent, AT, 512, RW, 0);
    for (unsigned i = 0; i < 512; i++)
        store(parent, AT + i * LOS_PAGE, (uint8_t)i);
    uint64_t free = all_free(), maps = fake_calls(EXO_CALL_SPACE_MAP);
    struct los_space *child = los_space_fork(parent), *grandchild = los_space_fork(child);
    cr_assert_eq(child->resident_pages, 512);
    cr_assert_eq(load(grandchild, AT + 300 * LOS_PAGE), (uint8_t)300);
    cr_assert_eq(fake_calls(EXO_CALL_SPACE_MAP), maps);
    los_space_unref(child);
    check_record(grandchild, AT, 512);
    los_space_unref(grandchild);
    cr_assert_eq(all_free(), free);
    for (unsigned i = 0; i < 512; i++)
        store(parent, AT + i * LOS_PAGE, 1);
    cr_assert_eq(fake_calls(EXO_CALL_SPACE_MAP), maps + 1);
    check_record(parent, AT, 512);
}

/* Each change to a part that is shared, by either side, leaves the other as it was. */
Test(memory_space, every_change_parts_from_what_is_shared)
{
    static const uint64_t left[] = {10, 0, 600, 600, 600, 600};
    for (int change = 0; change < 7; change++)
        for (int by_child = 0; by_child < 2; by_child++) {
            if (!change && !by_child)
                fake_start(6000);
            uint64_t before = all_free();
            struct los_space *parent = los_space_create();
            uint64_t at = AT + 500 * LOS_PAGE; /* in three parts */
            map(parent, at, 600, RW, 0);
            for (unsigned i = 0; i < 600; i++)
                store(parent, at + i * LOS_PAGE, (uint8_t)i);
            struct los_space *child = los_space_fork(parent);
            struct los_space *space = by_child ? child : parent, *other = by_child ? parent : child;
            switch (change) {
            case 0: cr_assert_eq(los_space_unmap(space, at + 4 * LOS_PAGE, 590 * LOS_PAGE), 0); break;
            case 1: cr_assert_eq(los_space_discard(space, at, 600 * LOS_PAGE), 0); break;
            case 2: cr_assert_eq(los_space_protect(space, at, 600 * LOS_PAGE, LOS_READ), 0); break;
            case 3: cr_assert_eq(los_space_protect(space, at, 600 * LOS_PAGE, 0), 0); break;
            case 4:
                cr_assert_eq(
                    los_space_remap(space, at, 600 * LOS_PAGE, 600 * LOS_PAGE, true, true, AT + 9 * PART),
                    AT + 9 * PART);
                cr_assert_eq(load(space, AT + 9 * PART + 77 * LOS_PAGE), 77);
                check_record(space, AT + 9 * PART, 600);
                break;
            case 5: cr_assert_eq(los_space_write(space, at + 20 * LOS_PAGE, "x", 1, false), 1); break;
            default: los_space_unref(space); space = NULL;
            }
            if (space) {
                check_record(space, AT, 1536);
                cr_assert_eq(space->resident_pages, left[change]);
            }
            check_record(other, AT, 1536);
            cr_assert_eq(other->resident_pages, 600);
            for (unsigned i = 0; i < 600; i++) {
                cr_assert_eq(load(other, at + i * LOS_PAGE), (uint8_t)i);
                store(other, at + i * LOS_PAGE, 1);
            }
            if (change == 3)
                cr_assert_eq(los_space_protect(space, at, 600 * LOS_PAGE, LOS_READ), 0);
            for (unsigned i = 0; i < 600 && change >= 2 && change < 5; i++)
                cr_assert_eq(load(space, (change == 4 ? AT + 9 * PART : at) + i * LOS_PAGE), (uint8_t)i);
            los_space_unref(other);
            if (space)
                los_space_unref(space);
            cr_assert_eq(all_free(), before);
        }
}

/* No frame for the exokernel's copy of a table: an error, and nothing has happened. */
Test(memory_space, parting_without_a_frame)
{
    fake_start(6000);
    struct los_space *parent = los_space_create();
    map(parent, AT, 600, RW, 0);
    for (unsigned i = 0; i < 600; i++)
        store(parent, AT + i * LOS_PAGE, (uint8_t)i);
    struct los_space *child = los_space_fork(parent);
    uint64_t before = all_free();
    fake_table_budget = 0;
    cr_assert_eq(refused_store(child, AT + LOS_PAGE), -LOS_E_NOMEM);
    cr_assert_eq(load(child, AT + LOS_PAGE), 1);
    cr_assert_eq(los_space_protect(child, AT + LOS_PAGE, LOS_PAGE, LOS_READ), -LOS_E_NOMEM);
    cr_assert_eq(los_space_unmap(child, AT + 520 * LOS_PAGE, LOS_PAGE), -LOS_E_NOMEM);
    cr_assert_eq(los_space_remap(child, AT, 600 * LOS_PAGE, 600 * LOS_PAGE, true, true, AT + 9 * PART),
                 -LOS_E_NOMEM);
    cr_assert(all_free() + 2 >= before, "but for regions split");
    cr_assert_eq(child->resident_pages, 600);
    check_record(child, AT, 600);
    check_record(parent, AT, 600);
    fake_table_budget = UINT64_MAX;
    for (unsigned i = 0; i < 600; i++) {
        cr_assert_eq(load(parent, AT + i * LOS_PAGE), (uint8_t)i);
        store(parent, AT + i * LOS_PAGE, 5);
        cr_assert_eq(load(child, AT + i * LOS_PAGE), (uint8_t)i);
    }
    check_record(parent, AT, 600);
    check_record(child, AT, 600);
}

/* Without memory for a copy of the record, a change is refused and nothing has happened. */
Test(memory_space, parting_without_memory)
{
    fake_start(4000);
    struct los_space *parent = los_space_create();
    map(parent, AT, 600, RW, 0);
    for (unsigned i = 0; i < 600; i++)
        store(parent, AT + i * LOS_PAGE, (uint8_t)i);
    struct los_space *child = los_space_fork(parent);
    los_heap_trim();
    static void *all[4096], *small[20000];
    unsigned n = 0, small_count = 0;
    while ((all[n] = los_alloc(4096)))
        n++;
    while ((small[small_count] = los_alloc(320)) || (small[small_count] = los_alloc(96)))
        small_count++;
    cr_assert_eq(los_space_unmap(child, AT + 3 * LOS_PAGE, LOS_PAGE), -LOS_E_NOMEM);
    cr_assert_eq(los_space_discard(child, AT + 3 * LOS_PAGE, LOS_PAGE), -LOS_E_NOMEM);
    cr_assert_eq(los_space_protect(child, AT, 600 * LOS_PAGE, LOS_READ), -LOS_E_NOMEM);
    cr_assert_eq(refused_store(child, AT), -LOS_E_NOMEM);
    cr_assert(!los_space_write(child, AT, "x", 1, false));
    check_record(child, AT, 600);
    check_record(parent, AT, 600);
    while (n)
        los_free(all[--n]);
    while (small_count)
        los_free(small[--small_count]);
    for (unsigned i = 0; i < 600; i++) {
        cr_assert_eq(load(parent, AT + i * LOS_PAGE), (uint8_t)i);
        cr_assert_eq(load(child, AT + i * LOS_PAGE), (uint8_t)i);
        store(child, AT + i * LOS_PAGE, 5);
    }
    cr_assert_eq(load(parent, AT + 599 * LOS_PAGE), (uint8_t)599);
}

Test(memory_space, files)
{
    fake_start(4000);
    uint64_t before = all_free();
    static struct test_object file;
    file_make(&file, 20);
    struct los_space *space = los_space_create();
    cr_assert_eq(los_space_map(space, AT, 22 * LOS_PAGE, RW, LOS_FIXED, &file.object, 2, some_file, NULL),
                 (long)AT);
    los_object_unref(&file.object);
    uint64_t maps = fake_calls(EXO_CALL_SPACE_MAP);
    for (unsigned i = 0; i < 16; i++)
        cr_assert_eq(load(space, AT + i * LOS_PAGE), i + 3);
    cr_assert_eq(fake_calls(EXO_CALL_SPACE_MAP), maps + 1, "one fault maps what is around it");
    store(space, AT, 99);
    cr_assert_eq(load(space, AT), 99);
    cr_assert_eq(*(uint8_t *)los_page_address(file.page[2]), 3, "a private change stays private");
    cr_assert_eq(refused_load(space, AT + 18 * LOS_PAGE), -LOS_E_IO);
    cr_assert_eq(refused_store(space, AT + 18 * LOS_PAGE), -LOS_E_IO);
    cr_assert_eq(los_space_discard(space, AT, LOS_PAGE), 0);
    cr_assert_eq(load(space, AT), 3, "a discarded page shows the file again");
    cr_assert_eq(space->shared_pages, space->resident_pages);

    for (uint64_t i = 10; i < 20; i++)
        los_page_unref(file.page[i]);
    file.pages = 10;
    los_object_truncated(&file.object, 10);
    cr_assert_eq(load(space, AT + 7 * LOS_PAGE), 10);
    cr_assert_eq(refused_load(space, AT + 8 * LOS_PAGE), -LOS_E_IO);
    los_space_unref(space);
    cr_assert(file.released);
    cr_assert_eq(all_free(), before);
}

Test(memory_space, shared_file_mapping_writes_the_file)
{
    fake_start(4000);
    static struct test_object file;
    file_make(&file, 4);
    struct los_space *space = los_space_create();
    los_space_map(space, AT, 4 * LOS_PAGE, RW, LOS_FIXED | LOS_SHARED, &file.object, 0, NULL, NULL);
    store(space, AT + LOS_PAGE, 77);
    cr_assert_eq(*(uint8_t *)los_page_address(file.page[1]), 77);
}

Test(memory_space, stacks_grow)
{
    fake_start(4000);
    struct los_space *space = los_space_create();
    uint64_t top = AT + 0x1000000;
    map(space, top - 2 * LOS_PAGE, 2, RW, LOS_GROWS_DOWN | LOS_STACK);
    store(space, top - 100 * LOS_PAGE, 1);
    cr_assert_eq(space->virtual_pages, 100);
    cr_assert_eq(space->region_count, 1);
    space->stack_limit = 200 * LOS_PAGE;
    store(space, top - 200 * LOS_PAGE, 1);
    cr_assert_eq(refused_store(space, top - 201 * LOS_PAGE), -LOS_E_FAULT);
    space->stack_limit = 8 << 20;
    map(space, top - 600 * LOS_PAGE, 1, RW, 0);
    cr_assert_eq(refused_store(space, top - 400 * LOS_PAGE), -LOS_E_FAULT, "the guard gap");
}

Test(memory_space, the_break)
{
    fake_start(4000);
    struct los_space *space = los_space_create();
    space->heap_start = space->heap_end = AT;
    cr_assert_eq(los_space_set_break(space, 0), AT);
    cr_assert_eq(los_space_set_break(space, AT + 10000), AT + 10000);
    store(space, AT + 9999, 5);
    cr_assert_eq(los_space_set_break(space, AT + 100000), AT + 100000);
    cr_assert_eq(space->region_count, 1);
    cr_assert_eq(load(space, AT + 9999), 5);
    cr_assert_eq(los_space_set_break(space, AT + 4096), AT + 4096);
    cr_assert_eq(refused_load(space, AT + 9999), -LOS_E_FAULT);
    cr_assert_eq(los_space_set_break(space, AT + 10000), AT + 10000);
    cr_assert_eq(load(space, AT + 9999), 0);
    cr_assert_eq(los_space_set_break(space, AT + (1ul << 40)), AT + 10000);
    map(space, AT + 0x10000, 1, RW, 0);
    cr_assert_eq(los_space_set_break(space, AT + 0x10001), AT + 10000);
    cr_assert_eq(los_space_set_break(space, AT), AT);
    cr_assert_eq(space->virtual_pages, 1);
}

Test(memory_space, remap)
{
    fake_start(4000);
    struct los_space *space = los_space_create();
    map(space, AT, 100, RW, 0);
    for (unsigned i = 0; i < 100; i++)
        store(space, AT + i * LOS_PAGE, (uint8_t)i);
    uint64_t free = los_pages_free_count();
    cr_assert_eq(los_space_remap(space, AT, 100 * LOS_PAGE, 120 * LOS_PAGE, false, false, 0), AT);
    map(space, AT + 120 * LOS_PAGE, 1, LOS_READ, 0);
    cr_assert_eq(los_space_remap(space, AT, 120 * LOS_PAGE, 130 * LOS_PAGE, false, false, 0), -LOS_E_NOMEM);
    uint64_t to = (uint64_t)los_space_remap(space, AT, 120 * LOS_PAGE, 130 * LOS_PAGE, true, false, 0);
    cr_assert_neq(to, AT);
    cr_assert(los_pages_free_count() >= free - 2, "pages move, they are not copied");
    for (unsigned i = 0; i < 100; i++)
        cr_assert_eq(load(space, to + i * LOS_PAGE), i);
    cr_assert_eq(load(space, to + 129 * LOS_PAGE), 0);
    cr_assert_eq(refused_load(space, AT), -LOS_E_FAULT);
    uint64_t there = AT + 0x2000000;
    map(space, there + 5 * LOS_PAGE, 1, RW, 0);
    cr_assert_eq(los_space_remap(space, to + 10 * LOS_PAGE, 20 * LOS_PAGE, 10 * LOS_PAGE, true, true, there),
                 there);
    for (unsigned i = 0; i < 10; i++)
        cr_assert_eq(load(space, there + i * LOS_PAGE), 10 + i);
    cr_assert_eq(refused_load(space, to + 25 * LOS_PAGE), -LOS_E_FAULT);
    cr_assert_eq(load(space, to + 30 * LOS_PAGE), 30);
    cr_assert_eq(los_space_remap(space, there, 10 * LOS_PAGE, 2 * LOS_PAGE, true, false, 0), there);
    cr_assert_eq(refused_load(space, there + 2 * LOS_PAGE), -LOS_E_FAULT);
    cr_assert_eq(los_space_remap(space, there, 3 * LOS_PAGE, 4 * LOS_PAGE, true, false, 0), -LOS_E_FAULT);
    cr_assert_eq(los_space_remap(space, there, LOS_PAGE, LOS_PAGE, true, true, there), -LOS_E_INVAL);
}

/* The pages of one chunk go to the chunk that the previous ones have just left. */
Test(memory_space, remap_through_many_chunks)
{
    fake_start(4000);
    struct los_space *space = los_space_create();
    map(space, AT, 300, RW, 0);
    for (unsigned i = 0; i < 300; i++)
        store(space, AT + i * LOS_PAGE, (uint8_t)i);
    for (unsigned round = 1; round < 70; round += 23) {
        uint64_t from = AT + (round % 2 ? 0 : 300 * LOS_PAGE), to = AT + (round % 2 ? 300 : 0) * LOS_PAGE;
        cr_assert_eq(los_space_remap(space, from, 300 * LOS_PAGE, 300 * LOS_PAGE, true, true, to), to);
        for (unsigned i = 0; i < 300; i++)
            cr_assert_eq(load(space, to + i * LOS_PAGE), (uint8_t)i);
    }
}

/* Out of page tables half-way: all is where it was, in the space and in the one that shares its parts. */
Test(memory_space, remap_without_page_tables)
{
    fake_start(6000);
    struct los_space *parent = los_space_create();
    map(parent, AT, 700, RW, 0);
    map(parent, AT + 9 * PART - LOS_PAGE, 1, RW, 0);
    store(parent, AT + 9 * PART - LOS_PAGE, 5);
    for (unsigned i = 0; i < 700; i++)
        if (i < 130 || i > 400)
            store(parent, AT + i * LOS_PAGE, (uint8_t)i);
    struct los_space *child = los_space_fork(parent);
    uint64_t to = AT + 9 * PART + 3 * LOS_PAGE, resident = child->resident_pages;
    for (uint64_t budget = 0; budget < 350; budget += 57) {
        fake_map_budget = budget;
        cr_assert_eq(los_space_remap(child, AT + LOS_PAGE, 650 * LOS_PAGE, 650 * LOS_PAGE, true, true, to),
                     -LOS_E_NOMEM, "with room for %lu", budget);
        fake_map_budget = UINT64_MAX;
        cr_assert_eq(child->region_count, 2);
        cr_assert_eq(child->resident_pages, resident);
        cr_assert(!pages_any(child, to, to + 700 * LOS_PAGE));
        check_record(child, AT, 10 * 512);
        check_record(parent, AT, 10 * 512);
        cr_assert_eq(load(child, AT + 500 * LOS_PAGE), (uint8_t)500);
        cr_assert_eq(refused_load(child, to), -LOS_E_FAULT);
    }
    cr_assert_eq(los_space_remap(child, AT + LOS_PAGE, 650 * LOS_PAGE, 650 * LOS_PAGE, true, true, to), to);
    check_record(child, AT, 12 * 512);
    check_record(parent, AT, 12 * 512);
    cr_assert_eq(child->resident_pages, resident);
    for (unsigned i = 1; i < 651; i++) {
        uint8_t held = i < 130 || i > 400 ? (uint8_t)i : 0;
        cr_assert_eq(load(child, to + (i - 1) * LOS_PAGE), held);
        store(child, to + (i - 1) * LOS_PAGE, 3);
        cr_assert_eq(load(parent, AT + i * LOS_PAGE), held);
    }
    cr_assert_eq(load(child, AT), 0);
    cr_assert_eq(load(child, AT + 651 * LOS_PAGE), (uint8_t)651);
    cr_assert_eq(refused_load(child, AT + LOS_PAGE), -LOS_E_FAULT);
    los_space_unref(child);
    los_space_unref(parent);
}

/* Pages here and there in parts with empty chunks, and parts with none: ranges find those in them, and no others. */
Test(memory_space, ranges_of_sparse_pages)
{
    fake_start(4000);
    static const unsigned pages[] = {0,    63,   64,   200,  448,  511,  512,  575,  960,
                                     1023, 2048, 2110, 2560, 3071, 3072, 4095, 4100, 5119};
    bool there[LOS_COUNT(pages)];
    struct los_space *space = los_space_create();
    map(space, AT, 5120, RW, LOS_NO_RESERVE);
    srand(11);
    for (unsigned round = 0; round < 400; round++) {
        for (unsigned i = 0; i < LOS_COUNT(pages); i++) {
            store(space, AT + pages[i] * LOS_PAGE, (uint8_t)(i + 1));
            there[i] = true;
        }
        for (unsigned n = 0; n < 4; n++) {
            unsigned first = (unsigned)rand() % 5120, count = 1 + (unsigned)rand() % (rand() % 2 ? 700 : 100);
            count = first + count > 5120 ? 5120 - first : count;
            bool any = false;
            for (unsigned i = 0; i < LOS_COUNT(pages); i++)
                if (pages[i] >= first && pages[i] < first + count) {
                    any |= there[i];
                    there[i] = false;
                }
            uint64_t at = AT + first * LOS_PAGE, bytes = count * LOS_PAGE;
            cr_assert_eq(pages_any(space, at, at + bytes), any, "from %u, %u pages", first, count);
            cr_assert_eq(los_space_discard(space, at, bytes), 0);
        }
        for (unsigned i = 0; i < LOS_COUNT(pages); i++)
            cr_assert_eq(load(space, AT + pages[i] * LOS_PAGE), there[i] ? i + 1 : 0);
    }
    los_space_unref(space);
}

Test(memory_space, eating_all_memory_is_an_error_and_comes_back)
{
    fake_start(4000);
    uint64_t before = all_free();
    struct los_space *space = los_space_create();
    map(space, AT, 3900, RW, 0);
    map(space, AT + 0x10000000, 3900, RW, 0);
    uint64_t stored = 0;
    for (unsigned i = 0; i < 7800; i++) {
        uint64_t va = (i < 3900 ? AT : AT + 0x10000000) + (i % 3900) * LOS_PAGE;
        if (!fake_store(space, va, 1, &error)) {
            cr_assert_eq(error, -LOS_E_NOMEM);
            break;
        }
        stored++;
    }
    cr_assert(stored > 3700 && stored < 4000);
    los_space_unref(space);
    cr_assert_eq(all_free(), before);
}

Test(memory_space, no_page_tables_is_an_error)
{
    fake_start(4000);
    struct los_space *space = los_space_create();
    map(space, AT, 10, RW, 0);
    store(space, AT, 1);
    cr_assert_eq(los_space_discard(space, AT, LOS_PAGE), 0); /* the array of parts stays */
    uint64_t before = all_free();
    fake_map_budget = 0;
    cr_assert_eq(refused_store(space, AT), -LOS_E_NOMEM);
    fake_map_budget = UINT64_MAX;
    cr_assert_eq(all_free(), before);
    cr_assert_eq(space->resident_pages, 0);
    store(space, AT, 1);
}

Test(memory_space, copies_to_and_from_programs)
{
    fake_start(4000);
    struct los_space *space = los_space_create();
    map(space, AT, 3, RW, 0);
    map(space, AT + 3 * LOS_PAGE, 1, LOS_READ, 0);
    los_space_activate(space);
    char text[9000], back[9000];
    memset(text, 'k', sizeof(text));
    cr_assert_eq(los_copy_out(AT + 100, text, sizeof(text)), 0);
    cr_assert_eq(los_copy_in(back, AT + 100, sizeof(back)), 0);
    cr_assert_eq(memcmp(text, back, sizeof(back)), 0);
    cr_assert_eq(los_copy_out(AT + 2 * LOS_PAGE, text, LOS_PAGE + 1), -LOS_E_FAULT);
    cr_assert_eq(los_copy_in(back, AT + 4 * LOS_PAGE - 1, 2), -LOS_E_FAULT);
    cr_assert_eq(los_copy_in(back, UINT64_MAX - 5, 10), -LOS_E_FAULT);
    cr_assert_eq(los_copy_in(back, LOS_USER_END - 5, 6), -LOS_E_FAULT);
    cr_assert_eq(los_copy_in(back, LOS_START, 1), -LOS_E_FAULT);
    cr_assert_eq(los_copy_out(AT, "hello", 6), 0);
    cr_assert_eq(los_copy_in_string(back, AT, 100), 5);
    cr_assert_eq(los_copy_in_string(back, AT, 5), -LOS_E_NAMETOOLONG);
    cr_assert_eq(los_copy_in_string(back, AT + 8 * LOS_PAGE, 5), -LOS_E_FAULT);
    cr_assert_eq(los_clear_user(AT + 100, 5000), 0);
    cr_assert_eq(load(space, AT + 5099), 0);
    cr_assert_eq(load(space, AT + 5100), 'k');
    struct los_transfer transfer = {.at = AT + 2 * LOS_PAGE, .left = 2 * LOS_PAGE, .user = true};
    cr_assert_eq(los_transfer_out(&transfer, text, 5000), LOS_PAGE, "as much as fits");
    cr_assert_eq(transfer.at, AT + 3 * LOS_PAGE);
    cr_assert_eq(los_transfer_out(&transfer, text, 5000), -LOS_E_FAULT);
    cr_assert_eq(los_transfer_in(&transfer, back, 10), 10);
    struct los_transfer own = {.at = (uint64_t)back, .left = 3};
    cr_assert_eq(los_transfer_out(&own, "abcdef", 6), 3);
    cr_assert_eq(los_transfer_out(&own, "abcdef", 6), 0);
    cr_assert_eq(memcmp(back, "abc", 3), 0);
    los_space_activate(NULL);
}

Test(memory_space, writing_past_protection_needs_force)
{
    fake_start(4000);
    static struct test_object file;
    file_make(&file, 2);
    struct los_space *space = los_space_create();
    los_space_map(space, AT, 2 * LOS_PAGE, LOS_READ, LOS_FIXED, &file.object, 0, some_file, NULL);
    cr_assert_eq(load(space, AT), 1);
    cr_assert_eq(los_space_write(space, AT, "x", 1, false), 0);
    cr_assert_eq(los_space_write(space, AT, "x", 1, true), 1);
    cr_assert_eq(load(space, AT), 'x');
    cr_assert_eq(*(uint8_t *)los_page_address(file.page[0]), 1);
    cr_assert_eq(refused_store(space, AT), -LOS_E_ACCES);
    cr_assert(los_space_present(space, AT) && los_space_present(space, AT + LOS_PAGE));
    cr_assert(!los_space_present(space, AT + 2 * LOS_PAGE));
}

Test(memory_space, patched_text_is_shared_and_never_reaches_the_file)
{
    fake_start(4000);
    uint64_t before = all_free();
    static struct test_object file;
    file_make(&file, 4);
    struct los_space *a = los_space_create(), *b = los_space_create();
    struct los_space *spaces[] = {a, b};
    for (int i = 0; i < 2; i++)
        los_space_map(spaces[i], AT, 4 * LOS_PAGE, LOS_READ | LOS_EXECUTE, LOS_FIXED, &file.object, 0,
                      some_file, NULL);
    los_object_unref(&file.object);
    cr_assert_eq(load(b, AT + 5), 1); /* b has the plain page already */
    cr_assert_eq(los_space_patch(a, AT + 5, "patched", 7), 0);
    cr_assert_eq(load(a, AT + 5), 'p');
    cr_assert_eq(load(b, AT + 5), 1);
    cr_assert_eq(*((uint8_t *)los_page_address(file.page[0]) + 5), 1);
    cr_assert_eq(los_space_patch(b, AT + 5, "patched", 7), 0);
    los_pageno page_a, page_b;
    uint32_t prot;
    cr_assert(fake_mapped(a->handle, AT, &page_a, &prot) && fake_mapped(b->handle, AT, &page_b, &prot));
    cr_assert_eq(page_a, page_b);
    cr_assert_eq(prot, EXO_MAP_R | EXO_MAP_X);
    cr_assert_eq(los_space_patch(b, AT + 16, "word", 4), 0);
    cr_assert_eq(load(a, AT + 16), 'w', "a change within a word is seen by all at once");
    struct los_space *c = los_space_create();
    los_space_map(c, AT, 4 * LOS_PAGE, LOS_READ | LOS_EXECUTE, LOS_FIXED, &file.object, 0, some_file, NULL);
    cr_assert_eq(load(c, AT + 5), 'p', "a later process starts with the patched page");
    struct los_space *d = los_space_create(); /* elsewhere: its own text */
    los_space_map(d, AT + LOS_PAGE, 4 * LOS_PAGE, LOS_READ | LOS_EXECUTE, LOS_FIXED, &file.object, 0, some_file,
                  NULL);
    cr_assert_eq(load(d, AT + LOS_PAGE + 5), 1);
    cr_assert_eq(los_space_patch(d, AT + 2 * LOS_PAGE - 3, "patched", 7), -LOS_E_ACCES, "crosses pages");
    map(d, AT, 1, RW, 0);
    cr_assert_eq(los_space_patch(d, AT, "patched", 7), -LOS_E_ACCES, "no text");
    los_object_changed(&file.object, 0, 1);
    struct los_space *e = los_space_create();
    los_space_map(e, AT, LOS_PAGE, LOS_READ | LOS_EXECUTE, LOS_FIXED, &file.object, 0, some_file, NULL);
    cr_assert_eq(load(e, AT + 5), 1);
    cr_assert_eq(los_space_patch(e, AT + 5, "patched", 7), 0);
    struct los_space *all[] = {a, b, c, d, e};
    for (int i = 0; i < 5; i++)
        los_space_unref(all[i]);
    cr_assert(file.released);
    cr_assert_eq(all_free(), before);
}

/* Random changes of two spaces, one forked from the other now and then, checked against plain arrays. */
#define WALK_PAGES 160u
#define WALK_AT    (AT + PART - 80 * LOS_PAGE) /* in two parts */
struct model {
    struct los_space *space;
    uint8_t value[WALK_PAGES], protection[WALK_PAGES]; /* protection 0xff: nothing there */
};

static void walk_check(struct model *model)
{
    check_record(model->space, WALK_AT, WALK_PAGES);
    for (unsigned i = 0; i < WALK_PAGES; i++) {
        uint64_t va = WALK_AT + i * LOS_PAGE;
        uint8_t value = 0;
        bool good = fake_load(model->space, va, &value, &error);
        if (model->protection[i] == 0xff)
            cr_assert(!good && error == -LOS_E_FAULT);
        else if (!model->protection[i])
            cr_assert(!good && error == -LOS_E_ACCES);
        else
            cr_assert(good && value == model->value[i], "page %u: %u, not %u", i, value, model->value[i]);
    }
    uint64_t pages = 0;
    struct los_region *region, *last = NULL;
    LOS_LIST_FOR(region, &model->space->regions, link)
    {
        cr_assert(region->start < region->end && (!last || last->end <= region->start));
        pages += (region->end - region->start) / LOS_PAGE;
        last = region;
    }
    cr_assert_eq(pages, model->space->virtual_pages);
}

static void walk_step(struct model *model)
{
    unsigned first = (unsigned)rand() % WALK_PAGES, n = 1 + (unsigned)rand() % 40;
    if (first + n > WALK_PAGES)
        n = WALK_PAGES - first;
    uint64_t va = WALK_AT + first * LOS_PAGE;
    uint8_t protection = (uint8_t[]){0, LOS_READ, RW, RW}[rand() % 4];
    bool hole = false;
    switch (rand() % 8) {
    case 0:
        map(model->space, va, n, protection, 0);
        memset(model->value + first, 0, n);
        memset(model->protection + first, protection, n);
        break;
    case 1:
        cr_assert_eq(los_space_unmap(model->space, va, n * LOS_PAGE), 0);
        memset(model->protection + first, 0xff, n);
        break;
    case 2:
        for (unsigned i = first; i < first + n; i++)
            hole |= model->protection[i] == 0xff;
        if (!hole) {
            cr_assert_eq(los_space_protect(model->space, va, n * LOS_PAGE, protection), 0);
            memset(model->protection + first, protection, n);
        }
        break;
    case 3:
        los_space_discard(model->space, va, n * LOS_PAGE);
        memset(model->value + first, 0, n);
        break;
    case 4: { /* move a part of one region onto other pages */
        struct los_region *region = los_space_find(model->space, va);
        if (!region || region->end - va < n * LOS_PAGE)
            break;
        unsigned to = (unsigned)rand() % WALK_PAGES;
        if (to + n > WALK_PAGES || (to < first + n && first < to + n))
            break;
        cr_assert_eq(
            los_space_remap(model->space, va, n * LOS_PAGE, n * LOS_PAGE, true, true, WALK_AT + to * LOS_PAGE),
            WALK_AT + to * LOS_PAGE);
        memcpy(model->value + to, model->value + first, n);
        memcpy(model->protection + to, model->protection + first, n);
        memset(model->protection + first, 0xff, n);
        break;
    }
    default:
        for (unsigned i = first; i < first + n; i++) {
            uint8_t value = (uint8_t)rand();
            bool good = fake_store(model->space, WALK_AT + i * LOS_PAGE, value, &error);
            cr_assert_eq(good, model->protection[i] == RW);
            if (good)
                model->value[i] = value;
        }
    }
}

Test(memory_space, random_walk, .timeout = 60)
{
    fake_start(6000);
    uint64_t before = all_free();
    struct model model[3];
    srand(7);
    for (int i = 0; i < 3; i++) {
        model[i].space = los_space_create();
        memset(model[i].protection, 0xff, WALK_PAGES);
        memset(model[i].value, 0, WALK_PAGES);
    }
    for (int step = 0; step < 1500; step++) {
        walk_step(&model[rand() % 3]);
        if (step % 10 == 0) {
            int from = rand() % 3, to = rand() % 3;
            if (from != to) {
                los_space_unref(model[to].space);
                model[to] = model[from];
                model[to].space = los_space_fork(model[from].space);
                cr_assert(model[to].space);
            }
        }
        if (step % 25 == 0)
            for (int i = 0; i < 3; i++)
                walk_check(&model[i]);
    }
    for (int i = 0; i < 3; i++)
        los_space_unref(model[i].space);
    cr_assert_eq(all_free(), before);
}
