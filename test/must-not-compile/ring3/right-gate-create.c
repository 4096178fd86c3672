/* expect: exo_gate_create: argument 1 must be a VCPU token with EXO_W */
/* A gate changes how the vCPU is entered. */
#include "given.h"

long test(void) { return exo_gate_create(RIGHT_WRONG(vcpu, exo_weaken(vcpu, EXO_X)), 1, &gate); }
