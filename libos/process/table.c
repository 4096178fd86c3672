/* SPDX-License-Identifier: MPL-2.0 */
/* Numbers of processes and threads: two hash tables, and the list of all processes in order. */
#include "internal.h"

#define BUCKETS 256

struct los_link los_processes = {&los_processes, &los_processes};
int los_pid_max = 32768;
static struct los_link threads[BUCKETS], processes[BUCKETS];
static int last_pid;
static bool wrapped;
static uint32_t thread_total;

void los_process_table_init(void)
{
    for (unsigned i = 0; i < BUCKETS; i++) {
        los_list_init(&threads[i]);
        los_list_init(&processes[i]);
    }
    los_list_init(&los_processes);
    last_pid = 0;
    wrapped = false;
}

static struct los_link *bucket(struct los_link *table, int number)
{
    return &table[(unsigned)number % BUCKETS];
}

struct los_process *los_find_process(int pid)
{
    struct los_process *process;
    LOS_LIST_FOR(process, bucket(processes, pid), hash)
    if (process->pid == pid)
        return process;
    return NULL;
}

struct los_thread *los_find_thread(int tid)
{
    struct los_thread *thread;
    LOS_LIST_FOR(thread, bucket(threads, tid), hash)
    if (thread->tid == tid)
        return thread;
    return NULL;
}

int los_last_pid(void) { return last_pid; }
uint32_t los_thread_total(void) { return thread_total; }

static bool is_used(int number)
{
    if (los_find_process(number) || los_find_thread(number))
        return true;
    struct los_process *process;
    LOS_LIST_FOR(process, &los_processes, all)
    if (process->group == number || process->session == number)
        return true;
    return false;
}

int los_pid_new(void)
{
    for (int tries = 0; tries < los_pid_max; tries++) {
        if (++last_pid >= los_pid_max) {
            last_pid = 300; /* low numbers stay with those that started early */
            wrapped = true;
        }
        if (!wrapped || !is_used(last_pid))
            return last_pid;
    }
    return 0;
}

void los_thread_register(struct los_thread *thread)
{
    los_list_add_first(bucket(threads, thread->tid), &thread->hash);
    thread_total++;
}

void los_thread_unregister(struct los_thread *thread)
{
    los_list_remove(&thread->hash);
    thread_total--;
}

void los_process_register(struct los_process *process)
{
    los_list_add_first(bucket(processes, process->pid), &process->hash);
    struct los_link *after = los_processes.previous;
    while (after != &los_processes && LOS_CONTAINER(after, struct los_process, all)->pid > process->pid)
        after = after->previous;
    los_list_add_first(after, &process->all);
}

void los_process_unregister(struct los_process *process)
{
    los_list_remove(&process->hash);
    los_list_remove(&process->all);
}
