/* expect: exo_token_send: argument 3 must be rights that the token has */
/* Nobody sends rights that he lacks. */
#include "given.h"

long test(void)
{
    EXO_TOKEN(EVENT, EXO_W) theirs;
    return exo_token_send(domain, event, RIGHT_WRONG(EXO_W, EXO_W | EXO_X), 0, &theirs);
}
