/* SPDX-License-Identifier: MPL-2.0 */
/* The beginning: the hook of struct los_personality. */
#ifndef LX_START_H
#define LX_START_H

#include <personality.h>

void lx_start(struct los_frame *frame);
void lx_execute(void);           /* a program waits to be run: los_execution_take */
int lx_signal_first(int number); /* to the first program. INVAL, SRCH */

#endif
