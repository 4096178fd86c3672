/* expect: exo_irq_ack: argument 1 must be a IRQ token with EXO_X */
/* The line is opened again, not its event. */
#include "given.h"

long test(void) { return exo_irq_ack(RIGHT_WRONG(irq, event)); }
