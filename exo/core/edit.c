/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Edits of ranges: one walk over the tables with three things to do at a leaf. Tables that it empties are freed. Of a shared
 * table, the space first gets its own, or leaves it; but what was revoked is taken from all who share.
 */
#include "edit.h"
#include "call.h"
#include "domain.h"
#include "reference.h"
#include "table.h"

struct edit {
    enum { EDIT_UNMAP, EDIT_PROTECT, EDIT_PRUNE } what;
    uint32_t prot;
    uint64_t va, end; /* what is left of the range */
    struct work *work;
    struct flush flush;
};

static enum revoke_hit prune_hits(struct edit *edit, machine_pte leaf)
{
    return revoke_hits(edit->flush.space->domain, machine_pte_pfn(leaf),
                       machine_pte_is_large(leaf) ? EXO_LARGE_PAGES : 1, machine_pte_limit(leaf), edit->work);
}

/* Does the range cover all of the 2 MiB? */
static bool covers(const struct edit *edit, uint64_t va)
{
    return edit->va <= va && edit->end >= va + LARGE_SIZE;
}

/* Must the large page be split first, since only a part of it is meant? */
static bool must_split(struct edit *edit, machine_pte leaf, uint64_t va)
{
    if (edit->what != EDIT_PRUNE)
        return !covers(edit, va);
    /* Without a frame for the table, all of the page goes. */
    return edit->flush.space->domain->pool_free != 0 && prune_hits(edit, leaf) == REVOKE_SOME;
}

static bool edit_leaf(struct edit *edit, uint64_t table, unsigned index, uint64_t va)
{
    machine_pte leaf = table_entries(table)[index];
    switch (edit->what) {
    case EDIT_UNMAP: leaf_clear(&edit->flush, table, index, va); return work_spend(edit->work, 1);
    case EDIT_PROTECT:
        /* Work is spent on changes only, so that a repeated call gets further. */
        if (machine_pte_protect(leaf, edit->prot & machine_pte_limit(leaf)) == leaf)
            return true;
        leaf_protect(&edit->flush, table, index, va, edit->prot);
        return work_spend(edit->work, 1);
    default:
        if (prune_hits(edit, leaf) != REVOKE_NONE)
            leaf_clear(&edit->flush, table, index, va);
        return work_spend(edit->work, 1);
    }
}

/* The table of level 1 below an entry, ready for the edit; 0: all of it was to go, and is gone. */
static uint64_t open_lowest(struct edit *edit, uint64_t table, unsigned index, uint64_t va)
{
    uint64_t lower = machine_pte_pfn(table_entries(table)[index]);
    bool shared = table_is_shared(lower);
    if (edit->what == EDIT_PRUNE) {
        edit->flush.shared |= shared;
        return lower;
    }
    if (edit->what == EDIT_UNMAP && covers(edit, va)) {
        work_spend(edit->work, 1 + table_drop(&edit->flush, table, index, va));
        return 0;
    }
    if (shared)
        work_spend(edit->work, EXO_LARGE_PAGES);
    return table_own(&edit->flush, table, index, va);
}

/* False: the work ran out; edit->va is where to go on. */
static bool edit_table(struct edit *edit, uint64_t table, int level, uint64_t base)
{
    uint64_t span = table_span(level);
    const machine_pte *entries = table_entries(table);
    unsigned index = edit->va > base ? table_index(edit->va, level) : 0;
    for (; index < 512 && edit->va < edit->end; index++, edit->va = base + index * span) {
        uint64_t va = base + index * span;
        if (!machine_pte_used(entries[index]) || (level == 4 && edit->flush.space->graft_from[index] != NULL))
            continue;
        if (edit->work->left <= 0)
            return false;
        if (level == 2 && machine_pte_is_large(entries[index]) && must_split(edit, entries[index], va))
            leaf_split(&edit->flush, table, index, va);
        if (level == 1 || machine_pte_is_large(entries[index])) {
            edit_leaf(edit, table, index, va);
            continue;
        }
        uint64_t lower = level == 2 ? open_lowest(edit, table, index, va) : machine_pte_pfn(entries[index]);
        if (lower == 0)
            continue;
        /* Looking at a table costs, too; but a repeated protection would not get further. */
        if (edit->what != EDIT_PROTECT)
            work_spend(edit->work, 16);
        bool finished = edit_table(edit, lower, level - 1, va);
        if (frame_of(lower)->used == 0 && !(level == 4 && edit->flush.space->graft_count[index] != 0))
            table_free(&edit->flush, table, index, va);
        if (!finished)
            return false;
    }
    return true;
}

