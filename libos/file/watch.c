/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Sets of watched files (events.h). A watch listens to the queues of its file; what was woken, or is new, is a candidate, and only candidates are
 * asked whether they are ready. One that is ready stays a candidate, unless it waits for edges; one that is not listens again. So a
 * wait costs by what happened, not by how many files are watched.
 *
 * A watched file is not held by the set: when it is closed its watches go.
 *
 * Edges: what was reported is reported again only after a queue of the file was woken, or when more of what is wanted is so.
 */
#include "internal.h"
#include <los/events.h>

#define NESTING_MOST 5

struct watch {
    struct los_watch_listeners listeners;
    struct los_link in_set, in_file; /* in_file: file->watches */
    struct los_link candidate;       /* of the set; empty: it is none */
    struct los_file *file;           /* not referenced: los_watches_drop takes it out */
    struct los_file *set;
    int fd;
    struct los_watch want;
    bool off; /* ONCE, and reported */
    uint32_t reported;
    uint64_t activity; /* when it was reported */
};
struct set {
    struct los_link watches, candidates;
    struct los_wait_queue changed; /* a watch came or was changed */
};
static const struct los_file_ops set_ops;

static struct watch *find(struct los_file *set, int fd, const struct los_file *file)
{
    struct watch *watch;
    LOS_LIST_FOR(watch, &((struct set *)set->private)->watches, in_set)
    if (watch->fd == fd && watch->file == file)
        return watch;
    return NULL;
}

static void be_no_candidate(struct watch *watch) { los_list_remove(&watch->candidate); }

static void be_candidate(struct watch *watch)
{
    struct set *set = watch->set->private;
    if (los_list_empty(&watch->candidate))
        los_list_add_last(&set->candidates, &watch->candidate);
    los_wake(&set->changed, UINT32_MAX);
}

static void fired(struct los_listener *listener) { be_candidate(listener->owner); }

static void listen_no_more(struct watch *watch)
{
    for (unsigned i = 0; i < LOS_WATCH_QUEUES; i++)
        los_listen_no_more(&watch->listeners.listener[i]);
}

static void drop(struct watch *watch)
{
    listen_no_more(watch);
    be_no_candidate(watch);
    los_list_remove(&watch->in_set);
    los_list_remove(&watch->in_file);
    los_free(watch);
}

void los_watches_drop(struct los_file *file)
{
    struct watch *watch, *after;
    LOS_LIST_FOR_SAFE(watch, after, &file->watches, in_file)
    drop(watch);
}

/* What is to be reported of one watch now, which listens from here on; *activity is how busy its file was until now. */
static uint32_t look(struct watch *watch, uint64_t *activity)
{
    struct los_poll_table table = {.listeners = &watch->listeners};
    if (watch->off)
        return 0;
    uint32_t got = los_file_poll(watch->file, &table) & (watch->want.wanted | LOS_POLL_ERROR | LOS_POLL_HANGUP);
    *activity = table.activity;
    if (!(watch->want.flags & LOS_WATCH_EDGE))
        return got;
    watch->reported &= got;
    return (got & ~watch->reported) || *activity != watch->activity ? got : 0;
}

static void mark_reported(struct watch *watch, uint32_t got, uint64_t activity)
{
    watch->reported = got;
    watch->activity = activity;
    if (watch->want.flags & LOS_WATCH_ONCE)
        watch->off = true;
    if (watch->want.flags & (LOS_WATCH_ONCE | LOS_WATCH_EDGE))
        be_no_candidate(watch);
}

/* --- as a file ---------------------------------------------------------------------------------------------------------- */

static uint32_t set_poll(struct los_file *file, struct los_poll_table *table)
{
    struct set *set = file->private;
    struct watch *watch, *after;
    uint64_t activity;
    los_poll_wait(table, &set->changed);
    LOS_LIST_FOR_SAFE(watch, after, &set->candidates, candidate)
    {
        if (look(watch, &activity))
            return LOS_POLL_IN;
        be_no_candidate(watch);
    }
    return 0;
}

static void set_close(struct los_file *file)
{
    struct set *set = file->private;
    struct watch *watch, *after;
    LOS_LIST_FOR_SAFE(watch, after, &set->watches, in_set)
    drop(watch);
    los_free(set);
}

static const struct los_file_ops set_ops = {.poll = set_poll, .close = set_close};

