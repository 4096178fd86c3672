/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The scheduler: each CPU takes turns among the ready vCPUs of its slices that have time left, 10 ms at a time. A vCPU whose
 * budget is used up waits for its slice's next period: in the background, where those of slack slices take turns in time that nobody
 * with budget wants. There is no policy beyond that: who gets how much was settled when the slices were split.
 *
 * Invariants
 *   Of all time of a CPU from schedule_open on, each ns is one vCPU's cpu_ns, or the CPU idles: schedule_account, at each decision,
 *   takes the time since the last one. It is charged to the slice that the vCPU had when it was installed, and in
 *   the background to nobody.
 *   A CPU's timer is set to no later than the first of: its first alarm, the end of the running vCPU's budget, quantum if others
 *   wait, or grace.
 */
#include "schedule.h"
#include "list.h"
#include "lock.h"
#include "recall.h"
#include "slice.h"
#include "space.h"

#define ALARMS_AT_ONCE 64
/* A turn in the background: several of them fit between two refills, each of which ends one. */
#define BACKGROUND_NS 2000000ul

struct cpu cpus[EXO_CPUS_MAX];
static bool open; /* shared */

void schedule_open(void)
{
    for (uint32_t i = 0; i < machine_cpus(); i++) {
        cpus[i].armed = UINT64_MAX;
        cpus[i].ready.end = &cpus[i].ready.first;
        cpus[i].background.end = &cpus[i].background.first;
    }
    store_shared(open, true);
}

/* --- queues ------------------------------------------------------------------------------------------------ */

/* True: it is the only one there. */
static bool append(struct vcpu_list *list, struct vcpu *vcpu, enum vcpu_queue queue)
{
    vcpu->queued = queue;
    vcpu->ready_next = NULL;
    vcpu->ready_place = list->end;
    *list->end = vcpu;
    list->end = &vcpu->ready_next;
    return list->first == vcpu;
}

static void take_out(struct vcpu_list *list, struct vcpu *vcpu)
{
    *vcpu->ready_place = vcpu->ready_next;
    if (vcpu->ready_next != NULL)
        vcpu->ready_next->ready_place = vcpu->ready_place;
    else
        list->end = vcpu->ready_place;
}

static void unqueue(struct vcpu *vcpu)
{
    struct cpu *cpu = &cpus[vcpu->cpu];
    if (vcpu->queued == QUEUE_READY) {
        take_out(&cpu->ready, vcpu);
    } else if (vcpu->queued == QUEUE_THROTTLED) {
        alarm_cancel(&vcpu->slice->refill);
    } else if (vcpu->queued == QUEUE_BACKGROUND) {
        alarm_cancel(&vcpu->slice->refill);
        take_out(&cpu->background, vcpu);
    } else if (vcpu->queued == QUEUE_HANDED) {
        cpu->handed = NULL;
    }
    vcpu->queued = QUEUE_NONE;
}

/* The CPU must decide anew. */
static void notify(struct cpu *cpu)
{
    store_shared(cpu->reschedule, true);
    if (cpu != cpu_this())
        machine_kick((uint32_t)(cpu - cpus));
}

/* Could the CPU run this one at once? */
static bool is_free(const struct cpu *cpu, const struct vcpu *vcpu)
{
    return cpu->ready.first == NULL && cpu->handed == NULL && (cpu->running == NULL || cpu->running == vcpu);
}

/* To its slice's CPU; or, where that is busy, to a free one of the slice's set on which the slice has as much; or, where all of
 * that was split off, to any on which it has something. */
static struct cpu *settle(struct vcpu *vcpu)
{
    struct slice *slice = vcpu->slice;
    uint64_t others = slice->cpu_set & ~(1ul << slice->cpu);
    uint32_t least = slice->share[slice->cpu];
    if (others != 0 && (least == 0 || !is_free(&cpus[slice->cpu], vcpu)))
        for (; others != 0; others &= others - 1) {
            uint32_t other = (uint32_t)__builtin_ctzl(others);
            if (slice->share[other] < least ||
                (!is_free(&cpus[other], vcpu) && (least != 0 || slice->share[other] == 0)))
                continue;
            slice->cpu = other;
            break;
        }
    vcpu->cpu = slice->cpu;
    return &cpus[slice->cpu];
}

void schedule_add(struct vcpu *vcpu)
{
    if (vcpu->status != EXO_VCPU_READY || vcpu->slice == NULL || vcpu->queued != QUEUE_NONE || vcpu->on_cpu)
        return;
    struct cpu *cpu = settle(vcpu);
    if (slice_has_time(vcpu->slice, machine_now_ns())) {
        if (append(&cpu->ready, vcpu, QUEUE_READY)) /* otherwise it knows that somebody waits */
            notify(cpu);
        return;
    }
    vcpu->queued = QUEUE_THROTTLED;
    alarm_set(&vcpu->slice->refill, vcpu->cpu, slice_refill_at(vcpu->slice));
    if (vcpu->slice->slack && append(&cpu->background, vcpu, QUEUE_BACKGROUND))
        notify(cpu);
}

