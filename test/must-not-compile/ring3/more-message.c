/* expect: exo_message_attach: argument 3 must be rights that the token has */
/* Nor through a gate. */
#include "given.h"

long test(void)
{
    exo_message_attach(&message, event, RIGHT_WRONG(EXO_W, EXO_R), EXO_MESSAGE_MOVE);
    return 0;
}
