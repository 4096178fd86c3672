/* SPDX-License-Identifier: MPL-2.0 */
/* Making, naming and connecting sockets, and their options (unix(7), socket(7)). */
#include "socket.h"

#define TYPE_BITS   15u
#define SOL_SOCKET  1
#define BUFFER_MOST (1ul << 22)

enum {
    SO_DEBUG = 1,
    SO_REUSEADDR = 2,
    SO_TYPE = 3,
    SO_ERROR = 4,
    SO_DONTROUTE = 5,
    SO_BROADCAST = 6,
    SO_SNDBUF = 7,
    SO_RCVBUF = 8,
    SO_KEEPALIVE = 9,
    SO_OOBINLINE = 10,
    SO_PRIORITY = 12,
    SO_LINGER = 13,
    SO_REUSEPORT = 15,
    SO_PEERCRED = 17,
    SO_RCVLOWAT = 18,
    SO_SNDLOWAT = 19,
    SO_ACCEPTCONN = 30,
    SO_PROTOCOL = 38,
    SO_DOMAIN = 39
};

long lx_socket(uint64_t fd, struct los_file **out)
{
    struct los_file *file = los_descriptor((int)fd);
    if (file == NULL)
        return -LOS_E_BADF;
    if (!los_file_is_socket(file))
        return -LOS_E_NOTSOCK;
    los_file_ref(file);
    *out = file;
    return 0;
}

/* --- addresses --------------------------------------------------------------------------------------------------------- */
long lx_address_in(uint64_t user, uint64_t bytes, struct los_socket_address *out)
{
    struct lx_sockaddr_un given;
    memset(&given, 0, sizeof(given));
    memset(out, 0, sizeof(*out));
    if ((int)bytes < (int)sizeof(given.family) || bytes > sizeof(given))
        return -LOS_E_INVAL;
    if (los_copy_in(&given, user, bytes) != 0)
        return -LOS_E_FAULT;
    if (given.family != LX_AF_UNIX)
        return -LOS_E_AFNOSUPPORT;
    size_t length = bytes - sizeof(given.family);
    out->length = length == 0 || given.path[0] == 0 ? length : strnlen(given.path, length);
    memcpy(out->name, given.path, out->length);
    return 0;
}

long lx_address_write(const struct los_socket_address *address, uint64_t user, uint32_t room, uint32_t *length)
{
    struct lx_sockaddr_un out = {.family = LX_AF_UNIX};
    size_t bytes = address->length < LX_SUN_PATH ? address->length : LX_SUN_PATH;
    memcpy(out.path, address->name, bytes);
    *length = (uint32_t)(sizeof(out.family) + bytes + (bytes != 0 && out.path[0] != 0 && bytes < LX_SUN_PATH));
    return los_copy_out(user, &out, *length < room ? *length : room);
}

long lx_address_out(const struct los_socket_address *address, uint64_t user, uint64_t user_length)
{
    uint32_t room, length;
    if (user == 0)
        return 0;
    if (los_copy_in(&room, user_length, sizeof(room)) != 0)
        return -LOS_E_FAULT;
    if ((int)room < 0)
        return -LOS_E_INVAL;
    long error = lx_address_write(address, user, room, &length);
    return error != 0 ? error : los_copy_out(user_length, &length, sizeof(length));
}

/* --- making ----------------------------------------------------------------------------------------------------------------- */
static long type_in(uint64_t given, enum los_socket_type *type, uint32_t *flags)
{
    if (given & ~(uint64_t)(TYPE_BITS | LX_O_NONBLOCK | LX_O_CLOEXEC))
        return -LOS_E_INVAL;
    *flags = given & LX_O_NONBLOCK ? LOS_OPEN_NONBLOCK : 0;
    switch (given & TYPE_BITS) {
    case 1: *type = LOS_SOCKET_STREAM; return 0;
    case 2:
    case 3: *type = LOS_SOCKET_DATAGRAM; return 0; /* raw means the same here */
    case 5: *type = LOS_SOCKET_SEQUENCED; return 0;
    default: return LX_FAIL(94); /* ESOCKTNOSUPPORT */
    }
}

static long domain_in(uint64_t domain, uint64_t protocol)
{
    if ((int)domain != LX_AF_UNIX)
        return -LOS_E_AFNOSUPPORT;
    return protocol == 0 || protocol == LX_AF_UNIX ? 0 : -LOS_E_PROTONOSUPPORT;
}

