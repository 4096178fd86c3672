/* expect: exo_domain_donate: argument 1 must be a DOMAIN token with EXO_W */
/* A space has no pool. */
#include "given.h"

long test(void) { return exo_domain_donate(RIGHT_WRONG(domain, space), frame); }
