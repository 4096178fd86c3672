/* SPDX-License-Identifier: MPL-2.0 */
/* Tokens: derive, send, drop, revoke; rights, ranges, stale handles. */
#include "domain.h"
#include "fake_machine.h"
#include "reference.h"
#include <criterion/criterion.h>
#include <string.h>

static exo_handle frames;

static void boot(void)
{
    fake_boot(1);
    frames = fake_frames(16);
}

TestSuite(token, .init = boot, .fini = check_invariants);

Test(token, first_domain_has_what_it_was_promised)
{
    cr_assert_eq(fake_info->abi_version, EXO_ABI_VERSION);
    cr_assert_eq(fake_info->cpus, 1);
    cr_assert_eq(fake_info->modules, 2);
    cr_assert_str_eq(fake_info->module[0].name, "supervisor");
    cr_assert_str_eq(fake_info->command_line, "test command line");
    cr_assert_eq(fake_info->extents, 2);
    struct exo_token_info first, second, ports;
    cr_assert_eq(exo_token_info(fake_info->extent[0], &first), 0);
    cr_assert_eq(exo_token_info(fake_info->extent[1], &second), 0);
    cr_assert_gt(first.count, second.count);
    cr_assert_eq(first.base, 0, "physical addresses are not told");
    cr_assert_eq(first.large, 512 - 300);
    cr_assert_eq(exo_token_info(fake_info->ports, &ports), 0);
    cr_assert_eq(ports.count, 65536);
}

Test(token, rights_only_shrink)
{
    long reader = exo_token_derive(frames, EXO_R | EXO_SPLIT, 0, 16);
    cr_assert_gt(reader, 0);
    cr_assert_eq(exo_token_derive((exo_handle)reader, EXO_R | EXO_W, 0, 16), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_token_derive((exo_handle)reader, 1 << 6, 0, 16), -EXO_E_BAD_ARGUMENT);
    long dead_end = exo_token_derive((exo_handle)reader, EXO_R, 0, 16);
    cr_assert_gt(dead_end, 0);
    cr_assert_eq(exo_token_derive((exo_handle)dead_end, EXO_R, 0, 16), -EXO_E_NO_RIGHT);
    cr_assert_eq(exo_token_revoke((exo_handle)reader), -EXO_E_NO_RIGHT);
}

Test(token, ranges_stay_inside)
{
    cr_assert_eq(exo_token_derive(frames, EXO_ALL, 0, 17), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_token_derive(frames, EXO_ALL, 16, 1), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_token_derive(frames, EXO_ALL, 15, 0), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_token_derive(frames, EXO_ALL, 1, UINT64_MAX), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_token_derive(fake_info->vcpu, EXO_R, 1, 1), -EXO_E_BAD_ARGUMENT);
    long part = exo_token_derive(frames, EXO_ALL, 4, 4);
    struct exo_token_info info;
    cr_assert_eq(exo_token_info((exo_handle)part, &info), 0);
    cr_assert_eq(info.count, 4);
    long irq = exo_token_derive(fake_info->irqs, EXO_X, 4, 1);
    cr_assert_eq(exo_token_info((exo_handle)irq, &info), 0);
    cr_assert_eq(info.base, 4);
}

Test(token, stale_handles_name_nothing)
{
    exo_handle token = (exo_handle)exo_token_derive(frames, EXO_ALL, 0, 1);
    cr_assert_eq(exo_token_drop(token), 0);
    cr_assert_eq(exo_token_drop(token), -EXO_E_BAD_HANDLE);
    exo_handle next = (exo_handle)exo_token_derive(frames, EXO_ALL, 0, 1);
    cr_assert_eq((uint32_t)next, (uint32_t)token, "the slot is used again");
    cr_assert_neq(next, token);
    struct exo_token_info info;
    cr_assert_eq(exo_token_info(token, &info), -EXO_E_BAD_HANDLE);
    cr_assert_eq(exo_token_info(0, &info), -EXO_E_BAD_HANDLE);
    cr_assert_eq(exo_token_info(1ul << 32, &info), -EXO_E_BAD_HANDLE, "a page's header is no token");
    cr_assert_eq(exo_token_info(UINT64_MAX, &info), -EXO_E_BAD_HANDLE);
}

