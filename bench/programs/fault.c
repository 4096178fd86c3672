/* SPDX-License-Identifier: MPL-2.0 */
/* Page faults of 4 KiB pages: the first touch of anonymous memory, and the first write after a fork. */
#define _GNU_SOURCE
#include "child.h"
#include <sys/mman.h>
#include <unistd.h>

enum { PAGES = 256, PAGE = 4096 };

static volatile char *map(void)
{
    void *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(at != MAP_FAILED);
    madvise(at, PAGES * PAGE, MADV_NOHUGEPAGE); /* where there are huge ones */
    return at;
}

/* Every page must hold `old` in its first byte, and gets `new`. */
static void touch(volatile char *at, char old, char new)
{
    for (int i = 0; i < PAGES; i++) {
        EXPECT(at[i * PAGE + 1] == old); /* a read, which could be a fault of its own: so write first */
        at[i * PAGE + 1] = new;
    }
}

static void unmap(volatile char *at) { EXPECT(munmap((void *)(uintptr_t)at, PAGES * PAGE) == 0); }

static void first_touch(uint64_t times)
{
    while (times--) {
        bench_stop();
        volatile char *at = map();
        bench_start();
        for (int i = 0; i < PAGES; i++)
            at[i * PAGE] = (char)i;
        bench_stop();
        for (int i = 0; i < PAGES; i++)
            EXPECT(at[i * PAGE] == (char)i && at[i * PAGE + 1] == 0);
        unmap(at);
        bench_start();
    }
}

/* The parent writes; the child, which waits meanwhile, must see none of it. */
static void after_fork(uint64_t times)
{
    while (times--) {
        int ends[2];
        bench_stop();
        volatile char *at = map();
        touch(at, 0, 1);
        EXPECT(pipe(ends) == 0);
        pid_t child = fork();
        EXPECT(child >= 0);
        if (child == 0) {
            char byte;
            close(ends[1]);
            if (read(ends[0], &byte, 1) != 0)
                _exit(2);
            touch(at, 1, 3);
            _exit(0);
        }
        close(ends[0]);
        bench_start();
        for (int i = 0; i < PAGES; i++)
            at[i * PAGE] = (char)i;
        bench_stop();
        touch(at, 1, 2);
        close(ends[1]);
        finish_child(child, 0);
        unmap(at);
        bench_start();
    }
}

BENCH(page_first_touch, .group = "memory", .what = "first write to a page of anonymous memory",
      .run = first_touch, .each = PAGES);
BENCH(page_copy_on_write, .group = "memory", .what = "first write to a page after fork", .run = after_fork,
      .each = PAGES);
