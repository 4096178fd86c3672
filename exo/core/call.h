/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A call: who makes it, and with what. Each call_NAME is decode, which checks everything and changes nothing, then apply,
 * which cannot fail. All but those in call.c's ladder run with the core lock held. Contracts: exo/include/exo/calls.h.
 */
#ifndef EXO_CORE_CALL_H
#define EXO_CORE_CALL_H

#include "machine.h"

struct domain;

struct call {
    struct vcpu *vcpu;
    struct domain *domain;
    uint64_t argument[6];
};

/* Linked in by test/invariant alone: looks at the core after each call, with the lock held. */
__attribute__((weak)) void core_watch(const struct vcpu *vcpu);

/* Each is a non-negative result or a negative enum exo_error. */
#define X(number, NAME, name, ...) long call_##name(const struct call *call);
#include <exo/calls.def>
#undef X

#endif
