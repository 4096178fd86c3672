/* expect: makes integer from pointer */
/* An element is made by EXO_MAP, which looks at the rights. */
#include "given.h"

long test(void)
{
    struct exo_map map = RIGHT_WRONG(EXO_MAP(0x1000, frame_r, 0, 1, EXO_MAP_R),
                                     ((struct exo_map){0x1000, frame_r, 0, 1, EXO_MAP_W}));
    return exo_space_map(space, &map, 1);
}
