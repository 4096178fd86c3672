/* expect: exo_queue_transfer: argument 1 must be a QUEUE token with EXO_W */
/* Requests go to a queue. */
#include "given.h"

long test(void) { return exo_queue_transfer(RIGHT_WRONG(queue, pci), NULL, 0, NULL, 0); }
