/* expect: unspecified bounds */
/* Nor written. */
#include "given.h"

long test(void)
{
    RIGHT_WRONG((void)0, *frame = 0);
    return 0;
}
