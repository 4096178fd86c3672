/* SPDX-License-Identifier: MPL-2.0 */
/* What the library OS tells the sanitized image's run time (test/sanitizer). In every other build all of it is nothing. */
#ifndef LOS_SANITIZE_H
#define LOS_SANITIZE_H

#include <los/base.h>

#ifdef LOS_SANITIZED

#define LOS_UNCHECKED   __attribute__((no_sanitize_address)) /* a function that may read anything */
#define LOS_RED_ZONE    32 /* bytes that nobody may touch behind each small object */
#define LOS_STACK_EXTRA 2  /* stacks are larger by this order, as frames are */

void los_sanitize_pages(void *pages, size_t bytes, bool usable); /* of the direct map: handed out, or free */
void los_sanitize_slab(void *page);                              /* all of it is free objects */
void los_sanitize_object(void *object, size_t bytes,
                         size_t room); /* handed out; nothing of room behind bytes */
/* Freed: nobody may touch it. Returns what to give back now: what was freed some time ago, or NULL. */
void *los_sanitize_free_by(void *object, size_t room, void *by);
#define los_sanitize_free(object, room) los_sanitize_free_by(object, room, __builtin_return_address(0))
bool los_sanitize_free_pages(uint32_t *first, unsigned *order); /* the same for pages; false: nothing yet */
bool los_sanitize_give_back(void); /* memory is short: all that was kept so goes back. False: nothing was */

/* Pages of small objects, when all that was kept has gone back. They do not fill evenly, so who counts pages for tests leaves these out. */
uint64_t los_sanitize_slabs(void);

/* Locks: about to be taken, about to be let go, and the way out to a program, where none may be held. */
void los_sanitize_lock(const void *lock, const char *name);
void los_sanitize_unlock(const void *lock);
void los_sanitize_leave(void);

#else

#define LOS_UNCHECKED
#define LOS_RED_ZONE                             0
#define LOS_STACK_EXTRA                          0
#define los_sanitize_pages(pages, bytes, usable) ((void)0)
#define los_sanitize_slab(page)                  ((void)0)
#define los_sanitize_object(object, bytes, room) ((void)0)
#define los_sanitize_free_pages(first, order)    true
#define los_sanitize_give_back()                 false
#define los_sanitize_slabs()                     0
#define los_sanitize_lock(lock, name)            ((void)0)
#define los_sanitize_unlock(lock)                ((void)0)
#define los_sanitize_leave()                     ((void)0)
static inline void *los_sanitize_free(void *object, size_t room)
{
    (void)room;
    return object;
}

#endif
#endif
