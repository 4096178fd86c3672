/* SPDX-License-Identifier: MPL-2.0 */
/* A walk over a tree as find and du do it, by opendir, readdir and lstat: 10 directories of 10 directories of 10 files. */
#define _GNU_SOURCE
#include "bench.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WIDTH = 10, DIRECTORIES = 1 + WIDTH + WIDTH * WIDTH, FILES = WIDTH * WIDTH * WIDTH };

static long files, directories, bytes, right_bytes;

static void make_file(const char *directory, int number)
{
    char path[64];
    snprintf(path, sizeof path, "%s/file-%d", directory, number);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    EXPECT(file >= 0 && write(file, "0123456789", (size_t)number) == number && close(file) == 0);
    right_bytes += number;
}

static void make_directory(const char *path, int depth)
{
    char below[48];
    EXPECT(mkdir(path, 0700) == 0);
    for (int i = 0; i < WIDTH; i++) {
        snprintf(below, sizeof below, "%s/%d", path, i);
        if (depth == 0)
            make_file(path, i);
        else
            make_directory(below, depth - 1);
    }
}

static void setup(void) { make_directory("tree", 2); }

static int visit(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)path;
    (void)place;
    EXPECT(type == FTW_F || type == FTW_D);
    files += type == FTW_F;
    directories += type == FTW_D;
    bytes += type == FTW_F ? (long)status->st_size : 0;
    return 0;
}

static void run(uint64_t times)
{
    while (times--) {
        files = directories = bytes = 0;
        EXPECT(nftw("tree", visit, 16, FTW_PHYS) == 0);
        EXPECT(files == FILES && directories == DIRECTORIES && bytes == right_bytes);
    }
}

BENCH(directory_walk, .group = "file", .what = "an entry of a walk over 111 directories with 1000 files",
      .setup = setup, .run = run, .each = DIRECTORIES + FILES);
