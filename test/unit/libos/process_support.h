/* SPDX-License-Identifier: MPL-2.0 */
/* Real threads of the library OS on the host: the stack switch is true, the machine below it is not. The test is the idle thread. */
#ifndef PROCESS_SUPPORT_H
#define PROCESS_SUPPORT_H

#include <criterion/criterion.h>
#include <los/personality.h>
#include <los/process.h>
#include "fake_exo.h"
#include "../../../libos/process/internal.h"
#include "../../../libos/schedule/internal.h"

extern uint64_t test_now;     /* the clock, in ns */
extern int test_status;       /* the container's, once process 1 ended; -1 before */
extern int test_delivered[8]; /* signal numbers in the order in which handlers were entered */
extern unsigned test_deliveries;

/* Memory, tables, process 1, whose thread will run `body`. Other threads run what test_clone says. */
struct los_process *test_boot(void (*body)(struct los_frame *frame));
/* Runs threads until none is runnable and no timer is left, moving the clock from deadline to deadline. */
void test_run(void);
/* Clones the current thread; the child runs `body` and then ends with status 0. */
long test_clone(uint32_t flags, void (*body)(struct los_frame *frame));
void test_safe_point(void); /* as on the way back to a program */

#endif
