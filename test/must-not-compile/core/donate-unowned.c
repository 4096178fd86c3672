/* expect: not checked for the rights */
/* SPDX-License-Identifier: MPL-2.0 */
/* Donating needs OWN of the frames. */
#include "call.h"
#include "domain.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
    NEED(domain, to, 0, EXO_W);
#ifdef TWIN
    NEED(frame, frame, 1, EXO_OWN);
#else
    NEED(frame, frame, 1, EXO_R | EXO_W);
#endif
    pool_add(MAY(to, EXO_W), EXTENT(frame, EXO_OWN), frame.pages);
    return 0;
}
