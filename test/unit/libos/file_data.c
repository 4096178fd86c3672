/* SPDX-License-Identifier: MPL-2.0 */
/* Contents of files: sparse ones, truncation, holes, limits, faults in the middle, mappings; against a model. */
#include <stdlib.h>
#include <string.h>
#include "file_fixture.h"

static long at(struct los_file *file, bool write, void *bytes, size_t n, uint64_t offset)
{
    struct los_transfer t = {.at = (uintptr_t)bytes, .left = n};
    return write ? los_file_write(file, &t, &offset) : los_file_read(file, &t, &offset);
}

FILE_TEST(file_data, sparse)
{
    struct los_file *file = fixture_open("/f", LOS_OPEN_READ | LOS_OPEN_WRITE | LOS_OPEN_CREATE);
    char bytes[16];
    uint64_t far = 1ul << 40;
    cr_assert_eq(at(file, true, "end", 3, far), 3);
    cr_assert_eq(fixture_stat("/f").size, far + 3);
    cr_assert_eq(fixture_stat("/f").blocks, 8u);
    cr_assert_eq(at(file, false, bytes, sizeof(bytes), far - 4), 7);
    cr_assert(!memcmp(bytes, "\0\0\0\0end", 7));
    cr_assert_eq(at(file, true, "start", 5, 4094), 5);
    cr_assert_eq(los_file_seek(file, 0, 3), 0);
    cr_assert_eq(los_file_seek(file, 0, 4), 8192);
    cr_assert_eq(los_file_seek(file, 8192, 3), (long)far);
    cr_assert_eq(los_file_seek(file, (int64_t)far, 4), (long)far + 3);
    ERROR(NXIO, los_file_seek(file, (int64_t)far + 3, 3));
    ERROR(INVAL, los_file_seek(file, -1, 0));
    ERROR(INVAL, los_file_seek(file, 0, 9));
    ERROR(OVERFLOW, los_file_seek(file, INT64_MAX, 2));
    cr_assert_eq(los_file_seek(file, -3, 2), (long)far);
    OK(los_file_truncate(file, 5000));
    cr_assert_eq(fixture_stat("/f").blocks, 16u);
    OK(los_file_truncate(file, 4096));
    OK(los_file_truncate(file, 9000));
    cr_assert_eq(at(file, false, bytes, 4, 4094), 4);
    cr_assert(!memcmp(bytes, "st\0\0", 4)); /* what was cut off reads as zeros */
    los_file_unref(file);
}

FILE_TEST(file_data, against_a_model)
{
    enum { MOST = 300000 };
    static uint8_t model[MOST], found[MOST], chunk[40000];
    size_t size = 0;
    uint64_t before = fixture_free();
    struct los_file *file = fixture_open("/f", LOS_OPEN_READ | LOS_OPEN_WRITE | LOS_OPEN_CREATE);
    srand(3);
    for (int round = 0; round < 600; round++) {
        size_t offset = (size_t)rand() % (MOST - sizeof(chunk)), n = (size_t)rand() % sizeof(chunk) + 1;
        switch (rand() % 5) {
        case 0:
            OK(los_file_truncate(file, offset));
            if (offset < size)
                memset(model + offset, 0, MOST - offset);
            size = offset;
            break;
        case 1:
            OK(los_file_allocate(file, offset, n, true, true));
            if (offset < size)
                memset(model + offset, 0, n < size - offset ? n : size - offset);
            break;
        case 2:
            OK(los_file_allocate(file, offset, n, false, false));
            size = size > offset + n ? size : offset + n;
            break;
        default:
            memset(chunk, rand() | 1, n);
            cr_assert_eq(at(file, true, chunk, n, offset), (long)n);
            memcpy(model + offset, chunk, n);
            size = size > offset + n ? size : offset + n;
            break;
        }
        cr_assert_eq(file->inode->size, size);
        memset(found, 0, sizeof(found));
        cr_assert_eq(at(file, false, found, sizeof(found), 0), (long)size);
        cr_assert(!memcmp(found, model, size), "round %d", round);
    }
    los_file_unref(file);
    OK(los_unlink(NULL, "/f", false));
    cr_assert_eq(fixture_free(), before);
}

