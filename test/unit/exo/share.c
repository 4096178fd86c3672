/* SPDX-License-Identifier: MPL-2.0 */
/* Shared leaf tables: what sharing shows, how a space gets a table of its own again, and who is left with what. */
#include "fake_machine.h"
#include <criterion/criterion.h>

#define RW   (EXO_MAP_R | EXO_MAP_W)
#define PART 0x200000ul
#define BASE 0x40000000ul
#define SLOT 0x8000000000ul

static exo_handle space, other, third, frames, large;

static void boot(void)
{
    fake_boot(2);
    frames = fake_frames(64);
    large = fake_frames(1024);
    space = (exo_handle)exo_space_create(fake_info->domain);
    other = (exo_handle)exo_space_create(fake_info->domain);
    third = (exo_handle)exo_space_create(fake_info->domain);
}

static uint64_t pool_free(void)
{
    struct exo_domain_info info;
    cr_assert_eq(exo_domain_info(fake_info->domain, &info), 0);
    return info.pool_free;
}

/* Can the present vCPU read, write in the space at va? */
static bool may_read(exo_handle in, uint64_t va)
{
    cr_assert_eq(exo_space_switch(in), 0);
    bool result = fake_touch(va, false);
    cr_assert_eq(exo_space_switch(fake_info->space), 0);
    return result;
}
static bool may_write(exo_handle in, uint64_t va)
{
    cr_assert_eq(exo_space_switch(in), 0);
    bool result = fake_touch(va, true);
    cr_assert_eq(exo_space_switch(fake_info->space), 0);
    return result;
}

/* 4 pages at BASE in `space`, shared with `other`. */
static void share_four(void)
{
    cr_assert_eq(map_one(space, BASE, frames, 0, 4, RW), 0);
    cr_assert_eq(exo_space_share(other, space, BASE, 512), 512);
}

TestSuite(share, .init = boot, .fini = check_invariants);

Test(share, shows_the_same_and_permits_no_write)
{
    cr_assert_eq(map_one(space, BASE, frames, 0, 4, RW), 0);
    cr_assert(may_write(space, BASE));
    uint64_t before = pool_free();
    cr_assert_eq(exo_space_share(other, space, BASE, 512), 512);
    cr_assert_eq(pool_free(), before - 2, "the upper tables only");
    check_invariants();
    for (unsigned i = 0; i < 4; i++) {
        cr_assert_eq(query(other, BASE + i * 4096), query(space, BASE + i * 4096));
        cr_assert(may_read(space, BASE + i * 4096) && may_read(other, BASE + i * 4096));
        cr_assert(!may_write(space, BASE + i * 4096) && !may_write(other, BASE + i * 4096));
    }
    cr_assert_not(may_read(other, BASE + 4 * 4096));
}

Test(share, refuses_what_it_must)
{
    struct guest guest = fake_guest(1, 0);
    cr_assert_eq(map_one(space, BASE, frames, 0, 4, RW), 0);
    cr_assert_eq(exo_space_share(other, space, BASE + 4096, 512), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_space_share(other, space, BASE, 511), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_space_share(other, space, EXO_USER_END, 512), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_space_share(other, space, 0, UINT64_MAX - 511), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_space_share(space, space, BASE, 512), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_space_share(guest.space, space, BASE, 512), -EXO_E_BAD_ARGUMENT, "another domain's");
    exo_handle reader = (exo_handle)exo_token_derive(space, EXO_R, 0, 1);
    exo_handle writer = (exo_handle)exo_token_derive(space, EXO_W, 0, 1);
    cr_assert_eq(exo_space_share(other, reader, BASE, 512), -EXO_E_NO_RIGHT);
    cr_assert_eq(exo_space_share(other, writer, BASE, 512), -EXO_E_NO_RIGHT);
    cr_assert_eq(exo_space_share(other, space, BASE, 0), 0);
    cr_assert_eq(exo_space_share(other, space, 0, EXO_USER_END / 4096), EXO_USER_END / 4096,
                 "holes are skipped");
    cr_assert_eq(exo_space_share(other, space, BASE, 512), -EXO_E_BUSY);
    cr_assert_eq(map_one(space, BASE - PART, frames, 0, 1, RW), 0);
    cr_assert_eq(exo_space_share(other, space, BASE - PART, 1024), 512, "up to what is busy");
    cr_assert_eq(map_one(space, SLOT, frames, 0, 1, RW), 0);
    cr_assert_eq(exo_space_graft(third, space, 1, 0), 0);
    cr_assert_eq(exo_space_share(other, third, SLOT, 512), -EXO_E_BAD_ADDRESS);
    cr_assert_eq(exo_space_share(third, space, SLOT, 512), -EXO_E_BAD_ADDRESS);
    cr_assert_eq(exo_space_share(other, space, SLOT, 512), 512, "its owner can");
}

