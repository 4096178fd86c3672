/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Terminal modes as Linux's termios (termios(3), ioctl_tty(2)). One table says which flag is which; flags that the library OS has no
 * use for are kept in mode->kept, so that a program reads back what it set.
 */
#include <terminal_mode.h>

enum flag_word { INPUT, OUTPUT, LOCAL, FLAG_WORDS };
enum kept_word { KEPT_INPUT, KEPT_OUTPUT, KEPT_LOCAL, KEPT_CONTROL, KEPT_SPEED, KEPT_INPUT_SPEED, KEPT_IS_SET };
#define TAB_DELAY        0x1800u
#define TAB_EXPAND       0x1800u
#define BAUD_CODE        0x100fu
#define BAUD_GIVEN       0x1000u
#define INPUT_BAUD_SHIFT 16

static const struct {
    enum flag_word word;
    uint32_t bit;
    size_t field;
} flags[] = {
#define F(word, bit, name)                                                                                     \
    {                                                                                                          \
        word, bit, offsetof(struct los_terminal_mode, name)                                                    \
    }
    F(INPUT, 0x1, ignore_break),  F(INPUT, 0x2, break_interrupt),
    F(INPUT, 0x4, ignore_parity), F(INPUT, 0x8, parity_mark),
    F(INPUT, 0x10, check_parity), F(INPUT, 0x20, strip),
    F(INPUT, 0x40, nl_to_cr),     F(INPUT, 0x80, ignore_cr),
    F(INPUT, 0x100, cr_to_nl),    F(INPUT, 0x200, upper_to_lower),
    F(INPUT, 0x400, flow_out),    F(INPUT, 0x800, flow_any),
    F(INPUT, 0x1000, flow_in),    F(INPUT, 0x2000, bell_full),
    F(INPUT, 0x4000, utf8),       F(OUTPUT, 0x1, post),
    F(OUTPUT, 0x2, out_upper),    F(OUTPUT, 0x4, nl_to_crnl),
    F(OUTPUT, 0x8, out_cr_to_nl), F(OUTPUT, 0x10, no_cr_column0),
    F(OUTPUT, 0x20, nl_returns),  F(LOCAL, 0x1, signals),
    F(LOCAL, 0x2, canonical),     F(LOCAL, 0x8, echo),
    F(LOCAL, 0x10, echo_erase),   F(LOCAL, 0x20, echo_kill),
    F(LOCAL, 0x40, echo_nl),      F(LOCAL, 0x80, no_flush),
    F(LOCAL, 0x100, stop_output), F(LOCAL, 0x200, echo_control),
    F(LOCAL, 0x400, echo_print),  F(LOCAL, 0x800, echo_kill_erase),
    F(LOCAL, 0x8000, extended),
#undef F
};

/* Index of each control character in c_cc. 7, 17 and 18 mean nothing here. */
static const uint8_t control_index[LOS_TC_COUNT] = {
    [LOS_TC_INTERRUPT] = 0, [LOS_TC_QUIT] = 1,        [LOS_TC_ERASE] = 2,         [LOS_TC_KILL] = 3,
    [LOS_TC_EOF] = 4,       [LOS_TC_TIME] = 5,        [LOS_TC_MIN] = 6,           [LOS_TC_START] = 8,
    [LOS_TC_STOP] = 9,      [LOS_TC_SUSPEND] = 10,    [LOS_TC_EOL] = 11,          [LOS_TC_REPRINT] = 12,
    [LOS_TC_DISCARD] = 13,  [LOS_TC_WORD_ERASE] = 14, [LOS_TC_LITERAL_NEXT] = 15, [LOS_TC_EOL2] = 16,
};

static const uint32_t baud_low[16] = {0,   50,   75,   110,  134,  150,  200,   300,
                                      600, 1200, 1800, 2400, 4800, 9600, 19200, 38400};
static const uint32_t baud_high[16] = {0,       57600,   115200,  230400,  460800,  500000,  576000,  921600,
                                       1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000};

static uint32_t baud(uint32_t code, uint32_t given)
{
    code &= BAUD_CODE;
    if (code == BAUD_GIVEN)
        return given;
    return code & BAUD_GIVEN ? baud_high[code & 15] : baud_low[code & 15];
}

void lx_termios_speeds(struct lx_termios2 *termios)
{
    uint32_t cflag = termios->termios.c_cflag;
    termios->c_ospeed = baud(cflag, termios->c_ospeed);
    uint32_t input = cflag >> INPUT_BAUD_SHIFT & BAUD_CODE;
    termios->c_ispeed = input == 0 ? termios->c_ospeed : baud(input, termios->c_ispeed);
}

