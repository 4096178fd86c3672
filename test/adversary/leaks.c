/* SPDX-License-Identifier: MPL-2.0 */
/* Contents that must not come along, and contents that must not be changed by whoever may only look. */
#include "attack.h"

#define VA 0x300000ul

static void fill(uint64_t page, uint64_t pages, uint64_t word)
{
    for (uint64_t i = 0; i < pages * PAGE / 8; i++)
        ((uint64_t *)(MEMORY_VA + page * PAGE))[i] = word;
}

static bool all_are(uint64_t va, uint64_t pages, uint64_t word)
{
    for (uint64_t i = 0; i < pages * PAGE / 8; i++)
        if (((volatile uint64_t *)va)[i] != word)
            return false;
    return true;
}

static void unmap_own(uint64_t page, uint64_t pages)
{
    EXPECT_GOOD(exo_space_unmap(START->space, MEMORY_VA + page * PAGE, pages));
}
static void map_own(uint64_t page, uint64_t pages)
{
    EXPECT_GOOD(map_here(MEMORY_VA + page * PAGE, START->memory, page, pages, EXO_MAP_R | EXO_MAP_W));
}

/* Frames that were a pool come back zeroed: neither their owner's old contents nor kernel objects. */
ATTACK(leaks, pool)
{
    fill(40, 40, 0x5ec2e75ec2e75ec2);
    exo_handle frames = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, 40, 40));
    unmap_own(40, 40);
    exo_handle domain = (exo_handle)EXPECT_GOOD(exo_domain_create(frames));
    exo_handle space = (exo_handle)EXPECT_GOOD(exo_space_create(domain));
    for (unsigned i = 0; i < 16; i++) {
        struct exo_map map = {i * 0x200000ul, START->memory, i, 1, EXO_MAP_R | EXO_MAP_W};
        EXPECT_GOOD(exo_space_map(space, &map, 1));
        EXPECT_GOOD(exo_token_send(domain, START->memory, EXO_R, EXO_SEND_CONTENTS));
    }
    EXPECT_GOOD(exo_domain_destroy(domain));
    map_own(40, 40);
    EXPECT(all_are(MEMORY_VA + 40 * PAGE, 40, 0), "frames that were a pool are not zero");
}

/* Sent without contents means without. */
ATTACK(leaks, send_without_contents)
{
    for (unsigned i = 0; i < 20; i++) {
        fill(40, 8, 0x5ec2e75ec2e75ec2);
        exo_handle frames = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, 40, 8));
        EXPECT_ERROR(BUSY, exo_token_send(START->domain, frames, EXO_R, 0)); /* they are mapped */
        unmap_own(40, 8);
        exo_handle sent = (exo_handle)EXPECT_GOOD(exo_token_send(START->domain, frames, EXO_R, 0));
        EXPECT_GOOD(map_here(VA, sent, 0, 8, EXO_MAP_R));
        EXPECT(all_are(VA, 8, 0), "frames sent without contents are not zero");
        EXPECT_GOOD(exo_space_unmap(START->space, VA, 8));
        map_own(40, 8);
    }
    /* By large pages, too, and where only one of 512 was written through a small one. */
}

/* A token that permits no writing must not let its holder wipe the frames by sending them. */
ATTACK(leaks, wipe_by_sending)
{
    fill(40, 1, 0x1234);
    exo_handle look = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_R | EXO_SEND, 40, 1));
    unmap_own(40, 1);
    long sent = AGAIN(exo_token_send(START->domain, look, EXO_R, 0));
    EXPECT(sent > 0 || sent == -EXO_E_NO_RIGHT, "token_send: %s", error_name(sent));
    map_own(40, 1);
    EXPECT(all_are(MEMORY_VA + 40 * PAGE, 1, 0x1234), "a token [R SEND] was enough to wipe the frame");
}

/* What the victim shows read-only stays so. */
static void store(uint64_t va) { *(volatile uint64_t *)va = 0xbad; }

ATTACK(leaks, shared_page)
{
    exo_handle shown = START->given[GIVEN_SHARED];
    EXPECT_GOOD(map_here(VA, shown, 0, 1, EXO_MAP_R));
    EXPECT_ERROR(NO_RIGHT, map_here(VA, shown, 0, 1, EXO_MAP_R | EXO_MAP_W));
    EXPECT_ERROR(NO_RIGHT, map_here(VA, shown, 0, 1, EXO_MAP_X));
    EXPECT_GOOD(exo_space_protect(START->space, VA, 1, EXO_MAP_R | EXO_MAP_W | EXO_MAP_X));
    EXPECT(attempt(store, VA, NULL), "the victim's page can be written");
    EXPECT(attempt((void (*)(uint64_t))VA, 0, NULL), "the victim's page can be executed");
    EXPECT_ERROR(NO_RIGHT, exo_domain_donate(START->domain, shown));
    EXPECT_ERROR(NO_RIGHT, exo_token_revoke(shown));
    EXPECT_ERROR(NO_RIGHT, exo_vcpu_create(START->domain, START->space, shown, VA, 1));
    EXPECT_ERROR(BAD_ADDRESS, exo_token_info(shown, (struct exo_token_info *)VA)); /* nor written for us */
    exo_handle child = (exo_handle)EXPECT_GOOD(exo_token_derive(shown, EXO_R | EXO_SEND | EXO_SPLIT, 0, 1));
    EXPECT_ERROR(NO_RIGHT, map_here(VA, child, 0, 1, EXO_MAP_W));
}