FILE_TEST(file_data, faults_in_the_middle)
{
    struct los_space *space = fixture_process->space;
    uint64_t user = 0x10000000;
    los_space_activate(space);
    cr_assert_gt(los_space_map(space, user, LOS_PAGE, LOS_READ | LOS_WRITE, LOS_FIXED, NULL, 0, NULL, NULL), 0);
    struct los_file *file = fixture_open("/f", LOS_OPEN_READ | LOS_OPEN_WRITE | LOS_OPEN_CREATE);
    static char big[3 * LOS_PAGE];
    memset(big, 'x', sizeof(big));
    cr_assert_eq(fixture_write(file, big, sizeof(big)), (long)sizeof(big));
    struct los_transfer t = {.at = user + 1000, .left = 8000, .user = true};
    uint64_t offset = 0;
    cr_assert_eq(los_file_read(file, &t, &offset), 3096);
    cr_assert_eq(offset, 3096u);
    t = (struct los_transfer){.at = user + LOS_PAGE, .left = 10, .user = true};
    offset = 0;
    ERROR(FAULT, los_file_read(file, &t, &offset));
    ERROR(FAULT, los_file_write(file, &t, NULL));
    /* A write that is cut short in a fresh page leaves zeros, not what was in that memory. */
    OK(los_file_truncate(file, 0));
    t = (struct los_transfer){.at = user + LOS_PAGE - 100, .left = 4096, .user = true};
    offset = 0;
    cr_assert_eq(los_file_write(file, &t, &offset), 100);
    cr_assert_eq(file->inode->size, 100u);
    OK(los_file_truncate(file, 4096));
    cr_assert_eq(at(file, false, big, 4096, 0), 4096);
    for (int i = 100; i < 4096; i++)
        cr_assert_eq(big[i], 0);
    los_file_unref(file);
}

FILE_TEST(file_data, append_flags_and_limits)
{
    fixture_write_file("/f", "one");
    struct los_file *file = fixture_open("/f", LOS_OPEN_WRITE | LOS_OPEN_APPEND);
    cr_assert_eq(at(file, true, "two", 3, 0), 3);
    fixture_expect_file("/f", "onetwo");
    char byte;
    ERROR(BADF, fixture_read(file, &byte, 1));
    los_file_unref(file);
    file = fixture_open("/f", LOS_OPEN_READ);
    ERROR(BADF, fixture_write(file, "x", 1));
    ERROR(INVAL, los_file_truncate(file, 0));
    los_file_unref(file);
    file = fixture_open("/f", LOS_OPEN_PATH);
    ERROR(BADF, fixture_read(file, &byte, 1));
    ERROR(BADF, los_file_seek(file, 0, 0));
    los_file_unref(file);
    fixture_process->limits[LOS_LIMIT_FILE_SIZE].soft = 10;
    file = fixture_open("/f", LOS_OPEN_WRITE);
    cr_assert_eq(at(file, true, "0123456789abcdef", 16, 0), 10);
    ERROR(FBIG, at(file, true, "x", 1, 10));
    ERROR(FBIG, los_file_truncate(file, 11));
    los_file_unref(file);
    ERROR(FBIG, los_truncate(NULL, "/f", 11));
    OK(los_truncate(NULL, "/f", 2));
    fixture_expect_file("/f", "01");
    file = fixture_open("/f", LOS_OPEN_READ);
    file->inode->deny_write++;
    struct los_file *other;
    ERROR(TXTBSY, los_open(NULL, "/f", LOS_OPEN_WRITE, 0, &other));
    file->inode->deny_write--;
    los_file_unref(file);
}

