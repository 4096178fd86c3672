/* SPDX-License-Identifier: MPL-2.0 */
/* lmbench's lat_syscall read and write: one byte of /dev/zero, and to /dev/null. */
#include "bench.h"
#include <fcntl.h>
#include <unistd.h>

static int zero, null;

static void setup(void)
{
    EXPECT((zero = open("/dev/zero", O_RDONLY)) >= 0);
    EXPECT((null = open("/dev/null", O_WRONLY)) >= 0);
}

static void read_zero(uint64_t times)
{
    while (times--) {
        char byte = 1;
        EXPECT(read(zero, &byte, 1) == 1 && byte == 0);
    }
}

static void write_null(uint64_t times)
{
    while (times--)
        EXPECT(write(null, "k", 1) == 1);
}

BENCH(zero_read_1, .group = "system call", .what = "read 1 byte of /dev/zero", .setup = setup,
      .run = read_zero);
BENCH(null_write_1, .group = "system call", .what = "write 1 byte to /dev/null", .setup = setup,
      .run = write_null);
