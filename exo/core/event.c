/* SPDX-License-Identifier: MPL-2.0 */
/* Events: doorbells that another vCPU, or a device, may ring. */
#include "call.h"
#include "domain.h"
#include "reference.h"
#include "vcpu.h"

long call_event_derive(const struct call *call)
{
    NEED(vcpu, vcpu, 0, EXO_W);
    uint64_t bit = call->argument[1];
    if (bit < EXO_PENDING_USER || bit > 63)
        return -EXO_E_BAD_ARGUMENT;
    NEED_OK(token_room(call->domain, 0));

    return (long)token_make(call->domain, EXO_EVENT, EXO_W | EXO_SEND | EXO_SPLIT | EXO_OWN,
                            (uint64_t)MAY(vcpu, EXO_W), bit, BELOW(vcpu, EXO_W));
}

long call_event_ring(const struct call *call)
{
    NEED(event, event, 0, EXO_W);

    vcpu_ring(MAY(event, EXO_W), event.bit);
    return 0;
}
