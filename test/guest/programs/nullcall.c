/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What one null system call (getppid) costs, by the form of its site, in ticks of the time-stamp counter: under
 * --icount a tick is a nanosecond is an instruction. `patched` is the seven-byte form, `reflected` has its number in a register.
 */
#include <stdint.h>
#include <stdio.h>
#include <x86intrin.h>

long call_patched(void);
long call_reflected(long number);
long call_function(void);
__asm__(".text; .balign 64\n"
        "call_patched: mov $110, %eax; syscall; ret\n"
        "call_reflected: mov %rdi, %rax; syscall; ret\n"
        "call_function: mov $110, %eax; ret\n"
        ".globl call_patched, call_reflected, call_function\n");

enum { CALLS = 20000 };
static uint64_t overhead;

#define MEASURE(call)                                                                                          \
    ({                                                                                                         \
        for (int i = 0; i < 100; i++)                                                                          \
            call;                                                                                              \
        uint64_t start = __rdtsc();                                                                            \
        for (int i = 0; i < CALLS; i++)                                                                        \
            call;                                                                                              \
        (__rdtsc() - start) / CALLS - overhead;                                                                \
    })

int main(void)
{
    overhead = MEASURE(call_function());
    printf("function: %lu\n", (unsigned long)overhead);
    printf("patched: %lu\n", (unsigned long)MEASURE(call_patched()));
    printf("reflected: %lu\n", (unsigned long)MEASURE(call_reflected(110)));
    return 0;
}
