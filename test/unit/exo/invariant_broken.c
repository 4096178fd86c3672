/* SPDX-License-Identifier: MPL-2.0 */
/* The walk over all invariants notices what it says it does: each test breaks one thing behind the core's back, and expects the
 * sentence. */
#include "domain.h"
#include "fake_machine.h"
#include "frame.h"
#include "invariant.h"
#include "reference.h"
#include "schedule.h"
#include "slice.h"
#include "space.h"
#include "table.h"
#include "vcpu.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <setjmp.h>

#define VA 0x40000000ul
#define RW (EXO_MAP_R | EXO_MAP_W)

static struct guest guest;
static exo_handle frames, part, space, other;
static uint64_t pfn; /* of frames, mapped at VA of `space` */

static struct token *token(exo_handle handle)
{
    struct token *found = NULL;
    cr_assert_eq(token_find(fake_root, handle, EXO_NONE, 0, &found), 0);
    return found;
}
static struct space *space_of(exo_handle handle) { return token(handle)->object; }
static machine_pte *leaf(void)
{
    int level;
    return (machine_pte *)table_leaf(space_of(space), VA, &level);
}

static void prepare(void)
{
    fake_boot(2);
    guest = fake_guest(1, 4);
    frames = fake_frames(8);
    part = (exo_handle)exo_token_derive(frames, EXO_R | EXO_W, 2, 2);
    space = (exo_handle)exo_space_create(fake_info->domain);
    other = (exo_handle)exo_space_create(fake_info->domain);
    cr_assert_eq(map_one(space, VA, frames, 0, 2, RW), 0);
    cr_assert_eq(exo_space_graft(other, space, 0, 0), 0);
    pfn = token(frames)->base;
    fake_enter(1);
    exo_vcpu_timer(fake_now + 1000000000);
    fake_enter(0);
    check_invariants();
}

/* --- what is broken ------------------------------------------------------------------------------------------ */

static void mapping_count(void) { frame_of(pfn)->link++; }
static void region_special(void) { frame_region_of(pfn)->special++; }
static void region_mapped(void) { frame_region_of(pfn)->mapped++; }
static void untouched(void) { frame_of(pfn)->touched = false; }
static void clean_region(void) { frame_region_of(pfn)->dirty = false; }
static void kernel_frame_mapped(void) { *leaf() = machine_pte_leaf(pool_pfn(fake_root), RW, RW, false); }
static void more_than_the_token(void) { *leaf() = machine_pte_leaf(pfn, RW, EXO_MAP_R, false); }
static void table_used(void) { frame_of(space_of(space)->top_pfn)->used++; }
static void table_of_nobody(void) { frame_of(space_of(space)->top_pfn)->link = 0; }
static void graft_lost(void) { space_of(space)->grafts--; }
static void grafted_lost(void) { space_of(other)->grafted--; }
static void graft_of_another_slot(void)
{
    space_of(space)->graft_count[0]--;
    space_of(space)->graft_count[5]++;
}
static void graft_elsewhere(void) { table_entries(space_of(other)->top_pfn)[0] = 0; }
static void spaces(void) { fake_root->space_count++; }

static void rights_grow(void) { token(part)->rights = EXO_ALL, token(frames)->rights &= ~EXO_W; }
static void range_grows(void) { token(part)->count = 100; }
static void dead_child(void) { token(part)->state = TOKEN_FREE; }
static void not_in_the_tree(void) { token(frames)->child = NULL; }
static void wrong_object(void) { token(space)->object = space_of(other); }
static void tokens(void) { fake_root->tokens++; }
static void slots(void) { fake_root->free_slots--; }

static void pool(void) { fake_root->pool_free++; }
static void frame_leaks(void) { pool_take(fake_root); }
static void free_frame_is_ordinary(void) { frame_of(fake_root->pool_first)->state = FRAME_USER; }
static void donated_once_more(void) { fake_root->pool_pages++; }

static void vcpus(void) { fake_root->vcpu_count++; }
static void running(void) { guest.kernel_vcpu->on_cpu = false; }
static void running_and_queued(void) { guest.kernel_vcpu->queued = QUEUE_READY; }
static void calling_nobody(void) { guest.kernel_vcpu->status = EXO_VCPU_CALLING; }
static void slice_of_nobody(void) { guest.kernel_vcpu->slice->vcpu = NULL; }
static void share_made_up(void) { guest.kernel_vcpu->slice->share[1]++; }
static void share_outside(void)
{
    guest.kernel_vcpu->slice->share[0]++;
    guest.kernel_vcpu->slice->source->share[0]--;
}
static void not_at_home(void) { guest.kernel_vcpu->slice->cpu = 0; }
static void handed(void) { cpus[0].handed = guest.kernel_vcpu; }
static void queue_end(void) { cpus[0].ready_end = &guest.kernel_vcpu->ready_next; }

