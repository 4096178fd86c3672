/* expect: exo_event_ring: argument 1 must be a EVENT token with EXO_W */
/* A vCPU is rung through an event. */
#include "given.h"

long test(void) { return exo_event_ring(RIGHT_WRONG(event, vcpu)); }
