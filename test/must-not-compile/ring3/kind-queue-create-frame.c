/* expect: exo_queue_create: argument 3 must be a FRAME token with EXO_OWN */
/* The ring lies in a frame. */
#include "given.h"

long test(void) { return exo_queue_create(pci, 0, RIGHT_WRONG(frame, queue), &queue); }
