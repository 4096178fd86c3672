/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Messages on sockets with their headers and control data: sendmsg, recvmsg.
 * sources: @libos linux-personality/socket/message.c linux-personality/socket/socket.c
 *
 * An input: flags, then a message's header (its pointers made good unless a flag is set), control data and data; the rest says how it is
 * received. Nothing is written behind the room that was given; a descriptor that travels is a reference more, and none when all is closed.
 */
#include <los/socket.h>
#include "user.h"

#define HEADER  USER
#define VECTORS (USER + 0x100)
#define NAME    (USER + 0x200)
#define CONTROL (USER + 0x400)
#define DATA    (USER + LOS_PAGE)
#define MARK    0x5a
enum { DONTWAIT = 0x40, PASSED_FD = 0 };

struct header {
    uint64_t name;
    uint32_t name_length, pad;
    uint64_t vectors, vector_count, control, control_length;
    int32_t flags, pad1;
};

bool lx_is_root(void) { return los_current()->process->credentials.effective_user == 0; }

static void put(uint64_t at, const void *bytes, size_t n) { cr_assert_eq(los_copy_out(at, bytes, n), 0); }

static void put_choices(struct choices *c, uint64_t at, size_t n)
{
    uint8_t bytes[1024];
    for (size_t i = 0; i < n; i++)
        bytes[i] = choice8(c);
    put(at, bytes, n);
}

static struct header make_header(struct choices *c, bool raw)
{
    struct header h = {.vectors = VECTORS, .vector_count = choice8(c) % 4, .control = CONTROL};
    uint64_t vectors[8] = {DATA, choice16(c), DATA + 10, choice8(c), DATA, choice8(c), 0, 0};
    h.control_length = choice16(c) % 600;
    if (choice8(c) & 1) {
        h.name = NAME;
        h.name_length = choice8(c);
    }
    if (raw) { /* one of its words is anything */
        unsigned word = choice8(c) % 7;
        if (word < 6)
            ((uint64_t *)&h)[word] = choice64(c);
        else
            vectors[choice8(c) % 6] = choice64(c);
    }
    put(VECTORS, vectors, sizeof vectors);
    put(HEADER, &h, sizeof h);
    return h;
}

static long receive(struct choices *c, int fd, bool raw, uint32_t flags)
{
    uint8_t marks[1024];
    memset(marks, MARK, sizeof marks);
    put(CONTROL, marks, sizeof marks);
    struct header h = make_header(c, raw);
    long result = CALL(recvmsg, (uint64_t)fd, HEADER, flags | DONTWAIT);
    if (!raw) {
        struct header after;
        OK(los_copy_in(marks, CONTROL, sizeof marks));
        for (size_t i = h.control_length < 16 ? 16 : h.control_length; i < sizeof marks; i++)
            cr_assert_eq(marks[i], MARK, "byte %zu of %lu", i, h.control_length);
        OK(los_copy_in(&after, HEADER, sizeof after));
        cr_assert_leq(after.control_length, h.control_length);
    }
    return result;
}

static void close_all(int but)
{
    for (int fd = -1; (fd = los_descriptor_next(fixture_process, fd + 1)) >= 0;)
        if (fd != but)
            OK(los_descriptor_close(fd));
}

void libos_input(const uint8_t *data, size_t size)
{
    static const uint64_t types[] = {LOS_SOCKET_STREAM, LOS_SOCKET_DATAGRAM, LOS_SOCKET_SEQUENCED};
    struct choices c = {data, data + size};
    struct los_file *passed;
    user_map();
    OK(los_memory_file("passed", LOS_OPEN_READ | LOS_OPEN_WRITE, &passed));
    los_file_ref(passed);
    cr_assert_eq(los_descriptor_add(passed, 0, false), PASSED_FD);
    OK(CALL(socketpair, 1, types[choice8(&c) % 3], 0, USER));
    for (int messages = 0; messages < 4 && c.at < c.end; messages++) {
        uint8_t how = choice8(&c);
        make_header(&c, how & 1);
        put_choices(&c, NAME, how & 2 ? 110 : 0);
        put_choices(&c, CONTROL, how & 4 ? choice16(&c) % 600 : 0);
        CALL(sendmsg, 1, HEADER, (choice32(&c) & ~0x4000u) | DONTWAIT | 0x4000);
        if (how & 8)
            receive(&c, 2, how & 16, choice32(&c));
    }
    /* What is still under way comes out, so that no socket is kept by one that travels over itself. */
    static const uint8_t all[] = {1, 0, 0x2f, 0, 0, 0x50, 2, 0};
    for (int fd = 1; fd <= 2; fd++)
        for (int i = 0; i < 200; i++) {
            struct choices plenty = {all, all + sizeof all};
            if (receive(&plenty, fd, false, 0) <= 0)
                break;
        }
    close_all(-1);
    cr_assert_eq(passed->refs, 1u, "%u references", passed->refs);
    los_file_unref(passed);
    user_unmap();
}
