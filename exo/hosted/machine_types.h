/* SPDX-License-Identifier: MPL-2.0 */
/* The hosted side of machine.h's types. Page tables are those of x86-64, read by software (translate.c). */
#ifndef EXO_HOSTED_MACHINE_TYPES_H
#define EXO_HOSTED_MACHINE_TYPES_H

#include "../x86_64/pte.h"
#include <exo/vcpu.h>
#include <stddef.h>

struct machine_vcpu {
    struct exo_regs regs;
    struct exo_vcpu_page *page;                       /* the exokernel's own mapping */
    uint64_t syscall_entry, fault_entry, event_entry; /* 0, or user addresses */
    uint64_t fs_base, gs_base;                        /* while no runner has them loaded */
    void *fpu;                                        /* XSAVE area: two frames next to each other */
};

/* Of the executing host process: which CPU it plays. Not shared. */
extern uint32_t host_cpu_number;
static inline uint32_t machine_cpu(void) { return host_cpu_number; }

#endif
