/* SPDX-License-Identifier: MPL-2.0 */
/* lmbench's lat_mmap and lat_pagefault: the calls that change the address space, and the first touches of the pages of a file. */
#define _GNU_SOURCE
#include "bench.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, MIB = 1 << 20, FILE_PAGES = 256, GROWN = 64 << 10, LEFT = 64 };
static int file;
static volatile char *memory;

static void *map(size_t bytes, int protection)
{
    void *at = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(at != MAP_FAILED);
    return at;
}

static void unmap(volatile void *at, size_t bytes) { EXPECT(munmap((void *)(uintptr_t)at, bytes) == 0); }

/* --- mapping and unmapping ---------------------------------------------------------------------------------------------- */

static void run_map(uint64_t times)
{
    size_t bytes = (size_t)bench_own()->argument;
    volatile char *at = NULL;
    while (times--) {
        at = map(bytes, PROT_READ | PROT_WRITE);
        unmap(at, bytes);
    }
    bench_stop(); /* one of each batch is looked at */
    at = map(bytes, PROT_READ | PROT_WRITE);
    EXPECT(at[0] == 0 && at[bytes - 1] == 0);
    at[bytes - 1] = 1;
    EXPECT(at[bytes - 1] == 1);
    unmap(at, bytes);
    EXPECT(msync((void *)(uintptr_t)at, bytes, MS_ASYNC) == -1); /* it is gone */
}

static void run_map_touched(uint64_t times)
{
    size_t bytes = (size_t)bench_own()->argument;
    while (times--) {
        volatile char *at = map(bytes, PROT_READ | PROT_WRITE);
        for (size_t i = 0; i < bytes; i += PAGE)
            at[i] = 1;
        EXPECT(at[0] == 1 && at[1] == 0 && at[bytes - PAGE] == 1 && at[bytes - 1] == 0);
        unmap(at, bytes);
    }
}

/* Twice as much; the first byte goes along, and the last is writable. */
static void run_grow(uint64_t times)
{
    while (times--) {
        bench_stop();
        char *before = map(MIB, PROT_READ | PROT_WRITE);
        before[0] = 7;
        before[MIB - 1] = 9;
        bench_start();
        volatile char *at = mremap(before, MIB, 2 * MIB, MREMAP_MAYMOVE);
        bench_stop();
        EXPECT((void *)(uintptr_t)at != MAP_FAILED);
        EXPECT(at[0] == 7 && at[MIB - 1] == 9 && at[2 * MIB - 1] == 0);
        at[2 * MIB - 1] = 1;
        unmap(at, 2 * MIB);
        bench_start();
    }
}

/* The break is at nobody else's disposal here: no item of this file calls malloc. */
static void run_break(uint64_t times)
{
    char *end = sbrk(0);
    while (times--) {
        EXPECT(sbrk(GROWN) == end && sbrk(-GROWN) == end + GROWN);
        EXPECT(sbrk(0) == end);
    }
    bench_stop();
    EXPECT(sbrk(GROWN) == end && end[GROWN - 1] == 0);
    end[GROWN - 1] = 1;
    EXPECT(sbrk(-GROWN) == end + GROWN);
}

/* --- what is mapped ----------------------------------------------------------------------------------------------------- */

static void setup_pages(void)
{
    size_t bytes = (size_t)bench_own()->argument * PAGE;
    memory = map(bytes, PROT_READ | PROT_WRITE);
    madvise((void *)(uintptr_t)memory, bytes, MADV_NOHUGEPAGE); /* where there are huge ones */
    for (size_t i = 0; i < bytes; i += PAGE)
        memory[i] = 1;
}

/* To read-only, and back; then all the pages must be writable, and hold what they held. */
static void run_protect(uint64_t times)
{
    size_t bytes = (size_t)bench_own()->argument * PAGE;
    void *at = (void *)(uintptr_t)memory;
    for (; times--; memory[bytes - PAGE + 1]++) {
        char held = memory[bytes - PAGE + 1];
        EXPECT(mprotect(at, bytes, PROT_READ) == 0);
        EXPECT(memory[bytes - PAGE + 1] == held);
        EXPECT(mprotect(at, bytes, PROT_READ | PROT_WRITE) == 0);
    }
    bench_stop();
    for (size_t i = 0; i < bytes; i += PAGE) {
        EXPECT(memory[i] == 1);
        memory[i] = 1;
    }
    /* And read-only is: the kernel may not write there. */
    EXPECT(mprotect(at, bytes, PROT_READ) == 0);
    EXPECT(pread(file, at, 1, 0) == -1);
    EXPECT(mprotect(at, bytes, PROT_READ | PROT_WRITE) == 0);
    EXPECT(pread(file, at, 1, 0) == 1 && memory[0] == 1);
}

