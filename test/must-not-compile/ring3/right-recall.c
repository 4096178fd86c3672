/* expect: exo_token_recall: argument 1 must be .* with EXO_OWN */
/* Who does not own does not ask back. */
#include "given.h"

long test(void) { return exo_token_recall(RIGHT_WRONG(frame, frame_rwx), 0, 0); }
