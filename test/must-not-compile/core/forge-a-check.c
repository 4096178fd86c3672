/* expect: attempt to use poisoned .checked_rights */
/* SPDX-License-Identifier: MPL-2.0 */
/* Only NEED says that something was checked. */
#include "call.h"
#include "vcpu.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
#ifdef TWIN
    NEED(event, event, 0, EXO_W);
#else
    const struct event_ref event = event_lookup(call->domain, call->argument[0], 0);
    struct checked_rights(*const event_is_checked)[EXO_W + 1] = NULL;
#endif
    vcpu_ring(MAY(event, EXO_W), event.bit);
    return 0;
}
