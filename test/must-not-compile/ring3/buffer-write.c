/* expect: exo_BUFFER: argument 1 must be a FRAME token with EXO_R, or EXO_W where the device writes */
/* A device does not write where its driver may not. */
#include "given.h"

long test(void)
{
    struct exo_buffer buffer = EXO_BUFFER(RIGHT_WRONG(frame_rw, frame_r), 0, 512, EXO_BUFFER_WRITE, 1);
    return exo_queue_transfer(queue, &buffer, 1, NULL, 0);
}
