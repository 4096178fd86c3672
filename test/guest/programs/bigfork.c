/* SPDX-License-Identifier: MPL-2.0 */
/*
 * bigfork MIB: what fork costs with that many MiB touched, in the parent until the call returns: "fork of N MiB: X us".
 * bigfork check MIB: both sides of a fork keep what they had, whoever changes what: pages, mappings, with threads that write
 * meanwhile, children of children, and memory that is shared on purpose.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, WORDS = PAGE / 8 };

#define CHECK(condition)                                                                                       \
    do {                                                                                                       \
        if (!(condition)) {                                                                                    \
            printf("bigfork: line %d: %s\n", __LINE__, #condition);                                            \
            fflush(stdout);                                                                                    \
            _exit(1);                                                                                          \
        }                                                                                                      \
    } while (0)

static size_t pages;
static volatile uint64_t *area;

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static volatile uint64_t *word(size_t page) { return area + page * WORDS + page % WORDS; }

static void *map(size_t count, int flags)
{
    void *at = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
    CHECK(at != MAP_FAILED);
    return at;
}

static void fill(uint64_t value)
{
    for (size_t i = 0; i < pages; i++)
        *word(i) = value + i;
}

static void expect(uint64_t value, size_t first, size_t step)
{
    for (size_t i = first; i < pages; i += step)
        CHECK(*word(i) == value + i);
}

static pid_t start(void)
{
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    return child;
}

static void finish(pid_t child)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void measure(size_t mib)
{
    int64_t least = INT64_MAX;
    for (int round = 0; round < 3; round++) {
        fill((uint64_t)round);
        usleep(1000); /* a fresh share of the CPU: the child shall not run before fork returns */
        int64_t before = now();
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        int64_t took = now() - before;
        CHECK(child > 0);
        finish(child);
        least = took < least ? took : least;
    }
    printf("fork of %zu MiB: %ld.%03ld us\n", mib, (long)(least / 1000), (long)(least % 1000));
}

/* --- checks ------------------------------------------------------------------------------------------------------ */

static void writes_on_both_sides(void)
{
    fill(1000);
    pid_t child = start();
    for (size_t i = child == 0; i < pages; i += 2)
        *word(i) = (child == 0 ? 5000 : 6000) + i;
    expect(1000, child != 0, 2);
    expect(child == 0 ? 5000 : 6000, child == 0, 2);
    if (child == 0)
        _exit(0);
    finish(child);
    expect(1000, 1, 2);
    fill(2000);
    expect(2000, 0, 1);
}

static void children_of_children(void)
{
    fill(100);
    pid_t child = start();
    if (child == 0) {
        *word(pages / 2) = 7;
        pid_t grandchild = start();
        if (grandchild == 0) {
            CHECK(*word(pages / 2) == 7);
            fill(900);
            expect(900, 0, 1);
            _exit(0);
        }
        expect(100, 0, pages / 2 + 1);
        finish(grandchild);
        CHECK(*word(pages / 2) == 7);
        *word(pages / 2) = 100 + pages / 2;
        expect(100, 0, 1);
        _exit(0);
    }
    expect(100, 0, 1);
    finish(child);
    /* A child that outlives its parent keeps all of it. */
    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0);
    child = start();
    if (child == 0) {
        pid_t grandchild = start();
        if (grandchild != 0)
            _exit(0);
        usleep(20000);
        expect(100, 0, 1);
        fill(3);
        expect(3, 0, 1);
        CHECK(write(ends[1], "k", 1) == 1);
        _exit(0);
    }
    finish(child);
    fill(300);
    CHECK(read(ends[0], &byte, 1) == 1);
    expect(300, 0, 1);
    close(ends[0]);
    close(ends[1]);
}

