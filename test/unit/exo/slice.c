/* SPDX-License-Identifier: MPL-2.0 */
/* Slices: admission, budgets, turns. */
#include "slice.h"
#include "cpu.h"
#include "schedule.h"
#include "fake_machine.h"
#include "vcpu.h"
#include <criterion/criterion.h>

#define MS 1000000ul

static void boot(void) { fake_boot(2); }

TestSuite(slice, .init = boot, .fini = check_invariants);

static exo_handle split(exo_handle source, uint64_t cpu, uint64_t budget, uint64_t period)
{
    long slice = exo_slice_create(source, 1ul << cpu, budget, period);
    cr_assert_gt(slice, 0, "slice_create: %ld", slice);
    return (exo_handle)slice;
}

static uint64_t time_of(struct vcpu *vcpu) { return vcpu->cpu_ns; }

Test(slice, admission_is_by_splitting)
{
    cr_assert_eq(exo_slice_create(fake_info->slice, 4, 1, 1000), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_slice_create(fake_info->slice, 1, 0, 1000), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_slice_create(fake_info->slice, 1, 1001, 1000), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_slice_create(fake_info->slice, 1, 1, 999), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_slice_create(fake_info->slice, 1, 1, 1000001), -EXO_E_BAD_ARGUMENT);
    exo_handle half = split(fake_info->slice, 1, 5000, 10000);
    cr_assert_eq(exo_slice_create(fake_info->slice, 2, 6000, 10000), -EXO_E_NO_TIME);
    exo_handle quarter = split(half, 1, 250, 1000);
    cr_assert_eq(exo_slice_create(half, 1, 1, 1000), -EXO_E_BAD_ARGUMENT, "not its CPU");
    cr_assert_eq(exo_slice_create(half, 2, 251, 1000), -EXO_E_NO_TIME);
    check_invariants();
    cr_assert_eq(exo_token_drop(quarter), 0);
    cr_assert_eq(exo_token_drop(split(half, 1, 500, 1000)), 0, "dropped time goes back");
    split(half, 1, 500, 1000);
    cr_assert_eq(exo_token_revoke(half), 0);
    split(half, 1, 500, 1000);
    cr_assert_eq(exo_token_revoke(fake_info->slice), 0);
    split(fake_info->slice, 1, 1000, 1000);
}

Test(slice, a_full_slice_is_never_throttled)
{
    struct guest guest = fake_guest(1, 0);
    uint64_t start = fake_now;
    fake_settle();
    for (int i = 0; i < 100; i++) {
        fake_advance(MS);
        cr_assert_eq(fake_running[1], guest.kernel_vcpu);
    }
    cr_assert_eq(guest.kernel_vcpu->page->slice_end_ns, UINT64_MAX);
    struct exo_vcpu_state state;
    cr_assert_eq(exo_vcpu_state(guest.vcpu, &state), 0);
    cr_assert_eq(state.cpu_ns, fake_now - start);
}

Test(slice, budget_is_kept_exactly)
{
    struct guest guest = fake_guest(1, 0);
    exo_handle third = split(guest.slice, 1, 3000, 10000);
    cr_assert_eq(exo_token_drop(guest.slice), 0);
    cr_assert_eq(exo_slice_bind(guest.vcpu, third), 0);
    fake_settle();
    check_invariants();
    uint64_t start = guest.kernel_vcpu->cpu_ns;
    struct exo_vcpu_page *page = guest.kernel_vcpu->page;
    uint64_t rung = 0, warned_at = 0, end = page->slice_end_ns;
    cr_assert_eq(end, fake_now + 3 * MS);
    for (int i = 0; i < 100000; i++) {
        fake_advance(1000);
        if (page->pending & 1ul << EXO_PENDING_SLICE) {
            page->pending = 0;
            rung++;
            if (warned_at == 0)
                warned_at = fake_now;
        }
    }
    cr_assert_eq(time_of(guest.kernel_vcpu) - start, 30 * MS);
    cr_assert_eq(rung, 10);
    cr_assert_lt(end - warned_at, 101000);
    cr_assert_geq(end - warned_at, 99000);
}

