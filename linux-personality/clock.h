/* SPDX-License-Identifier: MPL-2.0 */
/* Clocks by their Linux numbers. */
#ifndef LX_CLOCK_H
#define LX_CLOCK_H

#include <personality.h>

long lx_clock_now(int clock, uint64_t *ns); /* INVAL: no such clock */
bool lx_clock_is_wall(int clock);
bool lx_clock_is_cpu(int clock);
uint64_t lx_clock_deadline(int clock,
                           uint64_t at); /* that time of a clock that is no CPU clock, for los_wait */
uint64_t lx_process_cpu(struct los_process *process);

#endif
