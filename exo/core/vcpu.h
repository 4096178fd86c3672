/* SPDX-License-Identifier: MPL-2.0 */
/*
 * vCPUs: execution contexts. Nothing in the vCPU page is trusted: the core reads `masked` and `pending` from it to decide
 * whether to deliver an upcall to that same vCPU, which can only hurt itself.
 *
 * Invariants
 *   A vCPU is in one place: on a CPU (on_cpu), in a queue of its slice's CPU (queued), or in neither. A READY one with a slice is
 *   in one of the first two. `cpu` is where, and means nothing otherwise.
 *   One that is BLOCKED, CALLING or SERVING is in no queue; it may be on a CPU from its call to the decision that follows it.
 *   slice->owner is who is bound to a slice (vcpu->own), slice->vcpu who runs in it (vcpu->slice): see gate.h.
 *   A vCPU that is not alive never gets onto a CPU; it may be on one until that CPU has answered the kick.
 *   page is NULL only for a vCPU that is neither alive nor on a CPU.
 */
#ifndef EXO_CORE_VCPU_H
#define EXO_CORE_VCPU_H

#include "alarm.h"
#include "machine.h"
#include "token.h"

enum vcpu_queue { QUEUE_NONE, QUEUE_READY, QUEUE_THROTTLED, QUEUE_BACKGROUND, QUEUE_HANDED };

struct vcpu {
    struct machine_vcpu machine; /* first: vcpu_machine */
    struct token origin;
    struct token page_token, slice_token; /* embedded below the tokens that gave the page and the slice */
    struct domain *domain;
    struct vcpu *next, **place; /* of the domain */
    struct space *space;        /* shared: written by the CPU that runs it, without the lock */
    struct exo_vcpu_page *page; /* the exokernel's alias */
    uint64_t page_pfn;
    uint64_t fpu_pfn[MACHINE_VCPU_PAGES];
    uint64_t event_entry;
    struct slice *slice;           /* that it runs in; NULL: it does not run */
    struct slice *own;             /* that it is bound to */
    struct vcpu *calling, *caller; /* whom it calls; whom it serves: see gate.h */
    bool stale;                    /* its caller waits for the end of what it does for nobody */
    uint32_t cpu;                  /* where it is on a CPU, or queued */
    uint32_t status;               /* enum exo_vcpu_status */
    bool on_cpu;
    enum vcpu_queue queued;
    struct vcpu *ready_next, **ready_place;
    struct alarm block_alarm, timer_alarm;
    uint64_t cpu_ns;
    uint32_t vector; /* of the fault that stopped it */
    uint64_t error, address, exit_status;
};
_Static_assert(offsetof(struct vcpu, machine) == 0, "vcpu_machine");
_Static_assert(sizeof(struct vcpu) <= EXO_PAGE_SIZE, "one frame");

#define VCPU_FRAMES (1 + MACHINE_VCPU_PAGES) /* of the pool, for each vCPU */

/* Can it run, now or later? */
static inline bool vcpu_alive(const struct vcpu *vcpu) { return vcpu->status <= EXO_VCPU_SERVING; }
static inline bool vcpu_pending(const struct vcpu *vcpu)
{
    return __atomic_load_n(&vcpu->page->pending, __ATOMIC_SEQ_CST) != 0;
}

/* Takes VCPU_FRAMES from the domain's pool. The page is a USER frame; page_parent: the token it comes from, or NULL. */
struct vcpu *vcpu_make(struct domain *domain, struct space *space, uint64_t page_pfn, struct token *page_parent,
                       uint64_t page_va, uint64_t number);
void vcpu_start(struct vcpu *vcpu, uint64_t rip, uint64_t rsp, uint64_t rdi);
/* Sets the bit, wakes it where it blocks, sees to it that a due upcall is delivered soon. */
void vcpu_ring(struct vcpu *vcpu, uint32_t bit);
void vcpu_wake(struct vcpu *vcpu);     /* where it blocks, or waits for calls in a slice of its own */
void vcpu_deadline(struct vcpu *vcpu); /* of blocking, or of a call: it has passed */
/* Stops it for good, as exited or faulted. If another CPU runs it, that one is kicked. */
void vcpu_stop(struct vcpu *vcpu, enum exo_vcpu_status status);
void vcpu_announce_end(struct vcpu *vcpu); /* rings who created the domain */
/* Its page was revoked. False: a CPU has not let go of it yet. */
bool vcpu_lose_page(struct vcpu *vcpu);
/* Frees a stopped vCPU that is on no CPU. False: call again. */
bool vcpu_dispose(struct vcpu *vcpu, struct domain *actor, struct work *work);

#endif
