/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Interrupts: the CPU's local APIC (by memory or, where it is on already or a hypervisor offers it, as x2APIC by MSR), its
 * timer, messages between CPUs, and the I/O APICs' lines. Line n is vector X86_VECTOR_LINE + n on CPU 0.
 * Sources: Intel SDM volume 3, chapter 11; Intel 82093AA data sheet; Intel 8259A data sheet.
 */
#include "x86.h"

#define MSR_APIC_BASE    0x1b
#define MSR_TSC_DEADLINE 0x6e0
#define MSR_X2APIC       0x800
#define BASE_ENABLED     0x800ul
#define BASE_X2APIC      0x400ul

/* Registers: offsets in memory; x2APIC's MSR is MSR_X2APIC + offset / 16. */
#define REG_TASK      0x80
#define REG_EOI       0xb0
#define REG_SPURIOUS  0xf0
#define REG_COMMAND   0x300
#define REG_COMMAND_2 0x310
#define REG_LVT_TIMER 0x320
#define REG_LVT_LINT0 0x350
#define REG_LVT_LINT1 0x360
#define REG_LVT_ERROR 0x370
#define REG_INITIAL   0x380
#define REG_CURRENT   0x390
#define REG_DIVIDE    0x3e0

#define LVT_MASKED       0x10000u
#define LVT_TSC_DEADLINE 0x40000u
#define LVT_NMI          0x400u
#define LVT_EXTERNAL     0x700u
#define COMMAND_PENDING  0x1000u
#define COMMAND_INIT     0x4500u /* asserted */
#define COMMAND_STARTUP  0x4600u
#define COMMAND_FIXED    0x4000u
#define SPURIOUS_APIC_ON 0x100u
#define DIVIDE_BY_1      0xbu
#define COMMAND_PATIENCE 1000000u

/* I/O APIC: registers behind an index. */
#define IOAPIC_VERSION     1
#define IOAPIC_REDIRECTION 0x10
#define REDIRECT_LOW       0x2000u
#define REDIRECT_LEVEL     0x8000u
#define REDIRECT_MASKED    0x10000u

static bool x2apic;
static volatile uint32_t *lapic;
static uint64_t count_mult; /* timer ticks per ns, times 2^32 */
static bool calibrated;

static struct {
    volatile uint32_t *registers;
    uint32_t first, lines;
} ioapic[4];
static uint32_t ioapics, lines;
static volatile uint32_t ioapic_lock;

/* --- local APIC ------------------------------------------------------------------------------------------------------ */

static uint32_t lapic_read(uint32_t offset)
{
    return x2apic ? (uint32_t)x86_read_msr(MSR_X2APIC + offset / 16) : lapic[offset / 4];
}

static void lapic_write(uint32_t offset, uint32_t value)
{
    if (x2apic)
        x86_write_msr(MSR_X2APIC + offset / 16, value);
    else
        lapic[offset / 4] = value;
}

uint32_t x86_apic_id(void)
{
    uint32_t leaf[4];
    x86_cpuid(0, 0, leaf);
    if (leaf[0] >= 0xb) {
        x86_cpuid(0xb, 0, leaf);
        if (leaf[1])
            return leaf[3];
    }
    x86_cpuid(1, 0, leaf);
    return leaf[1] >> 24;
}

/* Moves the old controllers' 16 vectors out of the way and masks them: spurious ones may still come. This must precede
 * LINT0, by which they reach the CPU: a request of theirs that the firmware left is withdrawn only while that is open. */
static void pic_off(void)
{
    static const uint8_t init[][2] = {{0x20, 0x11},
                                      {0xa0, 0x11},
                                      {0x21, X86_VECTOR_PIC},
                                      {0xa1, X86_VECTOR_PIC + 8},
                                      {0x21, 4},
                                      {0xa1, 2},
                                      {0x21, 1},
                                      {0xa1, 1},
                                      {0x21, 0xff},
                                      {0xa1, 0xff}};
    for (unsigned i = 0; i < sizeof init / sizeof init[0]; i++)
        x86_out8(init[i][0], init[i][1]);
}

static void choose_mode(uint64_t base)
{
    uint32_t leaf[4];
    x86_cpuid(1, 0, leaf);
    bool hypervisor = leaf[2] >> 31;
    x2apic = (base & BASE_X2APIC) || (x86_features.x2apic && hypervisor);
    if (!x2apic)
        lapic = x86_map_device(base & X86_PTE_ADDRESS, EXO_PAGE_SIZE);
    if (!x2apic && !lapic)
        machine_panic("the local APIC cannot be mapped");
}

void x86_apic_init_cpu(void)
{
    struct x86_cpu *cpu = x86_cpu();
    uint64_t base = x86_read_msr(MSR_APIC_BASE);
    if (cpu->number == 0) {
        pic_off();
        choose_mode(base);
    }
    /* From off to x2APIC there is no direct way. */
    x86_write_msr(MSR_APIC_BASE, base | BASE_ENABLED);
    if (x2apic)
        x86_write_msr(MSR_APIC_BASE, base | BASE_ENABLED | BASE_X2APIC);
    cpu->apic_id = x86_apic_id();

    lapic_write(REG_SPURIOUS, SPURIOUS_APIC_ON | X86_VECTOR_SPURIOUS);
    lapic_write(REG_LVT_LINT0, LVT_MASKED | LVT_EXTERNAL);
    lapic_write(REG_LVT_LINT1, cpu->number == 0 ? LVT_NMI : LVT_MASKED);
    lapic_write(REG_LVT_ERROR, LVT_MASKED);
    lapic_write(REG_EOI, 0);
    lapic_write(REG_TASK, 0); /* last: it also makes the APIC look anew at what is pending */
    if (x86_features.tsc_deadline) {
        lapic_write(REG_LVT_TIMER, LVT_TSC_DEADLINE | X86_VECTOR_TIMER);
        /* Intel SDM volume 3, 11.5.4.1: by memory, the mode is not sure to precede the deadline without a fence. */
        __asm__ volatile("mfence" : : : "memory");
        return;
    }
    lapic_write(REG_DIVIDE, DIVIDE_BY_1);
    lapic_write(REG_LVT_TIMER, X86_VECTOR_TIMER | (calibrated ? 0 : LVT_MASKED));
    lapic_write(REG_INITIAL, calibrated ? 0 : UINT32_MAX);
}