Test(share, a_map_copies_the_table_and_the_last_one_takes_it_over)
{
    share_four();
    uint64_t before = pool_free();
    cr_assert_eq(map_one(other, BASE + 4096, frames, 9, 1, RW), 0);
    check_invariants();
    cr_assert_eq(pool_free(), before - 1);
    cr_assert_eq(query(other, BASE) >> 12, query(space, BASE) >> 12);
    cr_assert_neq(query(other, BASE + 4096) >> 12, query(space, BASE + 4096) >> 12);
    cr_assert(may_write(other, BASE + 4096) && !may_write(other, BASE));
    cr_assert(!may_write(space, BASE) && !may_write(space, BASE + 4096));
    cr_assert_eq(map_one(space, BASE, frames, 0, 1, RW), 0);
    check_invariants();
    cr_assert_eq(pool_free(), before - 1, "no copy for the last");
    cr_assert(may_write(space, BASE) && !may_write(space, BASE + 4096));
    cr_assert_eq(exo_space_protect(space, BASE + 4096, 1, RW), 0, "the limit has stayed");
    cr_assert(may_write(space, BASE + 4096) && !may_write(other, BASE));
}

Test(share, taking_over_brings_back_what_was_writable)
{
    share_four();
    cr_assert_eq(exo_space_protect(space, BASE, 1, EXO_MAP_R), 0);
    cr_assert_eq(exo_space_destroy(space), 0);
    cr_assert_not(may_write(other, BASE + 4096), "taken from both as it was copied");

    cr_assert_eq(map_one(third, BASE, frames, 10, 4, RW), 0);
    space = (exo_handle)exo_space_create(fake_info->domain);
    cr_assert_eq(exo_space_share(space, third, BASE, 512), 512);
    cr_assert_eq(exo_space_destroy(space), 0);
    check_invariants();
    cr_assert_not(may_write(third, BASE + 8192), "not before an edit");
    cr_assert_eq(exo_space_switch(third), 0);
    cr_assert(fake_touch(BASE + 8192, false));
    cr_assert_eq(map_one(third, BASE, frames, 10, 1, RW), 0);
    check_invariants();
    cr_assert(fake_touch(BASE + 8192, true), "no TLB forbids it still");
    cr_assert_eq(exo_space_switch(fake_info->space), 0);
}

Test(share, unmapping_all_of_it_leaves_it_to_the_others)
{
    share_four();
    uint64_t before = pool_free();
    cr_assert_eq(exo_space_unmap(space, BASE, 512), 0);
    check_invariants();
    cr_assert_eq(query(space, BASE), 0);
    cr_assert_neq(query(other, BASE), 0);
    cr_assert_eq(pool_free(), before + 2, "its upper tables");
    cr_assert_eq(exo_space_unmap(other, BASE, 512), 0);
    cr_assert_eq(pool_free(), before + 5);
    exo_handle own = fake_info->space;
    cr_assert_eq(map_one(own, BASE, frames, 0, 4, RW), 0);
    cr_assert_eq(map_one(own, BASE + PART, frames, 0, 1, RW), 0, "the upper tables stay");
    cr_assert_eq(exo_space_share(other, own, BASE, 512), 512);
    cr_assert(fake_touch(BASE + 4096, false));
    cr_assert_eq(exo_space_unmap(own, BASE, 512), 0);
    check_invariants();
    cr_assert_not(fake_touch(BASE + 4096, false));
}

/* The machine can read it, so a TLB may hold it; without W nothing is left of it. */
Test(share, copying_what_could_only_be_written_reaches_all_who_share)
{
    struct guest guest = fake_guest(1, 16);
    exo_handle child = (exo_handle)exo_space_create(guest.domain);
    fake_settle();
    fake_enter(1);
    cr_assert_eq(map_one(guest.own_space, BASE, guest.own_frames, 0, 1, EXO_MAP_W), 0);
    fake_enter(0);
    cr_assert_eq(exo_space_share(child, guest.space, BASE, 512), 512);
    fake_enter(1);
    cr_assert(fake_touch(BASE, false));
    fake_enter(0);
    cr_assert_eq(map_one(child, BASE + 4096, frames, 0, 1, RW), 0);
    check_invariants();
}

