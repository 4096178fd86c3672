/* SPDX-License-Identifier: MPL-2.0 */
/* Frames of signal handlers: the hook of struct los_personality. */
#ifndef LX_SIGNAL_FRAME_H
#define LX_SIGNAL_FRAME_H

#include <personality.h>

#define LX_ACTION_RESTORER                                                                                     \
    0x80000000u /* in los_action.flags: SA_RESTORER was given; without it there is no way back */

bool lx_deliver_signal(struct los_frame *frame, const struct los_action *action,
                       const struct los_signal_info *info, los_signal_set old_mask);

#endif
