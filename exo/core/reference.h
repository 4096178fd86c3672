/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Checked references: what privileged operations take instead of handles. In a call:
 *
 *     NEED(space, to, 0, EXO_W);                    argument 0 must be a SPACE token with EXO_W, or the call returns why not
 *     if (to.space->dying) ...                      decode: whoever has a reference may look (its pointers are to const)
 *     edit_unmap(MAY(to, EXO_W), ...);              apply: to act, say which right allows it
 *     token_embed(..., BELOW(page, EXO_R));         what is made below its token, by which right
 *
 * MAY and BELOW do not compile unless NEED looked the name up in the same function with at least these rights: the rights are
 * the length of an array type that NEED declares, of a type whose name is poisoned below, so that nothing else can. What
 * a domain does with its own memory needs no reference; what it does to an object that it named does. Costs nothing at run time.
 * Valid while the core lock is held.
 */
#ifndef EXO_CORE_REFERENCE_H
#define EXO_CORE_REFERENCE_H

#include "token.h"

/* What every look-up does. kind EXO_NONE: any. */
long token_find(const struct domain *domain, exo_handle handle, enum exo_kind kind, uint32_t rights,
                struct token **token);

/* `object` is for MAY alone, `token` for BELOW. */
#define REFERENCE(name, type, ...)                                                                             \
    struct name##_ref {                                                                                        \
        const long error; /* 0, or the negative error to return */                                             \
        const struct token *const token;                                                                       \
        type *const sealed_object;                                                                             \
        __VA_ARGS__                                                                                            \
    };

#define LOOKUP(name, KIND, ...)                                                                                \
    static inline struct name##_ref name##_lookup(const struct domain *domain, exo_handle handle,              \
                                                  uint32_t rights)                                             \
    {                                                                                                          \
        struct token *token;                                                                                   \
        long error = token_find(domain, handle, EXO_##KIND, rights, &token);                                   \
        if (error)                                                                                             \
            return (struct name##_ref){.error = error};                                                        \
        return (struct name##_ref){0, token, __VA_ARGS__};                                                     \
    }

struct queue;
REFERENCE(token, struct token)
REFERENCE(machine, void)
REFERENCE(domain, struct domain, const struct domain *const domain;)
REFERENCE(space, struct space, const struct space *const space;)
REFERENCE(vcpu, struct vcpu, const struct vcpu *const vcpu;)
REFERENCE(slice, struct slice, const struct slice *const slice;)
REFERENCE(event, struct vcpu, const struct vcpu *const vcpu; const uint32_t bit;)
REFERENCE(frame, const void, const uint64_t pfn, pages; const uint32_t rights;)
REFERENCE(ports, const void, const uint64_t base, count;)
REFERENCE(irq, const void, const uint64_t base, count;)
REFERENCE(gate, struct vcpu, const struct vcpu *const server; const uint64_t badge;)
REFERENCE(pci, const void, const uint64_t base, count;)
REFERENCE(queue, struct queue, const struct queue *const queue;)

LOOKUP(token, NONE, token)
LOOKUP(machine, MACHINE, NULL)
LOOKUP(domain, DOMAIN, token->object, token->object)
LOOKUP(space, SPACE, token->object, token->object)
LOOKUP(vcpu, VCPU, token->object, token->object)
LOOKUP(slice, SLICE, token->object, token->object)
LOOKUP(event, EVENT, token->object, token->object, (uint32_t)token->bit)
LOOKUP(frame, FRAME, NULL, token->base, token->count, token->rights)
LOOKUP(ports, PORTS, NULL, token->base, token->count)
LOOKUP(irq, IRQ, NULL, token->base, token->count)
LOOKUP(gate, GATE, token->object, token->object, token->bit)
LOOKUP(pci, PCI, NULL, token->base, token->count)
LOOKUP(queue, QUEUE, token->object, token->object)

/* Only NEED makes one of these: an array type as long as the rights that were checked, and one more. */
struct checked_rights {
    char unit;
};

/* The first statements of a call: what it needs, or the error is its result. */
#define NEED(kind, name, index, rights)                                                                        \
    const struct kind##_ref name = kind##_lookup(call->domain, call->argument[index], rights);                 \
    struct checked_rights(*const name##_is_checked)[(rights) + 1] = NULL;                                      \
    (void)name##_is_checked;                                                                                   \
    if (name.error)                                                                                            \
    return name.error
#define NEED_OK(check)                                                                                         \
    do {                                                                                                       \
        long error_ = (check);                                                                                 \
        if (error_)                                                                                            \
            return error_;                                                                                     \
    } while (0)

#define ASSERT_CHECKED(name, rights)                                                                           \
    _Static_assert(__builtin_types_compatible_p(__typeof__((*name##_is_checked)[0]), struct checked_rights),   \
                   "this is no checked reference: only NEED makes one");                                       \
    _Static_assert(((sizeof *name##_is_checked - 1) & (rights)) == (rights),                                   \
                   "the reference was not checked for the rights that this takes")
/* The reference's object, to act on. */
#define MAY(name, rights)                                                                                      \
    ({                                                                                                         \
        ASSERT_CHECKED(name, rights);                                                                          \
        (name).sealed_object;                                                                                  \
    })
/* The first frame of a FRAME reference, to act on the extent. */
#define EXTENT(name, rights)                                                                                   \
    ({                                                                                                         \
        ASSERT_CHECKED(name, rights);                                                                          \
        (name).pfn;                                                                                            \
    })
/* The reference's token, to make something below it. */
#define BELOW(name, rights)                                                                                    \
    ({                                                                                                         \
        ASSERT_CHECKED(name, rights);                                                                          \
        (struct token *)(name).token;                                                                          \
    })

#pragma GCC poison sealed_object checked_rights
#pragma GCC diagnostic error "-Wdiscarded-qualifiers"
#pragma GCC diagnostic error "-Wincompatible-pointer-types"

#endif
