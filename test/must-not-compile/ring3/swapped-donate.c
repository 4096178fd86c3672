/* expect: exo_domain_donate: argument 1 must be a DOMAIN token with EXO_W */
/* The domain comes first. */
#include "given.h"

long test(void) { return RIGHT_WRONG(exo_domain_donate(domain, frame), exo_domain_donate(frame, domain)); }
