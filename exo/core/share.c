/* SPDX-License-Identifier: MPL-2.0 */
/*
 * space_share: the lowest page tables of one space become those of another too. table.h says what holds of shared tables, and
 * table_own (table.c) is how a space gets its own again.
 */
#include "call.h"
#include "domain.h"
#include "reference.h"
#include "table.h"

struct share {
    struct flush from, to;
    uint64_t va, end; /* what is left */
    struct work work;
};

/* Mapped once more; writable in neither. */
static void share_large(struct share *share, uint64_t source, uint64_t target, unsigned index)
{
    machine_pte leaf = table_entries(source)[index];
    uint32_t prot = machine_pte_prot(leaf) & ~(uint32_t)EXO_MAP_W;
    leaf_protect(&share->from, source, index, share->va, prot);
    leaf_set(target, index, machine_pte_protect(leaf, prot));
}

/* A few instructions: who copies a space does this for each 2 MiB. */
static inline void share_table(struct share *share, machine_pte *entry, machine_pte *theirs)
{
    machine_pte shared = machine_pte_table(machine_pte_pfn(*entry), false);
    if (machine_pte_flags(*entry) & EXO_PTE_W) {
        __atomic_store_n(entry, shared, __ATOMIC_RELEASE);
        flush_add(&share->from, share->va, LARGE_SIZE);
    }
    __atomic_store_n(theirs, shared, __ATOMIC_RELEASE);
    frame_of(machine_pte_pfn(shared))->sharers++;
}

/* What one table of level 2 holds of the range, as far as the work goes. */
static long share_tables(struct share *share)
{
    const struct space *to = share->to.space;
    uint64_t source = table_find(share->from.space, share->va, 2), target = table_find(to, share->va, 2);
    if (source == 0) {
        share->va = table_after_hole(share->from.space, share->va);
        work_spend(&share->work, 1);
        return 0;
    }
    machine_pte *entries = table_entries(source), *theirs = table_entries(target);
    do {
        unsigned index = table_index(share->va, 2);
        if (machine_pte_used(entries[index])) {
            if (target == 0 && table_missing(to, share->va, 1, 3) + 1 > to->domain->pool_free)
                return -EXO_E_NO_POOL;
            if (target == 0)
                theirs = table_entries(target = table_make(&share->to, share->va, 2));
            if (machine_pte_used(theirs[index]))
                return -EXO_E_BUSY;
            if (machine_pte_is_large(entries[index])) {
                share_large(share, source, target, index);
            } else {
                share_table(share, &entries[index], &theirs[index]);
                frame_of(target)->used++;
            }
        }
        share->va += LARGE_SIZE;
    } while (share->va < share->end && table_index(share->va, 2) != 0 && work_spend(&share->work, 1));
    return 0;
}

static long check(const struct space *to, const struct space *from, uint64_t va, uint64_t pages)
{
    if (va % LARGE_SIZE != 0 || pages % EXO_LARGE_PAGES != 0 || va > EXO_USER_END ||
        pages > (EXO_USER_END - va) / EXO_PAGE_SIZE || to == from || to->domain != from->domain)
        return -EXO_E_BAD_ARGUMENT;
    if (to->dying || from->dying || to->domain->dying)
        return -EXO_E_DEAD;
    if (pages != 0 && (space_any_grafted(to, va, pages) || space_any_grafted(from, va, pages)))
        return -EXO_E_BAD_ADDRESS;
    return 0;
}

long call_space_share(const struct call *call)
{
    uint64_t va = call->argument[2], pages = call->argument[3];
    NEED(space, to, 0, EXO_W);
    NEED(space, from, 1, EXO_R | EXO_W);
    NEED_OK(check(to.space, from.space, va, pages));
    struct space *source = MAY(from, EXO_W), *target = MAY(to, EXO_W);
    struct share share = {.from = flush_begin(source),
                          .to = flush_begin(target),
                          .va = va,
                          .end = va + pages * EXO_PAGE_SIZE,
                          .work = {WORK_PER_CALL}};
    /* A walk for what was revoked may have passed `to` and not come to `from` yet: nothing may slip behind it. */
    if (!revoke_is_outside(from.space->domain, &share.work))
        return -EXO_E_AGAIN;

    long error = 0;
    while (share.va < share.end && !error && (share.va == va || share.work.left > 0))
        error = share_tables(&share);
    flush_finish(&share.from);
    flush_finish(&share.to);
    uint64_t reached = share.va < share.end ? share.va : share.end; /* holes may reach beyond */
    return reached > va || !error ? (long)((reached - va) / EXO_PAGE_SIZE) : error;
}
