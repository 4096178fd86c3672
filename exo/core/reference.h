/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Checked references: what privileged operations take instead of handles. Only the look-ups below make them, and these
 * check that the handle is live, of the right kind, and carries the rights. Their members are constant: a reference
 * cannot be pointed at something else afterwards. Valid while the core lock is held.
 *
 *     const struct space_ref space = space_lookup(call->domain, call->argument[0], EXO_W);
 *     if (space.error)
 *         return space.error;
 */
#ifndef EXO_CORE_REFERENCE_H
#define EXO_CORE_REFERENCE_H

#include "token.h"

/* What every look-up does. kind EXO_NONE: any. */
long token_find(const struct domain *domain, exo_handle handle, enum exo_kind kind, uint32_t rights,
                struct token **token);

struct token_ref {
    const long error; /* 0, or the negative error to return */
    struct token *const token;
};

struct frame_ref {
    const long error;
    struct token *const token;
    const uint64_t pfn, pages;
    const uint32_t rights;
};

struct range_ref { /* PORTS, IRQ */
    const long error;
    struct token *const token;
    const uint64_t base, count;
};

#define OBJECT_REF(kind)                                                                                       \
    struct kind##_ref {                                                                                        \
        const long error;                                                                                      \
        struct token *const token;                                                                             \
        struct kind *const kind;                                                                               \
    };
OBJECT_REF(domain)
OBJECT_REF(space)
OBJECT_REF(vcpu)
OBJECT_REF(slice)
#undef OBJECT_REF

struct event_ref {
    const long error;
    struct token *const token;
    struct vcpu *const vcpu;
    const uint32_t bit;
};

static inline struct token_ref token_lookup(const struct domain *domain, exo_handle handle, enum exo_kind kind,
                                            uint32_t rights)
{
    struct token *token;
    long error = token_find(domain, handle, kind, rights, &token);
    return (struct token_ref){error, error ? NULL : token};
}

static inline struct frame_ref frame_lookup(const struct domain *domain, exo_handle handle, uint32_t rights)
{
    struct token *token;
    long error = token_find(domain, handle, EXO_FRAME, rights, &token);
    if (error)
        return (struct frame_ref){error, NULL, 0, 0, 0};
    return (struct frame_ref){0, token, token->base, token->count, token->rights};
}

static inline struct range_ref range_lookup(const struct domain *domain, exo_handle handle, enum exo_kind kind,
                                            uint32_t rights)
{
    struct token *token;
    long error = token_find(domain, handle, kind, rights, &token);
    if (error)
        return (struct range_ref){error, NULL, 0, 0};
    return (struct range_ref){0, token, token->base, token->count};
}

#define OBJECT_LOOKUP(type, KIND)                                                                              \
    static inline struct type##_ref type##_lookup(const struct domain *domain, exo_handle handle,              \
                                                  uint32_t rights)                                             \
    {                                                                                                          \
        struct token *token;                                                                                   \
        long error = token_find(domain, handle, EXO_##KIND, rights, &token);                                   \
        return (struct type##_ref){error, error ? NULL : token, error ? NULL : token->object};                 \
    }
OBJECT_LOOKUP(domain, DOMAIN)
OBJECT_LOOKUP(space, SPACE)
OBJECT_LOOKUP(vcpu, VCPU)
OBJECT_LOOKUP(slice, SLICE)
#undef OBJECT_LOOKUP

static inline struct event_ref event_lookup(const struct domain *domain, exo_handle handle, uint32_t rights)
{
    struct token *token;
    long error = token_find(domain, handle, EXO_EVENT, rights, &token);
    if (error)
        return (struct event_ref){error, NULL, NULL, 0};
    return (struct event_ref){0, token, token->object, (uint32_t)token->bit};
}

#endif
