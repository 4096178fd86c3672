/* expect: exo_space_switch: argument 1 must be a SPACE token with EXO_X */
/* To change a space is not to run in it. */
#include "given.h"

long test(void) { return exo_space_switch(RIGHT_WRONG(space_x, space_w)); }