static bool edit_range(struct space *space, struct edit *edit)
{
    edit->flush = flush_begin(space);
    bool finished = edit_table(edit, space->top_pfn, 4, 0);
    flush_finish(&edit->flush);
    return finished;
}

bool edit_unmap(struct space *space, uint64_t *va, uint64_t end, struct work *work)
{
    struct edit edit = {.what = EDIT_UNMAP, .va = *va, .end = end, .work = work};
    bool finished = edit_range(space, &edit);
    *va = edit.va;
    return finished;
}

bool edit_prune(struct space *space, uint64_t *va, struct work *work)
{
    struct edit edit = {.what = EDIT_PRUNE, .va = *va, .end = EXO_USER_END, .work = work};
    bool finished = edit_range(space, &edit);
    *va = edit.va;
    return finished;
}

/* --- the calls --------------------------------------------------------------------------------------------- */

/* Does the boundary of the range lie inside a large page, or a table shared with others? */
static bool cuts(const struct space *space, uint64_t boundary)
{
    uint64_t table = boundary % LARGE_SIZE == 0 ? 0 : table_find(space, boundary, 2);
    machine_pte entry = table != 0 ? table_entries(table)[table_index(boundary, 2)] : 0;
    return machine_pte_used(entry) && (machine_pte_is_large(entry) || table_is_shared(machine_pte_pfn(entry)));
}

/* `whole`: shared tables that lie in the range must be copied too. */
static long check_range(const struct space *space, uint64_t va, uint64_t pages, bool whole)
{
    if (va % EXO_PAGE_SIZE != 0 || va > EXO_USER_END || pages > (EXO_USER_END - va) / EXO_PAGE_SIZE)
        return -EXO_E_BAD_ARGUMENT;
    if (pages == 0)
        return 0;
    if (space_any_grafted(space, va, pages))
        return -EXO_E_BAD_ADDRESS;
    uint64_t end = va + pages * EXO_PAGE_SIZE;
    if (space->domain->pool_free >= 2 + pages / EXO_LARGE_PAGES)
        return 0; /* one for each boundary, and for each table in between */
    uint64_t tables = cuts(space, va);
    if (va / LARGE_SIZE != end / LARGE_SIZE || va % LARGE_SIZE == 0) /* otherwise it is the same page */
        tables += cuts(space, end);
    if (whole)
        tables += table_count_shared(space, (va + LARGE_SIZE - 1) & ~(LARGE_SIZE - 1), end & ~(LARGE_SIZE - 1));
    return tables > space->domain->pool_free ? -EXO_E_NO_POOL : 0;
}

long call_space_unmap(const struct call *call)
{
    uint64_t va = call->argument[1], pages = call->argument[2];
    NEED(space, space, 0, EXO_W);
    NEED_OK(check_range(space.space, va, pages, false));

    struct work work = {WORK_PER_UNMAP};
    return edit_unmap(MAY(space, EXO_W), &va, va + pages * EXO_PAGE_SIZE, &work) ? 0 : -EXO_E_AGAIN;
}

long call_space_protect(const struct call *call)
{
    uint64_t va = call->argument[1], pages = call->argument[2], prot = call->argument[3];
    NEED(space, space, 0, EXO_W);
    if ((prot & ~(uint64_t)(EXO_MAP_R | EXO_MAP_W | EXO_MAP_X)) != 0)
        return -EXO_E_BAD_ARGUMENT;
    NEED_OK(check_range(space.space, va, pages, true));

    struct work work = {WORK_PER_UNMAP};
    struct edit edit = {.what = EDIT_PROTECT,
                        .prot = (uint32_t)prot,
                        .va = va,
                        .end = va + pages * EXO_PAGE_SIZE,
                        .work = &work};
    return edit_range(MAY(space, EXO_W), &edit) ? 0 : -EXO_E_AGAIN;
}
