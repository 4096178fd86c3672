/* SPDX-License-Identifier: MPL-2.0 */
/* poll, ppoll, select, pselect6: all on los_poll. */
#include "at.h"

#define SET_BYTES_MAX (65536 / 8)

/* Holds the files while the call sleeps, whatever other threads close meanwhile. */
static void hold(struct los_poll_item *item, int fd)
{
    item->file = fd < 0 ? NULL : los_descriptor(fd);
    if (item->file && item->file->flags & LOS_OPEN_PATH)
        item->file = NULL;
    if (item->file)
        los_file_ref(item->file);
}
static void let_go(struct los_poll_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (items[i].file)
            los_file_unref(items[i].file);
}

static long poll(uint64_t user, uint32_t n, uint64_t deadline)
{
    if (n > los_current()->process->limits[LOS_LIMIT_DESCRIPTORS].soft)
        return -LOS_E_INVAL;
    struct lx_pollfd *given = los_alloc(n ? n * sizeof *given : 1);
    struct los_poll_item *items = los_alloc_zeroed(n ? n * sizeof *items : 1);
    long ready = -LOS_E_NOMEM, bad = 0;
    if (!given || !items)
        goto out;
    ready = -LOS_E_FAULT;
    if (los_copy_in(given, user, n * sizeof *given))
        goto out;
    for (uint32_t i = 0; i < n; i++) {
        hold(&items[i], given[i].fd);
        items[i].wanted = lx_poll_in((uint16_t)given[i].events);
        given[i].revents = given[i].fd >= 0 && !items[i].file ? LX_POLLNVAL : 0;
        bad += given[i].revents != 0;
    }
    ready = los_poll(items, n, bad ? 0 : deadline);
    if (ready >= 0) {
        for (uint32_t i = 0; i < n; i++)
            if (items[i].file) {
                uint32_t got = lx_poll_out(items[i].got), events = (uint16_t)given[i].events;
                given[i].revents = (int16_t)(got & (events | LX_POLLERR | LX_POLLHUP));
            }
        ready += bad;
        for (uint32_t i = 0; i < n && ready >= 0; i++) {
            uint64_t at = user + i * sizeof *given + offsetof(struct lx_pollfd, revents);
            if (los_copy_out(at, &given[i].revents, sizeof given[i].revents))
                ready = -LOS_E_FAULT;
        }
    }
    let_go(items, n);
out:
    los_free(given);
    los_free(items);
    return ready;
}

long lx_sys_poll(const struct lx_args *args)
{
    int milliseconds = (int)args->arg[2];
    return poll(args->arg[0], (uint32_t)args->arg[1],
                milliseconds < 0 ? LOS_FOREVER : lx_deadline((uint64_t)milliseconds * 1000000));
}

/* Puts the caller's mask in place for the call; undone unless a signal is to be delivered under it. */
static long begin_mask(uint64_t user, uint64_t size)
{
    los_signal_set mask;
    if (!user)
        return 0;
    long error = lx_sigset_in(user, size, &mask);
    if (!error)
        los_set_temporary_mask(mask);
    return error;
}
static void end_mask(uint64_t user, long result)
{
    if (user && result != -LOS_E_INTR && result != -LOS_E_RESTART && result != -LOS_E_RESTART_NOHAND)
        los_restore_mask();
}

static uint64_t time_left(uint64_t deadline)
{
    uint64_t now = los_now();
    return deadline > now ? deadline - now : 0;
}

long lx_sys_ppoll(const struct lx_args *args)
{
    uint64_t deadline;
    long error = lx_deadline_in(args->arg[2], &deadline);
    if (!error)
        error = begin_mask(args->arg[3], args->arg[4]);
    if (error)
        return error;
    long ready = poll(args->arg[0], (uint32_t)args->arg[1], deadline);
    end_mask(args->arg[3], ready);
    if (args->arg[2])
        lx_timespec_out(args->arg[2], time_left(deadline)); /* as Linux does: read-only memory is no error */
    return ready;
}

/* --- select: three bit sets */
struct sets {
    uint32_t n;   /* descriptors looked at */
    size_t bytes; /* of one set */
    uint64_t user[3];
    uint64_t *in, *out; /* three sets each, one behind the other */
};
static const uint32_t wanted_of[3] = {LOS_POLL_IN, LOS_POLL_OUT, LOS_POLL_PRIORITY};
/* What counts as readable, writable, exceptional. */
static const uint32_t ready_of[3] = {LOS_POLL_IN | LOS_POLL_HANGUP | LOS_POLL_ERROR,
                                     LOS_POLL_OUT | LOS_POLL_ERROR, LOS_POLL_PRIORITY};