bool x86_apic_needs_calibration(void) { return !x86_features.tsc_deadline; }
uint32_t x86_apic_count(void) { return lapic_read(REG_CURRENT); }

void x86_apic_calibrated(uint64_t hz)
{
    count_mult = (hz << 30) / 1000000000 << 2;
    calibrated = true;
    lapic_write(REG_INITIAL, 0);
    lapic_write(REG_LVT_TIMER, X86_VECTOR_TIMER);
}

void machine_timer(uint64_t ns)
{
    if (x86_features.tsc_deadline) {
        uint64_t tsc = ns == UINT64_MAX ? 0 : x86_ns_to_tsc(ns);
        x86_write_msr(MSR_TSC_DEADLINE, tsc);
        return;
    }
    if (ns == UINT64_MAX) {
        lapic_write(REG_INITIAL, 0);
        return;
    }
    /* Times too far for the counter come early; whoever looks at the clock then sets it again. */
    uint64_t now = machine_now_ns(), left = ns > now ? ns - now : 0;
    unsigned __int128 ticks = ((unsigned __int128)left * count_mult >> 32) + 1;
    lapic_write(REG_INITIAL, ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks);
}

void x86_apic_eoi(void) { lapic_write(REG_EOI, 0); }

static void command(uint32_t apic_id, uint32_t value)
{
    if (x2apic) {
        /* The MSR does not order earlier stores, which the receiver is to see. */
        __asm__ volatile("mfence; lfence" : : : "memory");
        x86_write_msr(MSR_X2APIC + REG_COMMAND / 16, (uint64_t)apic_id << 32 | value);
        return;
    }
    for (unsigned i = 0; (lapic_read(REG_COMMAND) & COMMAND_PENDING) && i < COMMAND_PATIENCE; i++)
        __builtin_ia32_pause();
    lapic_write(REG_COMMAND_2, apic_id << 24);
    lapic_write(REG_COMMAND, value);
}

void x86_ipi(uint32_t apic_id, uint32_t vector) { command(apic_id, COMMAND_FIXED | vector); }
void x86_ipi_init(uint32_t apic_id) { command(apic_id, COMMAND_INIT); }
void x86_ipi_startup(uint32_t apic_id, uint32_t page) { command(apic_id, COMMAND_STARTUP | page); }
void machine_kick(uint32_t cpu) { x86_ipi(x86_cpus[cpu].apic_id, X86_VECTOR_KICK); }

/* --- lines ------------------------------------------------------------------------------------------------------------- */

static uint32_t ioapic_read(uint32_t n, uint32_t index)
{
    ioapic[n].registers[0] = index;
    return ioapic[n].registers[4];
}

static void ioapic_write(uint32_t n, uint32_t index, uint32_t value)
{
    ioapic[n].registers[0] = index;
    ioapic[n].registers[4] = value;
}

/* What a line is unless an override says otherwise: ISA lines are edges, PCI's are levels, active low. */
static uint32_t line_mode(uint32_t line)
{
    for (uint32_t i = 0; i < 16; i++)
        if (x86_acpi.isa[i].line == line)
            return (x86_acpi.isa[i].low ? REDIRECT_LOW : 0) | (x86_acpi.isa[i].level ? REDIRECT_LEVEL : 0);
    return line < 16 ? 0 : REDIRECT_LOW | REDIRECT_LEVEL;
}

void x86_ioapic_init(void)
{
    for (uint32_t i = 0; i < x86_acpi.ioapics; i++) {
        uint32_t first = x86_acpi.ioapic[i].first_line, n = ioapics;
        ioapic[n].registers = x86_map_device(x86_acpi.ioapic[i].physical, 32);
        if (!ioapic[n].registers || first >= X86_LINES_MAX)
            continue;
        uint32_t count = (ioapic_read(n, IOAPIC_VERSION) >> 16 & 0xff) + 1;
        if (count > X86_LINES_MAX - first)
            count = X86_LINES_MAX - first;
        ioapic[n].first = first;
        ioapic[n].lines = count;
        ioapics++;
        for (uint32_t k = 0; k < count; k++) {
            ioapic_write(n, IOAPIC_REDIRECTION + 2 * k, REDIRECT_MASKED);
            ioapic_write(n, IOAPIC_REDIRECTION + 2 * k + 1, x86_acpi.apic_ids[0] << 24);
            ioapic_write(n, IOAPIC_REDIRECTION + 2 * k,
                         REDIRECT_MASKED | line_mode(first + k) | (X86_VECTOR_LINE + first + k));
        }
        if (first + count > lines)
            lines = first + count;
    }
}

uint32_t machine_irqs(void) { return lines; }

void machine_irq_mask(uint32_t line, bool masked)
{
    for (uint32_t n = 0; n < ioapics; n++) {
        if (line - ioapic[n].first >= ioapic[n].lines)
            continue;
        x86_lock(&ioapic_lock);
        ioapic_write(n, IOAPIC_REDIRECTION + 2 * (line - ioapic[n].first),
                     (masked ? REDIRECT_MASKED : 0) | line_mode(line) | (X86_VECTOR_LINE + line));
        x86_unlock(&ioapic_lock);
    }
}
