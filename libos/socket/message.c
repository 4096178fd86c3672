/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Local sockets: sending and receiving. What is sent waits as packets in the receiver's queue; a stream is packets whose
 * borders a reader does not see, except where files came along.
 */
#include "local.h"

#define PIECE_BYTES (7 * LOS_PAGE) /* of a stream in one packet */
#define PACKET_MOST (200u * 1024)

/* --- packets --------------------------------------------------------------------------------------------------------- */

static void packet_free(struct packet *packet)
{
    for (size_t i = 0; i < packet->files_count; i++)
        los_file_unref(packet->files[i]);
    los_free(packet->files);
    los_free(packet->from);
    los_free(packet);
}

void los_socket_drop_packets(struct socket *socket)
{
    struct packet *packet, *after;
    struct los_link list;
    los_list_init(&list);
    /* Off the socket first: a file in a packet may be the last of this very socket. */
    LOS_LIST_FOR_SAFE(packet, after, &socket->packets, link)
    {
        los_list_remove(&packet->link);
        los_list_add_last(&list, &packet->link);
    }
    socket->queued = 0;
    LOS_LIST_FOR_SAFE(packet, after, &list, link)
    {
        los_list_remove(&packet->link);
        packet_free(packet);
    }
}

static size_t left_in(const struct los_message *message)
{
    size_t left = 0;
    for (size_t i = 0; i < message->parts_count; i++)
        left += message->parts[i].left;
    return left;
}

/* Moves through the parts in order; short where a fault came. FAULT when nothing moved. */
static long move(struct los_message *message, uint8_t *bytes, size_t n, bool out)
{
    size_t done = 0;
    for (size_t i = 0; i < message->parts_count && done < n; i++) {
        struct los_transfer *part = &message->parts[i];
        size_t now = part->left < n - done ? part->left : n - done;
        if (!now)
            continue;
        long moved = out ? los_transfer_out(part, bytes + done, now) : los_transfer_in(part, bytes + done, now);
        if (moved < 0)
            return done ? (long)done : moved;
        done += (size_t)moved;
        if ((size_t)moved < now)
            break;
    }
    return (long)done;
}

/* A packet of the next n bytes; the files go with it. NULL and *error. */
static struct packet *make_packet(struct socket *from, struct los_message *message, size_t n, bool with_files,
                                  long *error)
{
    struct packet *packet = los_alloc(sizeof(*packet) + n);
    *error = -LOS_E_NOMEM;
    if (!packet)
        return NULL;
    *packet = (struct packet){.length = n, .sender = los_socket_self()};
    los_list_init(&packet->link);
    if (from->type == LOS_SOCKET_DATAGRAM && from->address.length) {
        if (!(packet->from = los_alloc(sizeof(*packet->from))))
            goto failed;
        *packet->from = from->address;
    }
    if (with_files && message->files_count) {
        if (!(packet->files = los_alloc(message->files_count * sizeof(*packet->files))))
            goto failed;
        for (; packet->files_count < message->files_count; packet->files_count++) {
            packet->files[packet->files_count] = message->files[packet->files_count];
            los_file_ref(packet->files[packet->files_count]);
        }
    }
    long moved = n ? move(message, packet->data, n, false) : 0;
    if (moved < 0 || (from->type != LOS_SOCKET_STREAM && (size_t)moved < n)) {
        *error = -LOS_E_FAULT;
        goto failed;
    }
    packet->length = (size_t)moved;
    return packet;
failed:
    packet_free(packet);
    return NULL;
}

/* --- sending ------------------------------------------------------------------------------------------------------------ */

static long broken(const struct los_message *message)
{
    struct los_signal_info info = {.number = LOS_SIG_PIPE, .cause = LOS_CAUSE_KERNEL};
    if (!(message->flags & LOS_MESSAGE_NO_SIGNAL))
        los_signal_thread(los_current(), &info);
    return -LOS_E_PIPE;
}

/* Waits until `need` bytes fit in the target's queue, or it is empty. */
static long wait_for_room(struct los_file *file, struct socket *socket, struct socket *target,
                          struct los_message *message, size_t need)
{
    for (;;) {
        if (socket->no_more_writing || target->no_more_reading)
            return broken(message);
        if (target->dead)
            return socket->type == LOS_SOCKET_DATAGRAM ? -LOS_E_CONNREFUSED : broken(message);
        if (target->queued + need <= target->queue_limit || los_list_empty(&target->packets))
            return 0;
        if ((file->flags & LOS_OPEN_NONBLOCK) || (message->flags & LOS_MESSAGE_DONTWAIT))
            return -LOS_E_AGAIN;
        int error = los_wait(&target->writable, LOS_FOREVER, true);
        if (error)
            return error;
    }
}

