/* SPDX-License-Identifier: MPL-2.0 */
/* Address spaces: mapping, large pages, unmapping, protection, grafts, and what happens to TLBs. */
#include "fake_machine.h"
#include <criterion/criterion.h>
#include <string.h>

#define RW   (EXO_MAP_R | EXO_MAP_W)
#define BASE 0x40000000ul
#define SLOT 0x8000000000ul /* 512 GiB */

static exo_handle space, frames, large;

static void boot(void)
{
    fake_boot(2);
    frames = fake_frames(64);
    large = fake_frames(1024);
    space = (exo_handle)exo_space_create(fake_info->domain);
}

static struct exo_domain_info info(void)
{
    struct exo_domain_info result;
    cr_assert_eq(exo_domain_info(fake_info->domain, &result), 0);
    return result;
}

TestSuite(space, .init = boot, .fini = check_invariants);

Test(space, maps_and_unmaps_and_gives_tables_back)
{
    uint64_t before = info().pool_free;
    cr_assert_eq(map_one(space, BASE, frames, 3, 2, RW), 0);
    cr_assert_eq(info().pool_free, before - 3);
    uint64_t first = query(space, BASE), second = query(space, BASE + 4096);
    cr_assert_eq(second - first, 4096);
    cr_assert_eq(first & 0xfff, EXO_PTE_PRESENT | EXO_PTE_W);
    cr_assert_eq(query(space, BASE + 8192), 0);
    check_invariants();
    cr_assert_eq(exo_space_unmap(space, 0, EXO_USER_END / 4096), 0, "holes are fine");
    cr_assert_eq(query(space, BASE), 0);
    cr_assert_eq(info().pool_free, before);
}

Test(space, batch_stops_at_the_first_error)
{
    struct exo_map maps[500];
    for (int i = 0; i < 500; i++)
        maps[i] = (struct exo_map){BASE + (uint64_t)i * 3 * 4096, frames, (uint64_t)i % 64, 1, EXO_MAP_R};
    cr_assert_eq(exo_space_map(space, maps, 500), 500);
    check_invariants();
    maps[7].offset = 64;
    cr_assert_eq(exo_space_map(space, maps, 500), 7);
    cr_assert_eq(exo_space_map(space, maps + 7, 1), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_space_map(space, maps, 1025), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_space_map(space, maps, 0), 0);
    cr_assert_eq(exo_space_map(space, (void *)FAKE_BAD, 1), -EXO_E_BAD_ADDRESS);
}

