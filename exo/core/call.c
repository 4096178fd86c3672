/* SPDX-License-Identifier: MPL-2.0 */
/* From a number to a call: the table generated from calls.def, and the ladder before it. */
#include "call.h"
#include "lock.h"
#include "vcpu.h"

static long (*const handlers[EXO_CALL_COUNT])(const struct call *call) = {
#define X(number, NAME, name, ...) [number] = call_##name,
#include <exo/calls.def>
#undef X
};

/* Those that take no lock. */
static bool is_unlocked(uint64_t number)
{
    return number == EXO_CALL_SPACE_SWITCH || number == EXO_CALL_ABI_VERSION;
}

void core_call(struct vcpu *vcpu)
{
    struct exo_regs *regs = &vcpu_machine(vcpu)->regs;
    uint64_t number = regs->rax - EXO_CALL_BASE;
    const struct call call = {
        .vcpu = vcpu,
        .domain = vcpu->domain,
        .argument = {regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9},
    };
    vcpu->page->count_exo_calls++;
    if (number >= EXO_CALL_COUNT) {
        regs->rax = (uint64_t)-EXO_E_BAD_CALL;
        return;
    }
    if (is_unlocked(number)) {
        regs->rax = (uint64_t)handlers[number](&call);
        return;
    }
    core_lock();
    if (vcpu_alive(vcpu)) /* another CPU may have stopped it on its way here */
        regs->rax = (uint64_t)handlers[number](&call);
    if (core_watch != NULL)
        core_watch(vcpu);
    core_unlock();
}
