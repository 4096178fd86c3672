/* expect: must point to a token of the kind that the call makes */
/* A token that is made keeps its type. */
#include "given.h"

long test(void) { return exo_space_create(domain, RIGHT_WRONG(&space, &handle)); }
