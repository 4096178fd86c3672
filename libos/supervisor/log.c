/* SPDX-License-Identifier: MPL-2.0 */
/* The supervisor's words on the boot log, and its end. */
#include "supervisor.h"

static exo_machine log_machine;

void *memcpy(void *to, const void *from, size_t bytes)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    for (; bytes >= 8 && !(((uintptr_t)t | (uintptr_t)f) & 7); bytes -= 8, t += 8, f += 8)
        *(uint64_t *)t = *(const uint64_t *)f;
    while (bytes--)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int byte, size_t bytes)
{
    uint8_t *t = to;
    uint64_t word = 0x0101010101010101ul * (uint8_t)byte;
    for (; bytes >= 8 && !((uintptr_t)t & 7); bytes -= 8, t += 8)
        *(uint64_t *)t = word;
    while (bytes--)
        *t++ = (uint8_t)byte;
    return to;
}

void log_start(exo_machine machine) { log_machine = machine; }

static size_t add_number(char *to, uint64_t value, unsigned base)
{
    char digits[24];
    size_t n = 0, i = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n)
        to[i++] = digits[--n];
    return i;
}

void log_line(const char *format, const uint64_t *numbers)
{
    char line[256] = "supervisor: ";
    size_t n = 12;
    for (; *format && n < sizeof line - 24; format++) {
        if (*format == '%' && format[1]) {
            n += add_number(line + n, *numbers++, *++format == 'x' ? 16 : 10);
        } else {
            line[n++] = *format;
        }
    }
    line[n++] = '\n';
    exo_log_write(log_machine, line, n);
}

void log_status(uint64_t status)
{
    char line[48] = "kxos: status ";
    size_t n = 13 + add_number(line + 13, status, 10);
    line[n++] = '\n';
    exo_log_write(log_machine, line, n);
}

static const char *error_text(long error)
{
    static const char *const text[] = {
        [EXO_OK] = "",
#define X(NAME, text) [EXO_E_##NAME] = text,
#include <exo/errors.def>
#undef X
    };
    return error <= 0 && -error < EXO_ERROR_COUNT ? text[-error] : "";
}

void power_off(void)
{
    exo_machine_power(log_machine, EXO_POWER_OFF);
    for (;;)
        exo_vcpu_exit(0);
}

void fail(const char *what, long error)
{
    char line[200];
    size_t n = 0;
    for (const char *c = what; *c && n < 100; c++)
        line[n++] = *c;
    if (error) {
        line[n++] = ':';
        line[n++] = ' ';
        for (const char *c = error_text(error); *c && n < 190; c++)
            line[n++] = *c;
    }
    line[n] = 0;
    LOG("cannot start the container:");
    log_line(line, &(const uint64_t){0});
    log_status(125);
    power_off();
}
