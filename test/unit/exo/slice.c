/* SPDX-License-Identifier: MPL-2.0 */
/* Slices: admission, budgets, turns. */
#include "slice.h"
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

Test(slice, the_first_vcpu_runs_without_end_when_alone)
{
    fake_advance(1000 * MS);
    cr_assert_not_null(fake_running[0]);
    split(fake_info->slice, 0, 1000, 1000); /* nobody uses it */
    fake_advance(1000 * MS);
    cr_assert_not_null(fake_running[0]);
    check_invariants();
}