long los_watch_set_create(uint32_t flags, struct los_file **out)
{
    struct set *set = los_alloc(sizeof(*set));
    struct los_inode *inode = set ? los_inode_anonymous(LOS_ANONFS, LOS_REGULAR, 0600) : NULL;
    struct los_file *file =
        inode ? los_file_new(inode, &set_ops, (flags & LOS_OPEN_NONBLOCK) | LOS_OPEN_READ) : NULL;
    if (!file) {
        if (inode)
            los_inode_unref(inode);
        los_free(set);
        return -LOS_E_NOMEM;
    }
    los_list_init(&set->watches);
    los_list_init(&set->candidates);
    los_wait_queue_init(&set->changed);
    inode->private = "[eventpoll]";
    file->private = set;
    *out = file;
    return 0;
}

/* --- changes -------------------------------------------------------------------------------------------------------------- */

/* Does `from` reach `to`, or lie too deep? */
static bool reaches(const struct los_file *from, const struct los_file *to, unsigned depth)
{
    const struct watch *watch;
    if (from == to || depth > NESTING_MOST)
        return true;
    if (from->ops != &set_ops)
        return false;
    LOS_LIST_FOR(watch, &((const struct set *)from->private)->watches, in_set)
    if (reaches(watch->file, to, depth + 1))
        return true;
    return false;
}

static long check(struct los_file *set, struct los_file *file)
{
    if (set->ops != &set_ops || set == file)
        return -LOS_E_INVAL;
    return file->ops->poll ? 0 : -LOS_E_PERM;
}

long los_watch_add(struct los_file *set, int fd, struct los_file *file, const struct los_watch *want)
{
    long error = check(set, file);
    if (error)
        return error;
    if (find(set, fd, file))
        return -LOS_E_EXIST;
    if (file->ops == &set_ops && reaches(file, set, 0))
        return -LOS_E_LOOP;
    struct watch *watch = los_alloc_zeroed(sizeof(*watch));
    if (!watch)
        return -LOS_E_NOMEM;
    watch->file = file;
    watch->set = set;
    watch->fd = fd;
    watch->want = *want;
    los_list_add_last(&((struct set *)set->private)->watches, &watch->in_set);
    los_list_add_last(&file->watches, &watch->in_file);
    los_list_init(&watch->candidate);
    for (unsigned i = 0; i < LOS_WATCH_QUEUES; i++)
        watch->listeners.listener[i] = (struct los_listener){.fired = fired, .owner = watch};
    be_candidate(watch);
    return 0;
}

long los_watch_change(struct los_file *set, int fd, struct los_file *file, const struct los_watch *want)
{
    long error = check(set, file);
    struct watch *watch = error ? NULL : find(set, fd, file);
    if (!watch)
        return error ? error : -LOS_E_NOENT;
    watch->want = *want;
    watch->off = false;
    watch->reported = 0;
    be_candidate(watch);
    return 0;
}

long los_watch_remove(struct los_file *set, int fd, struct los_file *file)
{
    long error = check(set, file);
    struct watch *watch = error ? NULL : find(set, fd, file);
    if (!watch)
        return error ? error : -LOS_E_NOENT;
    drop(watch);
    return 0;
}

/* --- waiting ----------------------------------------------------------------------------------------------------------------- */

/* Those that were reported go to the end, so that the others get their turn when there is no room for all. */
static long collect(struct set *set, struct los_watch_event *events, size_t most)
{
    struct watch *watch, *after;
    struct los_link reported;
    size_t n = 0;
    los_list_init(&reported);
    LOS_LIST_FOR_SAFE(watch, after, &set->candidates, candidate)
    {
        uint64_t activity;
        uint32_t got = look(watch, &activity);
        be_no_candidate(watch);
        if (!got)
            continue;
        events[n++] = (struct los_watch_event){got, watch->want.data};
        los_list_add_last(&reported, &watch->candidate);
        mark_reported(watch, got, activity);
        if (n == most)
            break;
    }
    while (!los_list_empty(&reported)) {
        struct los_link *link = reported.next;
        los_list_remove(link);
        los_list_add_last(&set->candidates, link);
    }
    return (long)n;
}

long los_watch_wait(struct los_file *file, struct los_watch_event *events, size_t most, uint64_t deadline_ns)
{
    struct set *set = file->private;
    int woken = 0;
    if (file->ops != &set_ops || !most)
        return -LOS_E_INVAL;
    long n = collect(set, events, most);
    if (n || deadline_ns == 0)
        return n;
    los_file_ref(file);
    while (!n && !woken) {
        woken = los_wait(&set->changed, deadline_ns, true);
        n = collect(set, events, most);
    }
    if (!n && woken != -LOS_E_TIMEDOUT)
        n = -LOS_E_INTR;
    los_file_unref(file);
    return n;
}
