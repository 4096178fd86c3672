/* SPDX-License-Identifier: MPL-2.0 */
/* See file_fixture.h. */
#include <string.h>
#include "file_fixture.h"
#include "process_support.h"

struct los_process *fixture_process;
static void (*fixture_body)(void);
static bool fixture_done;

void fixture_user(uint32_t user, uint32_t group)
{
    fixture_process->credentials = (struct los_credentials){.user = user,
                                                            .effective_user = user,
                                                            .saved_user = user,
                                                            .file_user = user,
                                                            .group = group,
                                                            .effective_group = group,
                                                            .saved_group = group,
                                                            .file_group = group};
}

static void run(struct los_frame *frame)
{
    (void)frame;
    fixture_body();
    fixture_done = true;
}

void fixture_run(void (*body)(void))
{
    fixture_process = test_boot(run);
    los_file_systems_init();
    fixture_process->files = los_file_context_clone(NULL);
    fixture_process->descriptors = los_descriptors_create();
    fixture_process->limits[LOS_LIMIT_DESCRIPTORS].soft = 1024;
    fixture_body = body;
    test_run();
    cr_assert(fixture_done, "the test waits for ever");
}

uint64_t fixture_free(void)
{
    los_heap_trim();
    return los_pages_free_count();
}

struct los_file *fixture_open(const char *path, uint32_t flags)
{
    struct los_file *file = NULL;
    long error = los_open(NULL, path, flags, 0644, &file);
    cr_assert_eq(error, 0, "open %s: %ld", path, error);
    return file;
}

long fixture_write(struct los_file *file, const void *bytes, size_t n)
{
    struct los_transfer from = {.at = (uintptr_t)bytes, .left = n};
    return los_file_write(file, &from, NULL);
}

long fixture_read(struct los_file *file, void *bytes, size_t n)
{
    struct los_transfer to = {.at = (uintptr_t)bytes, .left = n};
    return los_file_read(file, &to, NULL);
}

void fixture_write_file(const char *path, const char *text)
{
    struct los_file *file = fixture_open(path, LOS_OPEN_WRITE | LOS_OPEN_CREATE | LOS_OPEN_TRUNCATE);
    cr_assert_eq(fixture_write(file, text, strlen(text)), (long)strlen(text));
    los_file_unref(file);
}

void fixture_expect_file(const char *path, const char *text)
{
    char found[256] = "";
    struct los_file *file = fixture_open(path, LOS_OPEN_READ);
    long n = fixture_read(file, found, sizeof(found) - 1);
    los_file_unref(file);
    cr_assert_eq(n, (long)strlen(text), "%s: %ld bytes", path, n);
    cr_assert_str_eq(found, text);
}

struct los_stat fixture_stat(const char *path)
{
    struct los_stat stat;
    long error = los_stat(NULL, path, LOS_WALK_NOFOLLOW, &stat);
    cr_assert_eq(error, 0, "stat %s: %ld", path, error);
    return stat;
}