Test(token, drop_hands_children_to_the_parent)
{
    exo_handle middle = (exo_handle)exo_token_derive(frames, EXO_ALL, 0, 8);
    exo_handle leaf = (exo_handle)exo_token_derive(middle, EXO_ALL, 0, 4);
    cr_assert_eq(exo_token_drop(middle), 0);
    struct exo_token_info info;
    cr_assert_eq(exo_token_info(leaf, &info), 0);
    cr_assert_eq(exo_token_revoke(frames), 0);
    cr_assert_eq(exo_token_info(leaf, &info), -EXO_E_BAD_HANDLE);
    cr_assert_eq(exo_token_info(frames, &info), 0, "the token itself stays");
}

Test(token, revoke_takes_deep_and_wide_trees_in_bounded_steps)
{
    exo_handle domain = fake_domain(400), deep = frames;
    cr_assert_eq(exo_domain_donate(fake_info->domain, fake_frames(400)), 0);
    for (int i = 0; i < 5000; i++) {
        long next = exo_token_derive(deep, EXO_ALL, 0, 1);
        cr_assert_gt(next, 0);
        deep = (exo_handle)next;
        cr_assert_gt(exo_token_derive(frames, EXO_ALL, 0, 1), 0);
    }
    for (int i = 0; i < 10000; i++)
        cr_assert_gt(exo_token_send(domain, deep, EXO_ALL, EXO_SEND_CONTENTS), 0);
    check_invariants();
    struct exo_domain_info info;
    cr_assert_eq(exo_token_revoke(frames), -EXO_E_AGAIN);
    check_invariants();
    cr_assert_eq(again(exo_token_revoke(frames)), 0);
    cr_assert_eq(exo_domain_info(domain, &info), 0);
    cr_assert_eq(info.tokens, 0);
}

Test(token, send_needs_the_right_and_a_live_domain)
{
    exo_handle domain = fake_domain(16);
    exo_handle keep = (exo_handle)exo_token_derive(frames, EXO_R | EXO_SPLIT, 0, 1);
    cr_assert_eq(exo_token_send(domain, keep, EXO_R, 0), -EXO_E_NO_RIGHT);
    cr_assert_eq(exo_token_send(domain, frames, EXO_R, 4), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_token_send(frames, frames, EXO_R, 0), -EXO_E_BAD_KIND);
    exo_handle look = (exo_handle)exo_token_derive(frames, EXO_R | EXO_SEND, 0, 1);
    cr_assert_eq(exo_token_send(domain, look, EXO_R, 0), -EXO_E_NO_RIGHT, "zeroing it takes W");
    cr_assert_gt(exo_token_send(domain, look, EXO_R, EXO_SEND_CONTENTS), 0);
    cr_assert_gt(exo_token_send(domain, frames, EXO_R, EXO_SEND_MOVE), 0);
    struct exo_token_info info;
    cr_assert_eq(exo_token_info(frames, &info), -EXO_E_BAD_HANDLE);
}

Test(token, table_is_bounded_and_says_so)
{
    exo_handle domain = fake_domain(600);
    long result;
    int sent = 0;
    while ((result = exo_token_send(domain, frames, EXO_R, 0)) > 0)
        sent++;
    cr_assert_eq(result, -EXO_E_NO_SLOT);
    cr_assert_eq(sent, 256 * 63);
    exo_handle poor = fake_domain(8);
    while ((result = exo_token_send(poor, frames, EXO_R, 0)) > 0)
        ;
    cr_assert_eq(result, -EXO_E_NO_POOL);
    cr_assert_eq(again(exo_domain_destroy(domain)), 0);
}

