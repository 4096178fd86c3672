/* SPDX-License-Identifier: MPL-2.0 */
/* The devices of memory, and what is left of an open file's calls: bad modes, places, kinds. */
#include <string.h>
#include "file_fixture.h"

#define BOTH (LOS_OPEN_READ | LOS_OPEN_WRITE)

static struct los_file *device(const char *path)
{
    OK(los_make_directory(NULL, "/dev", 0755));
    OK(los_mount("dev", "/dev", "devtmpfs", 0, NULL));
    return fixture_open(path, BOTH);
}

FILE_TEST(file_devices, null_takes_all_and_gives_nothing)
{
    struct los_file *file = device("/dev/null");
    char bytes[4];
    cr_assert_eq(fixture_write(file, "text", 4), 4);
    cr_assert_eq(fixture_read(file, bytes, 4), 0);
    cr_assert_eq(los_file_seek(file, 100, 0), 0);
    los_file_unref(file);
}

FILE_TEST(file_devices, zero_and_full)
{
    struct los_file *file = device("/dev/zero");
    char bytes[5000];
    memset(bytes, 1, sizeof(bytes));
    cr_assert_eq(fixture_read(file, bytes, sizeof(bytes)), (long)sizeof(bytes));
    for (unsigned i = 0; i < sizeof(bytes); i++)
        cr_assert_eq(bytes[i], 0);
    cr_assert_eq(fixture_write(file, "text", 4), 4);
    los_file_unref(file);
    file = fixture_open("/dev/full", BOTH);
    bytes[0] = 1;
    cr_assert(fixture_read(file, bytes, 1) == 1 && bytes[0] == 0);
    ERROR(NOSPC, fixture_write(file, "x", 1));
    los_file_unref(file);
}

FILE_TEST(file_devices, random_differs)
{
    struct los_file *file = device("/dev/urandom");
    uint64_t words[2] = {0, 0};
    cr_assert_eq(fixture_read(file, words, sizeof(words)), 16);
    cr_assert(words[0] != 0 && words[1] != 0 && words[0] != words[1]);
    cr_assert_eq(fixture_write(file, words, 16), 16); /* stirs */
    los_file_unref(file);
}

FILE_TEST(file_devices, the_log_is_cut_into_lines_that_it_takes)
{
    struct los_file *file = device("/dev/kmsg");
    fake_log[0] = 0;
    cr_assert_eq(fixture_write(file, "said by a test\n", 15), 15);
    cr_assert_not_null(strstr(fake_log, "said by a test\n"));
    fake_log[0] = 0;
    cr_assert_eq(fixture_write(file, "<6>with a level\n\n", 17), 17);
    cr_assert_str_eq(fake_log, "with a level\n");
    fake_log[0] = 0;
    char many[3000];
    memset(many, 'l', sizeof(many));
    cr_assert_eq(fixture_write(file, many, sizeof(many)), (long)sizeof(many));
    cr_assert_eq(strlen(fake_log), 512, "cut: %zu", strlen(fake_log));
    los_file_unref(file);
}

FILE_TEST(file_devices, nodes_without_a_device)
{
    struct los_file *file;
    OK(los_make_node(NULL, "/nothing", LOS_CHARACTER, 0666, 99, 99));
    ERROR(NXIO, los_open(NULL, "/nothing", BOTH, 0, &file));
    OK(los_make_node(NULL, "/memory", LOS_CHARACTER, 0666, 1, 99)); /* beside the null device */
    ERROR(NXIO, los_open(NULL, "/memory", BOTH, 0, &file));
    OK(los_make_node(NULL, "/block", LOS_BLOCK, 0666, 1, 3));
    ERROR(NXIO, los_open(NULL, "/block", BOTH, 0, &file));
    OK(los_make_node(NULL, "/socket", LOS_SOCKET, 0666, 0, 0));
    ERROR(NXIO, los_open(NULL, "/socket", BOTH, 0, &file));
}

FILE_TEST(file_devices, calls_on_files_that_are_not_for_them)
{
    fixture_write_file("/f", "0123456789");
    char bytes[4];
    struct los_file *reads = fixture_open("/f", LOS_OPEN_READ), *writes = fixture_open("/f", LOS_OPEN_WRITE),
                    *path = fixture_open("/f", LOS_OPEN_PATH), *dir = fixture_open("/", LOS_OPEN_READ);
    ERROR(BADF, fixture_write(reads, "x", 1));
    ERROR(BADF, fixture_read(writes, bytes, 1));
    ERROR(BADF, fixture_read(path, bytes, 1));
    ERROR(BADF, fixture_write(path, "x", 1));
    ERROR(ISDIR, fixture_read(dir, bytes, 1));
    ERROR(INVAL, los_file_truncate(reads, 3));
    ERROR(INVAL, los_file_truncate(dir, 3));
    ERROR(INVAL, los_file_truncate(writes, UINT64_MAX));
    ERROR(BADF, los_file_allocate(reads, 0, 10, false, false));
    ERROR(FBIG, los_file_allocate(writes, (1ul << 63) - 5, 10, false, false));
    fixture_expect_file("/f", "0123456789");
    /* The limit of sizes. */
    fixture_process->limits[LOS_LIMIT_FILE_SIZE].soft = 12;
    cr_assert_eq(los_file_seek(writes, 0, 2), 10);
    cr_assert_eq(fixture_write(writes, "abcd", 4), 2, "as far as it may");
    ERROR(FBIG, fixture_write(writes, "x", 1));
    ERROR(FBIG, los_file_truncate(writes, 13));
    OK(los_file_truncate(writes, 12));
    los_file_unref(reads);
    los_file_unref(writes);
    los_file_unref(path);
    los_file_unref(dir);
}

FILE_TEST(file_devices, appending_goes_to_the_end_wherever_the_offset_is)
{
    fixture_write_file("/f", "start");
    struct los_file *file = fixture_open("/f", BOTH | LOS_OPEN_APPEND);
    cr_assert_eq(los_file_seek(file, 0, 0), 0);
    cr_assert_eq(fixture_write(file, "+end", 4), 4);
    fixture_expect_file("/f", "start+end");
    los_file_unref(file);
}
