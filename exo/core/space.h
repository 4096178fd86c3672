/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Address spaces. A space's structure and its tables are frames of its domain's pool.
 *
 * Invariants
 *   Every table's frame counts its used entries; an empty table exists only at the top, while it is grafted elsewhere, or
 *   where revocation emptied a shared one that other spaces have still.
 *   A grafted slot holds the same table as in the space it was grafted from, which is the one that edits it; its entry permits
 *   writing only where that of the space named in space_graft did. No other entry above level 2 forbids it.
 *   No CPU has a translation that the tables do not give, once the lock is released: see struct flush in table.h.
 */
#ifndef EXO_CORE_SPACE_H
#define EXO_CORE_SPACE_H

#include "machine.h"
#include "token.h"

#define USER_SLOTS 256 /* top-level entries that belong to ring 3 */

struct space {
    struct token origin;
    struct domain *domain;
    struct space *next, **place; /* of the domain */
    uint64_t top_pfn;
    bool dying; /* shared: no vCPU may switch to it any more */
    uint32_t grafts,
        grafted; /* how many other spaces and devices have of this one; how many slots this one has of others */
    uint32_t attached;                /* devices among the former */
    uint32_t graft_count[USER_SLOTS]; /* how many spaces have grafted this slot from here, and devices see it */
    struct space *graft_from[USER_SLOTS]; /* where the slot was grafted from; NULL: it is this space's own */
};
_Static_assert(sizeof(struct space) <= EXO_PAGE_SIZE, "one frame");

struct space *space_make(struct domain *domain); /* takes two frames of the pool */
/* Ends the space; `actor` as in token_end_below. False: call again. No vCPU that can still run has it. */
bool space_dispose(struct space *space, struct domain *actor, struct work *work);

void space_leave_grafts(struct space *space);                /* what it has of others leaves it */
void space_release_slot(struct space *owner, unsigned slot); /* one that had grafted it has it no more */

static inline unsigned space_slot(uint64_t va) { return (unsigned)(va >> 39); }
/* Is a part of the range not the space's own? */
static inline bool space_any_grafted(const struct space *space, uint64_t va, uint64_t pages)
{
    for (unsigned slot = space_slot(va); slot <= space_slot(va + pages * EXO_PAGE_SIZE - 1); slot++)
        if (space->graft_from[slot] != NULL)
            return true;
    return false;
}

/* map.c: for the first domain's image, before anything runs. The pool has the tables, nothing is mapped there. */
void space_map_boot(struct space *space, uint64_t va, uint64_t pfn, uint64_t pages, uint32_t prot);

/* --- switch.c ------------------------------------------------------------------------------------------------ */

struct cpu;
void space_load(struct cpu *cpu, struct space *space); /* on the executing CPU */
/* Waits until no CPU is inside space_switch's part without the lock. What was announced before is seen after. */
void space_quiesce(void);
/* Makes idle CPUs leave the space. False: one has it still; it was told to. */
bool space_evict(struct space *space);
void space_leave(struct cpu *cpu); /* the executing, idle CPU */
extern uint64_t space_idle_top;    /* a top-level table without ring 3's part */

/* --- revoke.c -------------------------------------------------------------------------------------------------- */

void revoke_leaves(struct space *space); /* it is about to be taken from its domain's list */

#endif
