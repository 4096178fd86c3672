/* expect: exo_vcpu_entries: argument 1 must be a VCPU token with EXO_W */
/* To start a vCPU is not to choose its entries. */
#include "given.h"

long test(void) { return exo_vcpu_entries(RIGHT_WRONG(vcpu, exo_weaken(vcpu, EXO_R | EXO_X)), 0, 0, 0); }
