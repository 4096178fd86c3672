/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Compile-time access control: the exo calls of calls.h for code whose tokens carry kind and rights in their C types.
 * A misuse does not compile (test/must-not-compile/ring3 has examples of each). At run time nothing is left of it: a typed
 * token is the handle. The check in the exokernel stays: types keep honest code right, the check keeps dishonest code out.
 *
 *   EXO_TOKEN(FRAME, EXO_R | EXO_W)   the type of a token; below are names for the usual ones. NULL: no token
 *   exo_space_map(space, maps, n)     each call with handles is a macro that checks its tokens and makes the call of calls.h
 *   exo_space_create(domain, &space)  a call that makes a token returns 0 or the error, which must be looked at, and puts the
 *                                     token in a variable of its kind, of the rights that the call gives or fewer; on failure
 *                                     the variable stays as it was
 *   exo_weaken(token, EXO_R)          the same token with fewer rights: the one way down
 *   exo_trust(FRAME, EXO_R, handle)   the one way in, for handles from outside: boot information, start page, messages
 *   EXO_MAP, EXO_BUFFER, exo_message_attach    fill in the structures that hold handles
 *
 * The type is a pointer to an array of unknown length, so that arithmetic on it does not compile, of arrays whose
 * length says kind and rights. Rights must be constant wherever they are given.
 */
#ifndef EXO_TYPED_H
#define EXO_TYPED_H

#include <exo/calls.h>

/* --- types ---------------------------------------------------------------------------------------------------------- */
struct exo_token {
    char unused;
};
#define EXO_TYPE(KIND, RIGHTS)  ((RIGHTS) & ~EXO_ALL ? -1 : EXO_##KIND * (EXO_ALL + 1) + (RIGHTS) + 1)
#define EXO_TOKEN(KIND, RIGHTS) __typeof__(struct exo_token(*)[][EXO_TYPE(KIND, RIGHTS)])

typedef EXO_TOKEN(DOMAIN,
                  EXO_ALL) exo_domain; /* without a suffix: as the call that makes it, or the boot, gives it */
typedef EXO_TOKEN(DOMAIN, EXO_R | EXO_W) exo_domain_rw;
typedef EXO_TOKEN(FRAME, EXO_ALL) exo_frame;
typedef EXO_TOKEN(FRAME, EXO_R | EXO_W | EXO_X) exo_frame_rwx;
typedef EXO_TOKEN(FRAME, EXO_R | EXO_W) exo_frame_rw;
typedef EXO_TOKEN(FRAME, EXO_R) exo_frame_r;
typedef EXO_TOKEN(SPACE, EXO_ALL) exo_space;
typedef EXO_TOKEN(SPACE, EXO_R | EXO_W | EXO_X) exo_space_rwx;
typedef EXO_TOKEN(SPACE, EXO_W) exo_space_w;
typedef EXO_TOKEN(SPACE, EXO_X) exo_space_x;
typedef EXO_TOKEN(VCPU, EXO_ALL) exo_vcpu;
typedef EXO_TOKEN(VCPU, EXO_R | EXO_W | EXO_X) exo_vcpu_rwx;
typedef EXO_TOKEN(SLICE, EXO_X | EXO_SEND | EXO_SPLIT | EXO_OWN) exo_slice;
typedef EXO_TOKEN(EVENT, EXO_W | EXO_SEND | EXO_SPLIT | EXO_OWN) exo_event;
typedef EXO_TOKEN(EVENT, EXO_W) exo_event_w;
typedef EXO_TOKEN(PORTS, EXO_ALL) exo_ports;
typedef EXO_TOKEN(PORTS, EXO_R | EXO_W) exo_ports_rw;
typedef EXO_TOKEN(IRQ, EXO_ALL) exo_irq;
typedef EXO_TOKEN(IRQ, EXO_X) exo_irq_x;
typedef EXO_TOKEN(MACHINE, EXO_ALL) exo_machine;
typedef EXO_TOKEN(MACHINE, EXO_W | EXO_X) exo_machine_wx;
typedef EXO_TOKEN(GATE, EXO_X | EXO_SEND | EXO_SPLIT | EXO_OWN) exo_gate;
typedef EXO_TOKEN(GATE, EXO_X) exo_gate_x;
typedef EXO_TOKEN(PCI, EXO_ALL) exo_pci;
typedef EXO_TOKEN(QUEUE, EXO_R | EXO_W | EXO_SEND | EXO_SPLIT | EXO_OWN) exo_queue;

