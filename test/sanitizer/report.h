/* SPDX-License-Identifier: MPL-2.0 */
/* One line on the boot log for each place where a sanitizer found something. For code of the guest and of the hosted machine. */
#ifndef SANITIZER_REPORT_H
#define SANITIZER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct report {
    char text[400];
    size_t length;
};

/* False: what was found at that place, be it code or a line, was reported before, or there were too many. */
bool report_begin(struct report *report, uint64_t place);
void report_text(struct report *report, const char *text);
void report_hex(struct report *report, uint64_t number);
void report_decimal(struct report *report, int64_t number);
void report_line(struct report *report); /* writes it; the next one may be begun at once */
void report_end(struct report *report);  /* the same, and says that there was one */

/* guest.c or host.c */
void sanitizer_write(const char *text, size_t bytes);
void sanitizer_found(void);

#endif
