/* SPDX-License-Identifier: MPL-2.0 */
/*
 * PCI functions: configuration, and attaching their DMA to a space.
 *
 * Most of a function's configuration is not its driver's to write. A moved BAR could lie over RAM or another device; a message
 * interrupt is a write to an address of the device's choice. What firmware set up stays.
 */
#include "device.h"
#include "call.h"
#include "list.h"
#include "table.h"

#define ATTACHED_MAX 32
#define ADDRESSES_39 (1ul << 39)

struct pci_binding {
    struct token function_token, space_token;
    struct space *space; /* NULL: not in use */
    uint32_t slot;
    uint64_t function;
};

static struct pci_binding bindings[ATTACHED_MAX];
_Static_assert(ADDRESSES_39 == EXO_PAGE_SIZE << 27, "what one slot spans");

static struct pci_binding *binding_of(uint64_t function)
{
    for (unsigned i = 0; i < ATTACHED_MAX; i++)
        if (bindings[i].space != NULL && bindings[i].function == function)
            return &bindings[i];
    return NULL;
}

uint64_t pci_function_of(const struct pci_binding *binding) { return binding->function; }

bool pci_attached(uint64_t function) { return binding_of(function) != NULL; }

uint32_t pci_attachments(const struct space *space, unsigned slot)
{
    uint32_t count = 0;
    for (unsigned i = 0; i < ATTACHED_MAX; i++)
        count += bindings[i].space == space && bindings[i].slot == slot;
    return count;
}

long pci_check(const struct pci_ref *pci)
{
    if (pci->count != 1)
        return -EXO_E_BAD_ARGUMENT;
    bool absent = (uint16_t)machine_pci_read((uint32_t)pci->base, PCI_VENDOR, 2) == 0xffff;
    return absent ? -EXO_E_NOT_MAPPED : 0;
}

/* Others' requests come under its name, and need its bus mastering. */
static bool is_bridge(uint64_t function) { return machine_pci_read((uint32_t)function, PCI_HEADER, 1) & 0x7f; }

void pci_master(uint64_t function, bool on)
{
    uint32_t command = machine_pci_read((uint32_t)function, PCI_COMMAND, 2) & ~PCI_COMMAND_MASTER;
    machine_pci_write((uint32_t)function, PCI_COMMAND, 2, on ? command | PCI_COMMAND_MASTER : command);
}

void pci_detach(struct pci_binding *binding)
{
    struct space *space = binding->space;
    if (space == NULL)
        return;
    pci_master(binding->function, false);
    machine_iommu_attach((uint32_t)binding->function, 0, (uint32_t)(binding - bindings));
    binding->space = NULL;
    token_unlink(&binding->function_token);
    token_unlink(&binding->space_token);
    space->attached--;
    space_release_slot(space, binding->slot);
}

/* --- the calls --------------------------------------------------------------------------------------------- */

/* The value to write instead of the given one, or an error. */
static long check_write(uint64_t function, uint64_t offset, uint64_t width, uint64_t value)
{
    if (value >> 8 * width != 0)
        return -EXO_E_BAD_ARGUMENT;
    if (width == 1 && (offset == PCI_CACHE_LINE || offset == PCI_LATENCY || offset == PCI_INTERRUPT_LINE))
        return (long)value;
    if (width != 2 || offset != PCI_COMMAND || is_bridge(function))
        return -EXO_E_BAD_ARGUMENT;
    uint32_t now = machine_pci_read((uint32_t)function, PCI_COMMAND, 2), free = PCI_COMMAND_NO_INT;
    if (pci_attached(function))
        free |= PCI_COMMAND_MASTER;
    return (now ^ value) & ~(uint64_t)free ? -EXO_E_BAD_ARGUMENT : (long)value;
}

long call_pci_config(const struct call *call)
{
    uint64_t offset = call->argument[1], width = call->argument[2], write = call->argument[4];
    NEED(pci, pci, 0, write ? EXO_W : EXO_R);
    NEED_OK(pci_check(&pci));
    if (write > 1 || (width != 1 && width != 2 && width != 4) || offset % width != 0 ||
        offset >= PCI_CONFIG_BYTES)
        return -EXO_E_BAD_ARGUMENT;
    if (!write)
        return machine_pci_read((uint32_t)pci.base, (uint32_t)offset, (uint32_t)width);
    long value = check_write(pci.base, offset, width, call->argument[3]);
    if (value < 0)
        return value;

    machine_pci_write((uint32_t)pci.base, (uint32_t)offset, (uint32_t)width, (uint32_t)value);
    return value;
}

/* By these tokens. */
static long attach(uint64_t function, struct token *function_token, struct space *space,
                   struct token *space_token, uint64_t slot)
{
    struct pci_binding *binding = bindings;
    while (binding->space != NULL)
        if (++binding == bindings + ATTACHED_MAX)
            return -EXO_E_NO_SLOT;
    if (!machine_iommu_attach((uint32_t)function, machine_pte_pfn(table_entries(space->top_pfn)[slot]),
                              (uint32_t)(binding - bindings)))
        return -EXO_E_UNSUPPORTED;

    binding->space = space;
    binding->slot = (uint32_t)slot;
    binding->function = function;
    token_embed(&binding->function_token, TOKEN_PCI_FUNCTION, EXO_PCI, binding, function_token);
    token_embed(&binding->space_token, TOKEN_PCI_SPACE, EXO_SPACE, binding, space_token);
    space->attached++;
    space->graft_count[slot]++;
    space->grafts++;
    return 0;
}

long call_pci_attach(const struct call *call)
{
    uint64_t slot = call->argument[2];
    NEED(pci, pci, 0, EXO_X);
    NEED_OK(pci_check(&pci));
    struct pci_binding *binding = binding_of(pci.base);
    if (binding != NULL && binding->function_token.parent != pci.token)
        return -EXO_E_BUSY;
    if (call->argument[1] == 0) {
        if (binding != NULL)
            pci_detach(binding);
        return 0;
    }
    NEED(space, space, 1, EXO_W);
    if (slot >= USER_SLOTS)
        return -EXO_E_BAD_ARGUMENT;
    if (space.space->dying || space.space->domain->dying)
        return -EXO_E_DEAD;
    if (space.space->graft_from[slot] != NULL)
        return -EXO_E_BAD_ADDRESS;
    if (!machine_iommu() || is_bridge(pci.base) ||
        machine_pci_read((uint32_t)pci.base, PCI_VENDOR, 2) == PCI_VENDOR_VIRTIO)
        return -EXO_E_UNSUPPORTED;
    if (binding != NULL)
        return -EXO_E_BUSY;
    if (!machine_pte_used(table_entries(space.space->top_pfn)[slot]))
        return -EXO_E_NOT_MAPPED;

    return attach(pci.base, BELOW(pci, EXO_X), MAY(space, EXO_W), BELOW(space, EXO_W), slot);
}
