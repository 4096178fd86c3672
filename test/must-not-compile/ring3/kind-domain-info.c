/* expect: exo_domain_info: argument 1 must be a DOMAIN token with EXO_R */
/* A vCPU is no domain. */
#include "given.h"

long test(void) { return exo_domain_info(RIGHT_WRONG(domain, vcpu), &(struct exo_domain_info){0}); }
