/* expect: comparison of distinct pointer types */
/* Tokens of two kinds are never the same. */
#include "given.h"

long test(void) { return frame == RIGHT_WRONG(exo_trust(FRAME, EXO_ALL, handle), space); }
