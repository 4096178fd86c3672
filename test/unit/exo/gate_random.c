/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Random calls among vCPUs that all hold gates to each other, while the first domain gives, moves and takes their time, rings them
 * and ends them, on three CPUs. check_invariants does the judging: chains, slices, accounts to the ns.
 */
#include "domain.h"
#include "fake_machine.h"
#include "gate.h"
#include "slice.h"
#include <criterion/criterion.h>

#define GUESTS  6
#define CPUS    3
#define STEP_NS 300000

static uint64_t seed;

static uint64_t below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % n;
}

static struct guest guests[GUESTS];
static exo_handle gates[GUESTS][GUESTS]; /* [of whom][to whom] */
static exo_handle bells[GUESTS], slices[GUESTS];
static unsigned made, calls, answers, helped, depth_seen;

static void give_gates(unsigned from, unsigned to)
{
    if (from == to || guests[from].kernel_vcpu == NULL || guests[to].kernel_vcpu == NULL)
        return;
    exo_handle gate = (exo_handle)exo_gate_create(guests[to].vcpu, to);
    gates[from][to] = (exo_handle)exo_token_send(guests[from].domain, gate, EXO_X | EXO_SEND, EXO_SEND_MOVE);
}

/* A new domain in place `i`; by the first vCPU, like all below until one_step. */
static void make(unsigned i)
{
    uint32_t cpu = fake_cpu == 2 ? 1 : 2; /* fake_guest needs all of a CPU that the caller is not on */
    long trial = exo_slice_create(fake_info->slice, 1ul << cpu, 10000, 10000);
    if (trial <= 0 || made == 100)
        return;
    made++;
    exo_token_drop((exo_handle)trial);
    guests[i] = fake_guest(cpu, 4);
    exo_token_revoke(guests[i].slice);
    exo_token_drop(guests[i].slice);
    bells[i] = (exo_handle)exo_event_derive(guests[i].vcpu, 8 + below(8));
    for (unsigned k = 0; k < GUESTS; k++) {
        give_gates(i, k);
        give_gates(k, i);
    }
}

static void bind(unsigned i)
{
    exo_token_drop(slices[i]);
    long slice = exo_slice_create(fake_info->slice, 1 + below(7), 1000 + below(3000), 5000 + below(5000));
    if (slice <= 0)
        return;
    slices[i] = (exo_handle)slice;
    exo_slice_bind(guests[i].vcpu, slices[i]);
}

/* Takes all time back, and makes anew who was destroyed. */
static void renew(void)
{
    if (below(4))
        return;
    again(exo_token_revoke(fake_info->slice));
    for (unsigned i = 0; i < GUESTS; i++)
        exo_token_drop(slices[i]);
    for (unsigned i = 0; i < GUESTS; i++)
        if (guests[i].kernel_vcpu == NULL)
            make(i);
}

static void manage(void)
{
    unsigned i = (unsigned)below(GUESTS);
    if (guests[i].kernel_vcpu == NULL) {
        renew();
        return;
    }
    if (!vcpu_alive(guests[i].kernel_vcpu) || below(400) == 0) {
        if (again(exo_domain_destroy(guests[i].domain)) == 0)
            guests[i].kernel_vcpu = NULL;
        return;
    }
    switch (below(100)) {
    case 0: exo_token_revoke(slices[below(GUESTS)]); break;
    case 1: exo_token_drop(slices[i]); break;
    case 2: exo_slice_create(slices[i], 1 + below(7), 100, 10000); break;
    case 3: exo_slice_bind(guests[i].vcpu, slices[below(GUESTS)]); break;
    case 4: below(5) ? 0 : exo_token_revoke(fake_info->slice); break;
    case 5: below(5) ? 0 : exo_token_revoke(guests[i].page); break;
    default:
        if (below(4))
            exo_event_ring(bells[i]);
        else
            bind(i);
    }
}

static unsigned number_of(const struct vcpu *vcpu)
{
    unsigned i = 0;
    while (i < GUESTS && guests[i].kernel_vcpu != vcpu)
        i++;
    return i;
}

static void act(unsigned me, struct vcpu *vcpu)
{
    struct exo_message message = {.word = {below(99)}, .rights = (uint32_t)below(2) * EXO_R};
    uint64_t badge = 0;
    unsigned to = (unsigned)below(GUESTS);
    message.token = below(4) ? 0 : below(3) ? guests[me].own_frames : gates[me][to];
    vcpu->page->critical = below(4) == 0;
    if (below(2))
        vcpu->page->pending = 0;
    fake_midway = below(16) == 0;
    switch (below(12)) {
    case 0: exo_vcpu_block(fake_now + below(STEP_NS)); break;
    case 1: exo_vcpu_yield(); break;
    case 2: below(40) ? exo_vcpu_timer(fake_now + below(STEP_NS)) : exo_vcpu_exit(0); break;
    case 3:
    case 4:
    case 5:
    case 6:
        answers += vcpu->caller != NULL;
        helped += vcpu->stale && vcpu->caller != NULL;
        exo_gate_return(&badge, &message);
        break;
    default:
        exo_gate_call(gates[me][to], &message, (uint32_t)(below(2) * below(3000)));
        calls += vcpu->calling != NULL;
    }
    fake_midway = false;
    unsigned depth = 0;
    for (; vcpu->caller != NULL; vcpu = vcpu->caller)
        depth++;
    depth_seen |= 1u << depth;
}

static void torture(uint64_t start)
{
    seed = start * 0x9e3779b97f4a7c15 + 1;
    fake_boot(CPUS);
    for (unsigned i = 0; i < GUESTS; i++)
        make(i);
    for (int i = 0; i < 8000; i++) {
        struct vcpu *vcpu = fake_enter((uint32_t)below(CPUS));
        for (int k = 0; k < 4 && (vcpu == NULL || (vcpu->domain == fake_root && below(4))); k++)
            vcpu = fake_enter((uint32_t)below(CPUS));
        unsigned me = number_of(vcpu);
        if (vcpu != NULL && vcpu->domain == fake_root)
            manage();
        else if (vcpu != NULL && me < GUESTS)
            act(me, vcpu);
        if (below(3) == 0)
            fake_advance(below(STEP_NS));
        if (i % 8 == 0)
            check_invariants();
    }
    for (unsigned i = 0; i < GUESTS; i++)
        fake_advance(20000000);
    check_invariants();
    cr_assert_gt(calls, 100);
    cr_assert_gt(answers, 50);
    cr_assert_gt(helped, 3);
}

#define TORTURE(n)                                                                                             \
    Test(gate_random, sequence_##n) { torture(n); }
TORTURE(1)
TORTURE(2)
TORTURE(3)
TORTURE(4)
TORTURE(5)
TORTURE(6)