Test(slice, vcpus_of_a_cpu_take_turns)
{
    struct guest one = fake_guest(0, 0), two = fake_guest(1, 0);
    exo_handle other = split(fake_info->slice, 0, 4900, 10000);
    cr_assert_eq(exo_slice_bind(two.vcpu, other), 0);
    fake_settle();
    /* CPU 0 is given away but for a hundredth; besides, the first vCPU runs in what the others leave. */
    uint64_t first = time_of(fake_running[0]);
    struct vcpu *boot_vcpu = fake_running[0];
    fake_advance(1000 * MS);
    check_invariants();
    cr_assert_geq(time_of(one.kernel_vcpu), 495 * MS);
    cr_assert_geq(time_of(two.kernel_vcpu), 485 * MS);
    cr_assert_leq(time_of(boot_vcpu) - first, 21 * MS);
    while (fake_running[0] != one.kernel_vcpu)
        fake_advance(100000);
    one.kernel_vcpu->page->pending = 0;
    cr_assert_eq(exo_vcpu_block(UINT64_MAX), 0);
    first = time_of(boot_vcpu);
    fake_advance(100 * MS);
    cr_assert_geq(time_of(boot_vcpu) - first, 40 * MS, "time that nobody uses");
    check_invariants();
}

Test(slice, quantum_and_yield)
{
    struct guest guest = fake_guest(1, 0);
    exo_handle half = split(fake_info->slice, 0, 5000, 10000);
    cr_assert_eq(exo_slice_bind(guest.vcpu, half), 0);
    struct vcpu *boot_vcpu = fake_running[0];
    fake_settle();
    cr_assert_eq(fake_running[0], boot_vcpu);
    cr_assert_eq(exo_vcpu_yield(), 0);
    cr_assert_eq(fake_running[0], guest.kernel_vcpu);
    cr_assert_eq(exo_vcpu_yield(), 0);
    cr_assert_eq(fake_running[0], boot_vcpu);
}

Test(slice, a_bound_slice_is_busy_and_moves_between_cpus)
{
    struct guest one = fake_guest(1, 0);
    exo_handle domain = fake_domain(32), space = (exo_handle)exo_space_create(domain);
    long vcpu = exo_vcpu_create(domain, space, fake_frames(1), 0, 0);
    cr_assert_eq(exo_slice_bind((exo_handle)vcpu, one.slice), -EXO_E_BUSY);
    fake_settle();
    cr_assert_eq(fake_running[1], one.kernel_vcpu);
    cr_assert_eq(exo_slice_bind(one.vcpu, split(fake_info->slice, 0, 5000, 10000)), 0);
    fake_settle();
    cr_assert_null(fake_running[1]);
    check_invariants();
    cr_assert_eq(exo_vcpu_yield(), 0);
    cr_assert_eq(fake_running[0], one.kernel_vcpu);
    cr_assert_eq(exo_vcpu_block(fake_now + 1000), 0);
    cr_assert_eq(exo_slice_bind(one.vcpu, one.slice), 0, "while it blocks: its deadline moves along");
    fake_settle();
    fake_advance(2000);
    cr_assert_eq(fake_running[1], one.kernel_vcpu);
    cr_assert_eq(again(exo_token_revoke(fake_info->slice)), 0);
    fake_settle();
    cr_assert_null(fake_running[1], "its time was revoked");
    cr_assert_null(one.kernel_vcpu->slice);
    split(fake_info->slice, 1, 1000, 1000);
}

Test(slice, long_use_of_all_time_makes_no_debt)
{
    struct guest guest = fake_guest(1, 0);
    fake_settle();
    fake_now += 60000 * MS; /* nothing happens for a minute */
    split(guest.slice, 1, 5000, 10000);
    fake_settle();
    uint64_t start = time_of(guest.kernel_vcpu);
    fake_advance(100 * MS);
    cr_assert_geq(time_of(guest.kernel_vcpu) - start, 45 * MS);
    cr_assert_leq(time_of(guest.kernel_vcpu) - start, 55 * MS);
}

