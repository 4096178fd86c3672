/* expect: exo_slice_bind: argument 2 must be a SLICE token with EXO_X */
/* To split a slice is not to use it. */
#include "given.h"

long test(void) { return exo_slice_bind(vcpu, RIGHT_WRONG(slice, exo_weaken(slice, EXO_SPLIT))); }
