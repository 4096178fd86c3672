/* SPDX-License-Identifier: MPL-2.0 */
/* poll: one thread enlists in the wait queues of many files, looks at all of them once more, and sleeps. */
#include "internal.h"

#define WAITERS_CHUNK 32
struct los_poll_chunk {
    struct los_poll_chunk *next;
    struct los_waiter waiter[WAITERS_CHUNK];
};

void los_poll_begin(struct los_poll_table *table)
{
    table->used = 0;
    table->failed = false;
    table->listeners = NULL;
    table->activity = 0;
    table->chunks = NULL;
}

/* Listens to a queue unless one of them does. */
static void listen(struct los_watch_listeners *all, struct los_wait_queue *queue)
{
    struct los_listener *free = NULL;
    for (unsigned i = 0; i < LOS_WATCH_QUEUES; i++) {
        if (all->listener[i].queue == queue)
            return;
        if (!all->listener[i].queue)
            free = &all->listener[i];
    }
    if (!free) { /* left over from queues that the file has no more */
        free = &all->listener[0];
        los_listen_no_more(free);
    }
    los_listen(queue, free);
}

void los_poll_wait(struct los_poll_table *table, struct los_wait_queue *queue)
{
    struct los_waiter *waiter;
    if (!table)
        return;
    table->activity += queue->wakes;
    if (table->listeners)
        listen(table->listeners, queue);
    if (table->listeners || table->failed)
        return;
    if (!table->chunks && table->used < POLL_WAITERS_FIRST) {
        waiter = &table->first[table->used++];
    } else {
        if (!table->chunks || table->used == WAITERS_CHUNK) {
            struct los_poll_chunk *chunk = los_alloc(sizeof(*chunk));
            if (!chunk) {
                table->failed = true;
                return;
            }
            chunk->next = table->chunks;
            table->chunks = chunk;
            table->used = 0;
        }
        waiter = &table->chunks->waiter[table->used++];
    }
    los_enlist(queue, waiter);
}

void los_poll_end(struct los_poll_table *table)
{
    unsigned in_first = table->chunks ? POLL_WAITERS_FIRST : table->used;
    while (table->chunks) {
        struct los_poll_chunk *chunk = table->chunks;
        for (unsigned i = 0; i < table->used; i++)
            los_delist(&chunk->waiter[i]);
        table->chunks = chunk->next;
        table->used = WAITERS_CHUNK;
        los_free(chunk);
    }
    for (unsigned i = 0; i < in_first; i++)
        los_delist(&table->first[i]);
    table->used = 0;
}

uint32_t los_file_poll(struct los_file *file, struct los_poll_table *table)
{
    return file->ops->poll ? file->ops->poll(file, table) : LOS_POLL_IN | LOS_POLL_OUT;
}

static long look(struct los_poll_item *items, size_t n, struct los_poll_table *table)
{
    long ready = 0;
    for (size_t i = 0; i < n; i++) {
        struct los_poll_item *item = &items[i];
        item->got = 0;
        if (!item->file)
            continue;
        item->got =
            los_file_poll(item->file, ready ? NULL : table) & (item->wanted | LOS_POLL_ERROR | LOS_POLL_HANGUP);
        ready += item->got != 0;
    }
    return ready;
}

long los_poll(struct los_poll_item *items, size_t n, uint64_t deadline_ns)
{
    struct los_poll_table table;
    long ready = look(items, n, NULL);
    if (ready || deadline_ns == 0)
        return ready;
    for (size_t i = 0; i < n; i++) /* another thread may close them meanwhile */
        if (items[i].file)
            los_file_ref(items[i].file);
    for (;;) {
        los_poll_begin(&table);
        ready = look(items, n, &table);
        int woken = 0;
        if (table.failed)
            ready = -LOS_E_NOMEM;
        else if (!ready)
            woken = los_wait_enlisted(deadline_ns, true);
        los_poll_end(&table);
        if (ready)
            break;
        if (woken) {
            ready = look(items, n, NULL);
            if (!ready && woken != -LOS_E_TIMEDOUT)
                ready = -LOS_E_INTR;
            break;
        }
    }
    for (size_t i = 0; i < n; i++)
        if (items[i].file)
            los_file_unref(items[i].file);
    return ready;
}
