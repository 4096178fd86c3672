/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The firmware's tables, read once: CPUs and I/O APICs (MADT), power and timer registers (FADT), the sleep values of S5.
 * Every table is checked for length and sum before it is believed; a missing or damaged one is left out.
 * Source: ACPI specification 6.4, chapters 5.2 and 20.2.
 */
#include "x86.h"

#define HEADER_BYTES 36
#define TABLE_MOST   (1u << 20)
#define BIOS_AREA    0xe0000
#define BIOS_END     0x100000

struct x86_acpi x86_acpi;

typedef const volatile uint8_t *bytes_at;

static uint32_t get16(bytes_at p) { return p[0] | (uint32_t)p[1] << 8; }
static uint32_t get32(bytes_at p) { return get16(p) | get16(p + 2) << 16; }
static uint64_t get64(bytes_at p) { return get32(p) | (uint64_t)get32(p + 4) << 32; }

static bool is(bytes_at p, const char *name)
{
    for (; *name; p++, name++)
        if (*p != (uint8_t)*name)
            return false;
    return true;
}

static bool sum_is_zero(bytes_at p, uint32_t bytes)
{
    uint8_t sum = 0;
    while (bytes--)
        sum += *p++;
    return sum == 0;
}

static bytes_at reach(uint64_t physical, uint32_t bytes)
{
    if (x86_pieces_hold(&x86_mapped, physical, physical + bytes))
        return (bytes_at)(X86_DIRECT + physical);
    return x86_map_device(physical, bytes);
}

/* The whole table, or NULL. */
static bytes_at open_table(uint64_t physical, uint32_t *length)
{
    bytes_at table = physical ? reach(physical, HEADER_BYTES) : NULL;
    if (!table)
        return NULL;
    *length = get32(table + 4);
    if (*length < HEADER_BYTES || *length > TABLE_MOST)
        return NULL;
    table = reach(physical, *length);
    return table && sum_is_zero(table, *length) ? table : NULL;
}

/* --- MADT: ACPI 5.2.12 ------------------------------------------------------------------------------------------------- */

enum { MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_X2APIC = 9 };

static void add_cpu(uint32_t apic_id, uint32_t flags, uint32_t *left_out)
{
    if (!(flags & 1))
        return;
    for (uint32_t i = 0; i < x86_acpi.cpus; i++)
        if (x86_acpi.apic_ids[i] == apic_id) /* the boot CPU, or one that the firmware names twice */
            return;
    if (x86_acpi.cpus == EXO_CPUS_MAX)
        ++*left_out;
    else
        x86_acpi.apic_ids[x86_acpi.cpus++] = apic_id;
}

static void read_override(bytes_at entry)
{
    uint32_t isa = entry[3], flags = get16(entry + 8);
    if (isa >= 16)
        return;
    x86_acpi.isa[isa].line = get32(entry + 4);
    x86_acpi.isa[isa].low = (flags & 3) == 3;
    x86_acpi.isa[isa].level = (flags >> 2 & 3) == 3;
}

static void read_madt(bytes_at table, uint32_t length)
{
    uint32_t left_out = 0;
    for (uint32_t at = 44; at + 2 <= length;) {
        bytes_at entry = table + at;
        uint32_t bytes = entry[1];
        if (bytes < 2 || bytes > length - at)
            break;
        if (entry[0] == MADT_LAPIC && bytes >= 8)
            add_cpu(entry[3], get32(entry + 4), &left_out);
        else if (entry[0] == MADT_X2APIC && bytes >= 16)
            add_cpu(get32(entry + 4), get32(entry + 8), &left_out);
        else if (entry[0] == MADT_OVERRIDE && bytes >= 10)
            read_override(entry);
        else if (entry[0] == MADT_IOAPIC && bytes >= 12 && x86_acpi.ioapics < 4) {
            x86_acpi.ioapic[x86_acpi.ioapics].physical = get32(entry + 4);
            x86_acpi.ioapic[x86_acpi.ioapics++].first_line = get32(entry + 8);
        }
        at += bytes;
    }
    if (left_out)
        x86_log("kxos: %u CPUs more than the %u that can be used\n", left_out, EXO_CPUS_MAX);
}

