/* expect: exo_slice_bind: argument 2 must be a SLICE token with EXO_X */
/* The vCPU comes first. */
#include "given.h"

long test(void) { return RIGHT_WRONG(exo_slice_bind(vcpu, slice), exo_slice_bind(slice, vcpu)); }
