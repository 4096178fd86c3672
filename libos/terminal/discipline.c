/* SPDX-License-Identifier: MPL-2.0 */
/* The line discipline, inward half: editing, echo, special characters, the input queue. */
#include "discipline.h"

#define CONTROL(letter) ((letter)&0x1f)

static bool is_control(uint8_t c) { return c < ' ' || c == 0x7f; }
static bool is_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool is_special(const struct los_discipline *d, enum los_terminal_control which, uint8_t c)
{
    return c != 0 && d->mode.control[which] == c;
}

void los_discipline_init(struct los_discipline *d)
{
    memset(d, 0, sizeof *d);
    struct los_terminal_mode *mode = &d->mode;
    mode->cr_to_nl = mode->flow_out = true;
    mode->post = mode->nl_to_crnl = true;
    mode->signals = mode->canonical = mode->extended = true;
    mode->echo = mode->echo_erase = mode->echo_kill = mode->echo_control = mode->echo_kill_erase = true;
    mode->control[LOS_TC_INTERRUPT] = CONTROL('C');
    mode->control[LOS_TC_QUIT] = CONTROL('\\');
    mode->control[LOS_TC_ERASE] = 0x7f;
    mode->control[LOS_TC_KILL] = CONTROL('U');
    mode->control[LOS_TC_EOF] = CONTROL('D');
    mode->control[LOS_TC_MIN] = 1;
    mode->control[LOS_TC_START] = CONTROL('Q');
    mode->control[LOS_TC_STOP] = CONTROL('S');
    mode->control[LOS_TC_SUSPEND] = CONTROL('Z');
    mode->control[LOS_TC_REPRINT] = CONTROL('R');
    mode->control[LOS_TC_DISCARD] = CONTROL('O');
    mode->control[LOS_TC_WORD_ERASE] = CONTROL('W');
    mode->control[LOS_TC_LITERAL_NEXT] = CONTROL('V');
}

void los_discipline_set_mode(struct los_discipline *d, const struct los_terminal_mode *mode)
{
    bool changed = d->mode.canonical != mode->canonical;
    d->mode = *mode;
    if (!mode->flow_out)
        d->stopped = false;
    if (!changed)
        return;
    memset(d->line_end, 0, sizeof d->line_end);
    memset(d->end_mark, 0, sizeof d->end_mark);
    d->literal_next = d->erasing = false;
    d->lines = d->head;
    if (mode->canonical && d->tail != d->head) {
        los_discipline_mark(d->line_end, d->tail - 1, true);
        d->lines = d->tail;
    }
}

/* --- echo ----------------------------------------------------------------------------------------------------------- */

static void echo_plain(struct los_discipline *d, uint8_t c)
{
    los_discipline_output_char(d, c, LOS_DISCIPLINE_OUTPUT);
}

/* Control characters show as ^X when echo_control says so. */
static void echo_visible(struct los_discipline *d, uint8_t c)
{
    if (!d->mode.echo_control || !is_control(c) || c == '\t') {
        echo_plain(d, c);
        return;
    }
    if (LOS_DISCIPLINE_OUTPUT - (d->output_tail - d->output_head) < 2)
        return;
    los_discipline_put_output(d, '^', LOS_DISCIPLINE_OUTPUT);
    los_discipline_put_output(d, c ^ 0x40, LOS_DISCIPLINE_OUTPUT);
    d->column += 2;
}

static void finish_erasing(struct los_discipline *d)
{
    if (d->erasing)
        echo_plain(d, '/');
    d->erasing = false;
}

static void echo_typed(struct los_discipline *d, uint8_t c)
{
    if (!d->mode.echo)
        return;
    finish_erasing(d);
    if (d->tail == d->lines)
        d->line_column = d->column;
    if (c == '\n')
        echo_plain(d, c);
    else
        echo_visible(d, c);
}

static void beep(struct los_discipline *d)
{
    if (d->mode.bell_full)
        los_discipline_put_output(d, '\a', LOS_DISCIPLINE_OUTPUT);
}

/* --- the queue and the line being edited -------------------------------------------------------------------------------- */

/* Canonical mode keeps the last slot for what ends the line, so that a full queue can still be read. */
static bool put(struct los_discipline *d, uint8_t c, bool ends_line)
{
    uint32_t most = d->mode.canonical && !ends_line ? LOS_DISCIPLINE_INPUT - 1 : LOS_DISCIPLINE_INPUT;
    if (d->tail - d->head >= most) {
        beep(d);
        return false;
    }
    d->input[los_discipline_slot(d->tail)] = c;
    los_discipline_mark(d->line_end, d->tail, ends_line);
    los_discipline_mark(d->end_mark, d->tail, false);
    d->tail++;
    if (ends_line)
        d->lines = d->tail;
    return true;
}