static void alarm_lost(void) { guest.kernel_vcpu->block_alarm.set = true; }
static void alarm_of_nobody(void)
{
    static struct alarm dead = {.kind = ALARM_TIMER};
    alarm_set(&dead, 1, fake_now + 2000000000);
}
static void alarm_early(void)
{
    alarm_set(&guest.kernel_vcpu->block_alarm, 1, fake_now + 2000000000);
    guest.kernel_vcpu->timer_alarm.at += 5000000000, guest.kernel_vcpu->slice->refill.at += 5000000000;
}
static void recall(void)
{
    cr_assert_gt(exo_token_send(guest.domain, frames, EXO_R, EXO_SEND_CONTENTS), 0);
    cr_assert_eq(exo_token_recall(frames, 0, fake_now + 1000000000), 0);
    token(frames)->recall = 0;
}
static void endless_recall(void)
{
    cr_assert_gt(exo_token_send(guest.domain, frames, EXO_R, EXO_SEND_CONTENTS), 0);
    cr_assert_eq(exo_token_recall(frames, 0, fake_now + 1000000000), 0);
    alarm_cancel(&fake_root->recalls->recall[0].alarm);
}

struct broken {
    char name[32], sentence[96];
    void (*break_it)(void);
};
static const struct broken broken[] = {
    {"mapping_count", "a frame counts its mappings", mapping_count},
    {"region_special", "a region counts the frames that are not ring 3's", region_special},
    {"region_mapped", "a region counts its large mappings", region_mapped},
    {"untouched", "what can be written counts as touched", untouched},
    {"clean_region", "a touched frame's region knows that it must be zeroed", clean_region},
    {"kernel_frame_mapped", "ring 3 can reach only frames that are nobody's kernel object",
     kernel_frame_mapped},
    {"more_than_the_token", "a mapping allows no more than its token did", more_than_the_token},
    {"table_used", "a table counts its used entries", table_used},
    {"table_of_nobody", "a page table is a frame of its domain's pool", table_of_nobody},
    {"graft_lost", "a space counts who has grafted from it", graft_lost},
    {"grafted_lost", "a space counts what it has grafted", grafted_lost},
    {"graft_of_another_slot", "a slot counts who has grafted it", graft_of_another_slot},
    {"graft_elsewhere", "a table counts its used entries", graft_elsewhere},
    {"spaces", "a domain counts its spaces", spaces},
    {"rights_grow", "rights only shrink", rights_grow},
    {"range_grows", "a derived range lies inside its source's", range_grows},
    {"dead_child", "what is in the tree is live", dead_child},
    {"not_in_the_tree", "a token that was derived is in the tree", not_in_the_tree},
    {"wrong_object", "a token below an object's origin names that object", wrong_object},
    {"tokens", "a domain counts its tokens", tokens},
    {"slots", "a slot is live, free, or used up", slots},
    {"pool", "a pool counts its frames", pool},
    {"frame_leaks", "each frame of a pool is free or a known object", frame_leaks},
    {"free_frame_is_ordinary", "what is free in a pool was donated", free_frame_is_ordinary},
    {"donated_once_more", "a pool counts its frames", donated_once_more},
    {"vcpus", "a domain counts its vCPUs", vcpus},
    {"running", "a vCPU knows whether a CPU runs it", running},
    {"running_and_queued", "what runs is in no queue", running_and_queued},
    {"calling_nobody", "who calls somebody is CALLING", calling_nobody},
    {"slice_of_nobody", "a slice and who runs in it name each other", slice_of_nobody},
    {"share_made_up", "the shares of a CPU add up to all of it", share_made_up},
    {"share_outside", "a slice has shares in its set only", share_outside},
    {"not_at_home", "a slice is at home on a CPU of its set", not_at_home},
    {"handed", "who was handed a slice waits for that CPU alone", handed},
    {"queue_end", "a queue knows its end", queue_end},
    {"alarm_lost", "each alarm that is set is in a heap, and no other", alarm_lost},
    {"alarm_of_nobody", "each alarm that is set is in a heap, and no other", alarm_of_nobody},
    {"alarm_early", "no alarm is due before the one above it", alarm_early},
    {"recall", "a recall names a live token of its domain, which names it", recall},
    {"endless_recall", "something ends every recall", endless_recall},
};

#define CASES (sizeof broken / sizeof broken[0])

/* A parameter is a number: it is read by another process, in which functions lie elsewhere. */
ParameterizedTestParameters(invariant, notices)
{
    static unsigned number[CASES];
    for (unsigned i = 0; i < CASES; i++)
        number[i] = i;
    return cr_make_param_array(unsigned, number, CASES);
}

ParameterizedTest(unsigned *number, invariant, notices)
{
    static jmp_buf panicked;
    const struct broken *it = &broken[*number];
    prepare();
    it->break_it();
    fake_panic_to = &panicked;
    if (setjmp(panicked) == 0) {
        invariant_check(fake_root);
        cr_assert_fail("%s: nothing was noticed", it->name);
    }
    cr_assert_str_eq(fake_panic_text, it->sentence, "%s: %s", it->name, fake_panic_text);
}
