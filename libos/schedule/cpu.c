/* SPDX-License-Identifier: MPL-2.0 */
/* The vCPUs: each has its data in its vCPU page, a doorbell that the others ring, and an idle thread, which is its boot stack. */
#include <exo/typed.h>
#include "internal.h"

_Static_assert(offsetof(struct exo_vcpu_page, vcpu) == 236, "VCPU_NUMBER in entry.S");
_Static_assert(offsetof(struct los_cpu, stack_top) == 0 && offsetof(struct los_cpu, return_to) == 8 &&
                   offsetof(struct los_cpu, self) == 24 && offsetof(struct los_cpu, quick) == 56 &&
                   offsetof(struct los_cpu, refused) == 72,
               "entry.S");
_Static_assert(sizeof(struct los_frame) == 168 && offsetof(struct los_frame, regs.rip) == 128, "entry.S");
_Static_assert(LOS_QUICK_CALLS == 512 && sizeof(struct los_quick) == 16 &&
                   offsetof(struct los_quick, count) == 8 && LOS_QUICK_NOT == INT64_MIN &&
                   LOS_QUICK_LEAVE == INT64_MIN + 1,
               "entry.S");

extern char los_entry[], los_syscall_entry[], los_fault_entry[], los_event_entry[];

uint64_t los_cpus_idle;
static struct los_thread idle_threads[LOS_VCPUS_MAX];

void los_cpu_init(uint32_t number)
{
    struct los_cpu *cpu = los_cpu_number(number);
    struct los_thread *idle = &idle_threads[number];
    if (number == 0)
        memset(cpu, 0, sizeof *cpu);
    cpu->self = cpu;
    cpu->number = number;
    cpu->page = (struct exo_vcpu_page *)((char *)cpu - EXO_VP_LIBOS);
    cpu->timer_ns = LOS_FOREVER;
    cpu->idle = cpu->current = idle;
    idle->state = LOS_THREAD_ON_CPU;
    idle->last_cpu = number;
    idle->affinity = 1ul << number;
    los_strlcpy(idle->name, "idle", sizeof idle->name);
}

#define QUICK_ORDER 1u
_Static_assert(LOS_QUICK_CALLS * sizeof(struct los_quick) == LOS_PAGE << QUICK_ORDER, "");

void los_cpu_tokens(const struct los_start *start)
{
    for (uint32_t i = 0; i < start->vcpus; i++) {
        struct los_cpu *cpu = los_cpu_number(i);
        if (i != 0) /* not by itself: the others may look at it before it has started */
            memset(cpu, 0, sizeof *cpu);
        los_pageno quick = los_pages_alloc(QUICK_ORDER);
        if (quick == LOS_NO_PAGE)
            los_panic("no memory for vCPU %u", i);
        cpu->quick = memset(los_page_address(quick), 0, LOS_PAGE << QUICK_ORDER);
        if (exo_event_derive(start->vcpu[i], LOS_EVENT_RESCHEDULE, &cpu->event) < 0 ||
            exo_event_derive(start->vcpu[i], LOS_EVENT_LOCK, &cpu->lock_event) < 0 ||
            exo_vcpu_entries(start->vcpu[i], (uint64_t)los_syscall_entry, (uint64_t)los_fault_entry,
                             (uint64_t)los_event_entry) < 0)
            los_panic("vCPU %u cannot be set up", i);
    }
    los_quick_set(NULL, 0);
}

void los_cpus_start(const struct los_start *start)
{
    for (uint32_t i = 1; i < start->vcpus; i++) {
        long error = exo_vcpu_start(start->vcpu[i], (uint64_t)los_entry, start->stack[i], LOS_START);
        if (error < 0)
            los_panic("vCPU %u cannot be started: error %ld", i, error);
    }
}

void los_cpu_ring(struct los_cpu *cpu)
{
    los_cpus_idle &= ~(1ul << cpu->number);
    exo_event_ring(cpu->event);
}
