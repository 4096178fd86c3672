/* SPDX-License-Identifier: MPL-2.0 */
/* What is measured, in as few instructions of ring 3 as it takes. Each measured stub has a twin without the measured part. */
#include <exo/vcpu.h>

#define GATE_CALL   0x4b780027
#define GATE_RETURN 0x4b780028
#define FOREIGN     39 /* any number that is not an exo call's */

.text
/* long stub_call(number + EXO_CALL_BASE, a, b, c, d) */
.macro CALL name, instruction
.globl \name
.balign 64
\name:
    movq %rdi, %rax
    movq %rsi, %rdi
    movq %rdx, %rsi
    movq %rcx, %rdx
    movq %r8, %r10
    \instruction
    ret
.endm
CALL stub_call, syscall
CALL stub_call_twin

/* A system call of another ABI, and its way to ring 3's entry and back. */
.globl stub_foreign, stub_foreign_entry
.balign 64
stub_foreign:
    movq $FOREIGN, %rax
    syscall
    ret
stub_foreign_entry:
    movb %gs:EXO_VP_SYSCALL_MASKED, %r11b
    movb %r11b, %gs:EXO_VP_MASKED
    jmpq *%gs:EXO_VP_SYSCALL_RIP

/* A page fault, whose entry skips the instruction. */
.globl stub_fault, stub_fault_entry
.balign 64
stub_fault:
    movq $0x1000, %rax
    movq (%rax), %rax /* three bytes */
    ret
stub_fault_entry:
    movb %gs:EXO_VP_FAULT+EXO_UF_MASKED, %al
    movb %al, %gs:EXO_VP_MASKED
    movb $0, %gs:EXO_VP_FAULT_BUSY
    addq $3, %gs:EXO_VP_FAULT+EXO_UF_RIP
    jmpq *%gs:EXO_VP_FAULT+EXO_UF_RIP

/* Both of the above without what they are there for. */
.globl stub_twin
.balign 64
stub_twin:
    movq $FOREIGN, %rax
    ret

/* long stub_gate(gate, &clock): the server gets all other registers, and gives them back; *clock is its first word. The second twin
 * takes the time where the server would. */
.globl stub_gate, stub_gate_twin, stub_gate_clock_twin
.macro CLOCK
    rdtsc
    shlq $32, %rdx
    leaq (%rdx, %rax), %rsi
.endm
.macro GATE name, instruction
.balign 64
\name:
    pushq %rsi
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    movl $GATE_CALL, %eax
    \instruction
    popq %rcx
    movq %rsi, (%rcx)
    ret
.endm
GATE stub_gate, syscall
GATE stub_gate_twin
GATE stub_gate_clock_twin, CLOCK

/* Servers: one that answers at once, and one that answers with the time. Neither has a stack. */
.globl stub_serve, stub_serve_clock
.balign 64
stub_serve:
    xorl %r8d, %r8d
    xorl %r9d, %r9d
1:  movl $GATE_RETURN, %eax
    syscall
    jmp 1b
.balign 64
stub_serve_clock:
    xorl %r8d, %r8d
    xorl %r9d, %r9d
1:  movl $GATE_RETURN, %eax
    syscall
    CLOCK
    jmp 1b

/* Two instructions a turn, and two more. */
.globl stub_count
stub_count:
    movl %edi, %eax
1:  decl %eax
    jnz 1b
    ret

.section .note.GNU-stack, "", @progbits
