/* SPDX-License-Identifier: MPL-2.0 */
/* Formatted text is the host's, conversion by conversion. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include "fake_exo.h"

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#define SAME(size, ...)                                                                                        \
    do {                                                                                                       \
        char ours[200], theirs[200];                                                                           \
        int n = los_snprintf(ours, size, __VA_ARGS__), m = snprintf(theirs, size, __VA_ARGS__);                \
        cr_assert_eq(n, m, "%d, not %d", n, m);                                                                \
        cr_assert_str_eq(ours, theirs);                                                                        \
    } while (0)

Test(memory_format, as_the_standard_says)
{
    static const char *formats[] = {"%d",    "%5d",     "%-5d|", "%05d", "%+d",  "% d",  "%.3d",
                                    "%8.3d", "%-8.3d|", "%x",    "%#x",  "%08x", "%#8x", "%X",
                                    "%#o",   "%o",      "%u",    "%.0d", "%hd",  "%hhd", "%hu",
                                    "%hhx",  "%#.5x",   "%#05x", "%+.2d"};
    static const int values[] = {0, 1, -1, 7, 42, -42, 255, 256, 65536, 100000, INT_MAX, INT_MIN};
    for (unsigned i = 0; i < LOS_COUNT(formats); i++)
        for (unsigned j = 0; j < LOS_COUNT(values); j++)
            SAME(200, formats[i], values[j]);
    SAME(200, "%ld %lu %lx %zu %lld", LONG_MIN, ULONG_MAX, 0xdeadbeefcafeul, (size_t)1 << 40, LLONG_MAX);
    SAME(200, "%s|%10s|%-10s|%.2s|%-5.1s|%c|%3c|%-3c|%%", "abc", "def", "ghi", "jkl", "mno", 'x', 'y', 'z');
    SAME(200, "%*d|%-*d|%.*d|%.*s|%*s", 6, 42, 6, 42, 4, 42, 2, "hello", -8, "left");
    SAME(200, "%p", (void *)0x1234abcd);
    SAME(5, "%d and more", 123456);
    SAME(1, "%s", "gone");
    cr_assert_eq(los_snprintf(NULL, 0, "%s %d", "hello", 12), 8);
}

Test(memory_format, strlcpy)
{
    char to[4];
    cr_assert_eq(los_strlcpy(to, "hello", sizeof(to)), 5);
    cr_assert_str_eq(to, "hel");
    cr_assert_eq(los_strlcpy(to, "", sizeof(to)), 0);
    cr_assert_str_eq(to, "");
}

Test(memory_format, log_is_one_line)
{
    fake_start(1000);
    los_log("value %d", 3);
    cr_assert_str_eq(fake_log, "value 3\n");
    char text[900];
    memset(text, 'x', sizeof(text));
    text[899] = 0;
    fake_log[0] = 0;
    los_log("%s", text);
    cr_assert(strlen(fake_log) < 600 && fake_log[strlen(fake_log) - 1] == '\n');
}
