/* SPDX-License-Identifier: MPL-2.0 */
/* What the core keeps for each CPU: what runs there, what could, and what it waits for. */
#ifndef EXO_CORE_CPU_H
#define EXO_CORE_CPU_H

#include "machine.h"

struct vcpu_list {
    struct vcpu *first, **end;
};

struct cpu {
    struct vcpu *running; /* NULL: idle. Written by this CPU, with the lock */
    struct slice *slice;  /* that its time is charged to; NULL: nobody's, or it ended meanwhile, or idle */
    struct vcpu *handed;  /* what runs gave its slice to this one, which runs next */
    struct space *loaded; /* shared: what is in its page-table register; an idle CPU keeps the last one */
    bool switching;       /* shared: inside the part of space_switch without the lock */
    bool reschedule;      /* shared: core_next must decide anew */
    bool evict;           /* must leave `loaded`, as it goes away */
    bool stale;           /* must flush its TLB before it runs a vCPU */
    bool yielded;
    uint64_t started_ns; /* the running vCPU's time is accounted up to here */
    uint64_t quantum_end;
    uint64_t grace_end;          /* of the running vCPU's turn; 0: it has had none */
    uint64_t armed;              /* what its timer is set to */
    struct alarm *alarms;        /* a heap */
    struct vcpu_list ready;      /* those with time left */
    struct vcpu_list background; /* those without, whose slices are slack: run when nobody else can */
} __attribute__((aligned(64)));

extern struct cpu cpus[EXO_CPUS_MAX];

static inline struct cpu *cpu_this(void) { return &cpus[machine_cpu()]; }

#endif