static long send_to(struct los_file *file, struct socket *socket, struct socket *target,
                    struct los_message *message)
{
    bool stream = socket->type == LOS_SOCKET_STREAM;
    size_t left = left_in(message);
    long total = 0, error = 0;
    if (!stream && left > PACKET_MOST)
        return -LOS_E_MSGSIZE;
    if (stream && !left)
        return 0;
    do {
        size_t piece = stream && left > PIECE_BYTES ? PIECE_BYTES : left;
        if ((error = wait_for_room(file, socket, target, message, stream ? 1 : piece)))
            break;
        if (stream && piece > target->queue_limit - target->queued && target->queued < target->queue_limit)
            piece = target->queue_limit - target->queued;
        struct packet *packet = make_packet(socket, message, piece, total == 0, &error);
        if (!packet)
            break;
        los_list_add_last(&target->packets, &packet->link);
        target->queued += packet->length;
        los_wake(&target->readable, UINT32_MAX);
        total += (long)packet->length;
        left -= packet->length;
        error = 0;
        if (packet->length < piece)
            break;
    } while (left);
    return total ? total : error;
}

long los_socket_send(struct los_file *file, struct los_message *message)
{
    struct socket *socket = los_socket_of(file), *target;
    if (!socket)
        return -LOS_E_NOTSOCK;
    if (message->address && message->address->length) {
        if (socket->type != LOS_SOCKET_DATAGRAM)
            return socket->connected ? -LOS_E_ISCONN : -LOS_E_OPNOTSUPP;
        long error = los_socket_find(message->address, LOS_SOCKET_DATAGRAM, &target);
        if (error)
            return error;
    } else if (!(target = socket->peer)) {
        if (socket->connected)
            return broken(message);
        return socket->type == LOS_SOCKET_STREAM ? broken(message) : -LOS_E_NOTCONN;
    } else {
        los_socket_ref(target);
    }
    los_file_ref(file);
    long result = send_to(file, socket, target, message);
    los_file_unref(file);
    los_socket_unref(target);
    return result;
}

/* --- receiving ------------------------------------------------------------------------------------------------------------ */

static struct packet *first_packet(struct socket *socket)
{
    return los_list_empty(&socket->packets) ? NULL : LOS_CONTAINER(socket->packets.next, struct packet, link);
}

static bool at_end(const struct socket *socket)
{
    if (socket->no_more_reading)
        return true;
    return socket->type != LOS_SOCKET_DATAGRAM && socket->connected && (!socket->peer || socket->peer->dead);
}

/* Waits for a packet: 0 and it is there, 1 at the end, or an error. */
static long wait_for_packet(struct los_file *file, struct socket *socket, uint32_t flags)
{
    while (los_list_empty(&socket->packets)) {
        if (at_end(socket))
            return 1;
        if (socket->type != LOS_SOCKET_DATAGRAM && !socket->connected)
            return socket->type == LOS_SOCKET_STREAM ? -LOS_E_INVAL : -LOS_E_NOTCONN;
        if ((file->flags & LOS_OPEN_NONBLOCK) || (flags & LOS_MESSAGE_DONTWAIT))
            return -LOS_E_AGAIN;
        int error = los_wait(&socket->readable, LOS_FOREVER, true);
        if (error)
            return error;
    }
    return 0;
}

/* The files of a packet go to the receiver: once, and not when it only peeks. */
static void give_files(struct packet *packet, struct los_message *message, size_t room, bool peek)
{
    size_t n = packet->files_count < room ? packet->files_count : room;
    for (size_t i = 0; i < n; i++) {
        message->files[i] = packet->files[i];
        los_file_ref(packet->files[i]);
    }
    message->files_count = n;
    if (packet->files_count > n)
        message->flags |= LOS_MESSAGE_FILES_CUT;
    if (peek)
        return;
    for (size_t i = 0; i < packet->files_count; i++)
        los_file_unref(packet->files[i]);
    packet->files_count = 0;
}

static void consume(struct socket *socket, struct packet *packet, size_t bytes)
{
    socket->queued -= bytes;
    packet->start += bytes;
    packet->length -= bytes;
    if (!packet->length || socket->type != LOS_SOCKET_STREAM) {
        socket->queued -= packet->length;
        los_list_remove(&packet->link);
        packet_free(packet);
    }
    los_wake(&socket->writable, UINT32_MAX);
}