/* --- FADT and S5: ACPI 5.2.9, 7.4.2, 20.2 -------------------------------------------------------------------------------- */

/* The value of an AML integer at *p, which moves on; -1: something else. */
static int aml_byte(bytes_at *p, bytes_at end)
{
    if (*p >= end)
        return -1;
    uint8_t op = *(*p)++;
    if (op <= 1)
        return op; /* ZeroOp, OneOp */
    unsigned bytes = op == 0x0a ? 1 : op == 0x0b ? 2 : op == 0x0c ? 4 : 0;
    if (!bytes || (size_t)(end - *p) < bytes)
        return -1;
    uint8_t value = **p;
    *p += bytes;
    return value;
}

/* Finds Name(_S5_, Package(){a, b, ...}) by its bytes: running AML would be the other way. */
static void read_s5(bytes_at table, uint32_t length)
{
    bytes_at end = table + length;
    for (bytes_at p = table + HEADER_BYTES + 1; end - p > 8; p++) {
        if (*p != '_' || !is(p, "_S5_") || p[4] != 0x12)
            continue;
        if (p[-1] != 0x08 && !(p[-1] == '\\' && p[-2] == 0x08))
            continue;
        bytes_at at =
            p + 5 + 1 + (p[5] >> 6) + 1; /* the package's length (1 to 4 bytes) and its count of elements */
        int a = aml_byte(&at, end), b = aml_byte(&at, end);
        if (a < 0 || b < 0 || a > 7 || b > 7)
            continue;
        x86_acpi.sleep_a = (uint32_t)a;
        x86_acpi.sleep_b = (uint32_t)b;
        x86_acpi.s5 = true;
        return;
    }
}

/* How many devices say Name(_HID, PNP0A03 or PNP0A08). */
static uint32_t count_host_bridges(bytes_at table, uint32_t length)
{
    uint32_t count = 0;
    for (uint32_t at = HEADER_BYTES; at + 9 <= length; at++)
        if (table[at] == '_' && is(table + at, "_HID\x0c\x41\xd0\x0a"))
            count += table[at + 8] == 0x03 || table[at + 8] == 0x08;
    return count;
}

/* A register block's port: the old 32-bit field, or the newer generic address where that is a port. */
static uint32_t block_port(bytes_at table, uint32_t length, uint32_t old, uint32_t generic)
{
    if (length >= generic + 12 && table[generic] == 1 && get64(table + generic + 4) &&
        get64(table + generic + 4) < 0x10000)
        return get32(table + generic + 4);
    uint32_t port = get32(table + old);
    return port < 0x10000 ? port : 0;
}

static void read_fadt(bytes_at table, uint32_t length)
{
    if (length < 116)
        return;
    uint32_t flags = get32(table + 112);
    x86_acpi.smi_port = get32(table + 48) < 0x10000 ? get32(table + 48) : 0;
    x86_acpi.acpi_enable = table[52];
    x86_acpi.pm1a = block_port(table, length, 64, 172);
    x86_acpi.pm1b = block_port(table, length, 68, 184);
    x86_acpi.pm_timer = block_port(table, length, 76, 208);
    x86_acpi.pm_timer_32 = flags >> 8 & 1;
    x86_acpi.rtc_century = table[108] < 128 ? table[108] : 0;
    if (length >= 129 && (flags >> 10 & 1) && table[116] == 1 && get64(table + 120) < 0x10000) {
        x86_acpi.reset_port = get32(table + 120);
        x86_acpi.reset_value = table[128];
    }
    uint64_t dsdt = length >= 148 ? get64(table + 140) : 0;
    uint32_t dsdt_length;
    bytes_at code = open_table(dsdt ? dsdt : get32(table + 40), &dsdt_length);
    if (code && is(code, "DSDT")) {
        read_s5(code, dsdt_length);
        x86_acpi.host_bridges = count_host_bridges(code, dsdt_length);
    }
}

