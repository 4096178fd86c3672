/* SPDX-License-Identifier: MPL-2.0 */
/* Token tables and the derivation tree. */
#include "token.h"
#include "domain.h"
#include "list.h"
#include "lock.h"
#include "recall.h"
#include "reference.h"

static struct token_page *page_of(const struct token *token)
{
    return (struct token_page *)((uintptr_t)token & ~(EXO_PAGE_SIZE - 1));
}

struct domain *token_domain(const struct token *token) { return page_of(token)->entry[0].header.domain; }

static uint64_t slot_of(const struct token *token)
{
    const struct token_page *page = page_of(token);
    return page->entry[0].header.index * TOKENS_PER_PAGE +
           (uint64_t)((const union token_entry *)token - page->entry);
}

exo_handle token_handle(const struct token *token)
{
    return (uint64_t)token->generation << 32 | slot_of(token);
}

struct token *token_in_slot(const struct domain *domain, uint64_t slot)
{
    if (slot >= TOKENS_PER_PAGE * TOKEN_PAGES_MAX || slot % TOKENS_PER_PAGE == 0)
        return NULL;
    struct token_page *page = load_shared(domain->token_page[slot / TOKENS_PER_PAGE]);
    return page == NULL ? NULL : &page->entry[slot % TOKENS_PER_PAGE].token;
}

long token_find(const struct domain *domain, exo_handle handle, enum exo_kind kind, uint32_t rights,
                struct token **result)
{
    struct token *token = token_in_slot(domain, (uint32_t)handle);
    if (token == NULL || token->state != TOKEN_LIVE || token->generation != handle >> 32)
        return -EXO_E_BAD_HANDLE;
    if (kind != EXO_NONE && token->kind != kind)
        return -EXO_E_BAD_KIND;
    if ((token->rights & rights) != rights)
        return -EXO_E_NO_RIGHT;
    *result = token;
    return 0;
}

/* --- tables ---------------------------------------------------------------------------------------------- */

long token_room(const struct domain *domain, uint64_t frames)
{
    if (domain->free_slots == 0) {
        if (domain->token_pages == TOKEN_PAGES_MAX)
            return -EXO_E_NO_SLOT;
        frames++;
    }
    return domain->pool_free >= frames ? 0 : -EXO_E_NO_POOL;
}

static void put_free(struct domain *domain, struct token *token)
{
    token->next_free = domain->free_slot;
    domain->free_slot = slot_of(token);
    domain->free_slots++;
}

static void grow_table(struct domain *domain)
{
    struct token_page *page = machine_frame(pool_take(domain));
    page->entry[0].header.domain = domain;
    page->entry[0].header.index = domain->token_pages;
    store_shared(domain->token_page[domain->token_pages], page);
    domain->token_pages++;
    for (unsigned i = TOKENS_PER_PAGE; i-- > 1;) {
        page->entry[i].token.generation = 1;
        put_free(domain, &page->entry[i].token);
    }
}

exo_handle token_make(struct domain *domain, enum exo_kind kind, uint32_t rights, uint64_t base, uint64_t count,
                      struct token *parent)
{
    if (domain->free_slots == 0)
        grow_table(domain);
    struct token *token = token_in_slot(domain, domain->free_slot);
    domain->free_slot = token->next_free;
    domain->free_slots--;
    domain->tokens++;
    token->kind = kind;
    token->rights = (uint8_t)rights;
    token->role = TOKEN_IN_TABLE;
    token->base = base; /* or the object, which shares its place */
    token->count = count;
    token->child = NULL;
    token->recall = token->batch = 0;
    token_link(token, parent);
    store_shared(token->state, TOKEN_LIVE);
    return token_handle(token);
}

void token_free(struct token *token)
{
    token_unlink(token);
    struct domain *domain = token_domain(token);
    if (token->recall != 0)
        recall_end(token);
    domain->tokens--;
    store_shared(token->state, TOKEN_FREE);
    if (token->generation == GENERATION_LAST)
        return; /* one more would begin again with handles that somebody may have kept */
    store_shared(token->generation, token->generation + 1);
    put_free(domain, token);
}

/* --- the tree -------------------------------------------------------------------------------------------- */

void token_link(struct token *token, struct token *parent)
{
    token->parent = parent;
    if (parent == NULL)
        return;
    LIST_INSERT(parent->child, token);
    if (parent->recall != 0)
        recall_count(token, -(int64_t)token_units(token));
}

void token_unlink(struct token *token)
{
    if (token->parent == NULL)
        return;
    if (token->parent->recall != 0)
        recall_count(token, (int64_t)token_units(token));
    LIST_REMOVE(token);
    token->parent = NULL;
}

void token_embed(struct token *token, enum token_role role, enum exo_kind kind, void *object,
                 struct token *parent)
{
    token->role = role;
    token->kind = kind;
    token->state = TOKEN_LIVE;
    token->rights = 0;
    token->object = object;
    token->child = NULL;
    token_link(token, parent);
}

void token_lift(struct token *token)
{
    struct token *parent = token->parent;
    if (parent->recall != 0)
        recall_end(parent); /* it goes away, and what it lent out is not back */
    token_unlink(token);
    token_link(token, parent->parent);
}

bool token_hand_up(struct token *token, struct work *work)
{
    for (struct token *child; (child = token->child) != NULL;) {
        if (!work_spend(work, 1))
            return false;
        token_lift(child);
    }
    return true;
}

bool token_covered(const struct token *token)
{
    const struct token *parent = token->parent;
    return parent != NULL && parent->role == TOKEN_IN_TABLE && token_domain(parent) == token_domain(token);
}

void token_shrink(struct token *token, uint64_t base, uint64_t count)
{
    if (token->parent != NULL && token->parent->recall != 0)
        recall_count(token, (int64_t)(token->count - count));
    token->base = base;
    token->count = count;
}
