/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Futexes: threads that wait for a change of a user word. The container lock makes "compare, then sleep" one step. A word in memory that is
 * shared by an object is known by object and offset, so that all processes which map it mean the same; any other by space and address.
 */
#include "../schedule/internal.h"
#include "internal.h"

#define BUCKETS 64

struct key {
    const void *of; /* a space or an object */
    uint64_t at;
};
struct sleeper {
    struct los_link link;
    struct los_thread *thread;
    struct key key;
    uint32_t bitset;
    bool woken;
};
static struct los_link buckets[BUCKETS];

void los_futex_init(void)
{
    for (unsigned i = 0; i < BUCKETS; i++)
        los_list_init(&buckets[i]);
}

static inline __attribute__((always_inline)) int key_of(uint64_t address, bool shared, struct key *key)
{
    struct los_space *space = los_current()->process->space;
    if (address & 3)
        return -LOS_E_INVAL;
    if (address >= LOS_USER_END)
        return -LOS_E_FAULT;
    *key = (struct key){space, address};
    if (shared) {
        const struct los_region *region = los_space_find(space, address);
        if (!region)
            return -LOS_E_FAULT;
        if (region->object && region->flags & LOS_SHARED)
            *key = (struct key){region->object, region->object_page * LOS_PAGE + (address - region->start)};
    }
    return 0;
}

static struct los_link *bucket(const struct key *key)
{
    uint64_t mixed = ((uint64_t)key->of >> 4 ^ key->at >> 2) * 0x9e3779b97f4a7c15ull;
    return &buckets[mixed >> 58];
}

static bool same(const struct key *a, const struct key *b) { return a->of == b->of && a->at == b->at; }

long los_futex_wait(uint64_t address, uint32_t expected, uint64_t deadline_ns, uint32_t bitset, bool shared)
{
    struct sleeper sleeper;
    uint32_t value;
    int result = bitset ? key_of(address, shared, &sleeper.key) : -LOS_E_INVAL;
    if (result)
        return result;
    if (los_user_load32(address, &value))
        return -LOS_E_FAULT;
    if (value != expected)
        return -LOS_E_AGAIN;
    sleeper.thread = los_current();
    sleeper.bitset = bitset;
    sleeper.woken = false;
    los_list_add_last(bucket(&sleeper.key), &sleeper.link);
    while (!sleeper.woken && !result)
        result = los_wait_enlisted(deadline_ns, true);
    los_list_remove(&sleeper.link);
    return sleeper.woken ? 0 : result;
}

static void wake(struct sleeper *sleeper)
{
    los_list_remove(&sleeper->link);
    sleeper->woken = true;
    los_wake_thread(sleeper->thread);
}

long los_futex_wake(uint64_t address, uint32_t most, uint32_t bitset, bool shared)
{
    struct key key;
    struct sleeper *sleeper, *after;
    long woken = 0;
    int result = bitset ? key_of(address, shared, &key) : -LOS_E_INVAL;
    if (result)
        return result;
    LOS_LIST_FOR_SAFE(sleeper, after, bucket(&key), link)
    {
        if (woken >= most)
            break;
        if (same(&sleeper->key, &key) && sleeper->bitset & bitset) {
            wake(sleeper);
            woken++;
        }
    }
    return woken;
}

long los_futex_requeue(uint64_t from, uint32_t wake_most, uint32_t move_most, uint64_t to, bool compare,
                       uint32_t expected, bool shared)
{
    struct key source, target;
    struct sleeper *sleeper, *after;
    long woken = 0, moved = 0;
    uint32_t value;
    int result = key_of(from, shared, &source);
    if (!result)
        result = key_of(to, shared, &target);
    if (result)
        return result;
    if (compare) {
        if (los_user_load32(from, &value))
            return -LOS_E_FAULT;
        if (value != expected)
            return -LOS_E_AGAIN;
    }
    LOS_LIST_FOR_SAFE(sleeper, after, bucket(&source), link)
    {
        if (!same(&sleeper->key, &source))
            continue;
        if (woken < wake_most) {
            wake(sleeper);
            woken++;
        } else if (moved < move_most) {
            moved++;
            if (same(&source, &target))
                continue;
            los_list_remove(&sleeper->link);
            sleeper->key = target;
            los_list_add_last(bucket(&target), &sleeper->link);
        } else {
            break;
        }
    }
    return woken + moved;
}

/* --- robust lists: words whose owner may die ---------------------------------------------------------------------------
 * A thread registers a list in its memory: a head of three words {first entry, offset of the futex word from an entry, entry being
 * changed}, entries linked by their first word, in a ring with the head. A futex word holds its owner's tid and two bits. The
 * numbers are the library OS's own choice, as with signals: equal to those of traditional systems, so that no conversion is needed. */
#define OWNER_TID     0x3fffffffu
#define OWNER_DIED    0x40000000u
#define OWNER_WAITERS 0x80000000u
#define ENTRIES_MAX   2048

static void owner_died(struct los_thread *thread, uint64_t address)
{
    uint32_t value, found;
    if (address & 3 || los_user_load32(address, &value))
        return;
    while ((value & OWNER_TID) == (uint32_t)thread->tid) {
        if (los_user_exchange32(address, value, (value & OWNER_WAITERS) | OWNER_DIED, &found))
            return;
        if (found == value) {
            if (value & OWNER_WAITERS && los_futex_wake(address, 1, UINT32_MAX, true) <= 0)
                los_futex_wake(address, 1, UINT32_MAX, false);
            return;
        }
        value = found;
    }
}

void los_robust_list_end(struct los_thread *thread)
{
    struct {
        uint64_t first, offset, changing;
    } head;
    uint64_t list = thread->robust_list;
    thread->robust_list = 0;
    if (!list || los_copy_in(&head, list, sizeof head))
        return;
    uint64_t entry = head.first & ~1ul, next;
    for (int i = 0; i < ENTRIES_MAX && entry != list; i++, entry = next & ~1ul) {
        if (los_copy_in(&next, entry, sizeof next))
            break;
        if (entry != (head.changing & ~1ul))
            owner_died(thread, entry + head.offset);
    }
    if (head.changing)
        owner_died(thread, (head.changing & ~1ul) + head.offset);
}
