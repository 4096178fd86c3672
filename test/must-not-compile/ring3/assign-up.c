/* expect: incompatible pointer type */
/* A read-only token does not become a writable one. */
#include "given.h"

long test(void)
{
    frame_rw = RIGHT_WRONG(exo_weaken(frame, EXO_R | EXO_W), frame_r);
    return 0;
}
