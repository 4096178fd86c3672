/* expect: negative */
/* There are six rights. */
#include "given.h"

long test(void)
{
    EXO_TOKEN(FRAME, RIGHT_WRONG(EXO_ALL, EXO_ALL + 1)) token = NULL;
    return token == NULL;
}
