/* expect: ignoring return value */
/* Whether there is a token now is what the result says. */
#include "given.h"

long test(void)
{
    exo_space made = NULL;
    RIGHT_WRONG(if (exo_space_create(domain, &made) < 0) return -1, exo_space_create(domain, &made));
    return made != NULL;
}
