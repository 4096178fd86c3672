/* SPDX-License-Identifier: MPL-2.0 */
/* Sending and receiving on sockets, with the ancillary data of unix(7): descriptors travel, and the sender is told. */
#include "socket.h"

#define SOL_SOCKET      1
#define SCM_RIGHTS      1
#define SCM_CREDENTIALS 2
#define CONTROL_MOST    4096u
#define ALIGN(n)        LOS_ROUND_UP(n, 8ul)

enum {
    MSG_OOB = 1,
    MSG_PEEK = 2,
    MSG_CTRUNC = 8,
    MSG_TRUNC = 0x20,
    MSG_DONTWAIT = 0x40,
    MSG_EOR = 0x80,
    MSG_WAITALL = 0x100,
    MSG_NOSIGNAL = 0x4000,
    MSG_CMSG_CLOEXEC = 0x40000000
};

struct header {
    uint64_t name;
    uint32_t name_length, pad;
    uint64_t vectors, vector_count, control, control_length;
    int32_t flags, pad1;
};
_Static_assert(sizeof(struct header) == 56, "Linux ABI");
struct control {
    uint64_t length;
    int32_t level, type;
};

/* A message on its way: the parts in the library OS's form. */
struct transit {
    struct los_message message;
    struct lx_iovec *vectors;
    struct los_transfer *parts;
    struct los_socket_address address;
    struct los_file **files; /* room for LOS_SOCKET_FILES_MAX, or NULL */
};

static uint32_t flags_in(uint64_t flags)
{
    return (flags & MSG_PEEK ? LOS_MESSAGE_PEEK : 0u) | (flags & MSG_DONTWAIT ? LOS_MESSAGE_DONTWAIT : 0u) |
           (flags & MSG_WAITALL ? LOS_MESSAGE_WAIT_ALL : 0u) |
           (flags & MSG_NOSIGNAL ? LOS_MESSAGE_NO_SIGNAL : 0u) |
           (flags & MSG_TRUNC ? LOS_MESSAGE_TRUNCATE : 0u);
}

static void transit_end(struct transit *t)
{
    los_free(t->vectors);
    los_free(t->parts);
    los_free(t->files);
}

static long parts_from(struct transit *t, const struct lx_iovec *vectors, uint64_t n)
{
    t->parts = los_alloc(n != 0 ? n * sizeof(*t->parts) : sizeof(*t->parts));
    if (t->parts == NULL)
        return -LOS_E_NOMEM;
    for (uint64_t i = 0; i < n; i++)
        t->parts[i] = (struct los_transfer){.at = vectors[i].base, .left = vectors[i].length, .user = true};
    t->message.parts = t->parts;
    t->message.parts_count = n;
    return 0;
}

static long transit_begin(struct transit *t, uint64_t user_vectors, uint64_t n, uint64_t flags)
{
    size_t total;
    memset(t, 0, sizeof(*t));
    t->message.flags = flags_in(flags);
    long error = n > LX_IOV_MAX ? -LOS_E_MSGSIZE : lx_iovecs_in(user_vectors, n, &t->vectors, &total);
    return error != 0 ? error : parts_from(t, t->vectors, n);
}

static long transit_begin_one(struct transit *t, uint64_t base, uint64_t length, uint64_t flags)
{
    struct lx_iovec one = {base, length < LX_RW_COUNT_MAX ? length : LX_RW_COUNT_MAX};
    memset(t, 0, sizeof(*t));
    t->message.flags = flags_in(flags);
    return parts_from(t, &one, 1);
}

/* --- descriptors and credentials that are sent ------------------------------------------------------------------------------ */
static long take_rights(struct transit *t, const uint8_t *data, size_t bytes)
{
    size_t n = bytes / sizeof(int);
    if (t->files == NULL) {
        t->files = los_alloc(LOS_SOCKET_FILES_MAX * sizeof(*t->files));
        if (t->files == NULL)
            return -LOS_E_NOMEM;
        t->message.files = t->files;
    }
    if (n > LOS_SOCKET_FILES_MAX - t->message.files_count)
        return -LOS_E_INVAL;
    for (size_t i = 0; i < n; i++) {
        int fd;
        memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
        struct los_file *file = los_descriptor(fd);
        if (file == NULL)
            return -LOS_E_BADF;
        t->files[t->message.files_count++] = file;
    }
    return 0;
}

