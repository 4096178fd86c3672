/* SPDX-License-Identifier: MPL-2.0 */
/* The line discipline: editing and its echo, special characters, the four cases of MIN and TIME, output processing, full queues. */
#include "../../../libos/terminal/discipline.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define MS 1000000ull

static struct los_discipline d;
static char seen[16384]; /* what the screen got */
static size_t seen_bytes;

static void take_output(void)
{
    const char *at;
    size_t n;
    while ((n = los_discipline_output(&d, &at)) > 0) {
        memcpy(seen + seen_bytes, at, n);
        seen_bytes += n;
        los_discipline_sent(&d, n);
    }
    seen[seen_bytes] = 0;
}

static void start(void)
{
    los_discipline_init(&d);
    seen_bytes = 0;
    seen[0] = 0;
}

static uint32_t type(const char *bytes)
{
    uint32_t events = los_discipline_receive(&d, bytes, strlen(bytes));
    take_output();
    return events;
}

/* One read of up to `wanted` bytes, without waiting. -1: it would have waited. */
static long read_line(char *to, size_t wanted)
{
    size_t got = 0;
    bool last = false;
    to[0] = 0;
    if (!los_discipline_readable(&d, false))
        return -1;
    while (got < wanted && !last && los_discipline_readable(&d, false)) {
        const uint8_t *at;
        size_t n = los_discipline_peek(&d, wanted - got, &at, &last);
        memcpy(to + got, at, n);
        los_discipline_consume(&d, n);
        got += n;
    }
    to[got] = 0;
    return (long)got;
}

#define expect_screen(text) cr_assert_str_eq(seen, text, "the screen shows [%s]", seen)
static void expect_read(size_t wanted, const char *text)
{
    char line[8192];
    long n = read_line(line, wanted);
    cr_assert_eq(n, (long)strlen(text), "read %ld bytes [%s] instead of [%s]", n, line, text);
    cr_assert_str_eq(line, text);
}
static void expect_nothing(void)
{
    char line[8192];
    cr_assert_eq(read_line(line, sizeof line - 1), -1, "unexpectedly readable: [%s]", line);
}

/* --- canonical input ---------------------------------------------------------------------------------------------- */

Test(terminal_discipline, a_line_is_readable_once_it_ended)
{
    start();
    type("ab");
    expect_nothing();
    type("c\r");
    expect_screen("abc\r\n");
    expect_read(100, "abc\n");
    expect_nothing();
}

Test(terminal_discipline, reads_get_one_line_each_and_long_lines_in_pieces)
{
    start();
    type("one\ntwo\n");
    expect_read(2, "on");
    expect_read(100, "e\n");
    expect_read(100, "two\n");
    expect_nothing();
}

Test(terminal_discipline, erase_takes_back_what_it_showed)
{
    start();
    type("ab\x7f\x7f\x7f");
    expect_screen("ab\b \b\b \b");
    type("x\n");
    expect_read(100, "x\n");
}

Test(terminal_discipline, erase_of_a_control_character_takes_two_columns)
{
    start();
    type("\x01\x7f\n");
    expect_screen("^A\b \b\b \b\r\n");
}

Test(terminal_discipline, erase_of_a_tab_goes_back_to_where_it_began)
{
    start();
    los_discipline_write(&d, "$ ", 2);
    type("a\t\x7f"); /* column 3 to 8 */
    expect_screen("$ a\t\b\b\b\b\b");
}

Test(terminal_discipline, erase_takes_a_whole_character_of_utf8)
{
    start();
    d.mode.utf8 = true;
    type("\xc3\xa4\x7f");
    expect_screen("\xc3\xa4\b \b");
    type("\n");
    expect_read(100, "\n");
}

Test(terminal_discipline, erase_without_echo_erase_shows_itself)
{
    start();
    d.mode.echo_erase = false;
    type("a\x7f");
    expect_screen("a^?");
}

