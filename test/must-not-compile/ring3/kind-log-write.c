/* expect: exo_log_write: argument 1 must be a MACHINE token with EXO_W */
/* The boot log is the machine's. */
#include "given.h"

long test(void) { return exo_log_write(RIGHT_WRONG(machine, domain), "x", 1); }
