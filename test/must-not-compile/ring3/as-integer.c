/* expect: makes integer from pointer */
/* A token does not become a number by itself. */
#include "given.h"

long test(void)
{
    uint64_t value = RIGHT_WRONG(EXO_HANDLE(frame), frame);
    return (long)value;
}
