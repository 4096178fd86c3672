/* SPDX-License-Identifier: MPL-2.0 */
/* What local.c (names and connections) and message.c (data) share. */
#ifndef LOS_SOCKET_LOCAL_H
#define LOS_SOCKET_LOCAL_H

#include <los/socket.h>

#define QUEUE_BYTES 212992u

/* What was sent at once, or a piece of a stream. */
struct packet {
    struct los_link link;
    size_t start, length; /* of data: what is left to read */
    struct los_socket_peer sender;
    struct los_socket_address *from; /* datagrams from a named socket; or NULL */
    struct los_file **files;
    size_t files_count;
    uint8_t data[];
};

struct socket {
    uint32_t refs; /* its file, its peer, what waits to be accepted, whoever waits in its queues */
    enum los_socket_type type;
    bool dead; /* no file any more */
    bool listening, connected, no_more_reading, no_more_writing;
    struct socket *peer;     /* referenced */
    struct los_link packets; /* received */
    size_t queued, queue_limit;
    struct los_wait_queue readable,
        writable; /* something came in; something went out (senders to this one wait here) */
    struct los_link pending, pending_link; /* connections to be accepted */
    uint32_t pending_count, backlog;
    struct los_socket_address address;
    struct los_link named;   /* in the list of sockets whose names are their own */
    struct los_inode *inode; /* the name in the file system; referenced */
    struct los_socket_peer owner, peer_owner;
};
struct socket *los_socket_of(struct los_file *file); /* NULL: NOTSOCK */
void los_socket_ref(struct socket *socket);
void los_socket_unref(struct socket *socket);
void los_socket_drop_packets(struct socket *socket);
/* The socket that listens or receives there, referenced. */
long los_socket_find(const struct los_socket_address *address, enum los_socket_type type, struct socket **out);
struct los_socket_peer los_socket_self(void); /* the current process */
extern const struct los_file_ops los_socket_file_ops;
long los_socket_file_read(struct los_file *file, struct los_transfer *to, uint64_t *offset);
long los_socket_file_write(struct los_file *file, struct los_transfer *from, uint64_t *offset);
uint32_t los_socket_file_poll(struct los_file *file, struct los_poll_table *table);

#endif
