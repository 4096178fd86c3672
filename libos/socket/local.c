/* SPDX-License-Identifier: MPL-2.0 */
/* Local sockets: making, naming, connecting, accepting, closing. A connection is two sockets that hold each other until both are closed. */
#include "local.h"

static struct los_link named = {&named, &named};

/* --- life ------------------------------------------------------------------------------------------------------- */

struct los_socket_peer los_socket_self(void)
{
    struct los_process *process = los_current()->process;
    return (struct los_socket_peer){process->pid, process->credentials.effective_user,
                                    process->credentials.effective_group};
}

static struct socket *socket_new(enum los_socket_type type)
{
    struct socket *socket = los_alloc_zeroed(sizeof(*socket));
    if (!socket)
        return NULL;
    socket->refs = 1;
    socket->type = type;
    socket->queue_limit = QUEUE_BYTES;
    los_list_init(&socket->packets);
    los_list_init(&socket->pending);
    los_list_init(&socket->pending_link);
    los_list_init(&socket->named);
    los_wait_queue_init(&socket->readable);
    los_wait_queue_init(&socket->writable);
    socket->owner = los_socket_self();
    return socket;
}

void los_socket_ref(struct socket *socket) { socket->refs++; }

void los_socket_unref(struct socket *socket)
{
    if (--socket->refs)
        return;
    los_socket_drop_packets(socket);
    los_free(socket);
}

static void wake_all(struct socket *socket)
{
    los_wake(&socket->readable, UINT32_MAX);
    los_wake(&socket->writable, UINT32_MAX);
}

/* Nobody can use it from its own side any more; the other side, if there is one, notices. */
static void socket_close(struct socket *socket)
{
    struct socket *peer = socket->peer, *waiting, *after;
    socket->dead = true;
    socket->peer = NULL;
    los_list_remove(&socket->named);
    if (socket->inode) {
        socket->inode->socket = NULL;
        los_inode_unref(socket->inode);
        socket->inode = NULL;
    }
    LOS_LIST_FOR_SAFE(waiting, after, &socket->pending, pending_link)
    {
        los_list_remove(&waiting->pending_link);
        socket_close(waiting);
    }
    socket->pending_count = 0;
    los_socket_drop_packets(socket);
    wake_all(socket);
    if (peer) {
        wake_all(peer);
        los_socket_unref(peer);
    }
    los_socket_unref(socket);
}

static void file_close(struct los_file *file) { socket_close(file->private); }

static long file_control(struct los_file *file, uint32_t request, uint64_t argument)
{
    (void)file, (void)request, (void)argument;
    return -LOS_E_NOTTY;
}

const struct los_file_ops los_socket_file_ops = {.read = los_socket_file_read,
                                                 .write = los_socket_file_write,
                                                 .poll = los_socket_file_poll,
                                                 .control = file_control,
                                                 .close = file_close};

bool los_file_is_socket(const struct los_file *file) { return file->ops == &los_socket_file_ops; }
struct socket *los_socket_of(struct los_file *file) { return los_file_is_socket(file) ? file->private : NULL; }

/* A file for the socket, whose reference it takes over. */
static long make_file(struct socket *socket, uint32_t flags, struct los_file **out)
{
    struct los_inode *inode = los_inode_anonymous(LOS_SOCKFS, LOS_SOCKET, 0777);
    if (!inode)
        return -LOS_E_NFILE;
    struct los_file *file =
        los_file_new(inode, &los_socket_file_ops, LOS_OPEN_READ | LOS_OPEN_WRITE | (flags & LOS_OPEN_NONBLOCK));
    if (!file) {
        los_inode_unref(inode);
        return -LOS_E_NFILE;
    }
    file->private = socket;
    *out = file;
    return 0;
}

static void join(struct socket *a, struct socket *b)
{
    los_socket_ref(a);
    los_socket_ref(b);
    a->peer = b;
    b->peer = a;
    a->connected = b->connected = true;
    a->peer_owner = b->owner;
    b->peer_owner = a->owner;
}

static bool is_type(int type)
{
    return type == LOS_SOCKET_STREAM || type == LOS_SOCKET_DATAGRAM || type == LOS_SOCKET_SEQUENCED;
}

long los_socket_create(enum los_socket_type type, uint32_t flags, struct los_file **out)
{
    if (!is_type((int)type))
        return -LOS_E_PROTONOSUPPORT;
    struct socket *socket = socket_new(type);
    if (!socket)
        return -LOS_E_NOMEM;
    long error = make_file(socket, flags, out);
    if (error)
        los_socket_unref(socket);
    return error;
}

