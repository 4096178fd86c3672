/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a client of the key-value server says, and what it hears: the seven words of a message. Also what travels in a pipe or a
 * socket when the same server runs there (bench/swap/kv.c).
 *
 *   word[0]  enum kv_operation | bytes of the value << 32              answer: enum kv_result
 *   word[1], word[2]  the key, of 16 bytes, all of which count           answer to GET: word[1] is the bytes of the value
 *   word[3] to word[6]  a value of up to 32 bytes                        COUNT: word[1] is how many keys there are
 *
 * A longer value, of up to 4,096 bytes, lies in the client's page: the client sends the token of a frame with ATTACH, once, and writes a value there
 * before PUT, or finds it there after GET. A client is known by its gate's badge. The server believes nothing:
 * each field that is wrong is INVALID; a page that is not there, or no longer, is NO_PAGE; neither changes anything.
 */
#ifndef KV_PROTOCOL_H
#define KV_PROTOCOL_H

#include <stdint.h>

enum { KV_WORDS = 7, KV_INLINE = 32, KV_VALUE_MOST = 4096, KV_CAPACITY = 1024 };

enum kv_operation {
    KV_GET = 1,
    KV_PUT,
    KV_DELETE,
    KV_COUNT,
    KV_ATTACH, /* with a FRAME token of one page [R W]. Of the earlier one nothing is used any more */
};
enum kv_result {
    KV_OK,
    KV_NOTHING, /* no such key */
    KV_FULL,    /* KV_CAPACITY keys, or 16 clients with a page */
    KV_INVALID,
    KV_NO_PAGE,
};

static inline uint64_t kv_request(enum kv_operation operation, uint64_t bytes)
{
    return operation | bytes << 32;
}

#endif
