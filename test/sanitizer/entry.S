/* SPDX-License-Identifier: MPL-2.0 */
/* Where the sanitized image is entered: rdi = LOS_START. A larger boot stack, the globals' shadow, and on as without. */
#include <exo/vcpu.h>

#define VCPU_NUMBER 236
#define STACK_SHIFT 16 /* LOS_STACK_BYTES; guest.c asserts it */

    .text
    .global __wrap_los_entry
    .type __wrap_los_entry, @function
__wrap_los_entry:
    movl %gs:VCPU_NUMBER, %eax
    incl %eax
    shlq $STACK_SHIFT, %rax
    leaq sanitizer_stacks(%rip), %rsp
    addq %rax, %rsp
    pushq %rdi
    pushq %rdi
    movl %gs:VCPU_NUMBER, %edi
    call sanitizer_start
    popq %rdi
    popq %rdi
    jmp __real_los_entry

    .section .note.GNU-stack, "", @progbits
