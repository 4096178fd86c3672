/* SPDX-License-Identifier: MPL-2.0 */
/* newlib's <signal.h>, with the flags of sigaction that are kept here besides SA_NOCLDSTOP. */
#ifndef KXOS_NEWLIB_SIGNAL_H
#define KXOS_NEWLIB_SIGNAL_H

#include_next <signal.h>

#define SA_RESTART   0x10
#define SA_NODEFER   0x20
#define SA_RESETHAND 0x40
#define SA_ONSTACK   0x80

#endif