Test(share, unmapping_a_part_parts)
{
    share_four();
    cr_assert_eq(exo_space_unmap(other, BASE, 1), 0);
    check_invariants();
    cr_assert_eq(query(other, BASE), 0);
    cr_assert_neq(query(space, BASE), 0);
    cr_assert_eq(query(other, BASE + 4096), query(space, BASE + 4096));
    cr_assert_eq(exo_space_unmap(other, BASE, 4), 0);
    cr_assert_neq(query(space, BASE + 4096), 0);
}

Test(share, among_three_each_parts_for_itself)
{
    share_four();
    cr_assert_eq(exo_space_share(third, other, BASE, 512), 512);
    check_invariants();
    cr_assert_eq(exo_space_protect(other, BASE, 4, RW), 0);
    check_invariants();
    cr_assert(may_write(other, BASE) && !may_write(space, BASE) && !may_write(third, BASE));
    cr_assert_eq(exo_space_destroy(other), 0);
    cr_assert_eq(exo_space_destroy(third), 0);
    check_invariants();
    cr_assert_eq(map_one(space, BASE + 16 * 4096, frames, 20, 1, RW), 0);
    cr_assert_not(may_write(space, BASE), "a copy was made of it once");
}

Test(share, large_pages_are_mapped_once_more)
{
    cr_assert_eq(map_one(space, BASE, large, 0, 1024, RW), 0);
    cr_assert_eq(map_one(space, BASE + 2 * PART, frames, 0, 1, RW), 0);
    cr_assert_eq(exo_space_share(other, space, BASE, 2048), 2048);
    check_invariants();
    cr_assert(query(other, BASE + PART) & EXO_PTE_LARGE);
    cr_assert(!may_write(space, BASE + PART) && !may_write(other, BASE + PART) && may_read(other, BASE + PART));
    cr_assert_eq(exo_space_protect(space, BASE, 1024, RW), 0);
    cr_assert(may_write(space, BASE) && !may_write(other, BASE));
    cr_assert_eq(exo_space_protect(other, BASE, 1, RW), 0, "split");
    check_invariants();
    cr_assert(may_write(other, BASE) && !may_write(other, BASE + 4096));
    cr_assert_eq(map_one(space, BASE + 2 * PART, large, 512, 512, RW), 0, "a large page over a shared table");
    check_invariants();
    cr_assert_eq(query(other, BASE + 2 * PART) & EXO_PTE_LARGE, 0);
    cr_assert_neq(query(other, BASE + 2 * PART), 0);
}

Test(share, reaches_every_tlb)
{
    struct guest guest = fake_guest(1, 16);
    fake_settle();
    cr_assert_eq(fake_enter(1), guest.kernel_vcpu);
    exo_handle child = (exo_handle)exo_space_create(guest.own_domain);
    cr_assert_eq(map_one(guest.own_space, BASE, guest.own_frames, 0, 4, RW), 0);
    cr_assert(fake_touch(BASE, true));
    fake_remote_flushes = fake_flushes = 0;
    cr_assert_eq(exo_space_share(child, guest.own_space, BASE, 512), 512);
    cr_assert_eq(fake_flushes, 1);
    check_invariants();
    cr_assert_not(fake_touch(BASE, true));
    cr_assert(fake_touch(BASE + 4096, false));
    cr_assert_eq(exo_vcpu_block(UINT64_MAX), 0);
    cr_assert_null(fake_running[1]);
    fake_enter(0); /* CPU 1 is idle in the space: it must leave the table at once all the same */
    cr_assert_eq(map_one(guest.space, BASE, frames, 0, 1, RW), 0);
    cr_assert_eq(fake_remote_flushes, 1, "the others may free the table from now on");
    check_invariants();
}

Test(share, what_was_revoked_goes_from_all_who_share)
{
    struct guest guest = fake_guest(1, 16);
    exo_handle sent = (exo_handle)exo_token_send(guest.domain, frames, EXO_ALL, EXO_SEND_CONTENTS);
    fake_settle();
    fake_enter(1);
    exo_handle one = (exo_handle)exo_space_create(guest.own_domain),
               two = (exo_handle)exo_space_create(guest.own_domain);
    cr_assert_eq(map_one(guest.own_space, BASE, sent, 0, 4, RW), 0);
    cr_assert_eq(map_one(guest.own_space, BASE + PART, guest.own_frames, 0, 1, RW), 0, "the upper tables stay");
    cr_assert_eq(exo_space_share(one, guest.own_space, BASE, 512), 512);
    cr_assert_eq(exo_space_share(two, one, BASE, 512), 512);
    cr_assert_eq(map_one(two, BASE + 8 * 4096, sent, 0, 1, RW), 0, "two has a copy");
    cr_assert(fake_touch(BASE, false) &&
              fake_touch(BASE + 4096, false)); /* the space that the walk comes to last */
    fake_enter(0);
    uint64_t before = frames_free();
    cr_assert_eq(again(exo_token_revoke(frames)), 0);
    cr_assert_eq(frames_free(), before + 4);
    check_invariants();
    fake_enter(1);
    cr_assert(!fake_touch(BASE, false) && !fake_touch(BASE + 4096, false));
    cr_assert_eq(query(guest.own_space, BASE) | query(one, BASE) | query(two, BASE), 0);
}

