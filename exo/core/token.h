/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Tokens: the tables that hold them, their derivation tree, and the look-ups that turn handles into checked references.
 *
 * Invariants
 *   A LIVE token is in the tree: its parent has all of its rights and range. Dropping a token hands its children to its
 *   parent, so everything derived from a token is found below it.
 *   A slot's generation grows whenever its token ends: a stale handle names nothing. A slot that had the last generation is
 *   not used again.
 *   A frame token leaves its table only after its range was noted as lost (revoke.c), unless its parent is in the
 *   same table.
 *
 * Besides the tokens in tables there are embedded ones. An object's `origin` is the ancestor of all tokens that name
 * it. Uses that must end with a token (a vCPU's page, its slice, both ends of an interrupt binding) are embedded
 * tokens below it, so that revoking finds them like everything else.
 */
#ifndef EXO_CORE_TOKEN_H
#define EXO_CORE_TOKEN_H

#include "machine.h"
#include "work.h"

struct domain;
struct slice;

enum token_state { TOKEN_FREE, TOKEN_LIVE };

enum token_role {
    TOKEN_IN_TABLE,
    TOKEN_ORIGIN,     /* embedded in the object that it names */
    TOKEN_VCPU_PAGE,  /* object: the vCPU whose page is the frame */
    TOKEN_VCPU_SLICE, /* object: the vCPU that runs in the slice */
    TOKEN_IRQ_LINE,   /* object: the line's binding (irq.c) */
    TOKEN_IRQ_EVENT,
    TOKEN_PCI_FUNCTION, /* object: the attachment of a function to a space (device/pci.c) */
    TOKEN_PCI_SPACE,
    TOKEN_QUEUE_RING, /* object: the queue whose ring the frames are (device/queue.c) */
};

struct token {
    uint32_t generation;
    uint8_t kind;   /* enum exo_kind */
    uint8_t rights; /* enum exo_right */
    uint8_t state;  /* enum token_state. Shared: space_switch reads it without the lock */
    uint8_t role;
    union {
        struct {
            uint64_t base, count; /* FRAME: pfn, pages; PORTS, IRQ, PCI: first number, how many */
        };
        struct {
            void *object; /* DOMAIN, SPACE, VCPU, SLICE, QUEUE: it; EVENT, GATE: its vCPU; MACHINE: NULL */
            uint64_t bit; /* EVENT; GATE: the badge */
        };
        uint64_t next_free; /* FREE: slot number */
    };
    struct token *parent, *child, *next, **place;
    uint32_t recall; /* the recall of it that is under way: its number among its domain's, from 1; 0: none */
    uint32_t batch;  /* while a revocation of it waits for lost ranges: revoke_batch(); 0: none */
};
_Static_assert(sizeof(struct token) == 64, "the entries of a page fill it");

#define TOKENS_PER_PAGE 64  /* the first entry is the page's header */
#define TOKEN_PAGES_MAX 256 /* limits a domain to 16,128 tokens */
#define GENERATION_LAST UINT32_MAX

union token_entry {
    struct token token;
    struct {
        struct domain *domain;
        uint64_t index;
    } header;
};

struct token_page {
    union token_entry entry[TOKENS_PER_PAGE];
};
_Static_assert(sizeof(struct token_page) == EXO_PAGE_SIZE, "one frame");

/* --- tables ------------------------------------------------------------------------------------------------ */

/* 0 when the domain has room for one more token and its pool for `frames` frames besides; else -NO_SLOT or -NO_POOL. */
long token_room(const struct domain *domain, uint64_t frames);
/* Makes a token below `parent` (NULL: none). Cannot fail after token_room. Of what: base and count of a range; or an
 * object, and an event's bit. */
exo_handle token_make(struct domain *domain, enum exo_kind kind, uint32_t rights, uint64_t base, uint64_t count,
                      struct token *parent);
static inline exo_handle token_make_object(struct domain *domain, enum exo_kind kind, uint32_t rights,
                                           void *object, struct token *parent)
{
    return token_make(domain, kind, rights, (uint64_t)object, 0, parent);
}
struct domain *token_domain(const struct token *token); /* the holder; TOKEN_IN_TABLE only */
exo_handle token_handle(const struct token *token);
void token_free(struct token *token); /* takes it out of the tree and its slot back; it has no children */
struct token *token_in_slot(const struct domain *domain, uint64_t slot); /* NULL: no such slot */

static inline bool token_is_range(enum exo_kind kind)
{
    return kind == EXO_FRAME || kind == EXO_PORTS || kind == EXO_IRQ || kind == EXO_PCI;
}

/* --- the tree ------------------------------------------------------------------------------------------------ */

void token_link(struct token *token, struct token *parent);
void token_unlink(struct token *token); /* it has no children */
void token_embed(struct token *token, enum token_role role, enum exo_kind kind, void *object,
                 struct token *parent);
/* derive.c. 0 if a child of the token with these rights may be made in the domain's table; else -BAD_ARGUMENT, -DEAD, -NO_SLOT, -NO_POOL. */
long token_may_go(const struct token *token, const struct domain *to, uint64_t rights);
/* derive.c. The sender is about to lose the token: what that takes away may be taken away already when the call fails. False: call again. */
bool token_make_movable(struct token *token, struct work *work);
/* derive.c. Makes that child; move: the sender's token, which was made movable, goes. */
exo_handle token_hand_on(struct token *token, struct domain *to, uint32_t rights, bool move);
void token_lift(struct token *token); /* to below its parent's parent; the parent is about to go */
/* Hands its children to its parent. False: call again. */
bool token_hand_up(struct token *token, struct work *work);
/* revoke.c: a token of that kind that named the object is gone: what needs one that names it ends with the last. */
void token_reap(enum exo_kind kind, void *object);
/* How much it names: what a recall counts. */
static inline uint64_t token_units(const struct token *token)
{
    return token_is_range(token->kind) ? token->count : 1;
}
/* Does its parent, in the same table, permit all that it does? */
bool token_covered(const struct token *token);
/* A range token names less from now on, at least 1 unit. */
void token_shrink(struct token *token, uint64_t base, uint64_t count);

/* --- revoke.c -------------------------------------------------------------------------------------------------- */

/* Ends everything below the token. `actor`: the domain whose own mappings need not end, since it revokes or is being
 * destroyed. False: call again. The mappings are gone only when revoke_finish is through as well. */
bool token_end_below(struct token *root, struct domain *actor, struct work *work);
/* Ends all tokens of an object, `last` (the caller's, a direct child of origin) after all others. */
bool token_end_names(struct token *origin, struct token *last, struct domain *actor, struct work *work);
/* Ends one without children, embedded ones with the use that they stand for. False: call again. */
bool token_end(struct token *token, struct domain *actor, struct work *work);

/* Notes that the domain has lost its right to these frames (NULL: nobody has, but others' mappings of them in foreign spaces
 * end), just before its token ends. False: earlier ones must go first, call again. */
bool revoke_lose(struct domain *loser, uint64_t base, uint64_t count, struct work *work);
/* Takes away the mappings that lost ranges leave without a token, in all domains. False: call again. */
bool revoke_finish(struct work *work);
/* Finishes a walk that is in the midst of the domain's spaces. False: call again. */
bool revoke_is_outside(const struct domain *domain, struct work *work);
uint32_t revoke_batch(void);       /* what was noted up to now is gone when... */
bool revoke_is_lost(uint64_t pfn); /* waits for a walk to take it away */
bool revoke_done(uint32_t batch, struct work *work);
struct space;
void revoke_host(struct space *space, uint64_t pfn, uint64_t pages); /* another domain maps them there */
/* The space is about to get mappings: a walk through its domain goes on by more than these. */
void revoke_keep_ahead(const struct space *space);
void revoke_forget(struct domain *domain); /* it goes away with all its mappings */

#endif
