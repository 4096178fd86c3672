/* SPDX-License-Identifier: MPL-2.0 */
/* Gates: see gate.h. Each call takes a bounded few steps: only ends that nobody asked for walk along a chain. */
#include "gate.h"
#include "call.h"
#include "domain.h"
#include "reference.h"
#include "schedule.h"
#include "slice.h"

long call_gate_create(const struct call *call)
{
    NEED(vcpu, vcpu, 0, EXO_W);
    NEED_OK(token_room(call->domain, 0));

    return (long)token_make(call->domain, EXO_GATE, EXO_X | EXO_SEND | EXO_SPLIT | EXO_OWN, (uint64_t)vcpu.vcpu,
                            call->argument[1], BELOW(vcpu, EXO_W));
}

/* --- messages -------------------------------------------------------------------------------------------- */

/* The token that the vCPU's registers name, if it may go to the domain; NULL: none is named. */
static long find_sent(const struct vcpu *from, const struct domain *to, struct token **token)
{
    const struct exo_regs *regs = &from->machine.regs;
    *token = NULL;
    if (regs->r8 == 0)
        return 0;
    struct token *found;
    NEED_OK(token_find(from->domain, regs->r8, EXO_NONE, EXO_SEND, &found));
    NEED_OK(token_may_go(found, to, (uint32_t)regs->r9 & ~EXO_MESSAGE_MOVE));
    struct work work = {WORK_PER_CALL};
    if (regs->r9 & EXO_MESSAGE_MOVE && !token_make_movable(found, &work))
        return -EXO_E_AGAIN;
    *token = found;
    return 0;
}

static void pass(const struct vcpu *from, struct vcpu *to, struct token *token)
{
    const struct exo_regs *sent = &from->machine.regs;
    struct exo_regs *regs = &to->machine.regs;
    regs->rax = 0;
    regs->rsi = sent->rsi;
    regs->rdx = sent->rdx;
    regs->r10 = sent->r10;
    regs->r12 = sent->r12;
    regs->r13 = sent->r13;
    regs->r14 = sent->r14;
    regs->r15 = sent->r15;
    regs->r8 =
        token == NULL ? 0 : token_hand_on(token, to->domain, sent->r9 & EXO_ALL, sent->r9 & EXO_MESSAGE_MOVE);
    regs->r9 = 0;
}

/* --- chains ------------------------------------------------------------------------------------------------ */

static struct vcpu *runner_of(struct vcpu *first)
{
    while (first->calling != NULL)
        first = first->calling;
    return first;
}

/* The two are caller and server no more; the caller can run. */
static void unlink_call(struct vcpu *caller, enum exo_error error)
{
    alarm_cancel(&caller->block_alarm);
    caller->calling->caller = NULL;
    caller->calling = NULL;
    caller->status = EXO_VCPU_READY;
    caller->machine.regs.rax = (uint64_t)(-(long)error);
}

void gate_run_alone(struct vcpu *vcpu)
{
    while (vcpu->own == NULL && vcpu->calling != NULL) {
        struct vcpu *server = vcpu->calling;
        unlink_call(vcpu, EXO_E_NO_TIME);
        vcpu = server;
    }
    if (vcpu->own == NULL)
        return;
    struct vcpu *runner = runner_of(vcpu);
    vcpu->own->vcpu = runner;
    runner->slice = vcpu->own;
    schedule_add(runner);
}

void gate_end(struct vcpu *caller, enum exo_error error)
{
    struct vcpu *server = caller->calling, *runner = runner_of(server);
    struct slice *slice = runner->slice;
    bool here = runner->on_cpu && runner->cpu == machine_cpu();
    schedule_remove(runner);
    unlink_call(caller, error);
    runner->slice = NULL;
    caller->slice = slice;
    slice->vcpu = caller;
    if (here)
        schedule_hand_over(caller);
    else
        schedule_add(caller);
    gate_run_alone(server);
}

/* --- calling and answering ----------------------------------------------------------------------------------- */

/* Nested as deeply as may be? */
static bool too_deep(const struct vcpu *caller)
{
    unsigned depth = 1;
    for (; caller->caller != NULL; caller = caller->caller)
        depth++;
    return depth > GATE_DEPTH;
}

long call_gate_call(const struct call *call)
{
    struct vcpu *caller = call->vcpu;
    uint64_t limit_us = call->argument[5] >> 32;
    struct token *token;
    NEED(gate, gate, 0, EXO_X);
    struct vcpu *server = MAY(gate, EXO_X);
    if (!vcpu_alive(server))
        return -EXO_E_DEAD;
    bool waits = server->status == EXO_VCPU_SERVING;
    if (!waits && (server->status != EXO_VCPU_READY || server->slice != NULL))
        return -EXO_E_BUSY;
    if (caller->slice == NULL || too_deep(caller)) /* its own may have been revoked a moment ago */
        return -EXO_E_NO_TIME;
    NEED_OK(find_sent(caller, server->domain, &token));

    if (limit_us != 0)
        alarm_set(&caller->block_alarm, caller->cpu, machine_now_ns() + limit_us * 1000);
    caller->status = EXO_VCPU_CALLING;
    caller->calling = server;
    server->caller = caller;
    server->stale = !waits;
    if (server->slice != NULL)
        server->slice->vcpu = NULL;
    server->slice = caller->slice;
    server->slice->vcpu = server;
    caller->slice = NULL;
    server->status = EXO_VCPU_READY;
    if (waits) {
        pass(caller, server, token);
        server->machine.regs.rdi = gate.badge;
    }
    schedule_hand_over(server);
    return 0;
}

/* Serves the caller that has waited for the end of what the server was left with; its registers still say what it wants. False:
 * it may not call any more, or not send the token. */
static bool begin_waiting_call(struct vcpu *caller, struct vcpu *server)
{
    const struct gate_ref gate = gate_lookup(caller->domain, caller->machine.regs.rdi, EXO_X);
    struct token *token;
    long error = gate.error ? gate.error : find_sent(caller, server->domain, &token);
    if (error != 0) {
        gate_end(caller, (enum exo_error)(-error));
        return false;
    }
    server->stale = false;
    pass(caller, server, token);
    server->machine.regs.rdi = gate.badge;
    return true;
}

/* The lent slice goes back, and the caller with it on the CPU. */
static long answer(struct vcpu *server, struct vcpu *caller)
{
    struct token *token;
    long error = find_sent(server, caller->domain, &token);
    pass(server, caller, token);
    gate_end(caller, EXO_OK);
    return error;
}

long call_gate_return(const struct call *call)
{
    struct vcpu *server = call->vcpu, *caller = server->caller;
    long error = 0;

    if (caller != NULL && !server->stale)
        error = answer(server, caller);
    else if (caller != NULL && begin_waiting_call(caller, server))
        return 0;
    schedule_again();
    if (error != 0 || (server->own != NULL && vcpu_pending(server)))
        return -EXO_E_AGAIN;
    server->status = EXO_VCPU_SERVING;
    return 0;
}
