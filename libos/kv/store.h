/* SPDX-License-Identifier: MPL-2.0 */
/* The server's heart, without a word on how messages come: the same behind a gate, a pipe and a socket. */
#ifndef KV_STORE_H
#define KV_STORE_H

#include "protocol.h"

/* Where the client's page is: copies between it and the server's own memory. 0, or -1 where the page is not there (any more). */
struct kv_page {
    int (*read)(const struct kv_page *page, uint64_t *to, uint64_t bytes);
    int (*write)(const struct kv_page *page, const uint64_t *from, uint64_t bytes);
    uint64_t client;
};

/* Empties it. `values`: KV_CAPACITY pages, for the values. */
void store_start(uint64_t (*values)[KV_VALUE_MOST / 8]);
/* Carries out a request of any content, ATTACH apart, and makes its answer of it. */
void store_handle(uint64_t word[KV_WORDS], const struct kv_page *page);

#endif
