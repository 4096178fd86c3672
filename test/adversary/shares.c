/* SPDX-License-Identifier: MPL-2.0 */
/* Shared leaf tables: nothing that was writable is, through either space, until that space has tables of its own. */
#include "attack.h"

#define VA 0x40000000ul /* 2 MiB aligned */
enum { STOP };

static void store(uint64_t va) { *(volatile uint64_t *)va = 0xbad; }
static void store_on(uint64_t va)
{
    while (START->word[STOP] == 0)
        ++*(volatile uint64_t *)va;
}

/* Grafts what we run on, shares [VA, + 2 MiB). 0: share is not built. */
static exo_handle share(long *result)
{
    exo_handle space = (exo_handle)EXPECT_GOOD(exo_space_create(START->domain));
    EXPECT_GOOD(exo_space_graft(space, START->space, EXO_SUPERVISOR_BASE >> 39, 0));
    *result = exo_space_share(space, START->space, VA, 512);
    if (*result == -EXO_E_UNSUPPORTED)
        skip("space_share is not built yet");
    return *result == -EXO_E_UNSUPPORTED ? 0 : space;
}

ATTACK(shares, no_writing, BIG)
{
    long result;
    EXPECT_GOOD(map_here(VA, START->memory, 40, 4, EXO_MAP_R | EXO_MAP_W));
    exo_handle space = share(&result);
    if (!space)
        return;
    EXPECT(result == 512, "space_share: %d", result);
    EXPECT(attempt(store, VA, NULL), "a shared page can be written through its first space");
    EXPECT_GOOD(exo_space_switch(space));
    EXPECT(attempt(store, VA, NULL), "a shared page can be written through its second space");
    EXPECT_GOOD(exo_space_protect(space, VA, 1, EXO_MAP_R | EXO_MAP_W)); /* parts */
    EXPECT(!attempt(store, VA, NULL), "after parting the page cannot be written");
    EXPECT(attempt(store, VA + PAGE, NULL), "parting made its neighbour writable");
    EXPECT_GOOD(exo_space_switch(START->space));
    EXPECT_GOOD(
        exo_space_protect(START->space, VA + PAGE, 1, EXO_MAP_R)); /* the last one takes the table over */
    EXPECT(attempt(store, VA + PAGE, NULL), "a page made read-only can be written");
    EXPECT_GOOD(exo_space_destroy(space));
    EXPECT_GOOD(exo_space_unmap(START->space, VA, 512));
}

ATTACK(shares, arguments, BIG)
{
    long result;
    EXPECT_GOOD(map_here(VA, START->memory, 40, 4, EXO_MAP_R | EXO_MAP_W));
    exo_handle space = share(&result), from = START->space;
    if (!space)
        return;
    EXPECT_ERROR(BUSY, exo_space_share(space, from, VA, 512));
    EXPECT_ERROR(BAD_ARGUMENT, exo_space_share(from, from, VA, 512));
    for (unsigned bit = 0; bit < 21; bit++)
        EXPECT_ERROR(BAD_ARGUMENT, exo_space_share(space, from, VA + (1ul << bit), 512));
    const uint64_t pages[] = {1, 511, 513, 1ul << 36, 1ul << 52, 1ul << 63, UINT64_MAX, UINT64_MAX - 511};
    for (unsigned i = 0; i < sizeof pages / sizeof pages[0]; i++)
        EXPECT_ERROR(BAD_ARGUMENT, exo_space_share(space, from, VA, pages[i]));
    EXPECT_ERROR(BAD_ARGUMENT, exo_space_share(space, from, EXO_USER_END, 512));
    EXPECT_ERROR(BAD_ARGUMENT, exo_space_share(space, from, 0xffff800000000000, 512));
    EXPECT_ERROR(BAD_ADDRESS, exo_space_share(space, from, MEMORY_VA, 512)); /* grafted there */
    for (unsigned i = 0; i < 40; i++) { /* a table with many owners, given up in another order */
        exo_handle more = share(&result);
        if (i % 3)
            EXPECT_GOOD(exo_space_unmap(more, VA, 1));
        if (i % 2)
            EXPECT_GOOD(exo_space_destroy(more));
    }
}

/* Another CPU writes all the time. */
ATTACK(shares, share_and_touch, TWO_VCPUS | ON_ALL_CPUS | BIG)
{
    if (vcpu != 0) {
        while (START->word[STOP] == 0) {
            attempt(store_on, VA, NULL);
            exo_vcpu_yield();
        }
        return;
    }
    volatile uint64_t *word = (volatile uint64_t *)(MEMORY_VA + 40 * PAGE);
    for (uint64_t end = now_ns() + 300 * MS; now_ns() < end && START->lines == 0;) {
        long result;
        EXPECT_GOOD(map_here(VA, START->memory, 40, 1, EXO_MAP_R | EXO_MAP_W));
        exo_vcpu_yield();
        exo_handle space = share(&result);
        if (!space)
            break;
        uint64_t before = *word;
        exo_vcpu_yield();
        for (uint64_t wait = now_ns() + 50 * US; now_ns() < wait;)
            pause();
        EXPECT(*word == before, "a shared page is written after space_share returned");
        EXPECT_GOOD(exo_space_destroy(space));
    }
    START->word[STOP] = 1;
}
