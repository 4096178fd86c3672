/* SPDX-License-Identifier: MPL-2.0 */
/* Patching of call sites: what the bytes become, which sites are left alone, and what a jump into a patched one does. */
#include <criterion/criterion.h>
#include <string.h>
#include <patch.h>
#include "fake_exo.h"

#define TEXT  0x400000ul
#define TABLE 0x7f600000ul

static uint64_t called_number, called_rip;
__attribute__((weak)) void lx_system_call(struct los_frame *frame);
void lx_system_call(struct los_frame *frame)
{
    called_number = frame->number;
    called_rip = frame->regs.rip;
    frame->regs.rax = 42;
}
__attribute__((weak)) char los_patched_entry[1];
static const char *nopatch;
__attribute__((weak)) const char *los_option(const char *name)
{
    return strcmp(name, "nopatch") == 0 ? nopatch : NULL;
}
__attribute__((weak)) struct los_cpu *los_cpu_number(uint32_t n);
struct los_cpu *los_cpu_number(uint32_t n)
{
    (void)n;
    return los_cpu();
}
__attribute__((weak)) uint32_t los_cpu_count(void);
uint32_t los_cpu_count(void) { return 1; }

static struct exo_vcpu_page vcpu_page;
static struct los_thread thread;
static los_pageno text_page;
static bool released;

static int text_page_get(struct los_object *object, uint64_t index, bool create, los_pageno *page)
{
    (void)object, (void)create;
    *page = text_page;
    if (index)
        return -LOS_E_FAULT;
    los_page_ref(text_page);
    return 0;
}
static void text_release(struct los_object *object)
{
    (void)object;
    released = true;
}
static const struct los_object_ops text_ops = {.page = text_page_get, .release = text_release};
static struct los_file text_file = {.refs = 1000}; /* never used up */
static struct los_object text = {.ops = &text_ops, .refs = 1};

static struct los_space *program(void)
{
    struct los_space *space = los_space_create();
    cr_assert_eq(
        los_space_map(space, TEXT, LOS_PAGE, LOS_READ | LOS_EXECUTE, LOS_FIXED, &text, 0, &text_file, NULL),
        TEXT);
    lx_patch_map(space);
    return space;
}

static struct los_space *start(void)
{
    fake_start(4000);
    los_cpu()->page = &vcpu_page;
    los_cpu()->current = &thread;
    lx_patch_init();
    text_page = los_page_alloc_zeroed();
    struct los_space *space = program();
    los_space_activate(space);
    return space;
}

static uint8_t *text_at(unsigned offset) { return (uint8_t *)los_page_address(text_page) + offset; }

static void put_site(unsigned offset, uint32_t number)
{
    uint8_t site[] = {0x90, 0xb8, 0, 0, 0, 0, 0x0f, 0x05};
    memcpy(&site[2], &number, 4);
    memcpy(text_at(offset - 1), site, sizeof(site));
}

/* What the dispatcher sees when the call after `offset` was reflected, or came from a patched site. */
static struct los_frame call_at(unsigned offset, uint64_t number, bool reflected)
{
    struct los_frame frame = {.number = number};
    frame.regs.rip = TEXT + offset + 7;
    frame.regs.rax = number;
    vcpu_page.syscall_rip = reflected ? frame.regs.rip : 0;
    lx_patch_site(&frame);
    return frame;
}

static void read_site(struct los_space *space, unsigned offset, uint8_t bytes[7])
{
    cr_assert_eq(los_space_read(space, TEXT + offset, bytes, 7), 7);
}

