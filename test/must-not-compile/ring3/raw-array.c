/* expect: exo_space_map: argument 1 must be a SPACE token with EXO_W */
/* An array of the length that says SPACE with W is still no token. */
#include "given.h"

long test(void)
{
    static char text[1][EXO_TYPE(SPACE, EXO_W)];
    (void)text;
    return exo_space_map(RIGHT_WRONG(space, &text), maps, 1);
}
