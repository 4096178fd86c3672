/* SPDX-License-Identifier: MPL-2.0 */
/* Recalls: asking, giving back in time, force at the deadline, and the records on both sides. */
#include "recall.h"
#include "domain.h"
#include "fake_machine.h"
#include "vcpu.h"
#include <criterion/criterion.h>

#define RW   (EXO_MAP_R | EXO_MAP_W)
#define BASE 0x40000000ul
#define MS   1000000ul

static struct guest holder;
static exo_handle frames, theirs; /* the first domain's, and the holder's child of it */

static void boot(void)
{
    fake_boot(2);
    holder = fake_guest(1, 16);
    frames = fake_frames(16);
    theirs = (exo_handle)exo_token_send(holder.domain, frames, EXO_ALL, 0);
    fake_settle();
}

TestSuite(recall, .init = boot, .fini = check_invariants);

/* The present domain's next record, which must be of that state. */
static struct exo_recall next(uint32_t state)
{
    struct exo_recall record = {0};
    cr_assert_eq(exo_recall_next(&record), 1, "no record where one of state %u is due", state);
    cr_assert_eq(record.state, state, "a record of state %u, not %u", record.state, state);
    return record;
}

static void nothing_more(void)
{
    struct exo_recall record;
    cr_assert_eq(exo_recall_next(&record), 0, "a record of state %u", record.state);
}

static uint64_t count_of(exo_handle token)
{
    struct exo_token_info info;
    return exo_token_info(token, &info) == 0 ? info.count : 0;
}

Test(recall, checks_what_it_is_given)
{
    cr_assert_eq(exo_token_recall(fake_info->vcpu, 0, 0), -EXO_E_BAD_KIND);
    cr_assert_eq(exo_token_recall(frames, 17, 0), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_token_recall(77, 1, 0), -EXO_E_BAD_HANDLE);
    cr_assert_eq(exo_token_recall(fake_frames(4), 1, 0), -EXO_E_NOT_MAPPED, "nobody else has any");
    exo_handle weak = (exo_handle)exo_token_derive(frames, EXO_R | EXO_SPLIT, 0, 1);
    cr_assert_eq(exo_token_recall(weak, 1, 0), -EXO_E_NO_RIGHT);
    cr_assert_eq(exo_token_recall(frames, 1, UINT64_MAX), 0);
    cr_assert_eq(exo_token_recall(frames, 1, UINT64_MAX), -EXO_E_BUSY);
    for (int i = 1; i < RECALLS_MAX; i++) {
        exo_handle more = fake_frames(1);
        cr_assert_gt(exo_token_send(holder.domain, more, EXO_R, 0), 0);
        cr_assert_eq(exo_token_recall(more, 0, UINT64_MAX), 0);
    }
    exo_handle last = fake_frames(1);
    cr_assert_gt(exo_token_send(holder.domain, last, EXO_R, 0), 0);
    cr_assert_eq(exo_token_recall(last, 0, UINT64_MAX), -EXO_E_NO_SLOT);
    cr_assert_eq(exo_recall_next((struct exo_recall *)FAKE_BAD), 0, "nothing to write there");
    fake_enter(1);
    cr_assert_eq(exo_recall_next((struct exo_recall *)FAKE_BAD), -EXO_E_BAD_ADDRESS);
    next(EXO_RECALL_ASKED);
}

Test(recall, what_is_given_in_time_ends_it)
{
    fake_enter(1);
    cr_assert_eq(map_one(holder.own_space, BASE, theirs, 0, 16, RW), 0);
    cr_assert(fake_touch(BASE + 12 * 4096, true));
    fake_enter(0);
    uint64_t deadline = fake_now + 10 * MS;
    cr_assert_eq(exo_token_recall(frames, 6, deadline), 0);
    fake_enter(1);
    cr_assert(holder.kernel_vcpu->page->pending & 1ul << EXO_PENDING_RECALL);
    struct exo_recall asked = next(EXO_RECALL_ASKED);
    cr_assert_eq(asked.token, theirs);
    cr_assert_eq(asked.kind, EXO_FRAME);
    cr_assert_eq(asked.count, 6);
    cr_assert_eq(asked.deadline_ns, deadline);
    nothing_more();
    cr_assert_eq(again(exo_token_give_back(theirs, 12, 4)), 0);
    cr_assert_eq(count_of(theirs), 12);
    cr_assert_not(fake_touch(BASE + 12 * 4096, false), "the mapping is gone at once");
    cr_assert(fake_touch(BASE + 11 * 4096, true));
    fake_enter(0);
    fake_advance(MS);
    struct exo_recall given = next(EXO_RECALL_GIVEN);
    cr_assert_eq(given.token, frames);
    cr_assert_eq(given.offset, 12);
    cr_assert_eq(given.count, 4);
    nothing_more();
    check_invariants();
    fake_enter(1);
    cr_assert_eq(again(exo_token_give_back(theirs, 0, 2)), 0);
    fake_advance(MS);
    fake_enter(0);
    given = next(EXO_RECALL_GIVEN);
    cr_assert_eq(given.offset, 0);
    struct exo_recall done = next(EXO_RECALL_DONE);
    cr_assert_eq(done.token, frames);
    cr_assert_eq(done.count, 6);
    cr_assert_eq(done.forced, 0);
    fake_advance(100 * MS);
    nothing_more();
    fake_enter(1);
    cr_assert_eq(count_of(theirs), 10, "and nothing is taken afterwards");
    nothing_more();
}

