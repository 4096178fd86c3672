/* expect: exo_machine_power: argument 1 must be a MACHINE token with EXO_X */
/* A domain has no power switch. */
#include "given.h"

long test(void) { return exo_machine_power(RIGHT_WRONG(machine, domain), EXO_POWER_OFF); }