static long check_credentials(const uint8_t *data, size_t bytes)
{
    struct los_process *self = los_current()->process;
    struct {
        int pid;
        uint32_t user, group;
    } given;
    if (bytes != sizeof(given))
        return -LOS_E_INVAL;
    memcpy(&given, data, sizeof(given));
    const struct los_credentials *c = &self->credentials;
    bool own = given.pid == self->pid &&
               (given.user == c->user || given.user == c->effective_user || given.user == c->saved_user) &&
               (given.group == c->group || given.group == c->effective_group || given.group == c->saved_group);
    return own || lx_is_root() ? 0 : -LOS_E_PERM;
}

static long control_in(struct transit *t, uint64_t user, uint64_t bytes)
{
    if (bytes == 0)
        return 0;
    if (bytes > CONTROL_MOST)
        return LX_FAIL(105); /* ENOBUFS */
    uint8_t *data = los_alloc(bytes);
    if (data == NULL)
        return -LOS_E_NOMEM;
    long error = los_copy_in(data, user, bytes);
    for (uint64_t at = 0; error == 0 && at + sizeof(struct control) <= bytes;) {
        struct control c;
        memcpy(&c, data + at, sizeof(c));
        if (c.length < sizeof(c) || c.length > bytes - at)
            error = -LOS_E_INVAL;
        else if (c.level == SOL_SOCKET && c.type == SCM_RIGHTS)
            error = take_rights(t, data + at + sizeof(c), c.length - sizeof(c));
        else if (c.level == SOL_SOCKET && c.type == SCM_CREDENTIALS)
            error = check_credentials(data + at + sizeof(c), c.length - sizeof(c));
        else if (c.level == SOL_SOCKET)
            error = -LOS_E_INVAL;
        at += ALIGN(c.length);
    }
    los_free(data);
    return error;
}

/* --- sending ------------------------------------------------------------------------------------------------------------------- */
static long send(struct los_file *file, struct transit *t, uint64_t flags, uint64_t address,
                 uint64_t address_length)
{
    if (flags & MSG_OOB)
        return -LOS_E_OPNOTSUPP;
    if (address != 0 && address_length != 0) {
        long error = lx_address_in(address, address_length, &t->address);
        if (error != 0)
            return error;
        t->message.address = &t->address;
    }
    return los_socket_send(file, &t->message);
}

long lx_sys_sendto(const struct lx_args *args)
{
    struct los_file *file;
    struct transit t;
    long result = lx_socket(args->arg[0], &file);
    if (result != 0)
        return result;
    result = transit_begin_one(&t, args->arg[1], args->arg[2], args->arg[3]);
    if (result == 0)
        result = send(file, &t, args->arg[3], args->arg[4], args->arg[5]);
    transit_end(&t);
    los_file_unref(file);
    return result;
}

long lx_sys_sendmsg(const struct lx_args *args)
{
    struct los_file *file;
    struct transit t;
    struct header h;
    long result = lx_socket(args->arg[0], &file);
    if (result != 0)
        return result;
    memset(&t, 0, sizeof(t));
    if (los_copy_in(&h, args->arg[1], sizeof(h)) != 0)
        result = -LOS_E_FAULT;
    if (result == 0)
        result = transit_begin(&t, h.vectors, h.vector_count, args->arg[2]);
    if (result == 0)
        result = control_in(&t, h.control, h.control_length);
    if (result == 0)
        result = send(file, &t, args->arg[2], h.name, h.name_length);
    transit_end(&t);
    los_file_unref(file);
    return result;
}

