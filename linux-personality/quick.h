/* SPDX-License-Identifier: MPL-2.0 */
/* Calls without the container lock: the hook of struct los_personality. */
#ifndef LX_QUICK_H
#define LX_QUICK_H

#include <personality.h>

bool lx_quick_call(struct los_frame *frame);

#endif
