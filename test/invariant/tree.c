/* SPDX-License-Identifier: MPL-2.0 */
/* Invariants of tokens: tables, derivation trees, uses embedded in objects, recalls. */
#include "walk.h"
#include "device.h"
#include "frame.h"
#include "irq.h"
#include "vcpu.h"

/* --- trees --------------------------------------------------------------------------------------------------- */

static bool covers(const struct token *token, enum exo_kind kind, uint64_t unit)
{
    return token->kind == kind && unit - token->base < token->count;
}

static bool names(const struct token *token, enum exo_kind kind, const void *object)
{
    return token->kind == kind && token->object == object;
}

/* A token in a table, below its source: rights, range and object. */
static void check_derived(const struct token *parent, const struct token *child)
{
    if (parent->kind != child->kind) {
        HOLDS(parent->kind == EXO_VCPU && (child->kind == EXO_EVENT || child->kind == EXO_GATE), NO_OTHER_KIND,
              child->kind);
        HOLDS(child->object == parent->object, SAME_OBJECT, child->kind);
        return;
    }
    HOLDS(parent->role == TOKEN_ORIGIN || (child->rights & ~parent->rights) == 0, RIGHTS_SHRINK, child->rights);
    if (token_is_range(parent->kind))
        HOLDS(child->base >= parent->base && child->base + child->count <= parent->base + parent->count,
              RANGES_SHRINK, child->base);
    else
        HOLDS(child->object == parent->object && (parent->role == TOKEN_ORIGIN || child->bit == parent->bit),
              SAME_OBJECT, child->kind);
}

/* A token in an object that uses what the parent names. */
static bool is_use_of(const struct token *parent, const struct token *use)
{
    const void *object = use->object;
    switch (use->role) {
    case TOKEN_ORIGIN:
        return use->kind == EXO_SLICE
                   ? names(parent, EXO_SLICE, ((const struct slice *)object)->source)
                   : use->kind == EXO_QUEUE && covers(parent, EXO_PCI, queue_function_of(object));
    case TOKEN_VCPU_PAGE: return covers(parent, EXO_FRAME, ((const struct vcpu *)object)->page_pfn);
    case TOKEN_VCPU_SLICE: return names(parent, EXO_SLICE, ((const struct vcpu *)object)->own);
    case TOKEN_IRQ_LINE: return covers(parent, EXO_IRQ, irq_line_of(object));
    case TOKEN_IRQ_EVENT: return parent->kind == EXO_EVENT;
    case TOKEN_PCI_FUNCTION: return covers(parent, EXO_PCI, pci_function_of(object));
    case TOKEN_PCI_SPACE: return parent->kind == EXO_SPACE;
    case TOKEN_QUEUE_RING: return covers(parent, EXO_FRAME, queue_ring_of(object));
    default: return false;
    }
}

static void check_link(const struct token *parent, const struct token *child, struct token *const *place)
{
    HOLDS(child->parent == parent && child->place == place, TREE_LINKS, child->kind);
    HOLDS(parent->state == TOKEN_LIVE && child->state == TOKEN_LIVE, TREE_LIVE, child->kind);
    if (child->role == TOKEN_IN_TABLE)
        check_derived(parent, child);
    else
        HOLDS(is_use_of(parent, child) && (child->role == TOKEN_ORIGIN || child->child == NULL), USE_BELOW,
              child->role);
    walk.in_trees += child->role == TOKEN_IN_TABLE;
}

/* Each token once, along links that were seen to agree: no depth costs anything, and no ring is entered. */
void walk_tree(const struct token *root)
{
    if (root->parent != NULL)
        return; /* somebody's root is above it */
    walk.in_trees += root->role == TOKEN_IN_TABLE;
    for (const struct token *at = root;;) {
        if (at->child != NULL) {
            check_link(at, at->child, &at->child);
            at = at->child;
            continue;
        }
        while (at != root && at->next == NULL)
            at = at->parent;
        if (at == root)
            return;
        check_link(at->parent, at->next, &at->next);
        at = at->next;
    }
}

