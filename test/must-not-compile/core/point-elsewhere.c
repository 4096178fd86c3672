/* expect: read-only */
/* SPDX-License-Identifier: MPL-2.0 */
/* A reference names one thing for good. */
#include "call.h"
#include "space.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
    NEED(space, to, 0, EXO_W);
    NEED(space, from, 1, EXO_R);
#ifdef TWIN
    const struct space_ref other = from;
    (void)other;
#else
    to = from;
#endif
    MAY(to, EXO_W)->dying = true;
    return 0;
}
