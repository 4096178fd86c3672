/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Where a fault enters, and where one is provoked. All of this library OS runs masked and on one stack, so a fault, which leaves registers
 * and stack as they were, is handled on top of what it interrupted (there is no red zone).
 */
#include <exo/vcpu.h>

    .text

/* uint64_t fault_handler(uint64_t address, uint64_t error, uint64_t rip) answers where to go on: at rip, to try again. */
    .global fault_entry
    .balign 16
fault_entry:
    pushq %gs:(EXO_VP_FAULT + EXO_UF_RIP)
    pushq %gs:(EXO_VP_FAULT + EXO_UF_RFLAGS)
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
    movq %gs:(EXO_VP_FAULT + EXO_UF_ADDRESS), %rdi
    movq %gs:(EXO_VP_FAULT + EXO_UF_ERROR), %rsi
    movq 88(%rbp), %rdx
    movb $0, %gs:EXO_VP_FAULT_BUSY /* from here on another fault may come */
    andq $-16, %rsp
    call *fault_handler(%rip)
    movq %rbp, %rsp
    movq %rax, 88(%rbp)
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
    popfq
    ret

/* void probe(uint64_t *at, uint64_t value): one write; who skips it goes on at probe_end. */
    .global probe, probe_end
    .balign 16
probe:
    movq %rsi, (%rdi)
probe_end:
    ret

    .section .note.GNU-stack, "", @progbits
