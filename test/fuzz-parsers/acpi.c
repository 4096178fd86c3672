/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The firmware's tables.
 * flags: -Iexo/core -Iexo/x86_64
 *
 * An input: a byte of flags, the RSDP, and what lies at BASE. Each table is mapped as a copy of exactly its bytes, whose sum is made right
 * unless the first flag is set: else hardly any would be read. The facts afterwards are within their bounds.
 */
#include "x86_log.h"
#include "target.h"
#include "../../exo/x86_64/acpi.c"

#define BASE       0x1000ul
#define COPIES_MAX 8192

struct x86_pieces x86_mapped; /* stays empty */
static const uint8_t *memory;
static size_t memory_bytes;
static bool sums_as_given;
static void *copy[COPIES_MAX];
static unsigned copies;

bool x86_pieces_hold(const struct x86_pieces *pieces, uint64_t start, uint64_t end)
{
    (void)start, (void)end;
    return pieces->count != 0;
}

volatile void *x86_map_device(uint64_t physical, uint64_t bytes)
{
    if (bytes == 0 || physical < BASE || physical - BASE > memory_bytes ||
        bytes > memory_bytes - (physical - BASE) || copies == COPIES_MAX)
        return NULL;
    uint8_t *table = copy[copies++] = exact_copy(memory + (physical - BASE), bytes), sum = 0;
    for (uint64_t i = 0; i < bytes && !sums_as_given; i++)
        sum += table[i];
    if (bytes > 9)
        table[9] -= sum;
    return table;
}

uint32_t x86_apic_id(void) { return 0; }

uint32_t x86_pci_secondary(uint32_t bridge)
{
    cr_assert_lt(bridge, 0x10000u);
    return (bridge * 0x9e37u >> 4) & 0xff;
}

void x86_iommu_cover(uint32_t function, bool below)
{
    (void)below;
    cr_assert_lt(function, 0x10000u);
}

static void check(void)
{
    const struct x86_acpi *a = &x86_acpi;
    cr_assert(a->cpus >= 1 && a->cpus <= EXO_CPUS_MAX && a->ioapics <= 4);
    for (uint32_t i = 0; i < a->cpus; i++)
        for (uint32_t k = 0; k < i; k++)
            cr_assert_neq(a->apic_ids[i], a->apic_ids[k], "a CPU is there twice");
    cr_assert(a->pm1a < 0x10000 && a->pm1b < 0x10000 && a->pm_timer < 0x10000 && a->smi_port < 0x10000 &&
              a->reset_port < 0x10000);
    cr_assert(a->rtc_century < 128 && a->sleep_a < 8 && a->sleep_b < 8 && a->reset_value < 256 &&
              a->acpi_enable < 256);
}

static void make_sum(uint8_t *rsdp, unsigned bytes, unsigned at)
{
    uint8_t sum = 0;
    for (unsigned i = 0; i < bytes; i++)
        sum += rsdp[i];
    rsdp[at] -= sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *root = malloc(X86_RSDP_BYTES);
    if (size < 1 + X86_RSDP_BYTES) {
        free(root);
        return 0;
    }
    sums_as_given = data[0] & 1;
    memcpy(root, data + 1, X86_RSDP_BYTES);
    if (!sums_as_given) {
        memcpy(root, "RSD PTR ", 8);
        make_sum(root, 20, 8);
        make_sum(root, X86_RSDP_BYTES, 32);
    }
    memory = data + 1 + X86_RSDP_BYTES;
    memory_bytes = size - 1 - X86_RSDP_BYTES;
    memset(&x86_acpi, 0, sizeof x86_acpi);
    x86_acpi_init(data[0] & 2 ? NULL : root);
    check();
    while (copies > 0)
        free(copy[--copies]);
    free(root);
    return 0;
}
