/* SPDX-License-Identifier: MPL-2.0 */
/* What runs where: queues of ready vCPUs with time left on each CPU, round robin among them. */
#ifndef EXO_CORE_SCHEDULE_H
#define EXO_CORE_SCHEDULE_H

#include "cpu.h"
#include "vcpu.h"

#define QUANTUM_NS 10000000ul

/* Queues it if it is ready, has a slice, and is neither queued nor on a CPU. */
void schedule_add(struct vcpu *vcpu);
/* The same, but where what runs on this CPU ran in its slice, it runs here next, in what is left of the turn. */
void schedule_hand_over(struct vcpu *vcpu);
void schedule_again(void); /* what runs on this CPU may have to leave it */
/* Out of its queue; if it is on a CPU, that CPU is told to look again. */
void schedule_remove(struct vcpu *vcpu);
void schedule_account(struct cpu *cpu, uint64_t now);   /* the time that what runs there has used */
uint64_t schedule_unaccounted(const struct vcpu *vcpu); /* ns it has run since it was accounted last */
void schedule_open(void);                               /* the first domain is complete: CPUs may run vCPUs */

#endif