Test(terminal_discipline, erase_for_printing_terminals)
{
    start();
    d.mode.echo_print = true;
    type("ab\x7f\x7f"
         "c\n");
    expect_screen("ab\\ba/c\r\n");
    expect_read(100, "c\n");
}

Test(terminal_discipline, kill_erases_the_line_or_shows_itself)
{
    start();
    type("abc\x15");
    expect_screen("abc\b \b\b \b\b \b");
    start();
    d.mode.echo_kill_erase = false;
    type("abc\x15x\n");
    expect_screen("abc^U\r\nx\r\n");
    expect_read(100, "x\n");
}

Test(terminal_discipline, word_erase_takes_a_word_and_what_follows_it)
{
    start();
    type("one two_3  \x17.\n");
    expect_read(100, "one .\n");
}

Test(terminal_discipline, literal_next_makes_any_character_ordinary)
{
    start();
    type("\x16\x03\x16\n!\n");
    expect_screen("^\b^C^\b\r\n!\r\n");
    expect_read(100, "\x03\n!\n");
}

Test(terminal_discipline, reprint_shows_the_line_again)
{
    start();
    type("ab\x12");
    expect_screen("ab^R\r\nab");
}

Test(terminal_discipline, end_of_file_ends_a_line_without_being_read)
{
    start();
    type("\x04");
    expect_screen("");
    expect_read(100, "");
    expect_nothing();
    type("ab\x04");
    expect_read(100, "ab");
    expect_nothing();
    type("ab\x04"); /* read just as long as the line: no empty read follows */
    expect_read(2, "ab");
    expect_nothing();
    type("ab\n\x04"); /* two ends: the second is one of its own */
    expect_read(100, "ab\n");
    expect_read(100, "");
    expect_nothing();
}

Test(terminal_discipline, extra_line_ends)
{
    start();
    d.mode.control[LOS_TC_EOL] = ';';
    type("a;b\n");
    expect_read(100, "a;");
    expect_read(100, "b\n");
}

Test(terminal_discipline, echo_can_be_off_but_for_newline)
{
    start();
    d.mode.echo = false;
    type("secret\n");
    expect_screen("");
    d.mode.echo_nl = true;
    type("secret\n");
    expect_screen("\r\n");
}

Test(terminal_discipline, carriage_returns)
{
    start();
    d.mode.ignore_cr = true;
    type("a\r\n");
    expect_read(100, "a\n");
    start();
    d.mode.cr_to_nl = false;
    d.mode.nl_to_cr = true;
    d.mode.canonical = false;
    type("\r\n");
    expect_read(100, "\r\r");
}

/* --- signals and flow --------------------------------------------------------------------------------------------------- */

Test(terminal_discipline, signal_characters_flush_and_show_themselves)
{
    start();
    los_discipline_write(&d, "lost", 4);
    cr_assert_eq(type("abc\x03"), LOS_DISCIPLINE_INTERRUPT);
    expect_screen("^C"); /* the queued output went with the input */
    cr_assert_eq(type("\x1c"), LOS_DISCIPLINE_QUIT);
    cr_assert_eq(type("\x1a"), LOS_DISCIPLINE_SUSPEND);
    type("\n");
    expect_read(100, "\n");
}

Test(terminal_discipline, no_flush_keeps_the_line)
{
    start();
    d.mode.no_flush = true;
    cr_assert_eq(type("ab\x03"
                      "c\n"),
                 LOS_DISCIPLINE_INTERRUPT);
    expect_read(100, "abc\n");
}

Test(terminal_discipline, signals_can_be_off_and_characters_disabled)
{
    start();
    d.mode.signals = false;
    cr_assert_eq(type("\x03\n"), 0);
    expect_read(100, "\x03\n");
    start();
    d.mode.control[LOS_TC_INTERRUPT] = 0;
    char nul = 0;
    cr_assert_eq(los_discipline_receive(&d, &nul, 1), 0);
}

Test(terminal_discipline, stop_holds_output_until_start)
{
    start();
    type("\x13");
    los_discipline_write(&d, "held", 4);
    take_output();
    expect_screen("");
    type("\x11");
    expect_screen("held");
}