Test(recall, at_the_deadline_the_rest_is_taken)
{
    fake_enter(1);
    cr_assert_eq(map_one(holder.own_space, BASE, theirs, 0, 16, RW), 0);
    exo_handle derived = (exo_handle)exo_token_derive(theirs, EXO_ALL, 8, 8);
    cr_assert(fake_touch(BASE + 15 * 4096, true));
    cr_assert(fake_touch(BASE + 9 * 4096, true));
    fake_enter(0);
    cr_assert_eq(exo_token_recall(frames, 6, fake_now + MS), 0);
    fake_advance(MS - 1000);
    fake_enter(1);
    next(EXO_RECALL_ASKED);
    nothing_more();
    fake_enter(0);
    fake_advance(2 * MS);
    struct exo_recall done = next(EXO_RECALL_DONE);
    cr_assert_eq(done.count, 6);
    cr_assert_eq(done.forced, 6);
    nothing_more();
    check_invariants();
    fake_enter(1);
    struct exo_recall taken = next(EXO_RECALL_TAKEN);
    cr_assert_eq(taken.token, theirs);
    cr_assert_eq(taken.offset, 10);
    cr_assert_eq(taken.count, 6);
    cr_assert_eq(count_of(theirs), 10);
    cr_assert_eq(count_of(derived), 0);
    cr_assert_not(fake_touch(BASE + 15 * 4096, false));
    cr_assert(fake_touch(BASE + 9 * 4096, true), "what the asker does not need stays");
    cr_assert_eq(map_one(holder.own_space, BASE, theirs, 10, 1, RW), -EXO_E_BAD_ARGUMENT);
}

Test(recall, the_youngest_token_goes_first_and_all_means_all)
{
    exo_handle other = fake_domain(16), late = (exo_handle)exo_token_derive(frames, EXO_ALL, 0, 4);
    cr_assert_gt(exo_token_send(other, late, EXO_ALL, EXO_SEND_CONTENTS | EXO_SEND_MOVE), 0);
    cr_assert_gt(exo_token_derive(frames, EXO_ALL, 0, 16), 0, "the asker's own do not count");
    cr_assert_eq(exo_token_recall(frames, 6, fake_now), 0);
    fake_advance(MS);
    cr_assert_eq(next(EXO_RECALL_DONE).count, 6);
    fake_enter(1);
    next(EXO_RECALL_ASKED);
    struct exo_recall taken = next(EXO_RECALL_TAKEN);
    cr_assert_eq(taken.offset, 14);
    cr_assert_eq(taken.count, 2);
    fake_enter(0);
    cr_assert_eq(exo_token_recall(frames, 0, fake_now + MS), 0);
    fake_advance(5 * MS);
    struct exo_recall done = next(EXO_RECALL_DONE);
    cr_assert_eq(done.count, 14);
    cr_assert_eq(done.forced, 14);
    fake_enter(1);
    next(EXO_RECALL_ASKED);
    cr_assert_eq(next(EXO_RECALL_TAKEN).offset, 0);
    cr_assert_eq(count_of(theirs), 0);
}

Test(recall, drops_and_deaths_count_as_returned)
{
    cr_assert_eq(exo_token_recall(frames, 0, fake_now + 100 * MS), 0);
    cr_assert_eq(again(exo_domain_destroy(holder.domain)), 0);
    fake_advance(MS);
    struct exo_recall done = next(EXO_RECALL_DONE);
    cr_assert_eq(done.count, 16);
    cr_assert_eq(done.forced, 0);
    nothing_more();
    cr_assert_eq(exo_token_drop(holder.slice), 0);
    struct guest second = fake_guest(1, 0);
    exo_handle sent = (exo_handle)exo_token_send(second.domain, frames, EXO_ALL, 0);
    cr_assert_eq(exo_token_recall(frames, 0, fake_now + 100 * MS), 0);
    fake_settle();
    fake_enter(1);
    cr_assert_eq(again(exo_token_drop(sent)), 0);
    fake_advance(MS);
    fake_enter(0);
    next(EXO_RECALL_GIVEN);
    cr_assert_eq(next(EXO_RECALL_DONE).count, 16);
}

