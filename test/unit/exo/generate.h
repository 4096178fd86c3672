/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Sequences of calls by several domains on several CPUs, with interrupts, faults and time in between. What
 * comes next is asked of a source of choices: a random one (random.c) or the bytes of a fuzzer's input
 * (test/fuzz).
 */
#ifndef GENERATE_H
#define GENERATE_H

#include "fake_machine.h"

#define GENERATE_CPUS 3

extern uint64_t (*generate_below)(uint64_t n); /* the source: a number below n */

/* Boots, and makes three domains besides the first, each with a vCPU that runs on a CPU of its own. The
 * first domain's largest token names most_frames. */
void generate_boot(uint64_t most_frames, uint64_t guest_frames);
/* One call or none by whatever runs on one of the CPUs, and what happens beside it. */
void generate_step(void);
unsigned
generate_owner(const struct domain
                   *domain); /* a small number by which a trace names it; 0: the first domain, or unknown */

#endif
