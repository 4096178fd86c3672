/* SPDX-License-Identifier: MPL-2.0 */
/* What the parts of this program share: the work of libos/pager, libos/scheduler and libos/kv, done with what Linux offers. */
#ifndef SWAP_H
#define SWAP_H

#include <stdint.h>

int swap_pager(int count, char **word);
int swap_scheduler(int count, char **word);
int swap_kv(int count, char **word);

int64_t swap_now_ns(void);
/* Ends the program with a line that says so, and errno's text. */
#define SWAP_MUST(condition)                                                                                   \
    do {                                                                                                       \
        if (!(condition))                                                                                      \
            swap_fail(__FILE__, __LINE__, #condition);                                                         \
    } while (0)
_Noreturn void swap_fail(const char *file, int line, const char *what);

#endif
