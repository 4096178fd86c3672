/* expect: exo_token_derive: argument 1 must be a token with EXO_SPLIT */
/* A token without SPLIT is not derived from. */
#include "given.h"

long test(void)
{
    exo_frame_r part;
    return exo_token_derive(RIGHT_WRONG(frame, frame_rw), EXO_R, 0, 1, &part);
}
