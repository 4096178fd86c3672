/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The library OS's entries and the few instructions that C has no words for. The only assembly in libos/.
 *
 * Contract (exo/vcpu.h is the other half):
 *  - The library OS runs masked, on the stack of the current thread; a program runs unmasked. So `masked` before an upcall
 *    tells who was interrupted. The exception is the window between the unmasking on the way out and the jump to the program
 *    (window_start to window_end): there the thread's stack holds nothing but the frame of five words at its top, and all other
 *    registers are the program's already. An upcall from the window takes over that frame instead of nesting, so no sequence of
 *    events can grow the stack; and if it is the jump that faults, the frame says where it went.
 *  - A thread's stack top is congruent to 8 modulo 16, so that struct los_frame below it is aligned.
 *  - The program's stack is never touched, so its red zone is safe; the library OS itself is built without one.
 */
#include <exo/vcpu.h>

/* struct los_cpu, in the vCPU page */
#define CPU_STACK_TOP EXO_VP_LIBOS + 0
#define CPU_RETURN    EXO_VP_LIBOS + 8
#define CPU_SELF      EXO_VP_LIBOS + 24
#define CPU_QUICK     EXO_VP_LIBOS + 56
#define CPU_REFUSED   EXO_VP_LIBOS + 72 /* of LOS_REFUSED, 16 */
#define LOS_QUICK_CALLS 512
#define LOS_QUICK_SPECIAL 0x8000000000000002 /* less are LOS_QUICK_NOT and LOS_QUICK_LEAVE */
#define VCPU_NUMBER   236 /* exo_vcpu_page.vcpu */

/* struct los_frame */
#define FRAME_R11    (8 + 6 * 8)
#define FRAME_RAX    (8 + 10 * 8)
#define FRAME_RCX    (8 + 11 * 8)
#define FRAME_RIP    (8 + 15 * 8)
#define FRAME_CS     (8 + 16 * 8)
#define FRAME_RFLAGS (8 + 17 * 8)
#define FRAME_RSP    (8 + 18 * 8)
#define FRAME_SS     (8 + 19 * 8)
#define RFLAGS_TF    0x100
#define RFLAGS_ARITHMETIC 0x8d5 /* OF SF ZF AF PF CF */
#define RFLAGS_PLAIN 0x202      /* what else is set mostly: IF, and bit 1, which always is */

.macro function name
    .global \name
    .hidden \name
    .type \name, @function
    .balign 16
\name:
.endm

.macro save_caller_saved
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
.endm

.macro save_callee_saved
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
.endm

.macro save_general
    save_caller_saved
    save_callee_saved
.endm

/* A system call's frame, above which are the five words that an interrupt would push: rdi points to it. */
.macro save_system_call
    movq (%rsp), %rcx
    movq 16(%rsp), %r11
    save_general
    pushq FRAME_RAX - 8(%rsp)
    movq %rsp, %rdi
.endm

.macro restore_general
    addq $8, %rsp
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

/* Copies the interrupted rip, cs, rflags, rsp, ss from the vCPU page into the frame at rsp. Uses rax. */
.macro copy_interrupted from
    movq %gs:(\from + EXO_UF_RIP), %rax
    movq %rax, FRAME_RIP(%rsp)
    movq %gs:(\from + EXO_UF_CS), %rax
    movq %rax, FRAME_CS(%rsp)
    movq %gs:(\from + EXO_UF_RFLAGS), %rax
    movq %rax, FRAME_RFLAGS(%rsp)
    movq %gs:(\from + EXO_UF_RSP), %rax
    movq %rax, FRAME_RSP(%rsp)
    movq %gs:(\from + EXO_UF_SS), %rax
    movq %rax, FRAME_SS(%rsp)
.endm

/* Jumps to `inside` when the interrupted rip lies in the window. Uses rax and rcx. */
.macro if_in_window from, inside
    movq %gs:(\from + EXO_UF_RIP), %rax
    leaq window_start(%rip), %rcx
    subq %rcx, %rax
    cmpq $(window_end - window_start), %rax
    jb \inside
.endm

    .text

