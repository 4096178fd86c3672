/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a thread keeps in x87 and vector registers, and in their control words, is there again after others ran. Threads with more and
 * less of it in use take turns, in two processes; each holds its own state across one system call, and compares.
 */
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

enum { ROUNDS = 400, ENVIRONMENT = 28, X87_BYTES = ENVIRONMENT + 80 };
enum { FCW = 0, FSW = 4, FTW = 8, POINTERS = 12 }; /* in what fnsave stores */

struct state {
    uint8_t low[16][16], high[16][16];
    uint8_t x87[X87_BYTES];
    uint32_t mxcsr;
} __attribute__((aligned(16)));

struct wide {           /* of AVX-512 */
    uint8_t zmm[4][64]; /* 0, 15, 16, 31 */
    uint64_t mask[2];   /* k1, k7 */
};

enum kind { NOTHING, HIGH, ONE_HIGH, X87_STACK, X87_CONTROL, X87_TOP_0, X87_FLAGS, MMX, MXCSR, ALL, KINDS };
static bool has_avx, has_avx512;
static atomic_int running;

static void vectors_in(const struct state *s, uint8_t ymm[16][32])
{
    for (int i = 0; i < 16; i++) {
        memcpy(ymm[i], s->low[i], 16);
        memcpy(ymm[i] + 16, s->high[i], 16);
    }
}

/* Loads the state, makes the system call, or none if the number is negative, and stores it. */
#define MOVE_16(load, op, at, stride)                                                                          \
    load(op, 0, at, stride) load(op, 1, at, stride) load(op, 2, at, stride) load(op, 3, at, stride)            \
        load(op, 4, at, stride) load(op, 5, at, stride) load(op, 6, at, stride) load(op, 7, at, stride)        \
            load(op, 8, at, stride) load(op, 9, at, stride) load(op, 10, at, stride) load(op, 11, at, stride)  \
                load(op, 12, at, stride) load(op, 13, at, stride) load(op, 14, at, stride)                     \
                    load(op, 15, at, stride)
#define FROM(op, n, at, stride) #op " " #n "*" #stride "(" at "), %%" REGISTER #n "\n"
#define TO(op, n, at, stride)   #op " %%" REGISTER #n ", " #n "*" #stride "(" at ")\n"
#define ALL_XMM                                                                                                \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", \
        "xmm13", "xmm14", "xmm15"

#define TURN(load, store)                                                                                      \
    __asm__ volatile("ldmxcsr %[mxcsr]\n"                                                                      \
                     "frstor %[x87]\n" load "testq %%rax, %%rax\n"                                             \
                     "js 1f\n"                                                                                 \
                     "syscall\n"                                                                               \
                     "1:\n" store "fnsave %[x87]\n"                                                            \
                     "fninit\n"                                                                                \
                     "stmxcsr %[mxcsr]\n"                                                                      \
                     "ldmxcsr %[usual]\n"                                                                      \
                     : "+a"(number), [mxcsr] "+m"(s->mxcsr), [x87] "+m"(s->x87)                                \
                     : "b"(vectors), [usual] "m"(usual)                                                        \
                     : "rcx", "r11", "memory", "cc", ALL_XMM)

static void turn(struct state *s, long number)
{
    uint8_t vectors[16][32] __attribute__((aligned(32)));
    uint32_t usual = 0x1f80;
    vectors_in(s, vectors);
    if (has_avx) {
#define REGISTER "ymm"
        TURN(MOVE_16(FROM, vmovaps, "%%rbx", 32), MOVE_16(TO, vmovaps, "%%rbx", 32) "vzeroupper\n");
#undef REGISTER
    } else {
#define REGISTER "xmm"
        TURN(MOVE_16(FROM, movaps, "%%rbx", 32), MOVE_16(TO, movaps, "%%rbx", 32));
#undef REGISTER
    }
    for (int i = 0; i < 16; i++) {
        memcpy(s->low[i], vectors[i], 16);
        memcpy(s->high[i], vectors[i] + 16, 16);
    }
}

static void turn_wide(struct wide *w, long number)
{
    __asm__ volatile("vmovups (%%rbx), %%zmm0\nvmovups 64(%%rbx), %%zmm15\nvmovups 128(%%rbx), %%zmm16\n"
                     "vmovups 192(%%rbx), %%zmm31\nkmovw 256(%%rbx), %%k1\nkmovw 264(%%rbx), %%k7\n"
                     "syscall\n"
                     "vmovups %%zmm0, (%%rbx)\nvmovups %%zmm15, 64(%%rbx)\nvmovups %%zmm16, 128(%%rbx)\n"
                     "vmovups %%zmm31, 192(%%rbx)\nkmovw %%k1, 256(%%rbx)\nkmovw %%k7, 264(%%rbx)\n"
                     "vzeroupper\n"
                     : "+a"(number)
                     : "b"(w)
                     : "rcx", "r11", "memory", "cc", ALL_XMM);
}

static void put16(uint8_t *at, uint16_t value) { memcpy(at, &value, 2); }

