/* SPDX-License-Identifier: MPL-2.0 */
/* fork + exec of busybox's `true` + exit + wait, and fork + exit + wait alone, in microseconds each (the best of ten rounds). */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void run(const char *program)
{
    pid_t child = fork();
    if (child == 0) {
        if (program)
            execl(program, "true", (char *)NULL);
        _exit(program ? 127 : 0);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        printf("forkbench: failed\n");
        exit(1);
    }
}

static long best(const char *program, int times)
{
    int64_t least = INT64_MAX;
    for (int round = 0; round < 10; round++) {
        int64_t start = now();
        for (int i = 0; i < times; i++)
            run(program);
        int64_t took = (now() - start) / times;
        least = took < least ? took : least;
    }
    return (long)(least / 1000);
}

int main(void)
{
    printf("fork+exit+wait: %ld us\n", best(NULL, 20));
    printf("fork+exec+exit+wait: %ld us\n", best("/bin/busybox", 20));
    return 0;
}
