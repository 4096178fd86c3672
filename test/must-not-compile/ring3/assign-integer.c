/* expect: makes pointer from integer */
/* A number does not become a token by assignment. */
#include "given.h"

long test(void)
{
    space = RIGHT_WRONG(exo_trust(SPACE, EXO_ALL, handle), handle);
    return 0;
}
