/* SPDX-License-Identifier: MPL-2.0 */
/* lmbench's bw_mem: reading, writing, copying and clearing of memory, by the size of the block. */
#define _GNU_SOURCE
#include "bench.h"
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { KIB = 1024, MIB = 1024 * KIB, UNROLLED = 8 };
static size_t bytes, words;
static uint64_t *block, *copy;

static uint64_t *map(void)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(at != MAP_FAILED);
    return at;
}

static uint64_t content(size_t i) { return i * 0x9e3779b97f4a7c15 + 1; }

static void setup(void)
{
    bytes = (size_t)bench_own()->argument;
    words = bytes / sizeof *block;
    block = map();
    copy = map();
    for (size_t i = 0; i < words; i++) {
        block[i] = content(i);
        copy[i] = ~content(i);
    }
}

/* The compiler must take memory for what it is, and for what it may be after this. */
static void settle(void) { __asm__ volatile("" ::: "memory"); }

static uint64_t sum(const uint64_t *at)
{
    uint64_t part[UNROLLED] = {0}, all = 0;
    for (size_t i = 0; i < words; i += UNROLLED)
        for (size_t j = 0; j < UNROLLED; j++)
            part[j] += at[i + j];
    for (size_t j = 0; j < UNROLLED; j++)
        all += part[j];
    return all;
}

static void run_read(uint64_t times)
{
    uint64_t expected = 0;
    bench_stop();
    for (size_t i = 0; i < words; i++)
        expected += content(i);
    bench_start();
    while (times--) {
        settle();
        EXPECT(sum(block) == expected);
    }
}

/* One word everywhere, another each time. */
static void run_write(uint64_t times)
{
    uint64_t value = 0;
    while (times--) {
        value = times + 0x0123456789abcdef;
        for (size_t i = 0; i < words; i += UNROLLED)
            for (size_t j = 0; j < UNROLLED; j++)
                copy[i + j] = value;
        settle();
    }
    bench_stop();
    for (size_t i = 0; i < words; i++)
        EXPECT(copy[i] == value);
}

/* Each copy must bring the word that was changed before it; the last, all of them. */
static void run_copy(uint64_t times)
{
    while (times--) {
        block[words / 2] = times;
        memcpy(copy, block, bytes);
        settle();
        EXPECT(copy[words / 2] == times && copy[words - 1] == content(words - 1));
    }
    bench_stop();
    block[words / 2] = content(words / 2);
    for (size_t i = 0; i < words; i++)
        EXPECT(copy[i] == (i == words / 2 ? 0 : content(i)));
}

static void run_clear(uint64_t times)
{
    while (times--) {
        copy[0] = copy[words / 2] = copy[words - 1] = 1;
        settle();
        memset(copy, 0, bytes);
        settle();
        EXPECT(copy[0] == 0 && copy[words / 2] == 0 && copy[words - 1] == 0);
    }
    bench_stop();
    for (size_t i = 0; i < words; i++)
        EXPECT(copy[i] == 0);
}

#define SIZE(verb, go, text, label, size)                                                                      \
    BENCH(memory_##verb##_##label, .group = "memory", .what = text ", " #label, .setup = setup, .run = go,     \
          .bytes = size, .argument = size, .series = "memory " #verb, .x = size)
#define SIZES(verb, go, text)                                                                                  \
    SIZE(verb, go, text, 4k, 4 * KIB);                                                                         \
    SIZE(verb, go, text, 64k, 64 * KIB);                                                                       \
    SIZE(verb, go, text, 1m, MIB);                                                                             \
    SIZE(verb, go, text, 16m, 16 * MIB)
SIZES(read, run_read, "sum of the words of a block");
SIZES(write, run_write, "a word written all over a block");
SIZES(copy, run_copy, "memcpy of a block");
SIZES(zero, run_clear, "memset of a block to 0");
