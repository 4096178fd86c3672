/* SPDX-License-Identifier: MPL-2.0 */
/* The control calls of terminals (ioctl_tty(2)), as calls of libos/terminal. What a serial line does not know is ENOTTY. */
#include <los/terminal.h>
#include <personality.h>
#include <terminal_mode.h>

enum {
    TCGETS = 0x5401,
    TCSETS,
    TCSETSW,
    TCSETSF,
    TCGETA,
    TCSETA,
    TCSETAW,
    TCSETAF,
    TCSBRK,
    TCXONC,
    TCFLSH,
    TIOCEXCL,
    TIOCNXCL,
    TIOCSCTTY,
    TIOCGPGRP,
    TIOCSPGRP,
    TIOCOUTQ,
    TIOCSTI,
    TIOCGWINSZ,
    TIOCSWINSZ,
    TIOCMGET,
    TIOCMBIS,
    TIOCMBIC,
    TIOCMSET,
    TIOCGSOFTCAR,
    TIOCSSOFTCAR,
    TIOCINQ,
    TIOCPKT = 0x5420,
    TIOCNOTTY = 0x5422,
    TIOCSETD,
    TIOCGETD,
    TCSBRKP,
    TIOCSBRK = 0x5427,
    TIOCCBRK,
    TIOCGSID,
};
#define TCGETS2     0x802c542au
#define TCSETS2     0x402c542bu
#define TCSETSW2    0x402c542cu
#define TCSETSF2    0x402c542du
#define TIOCGPTN    0x80045430u
#define TIOCSPTLCK  0x40045431u
#define TIOCGDEV    0x80045432u
#define TIOCGPKT    0x80045438u
#define TIOCGPTLCK  0x80045439u
#define TIOCGEXCL   0x80045440u
#define TIOCGPTPEER 0x5441u
#define CLOCAL      0x800u
#define MODEM_LINES 0x166 /* DTR RTS CTS CD DSR: as a line without a modem shows itself */

static bool is_serial(struct los_terminal *terminal)
{
    uint32_t major, minor;
    los_terminal_device(terminal, &major, &minor);
    return major == 4;
}

static long put_int(uint64_t user, int value) { return los_copy_out(user, &value, sizeof(value)); }

static long get_int(uint64_t user, int *value) { return los_copy_in(value, user, sizeof(*value)); }

/* --- modes ---------------------------------------------------------------------------------------------------------- */

static void get_mode(struct los_terminal *terminal, struct lx_termios2 *out)
{
    lx_termios_from(los_terminal_mode(terminal), is_serial(terminal) ? LX_CFLAG_SERIAL : LX_CFLAG_PTY, out);
}

static long mode_out(struct los_terminal *terminal, uint32_t request, uint64_t user)
{
    struct lx_termios2 mode;
    get_mode(terminal, &mode);
    if (request == TCGETS2)
        return los_copy_out(user, &mode, sizeof(mode));
    if (request == TCGETS)
        return los_copy_out(user, &mode.termios, sizeof(mode.termios));
    struct lx_termio old;
    lx_termio_from(&mode, &old);
    return los_copy_out(user, &old, sizeof(old));
}

static long mode_in(struct los_terminal *terminal, uint32_t request, uint64_t user)
{
    struct lx_termios2 mode;
    enum los_terminal_when when;
    long error;
    get_mode(terminal, &mode);
    if (request >= TCSETS && request <= TCSETSF) {
        when = (enum los_terminal_when)(request - TCSETS);
        error = los_copy_in(&mode.termios, user, sizeof(mode.termios));
    } else if (request >= TCSETA && request <= TCSETAF) {
        struct lx_termio old;
        when = (enum los_terminal_when)(request - TCSETA);
        error = los_copy_in(&old, user, sizeof(old));
        if (error == 0)
            lx_termio_to(&old, &mode);
    } else {
        when = (enum los_terminal_when)(request - TCSETS2);
        error = los_copy_in(&mode, user, sizeof(mode));
    }
    if (error < 0)
        return error;
    lx_termios_speeds(&mode);
    struct los_terminal_mode wanted;
    lx_termios_to(&mode, &wanted);
    return los_terminal_set_mode(terminal, &wanted, when);
}

