/* expect: exo_space_map: argument 1 must be a SPACE token with EXO_W */
/* Frames are mapped into a space, not into frames. */
#include "given.h"

long test(void) { return exo_space_map(RIGHT_WRONG(space, frame), maps, 2); }