static long install(struct los_file *file, bool close_on_exec)
{
    long fd = los_descriptor_add(file, 0, close_on_exec);
    if (fd < 0)
        los_file_unref(file);
    return fd;
}

long lx_sys_socket(const struct lx_args *args)
{
    enum los_socket_type type;
    uint32_t flags;
    struct los_file *file;
    long error = type_in(args->arg[1], &type, &flags);
    if (error == 0)
        error = domain_in(args->arg[0], args->arg[2]);
    if (error == 0)
        error = los_socket_create(type, flags, &file);
    return error != 0 ? error : install(file, args->arg[1] & LX_O_CLOEXEC);
}

long lx_sys_socketpair(const struct lx_args *args)
{
    enum los_socket_type type;
    uint32_t flags;
    struct los_file *a, *b;
    bool close_on_exec = args->arg[1] & LX_O_CLOEXEC;
    long error = type_in(args->arg[1], &type, &flags);
    if (error == 0)
        error = domain_in(args->arg[0], args->arg[2]);
    if (error == 0)
        error = los_socket_pair((int)type, flags, &a, &b);
    if (error != 0)
        return error;
    int fds[2];
    long first = install(a, close_on_exec), second = -LOS_E_MFILE;
    if (first >= 0)
        second = install(b, close_on_exec);
    else
        los_file_unref(b);
    fds[0] = (int)first;
    fds[1] = (int)second;
    error = first < 0 ? first : second < 0 ? second : los_copy_out(args->arg[3], fds, sizeof(fds));
    if (error != 0 && first >= 0)
        los_descriptor_close(fds[0]);
    if (error != 0 && second >= 0)
        los_descriptor_close(fds[1]);
    return error;
}

/* --- naming and connecting ----------------------------------------------------------------------------------------------------- */
static long with_address(const struct lx_args *args,
                         long (*act)(struct los_file *, const struct los_socket_address *))
{
    struct los_socket_address address;
    struct los_file *file;
    long error = lx_socket(args->arg[0], &file);
    if (error != 0)
        return error;
    error = lx_address_in(args->arg[1], args->arg[2], &address);
    if (error == 0)
        error = act(file, &address);
    los_file_unref(file);
    return error;
}

long lx_sys_bind(const struct lx_args *args) { return with_address(args, los_socket_bind); }
long lx_sys_connect(const struct lx_args *args) { return with_address(args, los_socket_connect); }

long lx_sys_listen(const struct lx_args *args)
{
    struct los_file *file;
    long error = lx_socket(args->arg[0], &file);
    if (error != 0)
        return error;
    uint32_t backlog = (uint32_t)args->arg[1];
    error = los_socket_listen(file, backlog < 4096 ? backlog : 4096);
    los_file_unref(file);
    return error;
}

static long accept(const struct lx_args *args, uint64_t flags)
{
    struct los_socket_address peer;
    struct los_file *file, *connection;
    if (flags & ~(uint64_t)(LX_O_NONBLOCK | LX_O_CLOEXEC))
        return -LOS_E_INVAL;
    long result = lx_socket(args->arg[0], &file);
    if (result != 0)
        return result;
    result = los_socket_accept(file, flags & LX_O_NONBLOCK ? LOS_OPEN_NONBLOCK : 0, &connection, &peer);
    los_file_unref(file);
    if (result != 0)
        return result;
    result = lx_address_out(&peer, args->arg[1], args->arg[2]);
    if (result == 0)
        return install(connection, flags & LX_O_CLOEXEC);
    los_file_unref(connection);
    return result;
}

long lx_sys_accept(const struct lx_args *args) { return accept(args, 0); }
long lx_sys_accept4(const struct lx_args *args) { return accept(args, args->arg[3]); }

static long name(const struct lx_args *args, bool peer)
{
    struct los_socket_address address;
    struct los_file *file;
    long error = lx_socket(args->arg[0], &file);
    if (error != 0)
        return error;
    error = los_socket_name(file, peer, &address);
    los_file_unref(file);
    if (error != 0)
        return error;
    return args->arg[1] != 0 ? lx_address_out(&address, args->arg[1], args->arg[2]) : -LOS_E_FAULT;
}

long lx_sys_getsockname(const struct lx_args *args) { return name(args, false); }
long lx_sys_getpeername(const struct lx_args *args) { return name(args, true); }

