/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What comes over a terminal's line, and the modes that programs set: line discipline and termios.
 * sources: libos/terminal/discipline.c libos/terminal/discipline_output.c libos/terminal/discipline_read.c
 * sources: linux-personality/terminal_mode.c
 *
 * An input is a sequence of bytes received, written, read and sent, and of termios structures. The queues stay within their bounds; whoever
 * is told that there is something to read gets on; what termios were set are read back.
 */
#include "../../libos/terminal/discipline.h"
#include <terminal_mode.h>
#include "target.h"

#define PIECE     64u
#define STEPS_MAX 256

static struct los_discipline *d;

static void check(void)
{
    uint32_t in = d->tail - d->head, out = d->output_tail - d->output_head;
    cr_assert_leq(in, LOS_DISCIPLINE_INPUT);
    cr_assert_leq(out, LOS_DISCIPLINE_OUTPUT);
    if (d->mode.canonical)
        cr_assert(d->lines - d->head <= in, "the edited line begins outside the queue");
    cr_assert_leq(los_discipline_room(d), LOS_DISCIPLINE_INPUT);
    cr_assert(los_discipline_output_bytes(d) <= out + 1);
    uint64_t ends = 0;
    for (unsigned i = 0; i < LOS_DISCIPLINE_INPUT / 64; i++)
        ends |= d->end_mark[i] & ~d->line_end[i];
    cr_assert_eq(ends, 0, "an EOF that ends no line");
}

static void take_bytes(struct choices *c, char *bytes, size_t *n)
{
    *n = choice8(c) % (PIECE + 1);
    for (size_t i = 0; i < *n; i++)
        bytes[i] = (char)choice8(c);
}

/* As terminal.c reads. */
static void read_some(size_t wanted)
{
    size_t got = 0;
    bool last = false;
    uint64_t deadline;
    while (got < wanted && !last && los_discipline_readable(d, false)) {
        const uint8_t *at;
        uint32_t before = d->head;
        size_t n = los_discipline_peek(d, wanted - got, &at, &last);
        cr_assert(n <= wanted - got && at >= d->input && at + n <= d->input + LOS_DISCIPLINE_INPUT);
        los_discipline_consume(d, n);
        check();
        cr_assert(d->head != before, "readable, but nothing is read");
        got += n;
    }
    los_discipline_must_wait(d, got, wanted, 1, 2, 3, &deadline);
}

static void send_some(size_t most)
{
    const char *at;
    size_t n = los_discipline_output(d, &at);
    cr_assert_leq(n, LOS_DISCIPLINE_OUTPUT);
    free(exact_copy((const uint8_t *)at, n)); /* the sanitizer looks on while it is read */
    los_discipline_sent(d, n < most ? n : most);
}

static void set_mode(struct choices *c)
{
    struct lx_termios2 set, got;
    struct los_terminal_mode mode;
    uint8_t *bytes = (uint8_t *)&set;
    unsigned n = choice8(c);
    lx_termios_from(&d->mode, LX_CFLAG_PTY, &set);
    if (n % 2) /* a change of one byte */
        bytes[choice8(c) % sizeof set] ^= choice8(c);
    else
        for (size_t i = 0; i < sizeof set; i++)
            bytes[i] = choice8(c);
    mode = d->mode;
    lx_termios_to(&set, &mode);
    lx_termios_from(&mode, LX_CFLAG_PTY, &got);
    lx_termios_speeds(&set);
    cr_assert_eq(memcmp(&set, &got, sizeof got), 0, "what was set is read back as something else");
    los_discipline_set_mode(d, &mode);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choices c = {data, data + size};
    char bytes[PIECE];
    size_t n;
    unsigned many = 90;    /* the queue is full, and some more */
    d = malloc(sizeof *d); /* exactly: the sanitizer looks on */
    los_discipline_init(d);
    for (int steps = 0; steps < STEPS_MAX && c.at < c.end; steps++) {
        switch (choice8(&c) % 10) {
        case 0:
        case 1:
            take_bytes(&c, bytes, &n);
            los_discipline_receive(d, bytes, n);
            break;
        case 2: /* a lot of the same */
            memset(bytes, choice8(&c), sizeof bytes);
            for (unsigned i = choice8(&c) % 80; i > 0 && many > 0; i--, many--)
                los_discipline_receive(d, bytes, sizeof bytes);
            break;
        case 3:
            take_bytes(&c, bytes, &n);
            cr_assert_leq(los_discipline_write(d, bytes, n), n);
            break;
        case 4: read_some(choice16(&c) % 8192); break;
        case 5: send_some(choice16(&c)); break;
        case 6: set_mode(&c); break;
        case 7: los_discipline_break(d); break;
        case 8: los_discipline_flush_input(d); break;
        case 9: los_discipline_flush_output(d); break;
        }
        check();
    }
    cr_assert_leq(los_discipline_input_bytes(d), d->tail - d->head);
    free(d);
    return 0;
}
