/* expect: exo_token_give_back: argument 1 must be a FRAME, PORTS, IRQ or PCI token */
/* An object has no parts. */
#include "given.h"

long test(void)
{
    RIGHT_WRONG(exo_frame, exo_vcpu) upper;
    return exo_token_give_back(RIGHT_WRONG(frame, vcpu), 0, 1, &upper);
}
