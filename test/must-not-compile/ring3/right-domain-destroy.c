/* expect: exo_domain_destroy: argument 1 must be a DOMAIN token with EXO_OWN */
/* Only an owner destroys. */
#include "given.h"

long test(void) { return exo_domain_destroy(RIGHT_WRONG(domain, exo_weaken(domain, EXO_R | EXO_W))); }
