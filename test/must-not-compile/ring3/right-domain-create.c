/* expect: exo_domain_create: argument 1 must be a FRAME token with EXO_OWN */
/* A pool is donated by the owner of its frames. */
#include "given.h"

long test(void) { return exo_domain_create(RIGHT_WRONG(frame, frame_rw), &domain); }
