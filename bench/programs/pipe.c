/* SPDX-License-Identifier: MPL-2.0 */
/* One byte into a pipe and out of it, by one process that never waits. A thousand at a time, so that each half has its figure. */
#include "bench.h"
#include <unistd.h>

enum { EACH = 1000 };
static int ends[2];

static void setup(void) { EXPECT(pipe(ends) == 0); }

static void fill(void)
{
    for (int i = 0; i < EACH; i++) {
        char byte = (char)i;
        EXPECT(write(ends[1], &byte, 1) == 1);
    }
}

static void drain(void)
{
    for (int i = 0; i < EACH; i++) {
        char byte = 0;
        EXPECT(read(ends[0], &byte, 1) == 1 && byte == (char)i);
    }
}

static void write_1(uint64_t times)
{
    while (times--) {
        fill();
        bench_stop();
        drain();
        bench_start();
    }
}

static void read_1(uint64_t times)
{
    while (times--) {
        bench_stop();
        fill();
        bench_start();
        drain();
    }
}

BENCH(pipe_write_1, .group = "system call", .what = "write 1 byte to a pipe", .setup = setup, .run = write_1,
      .each = EACH);
BENCH(pipe_read_1, .group = "system call", .what = "read 1 byte of a pipe", .setup = setup, .run = read_1,
      .each = EACH);
