/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Advisory locks: whole files (owned by the open file) and byte ranges (owned by the descriptor table, so by the process).
 * The two kinds do not see each other. A process that would wait for one that waits for it gets DEADLK, for ranges.
 */
#include "internal.h"

struct lock {
    struct los_link link;
    const void *owner;
    bool whole, exclusive;
    uint64_t start, end;
    int pid;
};
struct locks { /* of one inode */
    struct los_link list;
    struct los_wait_queue waiters;
    unsigned waiting;
};
/* A wait in progress, for the search of cycles; on the waiter's stack. */
struct blocked {
    struct los_link link;
    const void *owner, *by;
};
static struct los_link all_blocked = {&all_blocked, &all_blocked};

static struct locks *locks_of(struct los_inode *inode)
{
    struct locks *locks = inode->locks;
    if (!locks && (locks = los_alloc(sizeof(*locks)))) {
        los_list_init(&locks->list);
        los_wait_queue_init(&locks->waiters);
        locks->waiting = 0;
        inode->locks = locks;
    }
    return locks;
}

static void free_if_unused(struct los_inode *inode)
{
    struct locks *locks = inode->locks;
    if (locks && los_list_empty(&locks->list) && !locks->waiting) {
        los_free(locks);
        inode->locks = NULL;
    }
}

static void drop(struct lock *lock)
{
    los_list_remove(&lock->link);
    los_free(lock);
}

static struct lock *find_conflict(struct locks *locks, const void *owner, bool whole,
                                  const struct los_lock_range *range)
{
    struct lock *lock;
    LOS_LIST_FOR(lock, &locks->list, link)
    if (lock->whole == whole && lock->owner != owner && (lock->exclusive || range->exclusive) &&
        lock->start < range->end && range->start < lock->end)
        return lock;
    return NULL;
}

static bool would_deadlock(const void *owner, const void *by)
{
    for (int steps = 0; steps < 64; steps++) {
        struct blocked *blocked;
        const void *next = NULL;
        if (by == owner)
            return true;
        LOS_LIST_FOR(blocked, &all_blocked, link)
        if (blocked->owner == by)
            next = blocked->by;
        if (!next)
            return false;
        by = next;
    }
    return true; /* longer than any sane chain */
}

/* Takes [start, end) out of the owner's locks. `spare` is used when one is split, and then set to NULL. */
static void carve(struct locks *locks, const void *owner, bool whole, uint64_t start, uint64_t end,
                  struct lock **spare)
{
    struct lock *lock, *after;
    LOS_LIST_FOR_SAFE(lock, after, &locks->list, link)
    {
        if (lock->whole != whole || lock->owner != owner || lock->end <= start || end <= lock->start)
            continue;
        if (lock->start < start && end < lock->end) {
            struct lock *right = *spare;
            *spare = NULL;
            *right = *lock;
            right->start = end;
            los_list_add_last(&locks->list, &right->link);
            lock->end = start;
        } else if (lock->start < start) {
            lock->end = start;
        } else if (end < lock->end) {
            lock->start = end;
        } else {
            drop(lock);
        }
    }
}

static void join_neighbours(struct locks *locks, struct lock *added)
{
    struct lock *lock, *after;
    LOS_LIST_FOR_SAFE(lock, after, &locks->list, link)
    {
        if (lock == added || lock->whole || lock->owner != added->owner || lock->exclusive != added->exclusive)
            continue;
        if (lock->end == added->start)
            added->start = lock->start;
        else if (lock->start == added->end)
            added->end = lock->end;
        else
            continue;
        drop(lock);
    }
}

static long wait_for(struct los_file *file, struct locks *locks, const void *owner, bool whole,
                     const struct los_lock_range *range)
{
    struct lock *other;
    while ((other = find_conflict(locks, owner, whole, range))) {
        struct blocked blocked = {.owner = owner, .by = other->owner};
        if (!whole && would_deadlock(owner, other->owner))
            return -LOS_E_DEADLK;
        los_list_add_last(&all_blocked, &blocked.link);
        locks->waiting++;
        los_file_ref(file);
        int woken = los_wait(&locks->waiters, LOS_FOREVER, true);
        los_list_remove(&blocked.link);
        locks->waiting--;
        bool closed = file->refs == 1;
        if (closed)
            free_if_unused(file->inode);
        los_file_unref(file);
        if (woken || closed)
            return woken ? woken : -LOS_E_BADF;
    }
    return 0;
}

