/* expect: incompatible pointer type */
/* SPDX-License-Identifier: MPL-2.0 */
/* A vCPU is no slice. */
#include "call.h"
#include "slice.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
    NEED(vcpu, vcpu, 0, EXO_X);
#ifdef TWIN
    NEED(slice, slice, 1, EXO_X);
#else
    NEED(vcpu, slice, 1, EXO_X);
#endif
    slice_bind(MAY(slice, EXO_X), MAY(vcpu, EXO_X), BELOW(slice, EXO_X));
    return 0;
}