/* Where the image is entered, by every vCPU: rdi = LOS_START, on the vCPU's boot stack, masked. */
function los_entry
    xorl %ebp, %ebp
    andq $-16, %rsp
    movl %gs:VCPU_NUMBER, %esi
    call los_main
    ud2

/* --- system calls ------------------------------------------------------------------------------------------------- */

/* A patched call site's stub jumps here: eax = number, rcx = return address, r11 = anything, all else the program's. An event may
 * still move the thread to another vCPU before the first instruction, but not after it. */
function los_patched_entry
    movb $1, %gs:EXO_VP_MASKED
    movq %rsp, %r11
    movq %gs:CPU_STACK_TOP, %rsp
    pushq $EXO_USER_SS
    pushq %r11
    pushfq
    cld
    pushq $EXO_USER_CS
    pushq %rcx
#ifdef LOS_SANITIZED
    jmp not_quick /* and made from C */
#endif
    /* Quick calls (los/quick.h): they preserve all registers but rax, so nothing more is saved. r11: its struct los_quick. */
try_quick:
    cmpq $LOS_QUICK_CALLS, %rax
    jae not_quick
    testl $~(RFLAGS_ARITHMETIC | RFLAGS_PLAIN), 16(%rsp)
    jnz not_quick
    movq %rax, %r11
    shlq $4, %r11
    addq %gs:CPU_QUICK, %r11
    movq %r10, %rcx
    call *(%r11)
    movabsq $LOS_QUICK_SPECIAL, %rcx
    cmpq %rcx, %rax
    jl quick_special
    incq 8(%r11)
/* After most system calls. popfq is dear (it may change more than arithmetic flags), so these are set one by one: OF by an addition, the
 * others by sahf. From there on nothing touches flags; rcx and r11 are free until the end. */
quick_return:
    movq 16(%rsp), %r11
    movq %rax, %rcx
    movl %r11d, %eax
    xchgb %al, %ah
    addb $0x76, %al /* of rflags 8 to 15 only IF (2) and OF (8) can be set: 0x0a + 0x76 is 0x80: overflow; 0x02 + 0x76 is not */
    sahf
    movq %rcx, %rax
    movb $0, %gs:EXO_VP_MASKED
window_start:
    movq %gs:EXO_VP_PENDING, %rcx
    jrcxz 1f
    jmp pending_found
1:  movq (%rsp), %rcx
    movq 24(%rsp), %rsp
    jmp *%rcx

/*
 * By popfq and an indirect jump rather than by iretq: fewer steps, and iretq in ring 3 does not work everywhere (QEMU before 9.1
 * reads its operands as if from ring 0, which SMAP forbids). Only a program that single-steps itself is returned to by iretq, because
 * there the trap must not come before its first instruction.
 */
function los_return_full
    movq FRAME_RIP(%rsp), %rax
    movq %rax, %gs:CPU_RETURN
    testl $RFLAGS_TF, FRAME_RFLAGS(%rsp)
    jnz return_stepping
    restore_general
    movb $0, %gs:EXO_VP_MASKED
    cmpq $0, %gs:EXO_VP_PENDING
    jne pending_found
    leaq 16(%rsp), %rsp
    popfq
    movq (%rsp), %rsp
    jmp *%gs:CPU_RETURN
return_stepping:
    restore_general
    movb $0, %gs:EXO_VP_MASKED
    cmpq $0, %gs:EXO_VP_PENDING
    jne pending_found
    iretq
pending_found:
    movb $1, %gs:EXO_VP_MASKED
    jmp event_on_the_way_out
window_end:

/* LOS_QUICK_NOT, whose lower half is 0, or LOS_QUICK_LEAVE. */
quick_special:
    movq %r11, %rcx
    subq %gs:CPU_QUICK, %rcx
    shrq $4, %rcx
    xchgq %rax, %rcx
    testl %ecx, %ecx
    jz not_quick
    incq 8(%r11)
    save_system_call
    call los_quick_leave_c
    jmp system_call_return

/* In the table for calls that are not quick: back to the place of the call, rax still being the number. */
function los_quick_none
    addq $8, %rsp
    jmp not_quick

/* The exokernel reflected a `syscall`: r11 = flags, which are still the program's, DF too; rcx = anything; the return address is in the
 * vCPU page; masked already. */
