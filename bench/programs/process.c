/* SPDX-License-Identifier: MPL-2.0 */
/* lmbench's lat_proc: fork, exec, and the shell. The program that is executed is busybox's `false`, whose status proves that it ran. */
#include "child.h"
#include <stddef.h>

static void run_fork(uint64_t times)
{
    while (times--) {
        pid_t child = fork();
        if (child == 0)
            _exit(7);
        finish_child(child, 7);
    }
}

static void spawn(uint64_t times, char *const argv[], int status)
{
    while (times--) {
        pid_t child = fork();
        if (child == 0) {
            execv(bench_busybox, argv);
            _exit(127);
        }
        finish_child(child, status);
    }
}

static void run_exec(uint64_t times) { spawn(times, (char *[]){"false", NULL}, 1); }
static void run_shell(uint64_t times) { spawn(times, (char *[]){"sh", "-c", "exit 7", NULL}, 7); }

BENCH(fork_exit_wait, .group = "process", .what = "fork, exit, wait", .run = run_fork);
BENCH(fork_exec_exit_wait, .group = "process", .what = "fork, exec of busybox's false, exit, wait",
      .run = run_exec);
BENCH(fork_shell_exit_wait, .group = "process", .what = "fork, exec of busybox's sh -c 'exit 7', exit, wait",
      .run = run_shell);
