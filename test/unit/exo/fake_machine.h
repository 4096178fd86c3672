/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A machine for the unit tests of exo/core: frames in an arena, page tables walked in software, TLBs that remember what
 * they were shown, CPUs that take turns when the test says so, and a clock that stands still in between. User addresses of
 * calls' arguments are addresses of the test program itself.
 */
#ifndef FAKE_MACHINE_H
#define FAKE_MACHINE_H

#include "machine.h"
#include <exo/calls.h>
#include <setjmp.h>

#ifndef FAKE_TOP
#define FAKE_TOP 16384ul /* frames: 64 MiB */
#endif
#define FAKE_BAD         16ul /* a user address that nothing can be copied from or to */
#define FAKE_MODULE_PFN  16ul
#define FAKE_IRQS        24
#define FAKE_VIRTIO      8u /* PCI functions */
#define FAKE_PLAIN       16u
#define FAKE_BRIDGE      24u
#define FAKE_VIRTIO_PORT 0xc000u
#define FAKE_RING        8u /* entries of its queues */

extern uint32_t fake_cpu; /* the executing one */
extern uint64_t fake_now; /* ns */
extern bool
    fake_midway; /* exo_gate_transfer stops before the decision that follows the call: fake_enter makes it */
extern bool fake_kicked[EXO_CPUS_MAX];
extern struct vcpu *fake_running[EXO_CPUS_MAX];
extern bool fake_irq_masked[FAKE_IRQS];
extern uint32_t fake_port_value[65536];
extern char fake_log[4096];
extern uint8_t fake_config[3][256]; /* of the three functions */
extern bool fake_iommu;             /* is there one? */
extern uint64_t fake_iommu_flushes;
extern bool fake_ring_open; /* the machine leaves the virtio function's ring address to ring 3 */
/* Would the function's access reach memory through the IOMMU, and which frame? */
bool fake_dma(uint32_t function, uint64_t address, uint64_t *pfn, bool write);
extern jmp_buf *fake_panic_to; /* a test that expects a panic goes on there; NULL: it fails */
extern const char *fake_panic_text;
extern int fake_power;                                                  /* -1: nobody asked */
extern unsigned fake_flushes, fake_remote_flushes, fake_timers;         /* timers: that went off */
extern uint64_t fake_idle_ns[EXO_CPUS_MAX], fake_busy_ns[EXO_CPUS_MAX]; /* up to fake_clock_cpu */

extern struct domain *fake_root;
extern const struct exo_boot_info *fake_info;

/* Boots with that many CPUs and enters the first vCPU on CPU 0. */
void fake_boot(uint32_t cpus);
/* The CPU executes from now on: it answers a kick, and decides what to run. Returns that. */
struct vcpu *fake_enter(uint32_t cpu);
/* All CPUs answer their kicks, until none is left; then the present one goes on. */
void fake_settle(void);
/* Time passes; timers go off in their order on their CPUs. */
void fake_advance(uint64_t ns);
void fake_clock_cpu(uint32_t cpu); /* brings machine_vcpu.ran_ns, busy and idle time up to now */
void fake_interrupt(uint32_t line);
/* What the vCPU, on a CPU or not, got from gate_call or gate_return. exo_gate_transfer, too, returns at once: whether the one that
 * called it runs on or not, with what is in its rax then. */
long fake_received(const struct vcpu *vcpu, uint64_t *rdi, struct exo_message *message);
void fake_fault(uint32_t vector, uint64_t error, uint64_t address); /* of what runs on the present CPU */

/* The present CPU's vCPU reads (or writes) the address: true if it may. The TLB remembers. */
bool fake_touch(uint64_t va, bool write);

/* All that must hold of the core's structures; fails the test where it does not. */
void check_invariants(void);

/* --- helpers of the tests ------------------------------------------------------------------------------------ */

exo_handle fake_frames(
    uint64_t pages); /* a FRAME token, all rights, of frames nobody had before; 2 MiB aligned if that large */
exo_handle fake_domain(uint64_t pool_pages);
long map_one(exo_handle space, uint64_t va, exo_handle frame, uint64_t offset, uint32_t count, uint32_t prot);
uint64_t query(exo_handle space, uint64_t va);
uint64_t frames_free(void); /* frames that are USER and mapped nowhere */
/* A second domain with a vCPU of its own, in a slice of that CPU, started, and installed by fake_enter there. */
struct guest {
    exo_handle domain, space, vcpu, page, slice;
    exo_handle own_domain, own_space, own_vcpu, own_frames; /* its own handles */
    struct vcpu *kernel_vcpu;
};
struct guest fake_guest(uint32_t cpu, uint64_t frames);
#define again(call)                                                                                            \
    ({                                                                                                         \
        long result_;                                                                                          \
        do {                                                                                                   \
            result_ = (call);                                                                                  \
            fake_settle();                                                                                     \
        } while (result_ == -EXO_E_AGAIN);                                                                     \
        result_;                                                                                               \
    })

#endif
