/* SPDX-License-Identifier: MPL-2.0 */
/* What the cases have at hand: a token of each kind, with all that the call which makes it gives, and weaker ones. */
#ifndef GIVEN_H
#define GIVEN_H

#include <exo/boot.h>
#include <exo/typed.h>
#include <stddef.h>

extern exo_domain domain;
extern exo_frame frame;
extern exo_frame_rwx frame_rwx;
extern exo_frame_rw frame_rw;
extern exo_frame_r frame_r;
extern exo_space space;
extern exo_space_w space_w;
extern exo_space_x space_x;
extern exo_vcpu vcpu;
extern exo_slice slice;
extern exo_event event;
extern exo_ports ports;
extern exo_irq irq;
extern exo_machine machine;
extern exo_gate gate;
extern exo_pci pci;
extern exo_queue queue;
extern exo_handle handle; /* of anything */
extern struct exo_map maps[2];
extern struct exo_message message;
extern uint64_t number;

/* The twin says what is right, the case what is wrong. */
#ifdef TWIN
#define RIGHT_WRONG(right, wrong) right
#else
#define RIGHT_WRONG(right, wrong) wrong
#endif

long test(void);

#endif
