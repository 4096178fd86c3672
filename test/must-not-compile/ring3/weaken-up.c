/* expect: exo_weaken: argument 2 must be rights that the token has */
/* Weakening adds nothing. */
#include "given.h"

long test(void)
{
    exo_frame_rw more = exo_weaken(RIGHT_WRONG(frame_rwx, frame_r), EXO_R | EXO_W);
    return more == NULL;
}
