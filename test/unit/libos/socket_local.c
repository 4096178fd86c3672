/* SPDX-License-Identifier: MPL-2.0 */
/* Local sockets: pairs, names, connections, files that travel. */
#include <string.h>
#include <los/socket.h>
#include "file_fixture.h"
#include "process_support.h"

static struct los_socket_address name_of(const char *text)
{
    struct los_socket_address address = {.length = strlen(text)};
    strcpy(address.name, text);
    return address;
}

FILE_TEST(socket, stream_pair)
{
    struct los_file *a, *b;
    char bytes[64];
    uint64_t before = fixture_free();
    OK(los_socket_pair(1, LOS_OPEN_NONBLOCK, &a, &b));
    ERROR(AGAIN, fixture_read(a, bytes, 1));
    cr_assert_eq(fixture_write(a, "hello ", 6), 6);
    cr_assert_eq(fixture_write(a, "world", 5), 5);
    cr_assert_eq(los_socket_available(b), 11);
    cr_assert_eq(fixture_read(b, bytes, 8), 8);
    cr_assert_eq(fixture_read(b, bytes + 8, 60), 3);
    cr_assert(!memcmp(bytes, "hello world", 11));
    static char big[100000];
    long total = 0, n;
    while ((n = fixture_write(a, big, sizeof(big))) > 0)
        total += n;
    cr_assert_eq(n, -LOS_E_AGAIN);
    cr_assert_gt(total, 200000);
    cr_assert_eq(los_file_poll(a, NULL) & LOS_POLL_OUT, 0u);
    while ((n = fixture_read(b, big, sizeof(big))) > 0)
        total -= n;
    cr_assert_eq(total, 0);
    OK(los_socket_shutdown(a, false, true));
    cr_assert_eq(fixture_read(b, bytes, 1), 0);
    cr_assert_eq(fixture_write(b, "x", 1), 1);
    los_set_signal_mask(LOS_SIGNAL_BIT(LOS_SIG_PIPE));
    ERROR(PIPE, fixture_write(a, "x", 1));
    los_file_unref(b);
    cr_assert_eq(fixture_read(a, bytes, 1), 1);
    cr_assert_eq(fixture_read(a, bytes, 1), 0);
    cr_assert(los_file_poll(a, NULL) & LOS_POLL_HANGUP);
    los_file_unref(a);
    los_signal_set set = LOS_SIGNAL_BIT(LOS_SIG_PIPE);
    struct los_signal_info info;
    los_signal_take(set, &info);
    cr_assert_eq(fixture_free(), before);
}

FILE_TEST(socket, packets_keep_their_borders)
{
    struct los_file *a, *b;
    char bytes[8];
    for (int type = 2; type <= 5; type += 3) {
        OK(los_socket_pair(type, LOS_OPEN_NONBLOCK, &a, &b));
        cr_assert_eq(fixture_write(a, "one", 3), 3);
        cr_assert_eq(fixture_write(a, "three", 5), 5);
        struct los_transfer part = {.at = (uintptr_t)bytes, .left = 2};
        struct los_message message = {.parts = &part, .parts_count = 1, .flags = LOS_MESSAGE_TRUNCATE};
        cr_assert_eq(los_socket_receive(b, &message), 3);
        cr_assert(message.flags & LOS_MESSAGE_WAS_CUT);
        cr_assert_eq(message.sender.pid, los_current()->process->pid);
        cr_assert_eq(fixture_read(b, bytes, 8), 5);
        ERROR(AGAIN, fixture_read(b, bytes, 8));
        los_file_unref(a);
        if (type == 5)
            cr_assert_eq(fixture_read(b, bytes, 8), 0);
        los_file_unref(b);
    }
}

FILE_TEST(socket, files_travel)
{
    struct los_file *a, *b, *file, *got[4];
    uint64_t before = fixture_free();
    char byte = 'f';
    OK(los_socket_pair(1, 0, &a, &b));
    fixture_write_file("/f", "sent");
    file = fixture_open("/f", LOS_OPEN_READ);
    struct los_transfer part = {.at = (uintptr_t)&byte, .left = 1};
    struct los_message message = {.parts = &part, .parts_count = 1, .files = &file, .files_count = 1};
    cr_assert_eq(los_socket_send(a, &message), 1);
    los_file_unref(file);
    OK(los_unlink(NULL, "/f", false));
    part = (struct los_transfer){.at = (uintptr_t)&byte, .left = 1};
    message = (struct los_message){.parts = &part, .parts_count = 1, .files = got, .files_count = 4};
    cr_assert_eq(los_socket_receive(b, &message), 1);
    cr_assert_eq(message.files_count, 1u);
    char text[8];
    cr_assert_eq(fixture_read(got[0], text, 8), 4);
    /* One that is never received goes with the socket. */
    part = (struct los_transfer){.at = (uintptr_t)&byte, .left = 1};
    message = (struct los_message){.parts = &part, .parts_count = 1, .files = got, .files_count = 1};
    cr_assert_eq(los_socket_send(a, &message), 1);
    los_file_unref(got[0]);
    los_file_unref(a);
    los_file_unref(b);
    cr_assert_eq(fixture_free(), before);
}

