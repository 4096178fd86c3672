/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Intel VT-d. Where every remapping unit is one that we can use, translation is on from boot: a function without an entry in its
 * bus's context table reaches nothing. An attached function walks the level-3 table of one slot of a space (39-bit
 * addresses): our leaves and tables are valid second-level entries as they are, for bit 0 is read, bit 1 write, bit 7 a large page,
 * and the other bits that we set are ignored there; bits 8 to 11 stay clear in ring 3's part.
 *
 * All units get the same tables; each answers for its own functions; one that no unit serves is never attached. Reserved regions of the firmware (RMRR) are not mapped: what
 * firmware wanted a function to reach it reaches no more. Interrupts are not remapped (CAVEATS.md).
 * Source: Intel Virtualization Technology for Directed I/O, 3.x: chapter 8 (DMAR), 9 (entries), 11 (registers).
 */
#include "x86.h"

#define REG_CAP     0x08
#define REG_ECAP    0x10
#define REG_COMMAND 0x18
#define REG_STATUS  0x1c
#define REG_ROOT    0x20
#define REG_CONTEXT 0x28

#define REG_SUBORDINATE 0x1a /* of a bridge: the last bus below it */

#define CAP_WRITE_BUFFER (1ul << 4)
#define CAP_39_BITS      (1ul << 9)
#define CAP_2_MIB        (1ul << 34)
#define ECAP_COHERENT    1ul
#define COMMAND_ON       (1u << 31)
#define COMMAND_ROOT     (1u << 30)
#define COMMAND_WRITE    (1u << 27)
#define COMMAND_QUEUED   (1u << 26)  /* invalidation by a queue in memory */
#define COMMAND_REMAP    (1u << 25)  /* of interrupts */
#define COMMAND_LASTING  0x96ffffffu /* bits of the status that a command repeats */
#define CONTEXT_GLOBAL   (1ul << 63 | 1ul << 61)
#define IOTLB_GLOBAL     (1ul << 63 | 1ul << 60 | 3ul << 48) /* and drain what is under way */
#define ENTRY_PRESENT    1ul
#define ENTRY_39_BITS    1ul
#define PATIENCE         10000000u
#define REGISTER_BYTES   4096

struct entry {
    uint64_t low, high;
};

static struct {
    volatile uint8_t *registers;
    volatile uint8_t *iotlb;
    uint64_t capabilities;
    bool coherent; /* it sees what is in the CPUs' caches */
} units[X86_DMAR_UNITS_MAX];
static uint32_t unit_count;
static struct entry *contexts[256]; /* by bus */
static uint8_t covered[256][32];    /* bus, device: a bit for each function that a unit serves */

static uint32_t bus_of(uint32_t function) { return function >> 8; }

void x86_iommu_cover(uint32_t function, bool below)
{
    covered[bus_of(function)][function >> 3 & 31] |= (uint8_t)(1 << (function & 7));
    uint32_t bus = x86_pci_secondary(function), last = machine_pci_read(function, REG_SUBORDINATE, 1);
    for (; below && bus > bus_of(function) && bus <= last; bus++)
        __builtin_memset(covered[bus], 0xff, sizeof covered[bus]);
}

static bool is_covered(uint32_t function)
{
    return x86_acpi.dmar_rest || covered[bus_of(function)][function >> 3 & 31] >> (function & 7) & 1;
}

bool machine_iommu(void) { return unit_count != 0; }

static uint64_t read64(volatile uint8_t *at) { return *(volatile uint64_t *)at; }
static uint32_t read32(volatile uint8_t *at) { return *(volatile uint32_t *)at; }

/* A unit that does not answer may not be relied on: nothing but an end of the machine would keep what was promised. */
static void be_patient(unsigned *tries)
{
    if (++*tries == PATIENCE)
        machine_panic("an IOMMU does not answer");
}

static void command(uint32_t unit, uint32_t bit, uint32_t until)
{
    volatile uint8_t *r = units[unit].registers;
    *(volatile uint32_t *)(r + REG_COMMAND) = (read32(r + REG_STATUS) & COMMAND_LASTING) | bit;
    for (unsigned tries = 0; (read32(r + REG_STATUS) & bit) != until;)
        be_patient(&tries);
}

