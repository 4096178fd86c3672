/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Revocation: ending everything that was derived from a token, and every use of it.
 *
 * Tokens end one at a time, and what hung below one is brought up to below the root first: so a call can stop anywhere,
 * the next one goes on, and the depth of a tree costs nothing.
 *
 * Mappings are not in the tree. When a domain loses a frame token, the range is noted as lost. One walk for all ranges noted
 * goes through the spaces of the domains concerned, and removes each mapping of a lost frame that no live token of the
 * space's domain permits. Concerned are the losers, and domains in whose spaces others have mapped such frames: there
 * the token that permitted a mapping may be in any table.
 *
 * Invariants
 *   No range is added during a walk. A mapping of a lost frame that no token of its domain permits is ahead of the walk.
 *   Ranges are sorted, and apart from each other.
 *   Whoever has to wait for a range to go does the walk's next bounded part.
 */
#include "call.h"
#include "device.h"
#include "domain.h"
#include "edit.h"
#include "frame.h"
#include "irq.h"
#include "list.h"
#include "lock.h"
#include "reference.h"
#include "slice.h"
#include "space.h"
#include "vcpu.h"

#define LOST_MAX 64
#define RUNS_MAX 8 /* in a large page: with more it is split without counting on */

static struct {
    struct range {
        uint64_t base, end;
    } range[LOST_MAX];
    uint32_t count;
    uint32_t batch; /* of the ranges that are noted now */
    bool walking;
    struct concern *concerns; /* a list */
    struct concern *at;       /* where the walk is; NULL: through */
    struct space *space;
    uint64_t va;
} lost = {.batch = 1};

/* Whether a domain's tokens permit mappings with these rights, the same for all frames of a run. */
static struct verdict {
    uint64_t first, end;
    bool permitted;
} verdicts[8];

/* --- ending tokens --------------------------------------------------------------------------------------- */

static bool end_table_token(struct token *token, struct domain *actor, struct work *work)
{
    struct domain *holder = token_domain(token);
    if (token->kind == EXO_FRAME && !token_covered(token) &&
        !revoke_lose(holder == actor ? NULL : holder, token->base, token->count, work))
        return false;
    token_free(token);
    return true;
}

