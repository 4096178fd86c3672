/* expect: attempt to use poisoned .sealed_object */
/* SPDX-License-Identifier: MPL-2.0 */
/* The object to act on is for MAY alone. */
#include "call.h"
#include "vcpu.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
    NEED(event, event, 0, EXO_R);
#ifdef TWIN
    return event.vcpu->status;
#else
    vcpu_ring(event.sealed_object, event.bit);
#endif
    return 0;
}
