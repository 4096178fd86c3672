/* expect: incompatible types */
/* There is nothing behind a token that could be read. */
#include "given.h"

long test(void)
{
    char byte = RIGHT_WRONG(0, ***frame);
    return byte;
}
