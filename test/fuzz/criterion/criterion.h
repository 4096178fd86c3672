/* SPDX-License-Identifier: MPL-2.0 */
/* Criterion's assertions as the fake machine, its helpers and the invariants use them, without Criterion: the fuzzer finds this header
 * first. What fails prints its message and aborts. */
#ifndef FUZZ_CRITERION_H
#define FUZZ_CRITERION_H

#include <string.h>

_Noreturn void fuzz_fail(const char *place, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5), cold));

/* The message, if there is one, begins with a literal. */
#define cr_assert(condition, ...)                                                                              \
    ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition, "" __VA_ARGS__))
#define cr_assert_fail(...)              fuzz_fail(__FILE__, __LINE__, "never reached", "" __VA_ARGS__)
#define cr_assert_not(condition, ...)    cr_assert(!(condition), ##__VA_ARGS__)
#define cr_assert_eq(a, b, ...)          cr_assert((a) == (b), ##__VA_ARGS__)
#define cr_assert_neq(a, b, ...)         cr_assert((a) != (b), ##__VA_ARGS__)
#define cr_assert_lt(a, b, ...)          cr_assert((a) < (b), ##__VA_ARGS__)
#define cr_assert_leq(a, b, ...)         cr_assert((a) <= (b), ##__VA_ARGS__)
#define cr_assert_gt(a, b, ...)          cr_assert((a) > (b), ##__VA_ARGS__)
#define cr_assert_geq(a, b, ...)         cr_assert((a) >= (b), ##__VA_ARGS__)
#define cr_assert_null(pointer, ...)     cr_assert((pointer) == NULL, ##__VA_ARGS__)
#define cr_assert_not_null(pointer, ...) cr_assert((pointer) != NULL, ##__VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)      cr_assert(strcmp(a, b) == 0, ##__VA_ARGS__)

#define Test(suite, name, ...) static __attribute__((unused)) void suite##_##name(void)

#endif
