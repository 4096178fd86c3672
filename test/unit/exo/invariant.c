/* SPDX-License-Identifier: MPL-2.0 */
/* Recomputes what the core keeps incrementally, from the structures themselves, and compares. */
#include "alarm.h"
#include "device.h"
#include "domain.h"
#include "fake_machine.h"
#include "frame.h"
#include "slice.h"
#include "space.h"
#include "table.h"
#include "vcpu.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

void check_tlbs(void);

static uint32_t *small_maps, *large_maps;
static uint32_t *lowest_entries; /* of each table of level 1: how many entries point to it */
static uint64_t shares[EXO_CPUS_MAX], pool_frames;

/* An entry of level 2 points to a table of level 1: was that met before, through another space? Its leaves count once. */
static bool met_before(machine_pte entry)
{
    uint64_t pfn = machine_pte_pfn(entry);
    if (machine_pte_flags(entry) & EXO_PTE_W)
        cr_assert_eq(frame_of(pfn)->sharers, 0, "a shared table can be written through");
    return lowest_entries[pfn]++ > 0;
}

static void check_sharers(void)
{
    for (uint64_t pfn = 0; pfn < FAKE_TOP; pfn++)
        cr_assert_eq(frame_of(pfn)->sharers, lowest_entries[pfn] > 1 ? lowest_entries[pfn] - 1 : 0,
                     "table %lu: %u sharers, %u entries", pfn, frame_of(pfn)->sharers, lowest_entries[pfn]);
}

static void check_graft(const struct space *space, int slot)
{
    machine_pte own = table_entries(space->top_pfn)[slot],
                theirs = table_entries(space->graft_from[slot]->top_pfn)[slot];
    cr_assert(machine_pte_pfn(own) == machine_pte_pfn(theirs) &&
                  !(machine_pte_flags(own) & ~machine_pte_flags(theirs)),
              "a graft differs from its owner");
}

/* Counts the mappings below a table; returns how many tables there are, itself included. */
static uint64_t walk_table(const struct space *space, uint64_t pfn, int level)
{
    uint64_t count = 1, used = 0;
    const machine_pte *entry = table_entries(pfn);
    cr_assert_eq(frame_of(pfn)->state, FRAME_POOL, "a page table is no pool frame");
    cr_assert_eq(frame_of(pfn)->link, pool_pfn(space->domain), "a page table belongs to another pool");
    for (int i = 0; i < (level == 4 ? USER_SLOTS : 512); i++) {
        if (!machine_pte_used(entry[i]))
            continue;
        used++;
        uint64_t below = machine_pte_pfn(entry[i]);
        if (level == 4 && space->graft_from[i] != NULL) {
            check_graft(space, i);
        } else if (level == 1 || (level == 2 && machine_pte_is_large(entry[i]))) {
            (level == 1 ? &small_maps[below] : &large_maps[below / 512])[0]++;
            for (uint64_t k = 0; k < (level == 1 ? 1 : 512); k++)
                cr_assert_eq(frame_of(below + k)->state, FRAME_USER, "ring 3 reaches a kernel object");
            cr_assert_eq(machine_pte_prot(entry[i]) & ~machine_pte_limit(entry[i]), 0,
                         "more rights than the token's");
            if (machine_pte_prot(entry[i]) & EXO_MAP_W)
                cr_assert(frame_of(below)->touched || frame_region_of(below)->touched);
        } else if (level != 2 || !met_before(entry[i])) {
            uint64_t inner = walk_table(space, below, level - 1);
            count += inner;
            cr_assert(frame_of(below)->used != 0 || (level == 4 && space->graft_count[i] != 0) ||
                          !(machine_pte_flags(entry[i]) & EXO_PTE_W),
                      "an empty table");
        }
    }
    cr_assert_eq(used, frame_of(pfn)->used, "level %d: %lu used, %u counted", level, used, frame_of(pfn)->used);
    return count;
}