long los_file_lock(struct los_file *file, bool whole, struct los_lock_range *range, bool wait)
{
    const void *owner = whole ? (const void *)file : los_current()->process->descriptors;
    struct los_lock_range all = {.exclusive = range->exclusive,
                                 .unlock = range->unlock,
                                 .start = 0,
                                 .end = UINT64_MAX,
                                 .pid = range->pid};
    if (whole)
        range = &all;
    else if (range->start >= range->end)
        return -LOS_E_INVAL;
    if (file->flags & LOS_OPEN_PATH)
        return -LOS_E_BADF;
    if (!whole && !range->unlock && !(file->flags & (range->exclusive ? LOS_OPEN_WRITE : LOS_OPEN_READ)))
        return -LOS_E_BADF;
    if (range->unlock && !file->inode->locks)
        return 0;
    struct locks *locks = locks_of(file->inode);
    struct lock *added = los_alloc(sizeof(*added)), *spare = los_alloc(sizeof(*spare));
    long error = locks && added && spare ? 0 : -LOS_E_NOMEM;
    if (!error && whole &&
        !range->unlock) { /* a lock is not changed in place: given up first, like any other */
        carve(locks, owner, whole, 0, UINT64_MAX, &spare);
        los_wake(&locks->waiters, UINT32_MAX);
    }
    if (!error && !range->unlock) {
        if (wait)
            error = wait_for(file, locks, owner, whole, range);
        else if (find_conflict(locks, owner, whole, range))
            error = -LOS_E_AGAIN;
        if (error == -LOS_E_BADF) { /* closed while it waited: nothing of the file may be touched */
            los_free(added);
            los_free(spare);
            return error;
        }
    }
    if (!error) {
        carve(locks, owner, whole, range->start, range->end, &spare);
        if (!range->unlock) {
            *added = (struct lock){.owner = owner,
                                   .whole = whole,
                                   .exclusive = range->exclusive,
                                   .start = range->start,
                                   .end = range->end,
                                   .pid = range->pid};
            los_list_add_last(&locks->list, &added->link);
            if (!whole)
                join_neighbours(locks, added);
            added = NULL;
        }
        los_wake(&locks->waiters, UINT32_MAX);
    }
    los_free(added);
    los_free(spare);
    free_if_unused(file->inode);
    return error;
}

long los_file_test_lock(struct los_file *file, struct los_lock_range *range)
{
    struct locks *locks = file->inode->locks;
    struct lock *other = locks ? find_conflict(locks, los_current()->process->descriptors, false, range) : NULL;
    if (!other) {
        range->unlock = true;
        return 0;
    }
    *range = (struct los_lock_range){
        .exclusive = other->exclusive, .start = other->start, .end = other->end, .pid = other->pid};
    return 0;
}

static void drop_owned(struct los_inode *inode, const void *owner, bool whole)
{
    struct locks *locks = inode->locks;
    struct lock *lock, *after;
    bool any = false;
    if (!locks)
        return;
    LOS_LIST_FOR_SAFE(lock, after, &locks->list, link)
    if (lock->owner == owner && lock->whole == whole) {
        drop(lock);
        any = true;
    }
    if (any)
        los_wake(&locks->waiters, UINT32_MAX);
    free_if_unused(inode);
}

void los_locks_close_file(struct los_file *file) { drop_owned(file->inode, file, true); }

void los_locks_close_descriptor(struct los_descriptors *owner, struct los_inode *inode)
{
    drop_owned(inode, owner, false);
}

void los_locks_release(struct los_inode *inode)
{
    struct locks *locks = inode->locks;
    struct lock *lock, *after;
    if (!locks)
        return;
    LOS_LIST_FOR_SAFE(lock, after, &locks->list, link)
    drop(lock);
    free_if_unused(inode);
}
