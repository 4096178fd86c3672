/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The second named entry file of the library OS: moving bytes, and moving them to and from programs.
 *
 * General registers only: the program's vector registers are live inside the library OS. Plain unrolled loops: they are the fastest
 * form under emulation, and cost little against the CPU's string instructions elsewhere.
 *
 * The los_raw_ functions may fault (memory/fault.h). Their wide loops keep rdi, rsi and rdx exact between steps, so that
 * a fault in one goes on byte by byte from there, and a fault in the byte loop knows what is left.
 */
#ifdef EXO_UNIT_TEST /* beside the host's own */
#define memcpy             los_test_memcpy
#define memmove            los_test_memmove
#define memset             los_test_memset
#define los_raw_copy       los_test_raw_copy
#define los_raw_clear      los_test_raw_clear
#define los_raw_string     los_test_raw_string
#define los_raw_load32     los_test_raw_load32
#define los_raw_exchange32 los_test_raw_exchange32
#define los_raw_ranges     los_test_raw_ranges
#endif

#ifdef LOS_SANITIZED /* behind checks: test/sanitizer/address.c */
#define memcpy         bare_memcpy
#define memmove        bare_memmove
#define memset         bare_memset
#define los_page_zero  bare_los_page_zero
#define los_page_copy  bare_los_page_copy
#define los_raw_copy   bare_los_raw_copy
#define los_raw_string bare_los_raw_string
#endif

    .macro function name
    .balign 16
    .globl \name
    .hidden \name
    .type \name, @function
\name:
    .endm

    /* 64 bytes from (rsi) to (rdi); uses rcx r8 r9 r10. */
    .macro copy64
    movq (%rsi), %rcx
    movq 8(%rsi), %r8
    movq 16(%rsi), %r9
    movq 24(%rsi), %r10
    movq %rcx, (%rdi)
    movq %r8, 8(%rdi)
    movq %r9, 16(%rdi)
    movq %r10, 24(%rdi)
    movq 32(%rsi), %rcx
    movq 40(%rsi), %r8
    movq 48(%rsi), %r9
    movq 56(%rsi), %r10
    movq %rcx, 32(%rdi)
    movq %r8, 40(%rdi)
    movq %r9, 48(%rdi)
    movq %r10, 56(%rdi)
    .endm

    /* 64 bytes of rcx to (rdi). */
    .macro store64
    movq %rcx, (%rdi)
    movq %rcx, 8(%rdi)
    movq %rcx, 16(%rdi)
    movq %rcx, 24(%rdi)
    movq %rcx, 32(%rdi)
    movq %rcx, 40(%rdi)
    movq %rcx, 48(%rdi)
    movq %rcx, 56(%rdi)
    .endm

    .text

/* void *memcpy(void *to, const void *from, size_t bytes). Also right where they overlap and to < from. */
function memcpy
    movq %rdi, %rax
    cmpq $8, %rdx
    jb 4f
    movq -8(%rsi,%rdx), %r11 /* the last eight bytes, stored last */
    leaq -8(%rdi,%rdx), %rdx
    movq %rdx, %r10
    subq %rdi, %r10 /* bytes before them */
    subq $64, %r10
    jb 2f
    pushq %r10
1:  copy64
    addq $64, %rsi
    addq $64, %rdi
    subq $64, (%rsp)
    jae 1b
    popq %r10
2:  addq $64, %r10
    jz 5f
3:  movq (%rsi), %rcx
    movq %rcx, (%rdi)
    addq $8, %rsi
    addq $8, %rdi
    subq $8, %r10
    ja 3b
    jmp 5f
4:  subq $1, %rdx
    jb 6f
    movzbl (%rsi), %ecx
    movb %cl, (%rdi)
    incq %rsi
    incq %rdi
    jmp 4b
5:  movq %r11, (%rdx)
6:  ret

/* void *memmove(void *to, const void *from, size_t bytes) */
function memmove
    movq %rdi, %rcx
    subq %rsi, %rcx
    cmpq %rdx, %rcx
    jae memcpy
    movq %rdi, %rax
1:  subq $8, %rdx
    jb 2f
    movq (%rsi,%rdx), %rcx
    movq %rcx, (%rdi,%rdx)
    jmp 1b
2:  addq $8, %rdx
3:  subq $1, %rdx
    jb 4f
    movzbl (%rsi,%rdx), %ecx
    movb %cl, (%rdi,%rdx)
    jmp 3b
4:  ret

/* void *memset(void *to, int byte, size_t bytes) */
function memset
    movq %rdi, %rax
    movzbl %sil, %esi
    movabsq $0x0101010101010101, %rcx
    imulq %rsi, %rcx
    subq $64, %rdx
    jb 2f
