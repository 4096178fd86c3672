/* SPDX-License-Identifier: MPL-2.0 */
/* Gates: calling, lending, and every way in which a call can end. */
#include "gate.h"
#include "domain.h"
#include "fake_machine.h"
#include "reference.h"
#include "slice.h"
#include <criterion/criterion.h>
#include <string.h>

#define MS       1000000ul
#define GATE_ALL (EXO_X | EXO_SEND | EXO_SPLIT | EXO_OWN)

/* CPU 0 runs the first vCPU, CPU 1 the client. The server waits, without any time of its own. */
static struct guest client, server;
static exo_handle gate; /* the client's */
static struct vcpu *caller, *callee;

static exo_handle send(exo_handle domain, exo_handle token, uint64_t rights)
{
    long handle = again(exo_token_send(domain, token, rights, 0));
    cr_assert_gt(handle, 0, "token_send: %ld", handle);
    return (exo_handle)handle;
}

static exo_handle gate_for(const struct guest *from, const struct guest *to, uint64_t badge)
{
    fake_cpu = 0;
    long made = exo_gate_create(to->vcpu, badge);
    cr_assert_gt(made, 0);
    return send(from->domain, (exo_handle)made, GATE_ALL);
}

static long call(exo_handle through, uint64_t word, uint32_t limit_us)
{
    struct exo_message message = {.word = {word, 2, 3, 4, 5, 6, 7}};
    return exo_gate_call(through, &message, limit_us);
}

static long answer(uint64_t word)
{
    struct exo_message message = {.word = {word, 20, 30, 40, 50, 60, 70}};
    uint64_t badge = 0;
    return exo_gate_return(&badge, &message);
}

/* Makes it wait for calls, and takes its slice away again. */
static void make_passive(const struct guest *guest, uint32_t cpu)
{
    fake_settle();
    cr_assert_eq(fake_enter(cpu), guest->kernel_vcpu);
    cr_assert_eq(answer(0), 0);
    cr_assert_eq(guest->kernel_vcpu->status, EXO_VCPU_SERVING);
    fake_cpu = 0;
    cr_assert_eq(exo_token_revoke(guest->slice), 0);
    cr_assert_null(guest->kernel_vcpu->slice);
}

static void boot(void)
{
    fake_boot(3);
    client = fake_guest(1, 16);
    server = fake_guest(2, 16);
    caller = client.kernel_vcpu;
    callee = server.kernel_vcpu;
    make_passive(&server, 2);
    gate = gate_for(&client, &server, 0xbad9e);
    cr_assert_eq(fake_enter(1), caller);
    check_invariants();
}

TestSuite(gate, .init = boot, .fini = check_invariants);

static long result_of(const struct vcpu *vcpu) { return (long)vcpu->machine.regs.rax; }

Test(gate, a_call_shows_its_message_and_nothing_else)
{
    struct exo_regs *regs = &callee->machine.regs, *mine = &caller->machine.regs;
    mine->rbx = mine->rbp = mine->r11 = mine->rcx = 0x5ec7e7;
    regs->rbx = regs->rbp = regs->r11 = regs->rcx = 0x1;
    uint64_t rip = regs->rip, rsp = regs->rsp;
    regs->r9 = 0x5ec7e7;
    call(gate, 1, 0);
    cr_assert_eq(fake_running[1], callee, "at once, on the caller's CPU");
    cr_assert_eq(callee->page->cpu, 1);
    cr_assert_eq(caller->status, EXO_VCPU_CALLING);
    check_invariants();
    uint64_t badge;
    struct exo_message message;
    cr_assert_eq(fake_received(callee, &badge, &message), 0);
    cr_assert_eq(badge, 0xbad9e);
    for (uint64_t i = 0; i < 7; i++)
        cr_assert_eq(message.word[i], i + 1);
    cr_assert_eq(message.token, 0);
    cr_assert_eq(regs->r9, 0);
    cr_assert(regs->rbx == 1 && regs->rbp == 1 && regs->r11 == 1 && regs->rcx == 1);
    cr_assert(regs->rip == rip && regs->rsp == rsp);

    regs->rbx = 0x777;
    answer(10);
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(callee->status, EXO_VCPU_SERVING);
    uint64_t rdi;
    cr_assert_eq(fake_received(caller, &rdi, &message), 0);
    cr_assert_eq(rdi, gate);
    for (uint64_t i = 0; i < 7; i++)
        cr_assert_eq(message.word[i], (i + 1) * 10);
    cr_assert_eq(mine->r9, 0);
    cr_assert(mine->rbx == 0x5ec7e7 && mine->rbp == 0x5ec7e7);
    check_invariants();
}

