/* SPDX-License-Identifier: MPL-2.0 */
/* Keys by open addressing, twice as many slots as keys; a slot names the page of its value. */
#include "store.h"

enum { SLOTS = 2 * KV_CAPACITY, EMPTY = 0, GONE, USED };

static struct slot {
    uint64_t key[2];
    uint32_t bytes; /* of the value */
    uint16_t value; /* its page */
    uint16_t state;
} slots[SLOTS];
static uint64_t (*values)[KV_VALUE_MOST / 8];
static uint16_t free_values[KV_CAPACITY];
static uint32_t free_count;

void store_start(uint64_t (*pages)[KV_VALUE_MOST / 8])
{
    values = pages;
    free_count = KV_CAPACITY;
    for (uint32_t i = 0; i < KV_CAPACITY; i++)
        free_values[i] = (uint16_t)i;
    for (uint32_t i = 0; i < SLOTS; i++)
        slots[i].state = EMPTY;
}

/* The key's slot, or where it could go; NULL where it is not and every slot was used once. */
static struct slot *find(const uint64_t key[2])
{
    uint64_t hash = (key[0] ^ key[1] * 0xff51afd7ed558ccdul) * 0x9e3779b97f4a7c15ul;
    struct slot *room = 0;
    for (uint32_t n = 0, i = hash >> 32; n < SLOTS; n++, i++) {
        struct slot *slot = &slots[i % SLOTS];
        if (slot->state == USED && slot->key[0] == key[0] && slot->key[1] == key[1])
            return slot;
        if (slot->state != USED && !room)
            room = slot;
        if (slot->state == EMPTY)
            break;
    }
    return room;
}

static enum kv_result get(const struct slot *slot, uint64_t word[KV_WORDS], const struct kv_page *page)
{
    const uint64_t *value = values[slot->value];
    if (slot->bytes > KV_INLINE && page->write(page, value, slot->bytes) < 0)
        return KV_NO_PAGE;
    for (unsigned i = 0; i < 4; i++)
        word[3 + i] = slot->bytes <= KV_INLINE ? value[i] : 0;
    word[1] = slot->bytes;
    return KV_OK;
}

/* The value goes to a page of its own first: if the client's is not there, the old value stays. */
static enum kv_result put(struct slot *slot, const uint64_t word[KV_WORDS], uint64_t bytes,
                          const struct kv_page *page)
{
    static uint64_t incoming[KV_VALUE_MOST / 8];
    if (!slot || (slot->state != USED && !free_count))
        return KV_FULL;
    if (bytes > KV_INLINE && page->read(page, incoming, bytes) < 0)
        return KV_NO_PAGE;
    if (slot->state != USED) {
        slot->value = free_values[--free_count];
        slot->key[0] = word[1];
        slot->key[1] = word[2];
        slot->state = USED;
    }
    const uint64_t *from = bytes > KV_INLINE ? incoming : word + 3;
    for (uint64_t i = 0; i < (bytes + 7) / 8; i++)
        values[slot->value][i] = from[i];
    for (uint64_t i = (bytes + 7) / 8; i < 4; i++) /* a short one is answered in four words */
        values[slot->value][i] = 0;
    slot->bytes = (uint32_t)bytes;
    return KV_OK;
}

static enum kv_result carry_out(uint64_t word[KV_WORDS], const struct kv_page *page)
{
    uint32_t operation = (uint32_t)word[0];
    uint64_t bytes = word[0] >> 32;
    if (bytes > KV_VALUE_MOST || (bytes && operation != KV_PUT))
        return KV_INVALID;
    if (operation == KV_COUNT) {
        word[1] = KV_CAPACITY - free_count;
        return KV_OK;
    }
    if (operation != KV_GET && operation != KV_PUT && operation != KV_DELETE)
        return KV_INVALID;
    struct slot *slot = find(word + 1);
    if (operation == KV_PUT)
        return put(slot, word, bytes, page);
    if (!slot || slot->state != USED)
        return KV_NOTHING;
    if (operation == KV_GET)
        return get(slot, word, page);
    free_values[free_count++] = slot->value;
    slot->state = GONE;
    return KV_OK;
}

void store_handle(uint64_t word[KV_WORDS], const struct kv_page *page)
{
    uint64_t operation = (uint32_t)word[0];
    enum kv_result result = carry_out(word, page);
    word[0] = result;
    if (result != KV_OK || (operation != KV_GET && operation != KV_COUNT))
        word[1] = 0;
    for (unsigned i = 2; i < KV_WORDS; i++)
        if (result != KV_OK || operation != KV_GET || i == 2)
            word[i] = 0;
}
