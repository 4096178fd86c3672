/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Alarms: what must happen at a time on a CPU. Each CPU has a heap of them (a pairing heap, linked through the alarms
 * themselves), so that an interrupt looks only at what is due.
 */
#ifndef EXO_CORE_ALARM_H
#define EXO_CORE_ALARM_H

#include "cpu.h"

enum alarm_kind { ALARM_BLOCK, ALARM_TIMER, ALARM_REFILL, ALARM_RECALL };

struct alarm {
    uint64_t at; /* ns; valid while set */
    enum alarm_kind kind;
    bool set;
    uint32_t cpu;
    struct alarm *child, *next, **place; /* list.h; the first alarm of a heap is in no list */
};

/* Sets it anew; at UINT64_MAX it is only cancelled. */
void alarm_set(struct alarm *alarm, uint32_t cpu, uint64_t at);
void alarm_cancel(struct alarm *alarm);
struct alarm *alarm_due(struct cpu *cpu, uint64_t now);  /* takes one that is due off the heap; NULL: none */
static inline uint64_t alarm_next(const struct cpu *cpu) /* when the first is due; UINT64_MAX: none */
{
    return cpu->alarms == NULL ? UINT64_MAX : cpu->alarms->at;
}

#endif