Test(recall, what_the_holder_multiplies_meanwhile_is_not_counted)
{
    cr_assert_eq(exo_token_recall(frames, 0, fake_now + MS), 0);
    fake_enter(1);
    for (int i = 0; i < 5; i++)
        cr_assert_gt(exo_token_derive(theirs, EXO_ALL, 0, 16), 0);
    cr_assert_eq(again(exo_token_drop(theirs)), 0); /* now there are five directly below the asker's */
    fake_enter(0);
    fake_advance(5 * MS);
    struct exo_recall done = next(EXO_RECALL_DONE);
    cr_assert_eq(done.count, 16);
    cr_assert_eq(done.forced, 16, "%lu", done.forced);
}

Test(recall, a_revocation_meanwhile_ends_it)
{
    cr_assert_eq(exo_token_recall(frames, 10, fake_now + 100 * MS), 0);
    cr_assert_eq(again(exo_token_revoke(frames)), 0);
    fake_advance(MS);
    cr_assert_eq(next(EXO_RECALL_DONE).count, 16);
    nothing_more();
}

Test(recall, the_asker_may_go_away)
{
    cr_assert_eq(exo_token_recall(frames, 0, fake_now + 50 * MS), 0);
    cr_assert_eq(again(exo_token_drop(frames)), 0);
    fake_advance(100 * MS);
    cr_assert_eq(next(EXO_RECALL_DONE).count, 0);
    fake_enter(1);
    next(EXO_RECALL_ASKED);
    exo_handle inner = (exo_handle)exo_domain_create(theirs);
    cr_assert_eq(count_of(theirs), 16, "nobody takes it now");
    exo_handle sent = (exo_handle)exo_token_send(inner, holder.own_frames, EXO_R, 0);
    cr_assert_gt(sent, 0);
    cr_assert_eq(exo_token_recall(holder.own_frames, 0, fake_now + MS), 0);
    fake_enter(0);
    cr_assert_eq(again(exo_domain_destroy(holder.domain)), 0);
    fake_advance(10 * MS);
    nothing_more();
}

Test(recall, ports_lines_and_slices_too)
{
    exo_handle ports = (exo_handle)exo_token_derive(fake_info->ports, EXO_ALL, 0x300, 16);
    exo_handle lines = (exo_handle)exo_token_derive(fake_info->irqs, EXO_ALL, 8, 2);
    exo_handle slice = (exo_handle)exo_slice_create(fake_info->slice, 1, 1000, 10000);
    exo_handle sent_ports = (exo_handle)exo_token_send(holder.domain, ports, EXO_ALL, 0);
    exo_handle sent_lines = (exo_handle)exo_token_send(holder.domain, lines, EXO_ALL, 0);
    exo_handle sent_slice = (exo_handle)exo_token_send(holder.domain, slice, EXO_X | EXO_SPLIT, 0);
    fake_enter(1);
    exo_handle line = (exo_handle)exo_token_derive(sent_lines, EXO_X, 1, 1);
    exo_handle event = (exo_handle)exo_event_derive(holder.own_vcpu, 20);
    cr_assert_eq(exo_irq_bind(line, event), 0);
    cr_assert_not(fake_irq_masked[9]);
    cr_assert_eq(exo_slice_bind(holder.own_vcpu, sent_slice), 0);
    fake_settle();
    fake_enter(0);
    cr_assert_eq(exo_token_recall(slice, 2, 0), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_token_recall(ports, 4, 0), 0);
    cr_assert_eq(exo_token_recall(lines, 1, 0), 0);
    cr_assert_eq(exo_token_recall(slice, 0, 0), 0);
    cr_assert_not_null(holder.kernel_vcpu->slice);
    fake_advance(MS);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(next(EXO_RECALL_DONE).forced, i == 0 ? 4 : 1);
    cr_assert(fake_irq_masked[9], "the binding went with its line");
    cr_assert_null(holder.kernel_vcpu->slice, "its time is gone");
    cr_assert_eq(exo_slice_bind(holder.vcpu, holder.slice), 0);
    fake_settle();
    fake_enter(1);
    cr_assert_eq(count_of(sent_ports), 12);
    cr_assert_eq(count_of(sent_lines), 1);
    cr_assert_eq(count_of(sent_slice), 0);
}

