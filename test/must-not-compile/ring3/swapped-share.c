/* expect: exo_space_share: argument 2 must be a SPACE token with EXO_R \| EXO_W */
/* The space that shows comes first, the space that is shown second. */
#include "given.h"

long test(void)
{
    return RIGHT_WRONG(exo_space_share(space_w, space, 0, 512), exo_space_share(space, space_w, 0, 512));
}
