/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Giving back: the holder's own way to part with a token or a part of it, together with what it has made of it. The token is gone
 * or smaller at once; the mappings may take several calls, which find in domain->giving that they are the same one.
 */
#include "call.h"
#include "device.h"
#include "domain.h"
#include "frame.h"
#include "irq.h"
#include "reference.h"
#include "slice.h"
#include "vcpu.h"

#define USES_MAX 1024 /* of a token of which a part is given back */

struct part {
    struct token *token;
    uint64_t base, count;
};

static bool is_inside(const struct part *part, uint64_t unit)
{
    return unit >= part->base && unit - part->base < part->count;
}

/* Which of the range's units an embedded token uses. */
static uint64_t unit_of(const struct token *use)
{
    switch (use->role) {
    case TOKEN_VCPU_PAGE: return ((const struct vcpu *)use->object)->page_pfn;
    case TOKEN_IRQ_LINE: return irq_line_of(use->object);
    case TOKEN_PCI_FUNCTION: return pci_function_of(use->object);
    case TOKEN_QUEUE_RING: return queue_ring_of(use->object);
    default: return queue_function_of(use->object); /* a queue's origin, below the token of its function */
    }
}

static long check_uses(const struct token *token)
{
    uint32_t uses = 0;
    for (const struct token *use = token->child; use != NULL; use = use->next)
        if (use->role == TOKEN_IN_TABLE || ++uses > USES_MAX)
            return -EXO_E_BUSY;
    return 0;
}

/* False: a CPU must first let go of one. */
static bool end_uses(const struct part *part, struct work *work)
{
    bool ended = true;
    for (struct token *use = part->token->child, *next; use != NULL; use = next) {
        next = use->next;
        if (is_inside(part, unit_of(use)))
            ended &= token_end_below(use, NULL, work) && token_end(use, NULL, work);
    }
    return ended;
}

/* The upper rest of the token becomes another one, with the uses that lie there. */
static exo_handle split(const struct part *part)
{
    struct token *token = part->token;
    struct part rest = {.base = part->base + part->count};
    rest.count = token->base + token->count - rest.base;
    exo_handle handle =
        token_make(token_domain(token), token->kind, token->rights, rest.base, rest.count, token->parent);
    for (struct token *use = token->child, *next; use != NULL; use = next) {
        next = use->next;
        if (!is_inside(&rest, unit_of(use)))
            continue;
        token_unlink(use);
        token_link(use, token_in_slot(token_domain(token), (uint32_t)handle));
    }
    return handle;
}

/* The holder loses the part's frames, unless the token's parent keeps them for it. */
static bool lose(const struct part *part, struct work *work)
{
    const struct token *token = part->token;
    return token->kind != EXO_FRAME || token_covered(token) ||
           revoke_lose(token_domain(token), part->base, part->count, work);
}

static long give_part(const struct part *part, struct work *work)
{
    struct token *token = part->token;
    uint64_t below = part->base - token->base, above = token->count - below - part->count;
    NEED_OK(check_uses(token));
    if (token->kind == EXO_FRAME && !frame_all_user(part->base, part->count))
        return -EXO_E_BUSY;
    if (below > 0 && above > 0)
        NEED_OK(token_room(token_domain(token), 0));
    if (!end_uses(part, work) || !lose(part, work))
        return -EXO_E_AGAIN;

    recall_given(token, part->base, part->count);
    exo_handle upper = below > 0 && above > 0 ? split(part) : 0;
    if (below > 0 || above > 0) {
        token_shrink(token, below > 0 ? token->base : part->base + part->count, below > 0 ? below : above);
    } else {
        token_free(token);
    }
    return (long)upper;
}

static long drop(struct token *token, struct work *work)
{
    const struct part all = {token, token->base, token->count};
    enum exo_kind kind = token->kind;
    void *object = token->object;
    bool given_on = token->child != NULL;
    if (!token_hand_up(token, work) || !lose(&all, work))
        return -EXO_E_AGAIN;
    if (!given_on)
        recall_given(token, token->base, token_units(token));
    token_free(token);
    token_reap(kind, object);
    return 0;
}

/* Begins; what it answers is for later, when the mappings are gone. */
static long give(const struct call *call, struct work *work)
{
    uint64_t offset = call->argument[1], count = call->argument[2];
    NEED(token, ref, 0, 0);
    struct token *token = MAY(ref, 0);
    if (count == 0)
        return drop(token, work);
    if (!token_is_range(token->kind))
        return -EXO_E_BAD_KIND;
    if (offset >= token->count || count > token->count - offset)
        return -EXO_E_BAD_ARGUMENT;
    const struct part part = {token, token->base + offset, count};
    return give_part(&part, work);
}

long call_token_drop(const struct call *call)
{
    struct giving *giving = &call->domain->giving;
    struct giving asked = {call->argument[0], call->argument[1], call->argument[2], 0, 0};
    struct work work = {WORK_PER_CALL};
    bool same = giving->token == asked.token && giving->count == asked.count &&
                (giving->offset == asked.offset || asked.count == 0);
    if (giving->token != 0 && !revoke_done(giving->batch, &work))
        return -EXO_E_AGAIN;
    giving->token = 0;
    if (same && asked.token != 0)
        return giving->result;

    asked.result = give(call, &work);
    asked.batch = revoke_batch();
    if (asked.result < 0 || revoke_done(asked.batch, &work))
        return asked.result;
    *giving = asked;
    return -EXO_E_AGAIN;
}
