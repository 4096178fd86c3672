/* SPDX-License-Identifier: MPL-2.0 */
/*
 * System-call sites of every form, each run many times so that patching shows: registers, flags and the red zone are
 * kept, a jump to the bare `syscall` inside a site works, threads meet a site at the same time, and results are right.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                                                       \
    do {                                                                                                       \
        if (!(condition)) {                                                                                    \
            printf("sites: line %d: %s\n", __LINE__, #condition);                                              \
            exit(1);                                                                                           \
        }                                                                                                      \
    } while (0)

long site_immediate(void); /* mov $39, %eax; syscall: the seven bytes */
long site_inside(void);    /* jumps to the `syscall` of the above */
long site_wide(void);      /* mov $39, %rax; syscall: nine bytes */
long site_register(long number);
long site_zero(int fd, void *to, unsigned long bytes); /* xor %eax, %eax; syscall: read */
long site_compare(long number, uint64_t *flags);       /* and at once cmp $-4096, %rax, as the C library does */
uint64_t flags_of_compare(long value);
long site_kept(uint64_t *state);
long site_red_zone(void);
__asm__(
    ".text\n"
    ".globl site_immediate\n"
    "site_immediate: mov $39, %eax\n"
    "inside: syscall\n"
    "    ret\n"
    ".globl site_inside\n"
    "site_inside: mov $110, %eax\n" /* getppid */
    "    jmp inside\n"
    ".globl site_wide\n"
    "site_wide: mov $39, %rax\n"
    "    syscall\n"
    "    ret\n"
    ".globl site_register\n"
    "site_register: mov %rdi, %rax\n"
    "    syscall\n"
    "    ret\n"
    ".globl site_zero\n"
    "site_zero: xor %eax, %eax\n"
    "    syscall\n"
    "    ret\n"
    ".globl site_compare\n"
    "site_compare: mov %rdi, %rax\n"
    "    syscall\n"
    "    cmp $-4096, %rax\n"
    "    pushfq; popq (%rsi)\n"
    "    ret\n"
    ".globl flags_of_compare\n"
    "flags_of_compare: cmp $-4096, %rdi\n"
    "    pushfq; popq %rax\n"
    "    ret\n"
    /* Loads every register but rcx, r11 and rsp from state, calls, and adds up what changed. */
    ".globl site_kept\n"
    "site_kept: push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rdi\n"
    "    mov 0(%rdi), %rbx; mov 8(%rdi), %rbp; mov 16(%rdi), %r12; mov 24(%rdi), %r13; mov 32(%rdi), %r14\n"
    "    mov 40(%rdi), %r15; mov 48(%rdi), %rsi; mov 56(%rdi), %rdx; mov 64(%rdi), %r10; mov 72(%rdi), %r8\n"
    "    mov 80(%rdi), %r9; movq 88(%rdi), %xmm0; movq 96(%rdi), %xmm15; mov 104(%rdi), %rdi\n"
    "    stc\n"
    "    mov $39, %eax\n"
    "    syscall\n"
    "    jnc 1f\n"
    "    mov (%rsp), %rcx\n"
    "    cmp 104(%rcx), %rdi; jne 1f; mov %rcx, %rdi\n"
    "    cmp 0(%rdi), %rbx; jne 1f; cmp 8(%rdi), %rbp; jne 1f; cmp 16(%rdi), %r12; jne 1f; cmp 24(%rdi), %r13; "
    "jne 1f\n"
    "    cmp 32(%rdi), %r14; jne 1f; cmp 40(%rdi), %r15; jne 1f; cmp 48(%rdi), %rsi; jne 1f; cmp 56(%rdi), "
    "%rdx; jne 1f\n"
    "    cmp 64(%rdi), %r10; jne 1f; cmp 72(%rdi), %r8; jne 1f; cmp 80(%rdi), %r9; jne 1f\n"
    "    movq %xmm0, %rcx; cmp 88(%rdi), %rcx; jne 1f; movq %xmm15, %rcx; cmp 96(%rdi), %rcx; jne 1f\n"
    "    jmp 2f\n"
    "1:  mov $-1, %rax\n"
    "2:  pop %rdi; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "    ret\n"
    ".globl site_red_zone\n"
    "site_red_zone: mov $0x5a5a5a5a5a5a5a5a, %rdx\n"
    "    mov %rdx, -8(%rsp); mov %rdx, -16(%rsp); mov %rdx, -64(%rsp); mov %rdx, -120(%rsp); mov %rdx, "
    "-128(%rsp)\n"
    "    mov $39, %eax\n"
    "    syscall\n"
    "    cmp %rdx, -8(%rsp); jne 1f; cmp %rdx, -16(%rsp); jne 1f; cmp %rdx, -64(%rsp); jne 1f\n"
    "    cmp %rdx, -120(%rsp); jne 1f; cmp %rdx, -128(%rsp); jne 1f\n"
    "    ret\n"
    "1:  mov $-1, %rax\n"
    "    ret\n");

