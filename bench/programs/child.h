/* SPDX-License-Identifier: MPL-2.0 */
/* What items of several processes share: a child that ends with the item, and memory that both see. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include "bench.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static inline pid_t fork_child(void)
{
    pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* without it the harness ends the child, by the process group */
    return child;
}

/* Waits for it; it must have left with that code. */
static inline void finish_child(pid_t child, int code)
{
    int status = -1;
    EXPECT(child > 0 && waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == code);
}

/* Zeroes. */
static inline void *map_shared(unsigned long bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(at != MAP_FAILED);
    return at;
}

#endif
