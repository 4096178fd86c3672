/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Sets of semaphores. A call's changes are tried at once, in order, and taken back when one of them cannot be; then the caller waits in
 * the set's queue, and whoever changes a value tries the waiters' changes for them, first come first tried: a waiter that finds
 * itself done has nothing more to do. Waiters that change nothing (they wait for zero) come before those that do.
 *
 * What a process wants undone at its end is one number per semaphore, in a record per process and set.
 */
#include <los/semaphore.h>
#include "../file/internal.h"
#include "internal.h"

#define SLOT_MASK ((1u << LOS_SEMAPHORE_SLOT_BITS) - 1)
#define REUSES    (1u << (31 - LOS_SEMAPHORE_SLOT_BITS))
#define MAY_READ  4
#define MAY_WRITE 2

struct semaphore {
    int value;
    int process; /* that operated on it last */
};
struct set {
    struct los_semaphores_status status;
    struct los_link changers, watchers; /* waiters */
    struct los_link undos;
    uint32_t with_many; /* waiters with more than one change */
    struct semaphore semaphore[];
};
struct los_semaphore_undo {
    struct los_link of_process, of_set;
    struct set *set;
    int16_t adjust[];
};
struct waiter {
    struct los_link link;
    struct los_thread *thread;
    const struct los_semaphore_change *changes, *blocked; /* all, and the one that cannot be */
    uint32_t count;
    struct los_semaphore_undo *undo; /* or NULL: none wants it */
    bool changer, grows, done;       /* changes a value; makes one larger */
    int result;
};

static struct set *sets[LOS_SEMAPHORE_SETS];
static uint16_t reused[LOS_SEMAPHORE_SETS];

/* --- finding, permission ---------------------------------------------------------------------------------------------------- */
static struct set *find(int id)
{
    uint32_t slot = (uint32_t)id & SLOT_MASK;
    if (id < 0 || slot >= LOS_SEMAPHORE_SETS || !sets[slot] || sets[slot]->status.id != id)
        return NULL;
    return sets[slot];
}

static struct set *find_key(int key)
{
    for (uint32_t slot = 0; slot < LOS_SEMAPHORE_SETS; slot++)
        if (sets[slot] && sets[slot]->status.key == key)
            return sets[slot];
    return NULL;
}

static const struct los_credentials *mine(void) { return &los_current()->process->credentials; }

static bool is_owner(const struct los_semaphores_status *status)
{
    return mine()->effective_user == status->creator_user || mine()->effective_user == status->user;
}

/* `wanted`: permission bits; those of all three classes mean the same. */
static bool permitted(const struct set *set, uint32_t wanted)
{
    uint32_t granted = set->status.mode;
    if (is_owner(&set->status))
        granted >>= 6;
    else if (los_in_group(mine(), set->status.creator_group) || los_in_group(mine(), set->status.group))
        granted >>= 3;
    wanted |= wanted >> 3 | wanted >> 6;
    return !(wanted & ~granted & 7) || mine()->effective_user == 0;
}

static int find_permitted(int id, uint32_t wanted, struct set **set)
{
    *set = find(id);
    if (!*set)
        return -LOS_E_INVAL;
    return permitted(*set, wanted) ? 0 : -LOS_E_ACCES;
}

static uint64_t now_s(void) { return los_wall_now() / 1000000000; }

/* --- making and removing ------------------------------------------------------------------------------------------------------ */
static long create(int key, uint32_t count, uint32_t mode)
{
    uint32_t slot = 0;
    if (count == 0)
        return -LOS_E_INVAL;
    while (slot < LOS_SEMAPHORE_SETS && sets[slot])
        slot++;
    if (slot == LOS_SEMAPHORE_SETS)
        return -LOS_E_NOSPC;
    struct set *set = los_alloc_zeroed(sizeof *set + count * sizeof set->semaphore[0]);
    if (!set)
        return -LOS_E_NOMEM;
    los_list_init(&set->changers);
    los_list_init(&set->watchers);
    los_list_init(&set->undos);
    set->status =
        (struct los_semaphores_status){.id = (int)((uint32_t)reused[slot] << LOS_SEMAPHORE_SLOT_BITS | slot),
                                       .key = key,
                                       .user = mine()->effective_user,
                                       .group = mine()->effective_group,
                                       .creator_user = mine()->effective_user,
                                       .creator_group = mine()->effective_group,
                                       .mode = mode & 0777,
                                       .count = count,
                                       .changed_s = now_s()};
    reused[slot] = (uint16_t)((reused[slot] + 1) % REUSES);
    sets[slot] = set;
    return set->status.id;
}

