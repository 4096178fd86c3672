/* SPDX-License-Identifier: MPL-2.0 */
/* What runs where: queues of ready vCPUs with time left on each CPU, round robin among them. */
#ifndef EXO_CORE_SCHEDULE_H
#define EXO_CORE_SCHEDULE_H

#include "cpu.h"
#include "vcpu.h"

#define QUANTUM_NS 10000000ul

/* Queues it if it is ready, has a slice, and is neither queued nor on a CPU. */
void schedule_add(struct vcpu *vcpu);
/* Out of its queue; if it is on a CPU, that CPU is told to look again. */
void schedule_remove(struct vcpu *vcpu);
void schedule_move(struct vcpu *vcpu, uint32_t cpu);    /* its alarms, and where it will be queued */
void schedule_account(struct vcpu *vcpu);               /* the time it has used up to now; vcpu may be NULL */
uint64_t schedule_unaccounted(const struct vcpu *vcpu); /* ns it has run since it was accounted last */
void schedule_open(void);                               /* the first domain is complete: CPUs may run vCPUs */

#endif