long los_socket_pair(int type, uint32_t flags, struct los_file **a, struct los_file **b)
{
    struct los_file *first, *second;
    long error = los_socket_create((enum los_socket_type)type, flags, &first);
    if (error)
        return error;
    error = los_socket_create((enum los_socket_type)type, flags, &second);
    if (error) {
        los_file_unref(first);
        return error;
    }
    join(first->private, second->private);
    *a = first;
    *b = second;
    return 0;
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static bool own_name(const struct los_socket_address *address) { return address->length && !address->name[0]; }

static struct socket *find_named(const struct los_socket_address *address)
{
    struct socket *socket;
    LOS_LIST_FOR(socket, &named, named)
    if (socket->address.length == address->length &&
        !memcmp(socket->address.name, address->name, address->length))
        return socket;
    return NULL;
}

long los_socket_find(const struct los_socket_address *address, enum los_socket_type type, struct socket **out)
{
    struct socket *socket;
    if (!address->length)
        return -LOS_E_INVAL;
    if (own_name(address)) {
        socket = find_named(address);
    } else {
        struct los_path path;
        long error = los_walk(NULL, address->name, 0, &path);
        if (error)
            return error;
        struct los_inode *inode = los_path_inode(&path);
        socket = inode->type == LOS_SOCKET ? inode->socket : NULL;
        error = los_inode_permission(inode, LOS_MAY_WRITE);
        los_path_unref(&path);
        if (error)
            return error;
    }
    if (!socket || socket->dead)
        return -LOS_E_CONNREFUSED;
    if (socket->type != type)
        return -LOS_E_PROTONOSUPPORT;
    los_socket_ref(socket);
    *out = socket;
    return 0;
}

/* A name for a socket that asked for none in particular: five hexadecimal digits. */
static long bind_any(struct socket *socket)
{
    static uint32_t last;
    struct los_socket_address address = {.length = 6};
    for (uint32_t tries = 0; tries < 0x100000; tries++) {
        los_snprintf(address.name + 1, sizeof(address.name) - 1, "%05x", ++last & 0xfffff);
        if (find_named(&address))
            continue;
        socket->address = address;
        los_list_add_last(&named, &socket->named);
        return 0;
    }
    return -LOS_E_ADDRINUSE;
}

long los_socket_bind(struct los_file *file, const struct los_socket_address *address)
{
    struct socket *socket = los_socket_of(file);
    struct los_path path;
    if (!socket)
        return -LOS_E_NOTSOCK;
    if (socket->address.length)
        return -LOS_E_INVAL;
    if (!address->length)
        return bind_any(socket);
    if (own_name(address)) {
        if (find_named(address))
            return -LOS_E_ADDRINUSE;
        los_list_add_last(&named, &socket->named);
    } else {
        long error = los_make_node(NULL, address->name, LOS_SOCKET, 0777, 0, 0);
        if (!error)
            error = los_walk(NULL, address->name, LOS_WALK_NOFOLLOW, &path);
        if (error)
            return error == -LOS_E_EXIST ? -LOS_E_ADDRINUSE : error;
        socket->inode = los_path_inode(&path);
        los_inode_ref(socket->inode);
        socket->inode->socket = socket;
        los_path_unref(&path);
    }
    socket->address = *address;
    return 0;
}

long los_socket_name(struct los_file *file, bool peer, struct los_socket_address *out)
{
    struct socket *socket = los_socket_of(file);
    if (!socket)
        return -LOS_E_NOTSOCK;
    if (peer && !socket->peer)
        return -LOS_E_NOTCONN;
    *out = peer ? socket->peer->address : socket->address;
    return 0;
}

/* --- connections ---------------------------------------------------------------------------------------------------- */

long los_socket_listen(struct los_file *file, uint32_t backlog)
{
    struct socket *socket = los_socket_of(file);
    if (!socket)
        return -LOS_E_NOTSOCK;
    if (socket->type == LOS_SOCKET_DATAGRAM)
        return -LOS_E_OPNOTSUPP;
    if (!socket->address.length || socket->connected)
        return -LOS_E_INVAL;
    socket->listening = true;
    socket->backlog = backlog > 4096 ? 4096 : backlog;
    socket->owner = los_socket_self();
    los_wake(&socket->writable, UINT32_MAX);
    return 0;
}

static long connect_datagram(struct socket *socket, const struct los_socket_address *address)
{
    struct socket *target = NULL, *old = socket->peer;
    long error = address->length ? los_socket_find(address, LOS_SOCKET_DATAGRAM, &target) : 0;
    if (error)
        return error;
    socket->peer = target; /* the reference of find */
    socket->connected = target != NULL;
    if (old)
        los_socket_unref(old);
    return 0;
}

/* Waits for a place among those to be accepted. The listener is referenced. */
static long wait_for_place(struct socket *listener, bool nonblock)
{
    for (;;) {
        if (listener->dead || !listener->listening || listener->no_more_reading)
            return -LOS_E_CONNREFUSED;
        if (listener->pending_count <= listener->backlog)
            return 0;
        if (nonblock)
            return -LOS_E_AGAIN;
        int error = los_wait(&listener->writable, LOS_FOREVER, true);
        if (error)
            return error;
    }
}

long los_socket_connect(struct los_file *file, const struct los_socket_address *address)
{
    struct socket *socket = los_socket_of(file), *listener, *other;
    if (!socket)
        return -LOS_E_NOTSOCK;
    if (socket->type == LOS_SOCKET_DATAGRAM)
        return connect_datagram(socket, address);
    if (socket->connected)
        return -LOS_E_ISCONN;
    if (socket->listening)
        return -LOS_E_INVAL;
    long error = los_socket_find(address, socket->type, &listener);
    if (error)
        return error;
    los_file_ref(file);
    error = wait_for_place(listener, file->flags & LOS_OPEN_NONBLOCK);
    if (!error && socket->connected)
        error = -LOS_E_ISCONN;
    if (!error && !(other = socket_new(socket->type)))
        error = -LOS_E_NOMEM;
    if (!error) {
        other->owner = listener->owner;
        other->address = listener->address;
        socket->owner = los_socket_self();
        join(socket, other);
        los_list_add_last(&listener->pending, &other->pending_link);
        listener->pending_count++;
        los_wake(&listener->readable, UINT32_MAX);
    }
    los_file_unref(file);
    los_socket_unref(listener);
    return error;
}

long los_socket_accept(struct los_file *file, uint32_t flags, struct los_file **out,
                       struct los_socket_address *peer)
{
    struct socket *socket = los_socket_of(file), *other;
    int woken = 0;
    if (!socket)
        return -LOS_E_NOTSOCK;
    if (!socket->listening)
        return socket->type == LOS_SOCKET_DATAGRAM ? -LOS_E_OPNOTSUPP : -LOS_E_INVAL;
    los_file_ref(file);
    while (!woken && los_list_empty(&socket->pending)) {
        if (socket->no_more_reading)
            woken = -LOS_E_INVAL;
        else if (file->flags & LOS_OPEN_NONBLOCK)
            woken = -LOS_E_AGAIN;
        else
            woken = los_wait(&socket->readable, LOS_FOREVER, true);
    }
    long error = woken;
    if (!error) {
        other = LOS_CONTAINER(socket->pending.next, struct socket, pending_link);
        error = make_file(other, flags, out);
    }
    if (!error) {
        los_list_remove(&other->pending_link);
        socket->pending_count--;
        los_wake(&socket->writable, UINT32_MAX);
        if (peer)
            *peer = other->peer ? other->peer->address : (struct los_socket_address){0};
    }
    los_file_unref(file);
    return error;
}

long los_socket_shutdown(struct los_file *file, bool reading, bool writing)
{
    struct socket *socket = los_socket_of(file);
    if (!socket)
        return -LOS_E_NOTSOCK;
    if (!socket->connected && !socket->listening)
        return -LOS_E_NOTCONN;
    socket->no_more_reading |= reading;
    socket->no_more_writing |= writing;
    wake_all(socket);
    if (socket->peer && socket->type != LOS_SOCKET_DATAGRAM) {
        socket->peer->no_more_writing |= reading;
        socket->peer->no_more_reading |= writing;
    }
    if (socket->peer)
        wake_all(socket->peer);
    return 0;
}

/* --- what it is ------------------------------------------------------------------------------------------------------ */

long los_socket_peer(struct los_file *file, struct los_socket_peer *out)
{
    struct socket *socket = los_socket_of(file);
    if (!socket)
        return -LOS_E_NOTSOCK;
    *out = socket->connected ? socket->peer_owner : (struct los_socket_peer){0, UINT32_MAX, UINT32_MAX};
    return 0;
}

long los_socket_type(struct los_file *file)
{
    struct socket *socket = los_socket_of(file);
    return socket ? (long)socket->type : -LOS_E_NOTSOCK;
}

bool los_socket_is_listening(struct los_file *file)
{
    struct socket *socket = los_socket_of(file);
    return socket && socket->listening;
}

long los_socket_buffer(struct los_file *file, size_t set)
{
    struct socket *socket = los_socket_of(file);
    if (!socket)
        return -LOS_E_NOTSOCK;
    if (set)
        socket->queue_limit = set < 4096 ? 4096 : set > 2 * QUEUE_BYTES ? 2 * QUEUE_BYTES : set;
    return (long)socket->queue_limit;
}