/* What firmware left on, of which we know nothing; translation itself stays on until it has our tables. */
static void switch_off(uint32_t unit, uint32_t bit)
{
    volatile uint8_t *r = units[unit].registers;
    *(volatile uint32_t *)(r + REG_COMMAND) = read32(r + REG_STATUS) & COMMAND_LASTING & ~bit;
    for (unsigned tries = 0; read32(r + REG_STATUS) & bit;)
        be_patient(&tries);
}

static void invalidate(volatile uint8_t *at, uint64_t request)
{
    *(volatile uint64_t *)at = request;
    for (unsigned tries = 0; read64(at) >> 63;)
        be_patient(&tries);
}

/* Tables reach memory before the unit may look at them again. */
static void write_back(uint32_t unit)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!units[unit].coherent)
        __asm__ volatile("wbinvd" : : : "memory");
    if (units[unit].capabilities & CAP_WRITE_BUFFER)
        command(unit, COMMAND_WRITE, 0);
}

void machine_iommu_flush(void)
{
    for (uint32_t i = 0; i < unit_count; i++) {
        write_back(i);
        invalidate(units[i].iotlb, IOTLB_GLOBAL);
    }
}

bool machine_iommu_attach(uint32_t function, uint64_t table_pfn, uint32_t number)
{
    struct entry *context = contexts[bus_of(function)];
    if (context == NULL || x86_pci_bus_aliased(bus_of(function)) || !is_covered(function))
        return false;
    struct entry *entry = &context[function & 0xff];
    if (table_pfn != 0)
        __atomic_store_n(&entry->high, ENTRY_39_BITS | (uint64_t)(number + 1) << 8, __ATOMIC_SEQ_CST);
    __atomic_store_n(&entry->low, table_pfn == 0 ? 0 : table_pfn << EXO_PAGE_SHIFT | ENTRY_PRESENT,
                     __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < unit_count; i++) {
        write_back(i);
        invalidate(units[i].registers + REG_CONTEXT, CONTEXT_GLOBAL);
    }
    machine_iommu_flush();
    return true;
}

/* The unit's registers; false: not one that we can use. */
static bool open_unit(uint64_t physical)
{
    volatile uint8_t *r = x86_map_device(physical, REGISTER_BYTES);
    if (r == NULL)
        return false;
    uint64_t cap = read64(r + REG_CAP), ecap = read64(r + REG_ECAP);
    uint64_t iotlb = (ecap >> 8 & 0x3ff) * 16 + 8;
    if (!(cap & CAP_39_BITS) || !(cap & CAP_2_MIB) || (cap & 7) == 0 || iotlb + 8 > REGISTER_BYTES)
        return false;
    units[unit_count].registers = r;
    units[unit_count].iotlb = r + iotlb;
    units[unit_count].coherent = ecap & ECAP_COHERENT;
    units[unit_count++].capabilities = cap;
    return true;
}

static uint64_t make_tables(void)
{
    uint64_t root_pfn = x86_boot_page();
    struct entry *root = machine_frame(root_pfn);
    for (uint32_t bus = 0; bus < 256; bus++) {
        if (!x86_pci_bus_used(bus))
            continue;
        uint64_t pfn = x86_boot_page();
        contexts[bus] = machine_frame(pfn);
        root[bus].low = pfn << EXO_PAGE_SHIFT | ENTRY_PRESENT;
    }
    return root_pfn;
}

void x86_iommu_init(void)
{
    if (x86_acpi.dmar_units == 0)
        return;
    bool usable = x86_acpi.dmar_units <= X86_DMAR_UNITS_MAX;
    for (uint32_t i = 0; usable && i < x86_acpi.dmar_units; i++)
        usable = open_unit(x86_acpi.dmar[i]);
    if (!usable) {
        x86_log("kxos: an IOMMU lacks what is needed, or there are too many: none is used\n");
        unit_count = 0;
        return;
    }
    uint64_t root_pfn = make_tables();
    for (uint32_t i = 0; i < unit_count; i++) {
        switch_off(i, COMMAND_REMAP);
        switch_off(i, COMMAND_QUEUED);
        write_back(i);
        *(volatile uint64_t *)(units[i].registers + REG_ROOT) = root_pfn << EXO_PAGE_SHIFT;
        command(i, COMMAND_ROOT, COMMAND_ROOT);
        invalidate(units[i].registers + REG_CONTEXT, CONTEXT_GLOBAL);
    }
    machine_iommu_flush();
    for (uint32_t i = 0; i < unit_count; i++)
        command(i, COMMAND_ON, COMMAND_ON);
    x86_log("kxos: %u IOMMUs translate\n", unit_count);
}
