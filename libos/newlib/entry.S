/* SPDX-License-Identifier: MPL-2.0 */
/* The two places where a program's instructions lead into the library OS. Both run on the program's stack; see libos/entry.S. */

    .text

/* long newlib_call(a, b, c, unused, number): rdi, rsi and rdx stay where they are. los_patched_entry returns to rcx. */
    .global newlib_call
    .type newlib_call, @function
    .balign 16
newlib_call:
    movl %r8d, %eax
    popq %rcx
    jmp los_patched_entry

/* A signal handler returns here; rsp is behind the address that it took off the frame (signal.c). */
    .global newlib_signal_restorer
    .hidden newlib_signal_restorer
    .type newlib_signal_restorer, @function
    .balign 16
newlib_signal_restorer:
    leaq newlib_call_signal_return(%rip), %rax
    movl (%rax), %eax
    leaq newlib_signal_restorer(%rip), %rcx
    jmp los_patched_entry

    .section .note.GNU-stack, "", @progbits
