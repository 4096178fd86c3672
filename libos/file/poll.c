/* SPDX-License-Identifier: MPL-2.0 */
/* poll: one thread enlists in the wait queues of many files, looks at all of them once more, and sleeps. */
#include "internal.h"

#define WAITERS_FIRST 8
#define WAITERS_CHUNK 32
struct chunk {
    struct chunk *next;
    struct los_waiter waiter[WAITERS_CHUNK];
};
struct los_poll_table {
    unsigned used; /* in first, then in the newest chunk */
    bool failed;
    struct chunk *chunks;
    struct los_waiter first[WAITERS_FIRST];
};

void los_poll_wait(struct los_poll_table *table, struct los_wait_queue *queue)
{
    struct los_waiter *waiter;
    if (!table || table->failed)
        return;
    if (!table->chunks && table->used < WAITERS_FIRST) {
        waiter = &table->first[table->used++];
    } else {
        if (!table->chunks || table->used == WAITERS_CHUNK) {
            struct chunk *chunk = los_alloc(sizeof(*chunk));
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

static void drop_waiters(struct los_poll_table *table)
{
    unsigned in_first = table->chunks ? WAITERS_FIRST : table->used;
    while (table->chunks) {
        struct chunk *chunk = table->chunks;
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
        table.used = 0;
        table.failed = false;
        table.chunks = NULL;
        ready = look(items, n, &table);
        int woken = 0;
        if (table.failed)
            ready = -LOS_E_NOMEM;
        else if (!ready)
            woken = los_wait_enlisted(deadline_ns, true);
        drop_waiters(&table);
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
