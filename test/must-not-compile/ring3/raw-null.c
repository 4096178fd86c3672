/* expect: exo_irq_bind: argument 2 must be a EVENT token with EXO_W */
/* To bind no event is a call of its own. */
#include "given.h"

long test(void) { return RIGHT_WRONG(exo_irq_unbind(irq), exo_irq_bind(irq, NULL)); }