Test(memory_patch, a_site_becomes_a_jump_to_its_stub)
{
    struct los_space *space = start();
    put_site(100, 39);
    uint8_t bytes[7], plain[7];
    memcpy(plain, text_at(100), 7);
    call_at(100, 39, false);
    read_site(space, 100, bytes);
    cr_assert_eq(memcmp(bytes, plain, 7), 0, "a call from a patched site changes nothing");
    call_at(100, 39, true);
    read_site(space, 100, bytes);
    cr_assert(bytes[0] == 0xff && bytes[1] == 0x24 && bytes[2] == 0x25);
    cr_assert((bytes[5] == 0x60 || bytes[5] == 0x61) && bytes[6] == 0x7f);
    cr_assert_eq(memcmp(text_at(100), plain, 7), 0, "the file keeps its bytes");

    uint32_t slot;
    uint64_t stub_at;
    memcpy(&slot, &bytes[3], 4);
    cr_assert_eq(los_space_read(space, slot, &stub_at, 8), 8, "the jump table is mapped");
    uint8_t *stub = NULL;
    los_pageno page;
    uint32_t prot;
    cr_assert(fake_mapped(LOS_START_PAGE->space, stub_at, &page, &prot));
    cr_assert_eq(prot, EXO_MAP_R | EXO_MAP_X);
    stub = (uint8_t *)los_page_address(page) + stub_at % LOS_PAGE;
    uint64_t after;
    int32_t distance;
    memcpy(&after, stub + 7, 8);
    memcpy(&distance, stub + 17, 4);
    cr_assert(stub[0] == 0xb8 && stub[1] == 39 && stub[5] == 0x48 && stub[6] == 0xb9 && stub[15] == 0xff &&
              stub[16] == 0x25);
    cr_assert_eq(after, TEXT + 107);
    uint64_t entry;
    memcpy(&entry, stub + 21 + distance, 8);
    cr_assert_eq(entry, (uint64_t)los_patched_entry);

    struct los_space *other = program();
    uint8_t again[7];
    read_site(other, 100, again);
    cr_assert_eq(memcmp(again, bytes, 7), 0, "other processes start patched");
    struct lx_patch_counts counts;
    lx_patch_counts(&counts);
    cr_assert(counts.sites == 1 && counts.patched == 1 && counts.refused == 0);
    cr_assert_eq(counts.calls, 7, "those that were quick, too: process_support.c says 7");
}

Test(memory_patch, other_forms_are_left_alone)
{
    struct los_space *space = start();
    struct {
        unsigned offset;
        uint32_t number;
        uint64_t called;
    } site[] = {{100, 1, 2}, {200, 1, 1}, {300, 1, 1}, {0xffa, 1, 1}, {400, 1, 1ul << 32 | 1}};
    put_site(100, 1); /* called with another number: something jumps to the `syscall` */
    put_site(200, 1);
    *text_at(199) = 0x41; /* mov $1, %r8d */
    put_site(300, 1);
    *text_at(306) = 0x0b;
    put_site(0xff0, 1);
    put_site(400, 1);
    uint8_t before[4096], after[4096];
    memcpy(before, text_at(0), 4096);
    for (unsigned i = 0; i < LOS_COUNT(site); i++)
        call_at(site[i].offset, site[i].called, true);
    cr_assert_eq(los_space_read(space, TEXT, after, 4096), 4096);
    cr_assert_eq(memcmp(before, after, 4096), 0);
    struct lx_patch_counts counts;
    lx_patch_counts(&counts);
    cr_assert_eq(counts.sites, 0);
    cr_assert_eq(counts.refused, 5);
    call_at(100, 2, true);
    lx_patch_counts(&counts);
    cr_assert_eq(counts.refused, 5, "it is not looked at again");
}

Test(memory_patch, a_jump_into_a_patched_site_is_the_call_that_was_meant)
{
    struct los_space *space = start();
    put_site(100, 39);
    call_at(100, 39, true);
    struct los_frame frame = {.number = UINT64_MAX};
    frame.regs.rip = TEXT + 105;
    frame.regs.rax = 186;
    cr_assert(lx_patch_fault(&frame, 6, 0));
    cr_assert(called_number == 186 && called_rip == TEXT + 107 && frame.regs.rax == 42 &&
              frame.regs.rip == TEXT + 107);
    frame.regs.rip = TEXT + 104;
    cr_assert(!lx_patch_fault(&frame, 6, 0));
    frame.regs.rip = TEXT + 300;
    cr_assert(!lx_patch_fault(&frame, 6, 0));

    uint8_t bytes[7];
    uint32_t slot;
    read_site(space, 100, bytes);
    memcpy(&slot, &bytes[3], 4);
    cr_assert_eq(los_space_unmap(space, TABLE, 0x30000), 0);
    frame.regs.rip = TEXT + 100;
    frame.regs.rax = 7;
    cr_assert(lx_patch_fault(&frame, 14, slot));
    cr_assert(called_number == 39 && frame.regs.rip == TEXT + 107);
    cr_assert_not_null(los_space_find(space, TABLE), "the table is mapped again");
    cr_assert(!lx_patch_fault(&frame, 14, 0x1234));
}

Test(memory_patch, many_sites)
{
    struct los_space *space = start();
    for (unsigned i = 0; i < 300; i++)
        put_site(8 + i * 13, i);
    for (unsigned i = 0; i < 300; i++)
        call_at(8 + i * 13, i, true);
    for (unsigned i = 0; i < 300; i++) {
        uint8_t bytes[7];
        uint32_t slot;
        read_site(space, 8 + i * 13, bytes);
        memcpy(&slot, &bytes[3], 4);
        cr_assert(bytes[0] == 0xff && slot == TABLE + i * 8);
    }
    uint64_t before = los_pages_free_count();
    for (unsigned i = 0; i < 300; i++) /* reflected again, as from an older copy of the page */
        call_at(8 + i * 13, i, true);
    cr_assert_eq(los_pages_free_count(), before);
}