static uint64_t check_spaces(const struct domain *domain)
{
    uint64_t frames = 0, count = 0;
    for (const struct space *space = domain->spaces; space != NULL; space = space->next, count++) {
        cr_assert_eq(space->domain, domain);
        frames += 1 + walk_table(space, space->top_pfn, 4);
        uint32_t grafts = 0;
        for (int i = 0; i < USER_SLOTS; i++)
            grafts += space->graft_count[i];
        cr_assert_eq(grafts, space->grafts);
    }
    cr_assert_eq(count, domain->space_count);
    return frames;
}

static void check_subtree(const struct token *token)
{
    for (const struct token *child = token->child; child != NULL; child = child->next) {
        cr_assert_eq(child->parent, token);
        cr_assert_eq(child->state, TOKEN_LIVE);
        cr_assert(child->next == NULL || child->next->place == &child->next);
        if (child->role != TOKEN_IN_TABLE)
            continue;
        if (token->role == TOKEN_IN_TABLE && token->kind == child->kind) {
            cr_assert_eq(child->rights & ~token->rights, 0, "a child has more rights");
            if (token_is_range(token->kind))
                cr_assert(child->base >= token->base &&
                              child->base + child->count <= token->base + token->count,
                          "a child has a wider range");
        }
    }
}

static void check_tokens(const struct domain *domain)
{
    uint64_t live = 0, freed = 0, doomed = 0, listed = 0;
    for (uint32_t page = 0; page < domain->token_pages; page++)
        for (int i = 1; i < TOKENS_PER_PAGE; i++) {
            const struct token *token = &domain->token_page[page]->entry[i].token;
            live += token->state == TOKEN_LIVE;
            freed += token->state == TOKEN_FREE;
            doomed += token->state == TOKEN_DOOMED;
            if (token->state == TOKEN_LIVE)
                check_subtree(token);
        }
    for (const struct token *token = domain->doomed; token != NULL; token = token->next)
        listed++;
    cr_assert_eq(live, domain->tokens);
    if (!domain->dying) { /* parts of its table are gone already */
        cr_assert_eq(freed, domain->free_slots);
        cr_assert_eq(doomed, listed);
    }
}

static uint64_t check_vcpus(const struct domain *domain)
{
    uint64_t count = 0;
    for (const struct vcpu *vcpu = domain->vcpus; vcpu != NULL; vcpu = vcpu->next, count++) {
        cr_assert_eq(vcpu->on_cpu, core_running(vcpu->cpu) == vcpu);
        cr_assert_eq(vcpu_machine((struct vcpu *)vcpu)->loaded, vcpu->on_cpu);
        cr_assert(!vcpu->on_cpu || vcpu->queued == QUEUE_NONE);
        cr_assert(vcpu->queued == QUEUE_NONE || vcpu->status == EXO_VCPU_READY);
        cr_assert(vcpu->slice == NULL || vcpu->slice->vcpu == vcpu);
        if (vcpu->status == EXO_VCPU_READY && vcpu->slice != NULL && !vcpu->on_cpu)
            cr_assert_neq(vcpu->queued, QUEUE_NONE, "a ready vCPU is forgotten");
        if (vcpu->page != NULL) {
            small_maps[vcpu->page_pfn]++;
            cr_assert_eq(frame_of(vcpu->page_pfn)->state, FRAME_USER);
        }
    }
    cr_assert_eq(count, domain->vcpu_count);
    return count * VCPU_FRAMES;
}

/* What devices hold; attachments are counted with the grafts of their slot. */
static void check_devices(void)
{
    uint32_t rings = queue_frames(small_maps), there = 0;
    for (uint64_t pfn = 0; pfn < frame_count; pfn++)
        there += frame_of(pfn)->state == FRAME_RING;
    cr_assert_eq(rings, there, "a ring's frame belongs to no queue");
    uint32_t known = fake_port_value[FAKE_VIRTIO_PORT + 8];
    cr_assert(known == 0 || frame_of(known)->state == FRAME_RING, "the device uses a ring that is none");
    for (uint32_t function = FAKE_VIRTIO; function < FAKE_BRIDGE; function += 8)
        if (!pci_attached(function) && !queue_on(function))
            cr_assert_eq(machine_pci_read(function, 4, 2) & 4, 0, "a bus master without bounds");
}

