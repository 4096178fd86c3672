/* SPDX-License-Identifier: MPL-2.0 */
/* Calls beside lmbench's lat_syscall stat that look at names: of a file, a link, the working directory, and all of a directory. */
#define _GNU_SOURCE
#include "bench.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ENTRIES = 100 };

static void make_file(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    EXPECT(file >= 0 && close(file) == 0);
}

/* --- a file and a link -------------------------------------------------------------------------------------------------- */

static void make_names(void)
{
    make_file("a-file");
    EXPECT(symlink("a-file", "a-link") == 0);
    EXPECT(access("no-file", F_OK) == -1 && errno == ENOENT);
}

static void run_access(uint64_t times)
{
    while (times--)
        EXPECT(access("a-file", R_OK | W_OK) == 0);
}

static void run_readlink(uint64_t times)
{
    while (times--) {
        char target[16] = {0};
        EXPECT(readlink("a-link", target, sizeof target) == 6 && memcmp(target, "a-file", 6) == 0);
    }
}

/* --- the working directory ---------------------------------------------------------------------------------------------- */

static char place[2][PATH_MAX];

static void make_places(void)
{
    EXPECT(mkdir("one", 0700) == 0 && mkdir("two", 0700) == 0);
    EXPECT(realpath("one", place[0]) && realpath("two", place[1]) && strcmp(place[0], place[1]) != 0);
}

static void run_chdir(uint64_t times)
{
    while (times--) {
        char path[PATH_MAX];
        const char *to = place[times % 2];
        EXPECT(chdir(to) == 0 && getcwd(path, sizeof path) == path && strcmp(path, to) == 0);
    }
}

/* --- all of a directory: each name is a number, and must be seen once --------------------------------------------------- */

static int directory;

static void make_entries(void)
{
    char path[32];
    EXPECT(mkdir("entries", 0700) == 0);
    for (int i = 0; i < ENTRIES; i++) {
        snprintf(path, sizeof path, "entries/%02d", i);
        make_file(path);
    }
    EXPECT((directory = open("entries", O_RDONLY | O_DIRECTORY)) >= 0);
}

static int see(const char *buffer, long length, char *seen)
{
    int count = 0;
    for (long at = 0; at < length;) {
        const struct dirent64 *entry = (const void *)(buffer + at);
        EXPECT(entry->d_reclen > 0);
        at += entry->d_reclen;
        if (entry->d_name[0] == '.')
            continue;
        int number = (entry->d_name[0] - '0') * 10 + entry->d_name[1] - '0';
        EXPECT(number >= 0 && number < ENTRIES && !seen[number]);
        seen[number] = 1;
        count++;
    }
    return count;
}

static void run_getdents(uint64_t times)
{
    static char buffer[32768] __attribute__((aligned(16)));
    while (times--) {
        char seen[ENTRIES] = {0};
        int count = 0;
        EXPECT(lseek(directory, 0, SEEK_SET) == 0);
        for (long length; (length = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) != 0;) {
            EXPECT(length > 0);
            count += see(buffer, length, seen);
        }
        EXPECT(count == ENTRIES);
    }
}

BENCH(access, .group = "system call", .what = "access to a file", .setup = make_names, .run = run_access);
BENCH(readlink, .group = "system call", .what = "readlink", .setup = make_names, .run = run_readlink);
BENCH(chdir_getcwd, .group = "system call", .what = "chdir and getcwd", .setup = make_places, .run = run_chdir);
BENCH(getdents_100, .group = "system call", .what = "getdents64 of all of a directory of 100 entries",
      .setup = make_entries, .run = run_getdents);
