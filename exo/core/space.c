/* SPDX-License-Identifier: MPL-2.0 */
/* Spaces as objects: making, grafting, asking, destroying. */
#include "space.h"
#include "call.h"
#include "domain.h"
#include "edit.h"
#include "list.h"
#include "lock.h"
#include "reference.h"
#include "table.h"
#include "vcpu.h"

struct space *space_make(struct domain *domain)
{
    struct space *space = machine_frame(pool_take(domain));
    space->domain = domain;
    space->top_pfn = pool_take(domain);
    machine_space_init(space->top_pfn);
    token_embed(&space->origin, TOKEN_ORIGIN, EXO_SPACE, space, NULL);
    LIST_INSERT(domain->spaces, space);
    domain->space_count++;
    return space;
}

/* An empty table was kept for those who had grafted it. */
static void free_empty(struct space *owner, unsigned slot)
{
    struct flush flush = flush_begin(owner);
    if (frame_of(machine_pte_pfn(table_entries(owner->top_pfn)[slot]))->used == 0)
        table_free(&flush, owner->top_pfn, slot, slot * table_span(4));
    flush_finish(&flush);
}

void space_release_slot(struct space *owner, unsigned slot)
{
    owner->grafts--;
    if (--owner->graft_count[slot] == 0)
        free_empty(owner, slot);
}

void space_leave_grafts(struct space *space)
{
    for (unsigned slot = 0; slot < USER_SLOTS && space->grafted > 0; slot++) {
        struct space *owner = space->graft_from[slot];
        if (owner == NULL)
            continue;
        table_entries(space->top_pfn)[slot] = 0;
        frame_of(space->top_pfn)->used--;
        space->graft_from[slot] = NULL;
        space->grafted--;
        space_release_slot(owner, slot);
    }
}

bool space_dispose(struct space *space, struct domain *actor, struct work *work)
{
    uint64_t va = 0;
    store_shared(space->dying, true);
    if (!edit_unmap(space, &va, EXO_USER_END, work) || !space_evict(space) ||
        !token_end_below(&space->origin, actor, work))
        return false;
    space_quiesce(); /* whoever read a token of it before that token ended is done with the space now */
    struct domain *domain = space->domain;
    space_leave_grafts(space);
    revoke_leaves(space);
    LIST_REMOVE(space);
    domain->space_count--;
    pool_give(domain, space->top_pfn);
    pool_give(domain, pool_pfn(space));
    return true;
}

/* Is it the present space of a vCPU that runs or may run? */
static bool in_use(const struct space *space)
{
    for (const struct vcpu *vcpu = space->domain->vcpus; vcpu != NULL; vcpu = vcpu->next)
        if (load_shared(vcpu->space) == space && (vcpu_alive(vcpu) || vcpu->on_cpu))
            return true;
    return false;
}

/* From here on no vCPU can switch to it; false where one has done so up to now. */
static bool close_to_vcpus(struct space *space)
{
    store_shared(space->dying, true);
    space_quiesce();
    bool closed = !in_use(space);
    store_shared(space->dying, closed);
    return closed;
}

/* --- the calls ------------------------------------------------------------------------------------------- */

long call_space_create(const struct call *call)
{
    NEED(domain, owner, 0, EXO_W);
    if (owner.domain->dying)
        return -EXO_E_DEAD;
    NEED_OK(token_room(call->domain, owner.domain == call->domain ? 2 : 0));
    if (owner.domain->space_count == SPACES_MAX)
        return -EXO_E_NO_SLOT;
    if (owner.domain->pool_free < 2)
        return -EXO_E_NO_POOL;

    struct space *space = space_make(MAY(owner, EXO_W));
    return (long)token_make_object(call->domain, EXO_SPACE, EXO_ALL, space, &space->origin);
}

long call_space_destroy(const struct call *call)
{
    NEED(space, ref, 0, EXO_OWN);
    struct space *space = MAY(ref, EXO_OWN);
    struct token *last = BELOW(ref, EXO_OWN);
    if (!space->dying && (space->grafts != 0 || !close_to_vcpus(space)))
        return -EXO_E_BUSY;

    /* Nothing may be left for the last step but the caller's token, so that it can call again until then. */
    token_unlink(last);
    token_link(last, &space->origin);
    uint64_t va = 0;
    struct work work = {WORK_PER_CALL};
    if (!edit_unmap(space, &va, EXO_USER_END, &work) || !space_evict(space) ||
        !token_end_names(&space->origin, last, call->domain, &work))
        return -EXO_E_AGAIN;
    space_dispose(space, call->domain, &work);
    return 0;
}

long call_space_graft(const struct call *call)
{
    uint64_t slot = call->argument[2], flags = call->argument[3];
    NEED(space, to, 0, EXO_W);
    NEED(space, from, 1, EXO_W);
    if (slot >= USER_SLOTS || (flags & ~(uint64_t)EXO_GRAFT_READ_ONLY) != 0 ||
        to.space->domain != from.space->domain || to.space == from.space)
        return -EXO_E_BAD_ARGUMENT;
    if (to.space->dying || from.space->dying)
        return -EXO_E_DEAD;
    struct space *owner = from.space->graft_from[slot] ? from.space->graft_from[slot] : MAY(from, EXO_W);
    machine_pte entry = table_entries(from.space->top_pfn)[slot];
    machine_pte *own = &table_entries(to.space->top_pfn)[slot];
    if (machine_pte_used(*own))
        return -EXO_E_BUSY;
    if (!machine_pte_used(entry))
        return -EXO_E_NOT_MAPPED;

    /* What `from` itself has read-only stays so. */
    bool writable = flags == 0 && (machine_pte_flags(entry) & EXO_PTE_W);
    *own = machine_pte_table(machine_pte_pfn(entry), writable);
    frame_of(to.space->top_pfn)->used++;
    struct space *space = MAY(to, EXO_W);
    space->graft_from[slot] = owner;
    space->grafted++;
    owner->graft_count[slot]++;
    owner->grafts++;
    return 0;
}

#define QUERY_MAX 512

static struct exo_pte describe(const struct space *space, uint64_t va)
{
    int level;
    const machine_pte *leaf = table_leaf(space, va, &level);
    if (leaf == NULL)
        return (struct exo_pte){0};
    uint64_t pfn = machine_pte_pfn(*leaf) + (level == 2 ? table_index(va, 1) : 0);
    return (struct exo_pte){pfn << EXO_PAGE_SHIFT | machine_pte_flags(*leaf)};
}

long call_space_query(const struct call *call)
{
    uint64_t va = call->argument[1], n = call->argument[3];
    struct exo_pte answer[QUERY_MAX];
    NEED(space, space, 0, EXO_R);
    if (va % EXO_PAGE_SIZE != 0 || n > QUERY_MAX)
        return -EXO_E_BAD_ARGUMENT;
    if (va > EXO_USER_END || n > (EXO_USER_END - va) / EXO_PAGE_SIZE)
        return -EXO_E_BAD_ADDRESS;

    for (uint64_t i = 0; i < n; i++)
        answer[i] = describe(space.space, va + i * EXO_PAGE_SIZE);
    return machine_copy_out(call->argument[2], answer, n * sizeof answer[0]) ? 0 : -EXO_E_BAD_ADDRESS;
}
