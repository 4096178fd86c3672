/* expect: exo_vcpu_create: argument 3 must be a FRAME token with EXO_R \| EXO_W */
/* The vCPU page is a frame. */
#include "given.h"

long test(void) { return exo_vcpu_create(domain, space, RIGHT_WRONG(frame, space), 0x1000, 0, &vcpu); }
