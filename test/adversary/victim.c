/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The victim: a vCPU on every CPU, each of which checks the domain's secret and what its tokens say, and counts how
 * often. It also holds still: it makes no call that changes anything, so everything about it stays equal.
 */
#include "attack.h"

#define WORDS (VICTIM_PAGES * PAGE / 8)

/* A sequence that no adversary writes by chance: splitmix64 (Steele, Lea and Flood, 2014). */
static uint64_t secret(uint64_t i)
{
    uint64_t z = (i + 1) * 0x9e3779b97f4a7c15ul;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ul;
    z = (z ^ z >> 27) * 0x94d049bb133111ebul;
    return z ^ z >> 31;
}

void victim_fill(uint64_t *memory)
{
    for (uint64_t i = 0; i < WORDS; i++)
        memory[i] = secret(i);
}

bool victim_holds(const uint64_t *memory)
{
    for (uint64_t i = 0; i < WORDS; i++)
        if (memory[i] != secret(i))
            return false;
    return true;
}

static bool same_info(exo_handle token, const struct exo_token_info *before)
{
    struct exo_token_info now;
    return exo_token_info(token, &now) == 0 && now.kind == before->kind && now.rights == before->rights &&
           now.base == before->base && now.count == before->count;
}

/* Of which nothing may leak in or out either. */
static void load_vector(uint64_t word) { __asm__ volatile("movq %0, %%xmm0; movq %0, %%xmm15" : : "r"(word)); }
static bool vector_is(uint64_t word)
{
    uint64_t a, b;
    __asm__ volatile("movq %%xmm0, %0; movq %%xmm15, %1" : "=r"(a), "=r"(b));
    return a == word && b == word;
}

static void on_event(uint64_t bits) { __atomic_fetch_add(&START->word[0], bits != 0, __ATOMIC_RELAXED); }

void victim_main(unsigned vcpu)
{
    const exo_handle mine[] = {START->domain, START->space, START->memory, START->vcpu[vcpu],
                               START->slice[vcpu]};
    enum { MINE = sizeof mine / sizeof mine[0] };
    struct exo_token_info info[MINE];
    for (unsigned i = 0; i < MINE; i++)
        EXPECT_GOOD(exo_token_info(mine[i], &info[i]));
    self_local()->on_event = on_event;
    events_on();
    load_vector(secret(vcpu));
    for (;;) {
        EXPECT(vector_is(secret(vcpu)), "the victim's vector registers have changed");
        EXPECT(victim_holds((const uint64_t *)MEMORY), "the victim's memory has changed under it");
        for (unsigned i = 0; i < MINE; i++)
            EXPECT(same_info(mine[i], &info[i]), "a token of the victim's says something else: number %u",
                   (uint64_t)i);
        START->progress[vcpu]++;
    }
}
