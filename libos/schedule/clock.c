/* SPDX-License-Identifier: MPL-2.0 */
/* Time, from the clock's parameters in the vCPU page: no crossing, no lock. */
#include "internal.h"

static int64_t wall_offset; /* what los_set_wall added to the machine's idea */

uint64_t los_now(void) { return los_clock(los_cpu()); }

uint64_t los_wall_now(void) { return los_now() + los_cpu()->page->clock_wall_ns + (uint64_t)wall_offset; }

int los_set_wall(uint64_t ns)
{
    wall_offset += (int64_t)(ns - los_wall_now());
    return 0;
}

int64_t los_wall_offset(void) { return wall_offset; }