/* Page tables are in the pool, and nobody's to write or read. */
ATTACK(leaks, query_tells_no_more)
{
    struct exo_pte before[4], after[4];
    EXPECT_GOOD(exo_space_query(START->space, MEMORY_VA, before, 4));
    *(volatile uint64_t *)MEMORY_VA = 1;
    EXPECT_GOOD(exo_space_query(START->space, MEMORY_VA, after, 4));
    EXPECT(after[0].frame & EXO_PTE_DIRTY, "a written page is not dirty: %x", after[0].frame);
    for (unsigned i = 0; i < 4; i++)
        EXPECT((before[i].frame ^ after[i].frame) >> 12 == 0, "the frame changed under the mapping");
}

/* --- registers ---------------------------------------------------------------------------------------------------------- */

static void load_xmm(uint64_t word)
{
    __asm__ volatile("movq %0, %%xmm0; movq %0, %%xmm7; movq %0, %%xmm15; movq %0, %%mm3" : : "r"(word));
}
static bool xmm_is(uint64_t word)
{
    uint64_t a, b, c, d;
    __asm__ volatile("movq %%xmm0, %0; movq %%xmm7, %1; movq %%xmm15, %2; movq %%mm3, %3"
                     : "=r"(a), "=r"(b), "=r"(c), "=r"(d));
    return a == word && b == word && c == word && d == word;
}

/* A new vCPU finds nothing of others in its registers, and keeps its own over calls and preemption. */
ATTACK(leaks, vector_registers, ON_ALL_CPUS)
{
    uint16_t control;
    uint32_t mxcsr;
    EXPECT(xmm_is(0), "vector registers of a new vCPU are not zero");
    __asm__ volatile("fnstcw %0; stmxcsr %1" : "=m"(control), "=m"(mxcsr));
    EXPECT(control == 0x37f && mxcsr == 0x1f80, "x87 control %x mxcsr %x", (uint64_t)control, (uint64_t)mxcsr);
    load_xmm(0x1111 * (vcpu + 1));
    for (uint64_t end = now_ns() + 150 * MS; now_ns() < end;) {
        EXPECT(xmm_is(0x1111 * (vcpu + 1)), "vector registers changed");
        exo_abi_version();
        exo_vcpu_yield();
    }
    __asm__ volatile("emms");
}

/* General registers at the start are what vcpu_start says. */
__asm__(
    ".text\nregisters_code: movabsq $0x704000064000, %rax; movq %rbx, (%rax); orq %rcx, (%rax); orq %rdx, "
    "(%rax); "
    "orq %rsi, (%rax); orq %rbp, (%rax); orq %r8, (%rax); orq %r9, (%rax); orq %r10, (%rax); orq %r11, (%rax); "
    "orq %r12, (%rax); orq %r13, (%rax); orq %r14, (%rax); orq %r15, (%rax); movq %rdi, 8(%rax); movq %rsp, "
    "16(%rax); "
    "movl $0x4b78001a, %eax; syscall");
extern const uint8_t registers_code[] __attribute__((visibility("hidden")));

ATTACK(leaks, registers_at_start)
{
    uint64_t *seen = (uint64_t *)(MEMORY_VA + 100 * PAGE);
    _Static_assert(MEMORY_VA + 100 * PAGE == 0x704000064000, "the code above");
    seen[0] = 1;
    exo_handle page = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, 101, 1));
    exo_handle new = (exo_handle)EXPECT_GOOD(exo_vcpu_create(START->domain, START->space, page, 0x10000, 1));
    exo_handle slice =
        (exo_handle)EXPECT_GOOD(exo_slice_create(START->slice[0], 1ul << self()->cpu, 200, 5000));
    EXPECT_GOOD(exo_slice_bind(new, slice));
    EXPECT_GOOD(exo_vcpu_start(new, (uint64_t)registers_code, 0x1357, 0x2468));
    for (uint64_t late = now_ns() + 500 * MS; seen[2] == 0 && now_ns() < late;)
        exo_vcpu_block(now_ns() + MS);
    EXPECT(seen[0] == 0 && seen[1] == 0x2468 && seen[2] == 0x1357, "registers at the start: %x, rdi %x rsp %x",
           seen[0], seen[1], seen[2]);
}
