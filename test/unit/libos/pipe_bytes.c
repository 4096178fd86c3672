/* SPDX-License-Identifier: MPL-2.0 */
/* Pipes and FIFOs: atomic writes, ends, capacity, waiting, and a long random walk against a model. */
#include <stdlib.h>
#include <string.h>
#include "file_fixture.h"
#include "process_support.h"

static struct los_file *reader, *writer;
static char big[70000];

static void make(uint32_t flags) { OK(los_pipe_create(flags, &reader, &writer)); }
static void drop(void)
{
    los_file_unref(reader);
    los_file_unref(writer);
}

FILE_TEST(pipe, atomic_and_nonblocking)
{
    char bytes[16];
    uint64_t before = fixture_free();
    make(LOS_OPEN_NONBLOCK);
    ERROR(AGAIN, fixture_read(reader, bytes, 1));
    cr_assert_eq(los_file_poll(reader, NULL), 0u);
    cr_assert_eq(los_file_poll(writer, NULL), LOS_POLL_OUT);
    cr_assert_eq(fixture_write(writer, big, 65536), 65536);
    ERROR(AGAIN, fixture_write(writer, "x", 1));
    cr_assert_eq(los_file_poll(writer, NULL), 0u);
    cr_assert_eq(los_file_poll(reader, NULL), LOS_POLL_IN);
    cr_assert_eq(los_pipe_available(reader), 65536);
    cr_assert_eq(fixture_read(reader, big, 4096), 4096);
    cr_assert_eq(fixture_write(writer, big, 4096), 4096);
    cr_assert_eq(fixture_read(reader, big, 5000), 5000);
    cr_assert_eq(fixture_write(writer, big, 4096), 4096);
    ERROR(AGAIN, fixture_write(writer, big, 4096)); /* all of it or nothing */
    while (fixture_read(reader, big, sizeof(big)) > 0)
        ;
    cr_assert_eq(fixture_write(writer, big, 70000), 65536); /* larger ones are cut */
    ERROR(BADF, fixture_read(writer, bytes, 1));
    ERROR(BADF, fixture_write(reader, bytes, 1));
    uint64_t zero = 0;
    struct los_transfer t = {.at = (uintptr_t)bytes, .left = 1};
    ERROR(SPIPE, los_file_read(reader, &t, &zero));
    ERROR(SPIPE, los_file_seek(reader, 0, 0));
    drop();
    cr_assert_eq(fixture_free(), before);
}

FILE_TEST(pipe, ends)
{
    char bytes[16];
    make(0);
    cr_assert_eq(fixture_write(writer, "last", 4), 4);
    los_file_unref(writer);
    cr_assert_eq(los_file_poll(reader, NULL), LOS_POLL_IN | LOS_POLL_HANGUP);
    cr_assert_eq(fixture_read(reader, bytes, 16), 4);
    cr_assert_eq(fixture_read(reader, bytes, 16), 0);
    los_file_unref(reader);
    make(0);
    los_set_signal_mask(LOS_SIGNAL_BIT(LOS_SIG_PIPE));
    los_file_unref(reader);
    ERROR(PIPE, fixture_write(writer, "x", 1));
    cr_assert(los_signals_pending(los_current()) & LOS_SIGNAL_BIT(LOS_SIG_PIPE));
    cr_assert_eq(los_file_poll(writer, NULL) & LOS_POLL_ERROR, LOS_POLL_ERROR);
    los_file_unref(writer);
}

FILE_TEST(pipe, capacity)
{
    make(LOS_OPEN_NONBLOCK);
    cr_assert_eq(los_pipe_capacity(reader, -1), 65536);
    cr_assert_eq(fixture_write(writer, "0123456789", 10), 10);
    cr_assert_eq(los_pipe_capacity(writer, 4096), 4096);
    ERROR(AGAIN, fixture_write(writer, big, 4090));
    cr_assert_eq(los_pipe_capacity(writer, 5000), 8192);
    cr_assert_eq(fixture_write(writer, big, 4096), 4096);
    ERROR(BUSY, los_pipe_capacity(writer, 4096));
    cr_assert_eq(fixture_read(reader, big, 10), 10);
    cr_assert(!memcmp(big, "0123456789", 10));
    ERROR(INVAL, los_pipe_capacity(writer, 1l << 40));
    cr_assert_eq(los_pipe_capacity(writer, 1 << 20), 1 << 20);
    cr_assert_eq(fixture_read(reader, big, sizeof(big)), 4096);
    drop();
}

