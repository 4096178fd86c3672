/* SPDX-License-Identifier: MPL-2.0 */
/* Slices: splitting, binding, accounting. */
#include "slice.h"
#include "call.h"
#include "domain.h"
#include "gate.h"
#include "list.h"
#include "reference.h"
#include "schedule.h"
#include "vcpu.h"

#define BOOT_PERIOD_NS 10000000ul
#define PERIOD_MIN_US  1000
#define PERIOD_MAX_US  1000000

static struct slice *slice_make(struct domain *domain, struct slice *source, struct token *parent,
                                uint64_t period_ns)
{
    struct slice *slice = machine_frame(pool_take(domain));
    slice->domain = domain;
    slice->source = source;
    slice->depth = source == NULL ? 0 : source->depth + 1;
    slice->period_ns = period_ns;
    slice->period_start = machine_now_ns();
    slice->refill.kind = ALARM_REFILL;
    token_embed(&slice->origin, TOKEN_ORIGIN, EXO_SLICE, slice, parent);
    LIST_INSERT(domain->slices, slice);
    return slice;
}

struct slice *slice_make_boot(struct domain *domain)
{
    struct slice *slice = slice_make(domain, NULL, NULL, BOOT_PERIOD_NS);
    for (uint32_t cpu = 0; cpu < machine_cpus(); cpu++) {
        slice->cpu_set |= 1ul << cpu;
        slice->share[cpu] = SHARE_ALL;
    }
    slice->slack = true;
    slice->remaining_ns = (int64_t)slice_budget(slice);
    return slice;
}

void slice_bind(struct slice *slice, struct vcpu *vcpu, struct token *through)
{
    slice_unbind(vcpu);
    slice->owner = vcpu;
    vcpu->own = slice;
    token_embed(&vcpu->slice_token, TOKEN_VCPU_SLICE, EXO_SLICE, vcpu, through);
    if (vcpu->caller == NULL)
        gate_run_alone(vcpu);
    if (vcpu->status == EXO_VCPU_SERVING && vcpu_pending(vcpu)) /* from now on, events wake it */
        vcpu_wake(vcpu);
}

void slice_unbind(struct vcpu *vcpu)
{
    struct slice *slice = vcpu->own;
    if (slice == NULL)
        return;
    struct vcpu *runner = slice->vcpu;
    token_unlink(&vcpu->slice_token);
    vcpu->own = NULL;
    slice->owner = slice->vcpu = NULL;
    if (runner == NULL) /* it serves in its caller's */
        return;
    schedule_remove(runner);
    runner->slice = NULL;
    gate_run_alone(vcpu);
}

void slice_leave(struct vcpu *vcpu)
{
    struct slice *slice = vcpu->own;
    slice_unbind(vcpu);
    if (slice != NULL)
        slice_reap(slice);
}

void slice_end(struct slice *slice)
{
    alarm_cancel(&slice->refill);
    token_unlink(&slice->origin);
    for (uint32_t cpu = 0; cpu < machine_cpus(); cpu++) {
        if (slice->source != NULL)
            slice->source->share[cpu] += slice->share[cpu];
        if (cpus[cpu].slice == slice)
            cpus[cpu].slice = NULL; /* what ran in it is about to leave */
    }
    LIST_REMOVE(slice);
    pool_give(slice->domain, pool_pfn(slice));
}

void slice_reap(struct slice *slice)
{
    if (slice->origin.child == NULL)
        slice_end(slice);
}

/* --- accounting ------------------------------------------------------------------------------------------ */

static void begin_period(struct slice *slice, uint64_t now)
{
    if (now < slice_refill_at(slice))
        return;
    int64_t budget = (int64_t)slice_budget(slice);
    uint64_t periods = (now - slice->period_start) / slice->period_ns;
    slice->period_start += periods * slice->period_ns;
    slice->warned = false;
    /* An overrun is at most the length of a period or so; the time owed is paid off budget by budget. */
    slice->remaining_ns += (int64_t)(periods > 1000 ? 1000 : periods) * budget;
    if (slice->remaining_ns > budget)
        slice->remaining_ns = budget;
}

