/* expect: exo_port_out: argument 1 must be a PORTS token with EXO_W */
/* To read a port is not to write it. */
#include "given.h"

long test(void) { return exo_port_out(RIGHT_WRONG(ports, exo_weaken(ports, EXO_R)), 0, 1, 0); }
