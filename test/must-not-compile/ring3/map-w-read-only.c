/* expect: exo_MAP: argument 5 must be what the FRAME token permits */
/* A read-only frame is not mapped writable. */
#include "given.h"

long test(void)
{
    struct exo_map map = EXO_MAP(0x1000, RIGHT_WRONG(frame_rw, frame_r), 0, 1, EXO_MAP_R | EXO_MAP_W);
    return exo_space_map(space, &map, 1);
}
