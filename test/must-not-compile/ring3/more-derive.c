/* expect: exo_token_derive: argument 2 must be rights that the token has */
/* Rights only shrink. */
#include "given.h"

long test(void)
{
    exo_slice part;
    return exo_token_derive(slice, RIGHT_WRONG(EXO_X | EXO_SEND | EXO_SPLIT | EXO_OWN, EXO_ALL), 0, 1, &part);
}
