/* SPDX-License-Identifier: MPL-2.0 */
/* The page allocator, the heap, and the assembly of string.S. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "fake_exo.h"

Test(memory_pages, every_page_is_given_once_and_all_come_back)
{
    fake_start(3000);
    los_pages_reserve(0);
    uint64_t free = los_pages_free_count(), n = 0;
    cr_assert_eq(free, los_pages_total());
    static char seen[3000];
    static los_pageno page[3000];
    while ((page[n] = los_page_alloc())) {
        cr_assert(page[n] > 2 && page[n] < 3000 && !seen[page[n]]);
        seen[page[n++]] = 1;
    }
    cr_assert_eq(n, free);
    cr_assert_eq(los_pages_free_count(), 0);
    cr_assert_eq(los_pages_alloc(0), LOS_NO_PAGE);
    for (uint64_t i = 0; i < n; i++)
        los_page_unref(page[i * 7919 % n]);
    cr_assert_eq(los_pages_free_count(), free);
}

Test(memory_pages, blocks_join_again)
{
    fake_start(4096);
    los_pageno first[8];
    unsigned most = 0;
    while (most < 8 && (first[most] = los_pages_alloc(9)))
        most++;
    cr_assert(most >= 4);
    for (unsigned i = 0; i < most; i++) {
        cr_assert_eq(first[i] % 512, 0);
        los_pages_free(first[i], 9);
    }
    los_pageno page[1024];
    for (unsigned i = 0; i < 1024; i++)
        page[i] = los_page_alloc();
    for (unsigned i = 0; i < 1024; i++)
        los_page_unref(page[i]);
    unsigned again = 0;
    while (los_pages_alloc(9))
        again++;
    cr_assert_eq(again, most);
}

Test(memory_pages, blocks_stay_in_one_extent)
{
    fake_start(1500); /* the second extent starts at 1000, in the middle of a block */
    los_pageno page;
    for (unsigned order = 9; order > 0; order--)
        while ((page = los_pages_alloc(order))) {
            uint64_t offset, last;
            exo_frame_rwx frame = los_page_frame(page, &offset);
            cr_assert_eq(los_page_frame(page + (1u << order) - 1, &last), frame);
            cr_assert_eq(last, offset + (1u << order) - 1);
        }
}

Test(memory_pages, the_reserve_is_kept_from_programs)
{
    fake_start(2000);
    los_pages_reserve(50);
    while (los_page_alloc())
        ;
    cr_assert_eq(los_pages_free_count(), 50);
    cr_assert(los_alloc(4096));
    cr_assert(los_pages_alloc(0));
}

Test(memory_pages, references)
{
    fake_start(2000);
    uint64_t free = los_pages_free_count();
    los_pageno page = los_page_alloc_zeroed();
    for (unsigned i = 0; i < LOS_PAGE; i++)
        cr_assert_eq(((char *)los_page_address(page))[i], 0);
    cr_assert_eq(los_page_of((char *)los_page_address(page) + 17), page);
    los_page_ref(page);
    cr_assert_eq(los_page_refs(page), 2);
    los_page_unref(page);
    cr_assert_eq(los_pages_free_count(), free - 1);
    los_page_unref(page);
    cr_assert_eq(los_pages_free_count(), free);
}

Test(memory_heap, objects_keep_apart)
{
    fake_start(8000);
    uint64_t free = los_pages_free_count();
    enum { N = 4000 };
    static char *object[N];
    static size_t size[N];
    srand(1);
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < N; i++) {
            if (object[i] && rand() % 3)
                continue;
            for (size_t j = 0; object[i] && j < size[i]; j++)
                cr_assert_eq(object[i][j], (char)i);
            los_free(object[i]);
            size[i] = rand() % 50 ? (size_t)(rand() % 600) : (size_t)(rand() % 20000);
            object[i] = los_alloc(size[i]);
            cr_assert(object[i]);
            cr_assert_eq((uintptr_t)object[i] % (size[i] >= 128 ? 64 : 16), 0, "%zu bytes", size[i]);
            memset(object[i], i, size[i]);
        }
    }
    for (int i = 0; i < N; i++)
        los_free(object[i]);
    los_heap_trim();
    cr_assert_eq(los_pages_free_count(), free);
}

Test(memory_heap, largest_object)
{
    fake_start(2000);
    cr_assert(los_alloc(256 << 10));
    cr_assert_null(los_alloc((256 << 10) + 1));
    los_free(NULL);
    char *copy = los_strdup("fork");
    cr_assert_str_eq(copy, "fork");
    char *zero = los_alloc_zeroed(100);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(zero[i], 0);
}

/* string.S, under the names that it has beside the host's own functions. */
void *los_test_memcpy(void *to, const void *from, size_t bytes);
void *los_test_memmove(void *to, const void *from, size_t bytes);
void *los_test_memset(void *to, int byte, size_t bytes);
size_t los_test_raw_copy(void *to, const void *from, size_t bytes);
size_t los_test_raw_clear(void *to, size_t bytes);
long los_test_raw_string(char *to, const char *from, size_t size);
int los_test_raw_exchange32(uint64_t user, uint32_t expected, uint32_t desired, uint32_t *found);

