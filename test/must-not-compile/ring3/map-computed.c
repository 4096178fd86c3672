/* expect: not constant */
/* A protection known at run time only is said to be one. */
#include "given.h"

long test(void)
{
    struct exo_map map = RIGHT_WRONG(EXO_MAP_COMPUTED, EXO_MAP)(0x1000, frame, 0, 1, (uint32_t)number);
    return exo_space_map(space, &map, 1);
}
