/* expect: increment of pointer to an incomplete type */
/* Nor one later. */
#include "given.h"

long test(void)
{
    RIGHT_WRONG((void)0, frame++);
    return frame == NULL;
}
