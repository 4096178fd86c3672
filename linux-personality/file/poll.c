/* SPDX-License-Identifier: MPL-2.0 */
/* poll, ppoll, select, pselect6: all on los_poll. */
#include "at.h"

#define SET_BYTES_MAX (65536 / 8)
#define POLL_FEW      8u /* on the stack */

/* Not held: los_poll holds what it sleeps for. Afterwards nobody looks at the file. */
static struct los_file *file_of(struct los_process *process, int fd)
{
    struct los_file *file = los_descriptor_of(process, fd);
    return file && !(file->flags & LOS_OPEN_PATH) ? file : NULL;
}

static int tell(uint64_t user, int16_t revents)
{
    return los_copy_out(user + offsetof(struct lx_pollfd, revents), &revents, sizeof revents);
}

static long poll_on(uint64_t user, uint32_t n, uint64_t deadline, const struct lx_pollfd *given,
                    struct los_poll_item *items)
{
    struct los_process *process = los_current()->process;
    uint32_t wanted = 0;
    int16_t events = 0;
    long bad = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (given[i].events != events) /* mostly all want the same */
            wanted = lx_poll_in((uint16_t)(events = given[i].events));
        items[i].file = file_of(process, given[i].fd);
        items[i].wanted = wanted;
        bad += given[i].fd >= 0 && !items[i].file;
    }
    long ready = los_poll(items, n, bad ? 0 : deadline);
    if (ready < 0)
        return ready;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t revents = 0;
        if (items[i].file)
            revents = items[i].got
                          ? lx_poll_out(items[i].got) & ((uint16_t)given[i].events | LX_POLLERR | LX_POLLHUP)
                          : 0;
        else if (given[i].fd >= 0)
            revents = LX_POLLNVAL;
        if ((int16_t)revents != given[i].revents && tell(user + i * sizeof *given, (int16_t)revents))
            return -LOS_E_FAULT;
    }
    return ready + bad;
}

static long poll(uint64_t user, uint32_t n, uint64_t deadline)
{
    if (n > los_current()->process->limits[LOS_LIMIT_DESCRIPTORS].soft)
        return -LOS_E_INVAL;
    struct los_poll_item few[POLL_FEW], *items = few;
    struct lx_pollfd few_given[POLL_FEW], *given = few_given;
    if (n > POLL_FEW) {
        items = los_alloc(n * (sizeof *items + sizeof *given));
        if (!items)
            return -LOS_E_NOMEM;
        given = (struct lx_pollfd *)(items + n);
    }
    long ready =
        los_copy_in(given, user, n * sizeof *given) ? -LOS_E_FAULT : poll_on(user, n, deadline, given, items);
    if (items != few)
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
    size_t words; /* of one set */
    uint64_t *in; /* three, one behind the other; behind them what is ready */
};
static const uint32_t wanted_of[3] = {LOS_POLL_IN, LOS_POLL_OUT, LOS_POLL_PRIORITY};
/* What counts as readable, writable, exceptional. */
static const uint32_t ready_of[3] = {LOS_POLL_IN | LOS_POLL_HANGUP | LOS_POLL_ERROR,
                                     LOS_POLL_OUT | LOS_POLL_ERROR, LOS_POLL_PRIORITY};

static uint64_t any_of(const struct sets *sets, size_t word)
{
    return sets->in[word] | sets->in[sets->words + word] | sets->in[2 * sets->words + word];
}

/* How many descriptors are asked about. */
static size_t count(const struct sets *sets)
{
    size_t n = 0;
    for (size_t word = 0; word < sets->words; word++)
        for (uint64_t any = any_of(sets, word); any; any &= any - 1)
            n++;
    return n;
}

/* In the order of descriptors. 0 or BADF. */
static int items_of(const struct sets *sets, struct los_poll_item *items)
{
    struct los_process *process = los_current()->process;
    for (size_t word = 0; word < sets->words; word++)
        for (uint64_t any = any_of(sets, word); any; any &= any - 1) {
            unsigned bit = (unsigned)__builtin_ctzll(any);
            *items = (struct los_poll_item){.file = file_of(process, (int)(word * 64 + bit))};
            if (!items->file)
                return -LOS_E_BADF;
            for (unsigned kind = 0; kind < 3; kind++)
                if (sets->in[kind * sets->words + word] >> bit & 1)
                    items->wanted |= wanted_of[kind];
            items++;
        }
    return 0;
}

/* Sets the bits of what is ready, and counts them. */
static long tell_sets(struct sets *sets, const struct los_poll_item *item)
{
    long ready = 0;
    for (size_t word = 0; word < sets->words; word++)
        for (uint64_t any = any_of(sets, word); any; any &= any - 1, item++)
            for (unsigned kind = 0; item->got && kind < 3; kind++) {
                uint64_t bit = sets->in[kind * sets->words + word] & (any & -any);
                if (!bit || !(item->got & ready_of[kind]))
                    continue;
                sets->in[(3 + kind) * sets->words + word] |= bit;
                ready++;
            }
    return ready;
}

static long select_on(struct sets *sets, uint64_t deadline)
{
    size_t n = count(sets);
    struct los_poll_item few[POLL_FEW], *items = n <= POLL_FEW ? few : los_alloc(n * sizeof *items);
    if (!items)
        return -LOS_E_NOMEM;
    long ready = items_of(sets, items);
    if (!ready)
        ready = los_poll(items, n, deadline);
    if (ready >= 0)
        ready = tell_sets(sets, items);
    if (items != few)
        los_free(items);
    return ready;
}

static long do_select(int n, const uint64_t user[3], uint64_t deadline)
{
    uint64_t few[6 * 2];
    if (n < 0)
        return -LOS_E_INVAL;
    size_t bits = (size_t)n < SET_BYTES_MAX * 8 ? (size_t)n : SET_BYTES_MAX * 8;
    struct sets sets = {.words = LOS_ROUND_UP(bits, 64) / 64, .in = few};
    size_t bytes = sets.words * 8;
    if (bytes * 6 > sizeof few && !(sets.in = los_alloc(bytes * 6)))
        return -LOS_E_NOMEM;
    memset(sets.in, 0, bytes * 6);
    long ready = 0;
    for (unsigned kind = 0; kind < 3 && !ready; kind++)
        if (user[kind] && los_copy_in(sets.in + kind * sets.words, user[kind], bytes))
            ready = -LOS_E_FAULT;
    if (bits % 64) /* what lies beyond n does not count */
        for (unsigned kind = 0; kind < 3; kind++)
            sets.in[(kind + 1) * sets.words - 1] &= (1ull << bits % 64) - 1;
    if (!ready)
        ready = select_on(&sets, deadline);
    for (unsigned kind = 0; kind < 3 && ready >= 0; kind++)
        if (user[kind] && los_copy_out(user[kind], sets.in + (3 + kind) * sets.words, bytes))
            ready = -LOS_E_FAULT;
    if (sets.in != few)
        los_free(sets.in);
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