/* --- tables -------------------------------------------------------------------------------------------------- */

/* Tokens from which trees begin in a table: of what the machine had at boot. Whoever had them may have moved them on. */
static void check_root(const struct token *token)
{
    HOLDS(token_is_range(token->kind) || token->kind == EXO_MACHINE, TREE_ROOTS, token->kind);
    if (token->kind != EXO_FRAME)
        return;
    HOLDS(token->base + token->count <= frame_count, TOKENS_NAME_RAM, token->base);
    for (uint64_t pfn = token->base; pfn < token->base + token->count; pfn++) {
        HOLDS(frame_of(pfn)->state != FRAME_UNUSABLE, TOKENS_NAME_RAM, pfn);
        walk.named[pfn] = true;
    }
}

/* The trees that this token shows the beginning of. A queue's origin is in no list; its first token stands for it. */
static void walk_from(const struct token *token)
{
    const struct token *parent = token->parent;
    if (parent == NULL)
        check_root(token);
    else if (parent->role == TOKEN_ORIGIN && parent->kind == EXO_QUEUE && parent->child == token)
        walk_tree(parent);
    walk_tree(token);
}

static void check_free_slots(const struct domain *domain, uint64_t free, uint64_t sum)
{
    uint64_t slot = domain->free_slot;
    HOLDS(free == domain->free_slots, SLOTS, free);
    for (; free > 0; free--) {
        const struct token *token =
            slot / TOKENS_PER_PAGE < domain->token_pages ? token_in_slot(domain, slot) : NULL;
        HOLDS(token != NULL && token->state == TOKEN_FREE, FREE_SLOTS, slot);
        sum -= slot;
        slot = token->next_free;
    }
    HOLDS(sum == 0, FREE_SLOTS, sum); /* none of them twice */
}

void walk_recalls(const struct domain *domain)
{
    const struct recalls *recalls = domain->recalls;
    uint64_t pfn = pool_pfn(recalls);
    if (frame_of(pfn)->state != FRAME_POOL || frame_of(pfn)->link != pool_pfn(domain)) {
        HOLDS(domain->dying, POOL_OBJECT, pfn); /* it has given its pool back already */
        return;
    }
    HOLDS(recalls->records <= RECORDS_MAX && recalls->first < RECORDS_MAX, RECORDS, recalls->records);
    for (unsigned i = 0; i < RECALLS_MAX; i++) {
        const struct recall *recall = &recalls->recall[i];
        walk_alarm(&recall->alarm);
        if (recall->token == NULL)
            continue;
        HOLDS(domain->dying || (recall->token->state == TOKEN_LIVE && recall->token->recall == i + 1 &&
                                token_domain(recall->token) == domain),
              RECALL_NAMES, i);
        HOLDS(recall->alarm.set || recall->deadline_ns == UINT64_MAX, RECALL_ENDS, i);
    }
}

void walk_tokens(const struct domain *domain)
{
    uint64_t live = 0, free = 0, sum = 0;
    for (uint32_t page = 0; page < domain->token_pages; page++) {
        walk_claim(domain, pool_pfn(domain->token_page[page]));
        for (unsigned i = 1; i < TOKENS_PER_PAGE; i++) {
            const struct token *token = &domain->token_page[page]->entry[i].token;
            if (token->state == TOKEN_LIVE) {
                live++;
                HOLDS(domain->dying || token->recall == 0 ||
                          (token->recall <= RECALLS_MAX &&
                           domain->recalls->recall[token->recall - 1].token == token),
                      RECALLED_NAMES, token->recall);
                walk_from(token);
            } else if (token->generation != GENERATION_LAST) {
                free++;
                sum += page * TOKENS_PER_PAGE + i;
            }
        }
    }
    HOLDS(live == domain->tokens, COUNTS_TOKENS, live);
    walk.tokens += live;
    walk_tree(&domain->origin);
    if (!domain->dying) /* otherwise parts of it are gone already */
        check_free_slots(domain, free, sum);
}
