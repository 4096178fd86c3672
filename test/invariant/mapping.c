/* SPDX-License-Identifier: MPL-2.0 */
/* Invariants of address spaces: page tables, what they map and by what right, grafts and shared tables. */
#include "walk.h"
#include "device.h"
#include "frame.h"
#include "table.h"

/* --- the right to a mapping ---------------------------------------------------------------------------------- */

/* The run of frames around the last one asked for that one token of the domain permits, for each set of rights. */
struct run {
    const struct domain *domain;
    uint64_t first, end;
};
static struct run own_runs[8], any_runs[8];

static bool permits(const struct token *token, uint64_t pfn, uint64_t pages, uint32_t limit)
{
    return token->state == TOKEN_LIVE && token->kind == EXO_FRAME && (token->rights & limit) == limit &&
           token->base <= pfn && token->base + token->count >= pfn + pages;
}

static bool domain_permits(struct run *run, const struct domain *domain, uint64_t pfn, uint64_t pages,
                           uint32_t limit)
{
    if (run->domain == domain && run->first <= pfn && pfn + pages <= run->end)
        return true;
    for (uint32_t page = 0; page < domain->token_pages; page++)
        for (uint32_t i = 1; i < TOKENS_PER_PAGE; i++) {
            const struct token *token = &domain->token_page[page]->entry[i].token;
            if (!permits(token, pfn, pages, limit))
                continue;
            *run = (struct run){domain, token->base, token->base + token->count};
            return true;
        }
    return false;
}

static bool own_permits(const struct domain *domain, uint64_t pfn, uint64_t pages, uint32_t limit)
{
    return domain_permits(&own_runs[limit], domain, pfn, pages, limit);
}

/* Does a token of any domain? First that which did so last time. */
static bool any_permits(uint64_t pfn, uint64_t pages, uint32_t limit)
{
    struct run *run = &any_runs[limit];
    if (run->domain != NULL && domain_permits(run, run->domain, pfn, pages, limit))
        return true;
    const struct domain *domain = walk.first;
    while (domain != NULL && !domain_permits(run, domain, pfn, pages, limit))
        domain = walk_next(domain);
    return domain != NULL;
}

/* Others may have mapped something in the domain's spaces; among which frames is all that is known. */
static bool is_hosted(const struct domain *domain, uint64_t pfn)
{
    return pfn >= domain->concern.first && pfn < domain->concern.end;
}

/* The strongest that is true. A mapping ends with the domain's last token that permits it, at the latest when the walk for lost
 * ranges is through. What others mapped in its spaces ends with their tokens in the same way. What was mapped at boot before there were
 * tokens of it (the boot information and the first vCPU's page) is the first domain's for ever. A domain that dies runs no more. */
static void check_right(const struct domain *domain, uint64_t pfn, uint64_t pages, uint32_t limit)
{
    if (domain->dying || own_permits(domain, pfn, pages, limit))
        return;
    for (uint64_t i = pfn; i < pfn + pages; i++) {
        if (own_permits(domain, i, 1, limit) || revoke_is_lost(i) || (domain == walk.first && !walk.named[i]))
            continue;
        HOLDS(is_hosted(domain, i), MAPS_TOKEN, i);
        HOLDS(any_permits(i, 1, limit), MAPS_ABROAD, i);
    }
}

/* --- tables -------------------------------------------------------------------------------------------------- */

static void check_leaf(const struct space *space, machine_pte leaf)
{
    uint64_t pfn = machine_pte_pfn(leaf), pages = machine_pte_is_large(leaf) ? EXO_LARGE_PAGES : 1;
    HOLDS(pfn + pages <= frame_count && frame_all_user(pfn, pages), MAPS_USER, pfn);
    if (pages == 1)
        walk.met[pfn]++;
    else
        walk.large_met[pfn / EXO_LARGE_PAGES]++;
    HOLDS((machine_pte_prot(leaf) & ~machine_pte_limit(leaf)) == 0, MAPS_LIMIT, pfn);
    if (machine_pte_prot(leaf) & EXO_MAP_W)
        HOLDS((pages == 1 && frame_of(pfn)->touched) || frame_region_of(pfn)->touched, MAPS_TOUCHED, pfn);
    check_right(space->domain, pfn, pages, machine_pte_limit(leaf));
}

/* An entry of level 2 points to a table of level 1: was that met before, through another space? Its leaves count once. */
static bool met_before(machine_pte entry)
{
    uint64_t pfn = machine_pte_pfn(entry);
    if (machine_pte_flags(entry) & EXO_PTE_W)
        HOLDS(frame_of(pfn)->sharers == 0, SHARED_READ_ONLY, pfn);
    return walk.met[pfn]++ > 0;
}