static uint64_t check_slices(const struct domain *domain)
{
    uint64_t count = 0;
    for (const struct slice *slice = domain->slices; slice != NULL; slice = slice->next, count++)
        for (uint32_t cpu = 0; cpu < machine_cpus(); cpu++)
            shares[cpu] += slice->share[cpu];
    return count;
}

static void check_domain(const struct domain *domain)
{
    uint64_t used = 1 + domain->token_pages + (domain == fake_root), listed = 0;
    for (uint64_t pfn = domain->dying ? 0 : domain->pool_first; pfn != 0; pfn = frame_of(pfn)->link, listed++)
        cr_assert_eq(frame_of(pfn)->state, FRAME_POOL);
    cr_assert(domain->dying || listed == domain->pool_free);
    uint64_t members = 1;
    for (uint64_t pfn = domain->pool_members; pfn != 0; pfn = frame_of(pfn)->member, members++)
        cr_assert_eq(frame_of(pfn)->state, FRAME_POOL);
    cr_assert(domain->dying || members == domain->pool_pages);
    used +=
        QUEUE_FRAMES * queue_count(domain) + check_spaces(domain) + check_vcpus(domain) + check_slices(domain);
    check_tokens(domain);
    if (!domain->dying)
        cr_assert_eq(used + domain->pool_free, domain->pool_pages,
                     "the pool lost frames: %lu used, %lu free of %lu", used, domain->pool_free,
                     domain->pool_pages);
    pool_frames += domain->pool_pages;
    for (const struct domain *child = domain->child; child != NULL; child = child->next) {
        cr_assert_eq(child->parent, domain);
        check_domain(child);
    }
}

static bool any_dying(const struct domain *domain)
{
    if (domain->dying)
        return true;
    for (const struct domain *child = domain->child; child != NULL; child = child->next)
        if (any_dying(child))
            return true;
    return false;
}

static void check_frames(void)
{
    uint64_t pools = 0;
    for (uint64_t pfn = 0; pfn < FAKE_TOP; pfn++) {
        const struct frame *frame = frame_of(pfn);
        if (frame->state == FRAME_USER)
            cr_assert_eq(frame->link, small_maps[pfn], "frame %lu: %u mappings counted, %u there", pfn,
                         frame->link, small_maps[pfn]);
        pools += frame->state == FRAME_POOL;
    }
    for (uint64_t i = 0; i < FAKE_TOP / 512; i++) {
        uint32_t special = 0;
        for (uint64_t k = 0; k < 512; k++) {
            special += frame_of(i * 512 + k)->state != FRAME_USER;
        }
        cr_assert_eq(frame_regions[i].special, special);
        cr_assert_eq(frame_regions[i].mapped, large_maps[i]);
    }
    if (!any_dying(fake_root))
        cr_assert_eq(pools, pool_frames, "%lu pool frames, %lu owned", pools, pool_frames);
}

void check_invariants(void)
{
    small_maps = calloc(FAKE_TOP, sizeof *small_maps);
    large_maps = calloc(FAKE_TOP / 512, sizeof *large_maps);
    lowest_entries = calloc(FAKE_TOP, sizeof *lowest_entries);
    memset(shares, 0, sizeof shares);
    pool_frames = 0;
    check_domain(fake_root);
    check_devices();
    check_frames();
    check_sharers();
    for (uint32_t cpu = 0; cpu < machine_cpus(); cpu++)
        cr_assert_eq(shares[cpu], SHARE_ALL, "shares of CPU %u add up to %lu", cpu, shares[cpu]);
    check_tlbs();
    free(small_maps);
    free(large_maps);
    free(lowest_entries);
}

uint64_t frames_free(void)
{
    uint64_t count = 0;
    for (uint64_t pfn = 0; pfn < FAKE_TOP; pfn++)
        count += frame_of(pfn)->state == FRAME_USER && !frame_mapped(pfn);
    return count;
}
