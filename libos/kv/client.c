/* SPDX-License-Identifier: MPL-2.0 */
#include "client.h"

enum { KEYS = KV_CAPACITY, MEASURED = 2000, WORDS = KV_VALUE_MOST / 8 };

#define TRUE(what)                                                                                             \
    do {                                                                                                       \
        if (!(what))                                                                                           \
            return #what;                                                                                      \
    } while (0)

static enum kv_result call(const struct kv_connection *to, uint64_t word[KV_WORDS])
{
    return to->call(word) < 0 ? KV_INVALID : (enum kv_result)word[0];
}

/* A request without a value for the key of number `n`. */
static enum kv_result ask(const struct kv_connection *to, enum kv_operation operation, uint64_t n,
                          uint64_t answer[KV_WORDS])
{
    for (unsigned i = 0; i < KV_WORDS; i++)
        answer[i] = 0;
    answer[0] = kv_request(operation, 0);
    answer[1] = n * 0x9e3779b97f4a7c15ul;
    answer[2] = n;
    return call(to, answer);
}

static uint64_t value_word(uint64_t n, uint64_t generation, uint64_t i)
{
    return n << 32 | generation << 24 | (i + 1);
}
static uint64_t bytes_of(uint64_t n) { return n * 37 % (KV_VALUE_MOST + 1); }

static enum kv_result put(const struct kv_connection *to, uint64_t n, uint64_t generation, uint64_t bytes)
{
    uint64_t word[KV_WORDS] = {kv_request(KV_PUT, bytes), n * 0x9e3779b97f4a7c15ul, n};
    for (uint64_t i = 0; i < (bytes + 7) / 8; i++)
        *(bytes > KV_INLINE ? &to->page[i] : &word[3 + i]) = value_word(n, generation, i);
    return call(to, word);
}

/* Does the key have that value, to the last whole byte? */
static int has(const struct kv_connection *to, uint64_t n, uint64_t generation, uint64_t bytes)
{
    uint64_t word[KV_WORDS];
    for (uint64_t i = 0; bytes > KV_INLINE && i < WORDS; i++)
        to->page[i] = 0;
    if (ask(to, KV_GET, n, word) != KV_OK || word[1] != bytes)
        return 0;
    for (uint64_t i = 0; i < bytes / 8; i++)
        if ((bytes > KV_INLINE ? to->page[i] : word[3 + i]) != value_word(n, generation, i))
            return 0;
    return 1;
}

static uint64_t count(const struct kv_connection *to)
{
    uint64_t word[KV_WORDS];
    return ask(to, KV_COUNT, 0, word) == KV_OK ? word[1] : UINT64_MAX;
}

static const char *check_refusals(const struct kv_connection *to)
{
    uint64_t word[KV_WORDS];
    static const uint64_t wrong[] = {0,
                                     6,
                                     UINT32_MAX,
                                     UINT64_MAX,
                                     1ul << 32 | KV_GET,
                                     1ul << 32 | KV_COUNT,
                                     (KV_VALUE_MOST + 1ul) << 32 | KV_PUT,
                                     (uint64_t)UINT32_MAX << 32 | KV_PUT};
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        for (unsigned k = 0; k < KV_WORDS; k++)
            word[k] = k ? UINT64_MAX : wrong[i];
        TRUE(to->call(word) == 0 && word[0] == KV_INVALID);
        for (unsigned k = 1; k < KV_WORDS; k++)
            TRUE(word[k] == 0);
    }
    TRUE(count(to) == 0);
    return 0;
}

const char *client_check(const struct kv_connection *to)
{
    uint64_t word[KV_WORDS];
    const char *wrong = check_refusals(to);
    if (wrong)
        return wrong;
    TRUE(ask(to, KV_GET, 1, word) == KV_NOTHING && ask(to, KV_DELETE, 1, word) == KV_NOTHING);
    for (uint64_t n = 0; n < KEYS; n++)
        TRUE(put(to, n, 1, bytes_of(n)) == KV_OK && count(to) == n + 1);
    TRUE(put(to, KEYS, 1, 8) == KV_FULL && put(to, KEYS, 1, KV_VALUE_MOST) == KV_FULL);
    for (uint64_t n = 0; n < KEYS; n++)
        TRUE(has(to, n, 1, bytes_of(n)));
    for (uint64_t n = 0; n < KEYS; n++) /* others instead, of another length */
        TRUE(put(to, n, 2, bytes_of(n + 1)) == KV_OK);
    for (uint64_t n = 0; n < KEYS; n += 2)
        TRUE(ask(to, KV_DELETE, n, word) == KV_OK && ask(to, KV_DELETE, n, word) == KV_NOTHING);
    TRUE(count(to) == KEYS / 2);
    for (uint64_t n = 0; n < KEYS; n++)
        TRUE(n % 2 ? has(to, n, 2, bytes_of(n + 1)) : ask(to, KV_GET, n, word) == KV_NOTHING);
    for (uint64_t n = 1; n < KEYS; n += 2)
        TRUE(ask(to, KV_DELETE, n, word) == KV_OK);
    TRUE(count(to) == 0);
    return 0;
}

const char *client_measure(const struct kv_connection *to)
{
    static const struct {
        const char *put, *get;
        uint64_t bytes;
    } size[] = {{"put-32", "get-32", 32}, {"put-1024", "get-1024", 1024}, {"put-4096", "get-4096", 4096}};
    uint64_t word[KV_WORDS], start = to->now_ns();
    for (unsigned i = 0; i < MEASURED; i++)
        TRUE(ask(to, KV_COUNT, 0, word) == KV_OK && word[1] == 0);
    to->say("count", (to->now_ns() - start) / MEASURED, "ns");
    for (unsigned s = 0; s < sizeof size / sizeof size[0]; s++) {
        start = to->now_ns();
        for (unsigned i = 0; i < MEASURED; i++)
            TRUE(put(to, 7, i & 1, size[s].bytes) == KV_OK);
        to->say(size[s].put, (to->now_ns() - start) / MEASURED, "ns");
        start = to->now_ns();
        for (unsigned i = 0; i < MEASURED; i++)
            TRUE(ask(to, KV_GET, 7, word) == KV_OK && word[1] == size[s].bytes);
        to->say(size[s].get, (to->now_ns() - start) / MEASURED, "ns");
        TRUE(has(to, 7, (MEASURED - 1) & 1, size[s].bytes));
    }
    TRUE(ask(to, KV_DELETE, 7, word) == KV_OK);
    return 0;
}
