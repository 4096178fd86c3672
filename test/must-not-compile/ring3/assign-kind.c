/* expect: incompatible pointer type */
/* A space is no frame. */
#include "given.h"

long test(void)
{
    exo_frame other = RIGHT_WRONG(frame, space);
    return other == NULL;
}
