/* SPDX-License-Identifier: MPL-2.0 */
/* Using everything up: each ends in a clean error, and what was used up comes back when it is given up. */
#include "attack.h"

#define MANY 20000
static exo_handle made[MANY];

struct counts {
    struct exo_domain_info info;
};
static struct counts count(void)
{
    struct counts counts;
    EXPECT_GOOD(exo_domain_info(START->domain, &counts.info));
    return counts;
}

/* Table pages stay: everything else is as it was. */
static void expect_same(const struct counts *before, uint64_t tables)
{
    struct counts after = count();
    EXPECT(after.info.tokens == before->info.tokens, "%u tokens became %u", (uint64_t)before->info.tokens,
           (uint64_t)after.info.tokens);
    EXPECT(after.info.pool_free + tables >= before->info.pool_free, "%u free frames became %u",
           before->info.pool_free, after.info.pool_free);
    EXPECT(after.info.spaces == before->info.spaces, "%u spaces became %u", (uint64_t)before->info.spaces,
           (uint64_t)after.info.spaces);
}

static bool clean(long error) { return error == -EXO_E_NO_SLOT || error == -EXO_E_NO_POOL; }

static void drop_all(unsigned n)
{
    while (n-- > 0)
        EXPECT_GOOD(exo_token_drop(made[n]));
}

ATTACK(exhaust, token_table, BIG)
{
    struct counts before = count();
    long token = 1;
    unsigned n = 0;
    while (n < MANY && (token = exo_token_derive(START->memory, EXO_R, n % 8, 1)) > 0)
        made[n++] = (exo_handle)token;
    EXPECT(token == -EXO_E_NO_SLOT, "after %u tokens: %s", (uint64_t)n, error_name(token));
    EXPECT_ERROR(NO_SLOT, exo_event_derive(START->vcpu[0], 9));
    EXPECT_ERROR(NO_SLOT, exo_space_create(START->domain));
    EXPECT_ERROR(NO_SLOT, exo_slice_create(START->slice[0], 1ul << self()->cpu, 10, 10000));
    EXPECT_ERROR(NO_SLOT, exo_token_send(START->domain, START->memory, EXO_R, EXO_SEND_CONTENTS));
    exo_handle last = made[n - 1];
    EXPECT_GOOD(exo_token_drop(last));
    long again = EXPECT_GOOD(exo_token_derive(START->memory, EXO_R, 0, 1));
    EXPECT((exo_handle)again != last, "a handle was given out twice");
    made[n - 1] = (exo_handle)again;
    drop_all(n);
    expect_same(&before, 256);
}

/* A token with as many children as there can be ends in bounded steps. */
ATTACK(exhaust, children, BIG)
{
    struct counts before = count();
    exo_handle parent = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, 0, 8));
    long token;
    unsigned n = 0;
    while (n < MANY && (token = exo_token_derive(parent, EXO_ALL, n % 8, 1)) > 0)
        made[n++] = (exo_handle)token;
    uint64_t start = now_ns(), calls = 1;
    while (exo_token_revoke(parent) == -EXO_E_AGAIN)
        calls++;
    EXPECT(now_ns() - start < 2000 * MS, "revoking %u tokens took %u calls and %u ms", (uint64_t)n, calls,
           (now_ns() - start) / MS);
    EXPECT_ERROR(BAD_HANDLE, exo_token_drop(made[0]));
    EXPECT_ERROR(BAD_HANDLE, exo_token_drop(made[n - 1]));
    for (n = 0; n < MANY && (token = exo_token_derive(n ? made[n - 1] : parent, EXO_ALL, 0, 1)) > 0; n++)
        made[n] = (exo_handle)token; /* a chain: depth is the user's, too */
    EXPECT_GOOD(exo_token_revoke(made[0]));
    EXPECT_GOOD(exo_token_drop(made[0]));
    for (n = 0; n < MANY && (token = exo_token_derive(parent, EXO_ALL, n % 8, 1)) > 0; n++)
        ;
    EXPECT_GOOD(exo_token_drop(parent)); /* its children go to its parent */
    EXPECT_GOOD(exo_token_revoke(START->memory));
    expect_same(&before, 256);
}