Test(gate, a_thousand_calls_need_no_interrupt)
{
    unsigned before = fake_timers;
    for (uint64_t i = 0; i < 1000; i++) {
        call(gate, i, 0);
        cr_assert_eq(callee->machine.regs.rsi, i);
        fake_advance(10);
        answer(i + 1);
        cr_assert_eq(caller->machine.regs.rsi, i + 1);
        fake_advance(10);
    }
    cr_assert_eq(fake_timers, before);
    for (int i = 0; i < 3; i++)
        cr_assert_not(fake_kicked[i]);
}

Test(gate, only_servers_that_wait_can_be_called)
{
    cr_assert_eq(call(client.own_vcpu, 0, 0), -EXO_E_BAD_KIND);
    cr_assert_eq(call(gate + 1, 0, 0), -EXO_E_BAD_HANDLE);
    exo_handle self = gate_for(&client, &client, 0), root = 0;
    fake_cpu = 0;
    root = (exo_handle)exo_gate_create(fake_info->vcpu, 0);
    root = send(client.domain, root, GATE_ALL);
    exo_handle weak = send(client.domain, (exo_handle)exo_gate_create(server.vcpu, 1), EXO_SEND);
    long fresh = exo_vcpu_create(server.domain, server.space, fake_frames(1), 0, 0);
    exo_handle unborn = send(client.domain, (exo_handle)exo_gate_create((exo_handle)fresh, 0), GATE_ALL);
    fake_enter(1);
    struct exo_regs before = caller->machine.regs;
    cr_assert_eq(call(self, 0, 0), -EXO_E_BUSY, "it is running");
    cr_assert_eq(call(root, 0, 0), -EXO_E_BUSY);
    cr_assert_eq(call(unborn, 0, 0), -EXO_E_BUSY);
    cr_assert_eq(call(weak, 0, 0), -EXO_E_NO_RIGHT);
    cr_assert_eq(caller->machine.regs.rbx, before.rbx);
    cr_assert_eq(caller->machine.regs.r13, 5, "unchanged after an error");
    exo_handle back = gate_for(&server, &client, 0);
    fake_enter(1);
    call(gate, 0, 0);
    cr_assert_eq(fake_running[1], callee);
    cr_assert_eq(call(back, 0, 0), -EXO_E_BUSY, "no way round in a circle");
    cr_assert_eq(fake_running[1], callee);
}

Test(gate, a_derived_gate_keeps_its_badge_and_ends_with_its_server)
{
    exo_handle derived = (exo_handle)exo_token_derive(gate, EXO_X, 0, 1);
    call(derived, 0, 0);
    cr_assert_eq(callee->machine.regs.rdi, 0xbad9e);
    fake_cpu = 0;
    cr_assert_eq(exo_token_revoke(server.vcpu), 0);
    fake_enter(1);
    answer(8);
    cr_assert_eq(fake_running[1], caller, "a call under way may finish");
    cr_assert_eq(caller->machine.regs.rsi, 8);
    cr_assert_eq(call(gate, 0, 0), -EXO_E_BAD_HANDLE);
    cr_assert_eq(call(derived, 0, 0), -EXO_E_BAD_HANDLE);
}

/* --- tokens sent along ------------------------------------------------------------------------------------- */

static long call_with(exo_handle token, uint32_t rights)
{
    struct exo_message message = {.token = token, .rights = rights};
    return exo_gate_call(gate, &message, 0);
}

