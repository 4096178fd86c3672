/* expect: not checked for the rights */
/* SPDX-License-Identifier: MPL-2.0 */
/* Ringing needs W. */
#include "call.h"
#include "vcpu.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
#ifdef TWIN
    NEED(event, event, 0, EXO_W);
#else
    NEED(event, event, 0, EXO_R);
#endif
    vcpu_ring(MAY(event, EXO_W), event.bit);
    return 0;
}