/* --- what the macros are made of -------------------------------------------------------------------------------------- */
typedef EXO_TOKEN(NONE, 0) exo_none; /* what integers and untyped pointers count as */
#define EXO_AS_TOKEN(t)                                                                                        \
    _Generic((t), exo_handle: (exo_none)0, long: (exo_none)0, int: (exo_none)0, unsigned: (exo_none)0,         \
             void *: (exo_none)0, default: (t))
#define EXO_LENGTH(t)    sizeof(**EXO_AS_TOKEN(t))
#define EXO_KIND_OF(t)   ((EXO_LENGTH(t) - 1) / (EXO_ALL + 1))
#define EXO_RIGHTS_OF(t) ((EXO_LENGTH(t) - 1) & EXO_ALL)
#define EXO_IS_TOKEN(t)                                                                                        \
    (EXO_KIND_OF(t) != EXO_NONE &&                                                                             \
     __builtin_types_compatible_p(__typeof__(t), struct exo_token(*)[][EXO_LENGTH(t)]))
#define EXO_HAS(t, RIGHTS)      (!((RIGHTS) & ~EXO_RIGHTS_OF(t)))
#define EXO_IS(t, KIND, RIGHTS) (EXO_IS_TOKEN(t) && EXO_KIND_OF(t) == EXO_##KIND && EXO_HAS(t, RIGHTS))
#define EXO_IS_RANGE(t)         (EXO_IS(t, FRAME, 0) || EXO_IS(t, PORTS, 0) || EXO_IS(t, IRQ, 0) || EXO_IS(t, PCI, 0))

