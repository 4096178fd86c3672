/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the parts of the x86-64 machine know of each other.
 *
 *   boot.S boot.c      entry by Multiboot2 and PVH; x86_main: the table of contents
 *   loader.c pieces.c  the loader's facts as struct machine_boot; free and mapped RAM
 *   paging.c           the exokernel's own address space: image, direct map, device registers; machine_frame
 *   acpi.c             tables: CPUs, I/O APICs, power
 *   apic.c             local APIC, timer, inter-processor interrupts, I/O APIC
 *   clock.c            ns since boot, wall time
 *   smp.c trampoline.S the other CPUs
 *   memory.c           memset, memcpy, memmove, memcmp
 *   log.c power.c port.c
 *   pci.c iommu.c      configuration of PCI functions; what their DMA reaches
 *   features.c         CPUID, control registers
 *   cpu.c              per-CPU data, GDT, TSS, IDT
 *   entry.S trap.c     into and out of ring 0
 *   vcpu.c             vCPUs: FPU, bases, upcalls
 *   space.c            top-level tables, TLBs
 *
 * Address space of the exokernel (the upper half; the lower half is ring 3's):
 *   0xffff800000000000  direct map of RAM, read-write, never executable
 *   0xffffc00000000000  device registers, uncached (x86_map_device)
 *   0xffffffff80000000  the image: text RX, rodata R, data RW, linked here, loaded at 1 MiB
 */
#ifndef EXO_X86_64_X86_H
#define EXO_X86_64_X86_H

#define X86_DIRECT 0xffff800000000000
#define X86_DEVICE 0xffffc00000000000
#define X86_IMAGE  0xffffffff80000000

/* Selectors. SYSRET takes SS from STAR + 8 and CS from STAR + 16: hence the order. */
#define X86_KERNEL_CS 0x10
#define X86_KERNEL_SS 0x18
#define X86_TSS       0x40

/* Interrupt vectors. 0x20 + line: I/O APIC lines, up to 0xdf. */
#define X86_VECTOR_LINE     0x20
#define X86_LINES_MAX       0xc0
#define X86_VECTOR_PIC      0xe0 /* 16 vectors: the old controller is masked; what it still sends is ignored */
#define X86_VECTOR_TIMER    0xf0
#define X86_VECTOR_KICK     0xf1
#define X86_VECTOR_FLUSH    0xf2
#define X86_VECTOR_SPURIOUS 0xff

/* Values of rax from EXO_CALL_BASE on that are exo calls, known or not; all others are foreign. */
#define X86_EXO_CALL_RANGE 0x100

/* Offsets in struct x86_cpu for entry.S. */
#define X86_CPU_STACK   8
#define X86_CPU_VCPU    16
#define X86_CPU_SCRATCH 24
#define X86_CPU_PAGE    32
#define X86_CPU_REFLECT 40

#define X86_MSR_GS_BASE_      0xc0000101
#define X86_MSR_MACHINE_CHECK 0x17a

#define X86_MSR_EFER      0xc0000080
#define X86_MSR_STAR      0xc0000081
#define X86_MSR_LSTAR     0xc0000082
#define X86_MSR_CSTAR     0xc0000083
#define X86_MSR_FMASK     0xc0000084
#define X86_MSR_FS_BASE   0xc0000100
#define X86_MSR_GS_BASE   0xc0000101
#define X86_MSR_KERNEL_GS 0xc0000102

#ifndef __ASSEMBLER__

#include <machine.h>

#define X86_STACK_BYTES 16384ul

struct x86_unaligned {
    uint64_t address;
} __attribute__((packed));

/* Per CPU; GS base in ring 0. */
struct x86_cpu {
    struct x86_cpu *self;
    uint64_t stack_top;                  /* 8: of its exokernel stack */
    struct machine_vcpu *vcpu;           /* 16: what it runs: registers are saved there */
    uint64_t scratch;                    /* 24 */
    struct exo_vcpu_page *page;          /* 32: of that vCPU */
    uint64_t reflect;                    /* 40: its syscall_entry, or 0 */
    uint32_t number, apic_id;            /* 48: machine_cpu reads it */
    volatile struct x86_unaligned *rsp0; /* in its TSS */
    uint64_t space;                      /* CR3 as loaded */
    volatile uint32_t flush_wanted;      /* flush served when 0 again: see space.c */
    uint64_t last_ns;                    /* clock.c: what machine_now_ns returned last, for monotony */
};
extern struct x86_cpu x86_cpus[EXO_CPUS_MAX];
extern uint32_t x86_cpu_count; /* CPUs that run */
/* GS is this CPU's while in ring 0. Not by `__seg_gs`: GCC 12 takes what it loads there for a pointer to nothing, and drops
 * stores through it. */
static inline struct x86_cpu *x86_cpu(void)
{
    struct x86_cpu *cpu;
    __asm__("movq %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

/* --- features.c: what CPUID says, and switching it on (each CPU calls x86_features_enable once, first thing) */
struct x86_features {
    bool smep, smap, umip, fsgsbase, xsave, xsaveopt, nx, pages_1g, x2apic, tsc_deadline, pge;
    uint32_t xsave_size;
    uint64_t xsave_mask;
};
extern struct x86_features x86_features;
void x86_features_detect(void); /* boot CPU */
void x86_features_enable(void); /* CR0 (WP), CR4, EFER (NXE, SCE), XCR0; PAT left alone */

/* --- boot.c, loader.c */
/* From boot.S, on the boot stack, in the boot page tables, GS not set yet. */
void x86_main(uint32_t magic, uint64_t info_physical);
/* Copies all that the loader told; false: not a loader we know, or it told of no RAM. Does not log. */
bool x86_loader_read(uint32_t magic, uint64_t info_physical, struct machine_boot *boot);
/* Then: unpacks a bundle of modules, leaves out what is damaged, and says what is free. */
void x86_loader_settle(struct machine_boot *boot);
extern const uint8_t *x86_loader_rsdp; /* the copy of X86_RSDP_BYTES, or NULL */
extern bool x86_loader_text_screen;    /* as far as the loader knows */
/* What follows that word on the kernel's command line: nothing, a blank, or `=value`. NULL: it is not there. */
const char *x86_boot_word(const char *word);
extern volatile uint32_t x86_core_ready; /* core_main has returned: the other CPUs may ask the core for work */

/* --- pieces.c: pieces of physical memory, in bytes: sorted, page aligned, none touching another */
#define X86_PIECES_MAX 128
struct x86_pieces {
    uint32_t count;
    struct {
        uint64_t start, end;
    } piece[X86_PIECES_MAX];
};
void x86_pieces_add(struct x86_pieces *pieces, uint64_t start, uint64_t end);    /* rounded inwards */
void x86_pieces_remove(struct x86_pieces *pieces, uint64_t start, uint64_t end); /* rounded outwards */
bool x86_pieces_hold(const struct x86_pieces *pieces, uint64_t start, uint64_t end);
extern struct x86_pieces x86_free; /* usable RAM that nobody has taken yet */
extern struct x86_pieces
    x86_mapped; /* what the direct map holds: RAM and tables of the firmware, not the image */
/* Neighbouring zeroed frames below 4 GiB, taken before the core gets RAM; the first one's pfn. */
uint64_t x86_boot_pages(uint64_t count);
static inline uint64_t x86_boot_page(void) { return x86_boot_pages(1); }

/* --- paging.c */
void x86_paging_init(void); /* own tables, W^X, no identity mapping afterwards */
/* The exokernel's own top-level table: physical address; its upper half is shared by all spaces. */
extern uint64_t x86_kernel_cr3;
/* Registers, uncached. Only before core_main. NULL: no room. */
volatile void *x86_map_device(uint64_t physical, uint64_t bytes);

/* --- cpu.c: tables of the CPU; sets GS base, number and the system-call registers. stack_top: of its exokernel stack */
void x86_cpu_init(struct x86_cpu *cpu, uint64_t stack_top);

/* --- acpi.c */
#define X86_DMAR_UNITS_MAX 8
struct x86_acpi {
    uint32_t cpus;
    uint32_t apic_ids[EXO_CPUS_MAX]; /* enabled ones, the boot CPU's first */
    uint32_t ioapics;
    struct {
        uint64_t physical;
        uint32_t first_line;
    } ioapic[4];
    struct {
        uint32_t line;   /* global system interrupt that ISA line i is wired to */
        bool low, level; /* polarity, trigger */
    } isa[16];
    uint32_t pm1a, pm1b, pm_timer; /* ports; 0: none */
    bool pm_timer_32;
    uint32_t smi_port, acpi_enable; /* writing the value there makes the power registers ours; 0: they are */
    uint32_t rtc_century;           /* CMOS index; 0: none */
    uint32_t sleep_a, sleep_b;      /* SLP_TYP values of S5 */
    uint32_t reset_port, reset_value;
    bool s5;
    uint32_t host_bridges;             /* of PCI that the DSDT names; where it is not 1, it may not name all */
    uint32_t dmar_units;               /* IOMMUs of segment 0: those beyond X86_DMAR_UNITS_MAX count, too */
    bool dmar_rest;                    /* one serves all functions that no other does */
    uint64_t dmar[X86_DMAR_UNITS_MAX]; /* physical: their registers */
};
extern struct x86_acpi x86_acpi;
#define X86_RSDP_BYTES 36
void x86_acpi_init(const uint8_t *rsdp); /* a copy of X86_RSDP_BYTES; NULL: search the BIOS area */

/* --- pci.c */
void x86_pci_init(void);
bool x86_pci_bus_used(uint32_t bus);    /* there are functions on it */
bool x86_pci_bus_aliased(uint32_t bus); /* its functions cannot be told apart by their requests */
bool x86_pci_port_kept(uint32_t port, uint32_t count);

uint32_t x86_pci_secondary(uint32_t bridge); /* the bus below it */

/* --- iommu.c */
void x86_iommu_cover(uint32_t function, bool below); /* a unit serves it, and all buses below it */
void x86_iommu_init(void);                           /* after PCI and ACPI */

/* --- apic.c */
void x86_apic_init_cpu(void); /* each CPU: local APIC on, timer calibrated or TSC deadline */
uint32_t x86_apic_id(void);   /* of the executing CPU, by CPUID: usable before any initialization */
uint32_t
x86_apic_count(void); /* what is left of the timer's count; it starts at UINT32_MAX before calibration */
bool x86_apic_needs_calibration(void);
void x86_apic_calibrated(uint64_t hz); /* the count's frequency */
void x86_ioapic_init(void);            /* PIC masked, all lines masked and routed to CPU 0 */
void x86_apic_eoi(void);
void x86_ipi(uint32_t apic_id, uint32_t vector);
void x86_ipi_init(uint32_t apic_id);
void x86_ipi_startup(uint32_t apic_id, uint32_t page);

/* --- clock.c */
void x86_clock_init(void); /* calibrates the TSC */
uint64_t x86_tsc_to_ns(uint64_t tsc);
uint64_t x86_ns_to_tsc(uint64_t ns);
extern uint64_t x86_clock_tsc, x86_clock_mult, x86_clock_wall_ns; /* as vcpu.h describes; clock_ns is 0 */

/* --- smp.c */
extern uint64_t x86_trampoline_page; /* physical, below 1 MiB, where the other CPUs start; 0: there is none */
void x86_smp_start(void);            /* returns when all that will come are up */
void x86_cpu_idle_forever(void);     /* trap.c: the CPU asks core_next for work, for ever. Does not return */

/* --- log.c */
void x86_log_init(void);                        /* UART; later calls of machine_log go there too */
void x86_log_screen(volatile uint16_t *screen); /* 80 x 25 cells of text mode; NULL: none */
void x86_log(const char *format, ...) __attribute__((format(printf, 1, 2))); /* %s %c %u %x %lu %lx %% only */

/* Between CPUs, for the few words of the machine's own that need it; never held across anything that waits. */
static inline void x86_lock(volatile uint32_t *lock)
{
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
        __builtin_ia32_pause();
}
static inline void x86_unlock(volatile uint32_t *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

/* --- entry.S */
void x86_resume(struct machine_vcpu *vcpu) __attribute__((noreturn)); /* into ring 3 */
void x86_idle(void);                                                  /* sti; hlt; cli */
void x86_syscall_entry(void);
extern const uint64_t x86_vectors[256]; /* entry addresses of all vectors */
uint64_t x86_copy(void *to, const void *from,
                  size_t bytes); /* bytes not copied because of a fault in ring 3's part */

/* --- small instructions */
static inline void x86_out8(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}
static inline void x86_out16(uint16_t port, uint16_t v)
{
    __asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}
static inline void x86_out32(uint16_t port, uint32_t v)
{
    __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}
static inline uint8_t x86_in8(uint16_t port)
{
    uint8_t v;
    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline uint16_t x86_in16(uint16_t port)
{
    uint16_t v;
    __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline uint32_t x86_in32(uint16_t port)
{
    uint32_t v;
    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline uint64_t x86_read_msr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}
static inline void x86_write_msr(uint32_t msr, uint64_t v)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}
static inline uint64_t x86_rdtsc(void) { return __builtin_ia32_rdtsc(); }
static inline void x86_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(sub));
}
static inline uint64_t x86_read_cr3(void)
{
    uint64_t v;
    __asm__ volatile("mov %%cr3, %0" : "=r"(v));
    return v;
}
static inline void x86_write_cr3(uint64_t v) { __asm__ volatile("mov %0, %%cr3" : : "r"(v) : "memory"); }

#endif
#endif
