/* SPDX-License-Identifier: MPL-2.0 */
/* A copy that may fault, because a client can take its page away at any moment, and where that fault enters. */
#include <exo/vcpu.h>

    .text

/* long server_copy(void *to, const void *from, uint64_t bytes) */
    .global server_copy
    .balign 16
server_copy:
    movq %rdx, %rcx
copy_start:
    rep movsb
copy_end:
    xorl %eax, %eax
    ret
copy_failed:
    movq $-1, %rax
    ret

/* Everything is masked and stays so. A fault anywhere else is a mistake of ours: it stops the vCPU, as one while a fault is busy does. */
    .global server_fault_entry
    .balign 16
server_fault_entry:
    leaq copy_start(%rip), %rax
    negq %rax
    addq %gs:(EXO_VP_FAULT + EXO_UF_RIP), %rax
    cmpq $(copy_end - copy_start), %rax
    jae 1f
    movb $0, %gs:EXO_VP_FAULT_BUSY
    jmp copy_failed
1:  ud2

    .section .note.GNU-stack, "", @progbits