long los_semaphores_get(int key, uint32_t count, uint32_t flags, uint32_t mode)
{
    if (count > LOS_SEMAPHORES_MAX)
        return -LOS_E_INVAL;
    const struct set *set = key == 0 ? NULL : find_key(key);
    if (!set)
        return key == 0 || flags & LOS_SEMAPHORES_CREATE ? create(key, count, mode) : -LOS_E_NOENT;
    if (flags & LOS_SEMAPHORES_CREATE && flags & LOS_SEMAPHORES_EXCLUSIVE)
        return -LOS_E_EXIST;
    if (count > set->status.count)
        return -LOS_E_INVAL;
    return permitted(set, mode) ? set->status.id : -LOS_E_ACCES;
}

static void finish(struct set *set, struct waiter *waiter, int result)
{
    los_list_remove(&waiter->link);
    set->with_many -= waiter->count > 1;
    waiter->result = result;
    waiter->done = true;
    los_wake_thread(waiter->thread);
}

static void finish_all(struct set *set, struct los_link *queue)
{
    struct waiter *waiter, *after;
    LOS_LIST_FOR_SAFE(waiter, after, queue, link) { finish(set, waiter, -LOS_E_IDRM); }
}

static void undo_free(struct los_semaphore_undo *undo)
{
    los_list_remove(&undo->of_process);
    los_list_remove(&undo->of_set);
    los_free(undo);
}

int los_semaphores_remove(int id)
{
    struct set *set = find(id);
    struct los_semaphore_undo *undo, *after;
    if (!set)
        return -LOS_E_INVAL;
    if (!is_owner(&set->status) && mine()->effective_user != 0)
        return -LOS_E_PERM;
    sets[(uint32_t)id & SLOT_MASK] = NULL;
    finish_all(set, &set->watchers);
    finish_all(set, &set->changers);
    LOS_LIST_FOR_SAFE(undo, after, &set->undos, of_set) { undo_free(undo); }
    los_free(set);
    return 0;
}

/* --- changes -------------------------------------------------------------------------------------------------------------------- */
/* One change: 0, RANGE, or 1: it has to wait. */
static int apply(struct set *set, const struct los_semaphore_change *change, struct los_semaphore_undo *undo)
{
    int *value = &set->semaphore[change->number].value, result = *value + change->change;
    if (result < 0 || (change->change == 0 && result != 0))
        return 1;
    if (result > LOS_SEMAPHORE_VALUE_MAX)
        return -LOS_E_RANGE;
    if (change->flags & LOS_SEMAPHORE_UNDO) {
        int adjust = undo->adjust[change->number] - change->change;
        if (adjust < -LOS_SEMAPHORE_VALUE_MAX - 1 || adjust > LOS_SEMAPHORE_VALUE_MAX)
            return -LOS_E_RANGE;
        undo->adjust[change->number] = (int16_t)adjust;
    }
    *value = result;
    return 0;
}

static void take_back(struct set *set, const struct los_semaphore_change *change,
                      struct los_semaphore_undo *undo)
{
    set->semaphore[change->number].value -= change->change;
    if (change->flags & LOS_SEMAPHORE_UNDO)
        undo->adjust[change->number] = (int16_t)(undo->adjust[change->number] + change->change);
}

/* All changes of a waiter, or none: 0, RANGE, AGAIN, or 1: it has to wait. */
static int try(struct set *set, struct waiter *waiter)
{
    uint32_t i;
    int result = 0;
    for (i = 0; i < waiter->count && !result; i++)
        result = apply(set, &waiter->changes[i], waiter->undo);
    if (!result) {
        while (i-- > 0)
            set->semaphore[waiter->changes[i].number].process = waiter->thread->process->pid;
        return 0;
    }
    waiter->blocked = &waiter->changes[--i];
    while (i-- > 0)
        take_back(set, &waiter->changes[i], waiter->undo);
    return result == 1 && waiter->blocked->flags & LOS_SEMAPHORE_NO_WAIT ? -LOS_E_AGAIN : result;
}

/* Tries the waiters that change nothing. */
static bool serve_watchers(struct set *set)
{
    struct waiter *waiter, *after;
    bool any = false;
    LOS_LIST_FOR_SAFE(waiter, after, &set->watchers, link)
    {
        int result = try(set, waiter);
        if (result != 1)
            finish(set, waiter, result);
        any = any || result == 0;
    }
    return any;
}