FILE_TEST(pipe, against_a_model)
{
    uint8_t next_in = 0, next_out = 0;
    size_t inside = 0;
    make(LOS_OPEN_NONBLOCK);
    srand(5);
    for (int round = 0; round < 20000; round++) {
        size_t n = (size_t)rand() % (rand() % 4 ? 300 : 9000) + 1;
        if (rand() % 2) {
            for (size_t i = 0; i < n; i++)
                big[i] = (char)(next_in + i);
            long wrote = fixture_write(writer, big, n);
            if (wrote == -LOS_E_AGAIN)
                wrote = 0;
            cr_assert(wrote >= 0 && (n > 4096 || wrote == 0 || wrote == (long)n));
            next_in = (uint8_t)(next_in + wrote);
            inside += (size_t)wrote;
        } else {
            long got = fixture_read(reader, big, n);
            if (got == -LOS_E_AGAIN)
                got = 0;
            cr_assert_eq((size_t)got, n < inside ? n : inside);
            for (long i = 0; i < got; i++)
                cr_assert_eq((uint8_t)big[i], next_out++);
            inside -= (size_t)got;
        }
        cr_assert_eq(los_pipe_available(reader), (long)inside);
    }
    drop();
}

/* --- waiting: another process at the other end ---------------------------------------------------------------------------- */

static size_t total_read;
static void read_everything(struct los_frame *frame)
{
    (void)frame;
    long n;
    static char bytes[1000];
    los_file_unref(writer);
    while ((n = fixture_read(reader, bytes, sizeof(bytes))) > 0)
        total_read += (size_t)n;
    cr_assert_eq(n, 0);
    los_file_unref(reader);
}

FILE_TEST(pipe, writer_waits_for_reader)
{
    make(0);
    los_file_ref(reader);
    los_file_ref(writer);
    cr_assert_gt(test_clone(0, read_everything), 0);
    los_file_unref(reader);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(fixture_write(writer, big, 60000), 60000);
    los_file_unref(writer);
    struct los_wait_result result;
    cr_assert_gt(los_wait_child(-1, LOS_WAIT_EXITED, &result), 0);
    cr_assert_eq(total_read, 1200000u);
}

static void open_and_write(struct los_frame *frame)
{
    (void)frame;
    struct los_file *file = fixture_open("/fifo", LOS_OPEN_WRITE); /* waits for the reader */
    cr_assert_eq(fixture_write(file, "through", 7), 7);
    los_file_unref(file);
}

FILE_TEST(pipe, fifo)
{
    struct los_file *file;
    char bytes[16];
    OK(los_make_node(NULL, "/fifo", LOS_FIFO, 0666, 0, 0));
    ERROR(NXIO, los_open(NULL, "/fifo", LOS_OPEN_WRITE | LOS_OPEN_NONBLOCK, 0, &file));
    file = fixture_open("/fifo", LOS_OPEN_READ | LOS_OPEN_NONBLOCK);
    cr_assert_eq(fixture_read(file, bytes, 1), 0); /* no writer: the end */
    los_file_unref(file);
    cr_assert_gt(test_clone(0, open_and_write), 0);
    file = fixture_open("/fifo", LOS_OPEN_READ);
    cr_assert_eq(fixture_read(file, bytes, 16), 7);
    cr_assert_eq(fixture_read(file, bytes, 16), 0);
    los_file_unref(file);
    file = fixture_open("/fifo", LOS_OPEN_READ | LOS_OPEN_WRITE);
    los_file_unref(file);
    OK(los_unlink(NULL, "/fifo", false));
}

static void write_later(struct los_frame *frame)
{
    (void)frame;
    cr_assert_eq(fixture_write(writer, "x", 1), 1);
}

FILE_TEST(pipe, poll)
{
    make(0);
    struct los_poll_item items[20] = {{0}};
    for (int i = 0; i < 20; i++)
        items[i] = (struct los_poll_item){reader, LOS_POLL_IN, 0};
    cr_assert_eq(los_poll(items, 20, 0), 0);
    cr_assert_eq(los_poll(items, 20, los_now() + 1000000), 0); /* the time passes */
    test_clone(0, write_later);
    cr_assert_eq(los_poll(items, 20, LOS_FOREVER), 20);
    cr_assert_eq(items[19].got, LOS_POLL_IN);
    drop();
}
