/* expect: exo_space_query: argument 1 must be a SPACE token with EXO_R */
/* To change a space is not to look at it. */
#include "given.h"

long test(void) { return exo_space_query(RIGHT_WRONG(space, space_w), 0, NULL, 0); }