function los_syscall_entry
    movq %rsp, %rcx
    movq %gs:CPU_STACK_TOP, %rsp
    pushq $EXO_USER_SS
    pushq %rcx
    pushq %r11
    cld
    pushq $EXO_USER_CS
    movq %gs:EXO_VP_SYSCALL_RIP, %rcx
    pushq %rcx
#ifndef LOS_SANITIZED
    /* From a site that cannot be patched it may be quick as well. From others it is not: somebody shall look at the site. */
    movl %ecx, %r11d
    andl $15, %r11d
    cmpq %gs:CPU_REFUSED(, %r11, 8), %rcx
    je try_quick
#endif
not_quick:
    save_system_call
    call los_syscall_entry_c
system_call_return:
    /* The short way back needs rcx and r11 to be what `syscall` leaves there. */
    movq FRAME_RCX(%rsp), %rcx
    movq FRAME_R11(%rsp), %r11
    cmpq %rcx, FRAME_RIP(%rsp)
    jne los_return_full
    cmpq %r11, FRAME_RFLAGS(%rsp)
    jne los_return_full
    movl %r11d, %eax
    andl $~RFLAGS_ARITHMETIC, %eax
    cmpl $RFLAGS_PLAIN, %eax
    jne los_return_full
    restore_general
    jmp quick_return

/* --- events ----------------------------------------------------------------------------------------------------------- */

event_on_the_way_out:
    save_general
    pushq $-1
    jmp event_with_frame

/* Only the program and the window are ever interrupted by an event: all else is masked. */
function los_event_entry
    movq %gs:CPU_STACK_TOP, %rsp
    subq $40, %rsp
    save_general
    pushq $-1
    if_in_window EXO_VP_EVENT, event_with_frame
    copy_interrupted EXO_VP_EVENT
event_with_frame:
    movq %rsp, %rdi
    movl $1, %esi
    call los_event_entry_c
    jmp los_return_full

/* --- faults ----------------------------------------------------------------------------------------------------------- */

function los_fault_entry
    cmpb $0, %gs:(EXO_VP_FAULT + EXO_UF_MASKED)
    jne fault_inside
    movq %gs:CPU_STACK_TOP, %rsp
    subq $40, %rsp
    save_general
    pushq $-1
    if_in_window EXO_VP_FAULT, 1f /* the jump itself: the program's rip is no address */
    copy_interrupted EXO_VP_FAULT
1:  movq %rsp, %rdi
    movq %gs:CPU_SELF, %rsi
    leaq (EXO_VP_FAULT - EXO_VP_LIBOS)(%rsi), %rsi
    movl $1, %edx
    call los_fault_entry_c
    jmp los_return_full

/* In the library OS: a copy from or to the program's memory, or a mistake. It stays masked. */
fault_inside:
    cmpq $1, %gs:(EXO_VP_FAULT + EXO_UF_VECTOR)
    je single_step
    andq $-16, %rsp
    subq $48, %rsp
    save_general
    pushq $-1
    copy_interrupted EXO_VP_FAULT
    movq %rsp, %rdi
    movq %gs:CPU_SELF, %rsi
    leaq (EXO_VP_FAULT - EXO_VP_LIBOS)(%rsi), %rsi
    xorl %edx, %edx
    call los_fault_entry_c
    movq FRAME_RIP(%rsp), %rax
    movq %rax, %gs:CPU_RETURN
    restore_general
    leaq 16(%rsp), %rsp
    popfq
    movq (%rsp), %rsp
    jmp *%gs:CPU_RETURN

/* A program that single-steps itself jumped to a patched site: the library OS is not for stepping. The stack is still the
 * program's; the end of the vCPU page serves. */
single_step:
    movq %gs:CPU_SELF, %rsp
    leaq 2048(%rsp), %rsp
    pushq %gs:(EXO_VP_FAULT + EXO_UF_RFLAGS)
    andq $~RFLAGS_TF, (%rsp)
    popfq
    movq %gs:(EXO_VP_FAULT + EXO_UF_RSP), %rsp
    movb $0, %gs:EXO_VP_FAULT_BUSY
    jmp *%gs:(EXO_VP_FAULT + EXO_UF_RIP)

/* --- threads ----------------------------------------------------------------------------------------------------------- */

