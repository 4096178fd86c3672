/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The console: a terminal on the first UART, and plain output on the second (16550A; National Semiconductor PC16550D data sheet).
 *
 * Sending: while the transmitter's FIFO is empty, sixteen bytes at a time. When it is not, what is left stays in the terminal's queue
 * and the transmitter's interrupt (or, where there is none, a timer) goes on: nobody spins. Receiving: by interrupt;
 * while no reader makes room, the receive interrupt is off and the bytes wait in the UART and beyond.
 */
#include "internal.h"
#include <exo/typed.h>
#include <los/personality.h>

enum { DATA = 0, INTERRUPTS = 1, REASON = 2, FIFO = 2, LINE = 3, MODEM = 4, STATUS = 5 }; /* registers */
enum { DIVISOR_LOW = 0, DIVISOR_HIGH = 1, LINE_DIVISOR = 0x80, LINE_8N1 = 3 };
enum {
    FIFO_ON_CLEARED = 0xc7 /* interrupts at 14 bytes received, or fewer after a pause */,
    MODEM_READY = 0x0b /* DTR, RTS, and OUT2, which opens the interrupt line */
};
enum { ON_RECEIVED = 1, ON_SENT = 2 }; /* INTERRUPTS */
enum { NO_REASON = 1 };
enum { RECEIVED = 0x01, BREAK = 0x10, FIFO_EMPTY = 0x20, ALL_SENT = 0x40 }; /* STATUS */
#define FIFO_BYTES  16
#define RETRY_NS    1000000ull
#define POLL_NS     10000000ull
#define PATIENCE_NS 200000000ull

struct uart {
    struct los_terminal_driver driver;
    struct los_terminal *terminal; /* NULL: there is no such UART */
    exo_ports_rw ports;
    exo_irq_x irq;       /* NULL: polled by the timer */
    uint32_t interrupts; /* what INTERRUPTS holds */
    struct los_timer timer;
};
static struct uart console, errors;
static bool plain;

static uint32_t in(const struct uart *uart, uint32_t at)
{
    return (uint32_t)exo_port_in(uart->ports, at, 1) & 0xff;
}
static void out(const struct uart *uart, uint32_t at, uint32_t value)
{
    exo_port_out(uart->ports, at, 1, value);
}
static struct uart *uart_of(struct los_terminal *terminal) { return terminal->driver->private; }

static void set_interrupts(struct uart *uart, uint32_t interrupts)
{
    if (uart->irq == NULL || interrupts == uart->interrupts)
        return;
    uart->interrupts = interrupts;
    out(uart, INTERRUPTS, interrupts);
}

/* --- sending ---------------------------------------------------------------------------------------------------- */

static size_t uart_send(struct los_terminal *terminal, const char *bytes, size_t n)
{
    struct uart *uart = uart_of(terminal);
    size_t sent = 0;
    while (sent < n && (in(uart, STATUS) & FIFO_EMPTY)) {
        size_t batch = n - sent < FIFO_BYTES ? n - sent : FIFO_BYTES;
        if (exo_port_write(uart->ports, DATA, bytes + sent, batch) < 0)
            return n; /* the ports were taken away: nobody listens */
        sent += batch;
    }
    if (sent == n) {
        set_interrupts(uart, uart->interrupts & ~(uint32_t)ON_SENT);
    } else if (uart->irq != NULL) {
        set_interrupts(uart, uart->interrupts | ON_SENT);
    } else if (!los_timer_is_set(&uart->timer) || uart->timer.deadline_ns > los_now() + RETRY_NS) {
        los_timer_set(&uart->timer, los_now() + RETRY_NS);
    }
    return sent;
}

/* Sends what is queued, waiting for the UART but no longer than PATIENCE_NS for any one batch. */
static void send_now(struct uart *uart, bool all)
{
    struct los_discipline *d = &uart->terminal->discipline;
    uint64_t patience = los_now() + PATIENCE_NS;
    size_t before = los_discipline_output_bytes(d);
    while (before > 0) {
        los_terminal_push(uart->terminal);
        size_t after = los_discipline_output_bytes(d);
        if (after < before) {
            if (!all)
                return;
            patience = los_now() + PATIENCE_NS;
        } else if (los_now() > patience) {
            los_discipline_flush_output(d);
            return;
        }
        before = after;
    }
}

void los_console_drain(void)
{
    struct uart *uarts[] = {&console, &errors};
    for (size_t i = 0; i < LOS_COUNT(uarts); i++) {
        if (uarts[i]->terminal == NULL)
            continue;
        uarts[i]->terminal->discipline.stopped = uarts[i]->terminal->discipline.held = false;
        send_now(uarts[i], true);
        uint64_t patience = los_now() + PATIENCE_NS;
        while (!(in(uarts[i], STATUS) & ALL_SENT) && los_now() < patience)
            ;
    }
}

void los_errors_write(const char *bytes, size_t n)
{
    if (errors.terminal == NULL)
        return;
    struct los_discipline *d = &errors.terminal->discipline;
    while (n > 0) {
        size_t put = los_discipline_write(d, bytes, n);
        los_terminal_push(errors.terminal);
        bytes += put;
        n -= put;
        if (put == 0)
            send_now(&errors, false);
    }
}

/* --- receiving ---------------------------------------------------------------------------------------------------- */

