/* SPDX-License-Identifier: MPL-2.0 */
/* Each check prints the rest of its line and says whether all was well. */
#ifndef HELLO_H
#define HELLO_H

#include <stdbool.h>

bool failed(const char *what); /* prints it; false */

bool check_stdio(void);
bool check_input(void);
bool check_malloc(void);
bool check_files(void);
bool check_names(void);
bool check_math(void);
bool check_time(void);
bool check_setjmp(void);
bool check_raise(void);
bool check_faults(void);
bool check_alarm(void);
bool check_environment(void);
int crash(const char *kind, const char *argument);

#endif
