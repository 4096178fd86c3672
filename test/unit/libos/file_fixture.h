/* SPDX-License-Identifier: MPL-2.0 */
/* A process with a root file system, for tests of files, pipes and sockets. */
#ifndef FILE_FIXTURE_H
#define FILE_FIXTURE_H

#include <criterion/criterion.h>
#include <los/file.h>
#include "../../../libos/file/internal.h"
#include "fake_exo.h"

extern struct los_process *fixture_process;

/* Runs body as the first thread of process 1: 4096 pages, root credentials, umask 022. */
void fixture_run(void (*body)(void));
void fixture_user(uint32_t user, uint32_t group);
uint64_t fixture_free(void); /* free pages once the heap gave back its spare ones */

/* Short forms; each fails the test when the call does. */
struct los_file *fixture_open(const char *path, uint32_t flags);
void fixture_write_file(const char *path, const char *text);
void fixture_expect_file(const char *path, const char *text);
long fixture_write(struct los_file *file, const void *bytes, size_t n);
long fixture_read(struct los_file *file, void *bytes, size_t n);
struct los_stat fixture_stat(const char *path);

#define FILE_TEST(suite, name)                                                                                 \
    static void suite##_##name(void);                                                                          \
    Test(suite, name) { fixture_run(suite##_##name); }                                                         \
    static void suite##_##name(void)
#define OK(call)            cr_assert_eq((call), 0)
#define ERROR(number, call) cr_assert_eq((call), -LOS_E_##number)

#endif
