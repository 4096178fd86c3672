/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Slices: owned CPU time, one budget per period on a set of CPUs. Admission is by splitting: a new slice's share is taken, on each
 * CPU of its set, from the slice that it is made of, so that the shares on a CPU never add up to more than all of it. The boot
 * slice begins with all of every CPU; its vCPU begins on CPU 0, and runs also in time that nobody else uses there.
 *
 * Invariants
 *   `cpu` is in cpu_set; who runs in the slice runs there and nowhere else. The budget is what the slice has of that CPU. While
 *   nothing of it runs it may move to another CPU of the set on which it has as much: so it uses nowhere more than its share.
 *   `vcpu` runs in it: its owner, or whoever works for that one (gate.h).
 *
 * A slice ends when no token names it and no vCPU runs in it, or when what it was split from is revoked. Then its share
 * goes back. Its structure is a frame of the pool of the domain that made it.
 */
#ifndef EXO_CORE_SLICE_H
#define EXO_CORE_SLICE_H

#include "alarm.h"
#include "token.h"

#define SLICE_DEPTH_MAX 64
#define SHARE_ALL       1000000000u /* shares are parts of 10^9 */
#define SLICE_WARN_NS   100000ul    /* EXO_PENDING_SLICE comes this long before the budget ends */
#define SLICE_LEAST_NS  1000        /* less than this is not worth a switch */

struct slice {
    struct token origin; /* below the token of `source` that it was split off */
    struct domain *domain;
    struct slice *next, **place; /* of the domain */
    struct slice *source;        /* NULL: the boot slice */
    struct vcpu *owner;          /* bound to it; NULL: none */
    struct vcpu *vcpu;           /* runs in it; NULL: none */
    uint32_t depth;              /* slices split off slices */
    uint32_t cpu;                /* where */
    uint64_t cpu_set;
    uint32_t share[EXO_CPUS_MAX]; /* what is left of each CPU in its set */
    uint64_t period_ns, period_start;
    int64_t remaining_ns; /* of this period; less than 0: overrun, charged to the next */
    bool warned, slack;
    struct alarm refill;
};
_Static_assert(sizeof(struct slice) <= EXO_PAGE_SIZE, "one frame");

struct slice *slice_make_boot(struct domain *domain); /* takes a frame of the pool */
void slice_bind(struct slice *slice, struct vcpu *vcpu, struct token *through);
void slice_unbind(struct vcpu *vcpu); /* from whatever slice it has */
void slice_leave(struct vcpu *vcpu);  /* the same, and the slice ends if nobody has it any more */
void slice_reap(struct slice *slice); /* ends it if nobody has it any more */
void slice_end(struct slice *slice);  /* no token names it */

static inline bool slice_endless(const struct slice *slice) { return slice->share[slice->cpu] == SHARE_ALL; }
static inline uint64_t slice_budget(const struct slice *slice)
{
    return slice->period_ns * slice->share[slice->cpu] / SHARE_ALL;
}
void slice_charge(struct slice *slice, uint64_t used_ns,
                  uint64_t now); /* and begin a new period if it is time */
bool slice_has_time(struct slice *slice, uint64_t now);
static inline uint64_t slice_refill_at(const struct slice *slice)
{
    return slice->period_start + slice->period_ns;
}

#endif