Test(memory_patch, can_be_turned_off)
{
    nopatch = "";
    struct los_space *space = start();
    put_site(100, 39);
    call_at(100, 39, true);
    uint8_t bytes[7];
    read_site(space, 100, bytes);
    cr_assert_eq(bytes[0], 0xb8);
    cr_assert_null(los_space_find(space, TABLE));
}

Test(memory_patch, what_is_interrupted_in_a_stub_begins_its_site_again)
{
    start();
    put_site(100, 39);
    put_site(200, 40);
    call_at(100, 39, true);
    call_at(200, 40, true);
    struct los_frame frame = {.regs = {.rip = LOS_STUBS + 64 + 15, .rcx = 1}};
    lx_patch_roll_back(&frame);
    cr_assert_eq(frame.regs.rip, TEXT + 200);
    lx_patch_roll_back(&frame);
    cr_assert_eq(frame.regs.rip, TEXT + 200);
    frame.regs.rip = (uint64_t)los_patched_entry;
    frame.regs.rcx = TEXT + 107;
    lx_patch_roll_back(&frame);
    cr_assert_eq(frame.regs.rip, TEXT + 100);
}

/* --- sites that compare the result ---------------------------------------------------------------------------------------- */

static void put_compare(unsigned offset, int32_t immediate)
{
    uint8_t site[] = {0x0f, 0x05, 0x48, 0x3d, 0, 0, 0, 0, 0xcc};
    memcpy(&site[4], &immediate, 4);
    memcpy(text_at(offset), site, sizeof(site));
}

static void call_compare(unsigned offset, uint64_t number)
{
    struct los_frame frame = {.number = number, .regs = {.rip = TEXT + offset + 2, .rax = number}};
    vcpu_page.syscall_rip = frame.regs.rip;
    lx_patch_site(&frame);
}

/* The address of the stub that the site jumps to. */
static uint64_t compare_stub(struct los_space *space, unsigned offset)
{
    uint8_t bytes[8];
    int32_t distance;
    uint64_t stub = 0;
    cr_assert_eq(los_space_read(space, TEXT + offset, bytes, 8), 8);
    cr_assert(bytes[0] == 0xff && bytes[1] == 0x25, "not patched: %02x %02x", bytes[0], bytes[1]);
    cr_assert_not_null(memchr("\x06\x07\x0e\x16\x17\x1e\x1f\x27\x2f\x37\x3f\x60\x61", bytes[2], 13),
                       "%02x begins an instruction", bytes[2]);
    memcpy(&distance, &bytes[2], 4);
    cr_assert_eq(los_space_read(space, TEXT + offset + 6 + (uint64_t)(int64_t)distance, &stub, 8), 8);
    return stub;
}

Test(memory_patch, a_site_that_compares_leaves_that_to_its_stub)
{
    struct los_space *space = start();
    put_compare(100, -4096);
    call_compare(100, 0);
    uint64_t at = compare_stub(space, 100), entry, back;
    los_pageno page;
    uint32_t prot;
    cr_assert(fake_mapped(LOS_START_PAGE->space, at, &page, &prot));
    cr_assert_eq(prot, EXO_MAP_R | EXO_MAP_X);
    const uint8_t *stub = (uint8_t *)los_page_address(page) + at % LOS_PAGE;
    int32_t distance;
    memcpy(&distance, stub + 12, 4);
    memcpy(&entry, stub + 16 + distance, 8);
    cr_assert_eq(entry, (uint64_t)los_patched_entry);
    cr_assert_eq(memcmp(stub + 16, "\x0f\x05\x48\x3d\x00\xf0\xff\xff\xff\x25\x00\x00\x00\x00", 14), 0);
    memcpy(&back, stub + 30, 8);
    cr_assert_eq(back, TEXT + 108);
    uint8_t rest[3];
    cr_assert_eq(los_space_read(space, TEXT + 106, rest, 3), 3);
    cr_assert_eq(memcmp(rest, "\xff\xff\xcc", 3), 0, "six bytes change");

    struct los_space *other = program();
    cr_assert_eq(compare_stub(other, 100), at, "other processes start patched");
    struct lx_patch_counts counts;
    call_compare(100, 0);
    lx_patch_counts(&counts);
    cr_assert(counts.sites == 1 && counts.patched == 1);
}

