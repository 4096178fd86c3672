/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Sets of semaphores, known by key or number to all processes of the container; they live until they are removed. All under the
 * container lock. Functions check the current process's permission: ACCES, or PERM where only owner and creator may.
 * An id of no set, also of one that was removed, is INVAL.
 */
#ifndef LOS_SEMAPHORE_H
#define LOS_SEMAPHORE_H

#include <los/process.h>

#define LOS_SEMAPHORE_SETS        1024u  /* at once */
#define LOS_SEMAPHORES_MAX        32000u /* in a set */
#define LOS_SEMAPHORE_VALUE_MAX   32767
#define LOS_SEMAPHORE_CHANGES_MAX 500u /* in one step */
#define LOS_SEMAPHORE_SLOT_BITS   15   /* of an id: the rest says how often the slot was used before */

enum los_semaphores_flag { LOS_SEMAPHORES_CREATE = 1, LOS_SEMAPHORES_EXCLUSIVE = 2 };
/* Finds the set with the key, or makes it, all values 0. Key 0: always a new set, which no key finds. Returns the id. INVAL: a count that no
 * set can have, or beyond that of the set found; NOENT, EXIST, ACCES, NOSPC (no slot), NOMEM. `mode` holds 9 permission bits: a new
 * set's, or those that are wanted of an old one. */
long los_semaphores_get(int key, uint32_t count, uint32_t flags, uint32_t mode);
/* Every waiter gets IDRM. */
int los_semaphores_remove(int id);

enum los_semaphore_flag { LOS_SEMAPHORE_NO_WAIT = 1, LOS_SEMAPHORE_UNDO = 2 };
struct los_semaphore_change {
    uint16_t number; /* in the set */
    int16_t change;  /* 0: wait until it is 0 */
    uint16_t flags;
};
/* All changes in order or none; waits until all are possible at once. FBIG: a number beyond the set, RANGE: a value too large, AGAIN: would
 * have to wait, with NO_WAIT at the change that cannot be; NOMEM, TIMEDOUT, RESTART, IDRM. The array must stay during the call. */
long los_semaphores_change(int id, const struct los_semaphore_change *changes, uint32_t count,
                           uint64_t deadline_ns);
void los_semaphores_process_ended(struct los_process *process); /* takes back what was to be undone */

struct los_semaphores_status {
    int id, key;
    uint32_t user, group, creator_user, creator_group, mode, count;
    uint64_t operated_s, changed_s; /* since 1970; 0: never */
};
/* `anyone`: without asking for permission. */
int los_semaphores_status(int id, bool anyone, struct los_semaphores_status *status);
int los_semaphores_set_owner(int id, uint32_t user, uint32_t group, uint32_t mode);
long los_semaphores_at(uint32_t slot); /* the id of the set there, or INVAL */
/* How many sets, semaphores in them, and the highest slot in use (0: also when none is). */
struct los_semaphores_usage {
    uint32_t sets, semaphores, highest_slot;
};
struct los_semaphores_usage los_semaphores_usage(void);

enum los_semaphore_question {
    LOS_SEMAPHORE_VALUE,
    LOS_SEMAPHORE_LAST_PROCESS, /* that changed it */
    LOS_SEMAPHORE_WAIT_MORE,    /* how many wait for it to grow */
    LOS_SEMAPHORE_WAIT_ZERO,
};
long los_semaphore_ask(int id, uint32_t number, enum los_semaphore_question question);
int los_semaphore_set(int id, uint32_t number, int value); /* forgets what was to be undone there */
/* How many the set has, if the process may read, or write, their values. */
long los_semaphores_count(int id, bool write);
/* `count` must be what los_semaphores_count just said. RANGE: nothing was set. */
int los_semaphores_values(int id, uint16_t *values, uint32_t count);
int los_semaphores_set_values(int id, const uint16_t *values, uint32_t count);

#endif
