/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Domains, and the pools of donated frames that all kernel objects are made from.
 *
 * A domain's structure is the first frame of its first pool. Domains form a tree by creation: destroying one destroys
 * those that it created, deepest first. A vCPU of a dying domain never runs again.
 */
#ifndef EXO_CORE_DOMAIN_H
#define EXO_CORE_DOMAIN_H

#include "recall.h"
#include "token.h"

#define POOL_PAGES_MIN     8     /* two are taken at once, for the structure and its recalls */
#define DONATION_PAGES_MAX 65536 /* bounds the work of a donation */

/* The limits of one domain, so that what is done for each of them is bounded; besides TOKEN_PAGES_MAX, and RECALLS_MAX and
 * RECORDS_MAX in recall.h. All else is bounded by its pool alone, and no loop without an allowance goes over it. */
#define VCPUS_MAX        256
#define SPACES_MAX       16384
#define DOMAIN_DEPTH_MAX 32 /* domains made by domains */

/* A domain whose mappings a revocation may have to take away: see revoke.c. */
struct concern {
    struct concern *next, **place;
    uint64_t first,
        end; /* the frames that others have mapped in its spaces are among these; first >= end: none */
    bool listed, loser;
};

/* What the domain gives back, until the mappings of it are gone: see give.c. */
struct giving {
    exo_handle token; /* 0: nothing */
    uint64_t offset, count;
    long result;
    uint32_t batch; /* revoke_batch() */
};

struct domain {
    struct token origin;
    uint32_t depth;                                /* below the first domain */
    struct domain *parent, *child, *next, **place; /* the tree of creation; next, place: siblings */
    struct vcpu
        *creator; /* rung when a vCPU of the domain dies; belongs to the parent, so outlives the domain */
    bool dying;

    /* pool */
    uint32_t pool_first, pool_members; /* a free frame; one of all but its structure's. Linked; 0: none */
    uint64_t pool_pages, pool_free;

    /* token table */
    uint32_t tokens, token_pages, free_slots;
    uint64_t free_slot;
    struct token_page
        *token_page[TOKEN_PAGES_MAX]; /* shared: only ever grows while a vCPU of the domain runs */

    struct concern concern;
    struct giving giving;
    struct recalls *recalls;

    /* objects */
    struct space *spaces;
    struct vcpu *vcpus;
    struct slice *slices;
    uint32_t space_count, vcpu_count, vcpus_dead;
    uint64_t exit_status;
    bool exited;
};
_Static_assert(sizeof(struct domain) <= EXO_PAGE_SIZE, "one frame");

/* Makes a domain of the frames, all idle, which become its pool. */
struct domain *domain_make(uint64_t pfn, uint64_t pages, struct domain *parent, struct vcpu *creator);

/* --- pool.c ---------------------------------------------------------------------------------------------- */

void pool_start(struct domain *domain, uint64_t pfn, uint64_t pages); /* its structure is in the first frame */
void pool_add(struct domain *domain, uint64_t pfn, uint64_t pages);   /* all idle, at most DONATION_PAGES_MAX */
uint64_t pool_take(struct domain *domain); /* a zeroed frame; the caller knows that there is one */
void pool_give(struct domain *domain, uint64_t pfn);
uint64_t pool_pfn(const void *object); /* the frame of an object that was made from one */
/* Turns the pool back into ordinary, zeroed frames, but for the domain's structure. False: call again. */
bool pool_return(struct domain *domain, struct work *work);
void pool_end(struct domain *domain); /* then the structure itself */

#endif
