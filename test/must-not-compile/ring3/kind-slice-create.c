/* expect: exo_slice_create: argument 1 must be a SLICE token with EXO_SPLIT */
/* Time is split off a slice. */
#include "given.h"

long test(void) { return exo_slice_create(RIGHT_WRONG(slice, vcpu), 1, 100, 1000, &slice); }
