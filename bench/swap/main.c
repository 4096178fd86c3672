/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The work of the library OSes of libos/pager, libos/scheduler and libos/kv as a program for Linux, the real one or KxOS's personality:
 * swap pager|scheduler|kv [ARGUMENT]... prints the lines that the library OS of that name prints, for the same arguments.
 */
#include "swap.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t swap_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

void swap_fail(const char *file, int line, const char *what)
{
    printf("swap: %s:%d: %s: %s\n", file, line, what, strerror(errno));
    fflush(stdout);
    _Exit(1);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int count, char **word);
    } parts[] = {{"pager", swap_pager}, {"scheduler", swap_scheduler}, {"kv", swap_kv}};
    for (unsigned i = 0; argc > 1 && i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(argv[1], parts[i].name) == 0)
            return parts[i].run(argc - 2, argv + 2);
    fputs("usage: swap pager|scheduler|kv [ARGUMENT]...\n", stderr);
    return 2;
}
