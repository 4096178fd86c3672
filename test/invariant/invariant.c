/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The walk over all invariants: recomputes from the structures themselves what the core keeps step by step, and compares. Each
 * HOLDS says in a sentence what must be true; the first that is not ends the machine with that sentence.
 *
 * It is no part of the exokernel that people boot: `boot/run --check N` boots one that was linked with it (watch.c), the unit tests
 * and the fuzzer call it after every step.
 */
#include "invariant.h"
#include "alarm.h"
#include "device.h"
#include "frame.h"
#include "gate.h"
#include "recall.h"
#include "schedule.h"
#include "slice.h"
#include "space.h"
#include "table.h"
#include "vcpu.h"

#define SCRATCH_FRAMES (1ul << 18) /* 1 GiB of RAM */

static void hold(bool holds, const char *sentence, uint64_t number)
{
    if (holds)
        return;
    char digits[] = "invariant: 0x0000000000000000\n";
    for (int i = 0; i < 16; i++)
        digits[13 + i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
    machine_log(digits, sizeof digits - 1);
    machine_panic(sentence);
}
/* The number helps to find what it was: a frame, an address, a count. */
#define HOLDS(condition, sentence, number) hold(condition, sentence, (uint64_t)(number))

/* What the walk has met. Of USER frames: small mappings, vCPU pages, buffers of devices; of lowest tables: entries that point to them. */
static uint32_t met[SCRATCH_FRAMES], large_met[SCRATCH_FRAMES / EXO_LARGE_PAGES];
static uint64_t shares[EXO_CPUS_MAX], pool_frames, dying_domains;
static unsigned charged;
static uint64_t alarms_set, alarms_in_heaps;
static const struct domain *first_domain;

/* --- tokens ------------------------------------------------------------------------------------------------ */

static void check_children(const struct token *token)
{
    for (const struct token *child = token->child; child != NULL; child = child->next) {
        HOLDS(child->parent == token && *child->place == child, "children and parents name each other",
              token->kind);
        HOLDS(child->state == TOKEN_LIVE, "what is in the tree is live", child->state);
        if (child->role == TOKEN_IN_TABLE && token->role == TOKEN_ORIGIN && token->kind == child->kind)
            HOLDS(child->object == token->object, "a token below an object's origin names that object",
                  child->kind);
        if (child->role != TOKEN_IN_TABLE || token->role != TOKEN_IN_TABLE || token->kind != child->kind)
            continue;
        HOLDS((child->rights & ~token->rights) == 0, "rights only shrink", child->rights);
        if (token_is_range(token->kind))
            HOLDS(child->base >= token->base && child->base + child->count <= token->base + token->count,
                  "a derived range lies inside its source's", child->base);
        else
            HOLDS(child->object == token->object && child->bit == token->bit,
                  "a derived token names the same object", token->kind);
    }
}

/* --- mappings ---------------------------------------------------------------------------------------------- */

/* The run of frames around the last one asked for that one token of the domain permits, for each set of rights. */
static struct {
    const struct domain *domain;
    uint64_t first, end;
} permitted[8];

static bool token_permits(const struct domain *domain, uint64_t pfn, uint64_t pages, uint32_t limit)
{
    if (permitted[limit].domain == domain && permitted[limit].first <= pfn &&
        pfn + pages <= permitted[limit].end)
        return true;
    for (uint32_t page = 0; page < domain->token_pages; page++)
        for (uint32_t i = 1; i < TOKENS_PER_PAGE; i++) {
            const struct token *token = &domain->token_page[page]->entry[i].token;
            if (token->state != TOKEN_LIVE || token->kind != EXO_FRAME || (token->rights & limit) != limit ||
                token->base > pfn || token->base + token->count < pfn + pages)
                continue;
            permitted[limit].domain = domain;
            permitted[limit].first = token->base;
            permitted[limit].end = token->base + token->count;
            return true;
        }
    return false;
}

static bool all_permitted(const struct domain *domain, uint64_t pfn, uint64_t pages, uint32_t limit)
{
    for (uint64_t i = pfn; i < pfn + pages; i++)
        if (!token_permits(domain, i, 1, limit) && !revoke_is_lost(i))
            return false;
    return true;
}

static void check_leaf(const struct space *space, machine_pte leaf)
{
    const struct domain *domain = space->domain;
    uint64_t pfn = machine_pte_pfn(leaf), pages = machine_pte_is_large(leaf) ? EXO_LARGE_PAGES : 1;
    (pages == 1 ? &met[pfn] : &large_met[pfn / EXO_LARGE_PAGES])[0]++;
    HOLDS(frame_all_user(pfn, pages), "ring 3 can reach only frames that are nobody's kernel object", pfn);
    HOLDS((machine_pte_prot(leaf) & ~machine_pte_limit(leaf)) == 0,
          "a mapping allows no more than its token did", pfn);
    if (machine_pte_prot(leaf) & EXO_MAP_W)
        HOLDS(frame_of(pfn)->touched || frame_region_of(pfn)->touched, "what can be written counts as touched",
              pfn);
    /* The first domain's image was mapped before there were tokens; what others have mapped here is theirs to answer for. */
    bool hosted = pfn + pages > domain->concern.first && pfn < domain->concern.end;
    if (domain != first_domain && !domain->dying && !hosted)
        HOLDS(token_permits(domain, pfn, pages, machine_pte_limit(leaf)) ||
                  all_permitted(domain, pfn, pages, machine_pte_limit(leaf)),
              "a domain has a token for each frame that it maps, or the frame is about to be taken away", pfn);
}

/* An entry of level 2 points to a table of level 1: was that met before, through another space? Its leaves count once. */
static bool met_before(machine_pte entry)
{
    uint64_t pfn = machine_pte_pfn(entry);
    if (machine_pte_flags(entry) & EXO_PTE_W)
        HOLDS(frame_of(pfn)->sharers == 0, "nobody writes through a shared table", pfn);
    return met[pfn]++ > 0;
}

static void check_graft(const struct space *space, int slot)
{
    machine_pte own = table_entries(space->top_pfn)[slot],
                theirs = table_entries(space->graft_from[slot]->top_pfn)[slot];
    HOLDS(machine_pte_pfn(own) == machine_pte_pfn(theirs) &&
              !(machine_pte_flags(own) & ~machine_pte_flags(theirs)),
          "a grafted slot holds its owner's table, with no more rights", slot);
}

static uint32_t count_grafts(const struct space *owner, unsigned slot)
{
    uint32_t count = pci_attachments(owner, slot);
    for (const struct space *space = owner->domain->spaces; space != NULL; space = space->next)
        count += space->graft_from[slot] == owner;
    return count;
}

static void check_graft_counts(const struct space *space)
{
    uint32_t grafts = 0, grafted = 0;
    for (unsigned i = 0; i < USER_SLOTS; i++) {
        grafts += space->graft_count[i];
        grafted += space->graft_from[i] != NULL;
        HOLDS(pci_attachments(space, i) <= space->graft_count[i], "an attached slot counts as grafted", i);
        if (space->graft_count[i] != 0)
            HOLDS(count_grafts(space, i) == space->graft_count[i], "a slot counts who has grafted it", i);
    }
    HOLDS(grafts == space->grafts, "a space counts who has grafted from it", grafts);
    HOLDS(grafted == space->grafted, "a space counts what it has grafted", grafted);
}

/* Returns how many tables there are from this one down, itself included. */
static uint64_t walk_table(const struct space *space, uint64_t pfn, int level)
{
    uint64_t count = 1, used = 0;
    const machine_pte *entry = table_entries(pfn);
    HOLDS(frame_of(pfn)->state == FRAME_POOL && frame_of(pfn)->link == pool_pfn(space->domain),
          "a page table is a frame of its domain's pool", pfn);
    for (int i = 0; i < (level == 4 ? USER_SLOTS : 512); i++) {
        if (!machine_pte_used(entry[i]))
            continue;
        used++;
        uint64_t below = machine_pte_pfn(entry[i]);
        if (level == 4 && space->graft_from[i] != NULL) {
            check_graft(space, i);
        } else if (level == 1 || (level == 2 && machine_pte_is_large(entry[i]))) {
            check_leaf(space, entry[i]);
        } else if (level != 2 || !met_before(entry[i])) {
            count += walk_table(space, below, level - 1);
            HOLDS(frame_of(below)->used != 0 || (level == 4 && space->graft_count[i] != 0) ||
                      !(machine_pte_flags(entry[i]) & EXO_PTE_W),
                  "an empty table exists only at the top, or while others have it", below);
        }
    }
    HOLDS(used == frame_of(pfn)->used, "a table counts its used entries", pfn);
    return count;
}

static uint64_t check_spaces(const struct domain *domain)
{
    uint64_t frames = 0, count = 0;
    for (const struct space *space = domain->spaces; space != NULL; space = space->next, count++) {
        HOLDS(space->domain == domain, "a space is in its domain's list", count);
        check_children(&space->origin);
        frames += 1 + walk_table(space, space->top_pfn, 4);
        check_graft_counts(space);
    }
    HOLDS(count == domain->space_count, "a domain counts its spaces", count);
    return frames;
}

static void check_tokens(const struct domain *domain)
{
    uint64_t live = 0, freed = 0;
    check_children(&domain->origin);
    for (uint32_t page = 0; page < domain->token_pages; page++)
        for (unsigned i = 1; i < TOKENS_PER_PAGE; i++) {
            const struct token *token = &domain->token_page[page]->entry[i].token;
            live += token->state == TOKEN_LIVE;
            freed += token->state == TOKEN_FREE && token->generation != GENERATION_LAST;
            if (token->state != TOKEN_LIVE)
                continue;
            check_children(token);
            if (token->parent != NULL)
                HOLDS(token->parent->state == TOKEN_LIVE && *token->place == token,
                      "a token that was derived is in the tree", token->kind);
        }
    HOLDS(live == domain->tokens, "a domain counts its tokens", live);
    HOLDS(freed == domain->free_slots || domain->dying, "a slot is live, free, or used up", freed);
}

/* Each alarm is met once, and with it its children: so a heap with one in it that nobody has any more has one too many. */
static void check_alarm(const struct alarm *alarm)
{
    if (!alarm->set)
        return;
    alarms_set++;
    alarms_in_heaps += cpus[alarm->cpu].alarms == alarm;
    for (const struct alarm *child = alarm->child; child != NULL; child = child->next, alarms_in_heaps++)
        HOLDS(child->set && child->cpu == alarm->cpu && child->at >= alarm->at && *child->place == child,
              "no alarm is due before the one above it", child->at);
}

static void check_recalls(const struct domain *domain)
{
    const struct recalls *recalls = domain->recalls;
    if (domain->dying)
        return;
    HOLDS(recalls->records <= RECORDS_MAX && recalls->first < RECORDS_MAX, "records stay in their ring",
          recalls->records);
    for (unsigned i = 0; i < RECALLS_MAX; i++) {
        const struct recall *recall = &recalls->recall[i];
        check_alarm(&recall->alarm);
        if (recall->token == NULL)
            continue;
        HOLDS(recall->token->state == TOKEN_LIVE && recall->token->recall == i + 1 &&
                  token_domain(recall->token) == domain,
              "a recall names a live token of its domain, which names it", i);
        HOLDS(recall->alarm.set || recall->deadline_ns == UINT64_MAX, "something ends every recall", i);
    }
    for (uint32_t page = 0; page < domain->token_pages; page++)
        for (unsigned i = 1; i < TOKENS_PER_PAGE; i++) {
            const struct token *token = &domain->token_page[page]->entry[i].token;
            HOLDS(token->state != TOKEN_LIVE || token->recall == 0 ||
                      recalls->recall[token->recall - 1].token == token,
                  "a token that is recalled has a recall", token->recall);
        }
}

/* --- vCPUs and time ------------------------------------------------------------------------------------------ */

static void check_chain(const struct vcpu *vcpu)
{
    HOLDS((vcpu->calling != NULL) == (vcpu->status == EXO_VCPU_CALLING), "who calls somebody is CALLING",
          vcpu->status);
    HOLDS((vcpu->calling == NULL || vcpu->calling->caller == vcpu) &&
              (vcpu->caller == NULL || vcpu->caller->calling == vcpu),
          "caller and server name each other", vcpu->status);
    HOLDS(vcpu->calling == NULL || vcpu->slice == NULL, "who calls has lent its time", vcpu->status);
    if (vcpu->caller != NULL) {
        HOLDS(vcpu->status == EXO_VCPU_READY || vcpu->status == EXO_VCPU_BLOCKED ||
                  vcpu->status == EXO_VCPU_CALLING,
              "who serves a caller does not wait for one", vcpu->status);
        HOLDS(vcpu->own == NULL || vcpu->own->vcpu == NULL,
              "a server's own slice rests while it runs in its caller's", vcpu->status);
        return;
    }
    const struct vcpu *runner = vcpu;
    unsigned depth = 0;
    for (; runner->calling != NULL; runner = runner->calling)
        depth++;
    HOLDS(depth <= GATE_DEPTH, "calls nest no deeper than they may", depth);
    HOLDS(depth == 0 || vcpu->own != NULL, "the first of a chain of calls has a slice", depth);
    HOLDS(runner->slice == vcpu->own, "the last of a chain of calls runs in the slice of the first", depth);
}

static uint64_t check_vcpus(const struct domain *domain)
{
    uint64_t count = 0;
    for (const struct vcpu *vcpu = domain->vcpus; vcpu != NULL; vcpu = vcpu->next, count++) {
        HOLDS(vcpu->on_cpu == (core_running(vcpu->cpu) == vcpu), "a vCPU knows whether a CPU runs it",
              vcpu->cpu);
        check_children(&vcpu->origin);
        HOLDS(vcpu->queued != QUEUE_HANDED || cpus[vcpu->cpu].handed == vcpu,
              "who was handed a slice is known to its CPU", vcpu->cpu);
        HOLDS(!vcpu->on_cpu || vcpu->queued == QUEUE_NONE, "what runs is in no queue", vcpu->cpu);
        HOLDS(vcpu->queued == QUEUE_NONE || vcpu->status == EXO_VCPU_READY, "only the ready wait for a CPU",
              vcpu->status);
        HOLDS(vcpu->queued == QUEUE_NONE || vcpu->cpu == vcpu->slice->cpu, "a vCPU waits for its slice's CPU",
              vcpu->cpu);
        HOLDS(vcpu->status != EXO_VCPU_READY || vcpu->slice == NULL || vcpu->on_cpu ||
                  vcpu->queued != QUEUE_NONE,
              "no ready vCPU with a slice is forgotten", vcpu->cpu);
        HOLDS(vcpu->slice == NULL || vcpu->slice->vcpu == vcpu, "a slice and who runs in it name each other",
              vcpu->cpu);
        HOLDS(vcpu->own == NULL || vcpu->own->owner == vcpu, "a slice and who is bound to it name each other",
              vcpu->cpu);
        HOLDS(!vcpu->on_cpu || vcpu->slice == NULL || vcpu->slice->cpu_set & 1ul << vcpu->cpu ||
                  cpus[vcpu->cpu].reschedule,
              "a vCPU runs on CPUs of its slice's set, or is about to leave", vcpu->cpu);
        HOLDS(vcpu->page != NULL || (!vcpu_alive(vcpu) && !vcpu->on_cpu), "who can run has a page",
              vcpu->status);
        check_chain(vcpu);
        check_alarm(&vcpu->block_alarm);
        check_alarm(&vcpu->timer_alarm);
        if (vcpu->page != NULL) {
            met[vcpu->page_pfn]++;
            HOLDS(frame_of(vcpu->page_pfn)->state == FRAME_USER, "a vCPU page is an ordinary frame",
                  vcpu->page_pfn);
        }
    }
    HOLDS(count == domain->vcpu_count, "a domain counts its vCPUs", count);
    return count * VCPU_FRAMES;
}

static uint64_t check_slices(const struct domain *domain)
{
    uint64_t count = 0;
    for (const struct slice *slice = domain->slices; slice != NULL; slice = slice->next, count++) {
        HOLDS(slice->cpu_set & 1ul << slice->cpu, "a slice is at home on a CPU of its set", slice->cpu);
        HOLDS((slice->owner == NULL || slice->owner->own == slice) &&
                  (slice->vcpu == NULL || slice->vcpu->slice == slice),
              "a slice and its vCPUs name each other", slice->cpu);
        HOLDS(slice->owner != NULL || slice->vcpu == NULL, "a slice that nobody is bound to runs nobody",
              slice->cpu);
        check_children(&slice->origin);
        check_alarm(&slice->refill);
        for (uint32_t cpu = 0; cpu < machine_cpus(); cpu++) {
            HOLDS(slice->share[cpu] == 0 || slice->cpu_set & 1ul << cpu, "a slice has shares in its set only",
                  cpu);
            shares[cpu] += slice->share[cpu];
            charged += cpus[cpu].slice == slice;
        }
    }
    return count;
}

static void check_cpus(void)
{
    for (uint32_t cpu = 0; cpu < machine_cpus(); cpu++) {
        struct vcpu *const *place = &cpus[cpu].ready_first;
        for (const struct vcpu *vcpu; (vcpu = *place) != NULL; place = &vcpu->ready_next)
            HOLDS(vcpu->queued == QUEUE_READY && vcpu->cpu == cpu && vcpu->ready_place == place,
                  "a CPU's queue holds the ready of that CPU", cpu);
        HOLDS(place == cpus[cpu].ready_end, "a queue knows its end", cpu);
        HOLDS(cpus[cpu].handed == NULL ||
                  (cpus[cpu].handed->queued == QUEUE_HANDED && cpus[cpu].handed->cpu == cpu),
              "who was handed a slice waits for that CPU alone", cpu);
        HOLDS(cpus[cpu].alarms == NULL || cpus[cpu].alarms->set, "a heap holds alarms that are set", cpu);
        HOLDS(shares[cpu] == SHARE_ALL, "the shares of a CPU add up to all of it", shares[cpu]);
        charged -= cpus[cpu].slice != NULL;
    }
    HOLDS(alarms_set == alarms_in_heaps, "each alarm that is set is in a heap, and no other", alarms_in_heaps);
    HOLDS(charged == 0, "a CPU charges a slice that there is", charged);
}

/* --- domains and frames -------------------------------------------------------------------------------------- */

static void check_domain(const struct domain *domain)
{
    uint64_t used = 2 + domain->token_pages + (domain == first_domain), listed = 0, members = 1;
    dying_domains += domain->dying;
    for (uint64_t pfn = domain->dying ? 0 : domain->pool_first; pfn != 0; pfn = frame_of(pfn)->link, listed++)
        HOLDS(frame_of(pfn)->state == FRAME_POOL, "what is free in a pool was donated", pfn);
    for (uint64_t pfn = domain->pool_members; pfn != 0; pfn = frame_of(pfn)->member, members++)
        HOLDS(frame_of(pfn)->state == FRAME_POOL, "what was donated stays in the pool", pfn);
    used +=
        QUEUE_FRAMES * queue_count(domain) + check_spaces(domain) + check_vcpus(domain) + check_slices(domain);
    check_tokens(domain);
    check_recalls(domain);
    pool_frames += domain->pool_pages;
    if (domain->dying) /* parts of it are gone already */
        return;
    HOLDS(listed == domain->pool_free && members == domain->pool_pages, "a pool counts its frames", listed);
    HOLDS(used + domain->pool_free == domain->pool_pages, "each frame of a pool is free or a known object",
          used);
}

/* Each domain, parents first, without recursion. */
static void check_domains(void)
{
    for (const struct domain *domain = first_domain; domain != NULL;) {
        check_domain(domain);
        if (domain->child != NULL) {
            HOLDS(domain->child->parent == domain, "domains and those that they created name each other", 0);
            domain = domain->child;
            continue;
        }
        while (domain != first_domain && domain->next == NULL)
            domain = domain->parent;
        domain = domain == first_domain ? NULL : domain->next;
    }
}

static void check_frames(void)
{
    uint64_t pools = 0, rings = 0;
    for (uint64_t pfn = 0; pfn < frame_count; pfn++) {
        const struct frame *frame = frame_of(pfn);
        if (frame->state == FRAME_USER)
            HOLDS(frame->link == met[pfn], "a frame counts its mappings", pfn);
        else
            HOLDS(frame->sharers == (met[pfn] > 1 ? met[pfn] - 1 : 0), "a lowest table counts who shares it",
                  pfn);
        HOLDS(!frame->touched || frame_region_of(pfn)->dirty || frame_region_of(pfn)->touched,
              "a touched frame's region knows that it must be zeroed", pfn);
        HOLDS(frame->state != FRAME_POOL || !frame->touched, "what is in a pool was not left by ring 3", pfn);
        pools += frame->state == FRAME_POOL;
        rings += frame->state == FRAME_RING;
    }
    for (uint64_t i = 0; i < frame_count; i += EXO_LARGE_PAGES) {
        uint32_t special = 0;
        for (uint64_t k = i; k < i + EXO_LARGE_PAGES; k++)
            special += k >= frame_count || frame_of(k)->state != FRAME_USER;
        HOLDS(frame_region_of(i)->special == special, "a region counts the frames that are not ring 3's", i);
        HOLDS(frame_region_of(i)->mapped == large_met[i / EXO_LARGE_PAGES],
              "a region counts its large mappings", i);
    }
    HOLDS(rings == queue_frames(NULL), "a ring's frame belongs to a queue", rings);
    HOLDS(pools == pool_frames || dying_domains > 0, "each donated frame is in one pool", pools);
}

void invariant_check(const struct domain *first)
{
    HOLDS(frame_count <= SCRATCH_FRAMES, "checks are for machines of at most 1 GiB", frame_count);
    __builtin_memset(met, 0, frame_count * sizeof met[0]);
    __builtin_memset(large_met, 0, (frame_count / EXO_LARGE_PAGES + 1) * sizeof large_met[0]);
    __builtin_memset(shares, 0, sizeof shares);
    __builtin_memset(permitted, 0, sizeof permitted);
    pool_frames = dying_domains = charged = 0;
    alarms_set = alarms_in_heaps = 0;
    first_domain = first;
    check_domains();
    queue_frames(met);
    check_frames();
    check_cpus();
}
