/* expect: exo_message_attach: argument 2 must be a token with EXO_SEND */
/* Nor does it go through a gate. */
#include "given.h"

long test(void)
{
    exo_message_attach(&message, RIGHT_WRONG(frame, frame_rw), EXO_R, 0);
    return 0;
}
