/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Sets of pending signals. A common signal is pending once, however often it was sent; from LOS_SIG_REALTIME on each one queues, in order,
 * up to the limit of the receiver. The set says what is pending; an entry in the queue tells more about it.
 */
#include "internal.h"

struct entry {
    struct los_link link;
    struct los_signal_info info;
};

void los_pending_init(struct los_pending *pending)
{
    pending->set = 0;
    los_list_init(&pending->queue);
}

int los_pending_add(struct los_process *process, struct los_pending *pending,
                    const struct los_signal_info *info)
{
    los_signal_set bit = LOS_SIGNAL_BIT(info->number);
    bool queues = info->number >= LOS_SIG_REALTIME;
    if (!queues && pending->set & bit)
        return 0;
    bool room = process->queued_signals < process->limits[LOS_LIMIT_SIGNALS].soft;
    struct entry *entry = !queues || room ? los_alloc(sizeof *entry) : NULL;
    if (!entry && queues)
        return -LOS_E_AGAIN;
    pending->set |= bit;
    if (entry) {
        entry->info = *info;
        los_list_add_last(&pending->queue, &entry->link);
        process->queued_signals++;
    }
    return 0;
}

static void remove_entry(struct los_process *process, struct entry *entry)
{
    los_list_remove(&entry->link);
    los_free(entry);
    process->queued_signals--;
}

void los_pending_clear(struct los_process *process, struct los_pending *pending, los_signal_set which)
{
    struct entry *entry, *after;
    if (!(pending->set & which))
        return;
    pending->set &= ~which;
    LOS_LIST_FOR_SAFE(entry, after, &pending->queue, link)
    if (which & LOS_SIGNAL_BIT(entry->info.number))
        remove_entry(process, entry);
}

/* Faults first, then the lowest number (POSIX.1-2017, 2.4.1, asks for it among real-time signals). */
static int first_of(los_signal_set set)
{
    los_signal_set urgent = set & (SIGNALS_SYNCHRONOUS | LOS_SIGNAL_BIT(LOS_SIG_KILL));
    return __builtin_ctzll(urgent ? urgent : set) + 1;
}

int los_pending_take(struct los_process *process, struct los_pending *pending, los_signal_set which,
                     struct los_signal_info *info)
{
    struct entry *entry, *after;
    bool found = false, more = false;
    if (!(pending->set & which))
        return 0;
    int number = first_of(pending->set & which);
    *info = (struct los_signal_info){.number = number, .cause = LOS_CAUSE_USER};
    LOS_LIST_FOR_SAFE(entry, after, &pending->queue, link)
    {
        if (entry->info.number != number)
            continue;
        more = found;
        if (found)
            break;
        found = true;
        *info = entry->info;
        remove_entry(process, entry);
    }
    if (!more)
        pending->set &= ~LOS_SIGNAL_BIT(number);
    return number;
}