/* The pages are given up, and are touched again, which finds them zero. */
static void run_leave(uint64_t times)
{
    while (times--) {
        EXPECT(madvise((void *)(uintptr_t)memory, LEFT * PAGE, MADV_DONTNEED) == 0);
        for (size_t i = 0; i < LEFT * PAGE; i += PAGE) {
            memory[i + 1] = 1; /* a write first: a read could be a fault of its own */
            EXPECT(memory[i] == 0);
            memory[i] = 1;
        }
    }
}

/* --- the pages of a file ------------------------------------------------------------------------------------------------ */

static char content(size_t page) { return (char)(page + 1); }

static void setup_file(void)
{
    static char page[PAGE];
    EXPECT((file = open("a-file", O_RDWR | O_CREAT | O_EXCL, 0600)) >= 0);
    for (size_t i = 0; i < FILE_PAGES; i++) {
        page[0] = content(i);
        EXPECT(write(file, page, PAGE) == PAGE);
    }
}

static void setup_protect(void)
{
    setup_pages();
    EXPECT((file = open("a-file", O_RDWR | O_CREAT | O_EXCL, 0600)) >= 0);
    EXPECT(write(file, "\1", 1) == 1);
}

static volatile char *map_file(int flags)
{
    void *at = mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, flags, file, 0);
    EXPECT(at != MAP_FAILED);
    return at;
}

static void read_pages(uint64_t times)
{
    while (times--) {
        bench_stop();
        volatile char *at = map_file(MAP_PRIVATE);
        bench_start();
        for (size_t i = 0; i < FILE_PAGES; i++)
            EXPECT(at[i * PAGE] == content(i));
        bench_stop();
        unmap(at, FILE_PAGES * PAGE);
        bench_start();
    }
}

/* Another byte each time, which the file must hold then. */
static void write_pages(uint64_t times)
{
    static char last;
    while (times--) {
        bench_stop();
        volatile char *at = map_file(MAP_SHARED);
        last++;
        bench_start();
        for (size_t i = 0; i < FILE_PAGES; i++)
            at[i * PAGE + 1] = last;
        bench_stop();
        unmap(at, FILE_PAGES * PAGE);
        for (size_t i = 0; i < FILE_PAGES; i++) {
            char bytes[2];
            EXPECT(pread(file, bytes, 2, (off_t)(i * PAGE)) == 2);
            EXPECT(bytes[0] == content(i) && bytes[1] == last);
        }
        bench_start();
    }
}

#define MEMORY(item, ...) BENCH(item, .group = "memory", __VA_ARGS__)
MEMORY(mmap_munmap_4k, .what = "mmap and munmap of 4 KiB, not touched", .run = run_map, .argument = PAGE);
MEMORY(mmap_munmap_1m, .what = "mmap and munmap of 1 MiB, not touched", .run = run_map, .argument = MIB);
MEMORY(mmap_munmap_1m_touched, .what = "mmap of 1 MiB, a write to each page, munmap", .run = run_map_touched,
       .argument = MIB);
MEMORY(mremap_grow, .what = "mremap from 1 to 2 MiB, two pages of which are touched", .run = run_grow);
MEMORY(brk_grow_shrink, .what = "sbrk by 64 KiB, and back", .run = run_break);
MEMORY(mprotect_1, .what = "mprotect of a touched page, to read-only and back, and a write",
       .setup = setup_protect, .run = run_protect, .argument = 1);
MEMORY(mprotect_256, .what = "mprotect of 256 touched pages, to read-only and back, and a write",
       .setup = setup_protect, .run = run_protect, .argument = 256);
MEMORY(madvise_dontneed_64, .what = "madvise MADV_DONTNEED of 64 pages, and a write to each",
       .setup = setup_pages, .run = run_leave, .argument = LEFT);
MEMORY(page_fault_file, .what = "first read of a page of a private file mapping, cached", .setup = setup_file,
       .run = read_pages, .each = FILE_PAGES);
MEMORY(page_fault_file_shared, .what = "first write to a page of a shared file mapping, cached",
       .setup = setup_file, .run = write_pages, .each = FILE_PAGES);