static bool is_full_for(const struct los_discipline *d, bool ends_line)
{
    uint32_t most = d->mode.canonical && !ends_line ? LOS_DISCIPLINE_INPUT - 1 : LOS_DISCIPLINE_INPUT;
    return d->tail - d->head >= most;
}

static uint32_t echoed_width(const struct los_discipline *d, uint8_t c, uint32_t column)
{
    if (c == '\t')
        return 8 - column % 8;
    if (is_control(c))
        return d->mode.echo_control ? 2 : 0;
    return d->mode.utf8 && (c & 0xc0) == 0x80 ? 0 : 1;
}

/* How wide the character at the end of the line is on the screen: a tab depends on all before it. */
static uint32_t width_of_last(const struct los_discipline *d, uint32_t position)
{
    if (d->input[los_discipline_slot(position)] != '\t')
        return echoed_width(d, d->input[los_discipline_slot(position)], 0);
    uint32_t column = d->line_column;
    for (uint32_t at = d->lines; at != position; at++)
        column += echoed_width(d, d->input[los_discipline_slot(at)], column);
    return 8 - column % 8;
}

/* Shows that the character [first, end) (several bytes in UTF-8) was taken back. Its bytes are still in the queue. */
static void echo_erased(struct los_discipline *d, uint32_t first, uint32_t end, bool single)
{
    uint8_t c = d->input[los_discipline_slot(first)];
    if (d->mode.echo_print) {
        if (!d->erasing)
            echo_plain(d, '\\');
        d->erasing = true;
        echo_visible(d, c);
        for (uint32_t at = first + 1; at != end; at++)
            los_discipline_put_output(d, d->input[los_discipline_slot(at)], LOS_DISCIPLINE_OUTPUT);
    } else if (single && !d->mode.echo_erase) {
        echo_visible(d, d->mode.control[LOS_TC_ERASE]);
    } else {
        uint32_t width = width_of_last(d, first);
        for (uint32_t i = 0; i < width; i++) {
            echo_plain(d, '\b');
            if (c != '\t') { /* what a tab skipped is blank */
                echo_plain(d, ' ');
                echo_plain(d, '\b');
            }
        }
    }
}

/* Takes back the last character of the line. Returns its first byte's position. */
static uint32_t last_character(const struct los_discipline *d)
{
    uint32_t first = d->tail - 1;
    while (d->mode.utf8 && first != d->lines && (d->input[los_discipline_slot(first)] & 0xc0) == 0x80)
        first--;
    return first;
}
static void erase_character(struct los_discipline *d, bool single)
{
    uint32_t first = last_character(d);
    if (d->mode.echo)
        echo_erased(d, first, d->tail, single);
    d->tail = first;
}

static void erase_word(struct los_discipline *d)
{
    bool in_word = false;
    while (d->tail != d->lines) {
        bool word = is_word(d->input[los_discipline_slot(last_character(d))]);
        if (in_word && !word)
            break;
        in_word = in_word || word;
        erase_character(d, false);
    }
}

static void kill_line(struct los_discipline *d)
{
    if (d->mode.echo && d->mode.echo_kill && d->mode.echo_kill_erase && d->mode.echo_erase) {
        while (d->tail != d->lines)
            erase_character(d, false);
        finish_erasing(d);
        return;
    }
    d->tail = d->lines;
    if (!d->mode.echo)
        return;
    finish_erasing(d);
    echo_visible(d, d->mode.control[LOS_TC_KILL]);
    if (d->mode.echo_kill)
        echo_plain(d, '\n');
}

static void reprint(struct los_discipline *d, uint8_t c)
{
    finish_erasing(d);
    echo_visible(d, c);
    echo_plain(d, '\n');
    d->line_column = d->column;
    for (uint32_t at = d->lines; at != d->tail; at++)
        echo_visible(d, d->input[los_discipline_slot(at)]);
}

/* --- special characters ---------------------------------------------------------------------------------------------------- */

static uint32_t signal_event(const struct los_discipline *d, uint8_t c)
{
    if (!d->mode.signals)
        return 0;
    if (is_special(d, LOS_TC_INTERRUPT, c))
        return LOS_DISCIPLINE_INTERRUPT;
    if (is_special(d, LOS_TC_QUIT, c))
        return LOS_DISCIPLINE_QUIT;
    return is_special(d, LOS_TC_SUSPEND, c) ? LOS_DISCIPLINE_SUSPEND : 0;
}

static void signalled(struct los_discipline *d)
{
    if (!d->mode.no_flush) {
        los_discipline_flush_input(d);
        los_discipline_flush_output(d);
    }
    if (d->mode.flow_out)
        d->stopped = false;
}

