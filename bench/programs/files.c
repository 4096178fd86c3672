/* SPDX-License-Identifier: MPL-2.0 */
/* lmbench's lat_syscall stat, fstat and open: a file in the memory file system. */
#include "bench.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BYTES = 7 };
static int file;

static void setup(void)
{
    EXPECT((file = open("a-file", O_RDWR | O_CREAT | O_EXCL, 0600)) >= 0);
    EXPECT(write(file, "content", BYTES) == BYTES);
}

static void run_stat(uint64_t times)
{
    while (times--) {
        struct stat status = {0};
        EXPECT(stat("a-file", &status) == 0 && status.st_size == BYTES);
    }
}

static void run_fstat(uint64_t times)
{
    while (times--) {
        struct stat status = {0};
        EXPECT(fstat(file, &status) == 0 && status.st_size == BYTES);
    }
}

static void run_open(uint64_t times)
{
    while (times--) {
        int opened = open("a-file", O_RDONLY);
        EXPECT(opened > file && close(opened) == 0);
    }
}

BENCH(stat, .group = "system call", .what = "stat of a file", .setup = setup, .run = run_stat);
BENCH(fstat, .group = "system call", .what = "fstat of an open file", .setup = setup, .run = run_fstat);
BENCH(open_close, .group = "system call", .what = "open and close of a file", .setup = setup, .run = run_open);
