/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Checked references: what privileged operations take instead of handles. Only the look-ups below make them, and these
 * check that the handle is live, of the right kind, and carries the rights. Their members are constant: a reference
 * cannot be pointed at something else afterwards. Valid while the core lock is held. In a call:
 *
 *     NEED(space, to, 0, EXO_W);    argument 0 must be a SPACE token with EXO_W: struct space_ref to, or return
 */
#ifndef EXO_CORE_REFERENCE_H
#define EXO_CORE_REFERENCE_H

#include "token.h"

/* What every look-up does. kind EXO_NONE: any. */
long token_find(const struct domain *domain, exo_handle handle, enum exo_kind kind, uint32_t rights,
                struct token **token);

#define REFERENCE(name, ...)                                                                                   \
    struct name##_ref {                                                                                        \
        const long error; /* 0, or the negative error to return */                                             \
        struct token *const token;                                                                             \
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

REFERENCE(token)
REFERENCE(machine)
REFERENCE(domain, struct domain *const domain;)
REFERENCE(space, struct space *const space;)
REFERENCE(vcpu, struct vcpu *const vcpu;)
REFERENCE(slice, struct slice *const slice;)
REFERENCE(event, struct vcpu *const vcpu; const uint32_t bit;)
REFERENCE(frame, const uint64_t pfn, pages; const uint32_t rights;)
REFERENCE(ports, const uint64_t base, count;)
REFERENCE(irq, const uint64_t base, count;)
REFERENCE(gate, struct vcpu *const server; const uint64_t badge;)
REFERENCE(pci, const uint64_t base, count;)
REFERENCE(queue, struct queue *const queue;)

LOOKUP(token, NONE)
LOOKUP(machine, MACHINE)
LOOKUP(domain, DOMAIN, token->object)
LOOKUP(space, SPACE, token->object)
LOOKUP(vcpu, VCPU, token->object)
LOOKUP(slice, SLICE, token->object)
LOOKUP(event, EVENT, token->object, (uint32_t)token->bit)
LOOKUP(frame, FRAME, token->base, token->count, token->rights)
LOOKUP(ports, PORTS, token->base, token->count)
LOOKUP(irq, IRQ, token->base, token->count)
LOOKUP(gate, GATE, token->object, token->bit)
LOOKUP(pci, PCI, token->base, token->count)
LOOKUP(queue, QUEUE, token->object)

/* The first statements of a call: what it needs, or the error is its result. */
#define NEED(kind, name, index, rights)                                                                        \
    const struct kind##_ref name = kind##_lookup(call->domain, call->argument[index], rights);                 \
    if (name.error)                                                                                            \
    return name.error
#define NEED_OK(check)                                                                                         \
    do {                                                                                                       \
        long error_ = (check);                                                                                 \
        if (error_)                                                                                            \
            return error_;                                                                                     \
    } while (0)

#endif