Test(slice, the_first_vcpu_runs_without_end_when_alone)
{
    fake_advance(1000 * MS);
    cr_assert_not_null(fake_running[0]);
    split(fake_info->slice, 0, 1000, 1000); /* nobody uses it */
    fake_advance(1000 * MS);
    cr_assert_not_null(fake_running[0]);
    check_invariants();
}

/* --- sets of CPUs ---------------------------------------------------------------------------------------------- */

Test(slice, a_set_takes_its_share_on_every_cpu)
{
    cr_assert_eq(exo_slice_create(fake_info->slice, 0, 1, 1000), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_slice_create(fake_info->slice, 7, 1, 1000), -EXO_E_BAD_ARGUMENT);
    exo_handle one = split(fake_info->slice, 1, 6000, 10000);
    cr_assert_eq(exo_slice_create(fake_info->slice, 3, 5000, 10000), -EXO_E_NO_TIME, "CPU 1 has 4000");
    long both = exo_slice_create(fake_info->slice, 3, 4000, 10000);
    cr_assert_gt(both, 0);
    check_invariants();
    cr_assert_eq(exo_slice_create(fake_info->slice, 2, 1, 10000), -EXO_E_NO_TIME);
    cr_assert_eq(exo_slice_create(fake_info->slice, 1, 6001, 10000), -EXO_E_NO_TIME);
    long part = exo_slice_create((exo_handle)both, 3, 1000, 10000);
    cr_assert_gt(part, 0);
    cr_assert_eq(exo_slice_create((exo_handle)both, 1, 3001, 10000), -EXO_E_NO_TIME);
    check_invariants();
    cr_assert_eq(exo_token_drop((exo_handle)part), 0);
    cr_assert_eq(exo_token_drop((exo_handle)both), 0);
    cr_assert_eq(exo_token_drop(one), 0);
    check_invariants();
    cr_assert_gt(exo_slice_create(fake_info->slice, 3, 10000, 10000), 0, "all of it came back, on both");
}

/* A vCPU on CPUs 1 and 2, with another that may claim its home. */
static void boot_four(void) { fake_boot(4); }
TestSuite(slice_set, .init = boot_four, .fini = check_invariants);

Test(slice_set, it_moves_from_where_all_was_split_off)
{
    struct guest mover = fake_guest(3, 0), rival = fake_guest(1, 0);
    cr_assert_eq(exo_token_drop(rival.slice), 0);
    cr_assert_eq(exo_slice_bind(rival.vcpu, split(fake_info->slice, 2, 5000, 10000)), 0);
    exo_handle both = (exo_handle)exo_slice_create(fake_info->slice, 6, 3000, 10000);
    split(both, 1, 3000, 10000);
    fake_settle();
    cr_assert_eq(fake_running[2], rival.kernel_vcpu);
    cr_assert_eq(exo_slice_bind(mover.vcpu, both), 0);
    fake_settle();
    fake_advance(100 * MS);
    cr_assert_eq(mover.kernel_vcpu->page->cpu, 2, "idle as its first CPU is, it has nothing there");
    cr_assert_gt(time_of(mover.kernel_vcpu), 26 * MS);
    check_invariants();
}

