/* expect: exo_gate_call: argument 1 must be a GATE token with EXO_X */
/* A server is called through a gate. */
#include "given.h"

long test(void) { return exo_gate_call(RIGHT_WRONG(gate, vcpu), &message, 0); }