/* One round over those that do. True: one of them may have made an earlier one possible. */
static bool serve_changers(struct set *set, bool *any)
{
    struct waiter *waiter, *after;
    LOS_LIST_FOR_SAFE(waiter, after, &set->changers, link)
    {
        int result = try(set, waiter);
        if (result == 1)
            continue;
        bool again = result == 0 && (set->with_many || waiter->count > 1);
        finish(set, waiter, result);
        if (result)
            continue;
        *any = true;
        serve_watchers(set);
        if (again)
            return true;
    }
    return false;
}

/* Values have changed: whoever can go on now does. Where none grew, only those with several changes may wait for just that. */
static bool serve(struct set *set, bool grew)
{
    bool any = serve_watchers(set), again = grew || set->with_many;
    while (again)
        again = serve_changers(set, &any);
    return any;
}

static struct los_semaphore_undo *undo_find(struct los_process *process, struct set *set)
{
    struct los_semaphore_undo *undo;
    LOS_LIST_FOR(undo, &process->semaphore_undos, of_process)
    {
        if (undo->set == set)
            return undo;
    }
    undo = los_alloc_zeroed(sizeof *undo + set->status.count * sizeof undo->adjust[0]);
    if (!undo)
        return NULL;
    undo->set = set;
    los_list_add_first(&process->semaphore_undos, &undo->of_process);
    los_list_add_first(&set->undos, &undo->of_set);
    return undo;
}

/* The set may be gone afterwards. */
static int sleep(struct set *set, struct waiter *waiter, uint64_t deadline_ns)
{
    int result = 0;
    los_list_add_last(waiter->changer ? &set->changers : &set->watchers, &waiter->link);
    set->with_many += waiter->count > 1;
    while (!waiter->done && !result)
        result = los_wait_enlisted(deadline_ns, true);
    if (waiter->done)
        return waiter->result;
    los_list_remove(&waiter->link);
    set->with_many -= waiter->count > 1;
    return result;
}

static int check(const struct set *set, struct waiter *waiter, bool *wants_undo)
{
    for (uint32_t i = 0; i < waiter->count; i++) {
        const struct los_semaphore_change *change = &waiter->changes[i];
        if (change->number >= set->status.count)
            return -LOS_E_FBIG;
        waiter->changer = waiter->changer || change->change != 0;
        waiter->grows = waiter->grows || change->change > 0;
        *wants_undo = *wants_undo || change->flags & LOS_SEMAPHORE_UNDO;
    }
    return permitted(set, waiter->changer ? MAY_WRITE : MAY_READ) ? 0 : -LOS_E_ACCES;
}

long los_semaphores_change(int id, const struct los_semaphore_change *changes, uint32_t count,
                           uint64_t deadline_ns)
{
    struct waiter waiter = {.thread = los_current(), .changes = changes, .count = count};
    struct set *set = find(id);
    bool wants_undo = false;
    if (!set || count == 0)
        return -LOS_E_INVAL;
    if (count > LOS_SEMAPHORE_CHANGES_MAX)
        return -LOS_E_TOOBIG;
    int result = check(set, &waiter, &wants_undo);
    if (result)
        return result;
    if (wants_undo && !(waiter.undo = undo_find(waiter.thread->process, set)))
        return -LOS_E_NOMEM;
    result = try(set, &waiter);
    if (result == 1)
        return sleep(set, &waiter, deadline_ns);
    if (result)
        return result;
    set->status.operated_s = now_s();
    if (waiter.changer)
        serve(set, waiter.grows);
    return 0;
}

/* --- undoing -------------------------------------------------------------------------------------------------------------------- */
static void undo_apply(struct los_semaphore_undo *undo, int process)
{
    struct set *set = undo->set;
    for (uint32_t i = 0; i < set->status.count; i++) {
        if (!undo->adjust[i])
            continue;
        int value = set->semaphore[i].value + undo->adjust[i];
        set->semaphore[i].value = value < 0                         ? 0
                                  : value > LOS_SEMAPHORE_VALUE_MAX ? LOS_SEMAPHORE_VALUE_MAX
                                                                    : value;
        set->semaphore[i].process = process;
    }
    set->status.operated_s = now_s();
    serve(set, true);
}

void los_semaphores_process_ended(struct los_process *process)
{
    struct los_semaphore_undo *undo, *after;
    LOS_LIST_FOR_SAFE(undo, after, &process->semaphore_undos, of_process)
    {
        undo_apply(undo, process->pid);
        undo_free(undo);
    }
}