Test(slice_set, it_moves_to_a_free_cpu)
{
    struct guest mover = fake_guest(3, 0), rival = fake_guest(2, 0);
    cr_assert_eq(exo_token_drop(rival.slice), 0);
    cr_assert_eq(exo_token_drop(mover.slice), 0);
    exo_handle pinned = split(fake_info->slice, 1, 5000, 10000);
    cr_assert_eq(exo_slice_bind(rival.vcpu, pinned), 0); /* its own of CPU 2 goes back */
    long both = exo_slice_create(fake_info->slice, 6, 5000, 10000);
    cr_assert_gt(both, 0);
    fake_settle();
    cr_assert_eq(fake_running[1], rival.kernel_vcpu);
    cr_assert_eq(exo_slice_bind(mover.vcpu, (exo_handle)both), 0);
    fake_settle();
    cr_assert_eq(fake_running[1], rival.kernel_vcpu);
    cr_assert_eq(fake_running[2], mover.kernel_vcpu, "its home is busy");
    cr_assert_null(fake_running[3], "outside its set");
    check_invariants();
    uint64_t start = fake_now, mine = mover.kernel_vcpu->cpu_ns;
    for (int i = 0; i < 1000; i++) {
        fake_advance(100000);
        check_invariants();
    }
    cr_assert_eq(time_of(mover.kernel_vcpu) - mine, (fake_now - start) / 2, "one budget, wherever");
    cr_assert_eq(fake_idle_ns[3], fake_now - 1000 - fake_busy_ns[3]);
    /* Both free: it stays where it is. Then its CPU is taken, and the other one is free. */
    while (fake_running[2] != mover.kernel_vcpu)
        fake_advance(100000);
    fake_enter(2);
    mover.kernel_vcpu->page->pending = 0;
    cr_assert_eq(exo_vcpu_block(UINT64_MAX), 0);
    fake_cpu = 0;
    exo_handle bell = (exo_handle)exo_event_derive(mover.vcpu, 8);
    cr_assert_eq(exo_slice_bind(rival.vcpu, split(fake_info->slice, 2, 5000, 10000)), 0);
    fake_advance(30 * MS);
    while (fake_running[2] != rival.kernel_vcpu)
        fake_advance(100000);
    cr_assert_null(fake_running[1]);
    fake_cpu = 0;
    cr_assert_eq(exo_event_ring(bell), 0);
    fake_settle();
    cr_assert_eq(fake_running[1], mover.kernel_vcpu, "back where it is free");
    cr_assert_eq(fake_running[2], rival.kernel_vcpu);
    check_invariants();
}

Test(slice, it_moves_nowhere_where_it_has_less)
{
    struct guest guest = fake_guest(1, 0);
    exo_handle both = (exo_handle)exo_slice_create(fake_info->slice, 1, 5000, 10000);
    cr_assert_eq(exo_slice_bind(guest.vcpu, both), 0);
    cr_assert_eq(exo_token_drop(guest.slice), 0);
    both = (exo_handle)exo_slice_create(fake_info->slice, 3, 4000, 10000);
    exo_handle most = split(both, 1, 3000, 10000);
    cr_assert_eq(exo_slice_bind(guest.vcpu, both), 0);
    fake_settle();
    uint64_t start = fake_now;
    for (int i = 0; i < 1000; i++) {
        fake_advance(100000);
        cr_assert_neq(fake_running[1], guest.kernel_vcpu);
    }
    cr_assert_leq(time_of(guest.kernel_vcpu), (fake_now - start) / 10 * 4 + 4 * MS);
    cr_assert_geq(time_of(guest.kernel_vcpu), (fake_now - start) / 10 * 4 - 4 * MS);
    (void)most;
}

/* --- grace ------------------------------------------------------------------------------------------------------- */

static struct guest limited(uint64_t budget)
{
    struct guest guest = fake_guest(1, 0);
    exo_handle part = split(guest.slice, 1, budget, 10000);
    cr_assert_eq(exo_token_drop(guest.slice), 0);
    cr_assert_eq(exo_slice_bind(guest.vcpu, part), 0);
    fake_settle();
    cr_assert_eq(fake_running[1], guest.kernel_vcpu);
    return guest;
}

Test(slice, a_critical_section_has_a_grace)
{
    struct guest guest = limited(3000);
    struct exo_vcpu_page *page = guest.kernel_vcpu->page;
    fake_advance(3 * MS - 1);
    page->critical = 1;
    cr_assert_eq(page->grace, 0);
    fake_advance(1);
    cr_assert_eq(fake_running[1], guest.kernel_vcpu);
    cr_assert_eq(page->grace, 1);
    cr_assert_eq(page->slice_end_ns, fake_now + EXO_GRACE_NS);
    fake_advance(50000);
    page->critical = 0;
    fake_enter(1);
    cr_assert_eq(exo_vcpu_yield(), 0);
    cr_assert_null(fake_running[1], "it gives the rest up");
    cr_assert_eq(guest.kernel_vcpu->slice->remaining_ns, -50000);
    fake_advance(10 * MS - 3 * MS - 50000);
    cr_assert_eq(fake_running[1], guest.kernel_vcpu);
    cr_assert_eq(page->grace, 0);
    cr_assert_eq(page->slice_end_ns, fake_now + 3 * MS - 50000, "paid back");
    page->critical = 1;
    fake_advance(3 * MS - 50000 + EXO_GRACE_NS - 1);
    cr_assert_eq(fake_running[1], guest.kernel_vcpu, "once more");
    fake_advance(1);
    cr_assert_null(fake_running[1]);
}

