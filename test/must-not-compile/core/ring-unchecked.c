/* expect: event_is_checked.* undeclared */
/* SPDX-License-Identifier: MPL-2.0 */
/* Ringing what was looked up by hand, without NEED. */
#include "call.h"
#include "vcpu.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
#ifdef TWIN
    NEED(event, event, 0, EXO_W);
#else
    const struct event_ref event = event_lookup(call->domain, call->argument[0], EXO_W);
    if (event.error)
        return event.error;
#endif
    vcpu_ring(MAY(event, EXO_W), event.bit);
    return 0;
}