void schedule_remove(struct vcpu *vcpu)
{
    unqueue(vcpu);
    if (vcpu->on_cpu)
        notify(&cpus[vcpu->cpu]);
}

void schedule_again(void) { store_shared(cpu_this()->reschedule, true); }

void schedule_hand_over(struct vcpu *vcpu)
{
    struct cpu *cpu = cpu_this();
    if (vcpu->on_cpu || vcpu->slice->cpu != machine_cpu()) {
        schedule_add(vcpu);
    } else {
        vcpu->cpu = vcpu->slice->cpu;
        vcpu->queued = QUEUE_HANDED;
        cpu->handed = vcpu;
    }
    store_shared(cpu->reschedule, true);
}

/* --- time -------------------------------------------------------------------------------------------------- */

uint64_t schedule_unaccounted(const struct vcpu *vcpu)
{
    uint64_t now = machine_now_ns(), since = cpus[vcpu->cpu].started_ns;
    return vcpu->on_cpu && now > since ? now - since : 0;
}

void schedule_account(struct cpu *cpu, uint64_t now)
{
    if (cpu->running == NULL || now <= cpu->started_ns)
        return;
    uint64_t used = now - cpu->started_ns;
    cpu->started_ns = now;
    cpu->running->cpu_ns += used;
    if (cpu->slice != NULL)
        slice_charge(cpu->slice, used, now);
}

static void run_alarms(struct cpu *cpu, uint64_t now)
{
    struct alarm *alarm;
    /* Any number may be due at once: the rest comes with the next interrupt, which arm() asks for at once. */
    for (int i = 0; i < ALARMS_AT_ONCE && (alarm = alarm_due(cpu, now)) != NULL; i++) {
        struct vcpu *vcpu;
        switch (alarm->kind) {
        case ALARM_BLOCK: vcpu_deadline(CONTAINER(alarm, struct vcpu, block_alarm)); break;
        case ALARM_TIMER: vcpu_ring(CONTAINER(alarm, struct vcpu, timer_alarm), EXO_PENDING_TIMER); break;
        case ALARM_RECALL: recall_step(CONTAINER(alarm, struct recall, alarm), now); break;
        case ALARM_REFILL:
            vcpu = CONTAINER(alarm, struct slice, refill)->vcpu;
            if (vcpu != NULL && (vcpu->queued == QUEUE_THROTTLED || vcpu->queued == QUEUE_BACKGROUND)) {
                unqueue(vcpu);
                schedule_add(vcpu);
                cpu->quantum_end = now; /* its new budget is for this period */
            }
            break;
        }
    }
}

/* --- choosing ---------------------------------------------------------------------------------------------- */

/* May it go on in its turn? When its time is over, a critical section gets a grace, once in a turn. A turn ends with the budget
 * until the next period, which pays for the grace; or in the background, which has none. */
static bool may_stay(struct cpu *cpu, struct vcpu *vcpu, uint64_t now)
{
    if (vcpu->status != EXO_VCPU_READY || vcpu->slice == NULL || vcpu->slice->cpu != vcpu->cpu)
        return false;
    /* A turn that began with budget does not go on without, where others wait in the background: grace_end is set there. */
    bool in_turn = !cpu->yielded && now < cpu->quantum_end, alone = cpu->ready.first == NULL;
    if (slice_has_time(vcpu->slice, now)
            ? alone || in_turn
            : alone && vcpu->slice->slack &&
                  (cpu->background.first == NULL || (in_turn && cpu->grace_end != 0)))
        return true;
    if (cpu->grace_end == 0 && !cpu->yielded && load_shared(vcpu->page->critical) != 0) {
        cpu->grace_end = now + EXO_GRACE_NS;
        vcpu->page->grace = 1;
    }
    return !cpu->yielded && now < cpu->grace_end;
}

/* Off the CPU, to where it belongs now. */
static void put_away(struct vcpu *vcpu)
{
    vcpu->on_cpu = false;
    schedule_add(vcpu);
}

/* A CPU that would idle takes who waits first in another one's background, if its slice has as much here. */
static struct vcpu *find_background(uint32_t here)
{
    struct vcpu *vcpu = cpus[here].background.first;
    for (uint32_t i = 0; vcpu == NULL && i < machine_cpus(); i++) {
        struct vcpu *other = cpus[i].background.first;
        if (other != NULL && other->slice->cpu_set >> here & 1 &&
            other->slice->share[here] >= other->slice->share[i])
            vcpu = other;
    }
    return vcpu;
}

/* Whose turn begins. */
static struct vcpu *choose(struct cpu *cpu, uint64_t now)
{
    struct vcpu *vcpu;
    cpu->quantum_end = now + QUANTUM_NS;
    cpu->grace_end = 0;
    while ((vcpu = cpu->ready.first) != NULL) {
        unqueue(vcpu);
        if (slice_has_time(vcpu->slice, now)) /* its share may have been split further while it waited */
            return vcpu;
        schedule_add(vcpu);
    }
    vcpu = find_background((uint32_t)(cpu - cpus));
    cpu->grace_end = now;
    cpu->quantum_end = now + BACKGROUND_NS;
    if (vcpu != NULL) {
        unqueue(vcpu);
        vcpu->cpu = vcpu->slice->cpu = (uint32_t)(cpu - cpus);
    }
    return vcpu;
}

