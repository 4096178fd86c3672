/* SPDX-License-Identifier: MPL-2.0 */
/* Names that come, change and go: what does not happen makes the next call fail, and a look from outside the clock says the rest. */
#include "bench.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct stat before;

static void make_file(void)
{
    int file = open("a", O_WRONLY | O_CREAT | O_EXCL, 0600);
    EXPECT(file >= 0 && write(file, "content", 7) == 7 && close(file) == 0);
    EXPECT(stat("a", &before) == 0);
}

static void run_rename(uint64_t times)
{
    struct stat status;
    while (times--)
        EXPECT(rename("a", "b") == 0 && rename("b", "a") == 0);
    bench_stop();
    EXPECT(stat("b", &status) < 0 && errno == ENOENT);
    EXPECT(stat("a", &status) == 0 && status.st_ino == before.st_ino && status.st_size == 7);
}

static void run_symlink(uint64_t times)
{
    char target[16];
    while (times--)
        EXPECT(symlink("the-target", "link") == 0 && unlink("link") == 0);
    bench_stop();
    EXPECT(symlink("the-target", "link") == 0);
    EXPECT(readlink("link", target, sizeof target) == 10 && memcmp(target, "the-target", 10) == 0);
    EXPECT(unlink("link") == 0 && readlink("link", target, sizeof target) < 0 && errno == ENOENT);
}

static void run_mkdir(uint64_t times)
{
    struct stat status;
    while (times--)
        EXPECT(mkdir("directory", 0700) == 0 && rmdir("directory") == 0);
    bench_stop();
    EXPECT(mkdir("directory", 0700) == 0 && stat("directory", &status) == 0 && S_ISDIR(status.st_mode));
    EXPECT(rmdir("directory") == 0 && stat("directory", &status) < 0 && errno == ENOENT);
}

BENCH(rename, .group = "file", .what = "rename of a file", .setup = make_file, .run = run_rename, .each = 2);
BENCH(symlink_unlink, .group = "file", .what = "symlink and unlink", .run = run_symlink);
BENCH(mkdir_rmdir, .group = "file", .what = "mkdir and rmdir", .run = run_mkdir);