/* START and STOP. True: c was one of them and is used up. */
static bool flow_character(struct los_discipline *d, uint8_t c)
{
    if (!d->mode.flow_out)
        return false;
    if (is_special(d, LOS_TC_START, c)) {
        d->stopped = false;
        return true;
    }
    if (is_special(d, LOS_TC_STOP, c)) {
        d->stopped = true;
        return true;
    }
    if (d->mode.flow_any)
        d->stopped = false;
    return false;
}

static void end_line(struct los_discipline *d, uint8_t c, bool show)
{
    if (is_full_for(d, true)) {
        beep(d);
        return;
    }
    if (show)
        echo_typed(d, c);
    else if (c == '\n' && d->mode.echo_nl) {
        finish_erasing(d);
        echo_plain(d, c);
    }
    put(d, c, true);
}

/* Canonical mode's own characters. True: c is used up. */
static bool editing_character(struct los_discipline *d, uint8_t c)
{
    if (is_special(d, LOS_TC_ERASE, c)) {
        if (d->tail != d->lines)
            erase_character(d, true);
    } else if (is_special(d, LOS_TC_KILL, c)) {
        if (d->tail != d->lines)
            kill_line(d);
    } else if (d->mode.extended && is_special(d, LOS_TC_WORD_ERASE, c)) {
        erase_word(d);
    } else if (d->mode.extended && d->mode.echo && is_special(d, LOS_TC_REPRINT, c)) {
        reprint(d, c);
    } else if (c == '\n') {
        end_line(d, c, d->mode.echo);
    } else if (is_special(d, LOS_TC_EOF, c)) {
        finish_erasing(d);
        if (put(d, c, true))
            los_discipline_mark(d->end_mark, d->tail - 1, true);
    } else if (is_special(d, LOS_TC_EOL, c) || (d->mode.extended && is_special(d, LOS_TC_EOL2, c))) {
        end_line(d, c, d->mode.echo);
    } else {
        return false;
    }
    return true;
}

static void ordinary_character(struct los_discipline *d, uint8_t c)
{
    if (is_full_for(d, false)) {
        beep(d);
        return;
    }
    echo_typed(d, c);
    if (c == 0xff && d->mode.parity_mark)
        put(d, c, false);
    put(d, c, false);
}

static uint32_t receive_one(struct los_discipline *d, uint8_t c)
{
    if (d->mode.strip)
        c &= 0x7f;
    if (d->mode.upper_to_lower && d->mode.extended && c >= 'A' && c <= 'Z')
        c += 'a' - 'A';
    if (d->literal_next) {
        d->literal_next = false;
        ordinary_character(d, c);
        return 0;
    }
    if (flow_character(d, c))
        return 0;
    uint32_t event = signal_event(d, c);
    if (event != 0) {
        signalled(d);
        if (d->mode.echo)
            echo_visible(d, c);
        return event;
    }
    if (c == '\r') {
        if (d->mode.ignore_cr)
            return 0;
        if (d->mode.cr_to_nl)
            c = '\n';
    } else if (c == '\n' && d->mode.nl_to_cr) {
        c = '\r';
    }
    if (d->mode.extended && d->mode.canonical && is_special(d, LOS_TC_LITERAL_NEXT, c)) {
        d->literal_next = true;
        if (d->mode.echo && d->mode.echo_control) {
            finish_erasing(d);
            echo_plain(d, '^');
            echo_plain(d, '\b');
        }
        return 0;
    }
    if (!d->mode.canonical || !editing_character(d, c))
        ordinary_character(d, c);
    return 0;
}

uint32_t los_discipline_receive(struct los_discipline *d, const char *bytes, size_t n)
{
    uint32_t events = 0;
    for (size_t i = 0; i < n; i++)
        events |= receive_one(d, (uint8_t)bytes[i]);
    if (d->mode.flow_in && !d->asked_to_stop && d->tail - d->head > LOS_DISCIPLINE_INPUT * 3 / 4) {
        d->asked_to_stop = d->has_urgent = true;
        d->urgent = d->mode.control[LOS_TC_STOP];
    }
    return events;
}

uint32_t los_discipline_break(struct los_discipline *d)
{
    if (d->mode.ignore_break)
        return 0;
    if (d->mode.break_interrupt) {
        signalled(d);
        return LOS_DISCIPLINE_INTERRUPT;
    }
    if (d->mode.parity_mark) {
        put(d, 0xff, false);
        put(d, 0, false);
    }
    put(d, 0, false);
    return 0;
}

size_t los_discipline_room(const struct los_discipline *d)
{
    if (d->mode.canonical && d->lines == d->head)
        return LOS_DISCIPLINE_INPUT; /* the line must get its end: too much is dropped with a bell */
    uint32_t used = d->tail - d->head;
    return used < LOS_DISCIPLINE_INPUT - 1 ? LOS_DISCIPLINE_INPUT - 1 - used : 0;
}
