/* expect: exo_token_revoke: argument 1 must be a token with EXO_OWN */
/* Who does not own does not revoke. */
#include "given.h"

long test(void) { return exo_token_revoke(RIGHT_WRONG(frame, frame_rwx)); }
