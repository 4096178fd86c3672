/* SPDX-License-Identifier: MPL-2.0 */
/* A container from its start to its end. */
#include "supervisor.h"

enum { STATUS_FAULT = 125 };

bool life_start(struct container *container, struct failure *why)
{
    if (!time_give(container, why))
        return false;
    container->started_ns = now_ns();
    long error = exo_vcpu_start(container->vcpu[0], container->entry, container->stack, LOS_START);
    if (error < 0)
        return refuse_exo(why, "the image's entry", error);
    container->state = LOS_CONTAINER_RUNNING;
    return true;
}

uint64_t life_cpu_ns(const struct container *container)
{
    uint64_t sum = container->domain ? 0 : container->cpu_ns;
    for (uint32_t i = 0; i < container->vcpus; i++) {
        struct exo_vcpu_state state = {0};
        if (container->vcpu[i] && exo_vcpu_state(container->vcpu[i], &state) >= 0)
            sum += state.cpu_ns;
    }
    return sum;
}

/* Why a vCPU that ended did: the container's own exit is silent, a fault it could not take is told. */
static bool faulted(struct container *container)
{
    for (uint32_t i = 0; i < container->vcpus; i++) {
        struct exo_vcpu_state state = {0};
        if (exo_vcpu_state(container->vcpu[i], &state) < 0 || state.status != EXO_VCPU_FAULTED)
            continue;
        log_line("%s: vCPU %u stopped: exception %u error %x address %x rip %x rsp %x", container->name,
                 (uint64_t)i, (uint64_t)state.vector, state.error, state.address, state.regs.rip,
                 state.regs.rsp);
        log_line("  rax %x rbx %x rcx %x rdx %x rsi %x rdi %x", state.regs.rax, state.regs.rbx, state.regs.rcx,
                 state.regs.rdx, state.regs.rsi, state.regs.rdi);
        return true;
    }
    return false;
}

static void end_machine(struct container *first)
{
    int32_t status = first->status;
    log_line("container ended with status %u", (uint64_t)(uint32_t)status);
    log_status((uint64_t)(uint32_t)status);
    power_off();
}

static void look_at(struct container *container)
{
    struct exo_domain_info info = {0};
    MUST("domain_info", exo_domain_info(container->domain, &info));
    if (!info.vcpus_dead)
        return;
    container_end(container, faulted(container) ? STATUS_FAULT : (int32_t)(info.exit_status & 0xff));
    if (container->first)
        end_machine(container);
}

void life_look_for_deaths(void)
{
    for (struct container *c = containers; c; c = c->next)
        if (c->domain)
            look_at(c);
}

bool life_pause(struct container *container, bool pause, struct failure *why)
{
    if (container->first)
        return refuse(why, LOS_S_REFUSED, "the first container cannot be paused: nobody could resume it");
    if (container->state != (pause ? LOS_CONTAINER_RUNNING : LOS_CONTAINER_PAUSED))
        return refuse(why, LOS_S_STATE, "container '%s' is not %s", container->name,
                      pause ? "running" : "paused");
    if (pause)
        time_take(container);
    else if (!time_give(container, why))
        return false;
    container->state = pause ? LOS_CONTAINER_PAUSED : LOS_CONTAINER_RUNNING;
    return true;
}

bool life_takes_mail(const struct container *container, struct failure *why)
{
    const struct los_control *control = container->control;
    return __atomic_load_n(&control->posted, __ATOMIC_ACQUIRE) ==
               __atomic_load_n(&control->taken, __ATOMIC_ACQUIRE) ||
           refuse(why, LOS_S_AGAIN, "container '%s' does not take its mail", container->name);
}

bool life_mail(struct container *container, uint32_t kind, const uint64_t word[6], const void *text,
               uint64_t bytes, struct failure *why)
{
    struct los_control *control = container->control;
    if (!container->domain)
        return refuse(why, LOS_S_STATE, "container '%s' has ended", container->name);
    if (bytes > LOS_MAIL_TEXT)
        return refuse(why, LOS_S_INVALID, "more than %u bytes of arguments and environment", LOS_MAIL_TEXT);
    if (!life_takes_mail(container, why))
        return false;
    control->kind = kind;
    memcpy(control->word, word, sizeof control->word);
    if (bytes)
        memcpy(control->text, text, bytes);
    control->text_bytes = (uint32_t)bytes;
    __atomic_add_fetch(&control->posted, 1, __ATOMIC_RELEASE);
    exo_event_ring(container->event);
    return true;
}