static long size_out(struct los_terminal *terminal, uint64_t user)
{
    const struct los_terminal_size *size = los_terminal_size(terminal);
    uint16_t words[4] = {size->rows, size->columns, size->x_pixels, size->y_pixels};
    return los_copy_out(user, words, sizeof(words));
}

static long size_in(struct los_terminal *terminal, uint64_t user)
{
    uint16_t words[4];
    long error = los_copy_in(words, user, sizeof(words));
    if (error < 0)
        return error;
    struct los_terminal_size size = {words[0], words[1], words[2], words[3]};
    los_terminal_set_size(terminal, &size);
    return 0;
}

/* --- the line ---------------------------------------------------------------------------------------------------------- */

static long flush(struct los_terminal *terminal, uint64_t what)
{
    long error = los_terminal_check_change(terminal);
    if (error < 0)
        return error;
    if (what > 2)
        return -LOS_E_INVAL;
    los_terminal_flush(terminal, what != 1, what != 0);
    return 0;
}

static long flow(struct los_terminal *terminal, uint64_t what)
{
    static const enum los_terminal_flow flows[] = {LOS_FLOW_STOP_OUTPUT, LOS_FLOW_START_OUTPUT,
                                                   LOS_FLOW_SEND_STOP, LOS_FLOW_SEND_START};
    long error = los_terminal_check_change(terminal);
    if (error < 0)
        return error;
    return what < LOS_COUNT(flows) ? los_terminal_flow(terminal, flows[what]) : -LOS_E_INVAL;
}

/* Waits for the output; a break condition itself would mean nothing to what is at the other end. */
static long drain(struct los_terminal *terminal)
{
    long error = los_terminal_check_change(terminal);
    return error < 0 ? error : los_terminal_drain(terminal);
}

static long put_in(struct los_terminal *terminal, uint64_t user)
{
    char byte;
    if (los_current()->process->terminal != terminal && !lx_is_root())
        return -LOS_E_PERM;
    long error = los_copy_in(&byte, user, 1);
    if (error == 0)
        los_terminal_received(terminal, &byte, 1);
    return error;
}

static long soft_carrier(struct los_terminal *terminal, uint64_t user)
{
    int on;
    long error = get_int(user, &on);
    if (error < 0)
        return error;
    struct lx_termios2 mode;
    struct los_terminal_mode wanted;
    get_mode(terminal, &mode);
    mode.termios.c_cflag = on ? mode.termios.c_cflag | CLOCAL : mode.termios.c_cflag & ~CLOCAL;
    lx_termios_to(&mode, &wanted);
    return los_terminal_set_mode(terminal, &wanted, LOS_TERMINAL_NOW);
}

/* --- sessions ------------------------------------------------------------------------------------------------------------ */

/* The master of a pair may ask about the other side although it controls nothing. */
static long group_out(struct los_terminal *terminal, bool is_master, uint64_t user)
{
    long group = is_master ? los_terminal_group(terminal) : los_terminal_foreground(terminal);
    return group < 0 ? group : put_int(user, (int)group);
}

static long group_in(struct los_terminal *terminal, uint64_t user)
{
    int group;
    long error = get_int(user, &group);
    return error < 0 ? error : los_terminal_set_foreground(terminal, group);
}

static long session_out(struct los_terminal *terminal, bool is_master, uint64_t user)
{
    int session = los_terminal_session(terminal);
    if (session == 0 || (!is_master && los_current()->process->terminal != terminal))
        return -LOS_E_NOTTY;
    return put_int(user, session);
}

static long give_up(struct los_terminal *terminal)
{
    return los_current()->process->terminal == terminal ? los_terminal_release() : -LOS_E_NOTTY;
}

/* --- pairs ------------------------------------------------------------------------------------------------------------------ */

static long lock_in(struct los_file *file, uint64_t user)
{
    int lock;
    long error = get_int(user, &lock);
    return error < 0 ? error : los_pty_lock(file, lock != 0);
}

static long open_peer(struct los_file *file, uint64_t flags)
{
    struct los_file *peer;
    long fd = los_pty_open_peer(file, lx_open_flags(flags), &peer);
    if (fd < 0)
        return fd;
    fd = los_descriptor_add(peer, 0, (flags & LX_O_CLOEXEC) != 0);
    if (fd < 0)
        los_file_unref(peer);
    return fd;
}

