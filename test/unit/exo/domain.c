/* SPDX-License-Identifier: MPL-2.0 */
/* Domains and their pools: donating, destroying, and revoking from domains that use what is revoked. */
#include "domain.h"
#include "fake_machine.h"
#include "slice.h"
#include "vcpu.h"
#include <criterion/criterion.h>
#include <string.h>

#define RW   (EXO_MAP_R | EXO_MAP_W)
#define BASE 0x40000000ul

static void boot(void) { fake_boot(2); }

TestSuite(domain, .init = boot, .fini = check_invariants);

Test(domain, a_pool_is_out_of_reach)
{
    exo_handle pool = fake_frames(16);
    cr_assert_eq(exo_domain_create(fake_frames(7)), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(map_one(fake_info->space, BASE, pool, 5, 1, RW), 0);
    cr_assert_eq(exo_domain_create(pool), -EXO_E_BUSY, "mapped");
    cr_assert_eq(exo_space_unmap(fake_info->space, BASE, 1), 0);
    long domain = exo_domain_create(pool);
    cr_assert_gt(domain, 0);
    cr_assert_eq(exo_domain_create(pool), -EXO_E_BUSY, "donated");
    cr_assert_eq(exo_domain_donate((exo_handle)domain, pool), -EXO_E_BUSY);
    cr_assert_eq(map_one(fake_info->space, BASE, pool, 15, 1, EXO_MAP_R), -EXO_E_BUSY);
    cr_assert_eq(exo_token_send((exo_handle)domain, pool, EXO_R, 0), -EXO_E_BUSY, "zeroing would hurt");
    cr_assert_gt(exo_token_send((exo_handle)domain, pool, EXO_R, EXO_SEND_CONTENTS), 0);
    check_invariants();
    cr_assert_eq(again(exo_domain_destroy((exo_handle)domain)), 0);
    cr_assert_eq(map_one(fake_info->space, BASE, pool, 0, 16, RW), 0, "ordinary frames again");
    for (uint64_t i = 0; i < 16; i++) {
        const uint64_t *page = machine_frame(query(fake_info->space, BASE + i * 4096) >> 12);
        for (int k = 0; k < 512; k++)
            cr_assert_eq(page[k], 0, "not zeroed");
    }
}

Test(domain, a_mapped_large_page_cannot_be_donated)
{
    exo_handle large = fake_frames(512);
    cr_assert_eq(map_one(fake_info->space, BASE, large, 0, 512, RW), 0);
    exo_handle part = (exo_handle)exo_token_derive(large, EXO_ALL, 100, 8);
    cr_assert_eq(exo_domain_create(part), -EXO_E_BUSY);
    cr_assert_eq(exo_space_unmap(fake_info->space, BASE, 512), 0);
    cr_assert_gt(exo_domain_create(part), 0);
    cr_assert_eq(map_one(fake_info->space, BASE, large, 0, 512, RW), -EXO_E_BUSY);
}

Test(domain, donations_add_up_and_all_come_back)
{
    uint64_t before = frames_free();
    exo_handle domain = fake_domain(8);
    for (int i = 0; i < 1100; i++)
        cr_assert_eq(exo_domain_donate(domain, fake_frames(1)), 0);
    struct exo_domain_info info;
    cr_assert_eq(exo_domain_info(domain, &info), 0);
    cr_assert_eq(info.pool_pages, 1108);
    check_invariants();
    cr_assert_eq(again(exo_domain_destroy(domain)), 0);
    cr_assert_eq(frames_free(), before);
    cr_assert_eq(exo_domain_info(domain, &info), -EXO_E_BAD_HANDLE);
}

Test(domain, destroy_returns_every_frame_of_a_busy_domain)
{
    uint64_t before = frames_free();
    struct guest guest = fake_guest(1, 600);
    fake_settle();
    fake_enter(1);
    cr_assert_eq(fake_running[1], guest.kernel_vcpu);
    cr_assert_eq(map_one(guest.own_space, BASE, guest.own_frames, 0, 600, RW), 0);
    exo_handle pool = (exo_handle)exo_token_derive(guest.own_frames, EXO_ALL, 599, 1);
    cr_assert_eq(exo_space_unmap(guest.own_space, BASE + 599 * 4096, 1), 0);
    cr_assert_eq(exo_domain_donate(guest.own_domain, pool), 0);
    for (int i = 0; i < 5; i++) {
        exo_handle space = (exo_handle)exo_space_create(guest.own_domain);
        cr_assert_eq(map_one(space, BASE, guest.own_frames, 100, 50, EXO_MAP_R), 0);
    }
    cr_assert_gt(exo_event_derive(guest.own_vcpu, 9), 0);
    check_invariants();
    fake_enter(0);
    cr_assert_eq(exo_domain_destroy(fake_info->domain), -EXO_E_BAD_ARGUMENT, "one's own");
    cr_assert_eq(exo_domain_destroy(guest.domain), -EXO_E_AGAIN, "it runs on the other CPU");
    check_invariants();
    cr_assert_eq(again(exo_domain_destroy(guest.domain)), 0);
    cr_assert_null(fake_running[1]);
    check_invariants();
    cr_assert_eq(frames_free(), before);
    struct exo_token_info info;
    cr_assert_eq(exo_token_info(guest.space, &info), -EXO_E_BAD_HANDLE);
    cr_assert_eq(exo_token_info(guest.vcpu, &info), -EXO_E_BAD_HANDLE);
    cr_assert_eq(exo_token_info(guest.slice, &info), 0, "the slice is the supervisor's");
}

Test(domain, destroy_includes_what_the_domain_created)
{
    uint64_t before = frames_free();
    struct guest guest = fake_guest(1, 200);
    fake_settle();
    fake_enter(1);
    exo_handle inner_pool = (exo_handle)exo_token_derive(guest.own_frames, EXO_ALL, 0, 100);
    long inner = exo_domain_create(inner_pool);
    cr_assert_gt(inner, 0);
    long space = exo_space_create((exo_handle)inner);
    cr_assert_gt(space, 0);
    cr_assert_eq(map_one((exo_handle)space, BASE, guest.own_frames, 100, 50, RW), 0);
    cr_assert_gt(exo_token_send((exo_handle)inner, guest.own_frames, EXO_R, EXO_SEND_CONTENTS), 0);
    check_invariants();
    fake_enter(0);
    cr_assert_eq(again(exo_domain_destroy(guest.domain)), 0);
    cr_assert_eq(frames_free(), before);
}

Test(domain, an_inner_domain_cannot_destroy_its_maker)
{
    struct guest guest = fake_guest(1, 0);
    exo_handle back = (exo_handle)exo_token_send(guest.domain, fake_info->domain, EXO_ALL, 0);
    fake_settle();
    fake_enter(1);
    cr_assert_eq(exo_domain_destroy(back), -EXO_E_BAD_ARGUMENT);
}

Test(domain, revoked_frames_are_unmapped_elsewhere_but_not_here)
{
    exo_handle frames = fake_frames(1024);
    struct guest guest = fake_guest(1, 16);
    exo_handle theirs = (exo_handle)exo_token_send(guest.domain, frames, EXO_ALL, 0);
    cr_assert_eq(map_one(fake_info->space, BASE, frames, 0, 4, RW), 0);
    fake_settle();
    fake_enter(1);
    exo_handle part = (exo_handle)exo_token_derive(theirs, EXO_R | EXO_W, 0, 600);
    cr_assert_eq(map_one(guest.own_space, BASE, theirs, 0, 1024, RW), 0);
    cr_assert_eq(map_one(guest.own_space, 4 * BASE, part, 0, 3, RW), 0);
    cr_assert_eq(map_one(guest.own_space, 8 * BASE, guest.own_frames, 0, 3, RW), 0);
    cr_assert(fake_touch(BASE, true));
    cr_assert(fake_touch(4 * BASE, true));
    fake_enter(0);
    check_invariants();
    cr_assert_eq(again(exo_token_revoke(frames)), 0);
    check_invariants();
    cr_assert_eq(query(guest.space, BASE), 0);
    cr_assert_eq(query(guest.space, 4 * BASE), 0);
    cr_assert_neq(query(guest.space, 8 * BASE), 0);
    cr_assert_neq(query(fake_info->space, BASE), 0);
    fake_enter(1);
    cr_assert_eq(map_one(guest.own_space, BASE, theirs, 0, 1, RW), -EXO_E_BAD_HANDLE);
    cr_assert_not(fake_touch(BASE, false));
}

Test(domain, revoking_leaves_what_another_token_permits)
{
    exo_handle frames = fake_frames(512), domain = fake_domain(64);
    exo_handle space = (exo_handle)exo_space_create(domain);
    exo_handle whole = (exo_handle)exo_token_derive(frames, EXO_ALL, 0, 512);
    exo_handle part = (exo_handle)exo_token_derive(frames, EXO_ALL, 0, 10);
    /* The space is the other domain's, the mappings too, whoever made them. */
    cr_assert_gt(exo_token_send(domain, whole, EXO_R | EXO_W | EXO_X, 0), 0);
    cr_assert_gt(exo_token_send(domain, part, EXO_R | EXO_W | EXO_X, 0), 0);
    exo_handle mine = (exo_handle)exo_token_derive(frames, EXO_R | EXO_W | EXO_X, 0, 512);
    cr_assert_eq(map_one(space, BASE, mine, 0, 512, RW), 0);
    cr_assert(query(space, BASE) & EXO_PTE_LARGE);
    cr_assert_eq(again(exo_token_revoke(whole)), 0);
    check_invariants();
    cr_assert_neq(query(space, BASE + 9 * 4096), 0, "the other token covers it");
    cr_assert_eq(query(space, BASE + 10 * 4096), 0);
    cr_assert_eq(again(exo_token_revoke(part)), 0);
    cr_assert_eq(query(space, BASE), 0);
}

Test(domain, destroying_a_middleman_reaches_its_customers)
{
    struct guest guest = fake_guest(1, 64);
    exo_handle customer = fake_domain(32);
    exo_handle space = (exo_handle)exo_space_create(customer);
    exo_handle theirs = (exo_handle)exo_token_send(guest.domain, customer, EXO_ALL, 0);
    exo_handle their_space = (exo_handle)exo_token_send(guest.domain, space, EXO_ALL, 0);
    fake_settle();
    fake_enter(1);
    cr_assert_gt(exo_token_send(theirs, guest.own_frames, EXO_R | EXO_W, 0), 0);
    exo_handle weak = (exo_handle)exo_token_derive(guest.own_frames, EXO_R | EXO_W, 0, 64);
    cr_assert_eq(map_one(their_space, BASE, weak, 0, 8, RW), 0);
    fake_enter(0);
    cr_assert_neq(query(space, BASE), 0);
    cr_assert_eq(again(exo_domain_destroy(guest.domain)), 0);
    cr_assert_eq(query(space, BASE), 0);
    struct exo_domain_info info;
    cr_assert_eq(exo_domain_info(customer, &info), 0);
    cr_assert_eq(info.tokens, 0);
}

Test(domain, revoking_a_vcpu_page_stops_the_vcpu)
{
    exo_handle extent = fake_frames(4);
    struct guest guest = fake_guest(1, 0);
    exo_handle page = (exo_handle)exo_token_derive(extent, EXO_R | EXO_W, 1, 1);
    long vcpu = exo_vcpu_create(guest.domain, guest.space, page, 0x9000, 1);
    cr_assert_gt(vcpu, 0);
    cr_assert_eq(
        exo_slice_bind((exo_handle)vcpu, (exo_handle)exo_slice_create(fake_info->slice, 1, 1000, 10000)), 0);
    cr_assert_eq(exo_vcpu_start((exo_handle)vcpu, 0x1000, 0, 0), 0);
    cr_assert_eq(exo_domain_create(extent), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_domain_donate(guest.domain, extent), -EXO_E_BUSY, "the vCPU page is in use");
    cr_assert_eq(again(exo_token_revoke(extent)), 0);
    struct exo_vcpu_state state;
    cr_assert_eq(exo_vcpu_state((exo_handle)vcpu, &state), 0);
    cr_assert_eq(state.status, EXO_VCPU_FAULTED);
    cr_assert_eq(exo_domain_donate(guest.domain, extent), 0);
}

Test(domain, a_dying_domain_takes_nothing)
{
    struct guest guest = fake_guest(1, 0);
    exo_handle frames = fake_frames(1);
    fake_settle();
    cr_assert_eq(fake_running[1], guest.kernel_vcpu);
    cr_assert_eq(exo_domain_destroy(guest.domain), -EXO_E_AGAIN);
    cr_assert_eq(exo_token_send(guest.domain, frames, EXO_R, 0), -EXO_E_DEAD);
    cr_assert_eq(exo_domain_donate(guest.domain, frames), -EXO_E_DEAD);
    cr_assert_eq(exo_space_create(guest.domain), -EXO_E_DEAD);
    cr_assert_eq(exo_vcpu_create(guest.domain, guest.space, frames, 0, 0), -EXO_E_DEAD);
    fake_cpu = 1;
    cr_assert_eq((long)exo_vcpu_timer(5), (long)(EXO_CALL_BASE + EXO_CALL_VCPU_TIMER), "its calls do nothing");
    cr_assert_null(fake_running[1]);
    fake_enter(0);
    cr_assert_eq(again(exo_domain_destroy(guest.domain)), 0);
}

Test(domain, what_was_dropped_or_moved_is_still_found_by_revocation)
{
    exo_handle frames = fake_frames(8), other = fake_domain(16);
    struct guest guest = fake_guest(1, 0);
    exo_handle dropped = (exo_handle)exo_token_send(guest.domain, frames, EXO_ALL, 0);
    exo_handle moved = (exo_handle)exo_token_send(guest.domain, frames, EXO_ALL, 0);
    exo_handle to = (exo_handle)exo_token_send(guest.domain, other, EXO_W, 0);
    fake_settle();
    fake_enter(1);
    cr_assert_eq(map_one(guest.own_space, BASE, dropped, 0, 4, RW), 0);
    cr_assert_eq(map_one(guest.own_space, BASE + 4 * 4096, moved, 4, 4, RW), 0);
    cr_assert(fake_touch(BASE, true));
    cr_assert_eq(exo_token_drop(dropped), 0);
    cr_assert(fake_touch(BASE, true), "the other token permits it");
    cr_assert_gt(exo_token_send(to, moved, EXO_R, EXO_SEND_MOVE | EXO_SEND_CONTENTS), 0);
    fake_enter(0);
    cr_assert_eq(again(exo_token_revoke(frames)), 0);
    for (uint64_t i = 0; i < 8; i++)
        cr_assert_eq(query(guest.space, BASE + i * 4096), 0);
}

Test(domain, dropping_the_last_token_ends_the_mappings)
{
    exo_handle frames = fake_frames(8);
    struct guest guest = fake_guest(1, 0);
    exo_handle theirs = (exo_handle)exo_token_send(guest.domain, frames, EXO_ALL, 0);
    fake_settle();
    fake_enter(1);
    exo_handle derived = (exo_handle)exo_token_derive(theirs, EXO_ALL, 0, 4);
    cr_assert_eq(map_one(guest.own_space, BASE, derived, 0, 4, RW), 0);
    cr_assert_eq(exo_token_drop(derived), 0);
    cr_assert(fake_touch(BASE, true), "its parent permits it");
    cr_assert_eq(exo_token_drop(theirs), 0);
    cr_assert_not(fake_touch(BASE, true));
}

Test(domain, mappings_in_a_third_domain_are_found_too)
{
    exo_handle frames = fake_frames(8);
    struct guest guest = fake_guest(1, 64);
    exo_handle theirs = (exo_handle)exo_token_send(guest.domain, frames, EXO_ALL, 0);
    fake_settle();
    fake_enter(1);
    exo_handle accomplice = (exo_handle)exo_domain_create(guest.own_frames);
    exo_handle space = (exo_handle)exo_space_create(accomplice);
    cr_assert_eq(map_one(space, BASE, theirs, 0, 8, RW), 0);
    exo_handle copy = (exo_handle)exo_token_derive(theirs, EXO_ALL, 0, 8);
    cr_assert_eq(map_one(space, 2 * BASE, copy, 0, 8, RW), 0);
    cr_assert_eq(again(exo_token_revoke(theirs)), 0);
    cr_assert_eq(query(space, BASE), 0, "every use of it");
    cr_assert_eq(map_one(space, BASE, theirs, 0, 8, RW), 0);
    fake_enter(0);
    cr_assert_eq(again(exo_token_revoke(frames)), 0);
    fake_enter(1);
    cr_assert_eq(query(space, BASE), 0);
    cr_assert_eq(query(space, 2 * BASE), 0);
}

/* 512 tables of 512 mappings. */
static void map_much(exo_handle space, exo_handle frames)
{
    for (uint64_t i = 0; i < 128; i++)
        cr_assert_eq(map_one(space, BASE + i * 0x800000, frames, 1, 2048, RW), 0);
}

Test(domain, revoking_below_262144_mappings_is_bounded)
{
    exo_handle frames = fake_frames(2049);
    struct guest guest = fake_guest(1, 0);
    cr_assert_eq(exo_domain_donate(guest.domain, fake_frames(600)), 0);
    exo_handle theirs = (exo_handle)exo_token_send(guest.domain, frames, EXO_ALL, 0);
    fake_settle();
    fake_enter(1);
    map_much(guest.own_space, theirs);
    fake_enter(0);
    int calls = 1;
    for (; exo_token_revoke(frames) == -EXO_E_AGAIN; calls++)
        if (calls % 8 == 0)
            check_invariants();
    cr_assert_geq(calls, 64);
    cr_assert_lt(calls, 160);
    for (uint64_t i = 0; i < 512; i++)
        cr_assert_eq(query(guest.space, BASE + i * 0x200000), 0);
    cr_assert_eq(exo_token_revoke(frames), 0, "nothing is left to do");
}

Test(domain, giving_back_below_262144_mappings_is_bounded)
{
    exo_handle frames = fake_frames(2049), small = fake_frames(4);
    struct guest guest = fake_guest(1, 0);
    cr_assert_eq(exo_domain_donate(guest.domain, fake_frames(600)), 0);
    exo_handle theirs = (exo_handle)exo_token_send(guest.domain, frames, EXO_ALL, 0);
    exo_handle little = (exo_handle)exo_token_send(guest.domain, small, EXO_ALL, 0);
    fake_settle();
    fake_enter(1);
    map_much(guest.own_space, theirs);
    cr_assert_eq(map_one(guest.own_space, 0, little, 0, 4, RW), 0);
    cr_assert_eq(exo_token_give_back(theirs, 100, 100), -EXO_E_AGAIN);
    cr_assert_eq(exo_token_give_back(little, 0, 4), -EXO_E_AGAIN, "an earlier one is under way");
    check_invariants();
    long upper = again(exo_token_give_back(theirs, 100, 100));
    cr_assert_gt(upper, 0);
    struct exo_token_info info;
    cr_assert_eq(exo_token_info((exo_handle)upper, &info), 0);
    cr_assert_eq(info.count, 2049 - 200);
    cr_assert_eq(exo_token_info(theirs, &info), 0);
    cr_assert_eq(info.count, 100);
    for (uint64_t i = 0; i < 128; i++) {
        cr_assert_neq(query(guest.own_space, BASE + i * 0x800000 + 98 * 4096), 0);
        cr_assert_eq(query(guest.own_space, BASE + i * 0x800000 + 99 * 4096), 0);
        cr_assert_eq(query(guest.own_space, BASE + i * 0x800000 + 198 * 4096), 0);
        cr_assert_neq(query(guest.own_space, BASE + i * 0x800000 + 199 * 4096), 0);
    }
    cr_assert_eq(again(exo_token_give_back(little, 0, 4)), 0);
    cr_assert_eq(query(guest.own_space, 0), 0);
}

Test(domain, giving_back_takes_only_the_uses_of_the_part)
{
    struct guest guest = fake_guest(1, 0);
    exo_handle extent = fake_frames(8);
    exo_handle slices[2];
    long vcpu[2];
    for (uint64_t i = 0; i < 2; i++) {
        exo_handle page = (exo_handle)exo_token_derive(extent, EXO_ALL, 1 + 5 * i, 1);
        vcpu[i] = exo_vcpu_create(guest.domain, guest.space, page, 0x9000, i);
        cr_assert_gt(vcpu[i], 0);
        slices[i] = (exo_handle)exo_slice_create(fake_info->slice, 1, 1000, 10000);
        cr_assert_eq(exo_slice_bind((exo_handle)vcpu[i], slices[i]), 0);
        cr_assert_eq(exo_vcpu_start((exo_handle)vcpu[i], 0x1000, 0, 0), 0);
        cr_assert_eq(exo_token_drop(page), 0); /* the use hangs on the extent now */
    }
    long upper = again(exo_token_give_back(extent, 1, 2));
    cr_assert_gt(upper, 0);
    struct exo_vcpu_state state;
    cr_assert_eq(exo_vcpu_state((exo_handle)vcpu[0], &state), 0);
    cr_assert_eq(state.status, EXO_VCPU_FAULTED);
    cr_assert_eq(exo_vcpu_state((exo_handle)vcpu[1], &state), 0);
    cr_assert_eq(state.status, EXO_VCPU_READY);
    cr_assert_eq(again(exo_token_revoke((exo_handle)upper)), 0);
    cr_assert_eq(exo_vcpu_state((exo_handle)vcpu[1], &state), 0);
    cr_assert_eq(state.status, EXO_VCPU_FAULTED, "it went along with the upper part");
}

Test(domain, destroying_one_with_many_names_and_children_is_bounded)
{
    uint64_t before = frames_free();
    exo_handle crowd = fake_domain(300), crowd2 = fake_domain(300), crowd3 = fake_domain(300),
               frames = fake_frames(4);
    struct guest guest = fake_guest(1, 0);
    exo_handle space = (exo_handle)exo_space_create(guest.domain);
    cr_assert_eq(exo_domain_donate(guest.domain, fake_frames(300)), 0);
    for (int i = 0; i < 8000; i++) {
        cr_assert_gt(exo_token_send(crowd, guest.domain, EXO_R, 0), 0);
        cr_assert_gt(exo_token_send(crowd2, guest.domain, EXO_R, 0), 0);
        cr_assert_gt(exo_token_send(crowd3, guest.domain, EXO_R, 0), 0);
        cr_assert_gt(exo_token_send(crowd3, space, EXO_R, 0), 0);
        cr_assert_gt(exo_token_send(crowd, space, EXO_R, 0), 0);
        cr_assert_gt(exo_token_send(crowd2, space, EXO_R, 0), 0);
        cr_assert_gt(exo_token_send(guest.domain, frames, EXO_R, 0), 0);
    }
    cr_assert_eq(exo_space_destroy(space), -EXO_E_AGAIN);
    check_invariants();
    cr_assert_eq(again(exo_space_destroy(space)), 0);
    /* Its own token of itself, sent on: the destroyer's is derived from one that ends on the way. */
    fake_settle();
    fake_enter(1);
    exo_handle back = (exo_handle)exo_token_derive(guest.own_domain, EXO_R | EXO_W, 0, 1);
    cr_assert_gt((long)back, 0);
    fake_enter(0);
    int calls = 1;
    for (long result; (result = exo_domain_destroy(guest.domain)) != 0; calls++) {
        cr_assert_eq(result, -EXO_E_AGAIN);
        fake_settle();
        check_invariants();
    }
    cr_assert_gt(calls, 3);
    cr_assert_eq(again(exo_domain_destroy(crowd)), 0);
    cr_assert_eq(again(exo_domain_destroy(crowd2)), 0);
    cr_assert_eq(again(exo_domain_destroy(crowd3)), 0);
    cr_assert_eq(frames_free(), before);
}

Test(domain, limits)
{
    exo_handle domain = fake_domain(2000), space = (exo_handle)exo_space_create(domain), page = fake_frames(1);
    for (int i = 0; i < VCPUS_MAX; i++)
        cr_assert_gt(exo_vcpu_create(domain, space, page, 0x5000, 0), 0);
    cr_assert_eq(exo_vcpu_create(domain, space, page, 0x5000, 0), -EXO_E_NO_SLOT);
    exo_handle slice = fake_info->slice;
    cr_assert_eq(exo_domain_donate(fake_info->domain, fake_frames(300)), 0);
    long next = 0;
    for (int depth = 0; (next = exo_slice_create(slice, 2, 1000, 1000)) > 0; depth++) {
        cr_assert_lt(depth, SLICE_DEPTH_MAX);
        slice = (exo_handle)next;
    }
    cr_assert_eq(next, -EXO_E_NO_TIME);
    cr_assert_eq(again(exo_token_revoke(fake_info->slice)), 0);
    cr_assert_eq(again(exo_domain_destroy(domain)), 0);
}

Test(domain, large_pages_over_many_small_ones_are_counted)
{
    exo_handle frames = fake_frames(2048 + 1), large = fake_frames(512);
    cr_assert_eq(exo_domain_donate(fake_info->domain, fake_frames(600)), 0);
    map_much(fake_info->space, frames);
    struct exo_map maps[200];
    for (uint64_t i = 0; i < 200; i++)
        maps[i] = (struct exo_map){BASE + i * 0x200000, large, 0, 512, RW};
    cr_assert_eq(exo_space_map(fake_info->space, maps, 200), 8, "4,096 entries were cleared");
    long done = 8;
    for (long n; done < 200; done += n)
        cr_assert_eq(n = exo_space_map(fake_info->space, &maps[done], 200 - (uint64_t)done), 8);
    cr_assert_eq(done, 200);
}

Test(domain, a_space_may_go_while_its_mappings_are_taken_away)
{
    exo_handle frames = fake_frames(2049);
    struct guest guest = fake_guest(1, 0);
    cr_assert_eq(exo_domain_donate(guest.domain, fake_frames(600)), 0);
    cr_assert_gt(exo_token_send(guest.domain, frames, EXO_ALL, 0), 0);
    exo_handle space = (exo_handle)exo_space_create(guest.domain); /* the walk begins with the youngest */
    exo_handle mine = (exo_handle)exo_token_derive(frames, EXO_ALL, 0, 2049);
    map_much(space, mine);
    cr_assert_eq(map_one(guest.space, BASE, mine, 0, 100, RW), 0);
    cr_assert_eq(exo_token_revoke(frames), -EXO_E_AGAIN);
    cr_assert_neq(query(space, BASE + 0x3f000000), 0, "the walk stands in it");
    cr_assert_eq(again(exo_space_destroy(space)), 0);
    cr_assert_gt(exo_vcpu_create(guest.domain, guest.space, fake_frames(1), 0x9000, 1), 0, "in its frames");
    check_invariants();
    cr_assert_eq(again(exo_token_revoke(frames)), 0);
    cr_assert_eq(query(guest.space, BASE), 0);
}
