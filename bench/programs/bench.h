/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What an item of bench/programs is written against. One file is one item, or a few of one kind; the Makefile finds it, and the
 * harness (bench.c) finds its items in a section of the program. A whole file:
 *
 *     static pid_t own;
 *     static void setup(void) { own = getpid(); }
 *     static void run(uint64_t times)
 *     {
 *         while (times--)
 *             EXPECT(getpid() == own);
 *     }
 *     BENCH(getpid, .group = "system call", .what = "getpid", .setup = setup, .run = run);
 *
 * Each item runs in a process of its own, in an empty directory. What it leaves behind, child processes too, the harness cleans up.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <time.h>

struct bench_item {
    const char *name, *what;
    const char *
        group; /* the table that it stands in: "system call", "signal", "process", "switch", "message", "memory",
                                    "file", "program"; another name makes another table */
    void (*setup)(void);         /* once, before all batches; may be NULL */
    void (*run)(uint64_t times); /* does it that often, and verifies the results */
    uint32_t each;               /* operations that one of the `times` is; 0: one */
    uint64_t
        bytes; /* what an operation transfers: the row is MB/s (10^6 bytes), and more is better; 0: ns, and less is */
    const char *series;       /* items that one plot shows: their name; NULL: none */
    double x;                 /* where this item stands in it: MiB, processes, bytes of a block; above 0 */
    long argument, argument2; /* for `run` and `setup` of several items: bench_own() */
};

/* The item that runs. */
const struct bench_item *bench_own(void);

#define BENCH(item, ...)                                                                                       \
    static const struct bench_item item_##item = {.name = #item, __VA_ARGS__};                                 \
    static const struct bench_item *const pointer_##item                                                       \
        __attribute__((section("bench_items"), used, retain)) = &item_##item

/* Ends the item: its row says why. */
_Noreturn void bench_fail(const char *file, int line, const char *why);
#define EXPECT(condition)                                                                                      \
    do {                                                                                                       \
        if (__builtin_expect(!(condition), 0))                                                                 \
            bench_fail(__FILE__, __LINE__, #condition);                                                        \
    } while (0)

/* The clock runs when `run` begins. What lies between a stop and the next start is not counted. */
void bench_stop(void);
void bench_start(void);

extern const char *bench_busybox; /* its path */

#endif