Test(slice, being_critical_for_ever_gains_nothing)
{
    struct guest guest = limited(3000);
    guest.kernel_vcpu->page->critical = 1;
    uint64_t start = fake_now;
    for (int period = 1; period <= 100; period++) {
        fake_advance(3 * MS);
        if (period == 1) {
            fake_advance(EXO_GRACE_NS - 1);
            cr_assert_eq(fake_running[1], guest.kernel_vcpu);
            fake_advance(1);
            cr_assert_null(fake_running[1], "then fully preempted");
        }
        fake_advance(start + (uint64_t)period * 10 * MS - fake_now);
        cr_assert_leq(time_of(guest.kernel_vcpu), (uint64_t)period * 3 * MS + EXO_GRACE_NS);
    }
    cr_assert_geq(time_of(guest.kernel_vcpu), 300 * MS);
}

Test(slice, a_grace_larger_than_the_budget_is_paid_back_too)
{
    struct guest guest = limited(50);
    guest.kernel_vcpu->page->critical = 1;
    fake_advance(1000 * MS);
    cr_assert_leq(time_of(guest.kernel_vcpu), 5 * MS + EXO_GRACE_NS);
    check_invariants();
}

Test(slice, a_quantum_has_a_grace)
{
    struct guest guest = fake_guest(1, 0);
    exo_handle half = split(fake_info->slice, 0, 5000, 1000000 / 100);
    struct vcpu *first = fake_running[0];
    first->page->critical = 1;
    cr_assert_eq(exo_slice_bind(guest.vcpu, half), 0);
    uint64_t start = time_of(first);
    fake_settle();
    fake_advance(200 * MS);
    cr_assert_leq(time_of(first) - start, 102 * MS);
    cr_assert_geq(time_of(guest.kernel_vcpu), 97 * MS, "neither budget nor background make a way round");
    check_invariants();
}

static void boot_one(void) { fake_boot(1); }
TestSuite(slice_alone, .init = boot_one, .fini = check_invariants);

Test(slice_alone, there_is_no_grace_in_the_background)
{
    struct guest guest = fake_guest(0, 0);
    struct vcpu *first = fake_running[0];
    first->page->critical = 1;
    split(fake_info->slice, 0, 5000, 10000);
    fake_settle();
    fake_advance(MS);
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(fake_running[0], guest.kernel_vcpu, "at once");
        fake_cpu = 0;
        guest.kernel_vcpu->page->pending = 0;
        cr_assert_eq(exo_vcpu_block(fake_now + 700000), 0);
        cr_assert_eq(fake_running[0], first);
        fake_advance(700000);
    }
}

/* --- slack: time that nobody with budget wants ------------------------------------------------------------------------- */

/* A guest whose own slice went back. */
static struct guest without_slice(void)
{
    struct guest guest = fake_guest(1, 0);
    cr_assert_eq(exo_token_revoke(guest.slice), 0);
    cr_assert_eq(exo_token_drop(guest.slice), 0);
    return guest;
}

static exo_handle bind_slack(struct guest *guest, uint64_t cpu_set, uint64_t budget, uint64_t period)
{
    long slice = exo_slice_create_flags(fake_info->slice, cpu_set, budget, period, EXO_SLICE_SLACK);
    cr_assert_gt(slice, 0, "slice_create: %ld", slice);
    cr_assert_eq(exo_slice_bind(guest->vcpu, (exo_handle)slice), 0);
    fake_settle();
    return (exo_handle)slice;
}

