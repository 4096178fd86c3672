/* expect: exo_vcpu_start: argument 1 must be a VCPU token with EXO_X */
/* A slice runs nothing by itself. */
#include "given.h"

long test(void) { return exo_vcpu_start(RIGHT_WRONG(vcpu, slice), 0x1000, 0, 0); }
