/* expect: exo_weaken: argument 1 must be a token */
/* A handle has no rights that could be fewer: exo_trust is the way in. */
#include "given.h"

long test(void)
{
    exo_frame_r in = RIGHT_WRONG(exo_trust(FRAME, EXO_R, handle), exo_weaken(handle, EXO_R));
    return in == NULL;
}