Test(token, written_frames_arrive_zeroed)
{
    exo_handle domain = fake_domain(16);
    cr_assert_eq(map_one(fake_info->space, 0x10000, frames, 0, 1, EXO_MAP_R | EXO_MAP_W), 0);
    uint8_t *byte = machine_frame(query(fake_info->space, 0x10000) >> 12);
    *byte = 42;
    cr_assert_eq(exo_token_send(domain, frames, EXO_R, 0), -EXO_E_BUSY, "it can still be written");
    cr_assert_gt(exo_token_send(domain, frames, EXO_R, EXO_SEND_CONTENTS), 0);
    cr_assert_eq(*byte, 42);
    cr_assert_eq(exo_space_unmap(fake_info->space, 0x10000, 1), 0);
    cr_assert_gt(exo_token_send(domain, frames, EXO_R, 0), 0);
    cr_assert_eq(*byte, 0);
    *byte = 42; /* by nobody that may: it was not mapped again */
    cr_assert_gt(exo_token_send(domain, frames, EXO_R, 0), 0);
    cr_assert_eq(*byte, 42);
}

Test(token, zeroing_much_takes_several_calls)
{
    exo_handle domain = fake_domain(16), large = fake_frames(2048);
    cr_assert_eq(map_one(fake_info->space, 0x40000000, large, 0, 2048, EXO_MAP_R | EXO_MAP_W), 0);
    uint8_t *byte = machine_frame(query(fake_info->space, 0x40000000 + 2047 * 4096) >> 12);
    *byte = 1;
    cr_assert_eq(exo_token_send(domain, large, EXO_R, 0), -EXO_E_BUSY);
    cr_assert_eq(exo_space_unmap(fake_info->space, 0x40000000, 2048), 0);
    cr_assert_eq(exo_token_send(domain, large, EXO_R, 0), -EXO_E_AGAIN);
    check_invariants();
    cr_assert_gt(again(exo_token_send(domain, large, EXO_R, 0)), 0);
    cr_assert_eq(*byte, 0);
}

Test(token, generations_do_not_wrap_around)
{
    exo_handle first = (exo_handle)exo_token_derive(frames, EXO_ALL, 0, 1);
    struct token *token;
    cr_assert_eq(token_find(fake_root, first, EXO_FRAME, 0, &token), 0);
    token->generation = GENERATION_LAST - 1;
    exo_handle handle = (exo_handle)((uint64_t)(GENERATION_LAST - 1) << 32 | (uint32_t)first);
    cr_assert_eq(exo_token_drop(handle), 0);
    cr_assert_eq((exo_handle)exo_token_derive(frames, EXO_ALL, 0, 1), handle + (1ul << 32));
    cr_assert_eq(exo_token_drop(handle + (1ul << 32)), 0);
    exo_handle other = (exo_handle)exo_token_derive(frames, EXO_ALL, 0, 1);
    cr_assert_neq((uint32_t)other, (uint32_t)first, "the slot has had its last token");
    struct exo_token_info info;
    for (uint64_t generation = 0; generation < 3; generation++)
        cr_assert_eq(exo_token_info(generation << 32 | (uint32_t)first, &info), -EXO_E_BAD_HANDLE);
    cr_assert_eq(exo_token_info(handle + (1ul << 32), &info), -EXO_E_BAD_HANDLE);
}

Test(token, dropping_one_with_many_children_takes_several_calls)
{
    exo_handle domain = fake_domain(300), domain2 = fake_domain(300), middle;
    middle = (exo_handle)exo_token_derive(frames, EXO_ALL, 0, 8);
    for (int i = 0; i < 10000; i++) {
        cr_assert_gt(exo_token_send(domain, middle, EXO_ALL, EXO_SEND_CONTENTS), 0);
        cr_assert_gt(exo_token_send(domain2, middle, EXO_ALL, EXO_SEND_CONTENTS), 0);
    }
    cr_assert_eq(exo_token_drop(middle), -EXO_E_AGAIN);
    struct exo_token_info info;
    cr_assert_eq(exo_token_info(middle, &info), 0, "the handle is still there");
    check_invariants();
    cr_assert_eq(again(exo_token_drop(middle)), 0);
    cr_assert_eq(exo_token_info(middle, &info), -EXO_E_BAD_HANDLE);
    cr_assert_eq(again(exo_token_revoke(frames)), 0);
    struct exo_domain_info there;
    cr_assert_eq(exo_domain_info(domain, &there), 0);
    cr_assert_eq(there.tokens, 0);
}

