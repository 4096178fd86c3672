/* SPDX-License-Identifier: MPL-2.0 */
/*
 * System calls that a fast timer's signals interrupt at any instruction, while another process takes the CPU in between: each result is right, and
 * all registers and flags but rax, rcx and r11 are what they were. From a site that KxOS rewrites, and from one that it does not.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include "check.h"

#define SIGNALS 1000
#define SECONDS 2 /* at most */

/* As the assembly below counts: registers before the call, and after it. */
struct state {
    uint64_t rax, flags;
    uint64_t kept[12]; /* rdi rsi rdx r10 r8 r9 rbx rbp r12 r13 r14 r15 */
};
void call_patched(struct state *state);   /* rax is not given: getppid */
void call_reflected(struct state *state); /* rax is the number */
#define LOAD                                                                                                   \
    "pushq %rbx; pushq %rbp; pushq %r12; pushq %r13; pushq %r14; pushq %r15; pushq %rdi\n"                     \
    "movq %rdi, %rax\n"                                                                                        \
    "movq 16(%rax), %rdi; movq 24(%rax), %rsi; movq 32(%rax), %rdx; movq 40(%rax), %r10\n"                     \
    "movq 48(%rax), %r8; movq 56(%rax), %r9; movq 64(%rax), %rbx; movq 72(%rax), %rbp\n"                       \
    "movq 80(%rax), %r12; movq 88(%rax), %r13; movq 96(%rax), %r14; movq 104(%rax), %r15\n"                    \
    "pushq 8(%rax); popfq; movq (%rax), %rax\n"
#define STORE                                                                                                  \
    "pushfq; popq %rcx; xchgq %rax, (%rsp); movq %rcx, 8(%rax)\n"                                              \
    "movq %rdi, 16(%rax); movq %rsi, 24(%rax); movq %rdx, 32(%rax); movq %r10, 40(%rax)\n"                     \
    "movq %r8, 48(%rax); movq %r9, 56(%rax); movq %rbx, 64(%rax); movq %rbp, 72(%rax)\n"                       \
    "movq %r12, 80(%rax); movq %r13, 88(%rax); movq %r14, 96(%rax); movq %r15, 104(%rax)\n"                    \
    "popq %rcx; movq %rcx, (%rax)\n"                                                                           \
    "popq %r15; popq %r14; popq %r13; popq %r12; popq %rbp; popq %rbx; cld; ret\n"
__asm__(".text; .balign 64\n"
        ".globl call_patched, call_reflected\n"
        "call_patched:\n" LOAD "mov $110, %eax; syscall\n" STORE "call_reflected:\n" LOAD
        "nop; syscall\n" STORE);

static volatile sig_atomic_t signals;
static void count(int number) { signals += number == SIGALRM; }

/* OF, DF, SF, ZF, AF, PF, CF; some are on the way of quick calls, DF is not. */
static const uint64_t flags[] = {0x202, 0x202 | 0x8d5, 0x202 | 0x801, 0x202 | 0x0d4, 0x202 | 0x400};

static void one(void (*call)(struct state *), uint64_t number, long expected, unsigned long round)
{
    struct state before = {.rax = number, .flags = flags[round % (sizeof flags / sizeof flags[0])]}, after;
    for (unsigned i = 0; i < 12; i++)
        before.kept[i] = round * 0x9e3779b97f4a7c15ul + i;
    if (number == SYS_getpgid)
        before.kept[0] = 0;
    after = before;
    call(&after);
    CHECK((long)after.rax == expected);
    CHECK(memcmp(after.kept, before.kept, sizeof after.kept) == 0);
    CHECK(after.flags == before.flags);
}

int main(void)
{
    int *go_on = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(go_on != MAP_FAILED);
    *go_on = 1;
    pid_t child = fork();
    CHECK(child >= 0);
    while (child == 0)
        if (!__atomic_load_n(go_on, __ATOMIC_RELAXED))
            _exit(0);
    pid_t parent = getppid(), group = getpgrp();
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    struct itimerval fast = {{0, 200}, {0, 200}}, off = {{0, 0}, {0, 0}};
    time_t end = time(NULL) + SECONDS;
    CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &fast, NULL) == 0);
    for (unsigned long round = 0; signals < SIGNALS && time(NULL) < end; round++) {
        one(call_patched, 0, parent, round);
        one(call_reflected, SYS_getppid, parent, round);
        one(call_reflected, SYS_getpgid, group, round); /* quick, with the lock */
        one(call_reflected, SYS_sched_yield, 0, round); /* never quick */
        one(call_reflected, 100000, -ENOSYS, round);    /* no call at all */
    }
    CHECK(setitimer(ITIMER_REAL, &off, NULL) == 0);
    CHECK(signals >= 50); /* a busy host gives few */
    __atomic_store_n(go_on, 0, __ATOMIC_RELAXED);
    CHECK(waitpid(child, NULL, 0) == child);
    puts("interrupted: done");
    return 0;
}
