/* expect: read-only object */
/* SPDX-License-Identifier: MPL-2.0 */
/* A reference is for looking; changing takes MAY. */
#include "call.h"
#include "space.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
    NEED(space, space, 0, EXO_W);
#ifdef TWIN
    MAY(space, EXO_W)->dying = true;
#else
    space.space->dying = true;
#endif
    return 0;
}