Test(terminal_discipline, any_character_may_restart_output)
{
    start();
    d.mode.flow_any = true;
    type("\x13");
    los_discipline_write(&d, "x", 1);
    type("y");
    expect_screen("xy");
}

Test(terminal_discipline, the_other_end_is_asked_to_stop_before_the_queue_is_full)
{
    start();
    d.mode.flow_in = true;
    d.mode.canonical = d.mode.echo = false;
    for (int i = 0; i < 3100; i++)
        type("x");
    expect_screen("\x13");
    char buffer[4096];
    read_line(buffer, 4000);
    take_output();
    expect_screen("\x13\x11");
}

/* --- raw input ------------------------------------------------------------------------------------------------------------ */

static bool waits(size_t got, size_t wanted, uint64_t started, uint64_t last, uint64_t now, uint64_t *deadline)
{
    return los_discipline_must_wait(&d, got, wanted, started, last, now, deadline);
}

Test(terminal_discipline, min_and_time)
{
    uint64_t deadline;
    start();
    d.mode.canonical = false;

    d.mode.control[LOS_TC_MIN] = 3, d.mode.control[LOS_TC_TIME] = 0; /* wait for 3, or for all that was asked */
    cr_assert(waits(0, 10, 0, 0, 0, &deadline));
    cr_assert_eq(deadline, LOS_FOREVER);
    cr_assert(waits(2, 10, 0, 0, 1000 * MS, &deadline));
    cr_assert_not(waits(3, 10, 0, 0, 0, &deadline));
    cr_assert_not(waits(2, 2, 0, 0, 0, &deadline));

    d.mode.control[LOS_TC_TIME] = 5; /* the clock runs from the first byte on, anew with each */
    cr_assert(waits(0, 10, 0, 0, 5000 * MS, &deadline));
    cr_assert_eq(deadline, LOS_FOREVER);
    cr_assert(waits(1, 10, 0, 100 * MS, 400 * MS, &deadline));
    cr_assert_eq(deadline, 600 * MS);
    cr_assert_not(waits(1, 10, 0, 100 * MS, 600 * MS, &deadline));

    d.mode.control[LOS_TC_MIN] = 0; /* the clock runs from the call on */
    cr_assert(waits(0, 10, 100 * MS, 100 * MS, 500 * MS, &deadline));
    cr_assert_eq(deadline, 600 * MS);
    cr_assert_not(waits(0, 10, 100 * MS, 100 * MS, 600 * MS, &deadline));
    cr_assert_not(waits(1, 10, 100 * MS, 100 * MS, 200 * MS, &deadline));

    d.mode.control[LOS_TC_TIME] = 0; /* never wait */
    cr_assert_not(waits(0, 10, 0, 0, 0, &deadline));
}

Test(terminal_discipline, poll_counts_min_only_without_time)
{
    start();
    d.mode.canonical = false;
    d.mode.control[LOS_TC_MIN] = 2;
    type("a");
    cr_assert_not(los_discipline_readable(&d, true));
    cr_assert(los_discipline_readable(&d, false));
    d.mode.control[LOS_TC_TIME] = 1;
    cr_assert(los_discipline_readable(&d, true));
}

Test(terminal_discipline, what_is_queued_stays_readable_when_the_mode_changes)
{
    start();
    struct los_terminal_mode raw = d.mode, canonical = d.mode;
    raw.canonical = false;
    type("one\ntw");
    los_discipline_set_mode(&d, &raw);
    expect_read(5, "one\nt");
    los_discipline_set_mode(&d, &canonical);
    expect_read(100, "w");
    expect_nothing();
}

/* --- output ------------------------------------------------------------------------------------------------------------------ */

static void expect_output(const char *bytes, const char *text)
{
    seen_bytes = 0;
    cr_assert_eq(los_discipline_write(&d, bytes, strlen(bytes)), strlen(bytes));
    take_output();
    expect_screen(text);
}

