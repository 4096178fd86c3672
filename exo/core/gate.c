/* SPDX-License-Identifier: MPL-2.0 */
/* Gates: protected control transfer between domains. */
#include "call.h"
#include "reference.h"

long call_gate_create(const struct call *call)
{
    NEED(vcpu, vcpu, 0, EXO_W);
    return -EXO_E_UNSUPPORTED;
}

long call_gate_call(const struct call *call)
{
    NEED(gate, gate, 0, EXO_X);
    return -EXO_E_UNSUPPORTED;
}

long call_gate_return(const struct call *call)
{
    (void)call;
    return -EXO_E_UNSUPPORTED;
}