FILE_TEST(file_data, without_a_name)
{
    struct los_file *file;
    struct los_path place;
    uint64_t before = fixture_free();
    OK(los_open(NULL, "/", LOS_OPEN_TEMPORARY | LOS_OPEN_READ | LOS_OPEN_WRITE, 0666, &file));
    cr_assert_eq(fixture_write(file, "hidden", 6), 6);
    cr_assert_eq(file->inode->permissions, 0644u);
    OK(los_link(&file->path, "", NULL, "/named", LOS_WALK_EMPTY));
    fixture_expect_file("/named", "hidden");
    los_file_unref(file);
    OK(los_open(NULL, "/", LOS_OPEN_TEMPORARY | LOS_OPEN_WRITE | LOS_OPEN_EXCLUSIVE, 0666, &file));
    ERROR(NOENT, los_link(&file->path, "", NULL, "/named2", LOS_WALK_EMPTY));
    los_file_unref(file);
    char text[64];
    OK(los_memory_file("block", 0, &file));
    cr_assert_eq(fixture_write(file, "mem", 3), 3);
    cr_assert_gt(los_file_text(file, NULL, text, sizeof(text)), 0);
    cr_assert_str_eq(text, "/memfd:block (deleted)");
    los_file_unref(file);
    struct los_file *writer;
    OK(los_pipe_create(0, &file, &writer));
    OK(los_file_path(file, &place)); /* as /proc/self/fd/N leads to it */
    struct los_file *again;
    OK(los_open_path(&place, LOS_OPEN_READ | LOS_OPEN_NONBLOCK, &again));
    los_path_unref(&place);
    cr_assert_eq(fixture_write(writer, "p", 1), 1);
    cr_assert_eq(fixture_read(again, text, 1), 1);
    los_file_unref(again);
    los_file_unref(file);
    los_file_unref(writer);
    OK(los_unlink(NULL, "/named", false));
    fixture_free();
    OK(los_open(NULL, "/", LOS_OPEN_TEMPORARY | LOS_OPEN_WRITE, 0666, &file));
    los_file_unref(file);
    cr_assert_geq(fixture_free() + 1, before); /* the instance for files in memory stays */
}

FILE_TEST(file_data, a_mapping_outlives_the_file)
{
    struct los_space *space = los_space_create();
    uint64_t user = 0x10000000;
    int error;
    uint8_t value;
    uint64_t before = fixture_free();
    fixture_write_file("/f", "mapped");
    struct los_file *file = fixture_open("/f", LOS_OPEN_READ | LOS_OPEN_WRITE);
    struct los_object *object;
    OK(file->ops->map(file, &object));
    cr_assert_gt(los_space_map(space, user, 2 * LOS_PAGE, LOS_READ | LOS_WRITE, LOS_FIXED | LOS_SHARED, object,
                               0, NULL, NULL),
                 0);
    cr_assert(fake_store(space, user, 'M', &error));
    fixture_expect_file("/f", "Mapped");
    cr_assert(!fake_load(space, user + LOS_PAGE, &value, &error)); /* beyond the end */
    cr_assert_eq(error, -LOS_E_IO);
    cr_assert(fake_store(space, user + 100, 'X', &error)); /* beyond the end, in the last page */
    OK(los_file_truncate(file, 200));
    cr_assert_eq(at(file, false, &value, 1, 100), 1);
    cr_assert_eq(value, 0);
    los_file_unref(file);
    OK(los_unlink(NULL, "/f", false));
    cr_assert(fake_load(space, user, &value, &error));
    cr_assert_eq(value, 'M');
    OK(los_space_unmap(space, user, 2 * LOS_PAGE));
    cr_assert_leq(before - fixture_free(), 4u, "only page tables are left: %lu", before - fixture_free());
}

FILE_TEST(file_data, full)
{
    static char page[65536];
    uint64_t before = fixture_free(), wrote = 0;
    long n;
    struct los_file *file = fixture_open("/f", LOS_OPEN_WRITE | LOS_OPEN_CREATE);
    while ((n = fixture_write(file, page, sizeof(page))) > 0)
        wrote += (uint64_t)n;
    cr_assert_eq(n, -LOS_E_NOSPC);
    cr_assert_gt(los_pages_free_count(), los_pages_total() / 20);
    cr_assert_gt(wrote, 1000000u);
    struct los_file *other;
    ERROR(NOSPC, los_open(NULL, "/g", LOS_OPEN_WRITE | LOS_OPEN_CREATE, 0666, &other));
    ERROR(NOSPC, los_file_allocate(file, 0, 1ul << 40, false, false));
    los_file_unref(file);
    OK(los_unlink(NULL, "/f", false));
    cr_assert_eq(fixture_free(), before);
}