static const char *server_name = "/server";
static void client(struct los_frame *frame)
{
    (void)frame;
    struct los_file *file;
    struct los_socket_address address = name_of(server_name);
    char bytes[8];
    OK(los_socket_create(LOS_SOCKET_STREAM, 0, &file));
    OK(los_socket_connect(file, &address));
    ERROR(ISCONN, los_socket_connect(file, &address));
    cr_assert_eq(fixture_write(file, "ping", 4), 4);
    cr_assert_eq(fixture_read(file, bytes, 8), 4);
    cr_assert(!memcmp(bytes, "pong", 4));
    los_file_unref(file);
}

FILE_TEST(socket, server)
{
    struct los_file *server, *other, *connection;
    struct los_socket_address address = name_of(server_name), peer;
    struct los_socket_peer who;
    char bytes[8];
    uint64_t before = fixture_free();
    OK(los_socket_create(LOS_SOCKET_STREAM, 0, &server));
    ERROR(NOENT, los_socket_connect(server, &address));
    ERROR(INVAL, los_socket_listen(server, 1));
    OK(los_socket_bind(server, &address));
    OK(los_socket_create(LOS_SOCKET_STREAM, LOS_OPEN_NONBLOCK, &other));
    ERROR(ADDRINUSE, los_socket_bind(other, &address));
    ERROR(CONNREFUSED, los_socket_connect(other, &address));
    OK(los_socket_listen(server, 1));
    los_file_unref(other);
    test_clone(0, client);
    OK(los_socket_accept(server, 0, &connection, &peer));
    cr_assert_eq(peer.length, 0u);
    cr_assert_eq(fixture_read(connection, bytes, 8), 4);
    cr_assert_eq(fixture_write(connection, "pong", 4), 4);
    cr_assert_eq(fixture_read(connection, bytes, 8), 0);
    OK(los_socket_peer(connection, &who));
    cr_assert_neq(who.pid, los_current()->process->pid);
    los_file_unref(connection);
    los_file_unref(server);
    struct los_wait_result result;
    cr_assert_gt(los_wait_child(-1, LOS_WAIT_EXITED, &result), 0);
    OK(los_unlink(NULL, server_name, false));
    cr_assert_eq(fixture_free(), before);
}

FILE_TEST(socket, datagrams_by_name)
{
    struct los_file *a, *b;
    struct los_socket_address to = {.length = 5, .name = "\0here"}, any = {0}, from;
    char bytes[8];
    OK(los_socket_create(LOS_SOCKET_DATAGRAM, LOS_OPEN_NONBLOCK, &a));
    OK(los_socket_create(LOS_SOCKET_DATAGRAM, LOS_OPEN_NONBLOCK, &b));
    OK(los_socket_bind(a, &to));
    OK(los_socket_bind(b, &any)); /* a name of its own */
    struct los_transfer part = {.at = (uintptr_t) "data", .left = 4};
    struct los_message message = {.parts = &part, .parts_count = 1, .address = &to};
    cr_assert_eq(los_socket_send(b, &message), 4);
    part = (struct los_transfer){.at = (uintptr_t)bytes, .left = 8};
    message = (struct los_message){.parts = &part, .parts_count = 1, .address = &from};
    cr_assert_eq(los_socket_receive(a, &message), 4);
    OK(los_socket_name(b, false, &any));
    cr_assert_eq(any.length, 6u);
    cr_assert(from.length == any.length && !memcmp(from.name, any.name, any.length));
    ERROR(NOTCONN, fixture_write(b, "x", 1));
    OK(los_socket_connect(b, &to));
    cr_assert_eq(fixture_write(b, "x", 1), 1);
    los_file_unref(a);
    ERROR(CONNREFUSED, fixture_write(b, "x", 1));
    los_file_unref(b);
}
