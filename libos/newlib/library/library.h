/* SPDX-License-Identifier: MPL-2.0 */
/* What newlib asks of a system, on the calls of call.h: what the files of this folder share. They are compiled with newlib's headers. */
#ifndef NEWLIB_LIBRARY_H
#define NEWLIB_LIBRARY_H

#include "../call.h"

/* A call whose error goes to errno: the result, or -1. Missing arguments are 0. */
long newlib_checked(uint32_t number, uint64_t a, uint64_t b, uint64_t c);
#define ADDRESS(pointer) ((uint64_t)(uintptr_t)(pointer))

#endif