Test(terminal_discipline, output_processing)
{
    start();
    expect_output("a\nb\r", "a\r\nb\r");
    d.mode.expand_tabs = true;
    expect_output("abc\t|\n", "abc     |\r\n");
    d.mode.no_cr_column0 = true;
    expect_output("\rx\r\r", "x\r");
    d.mode.out_cr_to_nl = true;
    expect_output("x\r", "x\n");
    d.mode.out_upper = true;
    expect_output("aZ1", "AZ1");
    d.mode.post = false;
    expect_output("a\tb\n", "a\tb\n");
}

Test(terminal_discipline, writes_leave_room_for_echo)
{
    start();
    char much[8192];
    memset(much, 'x', sizeof much);
    size_t put = los_discipline_write(&d, much, sizeof much);
    cr_assert_eq(put, LOS_DISCIPLINE_OUTPUT - LOS_DISCIPLINE_ECHO);
    cr_assert_not(los_discipline_write_room(&d));
    los_discipline_receive(&d, "e", 1);
    cr_assert_eq(los_discipline_output_bytes(&d), put + 1);
    take_output();
    cr_assert(los_discipline_write_room(&d));
}

Test(terminal_discipline, output_wraps_around)
{
    start();
    for (int i = 0; i < 3000; i++)
        expect_output("0123456789\n", "0123456789\r\n");
}

/* --- full queues ----------------------------------------------------------------------------------------------------------------- */

Test(terminal_discipline, a_line_too_long_rings_and_can_still_be_ended)
{
    start();
    d.mode.bell_full = true;
    for (int i = 0; i < 5000; i++)
        type("x");
    cr_assert_eq(seen[seen_bytes - 1], '\a');
    type("\n");
    char line[8192];
    cr_assert_eq(read_line(line, sizeof line - 1), LOS_DISCIPLINE_INPUT);
    cr_assert_eq(line[LOS_DISCIPLINE_INPUT - 1], '\n');
}

Test(terminal_discipline, a_full_queue_of_lines_has_no_room)
{
    start();
    while (los_discipline_room(&d) > 0)
        type("ab\n");
    cr_assert_leq(LOS_DISCIPLINE_INPUT - los_discipline_input_bytes(&d), 1);
    expect_read(100, "ab\n");
    cr_assert_gt(los_discipline_room(&d), 0);
}

Test(terminal_discipline, lines_survive_the_end_of_the_ring)
{
    start();
    char line[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(line, sizeof line, "line %d\n", i);
        type(line);
        expect_read(100, line);
        seen_bytes = 0;
    }
}

/* Any bytes in any mode: positions stay in order, and what was taken in is at most what can be read. */
Test(terminal_discipline, random_bytes_in_random_modes)
{
    uint64_t seed = 1;
    start();
    for (int round = 0; round < 20000; round++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        char bytes[4] = {(char)(seed >> 33), (char)(seed >> 41), (char)(seed >> 49 & 0x1f), (char)(seed >> 57)};
        los_discipline_receive(&d, bytes, sizeof bytes);
        if (round % 7 == 0) {
            char buffer[256];
            read_line(buffer, seed >> 40 & 0x7f);
        }
        if (round % 11 == 0) {
            struct los_terminal_mode mode = d.mode;
            mode.canonical = seed >> 20 & 1;
            mode.echo = seed >> 21 & 1;
            mode.echo_print = seed >> 22 & 1;
            mode.utf8 = seed >> 23 & 1;
            mode.expand_tabs = seed >> 24 & 1;
            los_discipline_set_mode(&d, &mode);
        }
        if (round % 3 == 0) {
            seen_bytes = 0;
            take_output();
        }
        cr_assert_leq(d.lines - d.head, d.tail - d.head);
        cr_assert_leq(d.tail - d.head, LOS_DISCIPLINE_INPUT);
        cr_assert_leq(d.output_tail - d.output_head, LOS_DISCIPLINE_OUTPUT);
    }
}
