/* SPDX-License-Identifier: MPL-2.0 */
/* The vDSO's one instruction that C has no word for: long lx_vdso_call(long number, long a, long b). */
    .text
    .globl lx_vdso_call
    .hidden lx_vdso_call
    .type lx_vdso_call, @function
lx_vdso_call:
    .cfi_startproc
    movl %edi, %eax
    movq %rsi, %rdi
    movq %rdx, %rsi
    syscall
    ret
    .cfi_endproc
    .size lx_vdso_call, . - lx_vdso_call

    .section .note.GNU-stack, "", @progbits