bool token_end(struct token *token, struct domain *actor, struct work *work)
{
    switch (token->role) {
    case TOKEN_IN_TABLE: return end_table_token(token, actor, work);
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
    for (struct token *token; (token = root->child) != NULL;) {
        for (struct token *child; (child = token->child) != NULL; token = child) {
            if (!work_spend(work, 1))
                return false;
            if (token->role != TOKEN_ORIGIN) /* what names a slice ends before it; these nest not too deep */
                token_lift(child);
        }
        if (!work_spend(work, 1) || !token_end(token, actor, work))
            return false;
    }
    return true;
}

void token_reap(enum exo_kind kind, void *object)
{
    if (kind == EXO_SLICE)
        slice_reap(object);
    else if (kind == EXO_QUEUE)
        queue_reap(object);
}

bool token_end_names(struct token *origin, struct token *last, struct domain *actor, struct work *work)
{
    if (!token_end_below(last, actor, work))
        return false;
    token_unlink(last);
    bool others = token_end_below(origin, actor, work);
    token_link(last, origin);
    return others && token_end_below(origin, actor, work);
}

/* --- lost ranges ------------------------------------------------------------------------------------------- */

static void note(uint64_t base, uint64_t end)
{
    uint32_t at = 0, past;
    while (at < lost.count && lost.range[at].end < base)
        at++;
    for (past = at; past < lost.count && lost.range[past].base <= end; past++) {
        base = lost.range[past].base < base ? lost.range[past].base : base;
        end = lost.range[past].end > end ? lost.range[past].end : end;
    }
    __builtin_memmove(&lost.range[at + 1], &lost.range[past], (lost.count - past) * sizeof lost.range[0]);
    lost.range[at] = (struct range){base, end};
    lost.count = lost.count - (past - at) + 1;
}

static void list(struct concern *concern)
{
    if (!concern->listed)
        LIST_INSERT(lost.concerns, concern);
    concern->listed = true;
}

bool revoke_lose(struct domain *loser, uint64_t base, uint64_t count, struct work *work)
{
    if (!frame_any_mapped(base, count))
        return true;
    if ((lost.walking || lost.count == LOST_MAX) && !revoke_finish(work))
        return false;
    note(base, base + count);
    if (loser != NULL) {
        queue_lose_frames(loser, base, count);
        loser->concern.loser = true;
        list(&loser->concern);
    }
    return true;
}

void revoke_host(struct space *space, uint64_t pfn, uint64_t pages)
{
    struct concern *concern = &space->domain->concern;
    if (concern->first >= concern->end)
        concern->first = UINT64_MAX;
    concern->first = pfn < concern->first ? pfn : concern->first;
    concern->end = pfn + pages > concern->end ? pfn + pages : concern->end;
    list(concern);
}

/* --- the walk ------------------------------------------------------------------------------------------------ */

static bool is_concerned(const struct concern *concern)
{
    bool hit = concern->loser;
    for (uint32_t i = 0; i < lost.count && !hit; i++)
        hit = lost.range[i].base < concern->end && concern->first < lost.range[i].end;
    return hit;
}

static void go_to(struct concern *at)
{
    lost.at = at;
    lost.space = at != NULL && is_concerned(at) ? CONTAINER(at, struct domain, concern)->spaces : NULL;
    lost.va = 0;
}

static void leave(struct concern *concern)
{
    concern->loser = false;
    if (concern->first < concern->end)
        return; /* a host stays listed */
    LIST_REMOVE(concern);
    concern->listed = false;
}

bool revoke_finish(struct work *work)
{
    if (lost.count == 0)
        return true;
    if (!lost.walking)
        go_to(lost.concerns);
    lost.walking = true;
    for (struct concern *at; (at = lost.at) != NULL;) {
        for (; lost.space != NULL; lost.space = lost.space->next, lost.va = 0) {
            __builtin_memset(verdicts, 0, sizeof verdicts); /* tokens may have changed since */
            if (!work_spend(work, 4) || !edit_prune(lost.space, &lost.va, work))
                return false;
        }
        if (!work_spend(work, 1))
            return false;
        go_to(at->next);
        leave(at);
    }
    lost.walking = false;
    lost.count = 0;
    lost.batch += lost.batch == UINT32_MAX ? 2 : 1; /* 0 is none */
    return true;
}

bool revoke_is_outside(const struct domain *domain, struct work *work)
{
    return !lost.walking || lost.at != &domain->concern || revoke_finish(work);
}

void revoke_keep_ahead(const struct space *space)
{
    struct work work = {8 * WORK_PER_CALL};
    if (lost.walking && lost.at == &space->domain->concern)
        revoke_finish(&work);
}

uint32_t revoke_batch(void) { return lost.batch; }

bool revoke_done(uint32_t batch, struct work *work) { return lost.batch != batch || revoke_finish(work); }

void revoke_forget(struct domain *domain)
{
    struct concern *concern = &domain->concern;
    if (!concern->listed)
        return;
    if (lost.at == concern)
        go_to(concern->next);
    concern->end = 0;
    leave(concern);
}

void revoke_leaves(struct space *space)
{
    if (lost.space != space)
        return;
    lost.space = space->next;
    lost.va = 0;
}

/* Is the frame lost? *end comes down to where the answer may change. */
static bool is_lost(uint64_t pfn, uint64_t *end)
{
    uint32_t at = 0;
    while (at < lost.count && lost.range[at].end <= pfn)
        at++;
    if (at == lost.count)
        return false;
    bool inside = lost.range[at].base <= pfn;
    uint64_t until = inside ? lost.range[at].end : lost.range[at].base;
    *end = until < *end ? until : *end;
    return inside;
}

bool revoke_is_lost(uint64_t pfn)
{
    uint64_t end = UINT64_MAX;
    return is_lost(pfn, &end);
}

/* The run from the frame on for which one token permits it, or none does. */
static struct verdict judge(const struct domain *domain, uint64_t pfn, uint32_t limit)
{
    struct verdict run = {pfn, UINT64_MAX, false};
    for (uint32_t page = 0; page < domain->token_pages; page++)
        for (uint32_t i = 1; i < TOKENS_PER_PAGE; i++) {
            const struct token *token = &domain->token_page[page]->entry[i].token;
            if (token->state != TOKEN_LIVE || token->kind != EXO_FRAME || (token->rights & limit) != limit ||
                token->base + token->count <= pfn)
                continue;
            if (token->base > pfn) {
                if (!run.permitted && token->base < run.end)
                    run.end = token->base;
            } else if (!run.permitted || token->base + token->count > run.end) {
                run.permitted = true;
                run.end = token->base + token->count;
            }
        }
    return run;
}

static bool is_permitted(const struct domain *domain, uint64_t pfn, uint32_t limit, uint64_t *end,
                         struct work *work)
{
    struct verdict *run = &verdicts[limit & 7];
    if (pfn < run->first || pfn >= run->end) {
        work_spend(work, 4 * domain->token_pages);
        *run = judge(domain, pfn, limit);
    }
    *end = run->end < *end ? run->end : *end;
    return run->permitted;
}

enum revoke_hit revoke_hits(const struct domain *domain, uint64_t pfn, uint64_t pages, uint32_t limit,
                            struct work *work)
{
    bool hit = false, miss = false;
    uint64_t end, runs = 0;
    for (uint64_t at = pfn; at < pfn + pages && !(hit && miss); at = end) {
        end = pfn + pages;
        if (is_lost(at, &end) && !is_permitted(domain, at, limit, &end, work))
            hit = true;
        else
            miss = true;
        if (++runs == RUNS_MAX && end < pfn + pages)
            hit = miss = true;
    }
    return !hit ? REVOKE_NONE : miss ? REVOKE_SOME : REVOKE_ALL;
}

long call_token_revoke(const struct call *call)
{
    NEED(token, ref, 0, EXO_OWN);

    struct token *root = MAY(ref, EXO_OWN);
    struct work work = {WORK_PER_CALL};
    if (root->child != NULL)
        root->batch = 0;
    if (!token_end_below(root, call->domain, &work))
        return -EXO_E_AGAIN;
    if (root->batch == 0) {
        if (root->kind == EXO_FRAME && !revoke_lose(NULL, root->base, root->count, &work))
            return -EXO_E_AGAIN;
        root->batch = revoke_batch();
    }
    if (!revoke_done(root->batch, &work))
        return -EXO_E_AGAIN;
    root->batch = 0;
    return 0;
}
