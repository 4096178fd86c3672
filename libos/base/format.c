/* SPDX-License-Identifier: MPL-2.0 */
/* Formatted text: the C standard's conversions for integers, characters, strings and pointers. */
#include <los/base.h>

struct output {
    char *to;
    size_t size, length; /* length: of the whole text, stored or not */
};

struct spec {
    bool left, zero, plus, space, alternate, upper;
    int width, precision; /* precision -1: none given */
    unsigned bytes;       /* of the integer argument */
};

static void put(struct output *out, char c)
{
    if (out->length + 1 < out->size)
        out->to[out->length] = c;
    out->length++;
}

static void pad(struct output *out, char c, int count)
{
    for (; count > 0; count--)
        put(out, c);
}

static void put_string(struct output *out, const struct spec *spec, const char *s)
{
    if (!s)
        s = "(null)";
    int length = (int)(spec->precision >= 0 ? strnlen(s, (size_t)spec->precision) : strlen(s));
    if (!spec->left)
        pad(out, ' ', spec->width - length);
    for (int i = 0; i < length; i++)
        put(out, s[i]);
    if (spec->left)
        pad(out, ' ', spec->width - length);
}

/* `prefix` is a sign or a base mark. */
static void put_number(struct output *out, const struct spec *spec, uint64_t value, unsigned base,
                       const char *prefix)
{
    const char *digit = spec->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24];
    int digits = 0, marks = (int)strlen(prefix);
    for (; value; value /= base)
        text[digits++] = digit[value % base];
    int least = spec->precision >= 0 ? spec->precision : 1;
    if (base == 8 && spec->alternate && least <= digits)
        least = digits + 1;
    int zeros = least > digits ? least - digits : 0;
    int blanks = spec->width - marks - zeros - digits;
    if (spec->zero && !spec->left && spec->precision < 0 && blanks > 0) {
        zeros += blanks;
        blanks = 0;
    }
    if (!spec->left)
        pad(out, ' ', blanks);
    while (*prefix)
        put(out, *prefix++);
    pad(out, '0', zeros);
    while (digits)
        put(out, text[--digits]);
    if (spec->left)
        pad(out, ' ', blanks);
}

static void put_signed(struct output *out, const struct spec *spec, int64_t value)
{
    const char *prefix = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";
    put_number(out, spec, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, prefix);
}

static const char *parse_flags(const char *at, struct spec *spec)
{
    for (;; at++) {
        switch (*at) {
        case '-': spec->left = true; break;
        case '0': spec->zero = true; break;
        case '+': spec->plus = true; break;
        case ' ': spec->space = true; break;
        case '#': spec->alternate = true; break;
        default: return at;
        }
    }
}

static const char *parse_number(const char *at, int *value)
{
    for (*value = 0; *at >= '0' && *at <= '9'; at++)
        if (*value < 1000000)
            *value = *value * 10 + (*at - '0');
    return at;
}

static const char *parse_length(const char *at, struct spec *spec)
{
    spec->bytes = sizeof(int);
    for (;; at++) {
        switch (*at) {
        case 'l':
        case 'z':
        case 'j':
        case 't': spec->bytes = sizeof(long); break;
        case 'h': spec->bytes = spec->bytes == sizeof(short) ? 1 : sizeof(short); break;
        default: return at;
        }
    }
}

static int64_t narrow_signed(int64_t value, unsigned bytes)
{
    return bytes == 1 ? (signed char)value : bytes == 2 ? (short)value : bytes == 4 ? (int)value : value;
}

static uint64_t narrow_unsigned(uint64_t value, unsigned bytes)
{
    return bytes == 8 ? value : value & ((1ul << (bytes * 8)) - 1);
}

/* Width and precision may come from the arguments: C gives va_list by reference only inside a structure. */
struct arguments {
    va_list list;
};

static const char *parse_spec(const char *at, struct spec *spec, struct arguments *args)
{
    *spec = (struct spec){.precision = -1};
    at = parse_flags(at, spec);
    if (*at == '*') {
        spec->width = va_arg(args->list, int);
        if (spec->width < 0) {
            spec->left = true;
            spec->width = -spec->width;
        }
        at++;
    } else {
        at = parse_number(at, &spec->width);
    }
    if (*at == '.' && at[1] == '*') {
        spec->precision = va_arg(args->list, int);
        if (spec->precision < 0)
            spec->precision = -1;
        at += 2;
    } else if (*at == '.') {
        at = parse_number(at + 1, &spec->precision);
    }
    return parse_length(at, spec);
}

static void put_unsigned(struct output *out, struct spec *spec, char conversion, uint64_t value)
{
    const char *prefix = "";
    spec->upper = conversion == 'X';
    if (spec->alternate && value && conversion == 'x')
        prefix = "0x";
    else if (spec->alternate && value && conversion == 'X')
        prefix = "0X";
    put_number(out, spec, value, conversion == 'u' ? 10 : conversion == 'o' ? 8 : 16, prefix);
}

static void put_conversion(struct output *out, struct spec *spec, char conversion, struct arguments *args)
{
    bool wide = spec->bytes == sizeof(long);
    switch (conversion) {
    case 'd':
    case 'i':
        put_signed(out, spec,
                   narrow_signed(wide ? va_arg(args->list, long) : va_arg(args->list, int), spec->bytes));
        break;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        put_unsigned(out, spec, conversion,
                     narrow_unsigned(wide ? va_arg(args->list, unsigned long) : va_arg(args->list, unsigned),
                                     spec->bytes));
        break;
    case 'p': put_number(out, spec, (uint64_t)va_arg(args->list, void *), 16, "0x"); break;
    case 'c':
        pad(out, ' ', spec->left ? 0 : spec->width - 1);
        put(out, (char)va_arg(args->list, int));
        pad(out, ' ', spec->left ? spec->width - 1 : 0);
        break;
    case 's': put_string(out, spec, va_arg(args->list, const char *)); break;
    case '%': put(out, '%'); break;
    default: /* not ours: show it as it is */
        put(out, '%');
        put(out, conversion);
        break;
    }
}

int los_vsnprintf(char *to, size_t size, const char *format, va_list list)
{
    struct output out = {.to = to, .size = size};
    struct arguments args;
    va_copy(args.list, list);
    for (const char *at = format; *at; at++) {
        struct spec spec;
        if (*at != '%') {
            put(&out, *at);
            continue;
        }
        at = parse_spec(at + 1, &spec, &args);
        if (!*at)
            break;
        put_conversion(&out, &spec, *at, &args);
    }
    va_end(args.list);
    if (size)
        to[out.length < size ? out.length : size - 1] = 0;
    return (int)out.length;
}

int los_snprintf(char *to, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = los_vsnprintf(to, size, format, args);
    va_end(args);
    return length;
}
