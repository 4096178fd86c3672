/* SPDX-License-Identifier: MPL-2.0 */
/* Which of Linux's calls are quick, as los/quick.h has it. */
#ifndef LX_QUICK_H
#define LX_QUICK_H

#include <personality.h>

/* Says it anew: none is while calls are traced, or have to pass a policy. */
void lx_quick_update(void);

#endif
