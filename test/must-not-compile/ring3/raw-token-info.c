/* expect: exo_token_info: argument 1 must be a token */
/* Even a call without a need of rights takes a token. */
#include "given.h"

long test(void)
{
    struct exo_token_info info;
    return exo_token_info(RIGHT_WRONG(frame, handle), &info);
}
