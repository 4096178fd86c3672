/* SPDX-License-Identifier: MPL-2.0 */
/* vCPUs: making, waking, stopping, and the calls on them. What runs when is schedule.c's business. */
#include "vcpu.h"
#include "call.h"
#include "domain.h"
#include "frame.h"
#include "gate.h"
#include "list.h"
#include "lock.h"
#include "reference.h"
#include "schedule.h"
#include "slice.h"
#include "space.h"

struct vcpu *vcpu_make(struct domain *domain, struct space *space, uint64_t page_pfn, struct token *page_parent,
                       uint64_t page_va, uint64_t number)
{
    struct vcpu *vcpu = machine_frame(pool_take(domain));
    for (int i = 0; i < MACHINE_VCPU_PAGES; i++)
        vcpu->fpu_pfn[i] = pool_take(domain);
    vcpu->domain = domain;
    vcpu->space = space;
    vcpu->page_pfn = page_pfn;
    vcpu->page = machine_frame(page_pfn);
    vcpu->block_alarm.kind = ALARM_BLOCK;
    vcpu->timer_alarm.kind = ALARM_TIMER;
    token_embed(&vcpu->origin, TOKEN_ORIGIN, EXO_VCPU, vcpu, NULL);
    token_embed(&vcpu->page_token, TOKEN_VCPU_PAGE, EXO_FRAME, vcpu, page_parent);
    LIST_INSERT(domain->vcpus, vcpu);
    domain->vcpu_count++;

    frame_of(page_pfn)->link++; /* mapped, as far as donating and zeroing are concerned */
    frame_of(page_pfn)->touched = frame_region_of(page_pfn)->dirty = true;
    __builtin_memset(vcpu->page, 0, offsetof(struct exo_vcpu_page, libos));
    vcpu->page->masked = 1;
    vcpu->page->vcpu = (uint32_t)number;
    machine_vcpu_init(&vcpu->machine, vcpu->fpu_pfn, vcpu->page, page_va);
    machine_clock_info(vcpu->page);
    return vcpu;
}

void vcpu_start(struct vcpu *vcpu, uint64_t rip, uint64_t rsp, uint64_t rdi)
{
    machine_vcpu_start(&vcpu->machine, rip, rsp, rdi);
    vcpu->page->masked = 1;
    vcpu->status = EXO_VCPU_READY;
    schedule_add(vcpu);
}

void vcpu_wake(struct vcpu *vcpu)
{
    if (vcpu->status == EXO_VCPU_SERVING && vcpu->own != NULL)
        vcpu->machine.regs.rax = (uint64_t)-EXO_E_AGAIN;
    else if (vcpu->status != EXO_VCPU_BLOCKED)
        return;
    alarm_cancel(&vcpu->block_alarm);
    vcpu->status = EXO_VCPU_READY;
    schedule_add(vcpu);
}

void vcpu_deadline(struct vcpu *vcpu)
{
    if (vcpu->status == EXO_VCPU_CALLING)
        gate_end(vcpu, EXO_E_OVERRUN);
    else
        vcpu_wake(vcpu);
}

void vcpu_ring(struct vcpu *vcpu, uint32_t bit)
{
    if (!vcpu_alive(vcpu))
        return;
    uint64_t before = __atomic_fetch_or(&vcpu->page->pending, 1ul << bit, __ATOMIC_SEQ_CST);
    vcpu_wake(vcpu);
    /* Where it runs elsewhere, that CPU must look. Not whether `masked` is set: it may be about to clear it. */
    if (vcpu->on_cpu && vcpu->cpu != machine_cpu() && !(before & 1ul << bit))
        machine_kick(vcpu->cpu);
}

void vcpu_announce_end(struct vcpu *vcpu)
{
    if (vcpu->domain->creator != NULL)
        vcpu_ring(vcpu->domain->creator, EXO_PENDING_USER);
}

void vcpu_stop(struct vcpu *vcpu, enum exo_vcpu_status status)
{
    if (!vcpu_alive(vcpu))
        return;
    if (vcpu->calling != NULL)
        gate_end(vcpu, EXO_OK);
    if (vcpu->caller != NULL)
        gate_end(vcpu->caller, EXO_E_DEAD);
    schedule_remove(vcpu);
    alarm_cancel(&vcpu->block_alarm);
    alarm_cancel(&vcpu->timer_alarm);
    vcpu->status = status;
    slice_leave(vcpu); /* another may have the time */
    vcpu->domain->vcpus_dead++;
}

/* Off the page: it is an ordinary frame again. */
static void release_page(struct vcpu *vcpu)
{
    if (vcpu->page == NULL)
        return;
    vcpu->page = NULL;
    frame_of(vcpu->page_pfn)->link--;
    token_unlink(&vcpu->page_token);
}

bool vcpu_lose_page(struct vcpu *vcpu)
{
    if (vcpu_alive(vcpu)) {
        vcpu_stop(vcpu, EXO_VCPU_FAULTED);
        vcpu_announce_end(vcpu);
    }
    if (vcpu->on_cpu)
        return false; /* schedule_remove has told the CPU */
    release_page(vcpu);
    return true;
}

bool vcpu_dispose(struct vcpu *vcpu, struct domain *actor, struct work *work)
{
    if (!token_end_below(&vcpu->origin, actor, work))
        return false;
    struct domain *domain = vcpu->domain;
    release_page(vcpu);
    LIST_REMOVE(vcpu);
    domain->vcpu_count--;
    for (int i = 0; i < MACHINE_VCPU_PAGES; i++)
        pool_give(domain, vcpu->fpu_pfn[i]);
    pool_give(domain, pool_pfn(vcpu));
    return true;
}