static void check_graft(const struct space *space, unsigned slot)
{
    const struct space *owner = space->graft_from[slot];
    HOLDS(owner->domain == space->domain && owner != space && owner->graft_from[slot] == NULL, GRAFT_OWNER,
          slot);
    machine_pte own = table_entries(space->top_pfn)[slot], theirs = table_entries(owner->top_pfn)[slot];
    HOLDS(machine_pte_used(theirs) && machine_pte_pfn(own) == machine_pte_pfn(theirs) &&
              !(machine_pte_flags(own) & ~machine_pte_flags(theirs)),
          GRAFT_SAME, slot);
}

static bool eight_unused(const machine_pte *entry)
{
    bool used = false;
    for (unsigned i = 0; i < 8; i++)
        used |= machine_pte_used(entry[i]);
    return !used;
}

/* How many tables there are from this one down, itself included. */
static uint64_t walk_table(const struct space *space, uint64_t pfn, int level)
{
    uint64_t count = 1, used = 0;
    const machine_pte *entry = table_entries(pfn);
    walk_claim(space->domain, pfn);
    for (unsigned i = 0; i < (level == 4 ? USER_SLOTS : 512); i++) {
        if (i % 8 == 0 && eight_unused(&entry[i]))
            i += 7;
        if (!machine_pte_used(entry[i]))
            continue;
        used++;
        uint64_t below = machine_pte_pfn(entry[i]);
        bool writable = machine_pte_flags(entry[i]) & EXO_PTE_W;
        if (level == 4 && space->graft_from[i] != NULL) {
            check_graft(space, i);
        } else if (level == 1 || (level == 2 && machine_pte_is_large(entry[i]))) {
            check_leaf(space, entry[i]);
        } else if (level != 2 || !met_before(entry[i])) {
            HOLDS(level == 2 || writable, TABLE_WRITABLE, below);
            count += walk_table(space, below, level - 1);
            HOLDS(frame_of(below)->used != 0 || (level == 4 && space->graft_count[i] != 0) || !writable,
                  TABLE_EMPTY, below);
        }
    }
    HOLDS(used == frame_of(pfn)->used, TABLE_COUNTS, pfn);
    return count;
}

/* --- spaces -------------------------------------------------------------------------------------------------- */

static uint32_t count_grafts(const struct space *owner, unsigned slot)
{
    uint32_t count = pci_attachments(owner, slot);
    for (const struct space *space = owner->domain->spaces; space != NULL; space = space->next)
        count += space->graft_from[slot] == owner;
    return count;
}

/* What others have of the space, and what it has of others. */
static void check_slots(const struct space *space)
{
    uint32_t grafts = 0, grafted = 0, attached = 0;
    for (unsigned i = 0; i < USER_SLOTS; i++) {
        grafts += space->graft_count[i];
        grafted += space->graft_from[i] != NULL;
        attached += space->attached != 0 ? pci_attachments(space, i) : 0;
    }
    HOLDS(grafts == space->grafts, GRAFT_COUNTS, grafts);
    HOLDS(grafted == space->grafted, GRAFTED_COUNTS, grafted);
    HOLDS(attached == space->attached, ATTACHED_COUNTS, attached);
    for (unsigned i = 0; i < USER_SLOTS && grafts > 0; i++)
        HOLDS(space->graft_count[i] == count_grafts(space, i), SLOT_COUNTS, i);
}

uint64_t walk_spaces(const struct domain *domain)
{
    uint64_t frames = 0, count = 0;
    struct space *const *place = &domain->spaces;
    for (const struct space *space; (space = *place) != NULL; place = (struct space *const *)&space->next) {
        HOLDS_PLACE(space, place, OBJECT_LINKS);
        HOLDS(space->domain == domain, OBJECT_LINKS, count);
        walk_claim(domain, pool_pfn(space));
        walk_tree(&space->origin);
        count++;
        frames += 1 + walk_table(space, space->top_pfn, 4);
        check_slots(space);
        for (uint32_t cpu = 0; cpu < machine_cpus(); cpu++)
            walk.loaded_met += walk.loaded[cpu] == space;
    }
    HOLDS(count == domain->space_count, COUNTS_SPACES, count);
    return frames;
}

void walk_spaces_begin(void)
{
    __builtin_memset(own_runs, 0, sizeof own_runs);
    __builtin_memset(any_runs, 0, sizeof any_runs);
}
