/* expect: unspecified bounds */
/* The next token is not one further. */
#include "given.h"

long test(void)
{
    exo_frame next = RIGHT_WRONG(frame, frame + 1);
    return next == NULL;
}
