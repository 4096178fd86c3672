/* SPDX-License-Identifier: MPL-2.0 */
/* Text: on the boot log, and in a domain's list of complaints. */
#include "lib.h"
#include <stdarg.h>

static exo_handle log_machine;

void *memcpy(void *to, const void *from, size_t bytes)
{
    void *start = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
    return start;
}

void *memset(void *to, int byte, size_t bytes)
{
    void *start = to;
    uint64_t words = bytes / 8;
    bytes %= 8;
    __asm__ volatile("rep stosq"
                     : "+D"(to), "+c"(words)
                     : "a"(0x0101010101010101ul * (uint8_t)byte)
                     : "memory");
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(byte) : "memory");
    return start;
}

bool same_text(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

bool holds_text(const char *text, const char *part)
{
    for (;; text++) {
        const char *a = text, *b = part;
        while (*b && *a == *b)
            a++, b++;
        if (!*b)
            return true;
        if (!*text)
            return false;
    }
}

const char *error_name(long result)
{
    static const char name[][16] = {
        [EXO_OK] = "0",
#define X(NAME, text) [EXO_E_##NAME] = #NAME,
#include <exo/errors.def>
#undef X
    };
    return result > 0 ? "positive" : -result < EXO_ERROR_COUNT ? name[-result] : "no known error";
}

static char *add_number(char *to, uint64_t value, unsigned base)
{
    char digits[24];
    size_t n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n)
        *to++ = digits[--n];
    return to;
}

size_t format_text(char *to, size_t size, const char *format, va_list arguments)
{
    char *at = to, *end = to + size - 25;
    for (; *format && at < end; format++) {
        if (*format != '%') {
            *at++ = *format;
            continue;
        }
        switch (*++format) {
        case 's':
            for (const char *text = va_arg(arguments, const char *); *text && at < end; text++)
                *at++ = *text;
            break;
        case 'x': at = add_number(at, va_arg(arguments, uint64_t), 16); break;
        case 'u': at = add_number(at, va_arg(arguments, uint64_t), 10); break;
        case 'd': {
            int64_t value = va_arg(arguments, int64_t);
            if (value < 0)
                *at++ = '-';
            at = add_number(at, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
            break;
        }
        default: *at++ = *format; break;
        }
    }
    *at = 0;
    return (size_t)(at - to);
}

void log_start(exo_handle machine) { log_machine = machine; }

void log_line(const char *format, ...)
{
    char line[400];
    va_list arguments;
    va_start(arguments, format);
    size_t n = format_text(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    line[n++] = '\n';
    exo_log_write(log_machine, line, n);
}

void power_off(uint64_t status)
{
    log_line("kxos: status %u", status);
    exo_machine_power(log_machine, EXO_POWER_OFF);
    for (;;)
        exo_vcpu_exit(status);
}

void give_up(const char *what, long error)
{
    log_line("the test cannot go on: %s: %s", what, error_name(error));
    power_off(125);
}

void complain(const char *format, ...)
{
    struct start *start = START;
    uint64_t n = __atomic_fetch_add(&start->lines, 1, __ATOMIC_SEQ_CST);
    if (n >= LINES_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    format_text(start->line[n], sizeof start->line[n], format, arguments);
    va_end(arguments);
}

void skip(const char *what)
{
    START->skipped = 1;
    complain("%s", what);
}
