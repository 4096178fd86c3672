/* SPDX-License-Identifier: MPL-2.0 */
/* What the client does and checks, behind a gate, a pipe and a socket alike. */
#ifndef KV_CLIENT_H
#define KV_CLIENT_H

#include "protocol.h"

/* How to reach the server. call: word[] goes there, and its answer comes back; 0, or -1 where there was none. */
struct kv_connection {
    int (*call)(uint64_t word[KV_WORDS]);
    uint64_t *page; /* as attached */
    uint64_t (*now_ns)(void);
    void (*say)(const char *name, uint64_t number, const char *unit);
};

/* Uses all operations, with values of all kinds of length, and checks each answer. NULL, or what went wrong. Leaves the store empty. */
const char *client_check(const struct kv_connection *to);
/* What each operation takes, the mean of many: a line each. NULL, or what went wrong. */
const char *client_measure(const struct kv_connection *to);

#endif