/* The walk takes the newest space first: it has passed `to` when its work runs out in `from`. */
Test(share, nothing_slips_behind_a_walk_for_what_was_revoked)
{
    struct guest guest = fake_guest(1, 0);
    cr_assert_eq(exo_domain_donate(guest.domain, fake_frames(64)), 0);
    exo_handle sent = (exo_handle)exo_token_send(guest.domain, large, EXO_ALL, EXO_SEND_CONTENTS);
    exo_handle to = (exo_handle)exo_space_create(guest.domain);
    fake_settle();
    fake_enter(1);
    for (unsigned i = 0; i < 40; i++)
        cr_assert_eq(map_one(guest.own_space, BASE + i * PART, sent, 1, 511, RW), 0);
    fake_enter(0);
    cr_assert_eq(exo_token_revoke(large), -EXO_E_AGAIN);
    cr_assert_eq(query(guest.space, BASE), 0);
    cr_assert_neq(query(guest.space, BASE + 39 * PART), 0, "more work than a call does");
    long shared = again(exo_space_share(to, guest.space, BASE + 39 * PART, 512));
    cr_assert_eq(shared, 512);
    cr_assert_eq(map_one(to, BASE + 39 * PART, frames, 0, 1, RW), 0, "a table of its own");
    cr_assert_eq(again(exo_token_revoke(large)), 0);
    cr_assert_eq(query(to, BASE + 39 * PART + 4096), 0);
}

Test(share, an_exhausted_pool_is_an_error_and_changes_nothing)
{
    exo_handle domain = fake_domain(15);
    exo_handle one = (exo_handle)exo_space_create(domain), two = (exo_handle)exo_space_create(domain);
    cr_assert_eq(map_one(one, BASE, frames, 0, 4, RW), 0);
    cr_assert_eq(map_one(one, BASE + PART, frames, 4, 4, RW), 0);
    cr_assert_eq(map_one(one, BASE + 2 * PART, frames, 8, 4, RW), 0);
    cr_assert_eq(map_one(two, BASE + 3 * PART, frames, 0, 1, RW), 0);
    struct exo_domain_info before, after;
    cr_assert_eq(exo_domain_info(domain, &before), 0);
    cr_assert_eq(before.pool_free, 1);
    cr_assert_eq(exo_space_share(two, one, BASE, 1536), 1536);
    cr_assert_eq(exo_space_protect(two, BASE, 1536, EXO_MAP_R), -EXO_E_NO_POOL, "three tables");
    cr_assert_eq(exo_space_unmap(two, BASE + 4096, 512), -EXO_E_NO_POOL, "two tables");
    cr_assert_eq(exo_space_unmap(two, BASE + PART - 4096, 2), -EXO_E_NO_POOL, "also two");
    cr_assert_eq(map_one(two, BASE + PART - 4096, frames, 0, 2, RW), -EXO_E_NO_POOL);
    cr_assert_eq(exo_domain_info(domain, &after), 0);
    cr_assert_eq(after.pool_free, 1);
    check_invariants();
    cr_assert_eq(map_one(two, BASE, frames, 5, 1, RW), 0);
    cr_assert_eq(map_one(two, BASE + PART, frames, 5, 1, RW), -EXO_E_NO_POOL);
    cr_assert_eq(map_one(one, BASE, frames, 5, 1, RW), 0, "the last takes over");
    cr_assert_eq(exo_space_unmap(two, BASE, 1024), 0, "leaving takes nothing");
    exo_handle empty = (exo_handle)exo_space_create(domain);
    cr_assert_eq((long)empty, -EXO_E_NO_POOL);
    cr_assert_eq(exo_space_unmap(two, BASE + 2 * PART, 1024), 0);
    empty = (exo_handle)exo_space_create(domain);
    cr_assert((long)empty > 0);
    cr_assert_eq(exo_space_share(empty, one, BASE, 512), 512);
    check_invariants();
    cr_assert_eq(again(exo_domain_destroy(domain)), 0);
}