/* Rings the bit when the end of the budget is near; returns when to look again. */
static uint64_t watch_budget(struct vcpu *vcpu, uint64_t now)
{
    struct slice *slice = vcpu->slice;
    vcpu->page->slice_end_ns = UINT64_MAX;
    if (slice_endless(slice))
        return UINT64_MAX;
    if (slice->remaining_ns < SLICE_LEAST_NS) /* in the background: until the next period */
        return slice_refill_at(slice);
    uint64_t end = now + (uint64_t)slice->remaining_ns;
    vcpu->page->slice_end_ns = end;
    if (slice->warned)
        return end;
    if (slice->remaining_ns > (int64_t)SLICE_WARN_NS)
        return end - SLICE_WARN_NS;
    slice->warned = true;
    vcpu_ring(vcpu, EXO_PENDING_SLICE);
    return end;
}

/* When this CPU must decide anew, unless something happens before. */
static uint64_t watch_turn(const struct cpu *cpu, struct vcpu *vcpu, uint64_t now)
{
    uint64_t at = watch_budget(vcpu, now);
    if (now < cpu->grace_end)
        at = vcpu->page->slice_end_ns = cpu->grace_end;
    else if ((cpu->ready.first != NULL || cpu->background.first != NULL) && cpu->quantum_end < at &&
             now < cpu->quantum_end)
        at = cpu->quantum_end;
    return at;
}

static void arm(struct cpu *cpu, uint64_t at)
{
    if (alarm_next(cpu) < at)
        at = alarm_next(cpu);
    if (at == cpu->armed)
        return;
    cpu->armed = at;
    machine_timer(at);
}

/* The chosen one gets the CPU: registers that are not in its saved context, its space, and fresh translations. */
static void install(struct cpu *cpu, struct vcpu *old, struct vcpu *vcpu, uint64_t now)
{
    if (vcpu != old)
        machine_vcpu_switch(old == NULL ? NULL : &old->machine, vcpu == NULL ? NULL : &vcpu->machine);
    cpu->running = vcpu;
    /* Time in the background is charged to nobody. */
    bool owned =
        vcpu != NULL && (!vcpu->slice->slack || now < cpu->grace_end || slice_has_time(vcpu->slice, now));
    cpu->slice = owned ? vcpu->slice : NULL;
    if (vcpu == NULL) {
        if (cpu->evict)
            space_leave(cpu);
        return;
    }
    vcpu->on_cpu = true;
    cpu->started_ns = now;
    if (vcpu->space != cpu->loaded)
        space_load(cpu, vcpu->space);
    else if (cpu->stale)
        machine_flush_local(0, 0);
    cpu->evict = cpu->stale = false;
    vcpu->page->cpu = vcpu->cpu;
    vcpu->page->cpu_ns = vcpu->cpu_ns;
}

/* Not inline, so that core_next stays short where nothing is to be decided. */
static __attribute__((noinline)) struct vcpu *decide(struct cpu *cpu, struct vcpu *running)
{
    uint64_t now = machine_now_ns();
    schedule_account(cpu, now);
    run_alarms(cpu, now);
    struct vcpu *next = running;
    if (cpu->handed != NULL) {
        next = cpu->handed;
        cpu->handed = NULL;
        next->queued = QUEUE_NONE;
        put_away(running);
    }
    if (next == NULL || !may_stay(cpu, next, now)) {
        if (next != NULL)
            put_away(next);
        next = choose(cpu, now);
        if (next != NULL)
            next->page->grace = 0;
    }
    cpu->yielded = false;
    install(cpu, running, next, now);
    arm(cpu, next == NULL ? UINT64_MAX : watch_turn(cpu, next, now));
    store_shared(cpu->reschedule, false);
    return next;
}

static void deliver(struct vcpu *vcpu)
{
    struct exo_vcpu_page *page = vcpu->page;
    if (vcpu->event_entry == 0 || load_shared(page->masked) != 0 || load_shared(page->pending) == 0)
        return;
    page->count_events++;
    machine_upcall_event(&vcpu->machine);
}

struct vcpu *core_running(uint32_t cpu) { return cpus[cpu].running; }

/* Without the lock where nothing has changed: whoever changes something for this CPU sets `reschedule` and kicks it. */
struct vcpu *core_next(struct vcpu *running)
{
    if (!load_shared(open))
        return NULL;
    struct cpu *cpu = cpu_this();
    if (running == NULL || load_shared(cpu->reschedule)) {
        core_lock();
        running = decide(cpu, running);
        core_unlock();
    }
    if (running != NULL)
        deliver(running);
    return running;
}

void core_timer(void)
{
    struct cpu *cpu = cpu_this();
    cpu->armed = UINT64_MAX; /* only this CPU lowers it: see alarm_set */
    store_shared(cpu->reschedule, true);
}

/* Why is written where the kick was sent from; core_next, which follows, looks. */
void core_kicked(void) {}
