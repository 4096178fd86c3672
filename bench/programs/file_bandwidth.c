/* SPDX-License-Identifier: MPL-2.0 */
/* lmbench's bw_file_rd and bw_mmap_rd: a file that is in the cache, by read, by write and by mmap; the sum of its words is taken. */
#define _GNU_SOURCE
#include "bench.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { KIB = 1024, MIB = 1024 * KIB, FILE_BYTES = 4 * MIB, WORDS = FILE_BYTES / 8 };
static int file;
static size_t block;
static uint64_t buffer[MIB / 8], expected;

static uint64_t content(size_t i) { return i * 0x9e3779b97f4a7c15 + 1; }

static uint64_t sum(const uint64_t *at, size_t bytes)
{
    uint64_t all = 0;
    for (size_t i = 0; i < bytes / sizeof *at; i++)
        all += at[i];
    return all;
}

static void setup(void)
{
    block = (size_t)bench_own()->argument;
    EXPECT((file = open("a-file", O_RDWR | O_CREAT | O_EXCL, 0600)) >= 0);
    for (size_t i = 0; i < WORDS;) {
        for (size_t j = 0; j < MIB / 8; j++, i++)
            expected += buffer[j] = content(i);
        EXPECT(write(file, buffer, MIB) == MIB);
    }
}

/* As lmbench has it, the program reads what it has read. */
static void run_read(uint64_t times)
{
    while (times--) {
        uint64_t all = 0;
        EXPECT(lseek(file, 0, SEEK_SET) == 0);
        for (size_t at = 0; at < FILE_BYTES; at += block) {
            EXPECT(read(file, buffer, block) == (ssize_t)block);
            all += sum(buffer, block);
        }
        EXPECT(all == expected);
    }
}

static void run_mmap(uint64_t times)
{
    while (times--) {
        void *at = mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED, file, 0);
        EXPECT(at != MAP_FAILED);
        EXPECT(sum(at, FILE_BYTES) == expected);
        EXPECT(munmap(at, FILE_BYTES) == 0);
    }
}

/* Each block begins with a word of its own, another each time, which the file must hold at the end. */
static void run_write(uint64_t times)
{
    for (uint64_t i = 0; i < times; i++) {
        EXPECT(lseek(file, 0, SEEK_SET) == 0);
        for (size_t at = 0; at < FILE_BYTES; at += block) {
            buffer[0] = i + at;
            EXPECT(write(file, buffer, block) == (ssize_t)block);
        }
    }
    bench_stop();
    EXPECT(lseek(file, 0, SEEK_CUR) == FILE_BYTES && lseek(file, 0, SEEK_END) == FILE_BYTES);
    for (size_t at = 0; at < FILE_BYTES; at += block) {
        uint64_t found[2];
        EXPECT(pread(file, found, sizeof found, (off_t)at) == sizeof found);
        EXPECT(found[0] == times - 1 + at && found[1] == buffer[1]);
    }
}

#define SIZE(verb, label, size)                                                                                \
    BENCH(file_##verb##_##label, .group = "file", .what = #verb " of a file of 4 MiB, by blocks of " #label,   \
          .setup = setup, .run = run_##verb, .bytes = FILE_BYTES, .argument = size, .series = "file " #verb,   \
          .x = size)
SIZE(read, 4k, 4 * KIB);
SIZE(read, 64k, 64 * KIB);
SIZE(read, 1m, MIB);
SIZE(write, 4k, 4 * KIB);
SIZE(write, 64k, 64 * KIB);
SIZE(write, 1m, MIB);
BENCH(mmap_read, .group = "file", .what = "mmap of a file of 4 MiB, the sum of its words, munmap",
      .setup = setup, .run = run_mmap, .bytes = FILE_BYTES, .argument = MIB);
