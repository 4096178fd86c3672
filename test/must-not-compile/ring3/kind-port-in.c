/* expect: exo_port_in: argument 1 must be a PORTS token with EXO_R */
/* A line is no port. */
#include "given.h"

long test(void) { return exo_port_in(RIGHT_WRONG(ports, irq), 0, 1); }
