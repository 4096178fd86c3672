/* expect: not checked for the rights */
/* SPDX-License-Identifier: MPL-2.0 */
/* Revoking needs OWN. */
#include "call.h"
#include "token.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
#ifdef TWIN
    NEED(token, root, 0, EXO_OWN);
#else
    NEED(token, root, 0, 0);
#endif
    struct work work = {WORK_PER_CALL};
    token_end_below(MAY(root, EXO_OWN), call->domain, &work);
    return 0;
}
