/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The vCPU page: one page per vCPU, shared between the exokernel and its library OS.
 *
 * The exokernel reads and writes it through its own mapping, trusts nothing in it, and keeps every value
 * whose falsification could hurt it (entry addresses, slice, space) in ring 0 besides. The library OS sees it
 * at the address it chose in vcpu_create; GS base points at it in ring 3 whenever the vCPU starts.
 *
 * Upcall protocol
 *   Every upcall sets `masked` to 1 and enters an address given by vcpu_entries, with all general registers,
 *   FS base, GS base, and RSP still those of what was interrupted: the library OS's entry switches stacks itself.
 *   RFLAGS on entry of fault and event upcalls: IF set, and TF, DF, AC, NT, RF clear.
 *
 *   foreign system call (syscall_entry): `syscall_rip` holds the return address (what rcx held after the
 *     instruction); r11 holds RFLAGS, as after the instruction; rcx is destroyed (it holds the entry address).
 *     `masked` before was `syscall_masked`.
 *   fault (fault_entry): `fault` is filled in and `fault_busy` set to 1. The library OS copies `fault` out and
 *     clears `fault_busy`. A fault that comes while `fault_busy` is 1 stops the vCPU (EXO_VCPU_FAULTED).
 *     Faults are delivered whether or not `masked` is set.
 *   event (event_entry): `event` is filled in. Delivered only while `masked` is 0 and `pending` is not 0.
 *     The library OS clears the bits of `pending` that it handles, atomically.
 *
 *   While `masked` is 1, events only set bits in `pending` and, where the vCPU is in vcpu_block, wake it.
 *   Grace: when the vCPU's time ends (its budget, or its turn while others wait) while `critical` is not 0, it may go on for up to
 *   EXO_GRACE_NS, once before it is preempted, and `grace` is set. The time is charged to its slice: what goes beyond the
 *   budget is missing in the next period. At the end of the section the library OS clears `critical` and,
 *   where `grace` is set, calls vcpu_yield; otherwise it is preempted when the grace is over.
 *
 *   To return: restore registers, clear `masked`, test `pending`, and if it is not 0 go through the event path again;
 *   iretq or jmp in ring 3. No exo call is needed.
 *
 * Clock: ns since boot = clock_ns + (((rdtsc - clock_tsc) * clock_mult) >> 32), clock_mult being ns per tick
 * times 2^32; the product is taken in 128 bits. wall time = that + clock_wall_ns. Constant since boot.
 */
#ifndef EXO_VCPU_H
#define EXO_VCPU_H

#ifndef __ASSEMBLER__

#include <exo/types.h>

struct exo_upcall_frame {
    uint64_t rip, cs, rflags, rsp, ss;
    uint64_t masked;  /* what `masked` was before the upcall: 0 or 1 */
    uint64_t vector;  /* fault: x86 exception number */
    uint64_t error;   /* fault: error code, 0 where the exception has none */
    uint64_t address; /* fault: CR2 for page faults, else 0 */
};

/* Bits of exo_vcpu_page.pending. Bits 8 to 63 are for events made with event_derive. */
enum exo_pending {
    EXO_PENDING_TIMER = 0,  /* the deadline given by vcpu_timer has passed */
    EXO_PENDING_SLICE = 1,  /* the slice is about to end */
    EXO_PENDING_RECALL = 2, /* recall_next has something to say */
    EXO_PENDING_USER = 8,   /* first bit for event_derive */
};

struct exo_vcpu_page {
    /* 0: events */
    uint8_t masked;
    uint8_t fault_busy;
    uint8_t syscall_masked;
    uint8_t critical; /* set by the library OS inside a critical section: asks for grace when its time is up */
    uint8_t grace;    /* set by the exokernel while it runs on grace: yield as soon as the section is left */
    uint8_t reserved0[3];
    uint64_t pending; /* bit set: see enum exo_pending */
    uint64_t syscall_rip;
    uint64_t reserved1;
    /* 32 */
    struct exo_upcall_frame fault; /* 72 bytes */
    struct exo_upcall_frame event; /* 72 bytes */
    uint64_t reserved2[2];
    /* 192: read-only information, rewritten by the exokernel */
    uint64_t clock_tsc, clock_ns, clock_mult, clock_wall_ns;
    uint64_t slice_end_ns; /* when the present slice ends, ns since boot */
    uint32_t cpu;          /* number of the physical CPU that it runs on */
    uint32_t vcpu;         /* number given in vcpu_create */
    uint32_t xsave_size;   /* bytes of an XSAVE area for xsave_mask; 0: no XSAVE, use FXSAVE */
    uint32_t cpu_flags;    /* enum exo_cpu_flag */
    uint64_t xsave_mask;   /* XCR0 */
    uint64_t cpu_ns;       /* CPU time this vCPU has used up to its last switch, ns */
    /* 264: counters, for tests and benchmarks; written by the exokernel only */
    uint64_t count_exo_calls, count_reflected, count_faults, count_events;
    uint64_t reserved3[219];
    /* 2048: the library OS's own per-vCPU data; the exokernel never looks at it */
    uint8_t libos[2048];
};
_Static_assert(sizeof(struct exo_vcpu_page) == 4096, "ABI");
_Static_assert(__builtin_offsetof(struct exo_vcpu_page, pending) == 8, "ABI");
_Static_assert(__builtin_offsetof(struct exo_vcpu_page, fault) == 32, "ABI");
_Static_assert(__builtin_offsetof(struct exo_vcpu_page, event) == 104, "ABI");
_Static_assert(__builtin_offsetof(struct exo_vcpu_page, clock_tsc) == 192, "ABI");
_Static_assert(__builtin_offsetof(struct exo_vcpu_page, count_exo_calls) == 264, "ABI");
_Static_assert(__builtin_offsetof(struct exo_vcpu_page, libos) == 2048, "ABI");

#define EXO_GRACE_NS 200000ul

enum exo_cpu_flag {
    EXO_CPU_FSGSBASE = 1, /* rdfsbase and its kin work in ring 3 */
    EXO_CPU_XSAVE = 2,
    EXO_CPU_XSAVEOPT = 4,
    EXO_CPU_BASES_TRAP = 8, /* rdfsbase and its kin work, each at the price of a trap */
};

#endif

/* Offsets for entry code in assembly. */
#define EXO_VP_MASKED         0
#define EXO_VP_FAULT_BUSY     1
#define EXO_VP_SYSCALL_MASKED 2
#define EXO_VP_PENDING        8
#define EXO_VP_SYSCALL_RIP    16
#define EXO_VP_FAULT          32
#define EXO_VP_EVENT          104
#define EXO_VP_LIBOS          2048
#define EXO_UF_RIP            0
#define EXO_UF_CS             8
#define EXO_UF_RFLAGS         16
#define EXO_UF_RSP            24
#define EXO_UF_SS             32
#define EXO_UF_MASKED         40
#define EXO_UF_VECTOR         48
#define EXO_UF_ERROR          56
#define EXO_UF_ADDRESS        64

/* Segment selectors of ring 3, the same as many x86-64 systems use; they are part of the ABI. */
#define EXO_USER_CS 0x33
#define EXO_USER_SS 0x2b

#endif
