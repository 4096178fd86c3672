/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of libos/signal share. Under the container lock. */
#ifndef LOS_SIGNAL_INTERNAL_H
#define LOS_SIGNAL_INTERNAL_H

#include <los/process.h>
#include "../process/internal.h"

#define SIGNALS_STOP                                                                                           \
    (LOS_SIGNAL_BIT(LOS_SIG_STOP) | LOS_SIGNAL_BIT(LOS_SIG_TERMINAL_STOP) |                                    \
     LOS_SIGNAL_BIT(LOS_SIG_TERMINAL_IN) | LOS_SIGNAL_BIT(LOS_SIG_TERMINAL_OUT))
#define SIGNALS_UNMASKABLE (LOS_SIGNAL_BIT(LOS_SIG_KILL) | LOS_SIGNAL_BIT(LOS_SIG_STOP))
/* Caused by the instruction that runs: delivered before others. */
#define SIGNALS_SYNCHRONOUS                                                                                    \
    (LOS_SIGNAL_BIT(LOS_SIG_SEGMENT) | LOS_SIGNAL_BIT(LOS_SIG_BUS) | LOS_SIGNAL_BIT(LOS_SIG_ILLEGAL) |         \
     LOS_SIGNAL_BIT(LOS_SIG_TRAP) | LOS_SIGNAL_BIT(LOS_SIG_ARITHMETIC) | LOS_SIGNAL_BIT(LOS_SIG_SYSTEM_CALL))

enum los_default {
    LOS_DEFAULT_END,
    LOS_DEFAULT_DUMP,
    LOS_DEFAULT_IGNORE,
    LOS_DEFAULT_STOP,
    LOS_DEFAULT_CONTINUE
};
enum los_default los_signal_default(int number);

/* pending.c. Adds to the set; AGAIN: a queueing signal found no room. process: the receiver, whose limit counts. */
int los_pending_add(struct los_process *process, struct los_pending *pending,
                    const struct los_signal_info *info);
/* Removes the first signal of `which` and tells about it; 0: none. */
int los_pending_take(struct los_process *process, struct los_pending *pending, los_signal_set which,
                     struct los_signal_info *info);

#endif
