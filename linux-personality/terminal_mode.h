/* SPDX-License-Identifier: MPL-2.0 */
/* Linux's termios structures, and their conversion from and to the library OS's terminal modes. Pure: tested on any host. */
#ifndef LX_TERMINAL_MODE_H
#define LX_TERMINAL_MODE_H

#include <los/terminal.h>
#include <stdint.h>

#define LX_NCCS 19
struct lx_termios {
    uint32_t c_iflag, c_oflag, c_cflag, c_lflag;
    uint8_t c_line, c_cc[LX_NCCS];
};
_Static_assert(sizeof(struct lx_termios) == 36, "Linux ABI");
struct lx_termios2 {
    struct lx_termios termios;
    uint32_t c_ispeed, c_ospeed; /* baud */
};
_Static_assert(sizeof(struct lx_termios2) == 44, "Linux ABI");
struct lx_termio { /* System V's, still used by some */
    uint16_t c_iflag, c_oflag, c_cflag, c_lflag;
    uint8_t c_line, c_cc[8];
};
_Static_assert(sizeof(struct lx_termio) == 18, "Linux ABI");

#define LX_CFLAG_SERIAL 0x1cb2u /* B115200 CS8 CREAD HUPCL CLOCAL: a serial line that was never set */
#define LX_CFLAG_PTY    0x00bfu /* B38400 CS8 CREAD */

/* cflag: what control flags are shown as long as nobody set any. */
void lx_termios_from(const struct los_terminal_mode *mode, uint32_t cflag, struct lx_termios2 *to);
void lx_termios_to(const struct lx_termios2 *from, struct los_terminal_mode *mode);
/* The old structure knows only part of the flags: the rest stays as in *to. */
void lx_termio_from(const struct lx_termios2 *from, struct lx_termio *to);
void lx_termio_to(const struct lx_termio *from, struct lx_termios2 *to);
/* Fills in c_ispeed and c_ospeed from the codes in c_cflag, unless it says that they are given themselves. */
void lx_termios_speeds(struct lx_termios2 *termios);

#endif
