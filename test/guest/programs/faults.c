/* SPDX-License-Identifier: MPL-2.0 */
/* What ring 3 may not do, each in a child: prints which signal ended it. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void hlt(void) { __asm__ volatile("hlt"); }
static void cli(void) { __asm__ volatile("cli"); }
static void port_in(void) { __asm__ volatile("inb $0x60, %%al" ::: "rax"); }
static void port_out(void) { __asm__ volatile("outb %%al, $0x64" ::: "rax"); }
static void wrmsr(void) { __asm__ volatile("wrmsr" ::"c"(0xc0000082), "a"(0), "d"(0)); }
static void load_cr3(void) { __asm__ volatile("mov %0, %%cr3" ::"r"(0ul)); }
static void lgdt(void)
{
    uint64_t descriptor[2] = {0};
    __asm__ volatile("lgdt %0" ::"m"(descriptor));
}
static void ud2(void) { __asm__ volatile("ud2"); }
static void int3(void) { __asm__ volatile("int3"); }
static void divide(void)
{
    __asm__ volatile("xor %%ecx, %%ecx; mov $1, %%eax; cltd; idiv %%ecx" ::: "rax", "rcx", "rdx");
}
static void software_interrupt(void) { __asm__ volatile("int $0x2e"); }
static void non_canonical(void) { *(volatile char *)0x8000000000000000ul = 1; }
static void kernel_read(void) { *(volatile char *)0xffffffff80000000ul; }
static void kernel_write(void) { *(volatile char *)0xffff800000000000ul = 1; }
static void text_write(void) { *(volatile char *)(uintptr_t)text_write = 1; }
static void bad_stack(void) { __asm__ volatile("mov $0x10, %%rsp; push %%rax" ::: "memory"); }
static void bad_stack_call(void)
{
    __asm__ volatile("mov $0x10, %%rsp; mov $39, %%eax; syscall; mov (%%rsp), %%rax" ::: "memory");
}
static void jump_wild(void) { ((void (*)(void))0x123456789000ul)(); }
static void jump_non_canonical(void)
{
    __asm__ volatile("mov $0x8000000000000000, %%rcx; push %%rcx; ret" ::: "memory", "rcx");
}
static void stack_overflow(void) { __asm__ volatile("1: push %%rax; jmp 1b" ::: "memory"); }
static void trap_flag(void) { __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop" ::: "memory", "cc"); }
static void load_segment(void) { __asm__ volatile("mov %0, %%ds" ::"r"(0x10)); }
static void far_jump(void)
{
    __asm__ volatile("pushq $0x08; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:" ::: "memory", "rax");
}

static const struct {
    const char *name;
    void (*run)(void);
} faults[] = {
#define F(name)                                                                                                \
    {                                                                                                          \
#name, name                                                                                            \
    }
    F(hlt),
    F(cli),
    F(port_in),
    F(port_out),
    F(wrmsr),
    F(load_cr3),
    F(lgdt),
    F(ud2),
    F(int3),
    F(divide),
    F(software_interrupt),
    F(non_canonical),
    F(kernel_read),
    F(kernel_write),
    F(text_write),
    F(bad_stack),
    F(bad_stack_call),
    F(jump_wild),
    F(jump_non_canonical),
    F(stack_overflow),
    F(trap_flag),
    F(load_segment),
    F(far_jump),
};

int main(void)
{
    for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            faults[i].run();
            _exit(0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (WIFSIGNALED(status))
            printf("%s: SIG%s\n", faults[i].name, sigabbrev_np(WTERMSIG(status)));
        else
            printf("%s: survived with %d\n", faults[i].name, WEXITSTATUS(status));
    }
    return 0;
}