/* A fresh site in memory of our own: written, run, rewritten with another number, run again. */
static long made_site(uint8_t *at, int number)
{
    uint8_t code[] = {0xb8, (uint8_t)number, 0, 0, 0, 0x0f, 0x05, 0xc3};
    memcpy(at, code, sizeof code);
    return ((long (*)(void))(uintptr_t)at)();
}

static uint8_t *common;
static void *storm(void *process)
{
    for (int i = 0; i < 2000; i++)
        CHECK(((long (*)(void))(uintptr_t)(common + 16 * (i % 200)))() == (long)(intptr_t)process);
    return NULL;
}

int main(void)
{
    long process = getpid(), parent = getppid();
    uint64_t state[14];
    for (int i = 0; i < 14; i++)
        state[i] = 0x0123456789abcdef * (uint64_t)(i + 3);
    for (int i = 0; i < 1000; i++) {
        CHECK(site_immediate() == process);
        CHECK(site_inside() == parent);
        CHECK(site_wide() == process);
        CHECK(site_register(SYS_getpid) == process && site_register(SYS_getppid) == parent &&
              site_register(9999) == -38);
        CHECK(site_zero(-1, state, 1) == -9);
        uint64_t flags = 0;
        CHECK(site_compare(SYS_getpid, &flags) == process && flags == flags_of_compare(process));
        CHECK(site_compare(9999, &flags) == -38 && flags == flags_of_compare(-38));
        /* The number has 32 bits. */
        CHECK(site_register(1l << 32 | SYS_getpid) == process &&
              site_register(~0xffffffffl | SYS_getppid) == parent);
        CHECK(site_compare(1l << 32 | SYS_getpid, &flags) == process);
        CHECK(site_kept(state) == process);
        CHECK(site_red_zone() == process);
    }
    printf("forms, registers, flags, red zone\n");

    uint8_t *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    for (int i = 0; i < 100; i++) {
        CHECK(made_site(page, SYS_getpid) == process);
        CHECK(made_site(page, SYS_getppid) == parent);
        CHECK(made_site(page + 4096 - 3, SYS_getpid) == process); /* across a page boundary */
        CHECK(made_site(page + 4096 - 6, SYS_getpid) == process);
    }
    printf("code that changes itself\n");

    fflush(stdout);
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(site_immediate() == process || site_inside() != process || site_immediate() != getpid());
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    printf("children\n");

    common = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 200; i++) {
            uint8_t code[] = {0xb8, SYS_getpid, 0, 0, 0, 0x0f, 0x05, 0xc3};
            memcpy(common + 16 * i, code, sizeof code);
        }
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, storm, (void *)(intptr_t)process);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
    }
    printf("threads that meet at a site\n");
    printf("sites: done\n");
    return 0;
}
