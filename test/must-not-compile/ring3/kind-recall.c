/* expect: exo_token_recall: argument 1 must be a FRAME, PORTS, IRQ, PCI or SLICE token with EXO_OWN */
/* A gate is not asked back but revoked. */
#include "given.h"

long test(void) { return exo_token_recall(RIGHT_WRONG(slice, gate), 0, 0); }
