/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Revocation: ending everything that was derived from a token, and every use of it.
 *
 * Ending goes from the leaves up, one token at a time, so that a call can stop anywhere and the next one goes on. A frame
 * token that another domain held may have mappings that rest on it. It is doomed: out of the tree, no handle names
 * it, but its range stays known until a walk through all spaces of the domain has removed each mapping in it that no
 * other live token of the domain permits. Doomed tokens whose walk was not finished by the one who revoked are
 * finished by the next one.
 */
#include "call.h"
#include "device.h"
#include "domain.h"
#include "edit.h"
#include "irq.h"
#include "lock.h"
#include "reference.h"
#include "slice.h"
#include "space.h"
#include "vcpu.h"

static struct domain *doomed_domains; /* those with doomed tokens */

static void doom(struct token *token)
{
    struct domain *domain = token_domain(token);
    store_shared(token->state, TOKEN_DOOMED);
    store_shared(token->generation, token->generation + 1 == 0 ? 1 : token->generation + 1);
    domain->tokens--;
    queue_lose_frames(domain, token->base, token->count);
    token->next = domain->doomed;
    domain->doomed = token;
    if (!domain->doomed_listed) {
        domain->doomed_listed = true;
        domain->doomed_next = doomed_domains;
        doomed_domains = domain;
    }
}

static void end_table_token(struct token *token, struct domain *actor)
{
    struct domain *holder = token_domain(token);
    const struct token *parent = token->parent;
    /* A live parent in the same table permits all that the token did: nothing to take away. */
    bool covered = parent != NULL && parent->role == TOKEN_IN_TABLE && token_domain(parent) == holder;
    token_unlink(token);
    if (token->kind == EXO_FRAME && holder != actor && !covered)
        doom(token);
    else
        token_free(token);
}

/* Ends one token without children. False: a CPU must first let go of what rests on it; it was told to. */
static bool end_token(struct token *token, struct domain *actor)
{
    switch (token->role) {
    case TOKEN_IN_TABLE: end_table_token(token, actor); return true;
    case TOKEN_ORIGIN: /* slices and queues hang below other tokens */
        if (token->kind == EXO_SLICE)
            slice_end(token->object);
        else
            queue_end(token->object);
        return true;
    case TOKEN_VCPU_PAGE: return vcpu_lose_page(token->object);
    case TOKEN_VCPU_SLICE: slice_unbind(token->object); return true;
    case TOKEN_PCI_FUNCTION:
    case TOKEN_PCI_SPACE: pci_detach(token->object); return true;
    case TOKEN_QUEUE_RING: queue_stop(token->object); return true;
    default: irq_unbind(token->object); return true;
    }
}

bool token_end_below(struct token *root, struct domain *actor, struct work *work)
{
    struct token *token = root;
    for (;;) {
        while (token->child != NULL)
            token = token->child;
        if (token == root)
            return true;
        if (!work_spend(work, 1))
            return false;
        struct token *parent = token->parent;
        if (!end_token(token, actor))
            return false;
        token = parent;
    }
}

void token_forget(struct token *token)
{
    enum exo_kind kind = token->kind;
    void *object = token->object;
    token_drop(token);
    if (kind == EXO_SLICE)
        slice_reap(object);
    else if (kind == EXO_QUEUE)
        queue_reap(object);
}

/* --- taking mappings away -------------------------------------------------------------------------------- */

/* Does a live token of the domain permit this mapping? */
static bool still_permitted(const struct domain *domain, uint64_t pfn, uint64_t pages, uint32_t limit)
{
    for (uint32_t page = 0; page < domain->token_pages; page++)
        for (uint32_t i = 1; i < TOKENS_PER_PAGE; i++) {
            const struct token *token = &domain->token_page[page]->entry[i].token;
            if (token->state == TOKEN_LIVE && token->kind == EXO_FRAME && token->base <= pfn &&
                pfn + pages <= token->base + token->count && (token->rights & limit) == limit)
                return true;
        }
    return false;
}

bool revoke_hits(const struct domain *domain, uint64_t pfn, uint64_t pages, uint32_t limit, struct work *work)
{
    for (const struct token *token = domain->doomed; token != NULL; token = token->next) {
        if (pfn >= token->base + token->count || token->base >= pfn + pages)
            continue;
        work_spend(work, 4 * domain->token_pages);
        return !still_permitted(domain, pfn, pages, limit);
    }
    return false;
}

/* Frees the doomed tokens from `first` to the end of the list. */
static void free_doomed(struct domain *domain, struct token *first)
{
    struct token **end = &domain->doomed;
    while (*end != first)
        end = &(*end)->next;
    *end = NULL;
    for (struct token *next; first != NULL; first = next) {
        next = first->next;
        token_free(first);
    }
}

/* Walks the domain's spaces. Tokens doomed during the walk came in front of prune_from and get another walk. */
static bool prune(struct domain *domain, struct work *work)
{
    while (domain->doomed != NULL) {
        if (domain->prune_from == NULL) {
            domain->prune_from = domain->doomed;
            domain->prune_space = domain->spaces;
            domain->prune_va = 0;
        }
        while (domain->prune_space != NULL) {
            if (!edit_prune(domain->prune_space, &domain->prune_va, work))
                return false;
            domain->prune_space = domain->prune_space->next;
            domain->prune_va = 0;
        }
        free_doomed(domain, domain->prune_from);
        domain->prune_from = NULL;
    }
    return true;
}

bool revoke_finish(struct work *work)
{
    while (doomed_domains != NULL) {
        if (!prune(doomed_domains, work))
            return false;
        doomed_domains->doomed_listed = false;
        doomed_domains = doomed_domains->doomed_next;
    }
    return true;
}

void revoke_forget(struct domain *domain)
{
    domain->doomed = domain->prune_from = NULL;
    if (!domain->doomed_listed)
        return;
    struct domain **link = &doomed_domains;
    while (*link != domain)
        link = &(*link)->doomed_next;
    *link = domain->doomed_next;
    domain->doomed_listed = false;
}

void revoke_leaves(struct space *space)
{
    struct domain *domain = space->domain;
    if (domain->prune_space != space)
        return;
    domain->prune_space = space->next;
    domain->prune_va = 0;
}

long call_token_revoke(const struct call *call)
{
    NEED(token, root, 0, EXO_OWN);

    struct work work = {WORK_PER_CALL};
    return token_end_below(root.token, call->domain, &work) && revoke_finish(&work) ? 0 : -EXO_E_AGAIN;
}
