/* expect: exo_MAP: argument 2 must be a FRAME token */
/* Only frames are mapped. */
#include "given.h"

long test(void)
{
    struct exo_map map = EXO_MAP(0x1000, RIGHT_WRONG(frame, space), 0, 1, EXO_MAP_R);
    return exo_space_map(space, &map, 1);
}