Test(token, moving_one_with_many_children_takes_several_calls)
{
    exo_handle domain = fake_domain(300), domain2 = fake_domain(300);
    exo_handle moved = (exo_handle)exo_token_derive(frames, EXO_ALL, 0, 8);
    for (int i = 0; i < 10000; i++) {
        cr_assert_gt(exo_token_send(domain, moved, EXO_ALL, EXO_SEND_CONTENTS), 0);
        cr_assert_gt(exo_token_send(domain2, moved, EXO_ALL, EXO_SEND_CONTENTS), 0);
    }
    cr_assert_eq(exo_token_send(domain, moved, EXO_ALL, EXO_SEND_MOVE), -EXO_E_AGAIN);
    check_invariants();
    cr_assert_gt(again(exo_token_send(domain, moved, EXO_ALL, EXO_SEND_MOVE)), 0);
    struct exo_token_info info;
    cr_assert_eq(exo_token_info(moved, &info), -EXO_E_BAD_HANDLE);
}

/* Costs of the depth show as calls that get nowhere. */
Test(token, a_chain_of_any_depth_ends_in_proportion)
{
    cr_assert_eq(exo_domain_donate(fake_info->domain, fake_frames(400)), 0);
    exo_handle deep = frames;
    for (int i = 0; i < 12000; i++)
        deep = (exo_handle)exo_token_derive(deep, EXO_ALL, 0, 1);
    cr_assert_gt((long)deep, 0);
    int calls = 1;
    while (exo_token_revoke(frames) == -EXO_E_AGAIN)
        calls++;
    cr_assert_leq(calls, 9);
    struct exo_token_info info;
    cr_assert_eq(exo_token_info(deep, &info), -EXO_E_BAD_HANDLE);
}

Test(token, giving_back_shrinks_or_splits)
{
    struct exo_token_info info;
    cr_assert_eq(exo_token_give_back(fake_info->vcpu, 0, 1), -EXO_E_BAD_KIND);
    cr_assert_eq(exo_token_give_back(frames, 16, 1), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_token_give_back(frames, 8, 9), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_token_give_back(frames, 1, UINT64_MAX), -EXO_E_BAD_ARGUMENT);
    exo_handle child = (exo_handle)exo_token_derive(frames, EXO_ALL, 0, 1);
    cr_assert_eq(exo_token_give_back(frames, 8, 8), -EXO_E_BUSY, "something was derived from it");
    cr_assert_eq(exo_token_drop(child), 0);
    cr_assert_eq(exo_token_give_back(frames, 0, 2), 0);
    cr_assert_eq(exo_token_give_back(frames, 12, 2), 0);
    cr_assert_eq(exo_token_info(frames, &info), 0);
    cr_assert_eq(info.count, 12);
    long upper = exo_token_give_back(frames, 4, 5);
    cr_assert_gt(upper, 0);
    cr_assert_eq(exo_token_info((exo_handle)upper, &info), 0);
    cr_assert_eq(info.count, 3);
    cr_assert_eq(info.rights, EXO_ALL);
    cr_assert_eq(exo_token_info(frames, &info), 0);
    cr_assert_eq(info.count, 4);
    cr_assert_eq(exo_token_give_back((exo_handle)upper, 0, 3), 0);
    cr_assert_eq(exo_token_info((exo_handle)upper, &info), -EXO_E_BAD_HANDLE);
    exo_handle ports = (exo_handle)exo_token_derive(fake_info->ports, EXO_ALL, 0x100, 0x10);
    cr_assert_eq(exo_token_give_back(ports, 0, 4), 0);
    cr_assert_eq(exo_token_info(ports, &info), 0);
    cr_assert_eq(info.base, 0x104);
    exo_handle pool = fake_frames(32), part = (exo_handle)exo_token_derive(pool, EXO_ALL, 8, 8);
    cr_assert_gt(exo_domain_create(part), 0);
    cr_assert_eq(exo_token_drop(part), 0);
    cr_assert_eq(exo_token_give_back(pool, 0, 9), -EXO_E_BUSY, "in a pool");
    cr_assert_eq(exo_token_give_back(pool, 0, 8), 0);
}
