/* expect: not checked for the rights */
/* SPDX-License-Identifier: MPL-2.0 */
/* Starting a vCPU needs X, not W. */
#include "call.h"
#include "vcpu.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
#ifdef TWIN
    NEED(vcpu, vcpu, 0, EXO_X);
#else
    NEED(vcpu, vcpu, 0, EXO_R | EXO_W);
#endif
    vcpu_start(MAY(vcpu, EXO_X), 0x1000, 0, 0);
    return 0;
}
