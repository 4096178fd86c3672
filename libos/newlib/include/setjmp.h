/* SPDX-License-Identifier: MPL-2.0 */
/* newlib's <setjmp.h>, with POSIX's sigsetjmp and siglongjmp, which it has not got for this target. */
#ifndef KXOS_NEWLIB_SETJMP_H
#define KXOS_NEWLIB_SETJMP_H

#include_next <setjmp.h>

typedef struct {
    jmp_buf registers;
    unsigned long mask;
    int saved;
} sigjmp_buf[1];

int newlib_save_mask(sigjmp_buf to, int save); /* 0 */
/* A macro, as setjmp must be called in the function that is returned to. */
#define sigsetjmp(buffer, save) (newlib_save_mask((buffer), (save)), setjmp((buffer)->registers))
void siglongjmp(sigjmp_buf from, int value) __attribute__((noreturn));

#endif
