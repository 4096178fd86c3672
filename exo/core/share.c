/* SPDX-License-Identifier: MPL-2.0 */
/* Sharing the lowest page tables between spaces, and parting from a shared one. */
#include "call.h"
#include "reference.h"

long call_space_share(const struct call *call)
{
    NEED(space, to, 0, EXO_W);
    NEED(space, from, 1, EXO_R | EXO_W);
    return -EXO_E_UNSUPPORTED;
}