Test(gate, tokens_travel_both_ways)
{
    call_with(client.own_frames, EXO_R | EXO_SEND);
    exo_handle received = callee->machine.regs.r8;
    struct exo_token_info info;
    cr_assert_eq(exo_token_info(received, &info), 0);
    cr_assert_eq(info.kind, EXO_FRAME);
    cr_assert_eq(info.rights, EXO_R | EXO_SEND);
    cr_assert_eq(info.count, 16);
    uint64_t badge = 0;
    struct exo_message message = {.token = received, .rights = EXO_R | EXO_MESSAGE_MOVE};
    exo_gate_return(&badge, &message);
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(exo_token_info(caller->machine.regs.r8, &info), 0);
    cr_assert_eq(info.rights, EXO_R);
    struct token *token;
    cr_assert_eq(token_find(callee->domain, received, EXO_NONE, 0, &token), -EXO_E_BAD_HANDLE, "moved");
    check_invariants();
    /* What cannot be sent calls nobody. */
    uint32_t live = callee->domain->tokens;
    cr_assert_eq(call_with(client.own_frames, 0x40), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(call_with(12345, EXO_R), -EXO_E_BAD_HANDLE);
    cr_assert_eq(call_with(caller->machine.regs.r8, EXO_R), -EXO_E_BAD_HANDLE);
    exo_handle kept = (exo_handle)exo_token_derive(client.own_frames, EXO_R, 0, 1);
    cr_assert_eq(call_with(kept, EXO_R), -EXO_E_NO_RIGHT);
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(callee->status, EXO_VCPU_SERVING);
    cr_assert_eq(callee->domain->tokens, live);
    /* Its own gate, moved: the call goes through. */
    call_with(gate, EXO_X | EXO_MESSAGE_MOVE);
    cr_assert_eq(fake_running[1], callee);
    cr_assert_eq(exo_token_info(callee->machine.regs.r8, &info), 0);
    cr_assert_eq(info.kind, EXO_GATE);
}

Test(gate, an_answer_goes_without_a_token_that_cannot_be_sent)
{
    call(gate, 0, 0);
    uint64_t badge = 0;
    struct exo_message message = {.word = {9}, .token = 77, .rights = EXO_R};
    exo_gate_return(&badge, &message);
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(result_of(caller), 0);
    cr_assert_eq(caller->machine.regs.rsi, 9);
    cr_assert_eq(caller->machine.regs.r8, 0);
    cr_assert_eq(result_of(callee), -EXO_E_AGAIN);
    cr_assert_eq(callee->status, EXO_VCPU_READY);
    call(gate, 1, 0);
    cr_assert_eq(fake_running[1], callee, "in the next caller's time");
    cr_assert_eq(result_of(callee), -EXO_E_AGAIN, "it hears of that before it is called again");
    cr_assert_eq(answer(0), 0);
    cr_assert_eq(callee->machine.regs.rsi, 1);
    cr_assert_eq(fake_running[1], callee);
}

/* --- chains ------------------------------------------------------------------------------------------------ */

Test(gate, calls_nest_eight_deep)
{
    struct guest link[9];
    exo_handle next[9];
    for (int i = 0; i < 9; i++) {
        fake_cpu = 0;
        cr_assert_eq(exo_token_drop(i == 0 ? server.slice : link[i - 1].slice), 0);
        link[i] = fake_guest(2, 0);
        make_passive(&link[i], 2);
        next[i] = gate_for(i == 0 ? &client : &link[i - 1], &link[i], (uint64_t)i);
    }
    fake_enter(1);
    for (uint64_t i = 0; i < 8; i++) {
        call(next[i], i, 0);
        cr_assert_eq(fake_running[1], link[i].kernel_vcpu);
        cr_assert_eq(link[i].kernel_vcpu->machine.regs.rdi, i);
        fake_advance(1000);
        check_invariants();
    }
    cr_assert_eq(call(next[8], 8, 0), -EXO_E_NO_TIME);
    cr_assert_eq(fake_running[1], link[7].kernel_vcpu);
    cr_assert_eq(link[7].kernel_vcpu->slice, caller->own);
    for (int i = 7; i >= 0; i--) {
        answer((uint64_t)i);
        cr_assert_eq(fake_running[1], i == 0 ? caller : link[i - 1].kernel_vcpu);
        check_invariants();
    }
    for (int i = 0; i < 8; i++)
        call(next[i], 0, 0);
    fake_cpu = 0;
    cr_assert_eq(again(exo_token_revoke(client.slice)), 0);
    fake_settle();
    cr_assert_null(fake_running[1]);
    cr_assert_eq(result_of(caller), -EXO_E_NO_TIME);
    for (int i = 0; i < 7; i++)
        cr_assert_eq(result_of(link[i].kernel_vcpu), -EXO_E_NO_TIME);
    for (int i = 0; i < 8; i++)
        cr_assert(link[i].kernel_vcpu->status == EXO_VCPU_READY && link[i].kernel_vcpu->slice == NULL);
    check_invariants();
}

/* The client's server calls another one: caller -> callee -> third. */
static struct guest third;
static exo_handle onward; /* the server's */

static void chain(void)
{
    fake_cpu = 0;
    cr_assert_eq(exo_token_drop(server.slice), 0);
    third = fake_guest(2, 0);
    make_passive(&third, 2);
    onward = gate_for(&server, &third, 3);
    fake_enter(1);
    call(gate, 0, 100);
    call(onward, 0, 0);
    cr_assert_eq(fake_running[1], third.kernel_vcpu);
}

Test(gate, the_middle_of_a_chain_dies)
{
    chain();
    fake_cpu = 0;
    cr_assert_eq(again(exo_domain_destroy(server.domain)), 0);
    fake_settle();
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(result_of(caller), -EXO_E_DEAD);
    cr_assert_null(third.kernel_vcpu->caller);
    cr_assert_null(third.kernel_vcpu->slice);
    fake_cpu = 0;
    cr_assert_eq(exo_slice_bind(third.vcpu, third.slice), 0);
    fake_settle();
    cr_assert_eq(fake_enter(2), third.kernel_vcpu, "goes on in a slice of its own");
    cr_assert_eq(answer(0), 0);
    cr_assert_eq(third.kernel_vcpu->status, EXO_VCPU_SERVING);
}

Test(gate, the_middle_of_a_chain_has_time_of_its_own)
{
    chain();
    fake_cpu = 0;
    long half = exo_slice_create(fake_info->slice, 1, 5000, 10000);
    cr_assert_eq(exo_slice_bind(server.vcpu, (exo_handle)half), 0);
    cr_assert_null(callee->own->vcpu, "it rests");
    check_invariants();
    fake_advance(100000);
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(result_of(caller), -EXO_E_OVERRUN);
    cr_assert_eq(callee->status, EXO_VCPU_CALLING, "its own call goes on");
    cr_assert_eq(third.kernel_vcpu->slice, callee->own);
    check_invariants();
    fake_cpu = 0;
    cr_assert_eq(exo_vcpu_yield(), 0);
    cr_assert_eq(fake_running[0], third.kernel_vcpu);
    answer(5);
    cr_assert_eq(fake_running[0], callee);
    cr_assert_eq(callee->machine.regs.rsi, 5);
    answer(6);
    cr_assert_neq(fake_running[0], callee, "to nobody");
    cr_assert_eq(callee->status, EXO_VCPU_SERVING);
    cr_assert_eq(result_of(caller), -EXO_E_OVERRUN);
}

Test(gate, rebinding_under_a_call_ends_it)
{
    chain();
    fake_cpu = 0;
    cr_assert_eq(exo_slice_bind(client.vcpu, client.slice), 0);
    fake_settle();
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(result_of(caller), -EXO_E_NO_TIME);
    cr_assert_eq(result_of(callee), -EXO_E_NO_TIME);
    cr_assert_null(callee->slice);
    cr_assert_null(third.kernel_vcpu->slice);
}

/* --- ends ---------------------------------------------------------------------------------------------------- */

Test(gate, an_overrun_gives_the_slice_back)
{
    call(gate, 1, 50);
    fake_advance(49999);
    cr_assert_eq(fake_running[1], callee);
    fake_advance(1);
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(result_of(caller), -EXO_E_OVERRUN);
    cr_assert_eq(caller->machine.regs.rsi, 1, "unchanged");
    cr_assert_eq(callee->status, EXO_VCPU_READY);
    cr_assert_null(callee->slice);
    check_invariants();

    /* The next caller's time brings the server to the end of what it did; the stale answer is dropped. */
    call(gate, 2, 50);
    cr_assert_eq(fake_running[1], callee);
    cr_assert_neq(callee->machine.regs.rsi, 2, "not yet");
    fake_advance(10000);
    uint64_t badge = 0;
    struct exo_message stale = {.word = {99}, .token = server.own_frames, .rights = EXO_ALL};
    cr_assert_eq(exo_gate_return(&badge, &stale), 0);
    cr_assert_eq(fake_running[1], callee, "called at once");
    cr_assert_eq(badge, 0xbad9e);
    cr_assert_eq(stale.word[0], 2);
    cr_assert_eq(stale.token, 0);
    answer(3);
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(result_of(caller), 0);
    cr_assert_eq(caller->machine.regs.rsi, 3);
    call(gate, 2, 50);
    answer(0);
    call(gate, 2, 0);
    fake_advance(MS);
    cr_assert_eq(fake_running[1], callee, "no deadline is left");
    answer(0);

    /* Or the helper's limit passes too. */
    call(gate, 1, 50);
    fake_advance(50000);
    call(gate, 2, 50);
    fake_advance(50000);
    cr_assert_eq(result_of(caller), -EXO_E_OVERRUN);
    call(gate, 3, 0);
    answer(0);
    cr_assert_eq(callee->machine.regs.rsi, 3);
}

Test(gate, one_caller_waits_for_a_server_that_was_left)
{
    fake_cpu = 0;
    cr_assert_eq(exo_token_drop(server.slice), 0);
    struct guest other = fake_guest(2, 0);
    exo_handle second = gate_for(&other, &server, 2);
    fake_settle();
    fake_enter(1);
    call(gate, 1, 50);
    fake_enter(2);
    cr_assert_eq(call(second, 2, 0), -EXO_E_BUSY, "it serves");
    fake_advance(50000);
    cr_assert_eq(fake_running[1], caller);
    fake_enter(2);
    call(second, 2, 0);
    cr_assert_eq(fake_running[2], callee, "on the other CPU");
    check_invariants();
    fake_enter(1);
    cr_assert_eq(call(gate, 3, 0), -EXO_E_BUSY, "no queue");
    /* What it wanted to send is gone by the time. */
    other.kernel_vcpu->machine.regs.r8 = 4711;
    fake_enter(2);
    answer(0);
    cr_assert_eq(fake_running[2], other.kernel_vcpu);
    cr_assert_eq(result_of(other.kernel_vcpu), -EXO_E_BAD_HANDLE);
    cr_assert_eq(callee->status, EXO_VCPU_SERVING);
    check_invariants();
    fake_enter(1);
    call(gate, 3, 0);
    cr_assert_eq(fake_running[1], callee);

    /* Or its gate. */
    answer(0);
    call(gate, 4, 50);
    fake_advance(50000);
    fake_enter(2);
    call(second, 5, 0);
    fake_cpu = 0;
    cr_assert_eq(exo_token_revoke(server.vcpu), 0);
    fake_enter(2);
    answer(0);
    cr_assert_eq(fake_running[2], other.kernel_vcpu);
    cr_assert_eq(result_of(other.kernel_vcpu), -EXO_E_BAD_HANDLE);
    cr_assert_neq(callee->machine.regs.rsi, 5);
}

Test(gate, a_server_that_ends_answers_dead)
{
    call(gate, 0, 0);
    exo_vcpu_exit(1);
    cr_assert_eq(fake_running[1], caller, "at once");
    cr_assert_eq(result_of(caller), -EXO_E_DEAD);
    check_invariants();
    cr_assert_eq(call(gate, 0, 0), -EXO_E_DEAD);
    fake_cpu = 0;
    cr_assert_eq(again(exo_domain_destroy(server.domain)), 0);
    fake_enter(1);
    cr_assert_eq(call(gate, 0, 0), -EXO_E_BAD_HANDLE);
}

Test(gate, a_server_that_faults_answers_dead)
{
    call(gate, 0, 0);
    fake_fault(14, 0, 0);
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(result_of(caller), -EXO_E_DEAD);
    cr_assert_eq(callee->status, EXO_VCPU_FAULTED);
}

Test(gate, a_fault_that_the_server_takes_is_its_own_affair)
{
    fake_cpu = 0;
    cr_assert_eq(exo_vcpu_entries(server.vcpu, 0, 0x200, 0), 0);
    fake_enter(1);
    call(gate, 0, 0);
    fake_fault(14, 0, 0x123);
    cr_assert_eq(fake_running[1], callee);
    cr_assert_eq(callee->page->fault.address, 0x123);
    cr_assert_eq(caller->page->count_faults, 0);
    answer(0);
    cr_assert_eq(result_of(caller), 0);
}

Test(gate, a_server_that_loses_its_page_answers_dead)
{
    call(gate, 0, 0);
    fake_cpu = 0;
    cr_assert_eq(again(exo_token_revoke(fake_info->extent[0])), 0);
    fake_settle();
    cr_assert(!vcpu_alive(callee) && !vcpu_alive(caller), "both had pages of the extent");
    cr_assert_eq(callee->caller, NULL);
    cr_assert_null(fake_running[1]);
}

Test(gate, a_caller_that_ends_leaves_its_server_alone)
{
    call(gate, 0, 50);
    uint64_t share = callee->slice->share[1];
    fake_cpu = 0;
    cr_assert_eq(again(exo_domain_destroy(client.domain)), 0);
    cr_assert_eq(exo_token_drop(client.slice), 0);
    fake_settle();
    cr_assert_null(fake_running[1]);
    cr_assert_eq(callee->status, EXO_VCPU_READY);
    cr_assert_null(callee->slice);
    cr_assert_null(callee->caller);
    fake_advance(MS);
    cr_assert_eq(share, SHARE_ALL);
    check_invariants();
    cr_assert_eq(exo_slice_create(fake_info->slice, 2, 1000, 1000) > 0, true, "its share is free again");
}

Test(gate, a_server_ends_the_domain_that_called_it)
{
    fake_cpu = 0;
    exo_handle domain = send(server.domain, client.domain, EXO_ALL);
    fake_enter(1);
    call(gate, 0, 0);
    long result = exo_domain_destroy(domain);
    cr_assert(result == 0 || result == -EXO_E_AGAIN);
    cr_assert_null(fake_running[1], "no time is left to it");
    check_invariants();
    fake_cpu = 0;
    cr_assert_eq(exo_slice_bind(server.vcpu, server.slice), 0);
    fake_settle();
    cr_assert_eq(fake_enter(2), callee);
}

/* --- time ------------------------------------------------------------------------------------------------------ */

Test(gate, a_lent_slice_is_charged_whoever_runs)
{
    fake_cpu = 0;
    cr_assert_eq(exo_slice_bind(client.vcpu, (exo_handle)exo_slice_create(client.slice, 2, 4000, 10000)), 0);
    fake_settle();
    struct slice *slice = caller->own;
    fake_advance(20 * MS - (fake_now - slice->period_start) % (10 * MS)); /* a period begins */
    fake_enter(1);
    uint64_t start = fake_now, mine = caller->cpu_ns, its = callee->cpu_ns;
    fake_advance(MS);
    call(gate, 0, 0);
    fake_advance(2 * MS);
    answer(0);
    fake_advance(MS / 2);
    call(gate, 0, 0);
    cr_assert_eq(slice->remaining_ns, (int64_t)MS / 2);
    fake_advance(MS);
    cr_assert_null(fake_running[1], "the budget is used up, in the middle of the call");
    cr_assert_eq(callee->queued, QUEUE_THROTTLED);
    check_invariants();
    fake_advance(start + 10 * MS - fake_now);
    cr_assert_eq(fake_running[1], callee, "refilled");
    fake_advance(1000);
    answer(0);
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(caller->cpu_ns - mine, MS + MS / 2);
    cr_assert_eq(callee->cpu_ns - its, 2 * MS + MS / 2 + 1000);
    cr_assert_eq(slice->remaining_ns, (int64_t)(4 * MS - 1000));
}

Test(gate, an_overrun_finds_the_server_throttled)
{
    fake_cpu = 0;
    cr_assert_eq(exo_slice_bind(client.vcpu, (exo_handle)exo_slice_create(client.slice, 2, 1000, 10000)), 0);
    fake_settle();
    fake_enter(1);
    call(gate, 0, 5000);
    fake_advance(2 * MS);
    cr_assert_eq(callee->queued, QUEUE_THROTTLED);
    fake_advance(3 * MS);
    cr_assert_eq(callee->queued, QUEUE_NONE);
    cr_assert_eq(caller->queued, QUEUE_THROTTLED, "it has to wait all the same");
    check_invariants();
    fake_advance(10 * MS);
    cr_assert_eq(result_of(caller), -EXO_E_OVERRUN);
    cr_assert_gt(caller->cpu_ns, 0);
}

Test(gate, a_server_blocks_and_yields_in_lent_time)
{
    exo_handle event;
    fake_cpu = 0;
    event = (exo_handle)exo_event_derive(server.vcpu, 8);
    fake_enter(1);
    call(gate, 0, 0);
    cr_assert_eq(exo_vcpu_yield(), 0);
    cr_assert_eq(fake_running[1], callee);
    cr_assert_eq(exo_vcpu_block(fake_now + 1000), 0);
    cr_assert_null(fake_running[1]);
    check_invariants();
    fake_advance(1000);
    cr_assert_eq(fake_running[1], callee);
    cr_assert_eq(exo_vcpu_block(UINT64_MAX), 0);
    fake_cpu = 0;
    cr_assert_eq(exo_event_ring(event), 0);
    fake_settle();
    cr_assert_eq(fake_running[1], callee);
    /* Left behind while it blocks, it is woken into nobody's time. */
    callee->page->pending = 0;
    fake_enter(1);
    answer(0);
    call(gate, 0, 50);
    cr_assert_eq(exo_vcpu_block(UINT64_MAX), 0);
    fake_advance(50000);
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(call(gate, 0, 0), -EXO_E_BUSY);
    fake_cpu = 0;
    cr_assert_eq(exo_event_ring(event), 0);
    cr_assert_eq(callee->status, EXO_VCPU_READY);
    fake_enter(1);
    call(gate, 0, 0);
    cr_assert_eq(fake_running[1], callee);
}

Test(gate, quanta_hold_for_whole_chains)
{
    fake_cpu = 0;
    cr_assert_eq(exo_token_drop(server.slice), 0);
    struct guest other = fake_guest(2, 0);
    long mine = exo_slice_create(client.slice, 2, 4000, 10000),
         its = exo_slice_create(client.slice, 2, 6000, 10000);
    cr_assert_eq(exo_slice_bind(client.vcpu, (exo_handle)mine), 0);
    cr_assert_eq(exo_slice_bind(other.vcpu, (exo_handle)its), 0);
    fake_settle();
    uint64_t start = fake_now;
    while (fake_now < start + 1000 * MS) {
        fake_advance(7000);
        fake_cpu = 1;
        if (fake_running[1] == caller)
            call(gate, 0, 0);
        else if (fake_running[1] == callee)
            answer(0);
    }
    check_invariants();
    cr_assert_leq(caller->cpu_ns + callee->cpu_ns, 405 * MS);
    cr_assert_geq(caller->cpu_ns + callee->cpu_ns, 395 * MS);
    cr_assert_geq(other.kernel_vcpu->cpu_ns, 590 * MS);
}

/* --- a server with a slice of its own ---------------------------------------------------------------------------- */

Test(gate, events_wake_a_server_in_its_own_slice_only)
{
    fake_cpu = 0;
    exo_handle event = (exo_handle)exo_event_derive(server.vcpu, 8);
    cr_assert_eq(exo_event_ring(event), 0);
    cr_assert_eq(callee->status, EXO_VCPU_SERVING, "in whose time?");
    cr_assert_eq(callee->page->pending, 1ul << 8);
    fake_enter(1);
    call(gate, 0, 0);
    answer(0);
    cr_assert_eq(callee->status, EXO_VCPU_SERVING, "and there is none after a call either");
    fake_cpu = 0;
    cr_assert_eq(exo_slice_bind(server.vcpu, server.slice), 0);
    fake_settle();
    cr_assert_eq(fake_enter(2), callee);
    cr_assert_eq(result_of(callee), -EXO_E_AGAIN);
    cr_assert_eq(answer(0), -EXO_E_AGAIN);
    callee->page->pending = 0;
    cr_assert_eq(answer(0), 0);
    cr_assert_null(fake_running[2]);
    fake_cpu = 0;
    cr_assert_eq(exo_event_ring(event), 0);
    fake_settle();
    cr_assert_eq(fake_running[2], callee);
    cr_assert_eq(result_of(callee), -EXO_E_AGAIN);
    fake_enter(1);
    cr_assert_eq(call(gate, 0, 0), -EXO_E_BUSY, "it works for itself");
    fake_enter(2);
    callee->page->pending = 0;
    answer(0);
    fake_enter(1);
    call(gate, 4, 100);
    cr_assert_eq(fake_running[1], callee, "in lent time, on the caller's CPU");
    check_invariants();
    fake_cpu = 0;
    cr_assert_eq(exo_event_ring(event), 0);
    cr_assert_eq(callee->page->pending, 1ul << 8);
    fake_settle();
    fake_enter(1);
    cr_assert_eq(answer(5), -EXO_E_AGAIN, "the answer went, and the event is not lost");
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(result_of(caller), 0);
    fake_settle();
    cr_assert_eq(fake_running[2], callee);
    callee->page->pending = 0;
    fake_enter(2);
    answer(0);
    fake_enter(1);
    call(gate, 4, 100);
    fake_advance(100000);
    cr_assert_eq(result_of(caller), -EXO_E_OVERRUN);
    cr_assert_eq(fake_running[2], callee, "goes on by itself");
    cr_assert_eq(fake_running[1], caller);
    check_invariants();
}

/* --- between a call and the decision that follows it ---------------------------------------------------------------- */

Test(gate, another_cpu_calls_before_the_server_has_left_its_own)
{
    fake_cpu = 0;
    cr_assert_eq(exo_slice_bind(server.vcpu, server.slice), 0);
    fake_settle();
    fake_enter(1);
    call(gate, 0, 0);
    answer(0);
    fake_cpu = 0;
    exo_handle event = (exo_handle)exo_event_derive(server.vcpu, 8);
    cr_assert_eq(exo_event_ring(event), 0);
    fake_settle();
    callee->page->pending = 0;
    cr_assert_eq(fake_enter(2), callee);
    fake_midway = true;
    answer(0);
    cr_assert(callee->on_cpu && callee->status == EXO_VCPU_SERVING);
    fake_midway = false;
    fake_enter(1);
    call(gate, 1, 0);
    cr_assert_null(fake_running[1], "it is still on the other one");
    check_invariants();
    fake_enter(2);
    fake_settle();
    cr_assert_null(fake_running[2]);
    cr_assert_eq(fake_enter(1), callee);
    answer(2);
    cr_assert_eq(fake_running[1], caller);
    cr_assert_eq(caller->machine.regs.rsi, 2);
}

Test(gate, the_server_ends_before_it_could_run)
{
    fake_midway = true;
    call(gate, 1, 0);
    fake_midway = false;
    cr_assert_eq(callee->queued, QUEUE_HANDED);
    fake_cpu = 0;
    cr_assert_eq(again(exo_domain_destroy(server.domain)), 0);
    cr_assert_eq(fake_enter(1), caller);
    cr_assert_eq(result_of(caller), -EXO_E_DEAD);
}

Test(gate, the_slice_ends_before_the_server_could_run)
{
    fake_midway = true;
    call(gate, 1, 0);
    fake_midway = false;
    fake_cpu = 0;
    cr_assert_eq(exo_token_revoke(fake_info->slice), 0);
    cr_assert_null(fake_enter(1));
    cr_assert_eq(result_of(caller), -EXO_E_NO_TIME);
}

Test(gate, a_slice_moves_away_under_the_one_that_calls)
{
    fake_cpu = 0;
    cr_assert_eq(exo_slice_bind(client.vcpu, (exo_handle)exo_slice_create(fake_info->slice, 1, 5000, 10000)),
                 0);
    fake_cpu = 1; /* which has not answered its kick */
    call(gate, 1, 0);
    cr_assert_null(fake_running[1]);
    check_invariants();
    fake_settle();
    fake_cpu = 0;
    cr_assert_eq(exo_vcpu_yield(), 0);
    cr_assert_eq(fake_running[0], callee);
    answer(0);
    cr_assert_eq(fake_running[0], caller);
}

Test(gate, the_caller_ends_before_the_server_could_run)
{
    fake_midway = true;
    call(gate, 1, 0);
    fake_midway = false;
    fake_cpu = 0;
    cr_assert_eq(exo_domain_destroy(client.domain), -EXO_E_AGAIN, "its vCPU is on a CPU");
    cr_assert_null(fake_enter(1));
    fake_cpu = 0;
    cr_assert_eq(again(exo_domain_destroy(client.domain)), 0);
    cr_assert_null(callee->slice);
}
