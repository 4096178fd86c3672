/* expect: exo_token_send: argument 2 must be a token with EXO_SEND */
/* A token without SEND stays here. */
#include "given.h"

long test(void)
{
    exo_frame_r theirs;
    return exo_token_send(domain, RIGHT_WRONG(frame, frame_rw), EXO_R, 0, &theirs);
}
