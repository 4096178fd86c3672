/* expect: exo_port_out: argument 1 must be a PORTS token with EXO_W */
/* The token comes before the offset. */
#include "given.h"

long test(void) { return RIGHT_WRONG(exo_port_out(ports, 0, 1, 0), exo_port_out(0, ports, 1, 0)); }
