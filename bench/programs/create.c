/* SPDX-License-Identifier: MPL-2.0 */
/* lmbench's lat_fs: files are created, with some content, and deleted; each half has its figure. */
#include "bench.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 200, BYTES_MOST = 10240 };

static char names[FILES][8], content[BYTES_MOST], found[BYTES_MOST + 1];
static ssize_t bytes;

static void setup(void)
{
    bytes = bench_own()->argument;
    for (int i = 0; i < FILES; i++)
        snprintf(names[i], sizeof names[i], "f%d", i);
    for (int i = 0; i < BYTES_MOST; i++)
        content[i] = (char)(i * 7 + i / 256);
}

static void create_all(void)
{
    for (int i = 0; i < FILES; i++) {
        int file = open(names[i], O_WRONLY | O_CREAT | O_EXCL, 0600);
        EXPECT(file >= 0 && (bytes == 0 || write(file, content, (size_t)bytes) == bytes) && close(file) == 0);
    }
}

static void remove_all(void)
{
    for (int i = 0; i < FILES; i++)
        EXPECT(unlink(names[i]) == 0);
}

static void check_there(void)
{
    for (int i = 0; i < FILES; i++) {
        int file = open(names[i], O_RDONLY);
        EXPECT(file >= 0 && read(file, found, sizeof found) == bytes && close(file) == 0);
        EXPECT(memcmp(found, content, (size_t)bytes) == 0);
    }
}

static void check_gone(void)
{
    struct stat status;
    for (int i = 0; i < FILES; i++)
        EXPECT(stat(names[i], &status) < 0 && errno == ENOENT);
}

static void run_create(uint64_t times)
{
    while (times--) {
        create_all();
        bench_stop();
        check_there();
        remove_all();
        bench_start();
    }
}

static void run_delete(uint64_t times)
{
    while (times--) {
        bench_stop();
        create_all();
        check_there();
        bench_start();
        remove_all();
        bench_stop();
        check_gone();
        bench_start();
    }
}

BENCH(file_create_0k, .group = "file", .what = "create an empty file", .setup = setup, .run = run_create,
      .each = FILES);
BENCH(file_delete_0k, .group = "file", .what = "delete an empty file", .setup = setup, .run = run_delete,
      .each = FILES);
BENCH(file_create_10k, .group = "file", .what = "create a file of 10 KiB", .setup = setup, .run = run_create,
      .each = FILES, .argument = 10240);
BENCH(file_delete_10k, .group = "file", .what = "delete a file of 10 KiB", .setup = setup, .run = run_delete,
      .each = FILES, .argument = 10240);
