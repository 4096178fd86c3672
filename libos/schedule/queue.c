/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The run queue: one for all vCPUs, in two halves. Threads that woke up are fresh and go first; those that used up their
 * quantum are spent. To starve neither, every few picks of the fresh ones a spent one has its turn. Round robin in each
 * half; niceness changes the length of the quantum.
 */
#include "internal.h"

uint64_t los_quantum_ns = 10000000;
#define QUANTUM_MIN_NS 1000000ul
#define QUANTUM_MAX_NS 200000000ul
#define FRESH_IN_A_ROW 6

static struct los_link fresh, spent;
uint64_t los_queue_count;
static unsigned fresh_in_a_row;

void los_queue_init(void)
{
    los_list_init(&fresh);
    los_list_init(&spent);
}

void los_queue_add(struct los_thread *thread)
{
    thread->state = LOS_THREAD_RUNNABLE;
    los_list_add_last(thread->spent ? &spent : &fresh, &thread->run);
    los_queue_count++;
}

static struct los_thread *first_for(struct los_link *half, uint32_t cpu)
{
    struct los_thread *thread;
    LOS_LIST_FOR(thread, half, run)
    if (thread->affinity >> cpu & 1)
        return thread;
    return NULL;
}

struct los_thread *los_queue_take(uint32_t cpu)
{
    if (!los_queue_count)
        return NULL;
    bool spent_first = fresh_in_a_row >= FRESH_IN_A_ROW;
    struct los_thread *thread = first_for(spent_first ? &spent : &fresh, cpu);
    if (!thread)
        thread = first_for(spent_first ? &fresh : &spent, cpu);
    if (!thread)
        return NULL;
    fresh_in_a_row = thread->spent ? 0 : fresh_in_a_row + 1;
    los_list_remove(&thread->run);
    los_queue_count--;
    return thread;
}

bool los_queue_has(uint32_t cpu)
{
    return los_queue_count && (first_for(&fresh, cpu) || first_for(&spent, cpu));
}
bool los_queue_has_fresh(uint32_t cpu) { return los_queue_count && first_for(&fresh, cpu); }
uint64_t los_runnable_count(void) { return los_queue_count; }

void los_queue_each(bool (*each)(struct los_thread *thread))
{
    struct los_thread *thread;
    LOS_LIST_FOR(thread, &fresh, run)
    if (!each(thread))
        return;
    LOS_LIST_FOR(thread, &spent, run)
    if (!each(thread))
        return;
}

/* A step of niceness is a quarter more or less time, as users of Unix expect. */
uint64_t los_quantum_of(const struct los_thread *thread)
{
    uint64_t quantum = los_quantum_ns;
    int nice = thread->process ? thread->process->nice : 0;
    for (; nice < 0; nice++)
        quantum += quantum / 4;
    for (; nice > 0; nice--)
        quantum = quantum * 4 / 5;
    return quantum < QUANTUM_MIN_NS ? QUANTUM_MIN_NS : quantum > QUANTUM_MAX_NS ? QUANTUM_MAX_NS : quantum;
}
