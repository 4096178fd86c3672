/* expect: not constant */
/* Nor can a type depend on them. */
#include "given.h"

long test(void)
{
    exo_frame_r less = exo_weaken(frame, RIGHT_WRONG(EXO_R, number));
    return less == NULL;
}
