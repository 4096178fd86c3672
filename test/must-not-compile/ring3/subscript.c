/* expect: unspecified bounds */
/* A token is no table. */
#include "given.h"

long test(void)
{
    exo_frame at = RIGHT_WRONG(frame, &frame[2]);
    return at == NULL;
}
