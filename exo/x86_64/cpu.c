/* SPDX-License-Identifier: MPL-2.0 */
/* Tables that each CPU needs: GDT, TSS, IDT, and the registers of `syscall`. Intel SDM volume 3, chapters 3, 6 and 7. */
#include "x86.h"

struct x86_cpu x86_cpus[EXO_CPUS_MAX];

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_map;
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104, "SDM 7.7");

struct gate {
    uint16_t low, selector;
    uint8_t ist, type;
    uint16_t middle;
    uint32_t high, reserved;
};

struct table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

enum { IST_NONE, IST_NMI, IST_FATAL };
#define NMI_STACK   512
#define FATAL_STACK 4096

static struct tss tss[EXO_CPUS_MAX];
static uint64_t gdt[EXO_CPUS_MAX][10] __attribute__((aligned(16)));
static struct gate idt[256] __attribute__((aligned(16)));
static uint8_t nmi_stack[EXO_CPUS_MAX][NMI_STACK] __attribute__((aligned(16)));
static uint8_t fatal_stack[EXO_CPUS_MAX][FATAL_STACK] __attribute__((aligned(16)));

void x86_nmi_entry(void);
void x86_double_fault_entry(void);
void x86_machine_check_entry(void);

#define VECTOR_BREAKPOINT 3

static void set_gate(unsigned vector, uint64_t entry, unsigned ist)
{
    /* 64-bit interrupt gate. Ring 3 may raise only the breakpoint by an instruction; any other `int` is a general
     * protection fault of the vCPU. */
    uint8_t type = vector == VECTOR_BREAKPOINT ? 0xee : 0x8e;
    idt[vector] = (struct gate){(uint16_t)entry,
                                X86_KERNEL_CS,
                                (uint8_t)ist,
                                type,
                                (uint16_t)(entry >> 16),
                                (uint32_t)(entry >> 32),
                                0};
}

static void fill_idt(void)
{
    for (unsigned vector = 0; vector < 256; vector++)
        set_gate(vector, x86_vectors[vector], IST_NONE);
    set_gate(2, (uint64_t)x86_nmi_entry, IST_NMI);
    set_gate(8, (uint64_t)x86_double_fault_entry, IST_FATAL);
    set_gate(18, (uint64_t)x86_machine_check_entry, IST_FATAL);
}

static void load_tables(const uint64_t *table)
{
    struct table_register gdtr = {sizeof gdt[0] - 1, (uint64_t)table};
    struct table_register idtr = {sizeof idt - 1, (uint64_t)idt};
    __asm__ volatile("lgdt %0\n\t"
                     "lidt %1\n\t"
                     "pushq %2\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1: movl %3, %%ss\n\t"
                     "movl %4, %%ds\n\t"
                     "movl %4, %%es\n\t"
                     "movl %4, %%fs\n\t"
                     "movl %4, %%gs\n\t"
                     "lldt %w4\n\t" /* after a reset it covers the first 64 KiB of ring 3's part */
                     "ltr %w5"
                     :
                     : "m"(gdtr), "m"(idtr), "i"(X86_KERNEL_CS), "r"(X86_KERNEL_SS), "r"(0), "r"(X86_TSS)
                     : "rax", "memory");
}

static void fill_gdt(uint64_t *table, const struct tss *task)
{
    uint64_t base = (uint64_t)task;
    table[2] = 0x00af9b000000ffff; /* ring 0 code, 64-bit */
    table[3] = 0x00cf93000000ffff; /* ring 0 data */
    table[5] = 0x00cff3000000ffff; /* ring 3 data */
    table[6] = 0x00affb000000ffff; /* ring 3 code, 64-bit */
    table[8] = (sizeof *task - 1) | (base & 0xffffff) << 16 | 0x89ul << 40 | (base >> 24 & 0xff) << 56;
    table[9] = base >> 32;
}

void x86_cpu_init(struct x86_cpu *cpu, uint64_t stack_top)
{
    unsigned n = (unsigned)(cpu - x86_cpus);
    cpu->self = cpu;
    cpu->number = n;
    cpu->stack_top = stack_top;
    cpu->space = x86_read_cr3();
    cpu->rsp0 = (volatile struct x86_unaligned *)((uint8_t *)&tss[n] + offsetof(struct tss, rsp));

    uint64_t *fatal_top = (uint64_t *)(fatal_stack[n] + FATAL_STACK - 16);
    fatal_top[0] = (uint64_t)cpu; /* see entry.S */
    tss[n].ist[IST_NMI - 1] = (uint64_t)nmi_stack[n] + NMI_STACK;
    tss[n].ist[IST_FATAL - 1] = (uint64_t)fatal_top;
    tss[n].rsp[0] = stack_top;
    tss[n].io_map = sizeof tss[n]; /* no port without the exokernel */
    fill_gdt(gdt[n], &tss[n]);
    if (n == 0)
        fill_idt();
    load_tables(gdt[n]);

    x86_write_msr(X86_MSR_GS_BASE, (uint64_t)cpu);
    x86_write_msr(X86_MSR_KERNEL_GS, 0);
    x86_write_msr(X86_MSR_STAR, (uint64_t)(EXO_USER_CS - 16) << 48 | (uint64_t)X86_KERNEL_CS << 32);
    x86_write_msr(X86_MSR_LSTAR, (uint64_t)x86_syscall_entry);
    x86_write_msr(X86_MSR_CSTAR, 0);
    x86_write_msr(X86_MSR_FMASK,
                  0x257fd5); /* all but reserved: IF TF DF NT AC RF IOPL and the arithmetic flags */
}

uint32_t machine_cpus(void) { return x86_cpu_count; }
void machine_relax(void) { __builtin_ia32_pause(); }