/* A value was set: what should be undone before counts no more. */
static void undo_forget(struct set *set, uint32_t from, uint32_t to)
{
    struct los_semaphore_undo *undo;
    LOS_LIST_FOR(undo, &set->undos, of_set)
    {
        memset(&undo->adjust[from], 0, (to - from) * sizeof undo->adjust[0]);
    }
}

/* --- asking and setting --------------------------------------------------------------------------------------------------------- */
int los_semaphores_status(int id, bool anyone, struct los_semaphores_status *status)
{
    const struct set *set = find(id);
    if (!set)
        return -LOS_E_INVAL;
    if (!anyone && !permitted(set, MAY_READ))
        return -LOS_E_ACCES;
    *status = set->status;
    return 0;
}

int los_semaphores_set_owner(int id, uint32_t user, uint32_t group, uint32_t mode)
{
    struct set *set = find(id);
    if (!set)
        return -LOS_E_INVAL;
    if (!is_owner(&set->status) && mine()->effective_user != 0)
        return -LOS_E_PERM;
    set->status.user = user;
    set->status.group = group;
    set->status.mode = mode & 0777;
    set->status.changed_s = now_s();
    return 0;
}

long los_semaphores_at(uint32_t slot)
{
    return slot < LOS_SEMAPHORE_SETS && sets[slot] ? sets[slot]->status.id : -LOS_E_INVAL;
}

struct los_semaphores_usage los_semaphores_usage(void)
{
    struct los_semaphores_usage usage = {0, 0, 0};
    for (uint32_t slot = 0; slot < LOS_SEMAPHORE_SETS; slot++) {
        if (!sets[slot])
            continue;
        usage.sets++;
        usage.semaphores += sets[slot]->status.count;
        usage.highest_slot = slot;
    }
    return usage;
}

static long count_blocked(const struct los_link *queue, uint32_t number, bool by_zero)
{
    const struct waiter *waiter;
    long count = 0;
    LOS_LIST_FOR(waiter, queue, link)
    {
        if (waiter->blocked->number == number && (waiter->blocked->change == 0) == by_zero)
            count++;
    }
    return count;
}

long los_semaphore_ask(int id, uint32_t number, enum los_semaphore_question question)
{
    struct set *set;
    int result = find_permitted(id, MAY_READ, &set);
    if (result)
        return result;
    if (number >= set->status.count)
        return -LOS_E_INVAL;
    switch (question) {
    case LOS_SEMAPHORE_VALUE: return set->semaphore[number].value;
    case LOS_SEMAPHORE_LAST_PROCESS: return set->semaphore[number].process;
    default: {
        bool by_zero = question == LOS_SEMAPHORE_WAIT_ZERO;
        return count_blocked(&set->changers, number, by_zero) + count_blocked(&set->watchers, number, by_zero);
    }
    }
}

static void value_set(struct set *set, uint32_t number, int value)
{
    set->semaphore[number] = (struct semaphore){value, los_current()->process->pid};
}

static void values_were_set(struct set *set)
{
    set->status.changed_s = now_s();
    if (serve(set, true))
        set->status.operated_s = now_s();
}

int los_semaphore_set(int id, uint32_t number, int value)
{
    struct set *set = find(id);
    if (value < 0 || value > LOS_SEMAPHORE_VALUE_MAX)
        return -LOS_E_RANGE;
    if (!set || number >= set->status.count)
        return -LOS_E_INVAL;
    if (!permitted(set, MAY_WRITE))
        return -LOS_E_ACCES;
    undo_forget(set, number, number + 1);
    value_set(set, number, value);
    values_were_set(set);
    return 0;
}

long los_semaphores_count(int id, bool write)
{
    struct set *set;
    int result = find_permitted(id, write ? MAY_WRITE : MAY_READ, &set);
    return result ? result : (long)set->status.count;
}

int los_semaphores_values(int id, uint16_t *values, uint32_t count)
{
    const struct set *set = find(id);
    if (!set || set->status.count != count)
        return -LOS_E_INVAL;
    for (uint32_t i = 0; i < count; i++)
        values[i] = (uint16_t)set->semaphore[i].value;
    return 0;
}

int los_semaphores_set_values(int id, const uint16_t *values, uint32_t count)
{
    struct set *set = find(id);
    if (!set || set->status.count != count)
        return -LOS_E_INVAL;
    for (uint32_t i = 0; i < count; i++)
        if (values[i] > LOS_SEMAPHORE_VALUE_MAX)
            return -LOS_E_RANGE;
    for (uint32_t i = 0; i < count; i++)
        value_set(set, i, values[i]);
    undo_forget(set, 0, count);
    values_were_set(set);
    return 0;
}
