/* SPDX-License-Identifier: MPL-2.0 */
/* cpio archives: good ones, cut short at every byte, and with every kind of rubbish in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "file_fixture.h"

struct archive {
    uint8_t bytes[16384];
    size_t length;
};

static void add(struct archive *a, unsigned number, unsigned mode, unsigned links, const char *name,
                const void *data, size_t size)
{
    a->length += (size_t)sprintf(
        (char *)a->bytes + a->length, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", number,
        mode, 5, 6, links, 1234567890u, (unsigned)size, 0, 1, 4, 64, (unsigned)strlen(name) + 1, 0);
    memcpy(a->bytes + a->length, name, strlen(name) + 1);
    a->length = LOS_ROUND_UP(a->length + strlen(name) + 1, 4ul);
    if (size)
        memcpy(a->bytes + a->length, data, size);
    a->length = LOS_ROUND_UP(a->length + size, 4ul);
}

static struct archive *sample(void)
{
    static struct archive a;
    a.length = 0;
    memset(a.bytes, 0, sizeof(a.bytes));
    add(&a, 1, 0040755, 2, ".", NULL, 0);
    add(&a, 2, 0040711, 2, "bin", NULL, 0);
    add(&a, 3, 0104755, 1, "bin/tool", "program", 7);
    add(&a, 4, 0120777, 1, "bin/link", "tool", 4);
    add(&a, 5, 0020600, 1, "tty", NULL, 0);
    add(&a, 6, 0060600, 1, "disk", NULL, 0);
    add(&a, 7, 0010644, 1, "fifo", NULL, 0);
    add(&a, 8, 0100644, 3, "one", NULL, 0);
    add(&a, 8, 0100644, 3, "./two", NULL, 0);
    add(&a, 8, 0100644, 3, "/new/dirs/three", "shared", 6);
    add(&a, 0, 0, 1, "TRAILER!!!", NULL, 0);
    a.length = LOS_ROUND_UP(a.length, 512ul);
    return &a;
}

FILE_TEST(file_cpio, good)
{
    struct archive *a = sample();
    size_t first = a->length;
    /* A second archive behind it, with the same numbers: other files. */
    add(a, 8, 0100600, 2, "four", NULL, 0);
    add(a, 8, 0100600, 2, "five", "other", 5);
    add(a, 3, 0100755, 1, "bin/tool", "newer", 5);
    add(a, 0, 0, 1, "TRAILER!!!", NULL, 0);
    cr_assert_gt(a->length, first);
    OK(los_cpio_unpack(a->bytes, a->length));
    fixture_expect_file("/bin/link", "newer");
    fixture_expect_file("/one", "shared");
    fixture_expect_file("/two", "shared");
    fixture_expect_file("/new/dirs/three", "shared");
    fixture_expect_file("/four", "other");
    struct los_stat s = fixture_stat("/one");
    cr_assert(s.links == 3 && s.user == 5 && s.group == 6 && s.permissions == 0644 &&
              s.modified.seconds == 1234567890);
    cr_assert_eq(fixture_stat("/four").links, 2u);
    s = fixture_stat("/bin");
    cr_assert(s.permissions == 0711 && s.type == LOS_DIRECTORY && s.modified.seconds == 1234567890);
    s = fixture_stat("/tty");
    cr_assert(s.type == LOS_CHARACTER && s.major == 4 && s.minor == 64);
    cr_assert_eq(fixture_stat("/disk").type, LOS_BLOCK);
    cr_assert_eq(fixture_stat("/fifo").type, LOS_FIFO);
    cr_assert_eq(fixture_stat("/").permissions, 0755u);
    cr_assert_eq(fixture_process->files->mask, 022u);
}

FILE_TEST(file_cpio, modes_keep_their_special_bits)
{
    struct archive *a = sample();
    OK(los_cpio_unpack(a->bytes, a->length));
    cr_assert_eq(fixture_stat("/bin/tool").permissions, 04755u);
}

/* The archive in memory of exactly that length: the sanitizer sees a read beyond. */
static long unpack_copy(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(length ? length : 1);
    memcpy(copy, bytes, length);
    long result = los_cpio_unpack(copy, length);
    free(copy);
    return result;
}

FILE_TEST(file_cpio, cut_short)
{
    struct archive *a = sample();
    for (size_t length = 0; length < a->length; length++) {
        long result = unpack_copy(a->bytes, length);
        cr_assert(result == 0 || result == -LOS_E_INVAL);
        fake_log[0] = 0;
    }
    cr_assert_eq(unpack_copy(a->bytes, 100), -LOS_E_INVAL);
    cr_assert(strstr(fake_log, "cpio"));
}

FILE_TEST(file_cpio, rubbish)
{
    struct archive *a = sample();
    static uint8_t bytes[sizeof(a->bytes)];
    srand(7);
    for (int round = 0; round < 3000; round++) {
        memcpy(bytes, a->bytes, a->length);
        for (int n = rand() % 8 + 1; n; n--) {
            size_t where = (size_t)rand() % a->length;
            bytes[where] = rand() % 2 ? (uint8_t)rand() : (uint8_t) "0123456789abcdefF/."[rand() % 19];
        }
        unpack_copy(bytes, a->length);
        fake_log[0] = 0;
    }
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < 1000; i++)
            bytes[i] = (uint8_t)rand();
        cr_assert_eq(unpack_copy(bytes, 1000), -LOS_E_INVAL);
        fake_log[0] = 0;
    }
}