/* --- the calls ------------------------------------------------------------------------------------------- */

long call_vcpu_create(const struct call *call)
{
    uint64_t page_va = call->argument[3], number = call->argument[4];
    NEED(domain, owner, 0, EXO_W);
    NEED(space, space, 1, EXO_X);
    NEED(frame, page, 2, EXO_R | EXO_W);
    if (owner.domain->dying || space.space->dying)
        return -EXO_E_DEAD;
    if (space.space->domain != owner.domain || page.pages != 1 || page_va % EXO_PAGE_SIZE != 0 ||
        page_va >= EXO_USER_END)
        return -EXO_E_BAD_ARGUMENT;
    if (!frame_all_user(page.pfn, 1) || frame_of(page.pfn)->link == UINT32_MAX)
        return -EXO_E_BUSY;
    NEED_OK(token_room(call->domain, owner.domain == call->domain ? VCPU_FRAMES : 0));
    if (owner.domain->vcpu_count == VCPUS_MAX)
        return -EXO_E_NO_SLOT;
    if (owner.domain->pool_free < VCPU_FRAMES)
        return -EXO_E_NO_POOL;

    struct vcpu *vcpu = vcpu_make(MAY(owner, EXO_W), MAY(space, EXO_X), EXTENT(page, EXO_R | EXO_W),
                                  BELOW(page, EXO_R | EXO_W), page_va, number);
    return (long)token_make_object(call->domain, EXO_VCPU, EXO_ALL, vcpu, &vcpu->origin);
}

long call_vcpu_entries(const struct call *call)
{
    uint64_t syscall = call->argument[1], fault = call->argument[2], event = call->argument[3];
    NEED(vcpu, vcpu, 0, EXO_W);
    if (syscall >= EXO_USER_END || fault >= EXO_USER_END || event >= EXO_USER_END)
        return -EXO_E_BAD_ADDRESS;

    MAY(vcpu, EXO_W)->event_entry = event;
    machine_vcpu_entries(&MAY(vcpu, EXO_W)->machine, syscall, fault, event);
    return 0;
}

long call_vcpu_start(const struct call *call)
{
    NEED(vcpu, vcpu, 0, EXO_X);
    if (call->argument[1] >= EXO_USER_END)
        return -EXO_E_BAD_ADDRESS;
    if (vcpu.vcpu->status != EXO_VCPU_NEW)
        return -EXO_E_BUSY;

    vcpu_start(MAY(vcpu, EXO_X), call->argument[1], call->argument[2], call->argument[3]);
    return 0;
}

long call_vcpu_state(const struct call *call)
{
    NEED(vcpu, ref, 0, EXO_R);
    const struct vcpu *vcpu = ref.vcpu;
    struct exo_vcpu_state state = {
        .status = vcpu->status,
        .vector = vcpu->vector,
        .error = vcpu->error,
        .address = vcpu->address,
        .exit_status = vcpu->exit_status,
        .cpu_ns = vcpu->cpu_ns + schedule_unaccounted(vcpu),
        .regs = vcpu->machine.regs,
    };
    return machine_copy_out(call->argument[1], &state, sizeof state) ? 0 : -EXO_E_BAD_ADDRESS;
}

long call_vcpu_block(const struct call *call)
{
    struct vcpu *vcpu = call->vcpu;
    uint64_t deadline = call->argument[0];
    /* Whoever rings holds the lock as we do: either we see the bit, or they see that it blocks. */
    if (vcpu_pending(vcpu) || deadline <= machine_now_ns())
        return 0;

    vcpu->status = EXO_VCPU_BLOCKED;
    alarm_set(&vcpu->block_alarm, vcpu->cpu, deadline);
    schedule_again();
    return 0;
}

long call_vcpu_timer(const struct call *call)
{
    alarm_set(&call->vcpu->timer_alarm, call->vcpu->cpu, call->argument[0]);
    return 0;
}

long call_vcpu_yield(const struct call *call)
{
    (void)call;
    cpu_this()->yielded = true;
    schedule_again();
    return 0;
}

long call_vcpu_exit(const struct call *call)
{
    struct vcpu *vcpu = call->vcpu;
    if (!vcpu->domain->exited) {
        vcpu->domain->exited = true;
        vcpu->domain->exit_status = call->argument[0];
    }
    vcpu->exit_status = call->argument[0];
    vcpu_stop(vcpu, EXO_VCPU_EXITED);
    vcpu_announce_end(vcpu);
    return 0;
}

/* --- faults ------------------------------------------------------------------------------------------------ */

static void stop_faulted(struct vcpu *vcpu, uint32_t vector, uint64_t error, uint64_t address)
{
    core_lock();
    if (vcpu_alive(vcpu)) {
        vcpu->vector = vector;
        vcpu->error = error;
        vcpu->address = address;
        vcpu_stop(vcpu, EXO_VCPU_FAULTED);
        vcpu_announce_end(vcpu);
    }
    core_unlock();
}

/* Delivery takes no lock: it touches only what this CPU runs (see switch.c). */
void core_fault(struct vcpu *vcpu, uint32_t vector, uint64_t error, uint64_t address)
{
    if (machine_upcall_fault(&vcpu->machine, vector, error, address))
        vcpu->page->count_faults++;
    else
        stop_faulted(vcpu, vector, error, address);
}

void core_foreign(struct vcpu *vcpu) { stop_faulted(vcpu, 6, 0, 0); }
