/* SPDX-License-Identifier: MPL-2.0 */
/*
 * PCI configuration, by the two ports of mechanism 1 (PCI Local Bus 3.0, 3.2.2.3.2): segment 0, 256 bytes a function. At boot
 * the buses are walked once, from bus 0 down through the bridges, and every function but bridges loses bus mastering: what
 * firmware or a loader left running can write nowhere from then on.
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
#define COMMAND_MASTER   0x4u
#define HEADER_MANY      0x80
#define HEADER_BRIDGE    1
#define BUSES            256

static volatile uint32_t lock;
static bool present;
static bool reached[BUSES],
    aliased[BUSES]; /* found by the walk; behind a bridge whose functions cannot be told apart */

/* Registers of legacy virtio functions that hold an address for DMA: these ports are the exokernel's. */
#define VIRTIO_MOST 32
static uint16_t address_port[VIRTIO_MOST];
static uint32_t address_ports;

uint32_t machine_pci_functions(void) { return present ? BUSES << 8 : 0; }
bool x86_pci_bus_reached(uint32_t bus) { return reached[bus]; }
bool x86_pci_bus_aliased(uint32_t bus) { return !reached[bus] || aliased[bus]; }

static uint16_t select(uint32_t function, uint32_t offset)
{
    x86_out32(ADDRESS_PORT, ADDRESS_ENABLE | function << 8 | (offset & 0xfc));
    return (uint16_t)(DATA_PORT + (offset & 3));
}

uint32_t machine_pci_read(uint32_t function, uint32_t offset, uint32_t width)
{
    x86_lock(&lock);
    uint32_t value = machine_port_in(select(function, offset), width);
    x86_unlock(&lock);
    return value;
}

void machine_pci_write(uint32_t function, uint32_t offset, uint32_t width, uint32_t value)
{
    x86_lock(&lock);
    machine_port_out(select(function, offset), width, value);
    x86_unlock(&lock);
}

bool x86_pci_port_kept(uint32_t port, uint32_t count)
{
    for (uint32_t i = 0; i < address_ports; i++)
        if (port < address_port[i] + 4u && address_port[i] < port + count)
            return true;
    return false;
}

static void note_virtio(uint32_t function, uint32_t id)
{
    uint32_t bar = machine_pci_read(function, REG_BAR0, 4);
    if ((id & 0xffff) != 0x1af4 || id >> 16 < 0x1000 || id >> 16 > 0x103f || !(bar & 1))
        return;
    if (address_ports < VIRTIO_MOST)
        address_port[address_ports++] = (uint16_t)((bar & 0xfffc) + 8);
    else
        x86_log("kxos: more than %u virtio functions\n", VIRTIO_MOST);
}

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

/* Each function of the bus; bridges add the buses below them to `reached`, always with a higher number. */
static void look_at(uint32_t function, uint32_t id)
{
    uint32_t header = machine_pci_read(function, REG_HEADER, 1) & ~HEADER_MANY, bus = function >> 8;
    if (header == HEADER_BRIDGE) {
        uint32_t below = machine_pci_read(function, REG_SECONDARY, 1);
        if (below <= bus)
            return;
        reached[below] = true;
        aliased[below] = aliased[bus] || hides_functions(function);
        return;
    }
    uint32_t command = machine_pci_read(function, REG_COMMAND, 2);
    if (command & COMMAND_MASTER)
        machine_pci_write(function, REG_COMMAND, 2, command & ~COMMAND_MASTER);
    note_virtio(function, id);
}

void x86_pci_init(void)
{
    present = machine_pci_read(0, REG_VENDOR, 4) != UINT32_MAX;
    reached[0] = present;
    for (uint32_t bus = 0; bus < BUSES; bus++) {
        for (uint32_t device = 0; reached[bus] && device < 32; device++) {
            uint32_t first = bus << 8 | device << 3;
            uint32_t functions = machine_pci_read(first, REG_HEADER, 1) & HEADER_MANY ? 8 : 1;
            for (uint32_t f = first; f < first + functions; f++) {
                uint32_t id = machine_pci_read(f, REG_VENDOR, 4);
                if (id != UINT32_MAX)
                    look_at(f, id);
                else if (f == first)
                    break;
            }
        }
    }
}
