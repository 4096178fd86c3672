/* SPDX-License-Identifier: MPL-2.0 */
/* Bytes, strings and numbers: no library is linked. */
#include "supervisor.h"
#include <stdarg.h>

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

size_t text_length(const char *text)
{
    size_t n = 0;
    while (text[n])
        n++;
    return n;
}

bool text_equal(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

void text_copy(char *to, size_t size, const char *from) { text_format(to, size, "%s", from); }

/* A string that grows up to its end. */
struct text {
    char *at, *end;
};

static void add(struct text *text, char c)
{
    if (text->at < text->end)
        *text->at++ = c;
}

static void add_number(struct text *text, uint64_t value, unsigned base)
{
    char digits[24];
    size_t n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n)
        add(text, digits[--n]);
}

static size_t format_list(char *to, size_t size, const char *format, va_list list)
{
    struct text text = {to, to + size - 1};
    for (; *format; format++) {
        if (*format != '%' || !format[1]) {
            add(&text, *format);
        } else if (*++format == 's') {
            for (const char *s = va_arg(list, const char *); *s; s++)
                add(&text, *s);
        } else {
            add_number(&text, va_arg(list, uint64_t), *format == 'x' ? 16 : 10);
        }
    }
    *text.at = 0;
    return (size_t)(text.at - to);
}

size_t text_format(char *to, size_t size, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    size_t n = format_list(to, size, format, list);
    va_end(list);
    return n;
}

bool text_number(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
    uint64_t sum = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return sum >= least && sum <= most;
}

bool text_is_name(const char *text)
{
    size_t n = text_length(text);
    for (size_t i = 0; i < n; i++) {
        char c = (char)(text[i] | 0x20);
        bool plain = (c >= 'a' && c <= 'z') || (text[i] >= '0' && text[i] <= '9');
        if (!plain && (i == 0 || (text[i] != '_' && text[i] != '.' && text[i] != '-')))
            return false;
    }
    return n >= 1 && n <= 63;
}

bool refuse(struct failure *why, uint32_t error, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    why->error = error;
    format_list(why->text, sizeof why->text, format, list);
    va_end(list);
    return false;
}

bool refuse_exo(struct failure *why, const char *what, long error)
{
    uint32_t as = error == -EXO_E_NO_TIME   ? LOS_S_TIME
                  : error == -EXO_E_NO_POOL ? LOS_S_MEMORY
                  : error == -EXO_E_NO_SLOT ? LOS_S_LIMIT
                                            : LOS_S_STATE;
    return refuse(why, as, "%s: %s", what, error_text(error));
}

void log_line(const char *format, ...)
{
    char line[256];
    va_list list;
    va_start(list, format);
    size_t n = text_format(line, sizeof line, "supervisor: ");
    n += format_list(line + n, sizeof line - n - 1, format, list);
    va_end(list);
    line[n++] = '\n';
    exo_log_write(boot_machine(), line, n);
}
