/* expect: exo_space_unmap: argument 1 must be a SPACE token with EXO_W */
/* A handle from outside is trusted in a place that can be found. */
#include "given.h"

long test(void) { return exo_space_unmap(RIGHT_WRONG(exo_trust(SPACE, EXO_W, handle), handle), 0, 1); }
