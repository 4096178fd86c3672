/* expect: exo_space_destroy: argument 1 must be a SPACE token with EXO_OWN */
/* Only an owner destroys. */
#include "given.h"

long test(void) { return exo_space_destroy(RIGHT_WRONG(space, exo_weaken(space, EXO_R | EXO_W | EXO_X))); }
