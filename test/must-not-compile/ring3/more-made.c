/* expect: must point to a token with no rights but those that the call gives */
/* An event is not made with X. */
#include "given.h"

long test(void)
{
    EXO_TOKEN(EVENT, RIGHT_WRONG(EXO_W, EXO_W | EXO_X)) made;
    return exo_event_derive(vcpu, 8, &made);
}
