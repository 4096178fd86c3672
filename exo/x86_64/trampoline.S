/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Where the other CPUs begin: in real mode, in a copy of this code on a page below 1 MiB, with cs = page / 16 and ip 0.
 * It goes to long mode in the boot page tables (boot.S), whose identity mapping no space ever has, draws a ticket, and
 * enters x86_smp_enter on that ticket's stack. Intel SDM volume 3, 9.4.4.
 */
#include "x86.h"

#define PHYSICAL(symbol) ((symbol) - X86_IMAGE)

    .section .rodata
    .balign 16
    .global x86_trampoline, x86_trampoline_end
    .code16
x86_trampoline:
    cli
    movw %cs, %ax
    movw %ax, %ds
    movzwl %ax, %ebx
    shll $4, %ebx                       /* where this page is */
    leal trampoline_gdt - x86_trampoline(%ebx), %eax
    movl %eax, trampoline_gdt_register + 2 - x86_trampoline
    leal trampoline_64 - x86_trampoline(%ebx), %eax
    movl %eax, trampoline_far - x86_trampoline
    lgdtl trampoline_gdt_register - x86_trampoline

    movl $0x20, %eax                    /* PAE */
    movl %eax, %cr4
    movl $PHYSICAL(x86_boot_tables), %eax
    movl %eax, %cr3
    movl $X86_MSR_EFER, %ecx
    rdmsr
    orl $0x100, %eax                    /* LME */
    wrmsr
    movl %cr0, %eax
    andl $0x9fffffff, %eax              /* caches on */
    orl $0x80010001, %eax               /* PG, WP, PE: from real mode to long mode at once */
    movl %eax, %cr0
    ljmpl *(trampoline_far - x86_trampoline)

    .balign 8
trampoline_gdt:
    .quad 0
    .quad 0
    .quad 0x00af9b000000ffff            /* 0x10, as in boot.S: 64-bit code */
    .quad 0x00cf93000000ffff
trampoline_gdt_register:
    .short trampoline_gdt_register - trampoline_gdt - 1
    .long 0
trampoline_far:
    .long 0
    .short 0x10

    .code64
trampoline_64:
    movabsq $trampoline_high, %rax
    jmp *%rax
x86_trampoline_end:

    .text
trampoline_high:
    xorl %eax, %eax
    movl %eax, %ss
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movl $1, %edi
    lock xaddl %edi, x86_smp_tickets(%rip)
    cmpl x86_smp_stacks_count(%rip), %edi
    jae late
    movl %edi, %ecx
    movq x86_smp_stacks(, %rcx, 8), %rsp
    xorl %ebp, %ebp
    call x86_smp_enter                  /* the ticket is its argument */
late:                                   /* came when it was no longer waited for */
    cli
    hlt
    jmp late

    .section .note.GNU-stack, "", @progbits
