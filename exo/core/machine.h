/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The line between the portable core and the machine below it (exo/x86_64, exo/hosted, or the fake machine of the
 * unit tests). Above the first rule: what the machine provides. Below it: what the core provides to the machine.
 *
 * The exokernel is event driven: one stack per CPU, interrupts off inside, no blocking inside. Every entry from ring 3
 * saves the registers in the vCPU (struct machine_vcpu, its first member), runs the core, and leaves through
 * core_next() and machine's resume. The core lock (core_lock/core_unlock in lock.h, built on machine_* below) is held by
 * the core's functions themselves; reflecting a foreign system call, a fault upcall and space_switch take no lock.
 */
#ifndef EXO_CORE_MACHINE_H
#define EXO_CORE_MACHINE_H

#include <exo/boot.h>
#include <exo/types.h>
#include <exo/vcpu.h>
#include <stdbool.h>
#include <stddef.h>

struct vcpu;
struct space;

/* machine_types.h of the machine defines: struct machine_vcpu (registers, FPU area pointer, FS and GS base, copies of entries
 * for the fast paths) with a member `struct exo_regs regs`, and the inline functions on page-table entries:
 *   typedef uint64_t machine_pte;
 *   machine_pte machine_pte_leaf(uint64_t pfn, uint32_t prot, uint32_t limit, bool large);
 *        user-accessible leaf; prot and limit: enum exo_map_flag. `limit` (what the token allowed) is kept in ignored bits.
 *   machine_pte machine_pte_table(uint64_t pfn, bool writable);
 *        user-accessible pointer to a lower table; not writable: nothing below it is, whatever the leaves say
 *   bool machine_pte_present(machine_pte), machine_pte_is_large(machine_pte)
 *   uint64_t machine_pte_pfn(machine_pte);  uint32_t machine_pte_prot(machine_pte), machine_pte_limit(machine_pte)
 *   uint64_t machine_pte_flags(machine_pte);   enum exo_pte_flag, for space_query; EXO_PTE_W of pointers to tables too
 *   machine_pte machine_pte_protect(machine_pte, uint32_t prot);
 *        A leaf mapped with prot 0 is not present for the CPU but keeps pfn, limit and size (machine_pte_used() is true).
 *   bool machine_pte_used(machine_pte);    not an empty entry
 * Tables have 512 entries and 4 levels; level 1 maps 4 KiB pages, level 2 may map 2 MiB. */
#include <machine_types.h>

/* --- frames ------------------------------------------------------------------------------------------------- */

/* The exokernel's own address for a frame of RAM, page aligned. Linear: neighbouring frames have neighbouring addresses. */
void *machine_frame(uint64_t pfn);

/* The compiler may call memset, memcpy, memmove and memcmp on its own: the machine provides these four. */

/* --- CPUs ------------------------------------------------------------------------------------------------------ */

uint32_t machine_cpu(void);    /* the executing CPU, 0 to machine_cpus() - 1 */
uint32_t machine_cpus(void);   /* how many run */
uint64_t machine_now_ns(void); /* ns since the exokernel's first instruction; the same on all CPUs */
void machine_timer(
    uint64_t ns); /* interrupt this CPU at that time; UINT64_MAX: never. Past times: as soon as possible */
void machine_kick(
    uint32_t cpu);        /* make that CPU enter the exokernel soon (core_kicked); may be the executing one */
void machine_relax(void); /* inside a spin loop */

/* Makes every CPU of the mask (bit n: CPU n) but the executing one drop all non-global user translations, and waits until
 * they have. CPUs spin-waiting for the core lock must serve it: they call machine_serve_flush() in their loop. */
void machine_flush_others(uint64_t cpu_mask);
void machine_flush_local(uint64_t va, uint64_t pages); /* pages 0: everything */
void machine_serve_flush(void);

/* --- spaces and vCPUs --------------------------------------------------------------------------------------------- */

/* Fills in the top-level table of a new space (pfn, zeroed by the core) with what the exokernel itself needs there. */
void machine_space_init(uint64_t top_pfn);
void machine_space_load(uint64_t top_pfn); /* make it the executing CPU's present space, unless it is already */

#define MACHINE_VCPU_PAGES 2 /* frames that machine_vcpu_init uses for the FPU state */
/* regs zeroed but rip, rsp, rdi; FPU in its initial state in the given frames (contiguous or not: one call per vCPU). gs base = page_va. */
void machine_vcpu_init(struct machine_vcpu *vcpu, const uint64_t pfns[MACHINE_VCPU_PAGES],
                       struct exo_vcpu_page *page, uint64_t page_va);