static long master_ioctl(struct los_file *file, struct los_terminal *terminal, uint32_t request,
                         uint64_t argument)
{
    switch (request) {
    case TIOCGPTN: return put_int(argument, (int)los_pty_number(file));
    case TIOCSPTLCK: return lock_in(file, argument);
    case TIOCGPTLCK: return put_int(argument, (int)los_pty_lock(file, -1));
    case TIOCGPTPEER: return open_peer(file, argument);
    case TIOCINQ: return put_int(argument, (int)los_terminal_output_bytes(terminal));
    case TIOCOUTQ: return put_int(argument, 0);
    case TIOCGPKT: return put_int(argument, 0);
    default: return -LOS_E_NOTTY;
    }
}

static long serial_ioctl(uint32_t request, uint64_t argument)
{
    int lines;
    switch (request) {
    case TIOCMGET: return put_int(argument, MODEM_LINES);
    case TIOCMBIS:
    case TIOCMBIC:
    case TIOCMSET: return get_int(argument, &lines); /* they stay as they are: nothing hangs on them */
    default: return -LOS_E_NOTTY;
    }
}

/* --- the call ------------------------------------------------------------------------------------------------------------------ */

static long common_ioctl(struct los_terminal *terminal, bool is_master, uint32_t request, uint64_t argument)
{
    int number;
    uint32_t major, minor;
    struct lx_termios2 mode;
    switch (request) {
    case TCGETS:
    case TCGETS2:
    case TCGETA: return mode_out(terminal, request, argument);
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
    case TCSETA:
    case TCSETAW:
    case TCSETAF:
    case TCSETS2:
    case TCSETSW2:
    case TCSETSF2: return mode_in(terminal, request, argument);
    case TIOCGWINSZ: return size_out(terminal, argument);
    case TIOCSWINSZ: return size_in(terminal, argument);
    case TIOCGPGRP: return group_out(terminal, is_master, argument);
    case TIOCSPGRP: return group_in(terminal, argument);
    case TIOCGSID: return session_out(terminal, is_master, argument);
    case TIOCSCTTY: return los_terminal_acquire(terminal, argument == 1);
    case TIOCNOTTY: return give_up(terminal);
    case TIOCINQ: return put_int(argument, (int)los_terminal_input_bytes(terminal));
    case TIOCOUTQ: return put_int(argument, (int)los_terminal_output_bytes(terminal));
    case TCFLSH: return flush(terminal, argument);
    case TCXONC: return flow(terminal, argument);
    case TCSBRK:
    case TCSBRKP:
    case TIOCSBRK: return drain(terminal);
    case TIOCCBRK: return 0;
    case TIOCSTI: return put_in(terminal, argument);
    case TIOCEXCL:
    case TIOCNXCL: return 0;
    case TIOCGEXCL: return put_int(argument, 0);
    case TIOCGETD: return put_int(argument, 0); /* N_TTY is the only discipline */
    case TIOCSETD:
        if (get_int(argument, &number) < 0)
            return -LOS_E_FAULT;
        return number == 0 ? 0 : -LOS_E_INVAL;
    case TIOCGSOFTCAR:
        get_mode(terminal, &mode);
        return put_int(argument, (mode.termios.c_cflag & CLOCAL) != 0);
    case TIOCSSOFTCAR: return soft_carrier(terminal, argument);
    case TIOCGDEV:
        los_terminal_device(terminal, &major, &minor);
        return put_int(argument, (int)lx_device(major, minor));
    default: return -LOS_E_NOTTY;
    }
}

long lx_terminal_ioctl(struct los_file *file, uint32_t request, uint64_t argument)
{
    struct los_terminal *terminal = los_file_terminal(file);
    if (terminal == NULL)
        return -LOS_E_NOTTY;
    if (los_terminal_file_hung_up(file))
        return request == TIOCSPGRP ? -LOS_E_NOTTY : -LOS_E_IO;
    bool is_master = los_pty_number(file) >= 0;
    long result = -LOS_E_NOTTY;
    if (is_master)
        result = master_ioctl(file, terminal, request, argument);
    else if (is_serial(terminal))
        result = serial_ioctl(request, argument);
    return result != -LOS_E_NOTTY ? result : common_ioctl(terminal, is_master, request, argument);
}
