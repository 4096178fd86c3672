/* expect: may be used uninitialized */
/* Where the call failed there is no token. */
#include "given.h"

long test(void)
{
    exo_event made;
    if (exo_event_derive(vcpu, 8, &made) RIGHT_WRONG(<, >) 0)
        return -1;
    return exo_event_ring(made);
}
