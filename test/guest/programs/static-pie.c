/* SPDX-License-Identifier: MPL-2.0 */
/* A static position-independent program: relocated, with its auxiliary vector, environment and thread-local data. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

static __thread int own = 5;
static const char *const relocated[] = {"relocated", "pointers"};

int main(int argc, char **argv)
{
    printf("%s %s %d %d %s %s\n", relocated[0], relocated[1], own, argc, argv[argc - 1], getenv("MARK"));
    printf("%s %lu %d %d\n", (char *)getauxval(AT_EXECFN), getauxval(AT_PAGESZ), getauxval(AT_RANDOM) != 0,
           getauxval(AT_PHNUM) > 0 && getauxval(AT_ENTRY) != 0);
    printf("%s\n", (char *)getauxval(AT_PLATFORM));
    return 4;
}
