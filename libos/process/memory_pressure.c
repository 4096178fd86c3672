/* SPDX-License-Identifier: MPL-2.0 */
/* Out of memory: the process that holds most of it dies, with a line on the log. */
#include "internal.h"

/* How long a thread waits for the memory of others that were told to die. */
#define PATIENCE_NS 2000000000ul
#define LOOK_NS     2000000ul

static struct los_process *largest(void)
{
    struct los_process *process, *most = NULL;
    LOS_LIST_FOR(process, &los_processes, all)
    {
        if (process->pid == 1 || process->state == LOS_ZOMBIE || !process->space)
            continue;
        if (!most || process->space->resident_pages > most->space->resident_pages)
            most = process;
    }
    return most;
}

static void kill_for_memory(struct los_process *process)
{
    los_log("kxos: out of memory: killed process %d (%s), which held %lu KiB", process->pid, process->name,
            process->space ? process->space->resident_pages * (LOS_PAGE / 1024) : 0);
    los_signal_process(process, &(struct los_signal_info){.number = LOS_SIG_KILL, .cause = LOS_CAUSE_KERNEL});
}

void los_out_of_memory(void)
{
    struct los_process *self = los_current()->process, *victim = largest();
    if (self->exiting)
        return;
    if (!victim || victim == self) {
        kill_for_memory(self);
        return;
    }
    /* One is told at a time: it may be on its way out already. */
    if (!victim->exiting)
        kill_for_memory(victim);
    int pid = victim->pid;
    uint64_t patience = los_now() + PATIENCE_NS;
    while ((victim = los_find_process(pid)) && victim->state != LOS_ZOMBIE) {
        struct los_wait_queue queue;
        los_wait_queue_init(&queue);
        if (los_now() > patience) {
            kill_for_memory(self);
            return;
        }
        if (los_wait(&queue, los_now() + LOOK_NS, true) == -LOS_E_RESTART)
            return; /* its own signal first; the fault comes again */
    }
}

void los_out_of_memory_inside(void)
{
    struct los_process *victim = largest();
    if (victim && !victim->exiting)
        kill_for_memory(victim);
}
