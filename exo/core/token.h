/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Tokens: the tables that hold them, their derivation tree, and the look-ups that turn handles into checked references.
 *
 * Invariants
 *   A LIVE token is in the tree: its parent had all of its rights and range when it was made. Dropping a token hands
 *   its children to its parent, so everything derived from a token is found below it.
 *   A slot's generation changes whenever its token ends: a stale handle names nothing.
 *   A DOOMED token names nothing any more and is out of the tree; it stays in its slot until the mappings that rest
 *   on it are gone (revoke.c).
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

enum token_state { TOKEN_FREE, TOKEN_LIVE, TOKEN_DOOMED };

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
    struct token *parent, *child, *next, **place; /* DOOMED: next in the domain's list */
    uint64_t reserved;
};
_Static_assert(sizeof(struct token) == 64, "the entries of a page fill it");

#define TOKENS_PER_PAGE 64 /* the first entry is the page's header */
#define TOKEN_PAGES_MAX 256

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
struct domain *token_domain(const struct token *token);                  /* the holder; TOKEN_IN_TABLE only */
void token_free(struct token *token);                                    /* out of the tree already */
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
/* Takes a token of a table away; its children go to its parent. */
void token_drop(struct token *token);
/* The same, and what needs a token that names it ends with its last one. */
void token_forget(struct token *token);

/* --- derive.c: sending ---------------------------------------------------------------------------------------- */

/* 0 if a child of the token with these rights may be made in the domain's table; else -BAD_ARGUMENT, -DEAD, -NO_SLOT, -NO_POOL. */
long token_may_go(const struct token *token, const struct domain *to, uint64_t rights);
/* Makes it; move: the sender's token is dropped. */
exo_handle token_hand_on(struct token *token, struct domain *to, uint32_t rights, bool move);

/* --- revoke.c -------------------------------------------------------------------------------------------------- */

/* Ends everything below the token. `actor`: the domain whose own mappings need not end, since it revokes or is being
 * destroyed. False: call again. Finished only together with revoke_finish. */
bool token_end_below(struct token *root, struct domain *actor, struct work *work);
/* Takes away the mappings that rested on ended frame tokens, in all domains. False: call again. */
bool revoke_finish(struct work *work);
void revoke_forget(struct domain *domain); /* the domain is going away with all its mappings */

#endif