ATTACK(exhaust, spaces)
{
    struct counts before = count();
    long space;
    unsigned n = 0;
    while ((space = exo_space_create(START->domain)) > 0)
        made[n++] = (exo_handle)space;
    EXPECT(clean(space) && n > 10, "after %u spaces: %s", (uint64_t)n, error_name(space));
    EXPECT_ERROR(NO_POOL, map_here(0x10000000000, START->memory, 0, 1, EXO_MAP_R));
    for (unsigned i = 0; i < n; i++)
        EXPECT_GOOD(exo_space_destroy(made[i]));
    expect_same(&before, 2);
}

ATTACK(exhaust, page_tables)
{
    struct counts before = count();
    long result = 0;
    uint64_t n = 0, first = 0;
    for (uint64_t stride = 1ul << 39; stride >= 1ul << 21; stride >>= 9) {
        /* Below the first one mapped, so that the last ones take a single table each. */
        while (n < 255 && (result = map_here(first + stride * ++n, START->memory, 0, 1, EXO_MAP_R)) == 1)
            ;
        first = 1ul << 39;
        n = 1;
    }
    EXPECT(result == -EXO_E_NO_POOL, "page tables never ran out: %s", error_name(result));
    EXPECT_ERROR(NO_POOL, exo_space_create(START->domain));
    /* A batch that the pool does not suffice for is done as far as it goes. */
    struct exo_map maps[64];
    for (unsigned i = 0; i < 64; i++)
        maps[i] = (struct exo_map){0x4000000000 + i * 0x200000, START->memory, 0, 1, EXO_MAP_R};
    result = exo_space_map(START->space, maps, 64);
    EXPECT(result == -EXO_E_NO_POOL, "a batch without a pool: %s", error_name(result));
    for (uint64_t slot = 0; slot < 256; slot++)
        if (slot != EXO_SUPERVISOR_BASE >> 39)
            EXPECT_GOOD(exo_space_unmap(START->space, slot << 39, 1ul << 27));
    expect_same(&before, 0);
}

ATTACK(exhaust, vcpus)
{
    exo_handle page = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, 9, 1));
    long new;
    unsigned n = 0;
    while ((new = exo_vcpu_create(START->domain, START->space, page, PAGE, 3)) > 0) {
        EXPECT_GOOD(exo_vcpu_start((exo_handle) new, PAGE, 0, 0));
        n++;
    }
    EXPECT(clean(new) && n > 10, "after %u vCPUs: %s", (uint64_t)n, error_name(new));
    EXPECT_GOOD(exo_token_revoke(page)); /* all of them stop */
    struct counts after = count();
    EXPECT(after.info.vcpus_dead == n, "%u of %u vCPUs stopped with their page",
           (uint64_t)after.info.vcpus_dead, (uint64_t)n);
}

ATTACK(exhaust, slices)
{
    uint64_t cpu = 1ul << self()->cpu;
    struct counts before = count();
    long slice;
    unsigned n = 0;
    while (n < MANY && (slice = exo_slice_create(START->slice[0], cpu, 1, 1000000)) > 0)
        made[n++] = (exo_handle)slice;
    EXPECT(clean(slice) && n > 10, "after %u slices: %s", (uint64_t)n, error_name(slice));
    drop_all(n);
    expect_same(&before, 2);
    n = 0;
    while ((slice = exo_slice_create(START->slice[0], cpu, 150, 10000)) > 0)
        made[n++] = (exo_handle)slice;
    EXPECT(slice == -EXO_E_NO_TIME && n == GIVEN_BUDGET_US / 150, "%u slices, then %s", (uint64_t)n,
           error_name(slice));
    drop_all(n);
    expect_same(&before, 2);
}

ATTACK(exhaust, domains, BIG)
{
    struct counts before = count();
    long domain = 0;
    unsigned n = 0;
    EXPECT_GOOD(exo_space_unmap(START->space, MEMORY_VA, START->memory_pages));
    for (; n < START->memory_pages / 8; n++) {
        exo_handle frames = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, n * 8, 8));
        if ((domain = exo_domain_create(frames)) <= 0)
            break;
        made[n] = (exo_handle)domain;
        EXPECT_GOOD(exo_token_drop(frames));
        long space;
        while ((space = exo_space_create((exo_handle)domain)) > 0)
            EXPECT_GOOD(exo_token_drop((exo_handle)space));
        EXPECT(clean(space), "a domain of 8 pages, full: %s", error_name(space));
    }
    EXPECT(n == START->memory_pages / 8, "after %u domains: %s", (uint64_t)n, error_name(domain));
    for (unsigned i = 0; i < n; i++)
        EXPECT_GOOD(exo_domain_destroy(made[(i * 7) % n]));
    expect_same(&before, 3);
}
