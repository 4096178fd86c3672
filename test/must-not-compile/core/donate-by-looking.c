/* expect: discards .const. qualifier */
/* SPDX-License-Identifier: MPL-2.0 */
/* A reference is for looking; acting takes MAY. */
#include "call.h"
#include "domain.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
    NEED(domain, to, 0, EXO_W);
    NEED(frame, frame, 1, EXO_OWN);
#ifdef TWIN
    pool_add(MAY(to, EXO_W), EXTENT(frame, EXO_OWN), frame.pages);
#else
    pool_add(to.domain, EXTENT(frame, EXO_OWN), frame.pages);
#endif
    return 0;
}
