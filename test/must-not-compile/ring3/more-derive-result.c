/* expect: must point to a token with no rights but those that the call gives */
/* What was derived read-only is not writable. */
#include "given.h"

long test(void)
{
    RIGHT_WRONG(exo_frame_r, exo_frame_rw) part;
    return exo_token_derive(frame, EXO_R, 0, 1, &part);
}