static bool *field(struct los_terminal_mode *mode, size_t i) { return (bool *)((char *)mode + flags[i].field); }

void lx_termios_from(const struct los_terminal_mode *mode, uint32_t cflag, struct lx_termios2 *to)
{
    uint32_t words[FLAG_WORDS] = {mode->kept[KEPT_INPUT], mode->kept[KEPT_OUTPUT], mode->kept[KEPT_LOCAL]};
    for (size_t i = 0; i < LOS_COUNT(flags); i++)
        if (*(const bool *)((const char *)mode + flags[i].field))
            words[flags[i].word] |= flags[i].bit;
    if (mode->expand_tabs)
        words[OUTPUT] |= TAB_EXPAND;
    memset(to, 0, sizeof *to);
    to->termios.c_iflag = words[INPUT];
    to->termios.c_oflag = words[OUTPUT];
    to->termios.c_lflag = words[LOCAL];
    to->termios.c_cflag = mode->kept[KEPT_IS_SET] ? mode->control_flags : cflag;
    uint32_t kept = mode->kept[KEPT_CONTROL];
    to->termios.c_line = (uint8_t)(kept >> 24);
    to->termios.c_cc[7] = (uint8_t)kept;
    to->termios.c_cc[17] = (uint8_t)(kept >> 8);
    to->termios.c_cc[18] = (uint8_t)(kept >> 16);
    for (size_t i = 0; i < LOS_TC_COUNT; i++)
        to->termios.c_cc[control_index[i]] = mode->control[i];
    to->c_ospeed = mode->kept[KEPT_SPEED];
    to->c_ispeed = mode->kept[KEPT_INPUT_SPEED];
    lx_termios_speeds(to);
}

void lx_termios_to(const struct lx_termios2 *from, struct los_terminal_mode *mode)
{
    uint32_t words[FLAG_WORDS] = {from->termios.c_iflag, from->termios.c_oflag, from->termios.c_lflag};
    memset(mode, 0, sizeof *mode);
    for (size_t i = 0; i < LOS_COUNT(flags); i++) {
        *field(mode, i) = (words[flags[i].word] & flags[i].bit) != 0;
        words[flags[i].word] &= ~flags[i].bit;
    }
    mode->expand_tabs = (words[OUTPUT] & TAB_DELAY) == TAB_EXPAND;
    if (mode->expand_tabs)
        words[OUTPUT] &= ~TAB_DELAY;
    mode->kept[KEPT_INPUT] = words[INPUT];
    mode->kept[KEPT_OUTPUT] = words[OUTPUT];
    mode->kept[KEPT_LOCAL] = words[LOCAL];
    mode->kept[KEPT_CONTROL] = from->termios.c_cc[7] | (uint32_t)from->termios.c_cc[17] << 8 |
                               (uint32_t)from->termios.c_cc[18] << 16 | (uint32_t)from->termios.c_line << 24;
    mode->kept[KEPT_SPEED] = from->c_ospeed;
    mode->kept[KEPT_INPUT_SPEED] = from->c_ispeed;
    mode->kept[KEPT_IS_SET] = 1;
    mode->control_flags = from->termios.c_cflag;
    for (size_t i = 0; i < LOS_TC_COUNT; i++)
        mode->control[i] = from->termios.c_cc[control_index[i]];
}

void lx_termio_from(const struct lx_termios2 *from, struct lx_termio *to)
{
    memset(to, 0, sizeof *to);
    to->c_iflag = (uint16_t)from->termios.c_iflag;
    to->c_oflag = (uint16_t)from->termios.c_oflag;
    to->c_cflag = (uint16_t)from->termios.c_cflag;
    to->c_lflag = (uint16_t)from->termios.c_lflag;
    to->c_line = from->termios.c_line;
    memcpy(to->c_cc, from->termios.c_cc, sizeof to->c_cc);
}

void lx_termio_to(const struct lx_termio *from, struct lx_termios2 *to)
{
    struct lx_termios *t = &to->termios;
    t->c_iflag = (t->c_iflag & 0xffff0000u) | from->c_iflag;
    t->c_oflag = (t->c_oflag & 0xffff0000u) | from->c_oflag;
    t->c_cflag = (t->c_cflag & 0xffff0000u) | from->c_cflag;
    t->c_lflag = (t->c_lflag & 0xffff0000u) | from->c_lflag;
    t->c_line = from->c_line;
    memcpy(t->c_cc, from->c_cc, sizeof from->c_cc);
    lx_termios_speeds(to);
}