void machine_vcpu_start(struct machine_vcpu *vcpu, uint64_t rip, uint64_t rsp, uint64_t rdi);
void machine_vcpu_entries(struct machine_vcpu *vcpu, uint64_t syscall, uint64_t fault, uint64_t event);
/* The executing CPU is about to run `vcpu` instead of `old` (either may be NULL): switch FPU state, FS and GS base. */
void machine_vcpu_switch(struct machine_vcpu *old, struct machine_vcpu *vcpu);
/* Turns the saved context into an upcall: fills in page->event, sets masked, RIP = the event entry, flags as vcpu.h says. */
void machine_upcall_event(struct machine_vcpu *vcpu);
/* The same for a fault; false where there is no entry or fault_busy is set. */
bool machine_upcall_fault(struct machine_vcpu *vcpu, uint32_t vector, uint64_t error, uint64_t address);
void machine_clock_info(struct exo_vcpu_page *page); /* fills in clock_*, xsave_*, cpu_flags */

/* Copies from or to the present user space; false when any byte is not accessible (then some may have been copied).
 * Never faults, whatever the addresses. */
bool machine_copy_in(void *to, uint64_t user_va, size_t bytes);
bool machine_copy_out(uint64_t user_va, const void *from, size_t bytes);

/* --- devices --------------------------------------------------------------------------------------------------------- */

uint32_t machine_irqs(void);                       /* lines 0 to this - 1 */
void machine_irq_mask(uint32_t line, bool masked); /* all masked at boot */
bool machine_port_allowed(uint32_t port,
                          uint32_t count); /* false: the exokernel keeps one of them for itself */
uint32_t machine_port_in(uint32_t port, uint32_t width);
void machine_port_out(uint32_t port, uint32_t width, uint32_t value);
/* PCI functions of segment 0: bus << 8 | device << 3 | function. An absent one reads as all ones. */
uint32_t machine_pci_functions(void); /* 0: no PCI */
uint32_t machine_pci_read(uint32_t function, uint32_t offset, uint32_t width);
void machine_pci_write(uint32_t function, uint32_t offset, uint32_t width, uint32_t value);
/* Is there an IOMMU that stands between all functions and memory? */
bool machine_iommu(void);
/* From now on the function's DMA sees what the level-3 table maps (0: nothing); when it returns, nothing under way uses what it
 * saw before. number: below 32, of the attachment. False: it cannot be told from other functions. */
bool machine_iommu_attach(uint32_t function, uint64_t table_pfn, uint32_t number);
void machine_iommu_flush(void); /* what IOMMUs remember of tables */
void machine_log(const char *text, size_t bytes);
void machine_power(enum exo_power action); /* returns only if it cannot */
_Noreturn void machine_panic(
    const char *text); /* an invariant of the exokernel itself is broken; never reachable from user input */

/* What the machine found at boot; lives until core_main has read it. */
struct machine_boot {
    uint32_t ranges;
    struct {
        uint64_t pfn, pages;
    } range[64];      /* usable RAM, sorted, without the exokernel itself and the modules */
    uint64_t top_pfn; /* one past the highest frame of RAM or module: the frame table's length */
    uint32_t modules; /* a bundle's members one by one: the machine takes it apart */
    struct {
        uint64_t pfn, bytes; /* page aligned; the rest of the last page is zero */
        char name[64];
    } module[EXO_MODULES_MAX];
    const char *command_line; /* NUL-terminated */
};

/* =====================================================================================================================
 * Provided by the core. All are called with interrupts off, on the CPU's own exokernel stack. */

/* The table of contents: sets up frames, the first domain and its vCPU. Called once, on CPU 0, when all CPUs are up. */
void core_main(const struct machine_boot *boot);

/* An exo call of the running vCPU: registers are saved in it. Writes the result to its regs.rax. */
void core_call(struct vcpu *vcpu);

/* An exception in ring 3: delivers the upcall, or stops the vCPU. */
void core_fault(struct vcpu *vcpu, uint32_t vector, uint64_t error, uint64_t address);

/* A foreign system call of a vCPU that named no entry for it: stops the vCPU (vector 6, invalid opcode). */
void core_foreign(struct vcpu *vcpu);

/* Counters of the vCPU page: the machine increments count_reflected, the core the other three. */

void core_timer(void);        /* this CPU's timer went off */
void core_irq(uint32_t line); /* a device interrupt; the line was masked by the machine before */
void core_kicked(void);       /* another CPU called machine_kick */

/* What this CPU runs next: accounts the time of `running` (NULL: it was idle), picks, switches FPU and space, delivers a due
 * event upcall, arms the timer. NULL: nothing; the machine then waits for an interrupt with interrupts on and asks again. */
struct vcpu *core_next(struct vcpu *running);

/* The machine's per-CPU fast paths need these of a vCPU: */
static inline struct machine_vcpu *vcpu_machine(struct vcpu *vcpu) { return (struct machine_vcpu *)vcpu; }
struct vcpu *core_running(uint32_t cpu); /* what that CPU runs, or NULL */

#endif