Test(memory_patch, many_sites_that_compare)
{
    struct los_space *space = start();
    uint64_t stub[300];
    for (unsigned i = 0; i < 300; i++)
        put_compare(8 + i * 13, -4096 - (int32_t)(i % 2));
    for (unsigned i = 0; i < 300; i++)
        call_compare(8 + i * 13, i);
    for (unsigned i = 0; i < 300; i++) {
        stub[i] = compare_stub(space, 8 + i * 13);
        for (unsigned j = 0; j < i; j++)
            cr_assert_neq(stub[i], stub[j]);
    }
}

Test(memory_patch, who_comes_back_to_a_patched_site_goes_on_in_its_stub)
{
    struct los_space *space = start();
    put_compare(100, -4096);
    call_compare(100, 0);
    uint64_t at = compare_stub(space, 100);
    struct los_frame frame = {.number = UINT64_MAX, .regs = {.rip = TEXT + 102, .rax = 5}};
    called_number = 77;
    cr_assert(lx_patch_fault(&frame, 6, 0));
    cr_assert(frame.regs.rip == at + 18 && frame.regs.rax == 5 && called_number == 77, "no call is made");
    frame.regs.rip = TEXT + 103;
    cr_assert(!lx_patch_fault(&frame, 6, 0));

    cr_assert_eq(los_space_unmap(space, TABLE, 0x30000), 0);
    frame.regs.rip = TEXT + 100;
    frame.regs.rax = 186;
    cr_assert(lx_patch_fault(&frame, 14, 0x7f620000));
    cr_assert(called_number == 186 && frame.regs.rip == at + 18 && frame.regs.rax == 42);
    cr_assert_not_null(los_space_find(space, TABLE), "the table is mapped again");
}

/* What `cmp` of this machine says. */
static uint64_t flags_of(int64_t a, int64_t b)
{
    uint64_t flags;
    __asm__("cmp %2, %1; pushfq; pop %0" : "=r"(flags) : "r"(a), "r"(b) : "cc");
    return flags & 0x8d5;
}

Test(memory_patch, programs_see_no_stub_of_a_compare)
{
    struct los_space *space = start();
    put_compare(100, -4096);
    call_compare(100, 0);
    uint64_t at = compare_stub(space, 100);
    struct los_frame frame = {.regs = {.rip = at + 10, .rcx = 1}};
    lx_patch_roll_back(&frame);
    cr_assert_eq(frame.regs.rip, TEXT + 100);
    frame.regs.rip = (uint64_t)los_patched_entry;
    frame.regs.rcx = at + 18;
    lx_patch_roll_back(&frame);
    cr_assert_eq(frame.regs.rip, TEXT + 100);
    frame.regs.rip = at + 16; /* a call that is to be made again */
    lx_patch_roll_back(&frame);
    cr_assert_eq(frame.regs.rip, TEXT + 100);
    static const int64_t results[] = {0,         1,      -1,        -4095, -4096, -4097, 0x7fffffffffffffff,
                                      INT64_MIN, 0x1000, -0x1000000};
    for (unsigned i = 0; i < LOS_COUNT(results); i++) {
        frame.regs.rip = at + 18;
        frame.regs.rax = (uint64_t)results[i];
        frame.regs.rflags = 0x246;
        lx_patch_roll_back(&frame);
        cr_assert(frame.regs.rip == TEXT + 108 && frame.regs.rax == (uint64_t)results[i]);
        cr_assert_eq(frame.regs.rflags, 0x202 | flags_of(results[i], -4096), "%ld: %lx", results[i],
                     frame.regs.rflags);
    }
    frame.regs.rip = at + 24; /* it has compared */
    frame.regs.rflags = 0x2d7;
    lx_patch_roll_back(&frame);
    cr_assert(frame.regs.rip == TEXT + 108 && frame.regs.rflags == 0x2d7);
}

Test(memory_patch, compares_that_cannot_be_patched)
{
    struct los_space *space = start();
    put_compare(0xff9, -4096); /* over the page's end */
    put_compare(100, -4096);
    *text_at(103) = 0x3c;
    call_compare(0xff9, 0);
    call_compare(100, 0);
    uint8_t bytes[2];
    cr_assert_eq(los_space_read(space, TEXT + 100, bytes, 2), 2);
    cr_assert(bytes[0] == 0x0f && bytes[1] == 0x05);
    struct lx_patch_counts counts;
    lx_patch_counts(&counts);
    cr_assert(counts.sites == 0 && counts.refused == 2);
}
