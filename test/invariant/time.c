/* SPDX-License-Identifier: MPL-2.0 */
/* Invariants of vCPUs, gates' chains, slices, alarms, and what each CPU runs. */
#include "walk.h"
#include "frame.h"
#include "gate.h"
#include "lock.h"
#include "schedule.h"

/* Each alarm that is set is below another, or the first of its CPU; and there are as many below others as are linked there. */
void walk_alarm(const struct alarm *alarm)
{
    if (!alarm->set)
        return;
    HOLDS(alarm->cpu < machine_cpus() && (alarm == cpus[alarm->cpu].alarms || *alarm->place == alarm),
          ALARM_LINKS, alarm->at);
    walk.alarms++;
    struct alarm *const *place = &alarm->child;
    for (const struct alarm *child; (child = *place) != NULL; place = (struct alarm *const *)&child->next) {
        HOLDS_PLACE(child, place, ALARM_LINKS);
        HOLDS(child->set && child->cpu == alarm->cpu, ALARM_LINKS, child->at);
        HOLDS(child->at >= alarm->at, ALARM_ORDER, child->at);
        walk.alarms_below++;
    }
}

/* --- vCPUs --------------------------------------------------------------------------------------------------- */

static void check_chain(const struct vcpu *vcpu)
{
    HOLDS((vcpu->calling != NULL) == (vcpu->status == EXO_VCPU_CALLING), CALLING, vcpu->status);
    HOLDS((vcpu->calling == NULL || vcpu->calling->caller == vcpu) &&
              (vcpu->caller == NULL || vcpu->caller->calling == vcpu),
          CHAIN_LINKS, vcpu->status);
    HOLDS(vcpu->calling == NULL || vcpu->slice == NULL, LENT, vcpu->status);
    if (vcpu->caller != NULL) {
        HOLDS(vcpu->status == EXO_VCPU_READY || vcpu->status == EXO_VCPU_BLOCKED ||
                  vcpu->status == EXO_VCPU_CALLING,
              SERVES, vcpu->status);
        return;
    }
    const struct vcpu *runner = vcpu;
    unsigned depth = 0;
    for (; runner->calling != NULL && depth <= GATE_DEPTH; runner = runner->calling)
        depth++;
    HOLDS(depth <= GATE_DEPTH, CHAIN_DEPTH, depth);
    HOLDS(depth == 0 || vcpu->own != NULL, CHAIN_SLICE, depth);
    HOLDS(runner->slice == vcpu->own, CHAIN_RUNNER, depth);
}

static void check_queued(const struct vcpu *vcpu)
{
    const struct cpu *cpu = &cpus[vcpu->cpu];
    if (vcpu->queued == QUEUE_NONE) {
        HOLDS(vcpu->status != EXO_VCPU_READY || vcpu->slice == NULL || vcpu->on_cpu, NOT_FORGOTTEN, vcpu->cpu);
        return;
    }
    HOLDS(!vcpu->on_cpu, ONE_PLACE, vcpu->cpu);
    HOLDS(vcpu->status == EXO_VCPU_READY && vcpu->slice != NULL, QUEUED_READY, vcpu->status);
    HOLDS(vcpu->cpu == vcpu->slice->cpu, QUEUED_HOME, vcpu->cpu);
    switch (vcpu->queued) {
    case QUEUE_READY: walk.ready++; break;
    case QUEUE_BACKGROUND: walk.background++; /* and what holds of the throttled */ /* fall through */
    case QUEUE_THROTTLED:
        HOLDS(vcpu->slice->refill.set && vcpu->slice->refill.cpu == vcpu->cpu, THROTTLED_ALARM, vcpu->cpu);
        HOLDS(vcpu->slice->slack == (vcpu->queued == QUEUE_BACKGROUND), BACKGROUND, vcpu->cpu);
        break;
    default: break;
    case QUEUE_HANDED:
        HOLDS(cpu->handed == vcpu, HANDED, vcpu->cpu);
        walk.handed++;
        break;
    }
}

static void check_runs(const struct vcpu *vcpu)
{
    HOLDS(vcpu->on_cpu == (core_running(vcpu->cpu) == vcpu), ON_CPU, vcpu->cpu);
    walk.on_cpu += vcpu->on_cpu;
    HOLDS(!vcpu->on_cpu || vcpu->slice == NULL || vcpu->slice->cpu_set & 1ul << vcpu->cpu ||
              load_shared(cpus[vcpu->cpu].reschedule),
          RUNS_IN_SET, vcpu->cpu);
    if (!vcpu_alive(vcpu))
        return;
    const struct space *space = load_shared(vcpu->space);
    uint64_t pfn = pool_pfn(space);
    HOLDS(pfn < frame_count && walk.claimed[pfn] && space->domain == vcpu->domain, HAS_SPACE, pfn);
}

static bool is_linked(const struct token *token)
{
    return token->parent == NULL || (token->state == TOKEN_LIVE && *token->place == token);
}

static void check_uses(const struct vcpu *vcpu)
{
    HOLDS(is_linked(&vcpu->page_token) && (vcpu->page != NULL || vcpu->page_token.parent == NULL), USE_LINKED,
          TOKEN_VCPU_PAGE);
    HOLDS(is_linked(&vcpu->slice_token) && (vcpu->own != NULL) == (vcpu->slice_token.parent != NULL),
          USE_LINKED, TOKEN_VCPU_SLICE);
    HOLDS(vcpu->page != NULL || (!vcpu_alive(vcpu) && !vcpu->on_cpu), HAS_PAGE, vcpu->status);
    if (vcpu->page == NULL)
        return;
    HOLDS(vcpu->page_pfn < frame_count && frame_of(vcpu->page_pfn)->state == FRAME_USER &&
              vcpu->page == machine_frame(vcpu->page_pfn),
          PAGE_USER, vcpu->page_pfn);
    walk.met[vcpu->page_pfn]++;
}