/* --- DMAR: VT-d 8.1 to 8.3 --- */

enum { DMAR_FUNCTION = 1, DMAR_BRIDGE = 2 };

/* The functions that a unit names one by one, or by the bridge before them; found through the bridges on the way. */
static void read_scopes(bytes_at at, bytes_at end)
{
    for (uint32_t bytes; end - at >= 8 && (bytes = at[1]) >= 8 && bytes <= end - at; at += bytes) {
        uint32_t function = at[5] << 8 | (at[6] & 31u) << 3 | (at[7] & 7u);
        bool found = at[0] == DMAR_FUNCTION || at[0] == DMAR_BRIDGE;
        for (uint32_t i = 8; found && i + 2 <= bytes; i += 2) {
            uint32_t bus = x86_pci_secondary(function);
            found = bus > function >> 8;
            function = bus << 8 | (at[i] & 31u) << 3 | (at[i + 1] & 7u);
        }
        if (found)
            x86_iommu_cover(function, at[0] == DMAR_BRIDGE);
    }
}

/* Units of other segments serve functions that we cannot address. */
static void read_dmar(bytes_at table, uint32_t length)
{
    for (uint32_t at = 48; at + 4 <= length;) {
        bytes_at unit = table + at;
        uint32_t bytes = get16(unit + 2);
        if (bytes < 4 || bytes > length - at)
            break;
        at += bytes;
        if (get16(unit) != 0 || bytes < 16 || get16(unit + 6) != 0)
            continue;
        if (unit[4] & 1)
            x86_acpi.dmar_rest = true;
        else
            read_scopes(unit + 16, unit + bytes);
        if (x86_acpi.dmar_units < X86_DMAR_UNITS_MAX)
            x86_acpi.dmar[x86_acpi.dmar_units] = get64(unit + 8);
        x86_acpi.dmar_units++;
    }
}

/* --- from the root --------------------------------------------------------------------------------------------------------- */

static bool rsdp_good(bytes_at p) { return is(p, "RSD PTR ") && sum_is_zero(p, 20); }

static bytes_at search_bios_area(void)
{
    bytes_at area = x86_map_device(BIOS_AREA, BIOS_END - BIOS_AREA);
    for (uint32_t at = 0; area && at <= BIOS_END - BIOS_AREA - X86_RSDP_BYTES; at += 16)
        if (area[at] == 'R' && rsdp_good(area + at))
            return area + at;
    return NULL;
}

void x86_acpi_init(const uint8_t *loader_rsdp)
{
    x86_acpi.cpus = 1;
    x86_acpi.apic_ids[0] = x86_apic_id();
    for (uint32_t i = 0; i < 16; i++)
        x86_acpi.isa[i].line = i;

    bytes_at rsdp = loader_rsdp && rsdp_good(loader_rsdp) ? loader_rsdp : search_bios_area();
    uint64_t xsdt = rsdp && rsdp[15] >= 2 && sum_is_zero(rsdp, X86_RSDP_BYTES) ? get64(rsdp + 24) : 0;
    uint32_t length = 0, width = 8;
    bytes_at root = open_table(xsdt, &length);
    if (!root || !is(root, "XSDT")) {
        width = 4;
        root = rsdp ? open_table(get32(rsdp + 16), &length) : NULL;
        if (!root || !is(root, "RSDT")) {
            x86_log("kxos: no ACPI tables: one CPU, no device interrupts, no power off\n");
            return;
        }
    }
    for (uint32_t at = HEADER_BYTES; at + width <= length; at += width) {
        uint32_t bytes;
        bytes_at table = open_table(width == 8 ? get64(root + at) : get32(root + at), &bytes);
        if (table && is(table, "APIC"))
            read_madt(table, bytes);
        else if (table && is(table, "FACP"))
            read_fadt(table, bytes);
        else if (table && is(table, "DMAR"))
            read_dmar(table, bytes);
    }
}