/* --- receiving ------------------------------------------------------------------------------------------------------------------ */
long lx_sys_recvfrom(const struct lx_args *args)
{
    struct los_file *file;
    struct transit t;
    if (args->arg[3] & MSG_OOB)
        return -LOS_E_OPNOTSUPP;
    long result = lx_socket(args->arg[0], &file);
    if (result != 0)
        return result;
    result = transit_begin_one(&t, args->arg[1], args->arg[2], args->arg[3]);
    t.message.address = &t.address;
    if (result == 0)
        result = los_socket_receive(file, &t.message);
    if (result >= 0) {
        long error = lx_address_out(&t.address, args->arg[4], args->arg[5]);
        if (error != 0)
            result = error;
    }
    transit_end(&t);
    los_file_unref(file);
    return result;
}

/* Gives the files that came descriptors, and their numbers to the program. */
static long rights_out(struct transit *t, struct header *h, bool close_on_exec)
{
    size_t n = t->message.files_count, given = 0;
    struct control c = {.level = SOL_SOCKET, .type = SCM_RIGHTS};
    while (given < n) {
        long fd = los_descriptor_add(t->files[given], 0, close_on_exec);
        int number = (int)fd;
        if (fd < 0)
            break;
        given++;
        if (los_copy_out(h->control + sizeof(c) + (given - 1) * sizeof(int), &number, sizeof(number)) != 0)
            break;
    }
    for (size_t i = given; i < n; i++)
        los_file_unref(t->files[i]);
    if (given < n)
        h->flags |= MSG_CTRUNC;
    c.length = sizeof(c) + given * sizeof(int);
    uint64_t used = ALIGN(c.length);
    if (given == 0) {
        h->control_length = 0;
        return 0;
    }
    h->control_length = used < h->control_length ? used : h->control_length;
    return los_copy_out(h->control, &c, sizeof(c));
}

static long header_out(struct transit *t, uint64_t user, struct header *h, uint64_t flags)
{
    uint32_t length = 0;
    h->flags = (t->message.flags & LOS_MESSAGE_WAS_CUT ? MSG_TRUNC : 0) |
               (t->message.flags & LOS_MESSAGE_FILES_CUT ? MSG_CTRUNC : 0) |
               (flags & MSG_CMSG_CLOEXEC ? MSG_CMSG_CLOEXEC : 0);
    long error = rights_out(t, h, flags & MSG_CMSG_CLOEXEC);
    if (error == 0 && h->name != 0)
        error = lx_address_write(&t->address, h->name, h->name_length, &length);
    h->name_length = t->address.length != 0 ? length : 0;
    return error != 0 ? error : los_copy_out(user, h, sizeof(*h));
}

static long receive(struct los_file *file, struct transit *t, uint64_t user, struct header *h, uint64_t flags)
{
    size_t room = h->control_length > sizeof(struct control)
                      ? (h->control_length - sizeof(struct control)) / sizeof(int)
                      : 0;
    t->message.files_count = room < LOS_SOCKET_FILES_MAX ? room : LOS_SOCKET_FILES_MAX;
    if (room != 0) {
        t->files = los_alloc(LOS_SOCKET_FILES_MAX * sizeof(*t->files));
        if (t->files == NULL)
            return -LOS_E_NOMEM;
        t->message.files = t->files;
    }
    t->message.address = &t->address;
    long result = los_socket_receive(file, &t->message);
    if (result < 0)
        return result;
    long error = header_out(t, user, h, flags);
    return error != 0 ? error : result;
}

long lx_sys_recvmsg(const struct lx_args *args)
{
    struct los_file *file;
    struct transit t;
    struct header h;
    if (args->arg[2] & MSG_OOB)
        return -LOS_E_OPNOTSUPP;
    long result = lx_socket(args->arg[0], &file);
    if (result != 0)
        return result;
    memset(&t, 0, sizeof(t));
    if (los_copy_in(&h, args->arg[1], sizeof(h)) != 0)
        result = -LOS_E_FAULT;
    if (result == 0)
        result = transit_begin(&t, h.vectors, h.vector_count, args->arg[2]);
    if (result == 0)
        result = receive(file, &t, args->arg[1], &h, args->arg[2]);
    transit_end(&t);
    los_file_unref(file);
    return result;
}