static void make(struct state *s, enum kind kind, uint32_t seed)
{
    uint32_t one = seed / KINDS % 16;
    memset(s, 0, sizeof *s);
    for (int i = 0; i < 16 * 16; i++) {
        s->low[i / 16][i % 16] = (uint8_t)((seed = seed * 1103515245 + 12345) >> 16);
        if (has_avx && (kind == HIGH || kind == ALL))
            s->high[i / 16][i % 16] = (uint8_t)(seed >> 8 | 1);
    }
    if (has_avx && kind == ONE_HIGH)
        s->high[one][15] = 0x80;
    s->mxcsr = kind == MXCSR || kind == ALL ? 0x1f80 ^ 0x6021 : 0x1f80; /* rounding, and flags */
    uint16_t control = 0x37f, status = 0, tags = 0xffff;
    switch (kind) {
    case X87_CONTROL: control = 0xf7f; break;
    case X87_FLAGS: status = 0x20; break;
    case X87_TOP_0: tags = 0x3fff; break; /* R7 alone, which is ST(7) */
    case X87_STACK: status = 5 << 11, tags = 0x03ff, control = 0x27f; break;
    case ALL:
    case MMX: tags = 0; break;
    default: break;
    }
    put16(s->x87 + FCW, control), put16(s->x87 + FSW, status), put16(s->x87 + FTW, tags);
    for (int i = 0; i < 8; i++) {
        uint8_t *st = s->x87 + ENVIRONMENT + 10 * i;
        memcpy(st, s->low[i], 8);
        st[7] |= 0x80;
        put16(st + 8, (uint16_t)(kind == MMX ? 0xffff : 0x3ff0 + i));
    }
    turn(s, -1); /* as fnsave says it */
}

/* Pointers to the last x87 instruction, and what empty registers hold, need not be kept. */
static bool same_x87(const uint8_t *a, const uint8_t *b)
{
    uint16_t status, tags;
    memcpy(&status, a + FSW, 2);
    memcpy(&tags, a + FTW, 2);
    for (unsigned i = 0; i < 8; i++)
        if ((tags >> 2 * (((status >> 11) + i) & 7) & 3) != 3 &&
            memcmp(a + ENVIRONMENT + 10 * i, b + ENVIRONMENT + 10 * i, 10) != 0)
            return false;
    return memcmp(a + FCW, b + FCW, 2) == 0 && memcmp(a + FSW, b + FSW, 2) == 0 &&
           memcmp(a + FTW, b + FTW, 2) == 0;
}

static void *keep(void *argument)
{
    enum kind kind = (enum kind)(intptr_t)argument;
    struct state made, held;
    running++;
    while (running < KINDS)
        sched_yield();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        make(&made, i % 7 == 6 ? NOTHING : kind, i * KINDS + kind + (uint32_t)getpid());
        held = made;
        turn(&held, SYS_sched_yield);
        CHECK(memcmp(held.low, made.low, sizeof made.low) == 0);
        CHECK(memcmp(held.high, made.high, sizeof made.high) == 0);
        CHECK(held.mxcsr == made.mxcsr);
        CHECK(same_x87(held.x87, made.x87));
    }
    return NULL;
}

static void *keep_wide(void *argument)
{
    struct wide made, held;
    for (unsigned i = 0; i < ROUNDS; i++) {
        memset(&made, (int)(i * 2 + 1), sizeof made);
        made.mask[0] = (uint16_t)i, made.mask[1] = (uint16_t)~i;
        held = made;
        turn_wide(&held, SYS_sched_yield);
        CHECK(memcmp(&held, &made, sizeof made) == 0);
    }
    return argument;
}

static void all_kinds(void)
{
    pthread_t thread[KINDS + 2];
    int n = 0;
    running = 0;
    for (intptr_t kind = 0; kind < KINDS; kind++)
        CHECK(pthread_create(&thread[n++], NULL, keep, (void *)kind) == 0);
    for (int i = 0; i < 2 && has_avx512; i++)
        CHECK(pthread_create(&thread[n++], NULL, keep_wide, NULL) == 0);
    while (n > 0)
        CHECK(pthread_join(thread[--n], NULL) == 0);
}

/* Another process's MMX registers, though tagged empty again, are not to be read here. */
static void look(void)
{
    static const uint64_t secret = 0x5ec2e75ec2e75ec2;
    uint8_t area[512] __attribute__((aligned(16)));
    pid_t child = fork();
    CHECK(child >= 0);
    while (child == 0)
        __asm__ volatile("movq %1, %%mm0\nmovq %1, %%mm7\nemms\nsyscall"
                         :
                         : "a"(SYS_sched_yield), "m"(secret)
                         : "rcx", "r11", "memory");
    for (int i = 0; i < ROUNDS; i++) {
        long number = SYS_sched_yield;
        __asm__ volatile("syscall\nfxsave %1" : "+a"(number), "=m"(area) : : "rcx", "r11", "memory");
        for (int r = 0; r < 8; r++)
            CHECK(memcmp(area + 32 + 16 * r, &secret, 8) != 0);
    }
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
}

int main(void)
{
    has_avx = __builtin_cpu_supports("avx");
    has_avx512 = __builtin_cpu_supports("avx512f");
    pid_t child = fork();
    CHECK(child >= 0);
    all_kinds();
    if (child == 0)
        return 0;
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    printf("registers kept\n");
    look();
    printf("none of another's seen\n");
    return 0;
}