static void receive(struct uart *uart)
{
    struct los_discipline *d = &uart->terminal->discipline;
    for (;;) {
        char bytes[64];
        size_t room = los_discipline_room(d), n = 0;
        uint32_t status = 0;
        while (n < room && n < sizeof bytes && ((status = in(uart, STATUS)) & RECEIVED)) {
            char byte = (char)in(uart, DATA);
            if (status & BREAK)
                break; /* that byte is not one */
            bytes[n++] = byte;
        }
        if (n > 0)
            los_terminal_received(uart->terminal, bytes, n);
        if (status & BREAK) {
            los_terminal_break(uart->terminal);
            continue;
        }
        if (room == 0)
            set_interrupts(uart, uart->interrupts & ~(uint32_t)ON_RECEIVED);
        if (room == 0 || !(status & RECEIVED))
            return;
    }
}

static void input_room(struct los_terminal *terminal)
{
    struct uart *uart = uart_of(terminal);
    if (!(uart->interrupts & ON_RECEIVED) && los_discipline_room(&terminal->discipline) > 0)
        set_interrupts(uart, uart->interrupts | ON_RECEIVED);
}

/* The line is edge triggered: every reason is dealt with before it is opened, and looked for once more after. */
void los_console_interrupt(void)
{
    if (console.terminal == NULL || console.irq == NULL)
        return;
    do {
        for (int round = 0; round < 64 && !(in(&console, REASON) & NO_REASON); round++) {
            receive(&console);
            los_terminal_sent(console.terminal);
        }
        if (exo_irq_ack(console.irq) < 0)
            return;
    } while (!(in(&console, REASON) & NO_REASON));
}

static void timer_fired(struct los_timer *timer)
{
    struct uart *uart = LOS_CONTAINER(timer, struct uart, timer);
    los_terminal_sent(uart->terminal);
    if (uart == &errors)
        return;
    receive(uart);
    if (!los_timer_is_set(timer))
        los_timer_set(timer, los_now() + POLL_NS);
}

/* --- start-up -------------------------------------------------------------------------------------------------------- */

static bool uart_start(struct uart *uart, exo_ports_rw ports, const char *name, uint32_t minor)
{
    uart->driver = (struct los_terminal_driver){.send = uart_send, .private = uart};
    uart->ports = ports;
    los_timer_init(&uart->timer, timer_fired);
    if (ports == NULL || (uart->terminal = los_terminal_create(&uart->driver, name)) == NULL)
        return false;
    uart->terminal->major = 4;
    uart->terminal->minor = minor;
    out(uart, INTERRUPTS, 0);
    out(uart, LINE, LINE_DIVISOR);
    out(uart, DIVISOR_LOW, 1); /* 115200 baud */
    out(uart, DIVISOR_HIGH, 0);
    out(uart, LINE, LINE_8N1);
    out(uart, FIFO, FIFO_ON_CLEARED);
    out(uart, MODEM, MODEM_READY);
    return true;
}

static void bind_interrupt(const struct los_start *start)
{
    exo_event event;
    if (start->irq_console == NULL || exo_event_derive(start->vcpu[0], LOS_EVENT_CONSOLE, &event) < 0 ||
        exo_irq_bind(start->irq_console, event) < 0) {
        los_timer_set(&console.timer, los_now() + POLL_NS);
        return;
    }
    console.irq = start->irq_console;
    set_interrupts(&console, ON_RECEIVED);
    exo_irq_ack(console.irq);
}

/* /dev/console and /dev/tty0 never become a controlling terminal by being opened. */
static long console_open(struct los_file *file) { return los_terminal_opened(file->private, file, false); }
static const struct los_file_ops console_ops = {.open = console_open};
static long line_open(struct los_file *file) { return los_terminal_opened(file->private, file, true); }
static const struct los_file_ops line_ops = {.open = line_open};

static long controlling_open(struct los_file *file)
{
    struct los_terminal *terminal = los_current()->process->terminal;
    return terminal != NULL ? los_terminal_opened(terminal, file, false) : -LOS_E_NXIO;
}
static const struct los_file_ops controlling_ops = {.open = controlling_open};

void los_console_init(void)
{
    const struct los_start *start = LOS_START_PAGE;
    plain = los_option("cmd") != NULL || los_option("cmdfile") != NULL;
    los_device_register(5, 0, "tty", &controlling_ops, NULL);
    if (uart_start(&errors, start->ports_errors, "ttyS1", 65)) {
        los_terminal_make_plain(errors.terminal);
        los_device_register(4, 65, "ttyS1", &line_ops, errors.terminal);
    }
    if (!uart_start(&console, start->ports_console, "ttyS0", 64))
        return;
    console.terminal->size = (struct los_terminal_size){.rows = 24, .columns = 80};
    console.terminal->input_room = input_room;
    if (plain)
        los_terminal_make_plain(console.terminal);
    bind_interrupt(start);
    los_device_register(5, 1, "console", &console_ops, console.terminal);
    los_device_register(4, 0, "tty0", &console_ops, console.terminal);
    los_device_register(4, 64, "ttyS0", &line_ops, console.terminal);
}

bool los_console_is_plain(void) { return plain; }

struct los_terminal *los_console(void) { return console.terminal; }

struct los_terminal *los_file_terminal(struct los_file *file)
{
    if (file->ops == &los_terminal_file_ops)
        return file->private;
    return los_pty_other_side(file);
}
