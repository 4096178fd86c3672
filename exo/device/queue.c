/* SPDX-License-Identifier: MPL-2.0 */
/* Device queues without an IOMMU: every descriptor is checked before the device sees it. */
#include "call.h"
#include "reference.h"

long call_queue_create(const struct call *call)
{
    NEED(pci, pci, 0, EXO_X);
    return -EXO_E_UNSUPPORTED;
}

long call_queue_transfer(const struct call *call)
{
    NEED(queue, queue, 0, EXO_W);
    return -EXO_E_UNSUPPORTED;
}
