/* SPDX-License-Identifier: MPL-2.0 */
/* PCI functions: configuration, and what their DMA reaches. */
#include "call.h"
#include "reference.h"

long call_pci_config(const struct call *call)
{
    NEED(pci, pci, 0, 0);
    return -EXO_E_UNSUPPORTED;
}

long call_pci_attach(const struct call *call)
{
    NEED(pci, pci, 0, EXO_X);
    return -EXO_E_UNSUPPORTED;
}
