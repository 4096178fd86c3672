/* SPDX-License-Identifier: MPL-2.0 */
/* The log of exo/x86_64 for the one target that includes its sources: texts are formatted, and thrown away. */
#ifndef FUZZ_X86_LOG_H
#define FUZZ_X86_LOG_H

#include <stdarg.h>
#include <stdio.h>
#include <x86.h>

void x86_log(const char *format, ...)
{
    static char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
}

#endif
