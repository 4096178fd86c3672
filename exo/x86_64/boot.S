/* SPDX-License-Identifier: MPL-2.0 */
/*
 * From the loader to x86_main: two doors, one way. GRUB enters by Multiboot2 (from BIOS and UEFI alike), QEMU directly by
 * PVH. Both come in 32-bit protected mode with paging off, flat segments and the information's address in ebx.
 * Sources: Multiboot2 specification 2.0, 3.1 and 3.3; Xen's docs/misc/pvh; Intel SDM volume 3, 10.8.5.
 *
 * The boot page tables map the low 4 GiB three times: where they are, at X86_DIRECT, and (the first GiB) at X86_IMAGE.
 * The other CPUs begin in them too (trampoline.S); paging.c replaces them.
 */
#include "x86.h"

#define PHYSICAL(symbol) ((symbol) - X86_IMAGE)

#define MULTIBOOT_HEADER_MAGIC 0xe85250d6
#define PVH_MAGIC              0x336ec578 /* hvm_start_info.magic: PVH itself says nothing in eax */
#define CODE32 0x08
#define CODE64 0x10
#define DATA   0x18

    .section .boot, "ax"
    .code32
    .balign 8
multiboot_header:
    .long MULTIBOOT_HEADER_MAGIC, 0, multiboot_header_end - multiboot_header
    .long -(MULTIBOOT_HEADER_MAGIC + (multiboot_header_end - multiboot_header))
    .balign 8
    .short 6, 0     /* module alignment: on pages */
    .long 8
    .short 0, 0     /* end */
    .long 8
multiboot_header_end:

    .global x86_boot_multiboot, boot_pvh
boot_pvh:
    movl $PVH_MAGIC, %eax
x86_boot_multiboot:
    cli
    cld
    movl %eax, %edi
    rdtsc
    movl %eax, PHYSICAL(x86_clock_tsc)
    movl %edx, PHYSICAL(x86_clock_tsc) + 4
    movl $PHYSICAL(x86_boot_stack_top), %esp
    movl %ebx, %esi

    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb no_long_mode
    movl $0x80000001, %eax
    cpuid
    btl $29, %edx
    jnc no_long_mode

    /* Four page directories of 2 MiB pages, writable and present; ecx: entry, eax: its page. */
    xorl %ecx, %ecx
    movl $0x83, %eax
1:  movl %eax, PHYSICAL(boot_directories)(, %ecx, 8)
    addl $0x200000, %eax
    incl %ecx
    cmpl $2048, %ecx
    jne 1b
    xorl %ecx, %ecx
    movl $PHYSICAL(boot_directories) + 3, %eax
2:  movl %eax, PHYSICAL(boot_low)(, %ecx, 8)
    addl $4096, %eax
    incl %ecx
    cmpl $4, %ecx
    jne 2b
    movl $PHYSICAL(boot_directories) + 3, PHYSICAL(boot_high) + 510 * 8
    movl $PHYSICAL(boot_low) + 3, PHYSICAL(x86_boot_tables)
    movl $PHYSICAL(boot_low) + 3, PHYSICAL(x86_boot_tables) + 256 * 8
    movl $PHYSICAL(boot_high) + 3, PHYSICAL(x86_boot_tables) + 511 * 8

    movl $PHYSICAL(x86_boot_tables), %eax
    movl %eax, %cr3
    movl $0x20, %eax            /* PAE, and nothing that a loader may have left */
    movl %eax, %cr4
    movl $X86_MSR_EFER, %ecx
    rdmsr
    orl $0x100, %eax            /* LME */
    wrmsr
    movl %cr0, %eax
    andl $0x9fffffff, %eax      /* caches on */
    orl $0x80010001, %eax       /* PG, WP, PE */
    movl %eax, %cr0
    lgdt PHYSICAL(boot_gdt_register)
    ljmp $CODE64, $PHYSICAL(boot_64)

no_long_mode:
    movl $PHYSICAL(no_long_mode_text), %esi
    movl $0xb8000, %edi
    movb $0x4f, %ah
3:  lodsb
    testb %al, %al
    jz 4f
    outb %al, $0xe9
    stosw
    jmp 3b
4:  hlt
    jmp 4b
no_long_mode_text:
    .asciz "kxos: this CPU has no 64-bit mode\n"

    .code64
boot_64:
    movabsq $boot_high_half, %rax
    jmp *%rax
boot_high_half:
    movl $DATA, %eax
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movq $x86_boot_stack_top, %rsp
    lgdt boot_gdt_register_high(%rip)
    xorl %ebp, %ebp
    movl %edi, %edi             /* arguments: 32 bits each */
    movl %esi, %esi
    call x86_main
5:  cli
    hlt
    jmp 5b

    .balign 8
    .global x86_boot_gdt
x86_boot_gdt:
    .quad 0
    .quad 0x00cf9b000000ffff    /* CODE32 */
    .quad 0x00af9b000000ffff    /* CODE64 */
    .quad 0x00cf93000000ffff    /* DATA */
boot_gdt_end:
boot_gdt_register:
    .short boot_gdt_end - x86_boot_gdt - 1
    .long PHYSICAL(x86_boot_gdt)
boot_gdt_register_high:
    .short boot_gdt_end - x86_boot_gdt - 1
    .quad x86_boot_gdt

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18              /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .quad PHYSICAL(boot_pvh)

    .section .bss
    .balign 4096
    .global x86_boot_tables
x86_boot_tables:
    .skip 4096
boot_low:
    .skip 4096
boot_high:
    .skip 4096
boot_directories:
    .skip 4 * 4096
    .skip 16384                 /* X86_STACK_BYTES */
    .global x86_boot_stack_top
x86_boot_stack_top:

    .section .note.GNU-stack, "", @progbits