long lx_sys_shutdown(const struct lx_args *args)
{
    struct los_file *file;
    uint32_t how = (uint32_t)args->arg[1];
    long error = lx_socket(args->arg[0], &file);
    if (error != 0)
        return error;
    error = how > 2 ? -LOS_E_INVAL : los_socket_shutdown(file, how != 1, how != 0);
    los_file_unref(file);
    return error;
}

/* --- options -------------------------------------------------------------------------------------------------------------------- */
static long option_number(struct los_file *file, int option, int *number)
{
    switch (option) {
    case SO_TYPE: *number = (int)los_socket_type(file); return 0;
    case SO_SNDBUF:
    case SO_RCVBUF: *number = (int)los_socket_buffer(file, 0); return 0;
    case SO_ACCEPTCONN: *number = los_socket_is_listening(file); return 0;
    case SO_DOMAIN: *number = LX_AF_UNIX; return 0;
    case SO_RCVLOWAT:
    case SO_SNDLOWAT: *number = 1; return 0;
    case SO_ERROR:
    case SO_PROTOCOL:
    case SO_DEBUG:
    case SO_REUSEADDR:
    case SO_REUSEPORT:
    case SO_DONTROUTE:
    case SO_BROADCAST:
    case SO_KEEPALIVE:
    case SO_OOBINLINE:
    case SO_PRIORITY: *number = 0; return 0;
    default: return -LOS_E_NOPROTOOPT;
    }
}

static long option_get(struct los_file *file, int level, int option, uint8_t value[16], uint32_t *length)
{
    struct los_socket_peer peer = {0, UINT32_MAX, UINT32_MAX};
    int number;
    *length = sizeof(number);
    if (level != SOL_SOCKET)
        return -LOS_E_OPNOTSUPP;
    if (option == SO_PEERCRED) {
        _Static_assert(sizeof(peer) == 12, "Linux's struct ucred");
        if (los_socket_peer(file, &peer) != 0)
            peer = (struct los_socket_peer){0, UINT32_MAX, UINT32_MAX};
        memcpy(value, &peer, sizeof(peer));
        *length = sizeof(peer);
        return 0;
    }
    if (option == SO_LINGER) {
        memset(value, 0, 8);
        *length = 8;
        return 0;
    }
    long error = option_number(file, option, &number);
    memcpy(value, &number, sizeof(number));
    return error;
}

long lx_sys_getsockopt(const struct lx_args *args)
{
    uint8_t value[16] = {0};
    uint32_t length, room;
    struct los_file *file;
    long error = lx_socket(args->arg[0], &file);
    if (error != 0)
        return error;
    error = option_get(file, (int)args->arg[1], (int)args->arg[2], value, &length);
    los_file_unref(file);
    if (error != 0)
        return error;
    if (los_copy_in(&room, args->arg[4], sizeof(room)) != 0)
        return -LOS_E_FAULT;
    if ((int)room < 0)
        return -LOS_E_INVAL;
    length = length < room ? length : room;
    if (los_copy_out(args->arg[3], value, length) != 0)
        return -LOS_E_FAULT;
    return los_copy_out(args->arg[4], &length, sizeof(length));
}

/* Options that mean nothing between local sockets are taken; those that would have to mean something are refused. */
static long option_set(struct los_file *file, int level, int option, int value)
{
    if (level != SOL_SOCKET)
        return -LOS_E_NOPROTOOPT;
    switch (option) {
    case SO_SNDBUF:
    case SO_RCVBUF: {
        long result = los_socket_buffer(file, value <= 0                    ? LOS_PAGE
                                              : (size_t)value > BUFFER_MOST ? BUFFER_MOST
                                                                            : (size_t)value * 2);
        return result < 0 ? result : 0;
    }
    case SO_DEBUG:
    case SO_REUSEADDR:
    case SO_REUSEPORT:
    case SO_DONTROUTE:
    case SO_BROADCAST:
    case SO_KEEPALIVE:
    case SO_OOBINLINE:
    case SO_PRIORITY:
    case SO_LINGER: return 0;
    default: return -LOS_E_NOPROTOOPT;
    }
}

long lx_sys_setsockopt(const struct lx_args *args)
{
    int value;
    struct los_file *file;
    long error = lx_socket(args->arg[0], &file);
    if (error != 0)
        return error;
    if ((int)args->arg[4] < (int)sizeof(value))
        error = -LOS_E_INVAL;
    else if (los_copy_in(&value, args->arg[3], sizeof(value)) != 0)
        error = -LOS_E_FAULT;
    else
        error = option_set(file, (int)args->arg[1], (int)args->arg[2], value);
    los_file_unref(file);
    return error;
}
