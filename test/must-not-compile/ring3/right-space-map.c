/* expect: exo_space_map: argument 1 must be a SPACE token with EXO_W */
/* To run in a space is not to change it. */
#include "given.h"

long test(void) { return exo_space_map(RIGHT_WRONG(space_w, space_x), maps, 2); }
