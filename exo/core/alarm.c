/* SPDX-License-Identifier: MPL-2.0 */
/* The heap of alarms: Fredman, Sedgewick, Sleator and Tarjan, "The pairing heap", 1986. */
#include "alarm.h"
#include "list.h"
#include "lock.h"

/* The alarm that is due first becomes the parent of the other one. */
static struct alarm *meld(struct alarm *a, struct alarm *b)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    struct alarm *parent = b->at < a->at ? b : a, *child = parent == a ? b : a;
    LIST_INSERT(parent->child, child);
    return parent;
}

/* Melds a list of siblings into one heap: in pairs, then the pairs from the last to the first. */
static struct alarm *meld_list(struct alarm *list)
{
    if (list == NULL || list->next == NULL)
        return list;
    struct alarm *pairs = NULL, *heap = NULL;
    for (struct alarm *a = list, *b, *rest; a != NULL; a = rest) {
        b = a->next;
        rest = b == NULL ? NULL : b->next;
        a = meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    for (struct alarm *next; pairs != NULL; pairs = next) {
        next = pairs->next;
        heap = meld(heap, pairs);
    }
    return heap;
}

static void take_off(struct cpu *cpu, struct alarm *alarm)
{
    struct alarm *below = meld_list(alarm->child);
    if (alarm == cpu->alarms) {
        cpu->alarms = below;
    } else {
        LIST_REMOVE(alarm);
        cpu->alarms = meld(cpu->alarms, below);
    }
    alarm->child = NULL;
    alarm->set = false;
}

void alarm_cancel(struct alarm *alarm)
{
    if (alarm->set)
        take_off(&cpus[alarm->cpu], alarm);
}

void alarm_set(struct alarm *alarm, uint32_t cpu, uint64_t at)
{
    alarm_cancel(alarm);
    if (at == UINT64_MAX)
        return;
    alarm->at = at;
    alarm->cpu = cpu;
    alarm->set = true;
    cpus[cpu].alarms = meld(cpus[cpu].alarms, alarm);
    if (at >= cpus[cpu].armed)
        return;
    if (cpu == machine_cpu()) {
        cpus[cpu].armed = at;
        machine_timer(at);
    } else { /* only it can set its timer */
        store_shared(cpus[cpu].reschedule, true);
        machine_kick(cpu);
    }
}

struct alarm *alarm_due(struct cpu *cpu, uint64_t now)
{
    struct alarm *first = cpu->alarms;
    if (first == NULL || first->at > now)
        return NULL;
    take_off(cpu, first);
    return first;
}
