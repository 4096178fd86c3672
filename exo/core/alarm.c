/* SPDX-License-Identifier: MPL-2.0 */
/* The heap of alarms: Fredman, Sedgewick, Sleator and Tarjan, "The pairing heap", 1986. */
#include "alarm.h"
#include "lock.h"

static struct alarm *meld(struct alarm *a, struct alarm *b)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    if (b->at < a->at) {
        struct alarm *swap = a;
        a = b;
        b = swap;
    }
    b->next = a->child;
    if (b->next != NULL)
        b->next->previous = b;
    b->previous = a;
    a->child = b;
    return a;
}

/* Melds a list of siblings into one heap: in pairs, then the pairs from the last to the first. */
static struct alarm *meld_list(struct alarm *list)
{
    struct alarm *pairs = NULL, *heap = NULL;
    while (list != NULL) {
        struct alarm *a = list, *b = a->next;
        list = b == NULL ? NULL : b->next;
        a->next = a->previous = NULL;
        if (b != NULL)
            b->next = b->previous = NULL;
        a = meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs != NULL) {
        struct alarm *a = pairs;
        pairs = a->next;
        a->next = NULL;
        heap = meld(heap, a);
    }
    return heap;
}

static void take_off(struct cpu *cpu, struct alarm *alarm)
{
    struct alarm *rest = meld_list(alarm->child);
    if (alarm == cpu->alarms) {
        cpu->alarms = rest;
    } else {
        if (alarm->previous->child == alarm)
            alarm->previous->child = alarm->next;
        else
            alarm->previous->next = alarm->next;
        if (alarm->next != NULL)
            alarm->next->previous = alarm->previous;
        cpu->alarms = meld(cpu->alarms, rest);
    }
    alarm->child = alarm->next = alarm->previous = NULL;
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

uint64_t alarm_next(const struct cpu *cpu) { return cpu->alarms == NULL ? UINT64_MAX : cpu->alarms->at; }
