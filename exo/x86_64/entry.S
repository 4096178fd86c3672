/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Into and out of ring 0.
 *
 * Registers of ring 3 are saved in the running vCPU (struct machine_vcpu begins with struct exo_regs). TSS.RSP0 points just past
 * that structure, so the CPU itself pushes the interrupted RIP, CS, RFLAGS, RSP and SS where they belong, and the rest is
 * pushed below. Interrupts stay off in ring 0, except in x86_idle.
 *
 * Intel SDM volume 3, 5.8.8 (SYSCALL), 6.14 (64-bit interrupt frames); AMD64 manual volume 2, 6.1.
 */
#include <x86.h>
#include <exo/vcpu.h>

#define EXO_CALL_BASE  0x4b780000
#define REGS_END       160 /* struct machine_vcpu: regs, then by_syscall */
#define PAGE_REFLECTED 272 /* struct exo_vcpu_page: count_reflected */

.text

/* The fifteen general registers, as struct exo_regs lays them out. */
.macro PUSH_FROM_RDX
    pushq %rdx
    pushq %rcx
    pushq %rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
.endm
.macro POP_ALL
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
.endm

/*
 * `syscall`: an exo call, or a foreign one, which is reflected without lock or stack. FMASK cleared IF, TF, DF, AC and NT.
 * The entry was checked to be a user address when it was named (vcpu_entries), and is kept in ring 0.
 */
.globl x86_syscall_entry
.balign 64
x86_syscall_entry:
    swapgs
    movq %rsp, %gs:X86_CPU_SCRATCH
    cmpq $EXO_CALL_BASE, %rax
    jb reflect
    cmpq $(EXO_CALL_BASE + X86_EXO_CALL_RANGE), %rax
    jae reflect
exo_call:
    movq %gs:X86_CPU_VCPU, %rsp
    addq $REGS_END, %rsp
    movq $1, (%rsp)
    pushq $EXO_USER_SS
    pushq %gs:X86_CPU_SCRATCH
    pushq %r11
    pushq $EXO_USER_CS
    pushq %rcx
    pushq %rdi
    pushq %rsi
    PUSH_FROM_RDX
    movq %rsp, %rdi
    movq %gs:X86_CPU_STACK, %rsp
    xorl %ebp, %ebp
    call x86_trap_syscall

reflect:
    movq %gs:X86_CPU_PAGE, %rsp
    cmpq $0, %gs:X86_CPU_REFLECT
    je exo_call                       /* no entry: the core says what becomes of it */
    movq %rcx, EXO_VP_SYSCALL_RIP(%rsp)
    movb EXO_VP_MASKED(%rsp), %cl
    movb %cl, EXO_VP_SYSCALL_MASKED(%rsp)
    movb $1, EXO_VP_MASKED(%rsp)
    incq PAGE_REFLECTED(%rsp)
    movq %gs:X86_CPU_REFLECT, %rcx
    movq %gs:X86_CPU_SCRATCH, %rsp
    swapgs
    sysretq

/* x86_resume(vcpu): into ring 3. */
.globl x86_resume
x86_resume:
    movq %rdi, %rsp
    cmpq $0, REGS_END(%rdi)
    je 1f
    POP_ALL
    popq %rcx                         /* RIP: x86_leave saw that it is a user address */
    addq $8, %rsp
    popq %r11
    popq %rsp
    swapgs
    sysretq
1:  POP_ALL
    swapgs
    iretq

/*
 * The vectors. From ring 3 the stack is the vCPU's regs: error code and vector lie where rdi and rsi belong, and are
 * exchanged with them. From ring 0 it is whatever stack was in use. A device can write any vector from 16 on to the interrupt
 * controller: one of an exception with an error code then comes without, which is told by the stack, as the CPU aligns it before
 * it pushes. It is no exception, but as good as a spurious interrupt.
 */
.macro VECTOR number
    .balign 16
vector_\number:
    .if \number == 17 || \number == 21 || \number == 29 || \number == 30
    testb $8, %spl
    jnz vector_forged
    .elseif \number != 8 && (\number < 10 || \number > 14)
    pushq $0
    .endif
    pushq $\number
    jmp vector_common
.endm
.altmacro
.set i, 0
.rept 256
    VECTOR %i
    .set i, i + 1
.endr

vector_forged:
    pushq $0
    pushq $X86_VECTOR_SPURIOUS
vector_common:
    testb $3, 24(%rsp)
    jz from_kernel
    swapgs
    xchgq %rsi, (%rsp)
    xchgq %rdi, 8(%rsp)
    PUSH_FROM_RDX
    movq %rdi, %rdx                   /* error code; the vector is in rsi */
    movq %rsp, %rdi
    movq $0, REGS_END(%rdi)
    movq %gs:X86_CPU_STACK, %rsp
    xorl %ebp, %ebp
    cld
    call x86_trap_user

from_kernel:
    pushq %rdi
    pushq %rsi
    PUSH_FROM_RDX
    movq %rsp, %rdi
    movq %rsp, %rbp
    andq $~15, %rsp
    cld
    call x86_trap_kernel
    movq %rbp, %rsp
    POP_ALL
    addq $16, %rsp
    iretq

/* Non-maskable interrupt, on its own stack, at any instruction: nothing here depends on GS. */
.globl x86_nmi_entry
x86_nmi_entry:
    iretq

/* Double fault and machine check, on their own stack: the end. The word at the top of that stack is this CPU's GS base. A machine
 * check that the CPU knows nothing of is an interrupt that a device forged. */
.globl x86_double_fault_entry, x86_machine_check_entry
x86_machine_check_entry:
    pushq %rax
    pushq %rcx
    pushq %rdx
    movl $X86_MSR_MACHINE_CHECK, %ecx
    rdmsr
    testb $4, %al                     /* MCIP: one is in progress */
    popq %rdx
    popq %rcx
    popq %rax
    jnz 1f
    iretq
1:  pushq $0
    pushq $18
    jmp 1f
x86_double_fault_entry:
    pushq $8
1:  pushq %rdi
    pushq %rsi
    PUSH_FROM_RDX
    movq %rsp, %rdi
    movl $X86_MSR_GS_BASE_, %ecx
    movq 176(%rsp), %rax              /* 15 registers, vector, error, 5 words: the frame's end is the stack's top */
    movq %rax, %rdx
    shrq $32, %rdx
    wrmsr
    cld
    call x86_trap_fatal

/* x86_idle(): waits for an interrupt. `sti` takes effect after hlt began, so none is lost. */
.globl x86_idle
x86_idle:
    sti
    hlt
    cli
    ret

/* x86_copy(to, from, bytes): returns how many bytes were not copied. A fault inside resumes at x86_copy_fault. */
.globl x86_copy, x86_copy_instruction, x86_copy_fault
x86_copy:
    movq %rdx, %rcx
x86_copy_instruction:
    rep movsb
x86_copy_fault:
    movq %rcx, %rax
    ret

.section .rodata
.globl x86_vectors
.balign 8
.macro ADDRESS number
    .quad vector_\number
.endm
x86_vectors:
.set i, 0
.rept 256
    ADDRESS %i
    .set i, i + 1
.endr

.section .note.GNU-stack, "", @progbits
