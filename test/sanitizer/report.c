/* SPDX-License-Identifier: MPL-2.0 */
#include "report.h"

#define PLACES 64u /* reported at most */

static uint64_t places[PLACES];

bool report_begin(struct report *report, uint64_t place)
{
    report->length = 0;
    report_text(report, "sanitizer: ");
    for (unsigned i = 0; i < PLACES; i++) {
        uint64_t none = 0;
        if (__atomic_compare_exchange_n(&places[i], &none, place, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return true;
        if (none == place)
            return false;
    }
    return false;
}

void report_text(struct report *report, const char *text)
{
    while (*text && report->length < sizeof report->text - 1)
        report->text[report->length++] = *text++;
}

static void digits(struct report *report, uint64_t number, unsigned base)
{
    char text[24];
    unsigned at = sizeof text - 1;
    text[at] = 0;
    do
        text[--at] = "0123456789abcdef"[number % base];
    while (number /= base);
    report_text(report, text + at);
}

void report_hex(struct report *report, uint64_t number) { digits(report, number, 16); }

void report_decimal(struct report *report, int64_t number)
{
    if (number < 0)
        report_text(report, "-");
    digits(report, number < 0 ? -(uint64_t)number : (uint64_t)number, 10);
}

void report_line(struct report *report)
{
    report->text[report->length++] = '\n';
    sanitizer_write(report->text, report->length);
    report->length = 0;
}

void report_end(struct report *report)
{
    report_line(report);
    sanitizer_found();
}