/* void los_switch(uint64_t *save_sp, uint64_t load_sp): leaves this stack for another that was left the same way. */
function los_switch
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

/* Where los_switch returns to on a new thread's stack, at its frame. */
function los_thread_start
    movq %rsp, %rdi
    call los_thread_begin
    jmp los_return_full

/* --- registers that C cannot name ---------------------------------------------------------------------------------------- */

/* void los_machine_xsave(void *area, uint64_t mask) and its kin; areas are aligned to 64 bytes. */
function los_machine_xsave
    movl %esi, %eax
    movq %rsi, %rdx
    shrq $32, %rdx
    xsave64 (%rdi)
    ret

function los_machine_xsaveopt
    movl %esi, %eax
    movq %rsi, %rdx
    shrq $32, %rdx
    xsaveopt64 (%rdi)
    ret

function los_machine_xrstor
    movl %esi, %eax
    movq %rsi, %rdx
    shrq $32, %rdx
    xrstor64 (%rdi)
    ret

function los_machine_fxsave
    fxsave64 (%rdi)
    ret

function los_machine_fxrstor
    fxrstor64 (%rdi)
    ret

/*
 * uint64_t los_machine_vectors_save(void *area, bool high), void los_machine_vectors_load(const void *area, bool high): MXCSR and the vector
 * registers, where XSAVE has them; high: their upper halves, too. The first returns what it found not to be in its initial state, as bits
 * of XCR0: of AVX (some upper half is not 0; if all are, none was stored), and of x87, which is in it when control and status word
 * are as after fninit and all registers are tagged empty. (fnstenv masks all exceptions: by then they are masked.)
 * los_machine_vectors_load_low: with AVX, all upper halves 0.
 */
#define XMM_AT  160
#define HIGH_AT 576
#define AT_1_TO_15 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
function los_machine_vectors_save
    stmxcsr 24(%rdi)
    xorl %eax, %eax
    testl %esi, %esi
    jz 1f
    .irp n, 0, AT_1_TO_15
    vmovaps %xmm\n, XMM_AT + 16 * \n(%rdi)
    .endr
    vextractf128 $1, %ymm0, HIGH_AT(%rdi)
    .irp n, AT_1_TO_15
    vorps %ymm\n, %ymm0, %ymm0
    .endr
    vextractf128 $1, %ymm0, %xmm0
    vptest %xmm0, %xmm0
    vmovaps XMM_AT(%rdi), %xmm0
    jz 2f
    vinsertf128 $1, HIGH_AT(%rdi), %ymm0, %ymm0
    .irp n, AT_1_TO_15
    vextractf128 $1, %ymm\n, HIGH_AT + 16 * \n(%rdi)
    .endr
    movl $4, %eax
    jmp 2f
1:  .irp n, 0, AT_1_TO_15
    movaps %xmm\n, XMM_AT + 16 * \n(%rdi)
    .endr
2:  subq $40, %rsp
    fnstcw (%rsp)
    cmpw $0x37f, (%rsp)
    jne 3f
    fnstenv (%rsp)
    cmpw $0, 4(%rsp)
    jne 3f
    cmpw $0xffff, 8(%rsp)
    je 4f
3:  incl %eax
4:  addq $40, %rsp
    ret

function los_machine_vectors_load
    ldmxcsr 24(%rdi)
    testl %esi, %esi
    jz 1f
    .irp n, 0, AT_1_TO_15
    vmovaps XMM_AT + 16 * \n(%rdi), %xmm\n
    vinsertf128 $1, HIGH_AT + 16 * \n(%rdi), %ymm\n, %ymm\n
    .endr
    ret
1:  .irp n, 0, AT_1_TO_15
    movaps XMM_AT + 16 * \n(%rdi), %xmm\n
    .endr
    ret

function los_machine_vectors_load_low
    ldmxcsr 24(%rdi)
    .irp n, 0, AT_1_TO_15
    vmovaps XMM_AT + 16 * \n(%rdi), %xmm\n
    .endr
    ret

function los_machine_fs_base
    rdfsbase %rax
    ret

function los_machine_set_fs_base
    wrfsbase %rdi
    ret

    .section .note.GNU-stack, "", @progbits
