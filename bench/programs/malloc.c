/* SPDX-License-Identifier: MPL-2.0 */
/* malloc and free of the C library: small blocks of many sizes, which stay within the process, and large ones, which do not. */
#include "bench.h"
#include <malloc.h>
#include <stdlib.h>

enum { SLOTS = 256, SMALLEST = 16, SIZES = 1009, LARGE = 1 << 20 };

/* Of 16 to 1024 bytes. */
static size_t size(uint64_t i) { return SMALLEST + i * 389 % SIZES; }

/* A block's first and last byte are its slot's; the block that a slot had is freed. */
static void run_small(uint64_t times)
{
    static unsigned char *slot[SLOTS];
    static size_t bytes[SLOTS];
    for (uint64_t i = 0; i < times; i++) {
        unsigned at = (unsigned)(i * 97 % SLOTS);
        unsigned char *block = slot[at];
        if (block)
            EXPECT(block[0] == at && block[bytes[at] - 1] == at);
        free(block);
        bytes[at] = size(i);
        EXPECT((block = slot[at] = malloc(bytes[at])) != NULL);
        block[0] = block[bytes[at] - 1] = (unsigned char)at;
    }
}

/* The C library, left alone, would keep the memory after the first of them. To name the threshold is to fix it. */
static void setup_large(void) { EXPECT(mallopt(M_MMAP_THRESHOLD, LARGE / 8) == 1); }

static void run_large(uint64_t times)
{
    while (times--) {
        volatile char *block = malloc(LARGE);
        EXPECT(block != NULL);
        block[0] = 1;
        block[LARGE - 1] = 2;
        EXPECT(block[0] == 1 && block[LARGE - 1] == 2);
        free((void *)(uintptr_t)block);
    }
}

BENCH(malloc_free_small, .group = "memory", .what = "malloc and free of 16 to 1024 bytes, 256 blocks at a time",
      .run = run_small);
BENCH(malloc_free_1m, .group = "memory",
      .what = "malloc of 1 MiB, which is an mmap, a write to two pages, free", .setup = setup_large,
      .run = run_large);