static long receive_packet(struct socket *socket, struct packet *packet, struct los_message *message,
                           size_t room)
{
    bool peek = message->flags & LOS_MESSAGE_PEEK;
    size_t length = packet->length, wanted = left_in(message), n = length < wanted ? length : wanted;
    long moved = n ? move(message, packet->data, n, true) : 0;
    if (moved < 0)
        return moved;
    if (message->address) {
        message->address->length = 0;
        if (packet->from)
            *message->address = *packet->from;
    }
    message->sender = packet->sender;
    give_files(packet, message, room, peek);
    if (n < length)
        message->flags |= LOS_MESSAGE_WAS_CUT;
    if (!peek)
        consume(socket, packet, 0);
    return message->flags & LOS_MESSAGE_TRUNCATE ? (long)length : moved;
}

static long receive_stream(struct los_file *file, struct socket *socket, struct los_message *message,
                           size_t room)
{
    bool peek = message->flags & LOS_MESSAGE_PEEK;
    long total = 0, error = 0;
    while (left_in(message)) {
        struct packet *packet = first_packet(socket);
        if (!packet) {
            if (total && !(message->flags & LOS_MESSAGE_WAIT_ALL))
                break;
            if ((error = wait_for_packet(file, socket, message->flags)))
                break;
            continue;
        }
        if (total && packet->files_count)
            break;
        size_t wanted = left_in(message), n = packet->length < wanted ? packet->length : wanted;
        long moved = move(message, packet->data + packet->start, n, true);
        if (moved < 0) {
            error = moved;
            break;
        }
        bool had_files = packet->files_count;
        if (!total) {
            message->sender = packet->sender;
            give_files(packet, message, room, peek);
        }
        total += moved;
        if (peek)
            break; /* what is in the first packet is answer enough */
        consume(socket, packet, (size_t)moved);
        if ((size_t)moved < n || had_files)
            break;
    }
    return total ? total : error > 0 ? 0 : error;
}

long los_socket_receive(struct los_file *file, struct los_message *message)
{
    struct socket *socket = los_socket_of(file);
    size_t room = message->files_count;
    if (!socket)
        return -LOS_E_NOTSOCK;
    message->files_count = 0;
    if (message->address)
        message->address->length = 0;
    if (socket->listening)
        return -LOS_E_INVAL;
    los_file_ref(file);
    los_socket_ref(socket);
    long result;
    if (socket->type == LOS_SOCKET_STREAM) {
        result = receive_stream(file, socket, message, room);
    } else {
        result = wait_for_packet(file, socket, message->flags);
        result =
            result ? (result > 0 ? 0 : result) : receive_packet(socket, first_packet(socket), message, room);
    }
    los_socket_unref(socket);
    los_file_unref(file);
    return result;
}

/* --- as a file --------------------------------------------------------------------------------------------------------- */

long los_socket_file_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    struct los_message message = {.parts = to, .parts_count = 1};
    (void)offset;
    return to->left ? los_socket_receive(file, &message) : 0;
}

long los_socket_file_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    struct los_message message = {.parts = from, .parts_count = 1};
    (void)offset;
    return los_socket_send(file, &message);
}

uint32_t los_socket_file_poll(struct los_file *file, struct los_poll_table *table)
{
    struct socket *socket = file->private;
    uint32_t is = 0;
    los_poll_wait(table, &socket->readable);
    if (!los_list_empty(&socket->packets) || !los_list_empty(&socket->pending))
        is |= LOS_POLL_IN;
    if (at_end(socket))
        is |= LOS_POLL_IN | LOS_POLL_READ_HANGUP;
    if (socket->listening)
        return is;
    if (socket->type == LOS_SOCKET_DATAGRAM) {
        struct socket *target = socket->peer;
        if (target)
            los_poll_wait(table, &target->writable);
        return is | (!target || target->dead || target->queued < target->queue_limit ? LOS_POLL_OUT : 0);
    }
    if (!socket->connected || !socket->peer || socket->peer->dead ||
        (socket->no_more_reading && socket->no_more_writing))
        return is | LOS_POLL_HANGUP | LOS_POLL_OUT;
    los_poll_wait(table, &socket->peer->writable);
    if (socket->no_more_writing || socket->peer->queued < socket->peer->queue_limit / 2)
        is |= LOS_POLL_OUT;
    return is;
}

long los_socket_available(struct los_file *file)
{
    struct socket *socket = los_socket_of(file);
    if (!socket)
        return -LOS_E_NOTSOCK;
    struct packet *packet = first_packet(socket);
    return socket->type == LOS_SOCKET_STREAM ? (long)socket->queued : packet ? (long)packet->length : 0;
}
