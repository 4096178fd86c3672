/* SPDX-License-Identifier: MPL-2.0 */
/* Files that stand for events: counters, timers, and sets of files that are waited for together. All under the container lock. */
#ifndef LOS_EVENTS_H
#define LOS_EVENTS_H

#include <los/file.h>

/* A counter: a read takes it whole (semaphore: 1) and waits while it is 0; a write of eight bytes adds, and waits rather than overflow. */
long los_event_create(uint64_t initial, bool semaphore, uint32_t flags, struct los_file **out);

/* A timer: reads give how often it went off since the last read. */
struct los_timer_setting {
    uint64_t value_ns;    /* until it goes off; 0: not set. Setting with absolute: the time itself */
    uint64_t interval_ns; /* then again and again; 0: once */
};
long los_timer_file_create(bool wall, uint32_t flags,
                           struct los_file **out); /* wall: absolute times are since 1970, else since boot */
long los_timer_file_set(struct los_file *file, bool absolute, const struct los_timer_setting *set,
                        struct los_timer_setting *old); /* old may be NULL */
long los_timer_file_get(struct los_file *file, struct los_timer_setting *out);

/* Sets of watched files. A file leaves the sets when its last reference goes. */
enum los_watch_flag { LOS_WATCH_EDGE = 1, LOS_WATCH_ONCE = 2 };
struct los_watch {
    uint32_t wanted; /* enum los_poll; ERROR and HANGUP always count */
    uint32_t flags;  /* enum los_watch_flag */
    uint64_t data;   /* given back with each event */
};
struct los_watch_event {
    uint32_t got;
    uint64_t data;
};
long los_watch_set_create(uint32_t flags, struct los_file **out);
/* EXIST, NOENT, PERM (a file that is always ready), INVAL (itself, or no set), LOOP (sets that watch each other). fd tells apart descriptors of one file. */
long los_watch_add(struct los_file *set, int fd, struct los_file *file, const struct los_watch *watch);
long los_watch_change(struct los_file *set, int fd, struct los_file *file, const struct los_watch *watch);
long los_watch_remove(struct los_file *set, int fd, struct los_file *file);
/* Waits for events: how many were filled in, 0 at the deadline, INTR, NOMEM. */
long los_watch_wait(struct los_file *set, struct los_watch_event *events, size_t most, uint64_t deadline_ns);

#endif
