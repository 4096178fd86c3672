/* expect: not checked for the rights */
/* SPDX-License-Identifier: MPL-2.0 */
/* Ending what names a space needs OWN. */
#include "call.h"
#include "space.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
#ifdef TWIN
    NEED(space, ref, 0, EXO_OWN);
#else
    NEED(space, ref, 0, EXO_ALL & ~EXO_OWN);
#endif
    struct work work = {WORK_PER_CALL};
    space_dispose(MAY(ref, EXO_OWN), call->domain, &work);
    return 0;
}