Test(space, refuses_what_it_must)
{
    cr_assert_eq(map_one(space, BASE + 1, frames, 0, 1, RW), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(map_one(space, BASE, frames, 0, 0, RW), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(map_one(space, BASE, frames, 0, 65, RW), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(map_one(space, BASE, frames, 0, 1, 8), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(map_one(space, EXO_USER_END, frames, 0, 1, RW), -EXO_E_BAD_ADDRESS);
    cr_assert_eq(map_one(space, EXO_USER_END - 4096, frames, 0, 2, RW), -EXO_E_BAD_ADDRESS);
    cr_assert_eq(map_one(space, UINT64_MAX - 4095, frames, 0, 2, RW), -EXO_E_BAD_ADDRESS);
    cr_assert_eq(map_one(space, BASE, fake_info->machine, 0, 1, RW), -EXO_E_BAD_KIND);
    exo_handle reader = (exo_handle)exo_token_derive(frames, EXO_R, 0, 64);
    cr_assert_eq(map_one(space, BASE, reader, 0, 1, RW), -EXO_E_NO_RIGHT);
    exo_handle pool = fake_frames(8);
    fake_domain(8);
    cr_assert_eq(exo_domain_donate(fake_info->domain, pool), 0);
    cr_assert_eq(map_one(space, BASE, pool, 0, 1, RW), -EXO_E_BUSY);
    cr_assert_eq(exo_space_unmap(space, BASE + 1, 1), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_space_unmap(space, BASE, UINT64_MAX), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_space_protect(space, BASE, 1, 8), -EXO_E_BAD_ARGUMENT);
    struct exo_pte entry;
    cr_assert_eq(exo_space_query(space, BASE, &entry, 513), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_space_query(space, EXO_USER_END - 4096, &entry, 2), -EXO_E_BAD_ADDRESS);
}

Test(space, large_pages_where_both_sides_fit)
{
    cr_assert_eq(map_one(space, BASE - 4096, fake_frames(1), 0, 1, RW), 0);
    cr_assert_eq(map_one(space, BASE, large, 0, 1024, RW), 0);
    cr_assert(query(space, BASE + 5 * 4096) & EXO_PTE_LARGE);
    cr_assert_eq((query(space, BASE + 5 * 4096) >> 12) - (query(space, BASE) >> 12), 5);
    cr_assert_eq(map_one(space, 2 * BASE, large, 1, 1023, RW), 0);
    cr_assert_eq(query(space, 2 * BASE) & EXO_PTE_LARGE, 0);
    check_invariants();
    uint64_t before = query(space, BASE + 9 * 4096) >> 12;
    cr_assert_eq(exo_space_protect(space, BASE + 8 * 4096, 1, EXO_MAP_R), 0);
    cr_assert_eq(query(space, BASE + 9 * 4096), before << 12 | EXO_PTE_PRESENT | EXO_PTE_W);
    cr_assert_eq(query(space, BASE + 8 * 4096), (before - 1) << 12 | EXO_PTE_PRESENT);
    check_invariants();
    cr_assert_eq(exo_space_unmap(space, BASE + 513 * 4096, 2), 0);
    cr_assert_eq(query(space, BASE + 514 * 4096), 0);
    cr_assert_neq(query(space, BASE + 515 * 4096), 0);
    check_invariants();
    cr_assert_eq(map_one(space, BASE, large, 512, 512, RW), 0, "a large page over a table");
    cr_assert(query(space, BASE) & EXO_PTE_LARGE);
    check_invariants();
    cr_assert_eq(map_one(space, BASE + 4096, frames, 0, 1, RW), 0, "a small page into a large one");
    cr_assert_eq(query(space, BASE) & EXO_PTE_LARGE, 0);
}

Test(space, protect_never_exceeds_the_token)
{
    exo_handle reader = (exo_handle)exo_token_derive(frames, EXO_R | EXO_X, 0, 64);
    cr_assert_eq(map_one(space, BASE, reader, 0, 4, EXO_MAP_R), 0);
    cr_assert_eq(exo_space_protect(space, BASE, 4, EXO_MAP_R | EXO_MAP_W | EXO_MAP_X), 0);
    cr_assert_eq(query(space, BASE) & 0xfff, EXO_PTE_PRESENT | EXO_PTE_X);
    uint64_t frame = query(space, BASE) >> 12;
    cr_assert_eq(exo_space_protect(space, BASE, 4, 0), 0);
    cr_assert_eq(query(space, BASE), frame << 12);
    check_invariants();
    cr_assert_eq(exo_space_protect(space, BASE, 4, EXO_MAP_R), 0);
    cr_assert_eq(query(space, BASE), frame << 12 | EXO_PTE_PRESENT);
}

Test(space, flushes_only_what_was_present)
{
    exo_handle own = fake_info->space;
    fake_flushes = 0;
    cr_assert_eq(map_one(own, BASE, frames, 0, 4, RW), 0);
    cr_assert_eq(fake_flushes, 0, "adding needs none");
    cr_assert(fake_touch(BASE, true));
    cr_assert_eq(exo_space_protect(own, BASE, 1, EXO_MAP_R), 0);
    check_invariants();
    cr_assert_eq(fake_flushes, 1);
    cr_assert_not(fake_touch(BASE, true));
    cr_assert(fake_touch(BASE, false));
    cr_assert_eq(map_one(own, BASE, frames, 1, 1, RW), 0);
    check_invariants();
    cr_assert_eq(exo_space_protect(own, BASE + 4096, 3, 0), 0);
    fake_flushes = 0;
    cr_assert_eq(exo_space_protect(own, BASE + 4096, 3, RW), 0);
    cr_assert_eq(fake_flushes, 0, "what was not present");
    cr_assert_eq(exo_space_unmap(own, BASE, 4), 0);
    cr_assert_not(fake_touch(BASE, false));
}

Test(space, unmapping_reaches_other_cpus)
{
    struct guest guest = fake_guest(1, 16);
    fake_settle();
    cr_assert_eq(fake_enter(1), guest.kernel_vcpu);
    cr_assert_eq(map_one(guest.own_space, BASE, guest.own_frames, 0, 2, RW), 0);
    cr_assert(fake_touch(BASE, true));
    fake_enter(0);
    fake_remote_flushes = 0;
    cr_assert_eq(exo_space_unmap(guest.space, BASE, 1), 0);
    cr_assert_eq(fake_remote_flushes, 1);
    check_invariants();
    cr_assert_eq(exo_space_unmap(guest.space, BASE + 4096 * 4, 9), 0);
    cr_assert_eq(fake_remote_flushes, 1, "nothing was there");
    fake_enter(1);
    cr_assert_eq(exo_vcpu_block(UINT64_MAX), 0);
    cr_assert_null(fake_running[1]);
    fake_enter(0);
    cr_assert_eq(map_one(guest.space, BASE, frames, 0, 1, RW), 0);
    cr_assert_eq(exo_space_protect(guest.space, BASE, 1, EXO_MAP_R), 0);
    cr_assert_eq(fake_remote_flushes, 1, "an idle CPU flushes when it goes on");
}

Test(space, grafted_slots_are_one_table)
{
    exo_handle other = (exo_handle)exo_space_create(fake_info->domain);
    exo_handle third = (exo_handle)exo_space_create(fake_info->domain);
    cr_assert_eq(exo_space_graft(other, space, 1, 0), -EXO_E_NOT_MAPPED);
    cr_assert_eq(map_one(space, SLOT + BASE, frames, 0, 1, RW), 0);
    cr_assert_eq(exo_space_graft(other, space, 256, 0), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_space_graft(space, space, 1, 0), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_space_graft(other, space, 1, 0), 0);
    cr_assert_eq(exo_space_graft(other, space, 1, 0), -EXO_E_BUSY);
    cr_assert_eq(exo_space_graft(third, other, 1, 0), 0, "a graft of a graft is its owner's");
    cr_assert_eq(query(other, SLOT + BASE), query(space, SLOT + BASE));
    check_invariants();
    cr_assert_eq(map_one(other, SLOT, frames, 0, 1, RW), -EXO_E_BAD_ADDRESS);
    cr_assert_eq(exo_space_unmap(other, SLOT, 1), -EXO_E_BAD_ADDRESS);
    cr_assert_eq(exo_space_protect(third, SLOT, 1, 0), -EXO_E_BAD_ADDRESS);
    cr_assert_eq(map_one(space, SLOT, frames, 1, 1, RW), 0);
    cr_assert_eq(query(third, SLOT), query(space, SLOT));
    cr_assert_eq(exo_space_destroy(space), -EXO_E_BUSY, "grafted elsewhere");
    cr_assert_eq(exo_space_unmap(space, SLOT, SLOT / 4096), 0);
    cr_assert_eq(query(third, SLOT), 0);
    check_invariants();
    cr_assert_eq(map_one(space, SLOT, frames, 1, 1, RW), 0);
    cr_assert_neq(query(third, SLOT), 0, "still the same table");
    cr_assert_eq(exo_space_destroy(other), 0);
    cr_assert_eq(exo_space_destroy(third), 0);
    cr_assert_neq(query(space, SLOT), 0);
    cr_assert_eq(exo_space_destroy(space), 0);
}

Test(space, a_read_only_graft_stays_read_only)
{
    exo_handle other = (exo_handle)exo_space_create(fake_info->domain);
    exo_handle own = fake_info->space;
    cr_assert_eq(map_one(space, SLOT, frames, 0, 1, RW), 0);
    cr_assert_eq(exo_space_graft(other, space, 1, 2), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_space_graft(other, space, 1, EXO_GRAFT_READ_ONLY), 0);
    cr_assert_eq(exo_space_graft(own, other, 1, 0), 0, "a graft of a read-only graft");
    check_invariants();
    cr_assert(fake_touch(SLOT, false) && !fake_touch(SLOT, true));
    cr_assert_eq(map_one(space, SLOT + 4096, frames, 1, 1, RW), 0);
    cr_assert(fake_touch(SLOT + 4096, false) && !fake_touch(SLOT + 4096, true));
    cr_assert_eq(exo_space_switch(space), 0);
    cr_assert(fake_touch(SLOT, true) && fake_touch(SLOT + 4096, true));
    cr_assert_eq(exo_space_switch(own), 0);
}

Test(space, spaces_may_graft_from_each_other_and_be_destroyed_together)
{
    uint64_t before = frames_free();
    exo_handle domain = fake_domain(64);
    exo_handle one = (exo_handle)exo_space_create(domain), two = (exo_handle)exo_space_create(domain);
    cr_assert_eq(map_one(one, SLOT, frames, 0, 1, RW), 0);
    cr_assert_eq(map_one(two, 2 * SLOT, frames, 0, 1, RW), 0);
    cr_assert_eq(exo_space_graft(two, one, 1, 0), 0);
    cr_assert_eq(exo_space_graft(one, two, 2, 0), 0);
    check_invariants();
    cr_assert_eq(again(exo_domain_destroy(domain)), 0);
    cr_assert_eq(frames_free(), before);
}

Test(space, edits_of_a_graft_flush_where_any_grafter_runs)
{
    exo_handle own = fake_info->space;
    cr_assert_eq(map_one(space, SLOT, frames, 0, 1, RW), 0);
    cr_assert_eq(exo_space_graft(own, space, 1, 0), 0);
    cr_assert(fake_touch(SLOT, true));
    cr_assert_eq(exo_space_unmap(space, SLOT, 1), 0);
    check_invariants();
    cr_assert_not(fake_touch(SLOT, true));
}

Test(space, destroy_gives_all_back_and_kills_every_handle)
{
    exo_handle fresh = (exo_handle)exo_space_create(fake_info->domain);
    exo_handle copy = (exo_handle)exo_token_derive(fresh, EXO_ALL, 0, 1);
    uint64_t before = info().pool_free;
    cr_assert_eq(map_one(fresh, BASE, large, 0, 1024, EXO_MAP_R), 0);
    for (uint64_t i = 0; i < 64; i++)
        cr_assert_eq(map_one(fresh, i * SLOT, frames, i, 1, RW), 0);
    check_invariants();
    cr_assert_eq(exo_space_destroy(copy), 0);
    cr_assert_eq(info().pool_free, before + 2);
    cr_assert_eq(exo_space_unmap(fresh, 0, 1), -EXO_E_BAD_HANDLE);
    cr_assert_eq(exo_space_destroy(fake_info->space), -EXO_E_BUSY);
}

Test(space, switch_changes_what_the_vcpu_sees)
{
    cr_assert_eq(map_one(space, BASE, frames, 0, 1, RW), 0);
    cr_assert_not(fake_touch(BASE, false));
    cr_assert_eq(exo_space_switch(space), 0);
    cr_assert(fake_touch(BASE, false));
    check_invariants();
    cr_assert_eq(exo_space_destroy(space), -EXO_E_BUSY);
    cr_assert_eq(exo_space_switch(fake_info->space), 0);
    cr_assert_not(fake_touch(BASE, false));
    exo_handle no_use = (exo_handle)exo_token_derive(space, EXO_R | EXO_W, 0, 1);
    cr_assert_eq(exo_space_switch(no_use), -EXO_E_NO_RIGHT);
    cr_assert_eq(exo_space_switch(frames), -EXO_E_BAD_KIND);
    cr_assert_eq(exo_space_switch(77), -EXO_E_BAD_HANDLE);
    struct guest guest = fake_guest(1, 0);
    cr_assert_eq(exo_space_switch(guest.space), -EXO_E_BAD_ARGUMENT, "another domain's");
    cr_assert_eq(exo_space_destroy(space), 0);
    cr_assert_eq(exo_space_switch(space), -EXO_E_BAD_HANDLE);
}

Test(space, an_exhausted_pool_is_an_error_and_changes_nothing)
{
    exo_handle domain = fake_domain(9);
    exo_handle small = (exo_handle)exo_space_create(domain);
    cr_assert_eq(map_one(small, BASE, frames, 0, 1, RW), 0);
    cr_assert_eq(map_one(small, 2 * BASE - 4096, frames, 0, 1, RW), 0);
    struct exo_domain_info before, after;
    cr_assert_eq(exo_domain_info(domain, &before), 0);
    cr_assert_eq(before.pool_free, 1);
    cr_assert_eq(map_one(small, SLOT, frames, 0, 1, RW), -EXO_E_NO_POOL);
    cr_assert_eq(map_one(small, BASE + 0x3ff000, frames, 0, 2, RW), -EXO_E_NO_POOL);
    cr_assert_eq(exo_domain_info(domain, &after), 0);
    cr_assert_eq(after.pool_free, 1);
    cr_assert_eq(map_one(small, BASE + 0x200000, frames, 0, 1, RW), 0);
    cr_assert_eq(exo_space_unmap(small, BASE + 0x200000, 1), 0);
    cr_assert_eq(map_one(small, BASE + 0x200000, large, 0, 512, RW), 0);
    cr_assert_eq(exo_space_protect(small, BASE + 0x200000, 1, 0), 0);
    cr_assert_eq(map_one(small, BASE + 0x400000, large, 512, 512, RW), 0);
    cr_assert_eq(exo_space_unmap(small, BASE + 0x400000, 1), -EXO_E_NO_POOL, "a table for the rest");
    cr_assert_eq(exo_domain_donate(domain, fake_frames(1)), 0);
    cr_assert_eq(exo_space_unmap(small, BASE + 0x400000, 1), 0);
}