1:  store64
    addq $64, %rdi
    subq $64, %rdx
    jae 1b
2:  addq $64, %rdx
3:  subq $8, %rdx
    jb 4f
    movq %rcx, (%rdi)
    addq $8, %rdi
    jmp 3b
4:  addq $8, %rdx
5:  subq $1, %rdx
    jb 6f
    movb %cl, (%rdi)
    incq %rdi
    jmp 5b
6:  ret

/* void los_page_zero(void *page) */
function los_page_zero
    xorl %ecx, %ecx
    leaq 4096(%rdi), %rdx
1:  store64
    addq $64, %rdi
    cmpq %rdx, %rdi
    jb 1b
    ret

/* void los_page_copy(void *to, const void *from) */
function los_page_copy
    leaq 4096(%rdi), %rdx
1:  copy64
    addq $64, %rsi
    addq $64, %rdi
    cmpq %rdx, %rdi
    jb 1b
    ret

/* size_t los_raw_copy(void *to, const void *from, size_t bytes) */
function los_raw_copy
.Lcopy_wide:
    cmpq $64, %rdx
    jb 2f
1:  copy64
    addq $64, %rsi
    addq $64, %rdi
    subq $64, %rdx
    cmpq $64, %rdx
    jae 1b
2:  cmpq $8, %rdx
    jb .Lcopy_bytes
    movq (%rsi), %rcx
    movq %rcx, (%rdi)
    addq $8, %rsi
    addq $8, %rdi
    subq $8, %rdx
    jmp 2b
.Lcopy_bytes:
    testq %rdx, %rdx
    jz .Lcopy_end
    movzbl (%rsi), %ecx
    movb %cl, (%rdi)
    incq %rsi
    incq %rdi
    decq %rdx
    jmp .Lcopy_bytes
.Lcopy_end:
    movq %rdx, %rax
    ret

/* size_t los_raw_clear(void *to, size_t bytes) */
function los_raw_clear
    movq %rsi, %rdx
    xorl %ecx, %ecx
.Lclear_wide:
    cmpq $64, %rdx
    jb 2f
1:  store64
    addq $64, %rdi
    subq $64, %rdx
    cmpq $64, %rdx
    jae 1b
2:  cmpq $8, %rdx
    jb .Lclear_bytes
    movq %rcx, (%rdi)
    addq $8, %rdi
    subq $8, %rdx
    jmp 2b
.Lclear_bytes:
    testq %rdx, %rdx
    jz .Lclear_end
    movb %cl, (%rdi)
    incq %rdi
    decq %rdx
    jmp .Lclear_bytes
.Lclear_end:
    movq %rdx, %rax
    ret

/* long los_raw_string(char *to, const char *from, size_t size) */
function los_raw_string
    xorl %eax, %eax
1:  cmpq %rdx, %rax
    jae 3f
.Lstring_load:
    movzbl (%rsi,%rax), %ecx
.Lstring_loaded:
    movb %cl, (%rdi,%rax)
    testl %ecx, %ecx
    jz 2f
    incq %rax
    jmp 1b
2:  ret
3:  movq $-2, %rax
    ret

/* int los_raw_load32(uint64_t user, uint32_t *value) */
function los_raw_load32
.Lload:
    movl (%rdi), %eax
.Lloaded:
    movl %eax, (%rsi)
    xorl %eax, %eax
    ret

/* int los_raw_exchange32(uint64_t user, uint32_t expected, uint32_t desired, uint32_t *found) */
function los_raw_exchange32
    movl %esi, %eax
.Lexchange:
    lock cmpxchgl %edx, (%rdi)
.Lexchanged:
    movl %eax, (%rcx)
    xorl %eax, %eax
    ret

.Lminus_one:
    movq $-1, %rax
    ret

    .section .data.rel.ro, "aw"
    .balign 8
    .globl los_raw_ranges
    .hidden los_raw_ranges
los_raw_ranges:
    .quad .Lcopy_wide, .Lcopy_bytes, .Lcopy_bytes
    .quad .Lcopy_bytes, .Lcopy_end, .Lcopy_end
    .quad .Lclear_wide, .Lclear_bytes, .Lclear_bytes
    .quad .Lclear_bytes, .Lclear_end, .Lclear_end
    .quad .Lstring_load, .Lstring_loaded, .Lminus_one
    .quad .Lload, .Lloaded, .Lminus_one
    .quad .Lexchange, .Lexchanged, .Lminus_one
    .quad 0, 0, 0

    .section .note.GNU-stack, "", @progbits
