/* expect: not checked for the rights */
/* SPDX-License-Identifier: MPL-2.0 */
/* Deriving needs SPLIT; SEND is for sending. */
#include "call.h"
#include "domain.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
#ifdef TWIN
    NEED(token, source, 0, EXO_SPLIT);
#else
    NEED(token, source, 0, EXO_SEND);
#endif
    token_make(call->domain, EXO_PORTS, 0, source.token->base, source.token->count, BELOW(source, EXO_SPLIT));
    return 0;
}
