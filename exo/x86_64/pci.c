/* SPDX-License-Identifier: MPL-2.0 */
/*
 * PCI configuration, by the two ports of mechanism 1 (PCI Local Bus 3.0, 3.2.2.3.2): segment 0, 256 bytes a function. At boot
 * all buses are walked once, from bus 0 down through the bridges or, where there may be other host bridges, all 256, and every
 * function but bridges loses bus mastering: what firmware or a loader left running can write nowhere from then on. Legacy virtio
 * functions are reset besides: a ring that firmware made would come to life again with the first queue that the exokernel makes.
 */
#include "x86.h"

#define ADDRESS_PORT   0xcf8
#define DATA_PORT      0xcfc
#define ADDRESS_ENABLE 0x80000000u

#define REG_VENDOR       0x00
#define REG_COMMAND      0x04
#define REG_HEADER       0x0e
#define REG_BAR0         0x10
#define REG_SECONDARY    0x19
#define REG_CAPABILITIES 0x34
#define STATUS_CAPS      0x100000u /* with the command word before it */
#define CAP_EXPRESS      0x10
#define EXPRESS_TO_PCI   7 /* port type: behind it all functions look like the bridge */
#define COMMAND_PORTS    0x1u
#define COMMAND_MASTER   0x4u
#define HEADER_MANY      0x80
#define HEADER_BRIDGE    1
#define BUSES            256

static bool present;
static bool behind[BUSES];  /* a bridge that was found */
static bool used[BUSES];    /* has functions */
static bool aliased[BUSES]; /* behind a bridge whose functions cannot be told apart */

/* Of legacy virtio functions, the ports that say where in memory a ring is: a bit for each port. */
#define VIRTIO_RING   8 /* four ports, from BAR 0 on */
#define VIRTIO_STATUS 18
static uint8_t ring_ports[0x10000 / 8];

uint32_t machine_pci_functions(void) { return present ? BUSES << 8 : 0; }
bool x86_pci_bus_used(uint32_t bus) { return used[bus]; }
bool x86_pci_bus_aliased(uint32_t bus) { return aliased[bus]; }

/* Two steps, with the core lock held or before there is a second CPU. */
static uint16_t select(uint32_t function, uint32_t offset)
{
    x86_out32(ADDRESS_PORT, ADDRESS_ENABLE | function << 8 | (offset & 0xfc));
    return (uint16_t)(DATA_PORT + (offset & 3));
}

uint32_t machine_pci_read(uint32_t function, uint32_t offset, uint32_t width)
{
    return machine_port_in(select(function, offset), width);
}

void machine_pci_write(uint32_t function, uint32_t offset, uint32_t width, uint32_t value)
{
    machine_port_out(select(function, offset), width, value);
}

bool x86_pci_port_kept(uint32_t port, uint32_t count)
{
    for (uint32_t i = port; i < port + count; i++)
        if (ring_ports[i / 8] >> i % 8 & 1)
            return true;
    return false;
}

static void settle_virtio(uint32_t function, uint32_t id, uint32_t command)
{
    uint32_t bar = machine_pci_read(function, REG_BAR0, 4), port = bar & 0xfffc;
    if ((id & 0xffff) != 0x1af4 || id >> 16 < 0x1000 || id >> 16 > 0x103f || !(bar & 1))
        return;
    for (uint32_t i = port + VIRTIO_RING; i < port + VIRTIO_RING + 4; i++)
        ring_ports[i / 8 % sizeof ring_ports] |= (uint8_t)(1 << i % 8);
    if (command & COMMAND_PORTS)
        machine_port_out(port + VIRTIO_STATUS, 1, 0);
}

uint32_t x86_pci_secondary(uint32_t bridge) { return machine_pci_read(bridge, REG_SECONDARY, 1); }

static bool hides_functions(uint32_t bridge)
{
    if (!(machine_pci_read(bridge, REG_COMMAND, 4) & STATUS_CAPS))
        return true;
    uint32_t at = machine_pci_read(bridge, REG_CAPABILITIES, 1);
    for (unsigned i = 0; i < 48 && at >= 0x40; i++) {
        uint32_t word = machine_pci_read(bridge, at & 0xfc, 4);
        if ((word & 0xff) == CAP_EXPRESS)
            return (word >> 20 & 15) == EXPRESS_TO_PCI;
        at = word >> 8 & 0xff;
    }
    return true; /* a conventional bridge */
}

/* The buses below a bridge have higher numbers: they are looked at later. */
static void look_at(uint32_t function, uint32_t id)
{
    uint32_t header = machine_pci_read(function, REG_HEADER, 1) & ~HEADER_MANY, bus = function >> 8;
    used[bus] = true;
    if (header == HEADER_BRIDGE) {
        uint32_t below = x86_pci_secondary(function);
        if (below > bus) {
            behind[below] = true;
            aliased[below] = aliased[bus] || hides_functions(function);
        }
        return;
    }
    uint32_t command = machine_pci_read(function, REG_COMMAND, 2);
    if (command & COMMAND_MASTER)
        machine_pci_write(function, REG_COMMAND, 2, command & ~COMMAND_MASTER);
    settle_virtio(function, id, command);
}

void x86_pci_init(void)
{
    present = machine_pci_read(0, REG_VENDOR, 4) != UINT32_MAX;
    bool all = x86_acpi.host_bridges != 1;
    for (uint32_t first = 0; present && first < BUSES << 8; first += 8) {
        if (first >> 8 != 0 && !all && !behind[first >> 8])
            continue;
        uint32_t id = machine_pci_read(first, REG_VENDOR, 4);
        if (id == UINT32_MAX)
            continue;
        look_at(first, id);
        uint32_t functions = machine_pci_read(first, REG_HEADER, 1) & HEADER_MANY ? 8 : 1;
        for (uint32_t f = first + 1; f < first + functions; f++)
            if ((id = machine_pci_read(f, REG_VENDOR, 4)) != UINT32_MAX)
                look_at(f, id);
    }
}
