/* SPDX-License-Identifier: MPL-2.0 */
/* The x86-64 side of machine.h's types: page-table entries and what a vCPU saves. Inline, because the core's walks use them. */
#ifndef EXO_X86_64_MACHINE_TYPES_H
#define EXO_X86_64_MACHINE_TYPES_H

#include "pte.h"
#include <exo/vcpu.h>
#include <stddef.h>

/* What a vCPU needs of the machine. entry.S knows the offsets of regs (0) and by_syscall. */
struct machine_vcpu {
    struct exo_regs regs;
    /* 160 */
    uint64_t
        by_syscall; /* the saved context was entered by `syscall`: rcx and r11 are free, so sysret may return to it */
    struct exo_vcpu_page *page;                       /* the exokernel's own mapping */
    uint64_t syscall_entry, fault_entry, event_entry; /* 0, or user addresses */
    uint64_t fs_base, gs_base;                        /* while it is not on a CPU */
    void *fpu; /* XSAVE area: the first of the frames that machine_vcpu_init got */
};
_Static_assert(offsetof(struct machine_vcpu, by_syscall) == 160, "entry.S");

/* Inline, because every way through the core asks: struct x86_cpu, at GS in ring 0, has its number at 48. */
static inline uint32_t machine_cpu(void)
{
    uint32_t number;
    __asm__("movl %%gs:48, %0" : "=r"(number));
    return number;
}

#endif
