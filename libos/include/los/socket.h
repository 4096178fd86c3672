/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Sockets between processes of the container (the local domain): streams, datagrams, sequenced packets; with names in the file
 * system or in a name space of their own; open files travel along. All under the container lock. 0 or an error.
 */
#ifndef LOS_SOCKET_H
#define LOS_SOCKET_H

#include <los/file.h>

enum los_socket_type { LOS_SOCKET_STREAM = 1, LOS_SOCKET_DATAGRAM = 2, LOS_SOCKET_SEQUENCED = 5 };
enum los_message_flag {
    LOS_MESSAGE_PEEK = 1, /* leave it there */
    LOS_MESSAGE_DONTWAIT = 2,
    LOS_MESSAGE_WAIT_ALL = 4,   /* streams: until all parts are full */
    LOS_MESSAGE_NO_SIGNAL = 8,  /* PIPE without the signal */
    LOS_MESSAGE_TRUNCATE = 16,  /* receive: return the whole length of a packet that was cut */
    LOS_MESSAGE_WAS_CUT = 32,   /* out: the packet was longer than the parts */
    LOS_MESSAGE_FILES_CUT = 64, /* out: more files came than there was room for: those are closed */
};
#define LOS_SOCKET_NAME_MAX  108
#define LOS_SOCKET_FILES_MAX 253
/* length 0: no name. A first byte of 0: in the sockets' own name space, all `length` bytes count. Else a path, NUL-terminated. */
struct los_socket_address {
    size_t length;
    char name[LOS_SOCKET_NAME_MAX + 1];
};
struct los_socket_peer {
    int pid;
    uint32_t user, group;
};
struct los_message {
    struct los_transfer *parts;
    size_t parts_count;
    uint32_t flags;                     /* enum los_message_flag; receive: out too */
    struct los_socket_address *address; /* send: to whom, or NULL; receive: filled in from whom, or NULL */
    struct los_file **files; /* send: references are added; receive: given, for as many as there is room */
    size_t files_count;      /* receive: room before, how many came after */
    struct los_socket_peer sender; /* receive: out */
};

long los_socket_create(enum los_socket_type type, uint32_t flags, struct los_file **out);
long los_socket_bind(struct los_file *file,
                     const struct los_socket_address *address); /* makes the name: ADDRINUSE */
long los_socket_listen(struct los_file *file, uint32_t backlog);
long los_socket_connect(struct los_file *file, const struct los_socket_address *address);
long los_socket_accept(struct los_file *file, uint32_t flags, struct los_file **out,
                       struct los_socket_address *peer);
long los_socket_send(struct los_file *file, struct los_message *message);    /* bytes */
long los_socket_receive(struct los_file *file, struct los_message *message); /* bytes; 0: the end */
long los_socket_shutdown(struct los_file *file, bool reading, bool writing);
long los_socket_name(struct los_file *file, bool peer, struct los_socket_address *out);
long los_socket_peer(struct los_file *file, struct los_socket_peer *out); /* who connected or listened */
long los_socket_type(struct los_file *file);
bool los_socket_is_listening(struct los_file *file);
long los_socket_available(struct los_file *file); /* bytes that a read would find; of the next packet */
/* The bytes that may wait for the receiver; set 0: just ask. */
long los_socket_buffer(struct los_file *file, size_t set);
bool los_file_is_socket(const struct los_file *file); /* else the calls above return NOTSOCK */

#endif
