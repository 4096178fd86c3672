/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The boot log: always to the debug console (port 0xe9, which machines without one ignore); to COM1 and the text screen
 * too unless the command line has the word `quiet`, since both then belong to ring 3 from the start.
 * Source: National Semiconductor PC16550D data sheet, section 8.
 */
#include "x86.h"
#include <stdarg.h>

#define DEBUG_PORT 0xe9
#define COM1       0x3f8
enum { UART_DATA, UART_INTERRUPTS, UART_FIFO, UART_LINE, UART_MODEM, UART_STATUS, UART_SCRATCH = 7 };
#define STATUS_THR_EMPTY 0x20
#define FIFO_BYTES       16
#define UART_PATIENCE    20000 /* reads of the status; a character takes 87 us, a read about 1 us */

#define LOCK_PATIENCE (1u << 20)

#define COLUMNS 80
#define ROWS    25
#define BLANK   0x0720

static volatile uint32_t log_lock;
static bool uart;
static unsigned uart_room;
static volatile uint16_t *screen;
static uint16_t text[ROWS][COLUMNS], shown[ROWS][COLUMNS]; /* reading the screen itself is slow */
static unsigned row, column;

static void uart_put(uint8_t c)
{
    for (unsigned i = 0; !uart_room; i++) {
        if (i == UART_PATIENCE) {
            uart = false;
            return;
        }
        if (x86_in8(COM1 + UART_STATUS) & STATUS_THR_EMPTY)
            uart_room = FIFO_BYTES;
    }
    uart_room--;
    x86_out8(COM1 + UART_DATA, c);
}

void x86_log_init(void)
{
    x86_out8(COM1 + UART_SCRATCH, 0x5a);
    if (x86_in8(COM1 + UART_SCRATCH) != 0x5a || x86_in8(COM1 + UART_STATUS) == 0xff)
        return;
    x86_out8(COM1 + UART_INTERRUPTS, 0);
    x86_out8(COM1 + UART_LINE, 0x80); /* divisor: 1 is 115200 */
    x86_out8(COM1 + UART_DATA, 1);
    x86_out8(COM1 + UART_INTERRUPTS, 0);
    x86_out8(COM1 + UART_LINE, 0x03); /* 8N1 */
    x86_out8(COM1 + UART_FIFO, 0x07);
    x86_out8(COM1 + UART_MODEM, 0x03);
    uart = true;
}

void x86_log_screen(volatile uint16_t *cells)
{
    if (!screen)
        for (unsigned i = 0; i < ROWS * COLUMNS; i++)
            text[i / COLUMNS][i % COLUMNS] = BLANK; /* `shown` is all zero: the first line draws everything */
    screen = cells;
}

static void screen_put(uint8_t c)
{
    if (c == '\r') {
        column = 0;
        return;
    }
    if (c != '\n')
        text[row][column++] = (uint16_t)(BLANK & 0xff00) | c;
    if (c != '\n' && column < COLUMNS)
        return;
    column = 0;
    if (++row < ROWS)
        return;
    row--;
    __builtin_memmove(text[0], text[1], sizeof text - sizeof text[0]);
    for (unsigned i = 0; i < COLUMNS; i++)
        text[row][i] = BLANK;
}

static void screen_show(void)
{
    for (unsigned y = 0; y < ROWS; y++)
        for (unsigned x = 0; x < COLUMNS; x++)
            if (text[y][x] != shown[y][x])
                screen[y * COLUMNS + x] = shown[y][x] = text[y][x];
}

void machine_log(const char *string, size_t bytes)
{
    /* Not for ever: a fault in here must not keep the panic from being said. */
    for (unsigned i = 0; __atomic_exchange_n(&log_lock, 1, __ATOMIC_ACQUIRE) && i < LOCK_PATIENCE; i++)
        machine_relax();
    for (size_t i = 0; i < bytes; i++)
        x86_out8(DEBUG_PORT, (uint8_t)string[i]);
    for (size_t i = 0; uart && i < bytes; i++) {
        if (string[i] == '\n')
            uart_put('\r');
        uart_put((uint8_t)string[i]);
    }
    /* After an absence, ring 3 may have filled the FIFO: what is known of its room is good for one call. */
    uart_room = 0;
    if (screen) {
        for (size_t i = 0; i < bytes; i++)
            screen_put((uint8_t)string[i]);
        screen_show();
    }
    x86_unlock(&log_lock);
}

/* --- formatting ---------------------------------------------------------------------------------------------------- */

struct line {
    size_t used;
    char text[240];
};

static void put(struct line *line, char c)
{
    if (line->used == sizeof line->text) {
        machine_log(line->text, line->used);
        line->used = 0;
    }
    line->text[line->used++] = c;
}

static void put_number(struct line *line, uint64_t value, unsigned base)
{
    char digits[20];
    unsigned n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n)
        put(line, digits[--n]);
}

void x86_log(const char *format, ...)
{
    struct line line = {.used = 0};
    va_list arguments;
    va_start(arguments, format);
    for (; *format; format++) {
        if (*format != '%') {
            put(&line, *format);
            continue;
        }
        bool wide = *++format == 'l';
        if (wide)
            format++;
        if (*format == 's') {
            for (const char *s = va_arg(arguments, const char *); *s; s++)
                put(&line, *s);
        } else if (*format == 'u' || *format == 'x') {
            uint64_t value = wide ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned);
            put_number(&line, value, *format == 'u' ? 10 : 16);
        } else {
            put(&line, *format);
        }
    }
    va_end(arguments);
    machine_log(line.text, line.used);
}
