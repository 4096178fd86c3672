/* SPDX-License-Identifier: MPL-2.0 */
/* Sockets as Linux's calls show them: what the files of socket/ share. Only the local domain (unix(7)) exists. */
#ifndef LX_SOCKET_H
#define LX_SOCKET_H

#include <los/socket.h>
#include <personality.h>

#define LX_AF_UNIX  1
#define LX_SUN_PATH 108

struct lx_sockaddr_un {
    uint16_t family;
    char path[LX_SUN_PATH];
};
_Static_assert(sizeof(struct lx_sockaddr_un) == 110, "Linux ABI");

/* The socket of a descriptor, with a reference: los_file_unref. BADF, NOTSOCK. */
long lx_socket(uint64_t fd, struct los_file **out);
/* An address of the program. 0; INVAL, FAULT, AFNOSUPPORT. */
long lx_address_in(uint64_t user, uint64_t bytes, struct los_socket_address *out);
/* Writes an address, cut to the room there is, and its whole length where that came from. user 0: nothing is wanted. */
long lx_address_out(const struct los_socket_address *address, uint64_t user, uint64_t user_length);
/* The same with the room given; *length: the whole length. */
long lx_address_write(const struct los_socket_address *address, uint64_t user, uint32_t room, uint32_t *length);

#endif
