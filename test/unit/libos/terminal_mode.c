/* SPDX-License-Identifier: MPL-2.0 */
/* Linux's termios and the library OS's terminal modes: both ways, and against the host's own headers. */
#include <asm/termbits.h>
#include <criterion/criterion.h>
#include <terminal_mode.h>

_Static_assert(sizeof(struct lx_termios) == sizeof(struct termios), "struct termios as the kernel has it");
_Static_assert(sizeof(struct lx_termios2) == sizeof(struct termios2), "struct termios2");

Test(terminal_termios, every_bit_and_character_comes_back)
{
    uint64_t seed = 7;
    for (int round = 0; round < 1000; round++) {
        struct lx_termios2 from, back;
        struct los_terminal_mode mode;
        for (size_t i = 0; i < sizeof from; i++) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            ((uint8_t *)&from)[i] = (uint8_t)(seed >> 56);
        }
        lx_termios_speeds(&from);
        lx_termios_to(&from, &mode);
        lx_termios_from(&mode, 0, &back);
        cr_assert_eq(memcmp(&from.termios, &back.termios, sizeof from.termios), 0);
        cr_assert_eq(from.c_ospeed, back.c_ospeed);
        cr_assert_eq(from.c_ispeed, back.c_ispeed);
    }
}

Test(terminal_termios, a_speed_of_its_own_for_input_comes_back)
{
    struct lx_termios2 from = {.termios.c_cflag = B38400 | BOTHER << IBSHIFT, .c_ospeed = 7, .c_ispeed = 12345};
    struct los_terminal_mode mode;
    lx_termios_to(&from, &mode);
    lx_termios_from(&mode, 0, &from);
    cr_assert(from.c_ospeed == 38400 && from.c_ispeed == 12345);
}

Test(terminal_termios, flags_mean_what_the_headers_say)
{
    struct lx_termios2 from;
    struct los_terminal_mode mode;
    memset(&from, 0, sizeof from);
    from.termios.c_iflag = ICRNL | IXON | IUTF8;
    from.termios.c_oflag = OPOST | ONLCR | XTABS;
    from.termios.c_lflag = ISIG | ICANON | ECHO | TOSTOP | IEXTEN;
    from.termios.c_cc[VINTR] = 3;
    from.termios.c_cc[VMIN] = 4;
    from.termios.c_cc[VEOL2] = 5;
    lx_termios_to(&from, &mode);
    cr_assert(mode.cr_to_nl && mode.flow_out && mode.utf8 && mode.post && mode.nl_to_crnl && mode.expand_tabs);
    cr_assert(mode.signals && mode.canonical && mode.echo && mode.stop_output && mode.extended);
    cr_assert(!mode.echo_erase && !mode.flow_in && !mode.no_flush && !mode.strip);
    cr_assert_eq(mode.control[LOS_TC_INTERRUPT], 3);
    cr_assert_eq(mode.control[LOS_TC_MIN], 4);
    cr_assert_eq(mode.control[LOS_TC_EOL2], 5);
}

Test(terminal_termios, a_line_that_was_never_set_shows_the_default)
{
    struct los_terminal_mode mode = {.canonical = true};
    struct lx_termios2 shown;
    lx_termios_from(&mode, LX_CFLAG_SERIAL, &shown);
    cr_assert_eq(shown.termios.c_cflag, (uint32_t)(B115200 | CS8 | CREAD | HUPCL | CLOCAL));
    cr_assert_eq(shown.c_ospeed, 115200);
    lx_termios_from(&mode, LX_CFLAG_PTY, &shown);
    cr_assert_eq(shown.termios.c_cflag, (uint32_t)(B38400 | CS8 | CREAD));
    cr_assert_eq(shown.c_ispeed, 38400);
}

Test(terminal_termios, the_old_structure_leaves_the_rest_alone)
{
    struct lx_termios2 full;
    struct lx_termio old;
    memset(&full, 0, sizeof full);
    full.termios.c_lflag = EXTPROC | ICANON;
    full.termios.c_cc[VSTART] = 17;
    lx_termio_from(&full, &old);
    cr_assert_eq(old.c_lflag, ICANON);
    old.c_lflag = ECHO;
    old.c_cc[VEOF] = 9;
    lx_termio_to(&old, &full);
    cr_assert_eq(full.termios.c_lflag, (uint32_t)(EXTPROC | ECHO));
    cr_assert_eq(full.termios.c_cc[VEOF], 9);
    cr_assert_eq(full.termios.c_cc[VSTART], 17);
}
