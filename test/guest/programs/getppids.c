/* SPDX-License-Identifier: MPL-2.0 */
/*
 * getppids patched|reflected COUNT: that many system calls, from a site that KxOS rewrites or from one that it does not. Prints how many
 * calls of the whole guest the exokernel reflected meanwhile, by /proc/kxos/patch.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

long call_patched(void);
long call_reflected(long number);
__asm__(".text; .balign 64\n"
        "call_patched: mov $110, %eax; syscall; ret\n"
        "call_reflected: mov %rdi, %rax; syscall; ret\n"
        ".globl call_patched, call_reflected\n");

static unsigned long reflected(void)
{
    char line[64];
    unsigned long value = 0;
    FILE *file = fopen("/proc/kxos/patch", "r");
    while (file && fgets(line, sizeof line, file) && sscanf(line, "reflected %lu", &value) != 1)
        ;
    if (!file || !value)
        exit(2);
    fclose(file);
    return value;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int patched = strcmp(argv[1], "patched") == 0;
    unsigned long count = strtoul(argv[2], NULL, 10), wrong = 0;
    long parent = getppid();
    reflected(); /* the sites that this takes are rewritten now */
    unsigned long before = reflected();
    for (unsigned long i = 0; i < count; i++)
        wrong += (patched ? call_patched() : call_reflected(SYS_getppid)) != parent;
    printf("%s: %lu calls, %lu wrong, %lu reflected\n", argv[1], count, wrong, reflected() - before);
    return wrong != 0;
}
