/* SPDX-License-Identifier: MPL-2.0 */
/* Events: doorbells that another vCPU, or a device, may ring. */
#include "call.h"
#include "domain.h"
#include "reference.h"
#include "vcpu.h"

long call_event_derive(const struct call *call)
{
    const struct vcpu_ref vcpu = vcpu_lookup(call->domain, call->argument[0], EXO_W);
    if (vcpu.error)
        return vcpu.error;
    uint64_t bit = call->argument[1];
    if (bit < EXO_PENDING_USER || bit > 63)
        return -EXO_E_BAD_ARGUMENT;
    long error = token_room(call->domain, 0);
    if (error)
        return error;

    exo_handle handle;
    struct token *token = token_make_object(call->domain, EXO_EVENT, EXO_W | EXO_SEND | EXO_SPLIT | EXO_OWN,
                                            vcpu.vcpu, vcpu.token, &handle);
    token->bit = bit;
    return (long)handle;
}

long call_event_ring(const struct call *call)
{
    const struct event_ref event = event_lookup(call->domain, call->argument[0], EXO_W);
    if (event.error)
        return event.error;

    vcpu_ring(event.vcpu, event.bit);
    return 0;
}
