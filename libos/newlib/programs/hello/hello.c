/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A self-check of what newlib offers on libos/: each area says what it did in a line, and what went wrong in its stead.
 *   hello [AREA]...        all areas, or those named; status: how many failed
 *   hello --crash KIND     ends as told: exit N, stack, wild, write-text, divide, abort, memory, disk, interrupt, loop
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hello.h"

static const struct {
    const char *name;
    bool (*check)(void);
} areas[] = {
    {"stdio", check_stdio},   {"input", check_input},   {"malloc", check_malloc},
    {"files", check_files},   {"names", check_names},   {"math", check_math},
    {"time", check_time},     {"setjmp", check_setjmp}, {"raise", check_raise},
    {"faults", check_faults}, {"alarm", check_alarm},   {"environment", check_environment},
};

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], name))
            return true;
    return argc < 2;
}

bool failed(const char *what)
{
    printf("FAILED: %s\n", what);
    return false;
}

int main(int argc, char **argv)
{
    int bad = 0, ran = 0;
    if (argc > 2 && !strcmp(argv[1], "--crash"))
        return crash(argv[2], argc > 3 ? argv[3] : NULL);
    printf("Hello from %s, with %d arguments:", argv[0], argc - 1);
    for (int i = 1; i < argc; i++)
        printf(" [%s]", argv[i]);
    printf("\n");
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        if (!wanted(areas[i].name, argc, argv))
            continue;
        printf("%s: ", areas[i].name);
        fflush(stdout);
        ran++;
        bad += !areas[i].check();
    }
    printf("%d areas, %d failed\n", ran, bad);
    return bad;
}