static bool bit(const uint64_t *set, uint32_t i) { return set[i / 64] >> (i % 64) & 1; }

static long select_on(struct sets *sets, struct los_poll_item *items, uint64_t deadline)
{
    size_t words = sets->bytes / 8;
    for (uint32_t fd = 0; fd < sets->n; fd++) {
        for (int kind = 0; kind < 3; kind++)
            if (bit(sets->in + kind * words, fd))
                items[fd].wanted |= wanted_of[kind];
        if (!items[fd].wanted)
            continue;
        hold(&items[fd], (int)fd);
        if (!items[fd].file)
            return -LOS_E_BADF;
    }
    long ready = los_poll(items, sets->n, deadline);
    if (ready < 0)
        return ready;
    ready = 0;
    for (uint32_t fd = 0; fd < sets->n; fd++)
        for (int kind = 0; kind < 3; kind++)
            if (items[fd].file && bit(sets->in + kind * words, fd) && items[fd].got & ready_of[kind]) {
                sets->out[kind * words + fd / 64] |= 1ull << (fd % 64);
                ready++;
            }
    return ready;
}

static long do_select(int n, const uint64_t user[3], uint64_t deadline)
{
    struct sets sets = {.user = {user[0], user[1], user[2]}};
    if (n < 0)
        return -LOS_E_INVAL;
    sets.n = (uint32_t)n < SET_BYTES_MAX * 8 ? (uint32_t)n : SET_BYTES_MAX * 8;
    sets.bytes = LOS_ROUND_UP((size_t)sets.n, 64) / 8;
    sets.in = los_alloc_zeroed(sets.bytes * 6 + 8);
    struct los_poll_item *items = los_alloc_zeroed(sets.n ? sets.n * sizeof *items : 1);
    long ready = -LOS_E_NOMEM;
    if (sets.in && items) {
        sets.out = sets.in + 3 * (sets.bytes / 8);
        ready = 0;
        for (int kind = 0; kind < 3 && !ready; kind++)
            if (user[kind] && los_copy_in((char *)sets.in + kind * sets.bytes, user[kind], sets.bytes))
                ready = -LOS_E_FAULT;
        if (!ready)
            ready = select_on(&sets, items, deadline);
        for (int kind = 0; kind < 3 && ready >= 0; kind++)
            if (user[kind] && los_copy_out(user[kind], (char *)sets.out + kind * sets.bytes, sets.bytes))
                ready = -LOS_E_FAULT;
        let_go(items, sets.n);
    }
    los_free(sets.in);
    los_free(items);
    return ready;
}

long lx_sys_select(const struct lx_args *args)
{
    uint64_t deadline = LOS_FOREVER, ns;
    if (args->arg[4]) {
        struct lx_timeval given;
        if (los_copy_in(&given, args->arg[4], sizeof given))
            return -LOS_E_FAULT;
        if (given.tv_sec < 0 || given.tv_usec < 0)
            return -LOS_E_INVAL;
        ns = (uint64_t)(given.tv_sec < 1ll << 33 ? given.tv_sec : 1ll << 33) * 1000000000;
        deadline = lx_deadline(ns + (uint64_t)given.tv_usec % 1000000000000 * 1000);
    }
    long ready = do_select((int)args->arg[0], &args->arg[1], deadline);
    if (args->arg[4])
        lx_timeval_out(args->arg[4], time_left(deadline));
    return ready;
}

long lx_sys_pselect6(const struct lx_args *args)
{
    uint64_t deadline, mask[2] = {0};
    long error = lx_deadline_in(args->arg[4], &deadline);
    if (error)
        return error;
    if (args->arg[5] && los_copy_in(mask, args->arg[5], sizeof mask))
        return -LOS_E_FAULT;
    error = begin_mask(mask[0], mask[1]);
    if (error)
        return error;
    long ready = do_select((int)args->arg[0], &args->arg[1], deadline);
    end_mask(mask[0], ready);
    if (args->arg[4])
        lx_timespec_out(args->arg[4], time_left(deadline));
    return ready;
}
