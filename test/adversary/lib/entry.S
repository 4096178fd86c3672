/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Where upcalls arrive, and the way back. Each vCPU has entries of its own, so that its page is a constant: nothing here
 * trusts the GS base, the stack or any register of what was interrupted. No iretq: QEMU before 9.1 cannot do it in ring 3
 * with SMAP on, so the way back goes over the interrupted stack, which must exist and have no red zone.
 */
#include <exo/vcpu.h>

#define PAGE_0      0x702000000000 /* EXO_BOOT_VCPU_PAGE_VA */
#define L_SCRATCH   (EXO_VP_LIBOS + 8)
#define L_FAULT_SP  (EXO_VP_LIBOS + 16)
#define L_EVENT_SP  (EXO_VP_LIBOS + 24)
#define L_RECOVER   (EXO_VP_LIBOS + 32)
#define L_FOREIGN   (EXO_VP_LIBOS + 40)
#define L_REGS(n)   (EXO_VP_LIBOS + 48 + 160 * (n))
#define R_RAX       80
#define R_RIP       120
#define R_RFLAGS    136
#define R_RSP       144

.text
/* All registers but rax, which is the page; the interrupted rax is in scratch. */
.macro SAVE where
    movq %r15, \where+0(%rax)
    movq %r14, \where+8(%rax)
    movq %r13, \where+16(%rax)
    movq %r12, \where+24(%rax)
    movq %rbp, \where+32(%rax)
    movq %rbx, \where+40(%rax)
    movq %r11, \where+48(%rax)
    movq %r10, \where+56(%rax)
    movq %r9, \where+64(%rax)
    movq %r8, \where+72(%rax)
    movq %rcx, \where+88(%rax)
    movq %rdx, \where+96(%rax)
    movq %rsi, \where+104(%rax)
    movq %rdi, \where+112(%rax)
    movq %rsp, \where+R_RSP(%rax)
    movq L_SCRATCH(%rax), %rcx
    movq %rcx, \where+R_RAX(%rax)
.endm
.macro FRAME from, where
    movq \from+EXO_UF_RIP(%rax), %rcx
    movq %rcx, \where+R_RIP(%rax)
    movq \from+EXO_UF_RFLAGS(%rax), %rcx
    movq %rcx, \where+R_RFLAGS(%rax)
.endm

fault:
    SAVE L_REGS(0)
    FRAME EXO_VP_FAULT, L_REGS(0)
    movq L_FAULT_SP(%rax), %rsp
    movq %rax, %rdi
    xorl %ebp, %ebp
    call lib_fault                    /* returns the page when it shall go on at regs[0] */
    leaq L_REGS(0)(%rax), %rdi
    movq %rax, %rsi
    movzbl EXO_VP_FAULT+EXO_UF_MASKED(%rax), %edx
    jmp resume

event:
    SAVE L_REGS(1)
    FRAME EXO_VP_EVENT, L_REGS(1)
    movq L_EVENT_SP(%rax), %rsp
    movq %rax, %rdi
    xorl %ebp, %ebp
    call lib_event
    leaq L_REGS(1)(%rax), %rdi
    movq %rax, %rsi
    xorl %edx, %edx
    jmp resume

foreign:
    SAVE L_REGS(2)
    movq EXO_VP_SYSCALL_RIP(%rax), %rcx
    movq %rcx, L_REGS(2)+R_RIP(%rax)
    movq %r11, L_REGS(2)+R_RFLAGS(%rax)
    movq L_EVENT_SP(%rax), %rsp       /* events are masked meanwhile */
    movq %rax, %rdi
    xorl %ebp, %ebp
    call lib_foreign
    leaq L_REGS(2)(%rax), %rdi
    movq %rax, %rsi
    movzbl EXO_VP_SYSCALL_MASKED(%rax), %edx

/* resume(regs, page, masked): everything moves to the interrupted stack before events are let in, so that another upcall may use the
 * upcall stack from its top. */
resume:
    movq R_RSP(%rdi), %rax
    subq $48, %rax
    movq R_RIP(%rdi), %rcx
    movq %rcx, 40(%rax)
    movq R_RFLAGS(%rdi), %rcx
    movq %rcx, 32(%rax)
    movq 112(%rdi), %rcx
    movq %rcx, 24(%rax)               /* rdi */
    movq 104(%rdi), %rcx
    movq %rcx, 16(%rax)               /* rsi */
    movq 88(%rdi), %rcx
    movq %rcx, 8(%rax)                /* rcx */
    movq R_RAX(%rdi), %rcx
    movq %rcx, 0(%rax)                /* rax */
    movq %rax, %rsp
    movq %rdx, %rcx
    movq 0(%rdi), %r15
    movq 8(%rdi), %r14
    movq 16(%rdi), %r13
    movq 24(%rdi), %r12
    movq 32(%rdi), %rbp
    movq 40(%rdi), %rbx
    movq 48(%rdi), %r11
    movq 56(%rdi), %r10
    movq 64(%rdi), %r9
    movq 72(%rdi), %r8
    movq 96(%rdi), %rdx
    movb %cl, EXO_VP_MASKED(%rsi)
    popq %rax
    popq %rcx
    popq %rsi
    popq %rdi
    popfq
    ret

.altmacro
.macro ENTRIES number
    .balign 16
fault_\number:
    movabsq %rax, (PAGE_0 + \number * 4096 + L_SCRATCH)
    movabsq $(PAGE_0 + \number * 4096), %rax
    jmp fault
    .balign 16
event_\number:
    movabsq %rax, (PAGE_0 + \number * 4096 + L_SCRATCH)
    movabsq $(PAGE_0 + \number * 4096), %rax
    jmp event
    .balign 16
foreign_\number:                      /* rcx and r11 are free */
    movabsq $(PAGE_0 + \number * 4096), %rcx
    cmpq $0, L_FOREIGN(%rcx)
    jne 1f
    movb EXO_VP_SYSCALL_MASKED(%rcx), %r11b
    movb %r11b, EXO_VP_MASKED(%rcx)
    jmp *EXO_VP_SYSCALL_RIP(%rcx)
1:  movabsq %rax, (PAGE_0 + \number * 4096 + L_SCRATCH)
    movq %rcx, %rax
    jmp foreign
.endm
.set i, 0
.rept 8
    ENTRIES %i
    .set i, i + 1
.endr

/* bool lib_attempt(fn, argument) */
.globl lib_attempt, lib_recover
lib_attempt:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %gs:EXO_VP_LIBOS, %rax
    pushq %rax
    movq %rsp, L_RECOVER(%rax)
    movq %rdi, %rcx
    movq %rsi, %rdi
    call *%rcx
    xorl %eax, %eax
attempted:
    popq %rcx
    movq $0, L_RECOVER(%rcx)
    pushq $0x202
    popfq
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

/* lib_recover(stack pointer): attempt() returns true. */
lib_recover:
    movq %rdi, %rsp
    movl $1, %eax
    jmp attempted

.section .rodata
.globl lib_fault_entries, lib_event_entries, lib_foreign_entries
.balign 8
.macro ADDRESS name, number
    .quad \name\()_\number
.endm
lib_fault_entries:
.set i, 0
.rept 8
    ADDRESS fault, %i
    .set i, i + 1
.endr
lib_event_entries:
.set i, 0
.rept 8
    ADDRESS event, %i
    .set i, i + 1
.endr
lib_foreign_entries:
.set i, 0
.rept 8
    ADDRESS foreign, %i
    .set i, i + 1
.endr

.section .note.GNU-stack, "", @progbits
