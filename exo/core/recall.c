/* SPDX-License-Identifier: MPL-2.0 */
/* Visible revocation: asking for resources back, and the record of what was taken by force. */
#include "call.h"
#include "reference.h"

long call_token_recall(const struct call *call)
{
    NEED(token, token, 0, EXO_OWN);
    return -EXO_E_UNSUPPORTED;
}

long call_recall_next(const struct call *call)
{
    (void)call;
    return -EXO_E_UNSUPPORTED;
}
