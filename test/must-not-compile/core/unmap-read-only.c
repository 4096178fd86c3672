/* expect: not checked for the rights */
/* SPDX-License-Identifier: MPL-2.0 */
/* Editing a space needs W. */
#include "call.h"
#include "edit.h"
#include "reference.h"

long example(const struct call *call);
long example(const struct call *call)
{
#ifdef TWIN
    NEED(space, space, 0, EXO_W);
#else
    NEED(space, space, 0, EXO_R | EXO_X);
#endif
    uint64_t va = 0;
    struct work work = {WORK_PER_UNMAP};
    edit_unmap(MAY(space, EXO_W), &va, EXO_USER_END, &work);
    return 0;
}