static void changed_mappings(void)
{
    fill(10);
    char *at = (char *)(uintptr_t)area, *middle = at + pages / 2 * PAGE;
    pid_t child = start();
    if (child == 0) {
        CHECK(mprotect(at, pages / 4 * PAGE, PROT_READ) == 0);
        CHECK(madvise(middle, PAGE * 3, MADV_DONTNEED) == 0);
        CHECK(*word(pages / 2) == 0 && *word(pages / 2 + 3) == 10 + pages / 2 + 3);
        CHECK(munmap(middle + 8 * PAGE, 9 * PAGE) == 0);
        char *moved = mremap(at, pages / 4 * PAGE, pages / 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
                             map(pages / 4, MAP_PRIVATE | MAP_NORESERVE));
        CHECK(moved != MAP_FAILED);
        for (size_t i = 0; i < pages / 4; i++)
            CHECK(*(uint64_t *)(moved + i * PAGE + i % WORDS * 8) == 10 + i);
        CHECK(mprotect(moved, pages / 4 * PAGE, PROT_READ | PROT_WRITE) == 0);
        memset(moved, 1, pages / 4 * PAGE);
        _exit(0);
    }
    finish(child);
    expect(10, 0, 1);
    fill(20);
    expect(20, 0, 1);
}

static void shared_memory(void)
{
    volatile uint64_t *shared = map(64, MAP_SHARED);
    int down[2], up[2];
    char byte;
    shared[0] = 1;
    shared[5 * WORDS] = 2;
    CHECK(pipe(down) == 0 && pipe(up) == 0);
    pid_t child = start();
    if (child == 0) {
        CHECK(shared[0] == 1 && shared[5 * WORDS] == 2);
        shared[5 * WORDS] = 3;
        shared[9 * WORDS] = 4;
        CHECK(write(up[1], "k", 1) == 1 && read(down[0], &byte, 1) == 1);
        CHECK(shared[0] == 11 && shared[20 * WORDS] == 12);
        shared[20 * WORDS] = 13;
        _exit(0);
    }
    CHECK(read(up[0], &byte, 1) == 1);
    CHECK(shared[5 * WORDS] == 3 && shared[9 * WORDS] == 4);
    shared[0] = 11;
    shared[20 * WORDS] = 12;
    CHECK(write(down[1], "k", 1) == 1);
    finish(child);
    CHECK(shared[20 * WORDS] == 13);
    CHECK(munmap((void *)(uintptr_t)shared, 64 * PAGE) == 0);
}

static atomic_bool stop;
static atomic_ulong turns;

/* Writes the same value to two words of each page, one after the other, again and again. */
static void *write_pairs(void *argument)
{
    size_t first = (size_t)argument;
    for (uint64_t value = 1; !stop; value++)
        for (size_t i = first; i < pages && !stop; i += 64) {
            _Atomic uint64_t *pair = (_Atomic uint64_t *)(uintptr_t)(area + i * WORDS);
            atomic_store(&pair[0], value);
            atomic_store(&pair[WORDS - 1], value);
            turns++;
        }
    return NULL;
}

static void threads_write_meanwhile(void)
{
    pthread_t thread[2];
    memset((void *)(uintptr_t)area, 0, pages * PAGE);
    for (size_t i = 0; i < 2; i++)
        CHECK(pthread_create(&thread[i], NULL, write_pairs, (void *)i) == 0);
    for (int round = 0; round < 20; round++) {
        unsigned long seen = turns;
        while (turns == seen)
            sched_yield();
        pid_t child = start();
        if (child == 0) {
            uint64_t before[128];
            for (int pass = 0; pass < 2; pass++) {
                for (size_t i = 0, n = 0; i < pages && n < 128; i += 32, n++) {
                    uint64_t a = area[i * WORDS], b = area[i * WORDS + WORDS - 1];
                    CHECK(a == b || a == b + 1);
                    CHECK(pass == 0 || before[n] == a);
                    before[n] = a;
                }
                usleep(1000); /* nothing that the parent writes shows */
            }
            _exit(0);
        }
        finish(child);
    }
    stop = true;
    for (size_t i = 0; i < 2; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
}

int main(int count, char **arguments)
{
    size_t mib = strtoul(arguments[count - 1], NULL, 10);
    CHECK(count > 1 && mib > 0);
    pages = mib * 256;
    area = map(pages, MAP_PRIVATE);
    if (strcmp(arguments[1], "check") != 0) {
        measure(mib);
        return 0;
    }
    writes_on_both_sides();
    children_of_children();
    changed_mappings();
    shared_memory();
    threads_write_meanwhile();
    printf("bigfork: %zu MiB good\n", mib);
    return 0;
}
