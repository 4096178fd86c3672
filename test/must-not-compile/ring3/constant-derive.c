/* expect: not constant */
/* Rights known at run time only cannot be checked. */
#include "given.h"

long test(void)
{
    exo_frame_r part;
    return exo_token_derive(frame, RIGHT_WRONG(EXO_R, number), 0, 1, &part);
}