Test(memory_string, as_the_standard_says)
{
    unsigned char from[400], a[400], b[400];
    for (unsigned bytes = 0; bytes < 300; bytes++) {
        for (unsigned i = 0; i < 400; i++) {
            from[i] = (unsigned char)(i * 7 + bytes);
            a[i] = b[i] = (unsigned char)i;
        }
        cr_assert_eq(los_test_memcpy(a + 20, from + bytes % 9, bytes), a + 20);
        memcpy(b + 20, from + bytes % 9, bytes);
        cr_assert_eq(memcmp(a, b, 400), 0, "memcpy of %u", bytes);
        los_test_memmove(a + 30, a + 25, bytes);
        memmove(b + 30, b + 25, bytes);
        cr_assert_eq(memcmp(a, b, 400), 0, "memmove up of %u", bytes);
        los_test_memmove(a + 3, a + 25, bytes);
        memmove(b + 3, b + 25, bytes);
        cr_assert_eq(memcmp(a, b, 400), 0, "memmove down of %u", bytes);
        los_test_memmove(a + 3, a + 4, bytes);
        memmove(b + 3, b + 4, bytes);
        cr_assert_eq(memcmp(a, b, 400), 0, "memmove down by one of %u", bytes);
        los_test_memset(a + 5, 0x1c3, bytes);
        memset(b + 5, 0xc3, bytes);
        cr_assert_eq(memcmp(a, b, 400), 0, "memset of %u", bytes);
        cr_assert_eq(los_test_raw_copy(a + 1, from, bytes), 0);
        memcpy(b + 1, from, bytes);
        cr_assert_eq(memcmp(a, b, 400), 0, "raw_copy of %u", bytes);
        cr_assert_eq(los_test_raw_clear(a + 7, bytes), 0);
        memset(b + 7, 0, bytes);
        cr_assert_eq(memcmp(a, b, 400), 0, "raw_clear of %u", bytes);
    }
}

Test(memory_string, raw_words)
{
    char to[8];
    cr_assert_eq(los_test_raw_string(to, "hello", 8), 5);
    cr_assert_str_eq(to, "hello");
    cr_assert_eq(los_test_raw_string(to, "hello", 5), -2);
    uint32_t word = 5, found = 0;
    cr_assert_eq(los_test_raw_exchange32((uint64_t)&word, 5, 6, &found), 0);
    cr_assert(word == 6 && found == 5);
    cr_assert_eq(los_test_raw_exchange32((uint64_t)&word, 5, 7, &found), 0);
    cr_assert(word == 6 && found == 6);
}

Test(memory_string, pages)
{
    char *a = aligned_alloc(4096, 4096), *b = aligned_alloc(4096, 4096);
    memset(a, 0x5a, 4096);
    los_page_copy(b, a);
    cr_assert_eq(memcmp(a, b, 4096), 0);
    los_page_zero(a);
    for (unsigned i = 0; i < 4096; i++)
        cr_assert_eq(a[i], 0);
    free(a);
    free(b);
}

/* --- what is asked back ------------------------------------------------------------------------------------------------- */

static exo_handle token_of(los_pageno page)
{
    uint64_t offset;
    return EXO_HANDLE(los_page_frame(page, &offset));
}

static uint64_t offset_of(los_pageno page)
{
    uint64_t offset;
    los_page_frame(page, &offset);
    return offset;
}

Test(memory_recall, free_pages_go_from_the_end_in_large_runs)
{
    fake_start(12288); /* 8,192 and 4,096 */
    uint64_t total = los_pages_total(), before = fake_calls(EXO_CALL_TOKEN_DROP);
    exo_handle second = token_of(12000);
    cr_assert_eq(los_pages_give_back(second, 1500), 1500);
    cr_assert_eq(fake_given, 1500);
    cr_assert_leq(fake_calls(EXO_CALL_TOKEN_DROP) - before, 2);
    cr_assert_eq(los_pages_total(), total - 1500);
    for (los_pageno page; (page = los_page_alloc());)
        cr_assert_lt(page, 12288 - 1500, "a page that is gone was handed out");
}

Test(memory_recall, what_is_in_use_stays)
{
    fake_start(12288);
    exo_handle second = token_of(12000);
    los_pages_reserve(0);
    while (los_page_alloc()) {
    }
    cr_assert_eq(los_pages_give_back(second, 100), 0);
    cr_assert_eq(fake_given, 0);
}

Test(memory_recall, a_hole_in_the_middle_splits_the_token_and_its_parts_are_kin)
{
    fake_start(12288);
    exo_handle second = token_of(12000);
    los_pages_reserve(0);
    while (los_page_alloc()) {
    }
    for (los_pageno page = 10000; page < 10016; page++)
        los_page_unref(page);
    cr_assert_eq(los_pages_give_back(second, 100), 16);
    cr_assert_eq(token_of(9999), second);
    cr_assert_eq(offset_of(9999), 9999 - 8192);
    cr_assert_neq(token_of(10016), second, "the upper part has a token of its own");
    cr_assert_eq(offset_of(10016), 0);
    cr_assert_eq(offset_of(12287), 12287 - 10016);
    los_page_unref(12287);
    cr_assert_eq(los_pages_give_back(second, 100), 1, "asked of one, given by its kin");
    cr_assert_eq(fake_given, 17);
}

Test(memory_recall, what_was_taken_by_force_is_told_from_what_was_free)
{
    fake_start(12288);
    exo_handle second = token_of(12000);
    uint64_t free = los_pages_free_count();
    cr_assert(los_pages_taken(second, 4000, 96));
    cr_assert_eq(los_pages_free_count(), free - 96);
    los_pages_reserve(0);
    while (los_page_alloc()) {
    }
    cr_assert_not(los_pages_taken(second, 3900, 100), "in use");
}
