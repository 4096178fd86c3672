/* SPDX-License-Identifier: MPL-2.0 */
/* As make -j2: a process that keeps two children running until all jobs are done. A job is a shell that writes what it computed. */
#include "bench.h"
#include "child.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { JOBS = 40, AT_ONCE = 2 };

static void start(int job)
{
    char number[8];
    if (fork_child() != 0)
        return;
    snprintf(number, sizeof number, "%d", job);
    execl(bench_busybox, "sh", "-c", "echo $(($1 * $1 + 7)) >job-$1", "sh", number, (char *)NULL);
    _exit(127);
}

static void finish_one(void)
{
    int status = -1;
    EXPECT(wait(&status) > 0 && status == 0);
}

/* And removes what it made. */
static void check(int job)
{
    char path[16], text[16] = "";
    snprintf(path, sizeof path, "job-%d", job);
    int file = open(path, O_RDONLY);
    EXPECT(file >= 0 && read(file, text, sizeof text - 1) > 0 && close(file) == 0);
    EXPECT(atoi(text) == job * job + 7);
    EXPECT(unlink(path) == 0);
}

static void run(uint64_t times)
{
    while (times--) {
        for (int job = 0; job < JOBS; job++) {
            if (job >= AT_ONCE)
                finish_one();
            start(job);
        }
        for (int i = 0; i < AT_ONCE; i++)
            finish_one();
        bench_stop();
        for (int job = 0; job < JOBS; job++)
            check(job);
        bench_start();
    }
}

BENCH(process_tree, .group = "program", .what = "40 jobs of busybox's sh -c, two at a time", .run = run);
