/* SPDX-License-Identifier: MPL-2.0 */
/* lmbench's lat_proc fork, of a process that has written much memory: how long the parent stands still. */
#define _GNU_SOURCE
#include "child.h"
#include <stdio.h>
#include <string.h>

enum { PAGE = 4096, APART = 128 /* pages: a write each 512 KiB */, CODE = 7 };
static const size_t mib = 1 << 20;
static char *memory;

static char mark_of(size_t page) { return (char)(page % 127 + 1); }

/* Of the system, for a process that asks for it now; SIZE_MAX: it does not say. */
static size_t available(void)
{
    size_t kib = SIZE_MAX / 1024;
    char line[128];
    FILE *file = fopen("/proc/meminfo", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %zu", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib * 1024;
}

static void setup(void)
{
    size_t bytes = (size_t)bench_own()->argument * mib;
    if (available() < bytes + bytes / 16)
        bench_fail(__FILE__, __LINE__, "less memory is available than the item needs");
    memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        bench_fail(__FILE__, __LINE__, "the memory that the item needs was refused");
    for (size_t i = 0; i < bytes / PAGE; i++)
        memory[i * PAGE] = mark_of(i);
    for (size_t i = 0; i < bytes / PAGE; i++)
        EXPECT(memory[i * PAGE] == mark_of(i));
}

/* The child sees the last page that was written. Between two forks the parent writes here and there, as one that works does: what the
 * last fork left shared is not all shared still. */
static void run_fork(uint64_t times)
{
    size_t pages = (size_t)bench_own()->argument * mib / PAGE, last = pages - 1;
    bench_stop();
    while (times--) {
        for (size_t i = 0; i < pages; i += APART)
            memory[i * PAGE] = mark_of(i);
        bench_start();
        pid_t child = fork();
        if (child == 0)
            _exit(memory[last * PAGE] == mark_of(last) ? CODE : 1);
        bench_stop();
        finish_child(child, CODE);
    }
}

static void run_touch(uint64_t times)
{
    while (times--) {
        pid_t child = fork();
        if (child == 0) {
            EXPECT(memory[0] == mark_of(0));
            memset(memory, -1, mib);
            _exit(CODE);
        }
        finish_child(child, CODE);
        EXPECT(memory[0] == mark_of(0) && memory[mib - 1] == 0);
    }
}

#define FORK(number)                                                                                           \
    BENCH(fork_##number##mib, .group = "process", .what = "fork with " #number " MiB written, in the parent",  \
          .setup = setup, .run = run_fork, .series = "fork", .x = number, .argument = number)

FORK(1);
FORK(4);
FORK(16);
FORK(64);
FORK(256);
FORK(1024);
BENCH(fork_touch_64mib, .group = "process",
      .what = "fork with 64 MiB written; the child writes 1 MiB of it, exit, wait", .setup = setup,
      .run = run_touch, .argument = 64);
