/* SPDX-License-Identifier: MPL-2.0 */
/* The shortest system call, by the form of its site: KxOS rewrites the first on first use, and lets the exokernel reflect the second. */
#include "bench.h"
#include <sys/syscall.h>
#include <unistd.h>

long null_call_patched(void);
long null_call_reflected(long number);
__asm__(".text; .balign 64\n"
        "null_call_patched: mov $110, %eax; syscall; ret\n"
        "null_call_reflected: mov %rdi, %rax; syscall; ret\n"
        ".globl null_call_patched, null_call_reflected\n");

static pid_t parent;

static void setup(void) { parent = getppid(); }

static void patched(uint64_t times)
{
    while (times--)
        EXPECT(null_call_patched() == parent);
}

static void reflected(uint64_t times)
{
    while (times--)
        EXPECT(null_call_reflected(SYS_getppid) == parent);
}

static void library(uint64_t times)
{
    while (times--)
        EXPECT(getppid() == parent);
}

BENCH(null_call_patched, .group = "system call", .what = "getppid by mov; syscall", .setup = setup,
      .run = patched);
BENCH(null_call_reflected, .group = "system call", .what = "getppid by a site that is not patched",
      .setup = setup, .run = reflected);
BENCH(getppid, .group = "system call", .what = "getppid of the C library", .setup = setup, .run = library);
