/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Gates: protected control transfer between domains. A call links two vCPUs and moves the caller's slice to the server; there is
 * no other object, and no queue.
 *
 * Invariants
 *   A vCPU is CALLING exactly while `calling` is set, and a->calling == b exactly while b->caller == a. These links form chains
 *   of at most GATE_DEPTH calls; a vCPU is in at most one.
 *   The first of a chain has a slice of its own, and the last one, its runner, runs in that: first->own->vcpu is the runner, and
 *   runner->slice is first->own. All others of the chain have no `slice`; an `own` that they may have rests (own->vcpu is NULL).
 *   A vCPU in no call runs in its own slice, or in none.
 *   A SERVING vCPU has no caller. A READY one without any slice was left behind: its caller, or its time, went away.
 *   A call is `stale` while its server still works for one that went away: the message waits in the caller's registers.
 */
#ifndef EXO_CORE_GATE_H
#define EXO_CORE_GATE_H

#include "vcpu.h"

#define GATE_DEPTH 8 /* calls that lend the same slice on */

/* Ends the call that the vCPU is in with -error (0: it is answered): it has its slice again, and the server goes on alone. */
void gate_end(struct vcpu *caller, enum exo_error error);
/* The vCPU, in no call of another, begins to run in its own slice, or whoever serves it; without one, its calls end with NO_TIME. */
void gate_run_alone(struct vcpu *vcpu);

#endif
