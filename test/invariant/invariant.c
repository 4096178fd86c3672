/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The walk over all invariants: see walk.h. This file: its beginning and end, domains, pools, and the frame table.
 *
 * It is no part of the exokernel that people boot: `boot/run --check N` boots one that was linked with it (watch.c), the unit tests
 * and the fuzzer call it after every step.
 */
#include "walk.h"
#include "device.h"
#include "frame.h"
#include "lock.h"

struct walk walk;

static const char *const sentences[INVARIANT_COUNT] = {
#define X(NAME, sentence) [INVARIANT_##NAME] = sentence,
#include "invariants.def"
#undef X
};

void invariant_broken(enum invariant which, uint64_t number)
{
    char digits[] = "invariant: 0x0000000000000000\n";
    for (int i = 0; i < 16; i++)
        digits[13 + i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
    machine_log(digits, sizeof digits - 1);
    machine_panic(sentences[which]);
}

/* --- pools ----------------------------------------------------------------------------------------------------- */

static void claim(uint64_t pfn)
{
    HOLDS(!walk.claimed[pfn], ONE_OBJECT, pfn);
    walk.claimed[pfn] = true;
}

void walk_claim(const struct domain *domain, uint64_t pfn)
{
    HOLDS(pfn < frame_count && frame_of(pfn)->state == FRAME_POOL && frame_of(pfn)->link == pool_pfn(domain),
          POOL_OBJECT, pfn);
    claim(pfn);
}

static void check_pool(const struct domain *domain, uint64_t used)
{
    uint64_t free = 0, members = 1; /* all but the domain's structure are linked */
    for (uint64_t pfn = domain->pool_first; pfn != 0; pfn = frame_of(pfn)->link, free++) {
        HOLDS(pfn < frame_count && frame_of(pfn)->state == FRAME_POOL, POOL_FREE, pfn);
        claim(pfn);
    }
    for (uint64_t pfn = domain->pool_members; pfn != 0 && members <= domain->pool_pages; members++) {
        HOLDS(pfn < frame_count && frame_of(pfn)->state == FRAME_POOL, POOL_MEMBER, pfn);
        pfn = frame_of(pfn)->member;
    }
    HOLDS(free == domain->pool_free && members == domain->pool_pages, POOL_COUNTS, free);
    HOLDS(used + free == domain->pool_pages, POOL_KNOWN, used);
}

/* --- domains --------------------------------------------------------------------------------------------------- */

const struct domain *walk_next(const struct domain *domain)
{
    if (domain->child != NULL)
        return domain->child;
    while (domain != walk.first && domain->next == NULL)
        domain = domain->parent;
    return domain == walk.first ? NULL : domain->next;
}

static void check_children(const struct domain *domain)
{
    struct domain *const *place = &domain->child;
    for (const struct domain *child; (child = *place) != NULL; place = (struct domain *const *)&child->next) {
        HOLDS_PLACE(child, place, DOMAIN_LINKS);
        HOLDS(child->parent == domain, DOMAIN_LINKS, child->depth);
        HOLDS(child->depth == domain->depth + 1 && child->depth <= DOMAIN_DEPTH_MAX, DOMAIN_DEPTH,
              child->depth);
    }
}

static void check_objects(const struct domain *domain)
{
    uint64_t used = 2 + domain->token_pages + QUEUE_FRAMES * queue_count(domain);
    walk_claim(domain, pool_pfn(domain));
    if (domain == walk.first) {
        walk_claim(domain, space_idle_top);
        used++;
    }
    if (!domain->dying)
        walk_claim(domain, pool_pfn(domain->recalls));
    used += walk_spaces(domain) + walk_vcpus(domain) + walk_slices(domain);
    walk_recalls(domain);
    walk.pool_frames += domain->pool_pages;
    walk.dying_domains += domain->dying;
    if (!domain->dying) /* otherwise parts of it are gone already */
        check_pool(domain, used);
}

/* --- frames ---------------------------------------------------------------------------------------------------- */

static void check_frame(const struct frame *frame, uint32_t met, uint64_t pfn)
{
    if (frame->state == FRAME_USER)
        HOLDS(frame->link == met, FRAME_COUNTS_MAPPINGS, pfn);
    else
        HOLDS(frame->sharers == (met > 1 ? met - 1 : 0), TABLE_COUNTS_SHARERS, pfn);
    HOLDS(frame->state != FRAME_POOL || !frame->touched, POOL_CLEAN, pfn);
}

static void check_frames(void)
{
    uint64_t states[FRAME_RING + 1] = {0};
    for (uint64_t first = 0, end; first < frame_count; first = end) {
        const struct frame_region *region = frame_region_of(first);
        end = first + EXO_LARGE_PAGES < frame_count ? first + EXO_LARGE_PAGES : frame_count;
        uint64_t user = states[FRAME_USER];
        bool touched = false;
        for (uint64_t pfn = first; pfn < end; pfn++) {
            const struct frame *frame = frame_of(pfn);
            check_frame(frame, walk.met[pfn], pfn);
            states[frame->state]++;
            touched |= frame->touched;
        }
        HOLDS(region->special == EXO_LARGE_PAGES - (states[FRAME_USER] - user), REGION_COUNTS_SPECIAL, first);
        HOLDS(region->mapped == walk.large_met[first / EXO_LARGE_PAGES], REGION_COUNTS_MAPPINGS, first);
        HOLDS(!touched || region->dirty || region->touched, TOUCHED_IN_DIRTY, first);
    }
    HOLDS(states[FRAME_RING] == queue_frames(NULL), RING_HAS_QUEUE, states[FRAME_RING]);
    HOLDS(states[FRAME_POOL] == walk.pool_frames || walk.dying_domains > 0, ONE_POOL, states[FRAME_POOL]);
}

/* --- the walk -------------------------------------------------------------------------------------------------- */

static void begin(const struct domain *first)
{
    if (frame_count > SCRATCH_FRAMES)
        machine_panic("the walk over all invariants has room for 1 GiB of RAM");
    __builtin_memset(walk.met, 0, frame_count * sizeof walk.met[0]);
    __builtin_memset(walk.large_met, 0, (frame_count / EXO_LARGE_PAGES + 1) * sizeof walk.large_met[0]);
    __builtin_memset(walk.claimed, 0, frame_count * sizeof walk.claimed[0]);
    __builtin_memset(walk.named, 0, frame_count * sizeof walk.named[0]);
    __builtin_memset(&walk.pool_frames, 0, sizeof walk - offsetof(struct walk, pool_frames));
    walk.first = first;
    for (uint32_t cpu = 0; cpu < machine_cpus(); cpu++)
        walk.loaded[cpu] = load_shared(cpus[cpu].loaded);
    walk_spaces_begin();
}

void invariant_check(const struct domain *first)
{
    begin(first);
    HOLDS(first->depth == 0 && first->parent == NULL, DOMAIN_DEPTH, first->depth);
    for (const struct domain *domain = first; domain != NULL; domain = walk_next(domain)) {
        check_children(domain);
        walk_tokens(domain);
    }
    for (const struct domain *domain = first; domain != NULL; domain = walk_next(domain))
        check_objects(domain);
    HOLDS(walk.in_trees == walk.tokens, TREE_WHOLE, walk.in_trees);
    queue_frames(walk.met);
    check_frames();
    walk_cpus();
}
