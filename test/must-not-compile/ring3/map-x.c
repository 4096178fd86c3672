/* expect: exo_MAP: argument 5 must be what the FRAME token permits */
/* Nor is a frame without X mapped executable. */
#include "given.h"

long test(void)
{
    struct exo_map map = EXO_MAP(0x1000, RIGHT_WRONG(frame_rwx, frame_rw), 0, 1, EXO_MAP_R | EXO_MAP_X);
    return exo_space_map(space, &map, 1);
}