Test(slice, only_known_flags)
{
    cr_assert_eq(exo_slice_create_flags(fake_info->slice, 1, 100, 10000, 2), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_slice_create_flags(fake_info->slice, 1, 100, 10000, UINT64_MAX), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_slice_create_flags(fake_info->slice, 1, 0, 10000, EXO_SLICE_SLACK), -EXO_E_BAD_ARGUMENT);
}

Test(slice, slack_runs_when_nobody_else_wants_to)
{
    struct guest guest = without_slice();
    bind_slack(&guest, 2, 50, 10000);
    uint64_t start = time_of(guest.kernel_vcpu);
    fake_advance(100 * MS);
    cr_assert_geq(time_of(guest.kernel_vcpu) - start, 99 * MS, "all of it");
    check_invariants();
    exo_handle strict = split(fake_info->slice, 1, 50, 10000);
    cr_assert_eq(exo_slice_bind(guest.vcpu, strict), 0);
    fake_settle();
    start = time_of(guest.kernel_vcpu);
    fake_advance(100 * MS);
    cr_assert_leq(time_of(guest.kernel_vcpu) - start, 1 * MS, "and without slack none of it");
}

Test(slice, budget_goes_before_slack)
{
    struct guest idle = without_slice(), owner = without_slice();
    bind_slack(&idle, 2, 50, 10000);
    fake_advance(MS);
    cr_assert_eq(fake_running[1], idle.kernel_vcpu);
    exo_handle most = split(fake_info->slice, 1, 9000, 10000);
    cr_assert_eq(exo_slice_bind(owner.vcpu, most), 0);
    fake_settle();
    cr_assert_eq(fake_running[1], owner.kernel_vcpu, "at once");
    uint64_t slack = time_of(idle.kernel_vcpu), owned = time_of(owner.kernel_vcpu);
    fake_advance(100 * MS);
    cr_assert_geq(time_of(owner.kernel_vcpu) - owned, 89 * MS);
    cr_assert_geq(time_of(idle.kernel_vcpu) - slack, 9 * MS, "what the other has not got");
    check_invariants();
}

Test(slice, what_was_used_in_the_background_is_not_owed)
{
    struct guest guest = without_slice(), owner = without_slice(), rival = without_slice();
    bind_slack(&guest, 2, 3000, 10000);
    fake_advance(1000 * MS);
    exo_handle most = split(fake_info->slice, 1, 6900, 10000);
    cr_assert_eq(exo_slice_bind(owner.vcpu, most), 0);
    bind_slack(&rival, 2, 1, 1000000);
    fake_settle();
    uint64_t start = time_of(guest.kernel_vcpu);
    fake_advance(100 * MS);
    cr_assert_geq(time_of(guest.kernel_vcpu) - start, 29 * MS,
                  "its budget is its own, however long it ran before");
    check_invariants();
}

Test(slice, slack_is_shared_in_turn)
{
    struct guest guests[3];
    uint64_t start[3];
    for (int i = 0; i < 3; i++)
        guests[i] = without_slice();
    for (uint64_t i = 0; i < 3; i++)
        bind_slack(&guests[i], 2, 1 + i * 20, 1000000);
    for (int i = 0; i < 3; i++)
        start[i] = time_of(guests[i].kernel_vcpu);
    for (int i = 0; i < 60; i++) {
        fake_advance(5 * MS);
        check_invariants();
    }
    for (int i = 0; i < 3; i++)
        cr_assert(time_of(guests[i].kernel_vcpu) - start[i] >= 88 * MS &&
                      time_of(guests[i].kernel_vcpu) - start[i] <= 112 * MS,
                  "%d has %lu of 100 ms", i, (time_of(guests[i].kernel_vcpu) - start[i]) / MS);
}