Test(recall, force_is_piecewise_and_cannot_be_outrun)
{
    exo_handle large = fake_frames(2048);
    exo_handle sent = (exo_handle)exo_token_send(holder.domain, large, EXO_ALL, 0);
    cr_assert_eq(exo_domain_donate(holder.domain, fake_frames(1500)), 0);
    fake_enter(1);
    for (uint64_t i = 0; i < 40; i++) /* small pages only: one off */
        cr_assert_eq(map_one(holder.own_space, BASE + i * 0x1000000 + 4096, sent, 0, 2048, RW), 0);
    for (int i = 0; i < 9000; i++)
        cr_assert_gt(exo_token_derive(sent, EXO_ALL, 0, 1 + i % 2048), 0);
    cr_assert(fake_touch(BASE + 4096, true));
    fake_enter(0);
    uint64_t start = fake_now;
    cr_assert_eq(exo_token_recall(large, 1, fake_now), 0);
    struct exo_recall record;
    int steps = 0;
    while (exo_recall_next(&record) == 0) {
        fake_advance(50000);
        fake_enter(1); /* the holder does what it can */
        exo_token_derive(sent, EXO_ALL, 0, 1);
        if (steps > 12)
            map_one(holder.own_space, 4 * BASE + (uint64_t)steps * 0x1000000, holder.own_frames, 0, 16, RW);
        fake_enter(0);
        if (steps++ % 8 == 0)
            check_invariants();
        cr_assert_lt(steps, 500);
    }
    cr_assert_eq(record.state, EXO_RECALL_DONE);
    cr_assert_eq(record.forced, 1);
    cr_assert_gt(steps, 10, "in %d steps: too much at once", steps);
    cr_assert_lt(fake_now - start, 100 * MS);
    for (uint64_t i = 0; i < 40; i++) {
        cr_assert_eq(query(holder.space, BASE + i * 0x1000000 + 4096 + 2047 * 4096), 0);
        cr_assert_neq(query(holder.space, BASE + i * 0x1000000 + 4096 + 2046 * 4096), 0);
    }
}

Test(recall, records_that_find_no_room_are_counted)
{
    for (int i = 0; i < RECORDS_MAX + 5; i++) {
        exo_handle one = fake_frames(1);
        cr_assert_gt(exo_token_send(holder.domain, one, EXO_ALL, 0), 0);
        cr_assert_eq(exo_token_recall(one, 0, 0), 0);
        fake_advance(MS);
        cr_assert_eq(next(EXO_RECALL_DONE).forced, 1);
    }
    fake_enter(1);
    for (int i = 0; i < RECORDS_MAX; i++)
        cr_assert_eq(next(i % 2 ? EXO_RECALL_TAKEN : EXO_RECALL_ASKED).lost, 0);
    nothing_more();
    fake_enter(0);
    cr_assert_eq(exo_token_recall(frames, 1, UINT64_MAX), 0);
    fake_enter(1);
    cr_assert_eq(next(EXO_RECALL_ASKED).lost, 2 * (RECORDS_MAX + 5) - RECORDS_MAX);
}

Test(recall, mapping_ahead_of_the_walk_gains_nothing)
{
    exo_handle large = fake_frames(2048), mine = fake_frames(2049);
    exo_handle sent = (exo_handle)exo_token_send(holder.domain, large, EXO_ALL, 0);
    exo_handle other = (exo_handle)exo_token_send(holder.domain, mine, EXO_ALL, 0);
    cr_assert_eq(exo_domain_donate(holder.domain, fake_frames(3000)), 0);
    fake_enter(1);
    for (uint64_t i = 0; i < 20; i++)
        cr_assert_eq(map_one(holder.own_space, BASE + i * 0x1000000 + 4096, sent, 0, 2048, RW), 0);
    fake_enter(0);
    cr_assert_eq(exo_token_recall(large, 0, fake_now), 0);
    struct exo_recall record;
    uint64_t steps = 0;
    for (; exo_recall_next(&record) == 0; steps++) {
        fake_advance(50000);
        fake_enter(1);
        for (uint64_t i = 0; i < 4; i++)
            cr_assert_eq(map_one(holder.own_space, 16 * BASE + (4 * steps + i) * 0x1000000, other, 1, 2048, RW),
                         0);
        fake_enter(0);
        cr_assert_lt(steps, 30);
    }
    cr_assert_eq(record.state, EXO_RECALL_DONE);
}