Test(share, one_frame_less_than_tables_to_copy_is_an_error)
{
    exo_handle domain = fake_domain(16);
    exo_handle one = (exo_handle)exo_space_create(domain), two = (exo_handle)exo_space_create(domain);
    for (unsigned i = 0; i < 3; i++)
        cr_assert_eq(map_one(one, BASE + i * PART, frames, 4 * i, 4, RW), 0);
    cr_assert_eq(map_one(two, BASE + 3 * PART, frames, 0, 1, RW), 0);
    cr_assert_eq(exo_space_share(two, one, BASE, 1536), 1536);
    cr_assert_eq(exo_space_protect(two, BASE, 1536, EXO_MAP_R), -EXO_E_NO_POOL, "two for three");
    check_invariants();
    cr_assert_eq(exo_domain_donate(domain, fake_frames(1)), 0);
    cr_assert_eq(again(exo_space_protect(two, BASE, 1536, EXO_MAP_R)), 0);
    check_invariants();
    cr_assert_eq(again(exo_domain_destroy(domain)), 0);
}

Test(share, upper_tables_may_be_missing)
{
    exo_handle domain = fake_domain(11);
    exo_handle one = (exo_handle)exo_space_create(domain), two = (exo_handle)exo_space_create(domain);
    cr_assert_eq(map_one(one, BASE, frames, 0, 4, RW), 0);
    cr_assert_eq(map_one(one, 2 * BASE, frames, 0, 1, RW), 0);
    cr_assert_eq(exo_space_share(two, one, BASE, 512), -EXO_E_NO_POOL);
    check_invariants();
    cr_assert_eq(exo_space_unmap(one, 2 * BASE, 1), 0);
    cr_assert_eq(exo_space_share(two, one, BASE, 512), 512);
}

Test(share, a_call_does_bounded_work)
{
    cr_assert_eq(map_one(space, BASE, frames, 0, 1, RW), 0);
    cr_assert_eq(map_one(space, SLOT - PART, frames, 0, 1, RW), 0);
    cr_assert_eq(map_one(space, 200 * SLOT, frames, 0, 1, RW), 0);
    for (unsigned i = 0; i < 64; i++) { /* tables of level 2 that make the way long */
        cr_assert_eq(map_one(space, SLOT + i * BASE, frames, i, 1, RW), 0);
    }
    long done = 0, total = 256 * (long)(SLOT / 4096), calls = 0;
    while (done < total) {
        long step = exo_space_share(other, space, (uint64_t)done * 4096, (uint64_t)(total - done));
        cr_assert(step > 0 && step % 512 == 0, "%ld", step);
        done += step;
        calls++;
    }
    cr_assert_eq(done, total);
    cr_assert(calls > 1);
    check_invariants();
    cr_assert_eq(query(other, SLOT + 63 * BASE), query(space, SLOT + 63 * BASE));
}

Test(share, a_batch_that_copies_many_tables_stops_between_elements)
{
    fake_frames(1);
    struct exo_map maps[200];
    for (unsigned i = 0; i < 200; i++)
        maps[i] = (struct exo_map){BASE + i * PART, frames, i % 64, 1, RW};
    exo_handle domain = fake_domain(600);
    exo_handle one = (exo_handle)exo_space_create(domain), two = (exo_handle)exo_space_create(domain);
    cr_assert_eq(exo_space_map(one, maps, 200), 200);
    cr_assert_eq(exo_space_share(two, one, BASE, 200 * 512), 200 * 512);
    long done = exo_space_map(two, maps, 200);
    cr_assert_eq(done, 128);
    cr_assert_eq(exo_space_map(two, maps + done, 200 - (uint64_t)done), 72);
    check_invariants();
    cr_assert_eq(again(exo_domain_destroy(domain)), 0);
}

Test(share, domains_end_with_all_that_is_shared)
{
    uint64_t before = frames_free();
    exo_handle domain = fake_domain(64);
    exo_handle spaces[4];
    for (int i = 0; i < 4; i++)
        spaces[i] = (exo_handle)exo_space_create(domain);
    cr_assert_eq(map_one(spaces[0], BASE, frames, 0, 9, RW), 0);
    for (int i = 1; i < 4; i++)
        cr_assert_eq(exo_space_share(spaces[i], spaces[i - 1], BASE, 512), 512);
    cr_assert_eq(map_one(spaces[2], BASE, frames, 1, 1, RW), 0);
    check_invariants();
    cr_assert_eq(again(exo_domain_destroy(domain)), 0);
    cr_assert_eq(frames_free(), before);
}
