/* SPDX-License-Identifier: MPL-2.0 */
/* Ports for ring 3, all but those that steer what the exokernel itself relies on. */
#include "x86.h"

#define PORTS 0x10000u

static const struct {
    uint16_t first, last;
} kept[] = {
    {0x00, 0x0f},   /* DMA controller: it writes where it is told to */
    {0x20, 0x21},   /* interrupt controller */
    {0x40, 0x43},   /* interval timer */
    {0x81, 0x8f},   /* DMA pages */
    {0xa0, 0xa1},   /* interrupt controller */
    {0xc0, 0xdf},   /* the second DMA controller */
    {0xe9, 0xe9},   /* the log's */
    {0x510, 0x51b}, /* QEMU's configuration device: it copies to any address */
    {0xcf8, 0xcff}, /* PCI configuration, reset control: a device told where to write could write anywhere */
};

static bool overlap(uint32_t port, uint32_t count, uint32_t first, uint32_t bytes)
{
    return first && port < first + bytes && first < port + count;
}

bool machine_port_allowed(uint32_t port, uint32_t count)
{
    if (!count || port >= PORTS || count > PORTS - port)
        return false;
    for (unsigned i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (port <= kept[i].last && kept[i].first < port + count)
            return false;
    return !x86_pci_port_kept(port, count) && !overlap(port, count, x86_acpi.pm1a, 4) &&
           !overlap(port, count, x86_acpi.pm1b, 4) && !overlap(port, count, x86_acpi.pm_timer, 4) &&
           !overlap(port, count, x86_acpi.smi_port, 2) && !overlap(port, count, x86_acpi.reset_port, 1);
}

uint32_t machine_port_in(uint32_t port, uint32_t width)
{
    return width == 1   ? x86_in8((uint16_t)port)
           : width == 2 ? x86_in16((uint16_t)port)
                        : x86_in32((uint16_t)port);
}

void machine_port_out(uint32_t port, uint32_t width, uint32_t value)
{
    if (width == 1)
        x86_out8((uint16_t)port, (uint8_t)value);
    else if (width == 2)
        x86_out16((uint16_t)port, (uint16_t)value);
    else
        x86_out32((uint16_t)port, value);
}
