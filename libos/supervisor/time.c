/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Slices. A container with a quota has just that, reserved, on CPUs that have it left. One without has next to nothing of its own and
 * takes what nobody else wants. The first container has all the time there is while it is alone, and a tenth of it, and what
 * nobody else wants, otherwise: its slices change from the loop, because a call cannot go on in a slice that ended.
 */
#include "supervisor.h"

#define FIRST_PERIOD_US 10000ul
#define LITTLE_US       50ul
#define LITTLE_PERIOD   1000000ul

static bool shared_now, shared_wanted;

static long bind(struct container *container, uint32_t i, uint64_t cpu_set, uint64_t budget_us,
                 uint64_t period_us, uint64_t flags)
{
    long error =
        exo_slice_create_flags(boot_slice(), cpu_set, budget_us, period_us, flags, &container->slice[i]);
    if (error < 0)
        return error;
    error = exo_slice_bind(container->vcpu[i], container->slice[i]);
    if (error < 0) {
        MUST("slice", exo_token_drop(container->slice[i]));
        container->slice[i] = NULL;
    }
    return error;
}

static uint64_t all_cpus(void) { return boot->cpus == 64 ? UINT64_MAX : (1ul << boot->cpus) - 1; }

static long bind_first(struct container *first, uint32_t i)
{
    /* The supervisor keeps a hundredth of CPU 0 for itself. */
    uint64_t alone = i == 0 ? FIRST_PERIOD_US - FIRST_PERIOD_US / 100 : FIRST_PERIOD_US;
    return shared_now ? bind(first, i, 1ul << i, FIRST_PERIOD_US / 10, FIRST_PERIOD_US, EXO_SLICE_SLACK)
                      : bind(first, i, 1ul << i, alone, FIRST_PERIOD_US, 0);
}

/* On whichever CPU has it; the vCPUs of one container on different ones first. */
static long bind_quota(struct container *container, uint32_t i)
{
    long error = -EXO_E_NO_TIME;
    for (uint32_t n = 0; n < boot->cpus && error == -EXO_E_NO_TIME; n++) {
        uint32_t cpu = (container->slot + i + n) % boot->cpus;
        error = bind(container, i, 1ul << cpu, container->quota_us / container->vcpus, container->period_us, 0);
    }
    return error;
}

bool time_give(struct container *container, struct failure *why)
{
    long error = 0;
    for (uint32_t i = 0; i < container->vcpus && error >= 0; i++)
        error = container->first ? bind_first(container, i)
                : container->quota_us
                    ? bind_quota(container, i)
                    : bind(container, i, all_cpus(), LITTLE_US, LITTLE_PERIOD, EXO_SLICE_SLACK);
    if (error >= 0)
        return true;
    time_take(container);
    if (error == -EXO_E_NO_TIME)
        return refuse(why, LOS_S_TIME,
                      "cpu: no CPU has %u us in %u us left for a vCPU: all of that is reserved",
                      container->quota_us / container->vcpus, container->period_us);
    return refuse_exo(why, "cpu", error);
}

void time_take(struct container *container)
{
    for (uint32_t i = 0; i < container->vcpus; i++) {
        if (!container->slice[i])
            continue;
        MUST("slice", exo_token_revoke(container->slice[i]));
        MUST("slice", exo_token_drop(container->slice[i]));
        container->slice[i] = NULL;
    }
}

bool time_update(struct container *container, uint64_t quota_us, uint64_t period_us, struct failure *why)
{
    uint64_t old_quota = container->quota_us, old_period = container->period_us;
    if (container->first)
        return refuse(why, LOS_S_REFUSED, "the first container has no quota");
    if (quota_us > period_us * container->vcpus || (quota_us && quota_us < container->vcpus))
        return refuse(why, LOS_S_INVALID, "cpu: %u us in %u us do not suit %u vCPUs", quota_us, period_us,
                      (uint64_t)container->vcpus);
    bool runs = container->slice[0] != NULL;
    if (runs)
        time_take(container);
    container->quota_us = quota_us;
    container->period_us = quota_us ? period_us : 0;
    if (!runs || time_give(container, why))
        return true;
    struct failure again;
    container->quota_us = old_quota;
    container->period_us = old_period;
    if (!time_give(container, &again))
        fail(again.text, 0); /* what it had a moment ago */
    return false;
}

/* --- the first container ---------------------------------------------------------------------------------------------- */

static bool others(void)
{
    for (struct container *c = containers; c; c = c->next)
        if (!c->first && c->domain)
            return true;
    return false;
}

bool time_ready_for_others(void)
{
    shared_wanted = true;
    if (!shared_now)
        ring_self();
    return shared_now;
}

void time_settle(void)
{
    struct failure why;
    struct container *first = container_find(1, NULL);
    if (shared_now == (shared_wanted || others()))
        return;
    time_take(first);
    shared_now = !shared_now;
    shared_wanted = false;
    if (!time_give(first, &why))
        fail(why.text, 0);
}
