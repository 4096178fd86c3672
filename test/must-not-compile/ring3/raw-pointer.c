/* expect: invalid type argument of unary */
/* A pointer to something else is no token. */
#include "given.h"

long test(void) { return exo_space_map(RIGHT_WRONG(space, &maps[0]), maps, 1); }
