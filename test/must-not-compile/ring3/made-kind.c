/* expect: must point to a token of the kind that the call makes */
/* A gate is no event. */
#include "given.h"

long test(void) { return exo_gate_create(vcpu, 1, RIGHT_WRONG(&gate, &event)); }
