/* SPDX-License-Identifier: MPL-2.0 */
/* lmbench's lat_proc exec by the ways that do not copy the process, and its lat_pthread: a thread that begins and ends. */
#define _GNU_SOURCE
#include "child.h"
#include <pthread.h>
#include <spawn.h>
#include <stddef.h>

static char *const arguments[] = {"false", NULL}, *const environment[] = {NULL};

static void run_vfork(uint64_t times)
{
    while (times--) {
        pid_t child = vfork();
        if (child == 0) {
            execve(bench_busybox, arguments, environment);
            _exit(127);
        }
        finish_child(child, 1);
    }
}

static void run_spawn(uint64_t times)
{
    while (times--) {
        pid_t child = -1;
        EXPECT(posix_spawn(&child, bench_busybox, NULL, NULL, arguments, environment) == 0);
        finish_child(child, 1);
    }
}

static void *increment(void *number) { return (char *)number + 1; }

static void run_thread(uint64_t times)
{
    static char numbers[2];
    while (times--) {
        pthread_t thread;
        void *result = NULL;
        EXPECT(pthread_create(&thread, NULL, increment, numbers) == 0);
        EXPECT(pthread_join(thread, &result) == 0 && result == numbers + 1);
    }
}

BENCH(vfork_exec_exit_wait, .group = "process", .what = "vfork, exec of busybox's false, exit, wait",
      .run = run_vfork);
BENCH(posix_spawn_exit_wait, .group = "process", .what = "posix_spawn of busybox's false, exit, wait",
      .run = run_spawn);
BENCH(thread_create_join, .group = "process", .what = "pthread_create, pthread_join", .run = run_thread);
