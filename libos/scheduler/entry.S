/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The switch between threads, and where an event interrupts one: on its own stack (there is no red zone), in two steps: what the
 * calling convention lets a function destroy is saved here, the rest by the switch.
 */
#include <exo/vcpu.h>

#define SCHEDULER EXO_VP_LIBOS + 0 /* of this vCPU */
#define SCRATCH   EXO_VP_LIBOS + 8

    .text

/* void switch_to(uint64_t *save_sp, uint64_t load_sp): leaves this stack for another that was left the same way. */
    .global switch_to
    .balign 16
switch_to:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

/* Where the first switch to a thread comes out, masked: rbx is the thread. */
    .global thread_start
    .balign 16
thread_start:
    movq %rbx, %rdi
    xorl %ebp, %ebp
    call thread_main
    ud2

/*
 * An event. The way back unmasks while flags and address are still on the stack; an event that comes from there to window_end takes
 * these over instead of nesting, so that no sequence of events grows the stack.
 */
    .global event_entry
    .balign 16
event_entry:
    movq %rax, %gs:SCRATCH
    leaq window_start(%rip), %rax
    negq %rax
    addq %gs:(EXO_VP_EVENT + EXO_UF_RIP), %rax
    cmpq $(window_end - window_start), %rax
    movq %gs:SCRATCH, %rax
    jb save
    pushq %gs:(EXO_VP_EVENT + EXO_UF_RIP)
    pushq %gs:(EXO_VP_EVENT + EXO_UF_RFLAGS)
save:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbp
    movq %rsp, %rbp
    cld
    andq $-16, %rsp
    movq %gs:SCHEDULER, %rdi
    call preempt
    movq %rbp, %rsp
    popq %rbp
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    movb $0, %gs:EXO_VP_MASKED
window_start:
    cmpq $0, %gs:EXO_VP_PENDING
    je 1f
    movb $1, %gs:EXO_VP_MASKED
    jmp save
1:  popfq
window_end:
    ret

    .section .note.GNU-stack, "", @progbits
