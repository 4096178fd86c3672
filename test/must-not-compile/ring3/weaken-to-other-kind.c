/* expect: incompatible pointer type */
/* Weakening does not change the kind. */
#include "given.h"

long test(void)
{
    RIGHT_WRONG(exo_frame_r, exo_space_w) other = exo_weaken(frame, RIGHT_WRONG(EXO_R, EXO_W));
    return other == NULL;
}