#define EXO_REFUSE(condition, call, text) _Static_assert(condition, "exo_" #call ": " text)
#define EXO_NEED(call, n, t, KIND, RIGHTS)                                                                     \
    EXO_REFUSE(EXO_IS(t, KIND, RIGHTS), call, "argument " #n " must be a " #KIND " token with " #RIGHTS)
#define EXO_NEED_ANY(call, n, t, RIGHTS)                                                                       \
    EXO_REFUSE(EXO_IS_TOKEN(t) && EXO_HAS(t, RIGHTS), call, "argument " #n " must be a token with " #RIGHTS)
#define EXO_NEED_TOKEN(call, n, t) EXO_REFUSE(EXO_IS_TOKEN(t), call, "argument " #n " must be a token")
#define EXO_NEED_FEWER(call, n, t, RIGHTS)                                                                     \
    EXO_REFUSE(EXO_HAS(t, RIGHTS), call, "argument " #n " must be rights that the token has")

/* Comes out as the value of `call`. */
#define EXO_CHECKED(refuse, call)                                                                              \
    ({                                                                                                         \
        refuse;                                                                                                \
        call;                                                                                                  \
    })
/* A call whose first argument is a token, or its first two are. */
#define EXO_ON(KIND, RIGHTS, call, t, ...)                                                                     \
    EXO_CHECKED(EXO_NEED(call, 1, t, KIND, RIGHTS), (exo_##call)(EXO_HANDLE(t), ##__VA_ARGS__))
#define EXO_ON_TWO(KIND, RIGHTS, KIND2, RIGHTS2, call, t, u, ...)                                              \
    EXO_CHECKED(EXO_NEED(call, 2, u, KIND2, RIGHTS2),                                                          \
                EXO_ON(KIND, RIGHTS, call, t, EXO_HANDLE(u), ##__VA_ARGS__))
/* A call that makes a token of the type of `given`: stores it in *out; the value is 0 or the error. */
#define EXO_MAKES(given, out, result)                                                                          \
    exo_error_of(({                                                                                            \
        _Static_assert(EXO_IS_TOKEN(*(out)) && EXO_KIND_OF(*(out)) == EXO_KIND_OF(given),                      \
                       "the last argument must point to a token of the kind that the call makes");             \
        _Static_assert(                                                                                        \
            EXO_HAS(given, EXO_RIGHTS_OF(*(out))),                                                             \
            "the last argument must point to a token with no rights but those that the call gives");           \
        long made_ = (result);                                                                                 \
        if (made_ >= 0)                                                                                        \
            *(out) = (__typeof__(*(out)))made_;                                                                \
        made_;                                                                                                 \
    }))
static inline __attribute__((warn_unused_result)) long exo_error_of(long result)
{
    return result < 0 ? result : 0;
}

/* --- between types ------------------------------------------------------------------------------------------------------ */
#define EXO_HANDLE(t) ((exo_handle)(t))
#define EXO_WITH(t, RIGHTS)                                                                                    \
    ((struct exo_token(*)[][EXO_KIND_OF(t) * (EXO_ALL + 1) + ((RIGHTS)&EXO_ALL) + 1]) EXO_HANDLE(t))
#define exo_weaken(t, RIGHTS)                                                                                  \
    EXO_CHECKED(EXO_NEED_TOKEN(weaken, 1, t); EXO_NEED_FEWER(weaken, 2, t, RIGHTS), EXO_WITH(t, RIGHTS))
#define exo_trust(KIND, RIGHTS, handle) ((struct exo_token(*)[][EXO_TYPE(KIND, RIGHTS)])exo_untyped(handle))
static inline exo_handle exo_untyped(exo_handle handle) { return handle; } /* refuses what is a token already */

/* --- structures that hold handles ----------------------------------------------------------------------------------------- */
_Static_assert(EXO_MAP_R == (int)EXO_R && EXO_MAP_W == (int)EXO_W && EXO_MAP_X == (int)EXO_X, "letters agree");
/* A struct exo_map; PROT within the frame token's rights. */
#define EXO_MAP(va, frame, offset, count, PROT)                                                                \
    EXO_CHECKED(EXO_REFUSE(EXO_HAS(frame, PROT), MAP, "argument 5 must be what the FRAME token permits"),      \
                EXO_MAP_COMPUTED(va, frame, offset, count, PROT))
/* The same where the protection is known at run time only: it is left to the exokernel's check. */
#define EXO_MAP_COMPUTED(va, frame, offset, count, prot)                                                       \
    EXO_CHECKED(EXO_REFUSE(EXO_IS(frame, FRAME, 0), MAP, "argument 2 must be a FRAME token"),                  \
                ((struct exo_map){va, EXO_HANDLE(frame), offset, count, prot}))
/* A struct exo_buffer. */
#define EXO_BUFFER(frame, offset, length, FLAGS, cookie)                                                       \
    EXO_CHECKED(EXO_REFUSE(EXO_IS(frame, FRAME, (FLAGS)&EXO_BUFFER_WRITE ? EXO_W : EXO_R), BUFFER,             \
                           "argument 1 must be a FRAME token with EXO_R, or EXO_W where the device writes"),   \
                ((struct exo_buffer){EXO_HANDLE(frame), offset, length, FLAGS, cookie}))
/* The token goes along with the message, with these rights. flags: 0 or EXO_MESSAGE_MOVE. */
#define exo_message_attach(message, sent, RIGHTS, flags)                                                       \
    EXO_CHECKED(EXO_NEED_ANY(message_attach, 2, sent, EXO_SEND);                                               \
                EXO_NEED_FEWER(message_attach, 3, sent, RIGHTS),                                               \
                exo_message_put(message, EXO_HANDLE(sent), (RIGHTS) | (flags)))
static inline void exo_message_put(struct exo_message *message, exo_handle token, uint32_t rights)
{
    message->token = token;
    message->rights = rights;
}

/* --- the calls, as in calls.h ----------------------------------------------------------------------------------------------- */
#define exo_token_derive(token, RIGHTS, offset, count, out)                                                    \
    EXO_MAKES(EXO_WITH(token, RIGHTS), out,                                                                    \
              EXO_CHECKED(EXO_NEED_ANY(token_derive, 1, token, EXO_SPLIT);                                     \
                          EXO_NEED_FEWER(token_derive, 2, token, RIGHTS),                                      \
                          (exo_token_derive)(EXO_HANDLE(token), RIGHTS, offset, count)))
/* *out is the receiver's: to be told to it, of no use in the caller's calls. */
#define exo_token_send(domain, token, RIGHTS, flags, out)                                                      \
    EXO_MAKES(EXO_WITH(token, RIGHTS), out,                                                                    \
              EXO_CHECKED(EXO_NEED_ANY(token_send, 2, token, EXO_SEND);                                        \
                          EXO_NEED_FEWER(token_send, 3, token, RIGHTS),                                        \
                          EXO_ON(DOMAIN, EXO_W, token_send, domain, EXO_HANDLE(token), RIGHTS, flags)))
#define exo_token_drop(token)                                                                                  \
    EXO_CHECKED(EXO_NEED_TOKEN(token_drop, 1, token), (exo_token_drop)(EXO_HANDLE(token)))
/* *out: the upper part, NULL where there is none. */
#define exo_token_give_back(token, offset, count, out)                                                         \
    EXO_MAKES(token, out,                                                                                      \
              EXO_CHECKED(EXO_REFUSE(EXO_IS_RANGE(token), token_give_back,                                     \
                                     "argument 1 must be a FRAME, PORTS, IRQ or PCI token"),                   \
                          (exo_token_give_back)(EXO_HANDLE(token), offset, count)))
#define exo_token_revoke(token)                                                                                \
    EXO_CHECKED(EXO_NEED_ANY(token_revoke, 1, token, EXO_OWN), (exo_token_revoke)(EXO_HANDLE(token)))
#define exo_token_recall(token, count, deadline_ns)                                                            \
    EXO_CHECKED(EXO_REFUSE((EXO_IS_RANGE(token) || EXO_IS(token, SLICE, 0)) && EXO_HAS(token, EXO_OWN),        \
                           token_recall,                                                                       \
                           "argument 1 must be a FRAME, PORTS, IRQ, PCI or SLICE token with EXO_OWN"),         \
                (exo_token_recall)(EXO_HANDLE(token), count, deadline_ns))
#define exo_token_info(token, info)                                                                            \
    EXO_CHECKED(EXO_NEED_TOKEN(token_info, 1, token), (exo_token_info)(EXO_HANDLE(token), info))
#define exo_log_write(machine, text, length)      EXO_ON(MACHINE, EXO_W, log_write, machine, text, length)
#define exo_domain_create(pool, out)              EXO_MAKES((exo_domain)0, out, EXO_ON(FRAME, EXO_OWN, domain_create, pool))
#define exo_domain_donate(domain, frame)          EXO_ON_TWO(DOMAIN, EXO_W, FRAME, EXO_OWN, domain_donate, domain, frame)
#define exo_domain_destroy(domain)                EXO_ON(DOMAIN, EXO_OWN, domain_destroy, domain)
#define exo_domain_info(domain, info)             EXO_ON(DOMAIN, EXO_R, domain_info, domain, info)
#define exo_space_create(domain, out)             EXO_MAKES((exo_space)0, out, EXO_ON(DOMAIN, EXO_W, space_create, domain))
#define exo_space_destroy(space)                  EXO_ON(SPACE, EXO_OWN, space_destroy, space)
#define exo_space_map(space, maps, n)             EXO_ON(SPACE, EXO_W, space_map, space, maps, n)
#define exo_space_unmap(space, va, pages)         EXO_ON(SPACE, EXO_W, space_unmap, space, va, pages)
#define exo_space_protect(space, va, pages, prot) EXO_ON(SPACE, EXO_W, space_protect, space, va, pages, prot)
#define exo_space_graft(to, from, slot, flags)                                                                 \
    EXO_ON_TWO(SPACE, EXO_W, SPACE, EXO_W, space_graft, to, from, slot, flags)
#define exo_space_share(to, from, va, pages)                                                                   \
    EXO_ON_TWO(SPACE, EXO_W, SPACE, EXO_R | EXO_W, space_share, to, from, va, pages)
#define exo_space_switch(space)                EXO_ON(SPACE, EXO_X, space_switch, space)
#define exo_space_query(space, va, entries, n) EXO_ON(SPACE, EXO_R, space_query, space, va, entries, n)
#define exo_vcpu_create(domain, space, page, page_va, number, out)                                             \
    EXO_MAKES((exo_vcpu)0, out,                                                                                \
              EXO_CHECKED(EXO_NEED(vcpu_create, 3, page, FRAME, EXO_R | EXO_W),                                \
                          EXO_ON_TWO(DOMAIN, EXO_W, SPACE, EXO_X, vcpu_create, domain, space,                  \
                                     EXO_HANDLE(page), page_va, number)))
#define exo_vcpu_entries(vcpu, syscall, fault, event)                                                          \
    EXO_ON(VCPU, EXO_W, vcpu_entries, vcpu, syscall, fault, event)
#define exo_vcpu_start(vcpu, rip, rsp, rdi) EXO_ON(VCPU, EXO_X, vcpu_start, vcpu, rip, rsp, rdi)
#define exo_vcpu_state(vcpu, state)         EXO_ON(VCPU, EXO_R, vcpu_state, vcpu, state)
#define exo_event_derive(vcpu, bit, out)                                                                       \
    EXO_MAKES((exo_event)0, out, EXO_ON(VCPU, EXO_W, event_derive, vcpu, bit))
#define exo_event_ring(event) EXO_ON(EVENT, EXO_W, event_ring, event)
#define exo_slice_create_flags(slice, cpu_set, budget_us, period_us, flags, out)                               \
    EXO_MAKES((exo_slice)0, out,                                                                               \
              EXO_ON(SLICE, EXO_SPLIT, slice_create_flags, slice, cpu_set, budget_us, period_us, flags))
#define exo_slice_create(slice, cpu_set, budget_us, period_us, out)                                            \
    EXO_MAKES((exo_slice)0, out, EXO_ON(SLICE, EXO_SPLIT, slice_create, slice, cpu_set, budget_us, period_us))
#define exo_slice_bind(vcpu, slice) EXO_ON_TWO(VCPU, EXO_X, SLICE, EXO_X, slice_bind, vcpu, slice)
#define exo_gate_create(vcpu, badge, out)                                                                      \
    EXO_MAKES((exo_gate)0, out, EXO_ON(VCPU, EXO_W, gate_create, vcpu, badge))
#define exo_gate_call(gate, message, limit_us)    EXO_ON(GATE, EXO_X, gate_call, gate, message, limit_us)
#define exo_irq_bind(irq, event)                  EXO_ON_TWO(IRQ, EXO_X, EVENT, EXO_W, irq_bind, irq, event)
#define exo_irq_unbind(irq)                       EXO_ON(IRQ, EXO_X, irq_bind, irq, 0)
#define exo_irq_ack(irq)                          EXO_ON(IRQ, EXO_X, irq_ack, irq)
#define exo_port_in(ports, offset, width)         EXO_ON(PORTS, EXO_R, port_in, ports, offset, width)
#define exo_port_out(ports, offset, width, value) EXO_ON(PORTS, EXO_W, port_out, ports, offset, width, value)
#define exo_port_write(ports, offset, bytes, n)   EXO_ON(PORTS, EXO_W, port_write, ports, offset, bytes, n)
/* pci_config and pci_attach by what they do: each needs rights of its own. */
#define exo_pci_config(pci, offset, width, value, write)                                                       \
    EXO_CHECKED(EXO_REFUSE(0, pci_config, "say exo_pci_read or exo_pci_write"), 0)
#define exo_pci_read(pci, offset, width)         EXO_ON(PCI, EXO_R, pci_config, pci, offset, width, 0, 0)
#define exo_pci_write(pci, offset, width, value) EXO_ON(PCI, EXO_W, pci_config, pci, offset, width, value, 1)
#define exo_pci_attach(pci, space, slot)         EXO_ON_TWO(PCI, EXO_X, SPACE, EXO_W, pci_attach, pci, space, slot)
#define exo_pci_detach(pci)                      EXO_ON(PCI, EXO_X, pci_attach, pci, 0, 0)
#define exo_queue_create(pci, index, frame, out)                                                               \
    EXO_MAKES((exo_queue)0, out,                                                                               \
              EXO_CHECKED(EXO_NEED(queue_create, 3, frame, FRAME, EXO_OWN),                                    \
                          EXO_ON(PCI, EXO_X, queue_create, pci, index, EXO_HANDLE(frame))))
#define exo_queue_transfer(queue, buffers, n, done, m)                                                         \
    EXO_ON(QUEUE, EXO_W, queue_transfer, queue, buffers, n, done, m)
#define exo_machine_power(machine, action) EXO_ON(MACHINE, EXO_X, machine_power, machine, action)

#endif
