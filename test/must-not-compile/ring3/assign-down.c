/* expect: incompatible pointer type */
/* Fewer rights are taken by name: by exo_weaken. */
#include "given.h"

long test(void)
{
    frame_r = RIGHT_WRONG(exo_weaken(frame, EXO_R), frame);
    return 0;
}
