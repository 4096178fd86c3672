/* expect: exo_space_share: argument 2 must be a SPACE token with EXO_R \| EXO_W */
/* What is shown elsewhere must be readable. */
#include "given.h"

long test(void) { return exo_space_share(space, RIGHT_WRONG(space, space_w), 0, 512); }