Test(slice_set, an_idle_cpu_takes_from_the_background_of_another)
{
    struct guest busy = without_slice(), moved = without_slice(), owner = without_slice();
    cr_assert_eq(exo_slice_bind(owner.vcpu, split(fake_info->slice, 2, 9000, 10000)), 0);
    bind_slack(&busy, 2, 50, 10000);
    fake_advance(MS);
    bind_slack(&moved, 6, 50, 10000);
    for (int i = 0; i < 10 && moved.kernel_vcpu->queued != QUEUE_BACKGROUND; i++)
        fake_advance(MS / 2);
    cr_assert_eq(fake_running[2], owner.kernel_vcpu);
    cr_assert_eq(fake_running[1], busy.kernel_vcpu);
    cr_assert_eq(moved.kernel_vcpu->queued, QUEUE_BACKGROUND);
    check_invariants();
    fake_cpu = 2;
    owner.kernel_vcpu->page->pending = 0;
    cr_assert_eq(exo_vcpu_block(UINT64_MAX), 0);
    fake_settle();
    cr_assert_eq(fake_running[2], moved.kernel_vcpu);
    cr_assert_eq(fake_running[1], busy.kernel_vcpu);
    check_invariants();
}

Test(slice, the_background_is_left_by_revocation_and_death)
{
    struct guest one = without_slice(), two = without_slice();
    bind_slack(&one, 2, 50, 10000);
    exo_handle slice = bind_slack(&two, 2, 50, 10000);
    fake_advance(3 * MS);
    struct vcpu *waits = fake_running[1] == one.kernel_vcpu ? two.kernel_vcpu : one.kernel_vcpu;
    cr_assert_eq(waits->queued, QUEUE_BACKGROUND);
    check_invariants();
    cr_assert_eq(exo_token_revoke(slice), 0);
    fake_settle();
    check_invariants();
    cr_assert_eq(fake_running[1], one.kernel_vcpu);
    while (exo_domain_destroy(one.domain) == -EXO_E_AGAIN)
        fake_settle(); /* its CPU lets go of it */
    check_invariants();
}

/* --- accounts: see also check_invariants -------------------------------------------------------------------------- */

Test(slice, all_time_of_all_cpus_is_accounted)
{
    struct guest one = fake_guest(0, 0), two = fake_guest(1, 0);
    exo_handle both = (exo_handle)exo_slice_create(fake_info->slice, 1, 2000, 10000);
    (void)one;
    struct vcpu *root = fake_running[0];
    uint64_t start = fake_now;
    for (uint64_t i = 0; i < 2000; i++) {
        fake_advance(997 * (i % 37));
        if (i == 1000) {
            fake_cpu = 0;
            if (fake_running[0] == root)
                cr_assert_eq(exo_slice_bind(two.vcpu, both), 0);
        }
        fake_cpu = (uint32_t)(i % 2);
        if (fake_running[fake_cpu] == NULL || (fake_running[fake_cpu] == root && i < 1001))
            continue;
        if (i % 3 == 0)
            exo_vcpu_block(fake_now + 12345 * (i % 7));
        else if (i % 3 == 1)
            exo_vcpu_yield();
        check_invariants();
    }
    uint64_t total = 0;
    for (uint32_t cpu = 0; cpu < 2; cpu++) {
        fake_clock_cpu(cpu);
        cr_assert_eq(fake_idle_ns[cpu] + fake_busy_ns[cpu], fake_now - 1000, "CPU %u", cpu);
        total += fake_busy_ns[cpu];
    }
    struct exo_vcpu_state mine, first, second;
    while (fake_running[0] != root)
        fake_advance(1000000), total = fake_busy_ns[0] + fake_busy_ns[1];
    fake_cpu = 0;
    cr_assert_eq(exo_vcpu_state(fake_info->vcpu, &mine), 0);
    cr_assert_eq(exo_vcpu_state(one.vcpu, &first), 0);
    cr_assert_eq(exo_vcpu_state(two.vcpu, &second), 0);
    fake_clock_cpu(0);
    fake_clock_cpu(1);
    total = fake_busy_ns[0] + fake_busy_ns[1];
    cr_assert_eq(mine.cpu_ns + first.cpu_ns + second.cpu_ns, total);
    cr_assert_gt(fake_now, start);
}