uint64_t walk_vcpus(const struct domain *domain)
{
    uint64_t count = 0, dead = 0;
    struct vcpu *const *place = &domain->vcpus;
    for (const struct vcpu *vcpu; (vcpu = *place) != NULL; place = (struct vcpu *const *)&vcpu->next) {
        HOLDS_PLACE(vcpu, place, OBJECT_LINKS);
        HOLDS(vcpu->domain == domain && vcpu->cpu < machine_cpus(), OBJECT_LINKS, count);
        walk_claim(domain, pool_pfn(vcpu));
        for (int i = 0; i < MACHINE_VCPU_PAGES; i++)
            walk_claim(domain, vcpu->fpu_pfn[i]);
        walk_tree(&vcpu->origin);
        count++;
        dead += !vcpu_alive(vcpu);
        check_runs(vcpu);
        check_queued(vcpu);
        HOLDS((vcpu->slice == NULL || vcpu->slice->vcpu == vcpu) &&
                  (vcpu->own == NULL || vcpu->own->owner == vcpu),
              SLICE_NAMES, vcpu->cpu);
        check_chain(vcpu);
        check_uses(vcpu);
        walk_alarm(&vcpu->block_alarm);
        walk_alarm(&vcpu->timer_alarm);
    }
    HOLDS(count == domain->vcpu_count && (domain->dying || dead == domain->vcpus_dead), COUNTS_VCPUS, count);
    return count * VCPU_FRAMES;
}

/* --- slices -------------------------------------------------------------------------------------------------- */

uint64_t walk_slices(const struct domain *domain)
{
    uint64_t count = 0;
    struct slice *const *place = &domain->slices;
    for (const struct slice *slice; (slice = *place) != NULL; place = (struct slice *const *)&slice->next) {
        HOLDS_PLACE(slice, place, OBJECT_LINKS);
        HOLDS(slice->domain == domain, OBJECT_LINKS, count);
        walk_claim(domain, pool_pfn(slice));
        walk_tree(&slice->origin);
        count++;
        HOLDS(is_linked(&slice->origin) && (slice->source != NULL) == (slice->origin.parent != NULL),
              USE_LINKED, TOKEN_ORIGIN);
        HOLDS(slice->cpu < machine_cpus() && slice->cpu_set & 1ul << slice->cpu, SLICE_HOME, slice->cpu);
        HOLDS((slice->owner == NULL || slice->owner->own == slice) &&
                  (slice->vcpu == NULL || slice->vcpu->slice == slice),
              SLICE_NAMES, slice->cpu);
        walk_alarm(&slice->refill);
        for (uint32_t cpu = 0; cpu < machine_cpus(); cpu++) {
            HOLDS(slice->share[cpu] == 0 || slice->cpu_set & 1ul << cpu, SHARES_IN_SET, cpu);
            walk.shares[cpu] += slice->share[cpu];
            walk.charged += cpus[cpu].slice == slice;
        }
    }
    return count;
}

/* --- CPUs ---------------------------------------------------------------------------------------------------- */

static uint32_t walk_list(const struct cpu *cpu, const struct vcpu_list *list, enum vcpu_queue queue)
{
    uint32_t count = 0;
    struct vcpu *const *place = &list->first;
    for (const struct vcpu *vcpu; (vcpu = *place) != NULL; place = (struct vcpu *const *)&vcpu->ready_next) {
        HOLDS(vcpu->queued == queue && &cpus[vcpu->cpu] == cpu && vcpu->ready_place == place, QUEUE_HOLDS,
              cpu - cpus);
        count++;
    }
    HOLDS(place == list->end, QUEUE_END, cpu - cpus);
    return count;
}

/* A CPU that hears its timer forgets what it was set to, without the lock, before it says that it must decide. */
static bool is_armed(const struct cpu *cpu)
{
    uint64_t armed = load_shared(cpu->armed);
    return armed <= alarm_next(cpu) || load_shared(cpu->reschedule) ||
           (cpu != cpu_this() && armed == UINT64_MAX);
}

void walk_cpus(void)
{
    uint32_t running = 0, ready = 0, handed = 0, background = 0, charging = 0, loaded = 0, heaps = 0;
    for (uint32_t i = 0; i < machine_cpus(); i++) {
        const struct cpu *cpu = &cpus[i];
        running += cpu->running != NULL;
        ready += walk_list(cpu, &cpu->ready, QUEUE_READY);
        handed += cpu->handed != NULL;
        background += walk_list(cpu, &cpu->background, QUEUE_BACKGROUND);
        charging += cpu->slice != NULL;
        loaded += walk.loaded[i] != NULL;
        heaps += cpu->alarms != NULL;
        HOLDS(is_armed(cpu), ALARM_ARMED, i);
        HOLDS(walk.shares[i] == SHARE_ALL, SHARES_ALL, walk.shares[i]);
    }
    HOLDS(running == walk.on_cpu, RUNS_EXIST, running);
    HOLDS(ready == walk.ready, QUEUE_WHOLE, ready);
    HOLDS(handed == walk.handed, HANDED, handed);
    HOLDS(background == walk.background, BACKGROUND, background);
    HOLDS(charging == walk.charged, CHARGED, charging);
    HOLDS(loaded == walk.loaded_met, LOADED_EXISTS, loaded);
    HOLDS(heaps + walk.alarms_below == walk.alarms, ALARM_LINKS, walk.alarms);
}