void slice_charge(struct slice *slice, uint64_t used_ns, uint64_t now)
{
    /* One with all the time may run for long without a decision: it would owe more than begin_period pays off. */
    if (!slice_endless(slice))
        slice->remaining_ns -= (int64_t)used_ns;
    begin_period(slice, now);
}

bool slice_has_time(struct slice *slice, uint64_t now)
{
    begin_period(slice, now);
    return slice_endless(slice) || slice->remaining_ns >= SLICE_LEAST_NS;
}

static void take_share(struct slice *slice, uint32_t cpu, uint32_t share)
{
    struct vcpu *vcpu = slice->vcpu;
    if (cpus[cpu].slice == slice)
        schedule_account(&cpus[cpu], machine_now_ns());
    slice->share[cpu] -= share;
    if (cpu != slice->cpu)
        return;
    int64_t budget = (int64_t)slice_budget(slice);
    if (slice->remaining_ns > budget)
        slice->remaining_ns = budget;
    if (vcpu != NULL && vcpu->on_cpu)
        schedule_remove(vcpu); /* its CPU must watch a nearer end */
}

/* --- the calls ------------------------------------------------------------------------------------------- */

long call_slice_create(const struct call *call)
{
    uint64_t cpu_set = call->argument[1], budget_us = call->argument[2], period_us = call->argument[3],
             flags = call->argument[4];
    NEED(slice, source, 0, EXO_SPLIT);
    if (period_us < PERIOD_MIN_US || period_us > PERIOD_MAX_US || budget_us == 0 || budget_us > period_us ||
        flags > EXO_SLICE_SLACK || cpu_set == 0 || (cpu_set & ~source.slice->cpu_set) != 0)
        return -EXO_E_BAD_ARGUMENT;
    uint32_t share = (uint32_t)((budget_us * SHARE_ALL + period_us - 1) / period_us);
    for (uint64_t set = cpu_set; set != 0; set &= set - 1)
        if (share > source.slice->share[__builtin_ctzl(set)])
            return -EXO_E_NO_TIME;
    if (source.slice->depth == SLICE_DEPTH_MAX)
        return -EXO_E_NO_TIME;
    NEED_OK(token_room(call->domain, 1));

    struct slice *slice =
        slice_make(call->domain, MAY(source, EXO_SPLIT), BELOW(source, EXO_SPLIT), period_us * 1000);
    slice->cpu = (uint32_t)__builtin_ctzl(cpu_set);
    slice->cpu_set = cpu_set;
    slice->slack = flags == EXO_SLICE_SLACK;
    for (uint64_t set = cpu_set; set != 0; set &= set - 1) {
        uint32_t cpu = (uint32_t)__builtin_ctzl(set);
        take_share(MAY(source, EXO_SPLIT), cpu, share);
        slice->share[cpu] = share;
    }
    slice->remaining_ns = (int64_t)slice_budget(slice);
    return (long)token_make_object(call->domain, EXO_SLICE, EXO_X | EXO_SEND | EXO_SPLIT | EXO_OWN, slice,
                                   &slice->origin);
}

long call_slice_bind(const struct call *call)
{
    NEED(vcpu, vcpu, 0, EXO_X);
    NEED(slice, slice, 1, EXO_X);
    if (!vcpu_alive(vcpu.vcpu) || (slice.slice->owner != NULL && slice.slice->owner != vcpu.vcpu))
        return -EXO_E_BUSY;

    struct slice *before = vcpu.vcpu->own;
    slice_bind(MAY(slice, EXO_X), MAY(vcpu, EXO_X), BELOW(slice, EXO_X));
    if (before != NULL && before != slice.slice)
        slice_reap(before);
    return 0;
}
