/* expect: makes integer from pointer */
/* What is a token has its rights: trust would be a way up. */
#include "given.h"

long test(void)
{
    exo_frame more = exo_trust(FRAME, EXO_ALL, RIGHT_WRONG(handle, frame_r));
    return more == NULL;
}
