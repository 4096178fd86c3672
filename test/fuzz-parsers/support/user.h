/* SPDX-License-Identifier: MPL-2.0 */
/* Memory of a program for targets of the Linux personality: USER_BYTES at USER, nothing around them. */
#ifndef FUZZ_USER_H
#define FUZZ_USER_H

#include <personality.h>
#include "libos.h"

#define USER       0x10000000ul
#define USER_BYTES (4 * LOS_PAGE)

static inline void user_map(void)
{
    cr_assert_eq(los_space_map(fixture_process->space, USER, USER_BYTES, LOS_READ | LOS_WRITE, LOS_FIXED, NULL,
                               0, NULL, NULL),
                 (long)USER);
}
static inline void user_unmap(void) { OK(los_space_unmap(fixture_process->space, USER, USER_BYTES)); }

#define CALL(name, ...) lx_sys_##name(&(struct lx_args){.arg = {__VA_ARGS__}, .frame = los_current()->frame})

#endif
