/* SPDX-License-Identifier: MPL-2.0 */
/* Criterion's assertions (test/fuzz/criterion) in a program of libFuzzer: what fails says so, and aborts. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void fuzz_fail(const char *place, int line, const char *condition, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: not so: %s ", place, line, condition);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    abort();
}
