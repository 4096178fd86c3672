/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Who watches the watchman: breaks each invariant of test/invariant/invariants.def once, in a core that has a bit of everything, and
 * sees that the walk ends with that sentence and no other. An invariant that nothing can break without breaking another that is looked
 * at before it would be superfluous: so the list is also as short as it can be.
 */
#include "fake_machine.h"
#include "frame.h"
#include "gate.h"
#include "reference.h"
#include "table.h"
#include "walk.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* --- changes that are undone ----------------------------------------------------------------------------------- */

static struct {
    void *at;
    size_t bytes;
    uint64_t old;
} changes[64];
static unsigned change_count;

static void remember(void *at, size_t bytes)
{
    cr_assert(change_count < 64 && bytes <= sizeof changes[0].old);
    changes[change_count].at = at;
    changes[change_count].bytes = bytes;
    memcpy(&changes[change_count++].old, at, bytes);
}

static void undo(void)
{
    while (change_count > 0) {
        change_count--;
        memcpy(changes[change_count].at, &changes[change_count].old, changes[change_count].bytes);
    }
}

#define CHANGE(lvalue, value) (remember((void *)&(lvalue), sizeof(lvalue)), (void)((lvalue) = (value)))

/* Takes an item out of its list. */
#define CUT(item)                                                                                              \
    do {                                                                                                       \
        CHANGE(*(item)->place, (item)->next);                                                                  \
        if ((item)->next != NULL)                                                                              \
            CHANGE((item)->next->place, (item)->place);                                                        \
    } while (0)

/* --- the core that is broken ----------------------------------------------------------------------------------- */

#define VA     0x40000000ul
#define LARGE  0x80000000ul
#define ABROAD 0x8000000000ul
#define SLOT_1 (1ul << 39)

static struct guest guest;
static struct vcpu *first, *server, *waiting[2], *fresh[GATE_DEPTH + 2];
static struct space *plain, *sharer, *grafter;
static struct token *idle, *weak, *weaker, *space_token, *recalled;
static uint64_t idle_pfn, mapped_pfn;

static struct token *token_of(exo_handle handle)
{
    struct token *token = NULL;
    cr_assert_eq(token_find(fake_root, handle, EXO_NONE, 0, &token), 0);
    return token;
}

static exo_handle made(long handle)
{
    cr_assert_gt(handle, 0, "%ld", handle);
    return (exo_handle)handle;
}

static exo_handle make_vcpu(exo_handle domain, exo_handle space)
{
    return made(exo_vcpu_create(domain, space, fake_frames(1), 0x5000, 7));
}

static struct space *make_space(exo_handle *handle)
{
    *handle = made(exo_space_create(fake_info->domain));
    return token_of(*handle)->object;
}

static void make_spaces(void)
{
    exo_handle a, b, c;
    plain = make_space(&a);
    sharer = make_space(&b);
    grafter = make_space(&c);
    exo_handle frames = fake_frames(4), large = fake_frames(512);
    mapped_pfn = token_of(frames)->base;
    cr_assert_eq(map_one(a, VA, frames, 0, 1, EXO_MAP_R | EXO_MAP_W), 0);
    cr_assert_eq(map_one(a, LARGE, large, 0, 512, EXO_MAP_R), 0);
    cr_assert_eq(map_one(a, SLOT_1, frames, 1, 1, EXO_MAP_R | EXO_MAP_W), 0);
    cr_assert_eq(map_one(b, VA, frames, 2, 1, EXO_MAP_R), 0);
    cr_assert_eq(exo_space_share(c, b, VA, 512), 512);
    cr_assert_eq(exo_space_graft(c, a, 1, 0), 0);
    exo_handle pci = made(exo_token_derive(fake_info->pci, EXO_ALL, FAKE_PLAIN, 1));
    cr_assert_eq(exo_pci_attach(pci, a, 1), 0);
    cr_assert_eq(map_one(guest.space, ABROAD, frames, 3, 1, EXO_MAP_R), 0);
    space_token = token_of(made(exo_token_derive(a, EXO_R, 0, 1)));
}

static void make_tokens(void)
{
    exo_handle frames = fake_frames(512);
    idle = token_of(frames);
    idle_pfn = idle->base + 100;
    exo_handle less = made(exo_token_derive(frames, EXO_R | EXO_SPLIT, 0, 8));
    weak = token_of(less);
    weaker = token_of(made(exo_token_derive(less, EXO_R, 0, 8)));
    exo_handle asked = fake_frames(8);
    made(exo_token_send(guest.domain, asked, EXO_R, 0));
    cr_assert_eq(exo_token_recall(asked, 0, fake_now + 5000000), 0);
    recalled = token_of(asked);
}

static void make_vcpus(void)
{
    cr_assert_eq(exo_vcpu_timer(fake_now + 1000000), 0);
    for (unsigned i = 0; i < 2; i++) {
        exo_handle vcpu = make_vcpu(fake_info->domain, fake_info->space);
        cr_assert_eq(exo_slice_bind(vcpu, made(exo_slice_create(fake_info->slice, 1, 1000, 10000))), 0);
        cr_assert_eq(exo_vcpu_start(vcpu, 0x1000, 0x2000, 0), 0);
        waiting[i] = token_of(vcpu)->object;
    }
    for (unsigned i = 0; i < GATE_DEPTH + 2; i++)
        fresh[i] = token_of(make_vcpu(fake_info->domain, fake_info->space))->object;
}

/* The guest calls a vCPU of another domain. */
static void make_chain(void)
{
    exo_handle domain = fake_domain(64), vcpu = make_vcpu(domain, made(exo_space_create(domain)));
    server = token_of(vcpu)->object;
    cr_assert_eq(exo_vcpu_start(vcpu, 0x1000, 0x2000, 0), 0);
    exo_handle gate = made(exo_token_send(guest.domain, made(exo_gate_create(vcpu, 5)), EXO_X, 0));
    struct exo_message message = {0};
    cr_assert_eq(fake_enter(1), guest.kernel_vcpu);
    cr_assert_eq(map_one(guest.own_space, VA, guest.own_frames, 0, 1, EXO_MAP_R | EXO_MAP_W), 0);
    exo_gate_call(gate, &message, 0);
    cr_assert_eq(fake_running[1], server);
    fake_enter(0);
}

static void make_all(void)
{
    fake_boot(2);
    fake_iommu = true;
    guest = fake_guest(1, 700);
    make_spaces();
    make_tokens();
    make_vcpus();
    make_chain();
    first = fake_running[0];
    cr_assert_eq(first->domain, fake_root);
}

static machine_pte *entry(const struct space *space, uint64_t va, int level)
{
    return &table_entries(table_find(space, va, level))[table_index(va, level)];
}

/* With its region, so that only the sentence asked for is hurt. */
static void change_state(uint64_t pfn, enum frame_state state)
{
    CHANGE(frame_of(pfn)->state, (uint8_t)state);
    CHANGE(frame_region_of(pfn)->special, frame_region_of(pfn)->special + 1);
}

static void call(struct vcpu *caller, struct vcpu *called)
{
    CHANGE(caller->status, EXO_VCPU_CALLING);
    CHANGE(caller->calling, called);
    CHANGE(called->caller, caller);
    CHANGE(called->status, EXO_VCPU_BLOCKED);
}

/* --- one breach of each ------------------------------------------------------------------------------------------ */

#define BREACH(NAME, ...)                                                                                      \
    static void break_##NAME(void) { __VA_ARGS__; }

BREACH(FRAME_COUNTS_MAPPINGS, CHANGE(frame_of(mapped_pfn)->link, 2))
BREACH(REGION_COUNTS_MAPPINGS, CHANGE(frame_region_of(idle_pfn)->mapped, 1))
BREACH(REGION_COUNTS_SPECIAL, CHANGE(frame_region_of(idle_pfn)->special, 1))
BREACH(TOUCHED_IN_DIRTY, CHANGE(frame_of(idle_pfn)->touched, true))
BREACH(TABLE_COUNTS_SHARERS, CHANGE(frame_of(table_find(sharer, VA, 1))->sharers, 2))
BREACH(RING_HAS_QUEUE, change_state(idle_pfn, FRAME_RING))
BREACH(TOKENS_NAME_RAM, change_state(idle_pfn, FRAME_UNUSABLE))

BREACH(POOL_FREE, CHANGE(frame_of(fake_root->pool_first)->state, FRAME_USER))
BREACH(POOL_MEMBER, CHANGE(fake_root->pool_members, (uint32_t)idle_pfn))
BREACH(POOL_CLEAN, CHANGE(frame_of(pool_pfn(plain))->touched, true))
BREACH(POOL_COUNTS, CHANGE(fake_root->pool_free, fake_root->pool_free + 1))
BREACH(POOL_KNOWN, CHANGE(fake_root->pool_first, frame_of(fake_root->pool_first)->link);
       CHANGE(fake_root->pool_free, fake_root->pool_free - 1))
BREACH(POOL_OBJECT, CHANGE(frame_of(pool_pfn(plain))->link, 0))
BREACH(ONE_OBJECT, CHANGE(first->fpu_pfn[0], plain->top_pfn))
BREACH(ONE_POOL, change_state(idle_pfn, FRAME_POOL))

BREACH(DOMAIN_LINKS, CHANGE(fake_root->child->place, NULL))
BREACH(DOMAIN_DEPTH, CHANGE(fake_root->child->depth, 7))
BREACH(COUNTS_TOKENS, CHANGE(fake_root->tokens, fake_root->tokens + 1))
BREACH(COUNTS_SPACES, CHANGE(fake_root->space_count, fake_root->space_count + 1))
BREACH(COUNTS_VCPUS, CHANGE(fake_root->vcpus_dead, 1))
BREACH(OBJECT_LINKS, CHANGE(plain->place, NULL))

BREACH(SLOTS, CHANGE(fake_root->free_slots, fake_root->free_slots + 1))
BREACH(FREE_SLOTS, CHANGE(fake_root->free_slot, 0))
BREACH(TREE_LINKS, CHANGE(weaker->parent, idle))
BREACH(TREE_LIVE, CHANGE(weaker->state, TOKEN_FREE))
BREACH(TREE_WHOLE, CUT(weaker); CHANGE(weaker->next, NULL); CHANGE(weaker->parent, weaker);
       CHANGE(weaker->child, weaker); CHANGE(weaker->place, &weaker->child))
BREACH(TREE_ROOTS, CUT(space_token); CHANGE(space_token->parent, NULL))
BREACH(RIGHTS_SHRINK, CHANGE(weaker->rights, EXO_ALL))
BREACH(RANGES_SHRINK, CHANGE(weaker->count, 9))
BREACH(SAME_OBJECT, CHANGE(space_token->object, grafter))
BREACH(NO_OTHER_KIND, CHANGE(space_token->kind, EXO_DOMAIN))
BREACH(USE_BELOW, CHANGE(fresh[0]->page_pfn, idle_pfn))
BREACH(USE_LINKED, CUT(&waiting[0]->slice_token); CHANGE(waiting[0]->slice_token.parent, NULL))
BREACH(RECALL_NAMES, CHANGE(fake_root->recalls->recall[5].token, idle))
BREACH(RECALLED_NAMES, CHANGE(idle->recall, 6))
BREACH(RECALL_ENDS, CHANGE(idle->recall, 6); CHANGE(fake_root->recalls->recall[5].token, idle))
BREACH(RECORDS, CHANGE(fake_root->recalls->first, RECORDS_MAX))

BREACH(MAPS_USER, change_state(mapped_pfn, FRAME_POOL))
BREACH(MAPS_LIMIT,
       CHANGE(*entry(plain, VA, 1), machine_pte_leaf(mapped_pfn, EXO_MAP_R | EXO_MAP_W, EXO_MAP_R, false)))
BREACH(MAPS_TOUCHED, CHANGE(frame_of(mapped_pfn)->touched, false))
BREACH(MAPS_TOKEN, struct token *token = NULL;
       token_find(guest.kernel_vcpu->domain, guest.own_frames, EXO_FRAME, 0, &token);
       CHANGE(token->rights, EXO_R))
BREACH(MAPS_ABROAD, struct domain *host = guest.kernel_vcpu->domain; uint64_t pfn = pool_pfn(fake_info);
       CHANGE(host->concern.first, pfn); CHANGE(host->concern.end, pfn + 1);
       CHANGE(*entry(host->spaces, ABROAD, 1), machine_pte_leaf(pfn, EXO_MAP_R, EXO_MAP_R, false)))
BREACH(TABLE_COUNTS, CHANGE(frame_of(plain->top_pfn)->used, 7))
BREACH(TABLE_EMPTY, CHANGE(*entry(plain, VA, 1), 0); CHANGE(frame_of(table_find(plain, VA, 1))->used, 0))
BREACH(TABLE_WRITABLE,
       CHANGE(*entry(plain, VA, 4), machine_pte_table(machine_pte_pfn(*entry(plain, VA, 4)), false)))
BREACH(SHARED_READ_ONLY,
       CHANGE(*entry(sharer, VA, 2), machine_pte_table(machine_pte_pfn(*entry(sharer, VA, 2)), true)))
BREACH(GRAFT_SAME, CHANGE(*entry(grafter, SLOT_1, 4), machine_pte_table(idle_pfn, true)))
BREACH(GRAFT_OWNER, CHANGE(grafter->graft_from[1], grafter))
BREACH(GRAFT_COUNTS, CHANGE(plain->grafts, plain->grafts + 1))
BREACH(GRAFTED_COUNTS, CHANGE(grafter->grafted, 7))
BREACH(SLOT_COUNTS, CHANGE(plain->graft_count[1], plain->graft_count[1] - 1); CHANGE(plain->graft_count[5], 1))
BREACH(ATTACHED_COUNTS, CHANGE(plain->attached, 2))
BREACH(LOADED_EXISTS, CHANGE(cpus[0].loaded, machine_frame(idle_pfn)))

BREACH(ON_CPU, CHANGE(first->on_cpu, false))
BREACH(RUNS_EXIST, CHANGE(cpus[1].running, machine_frame(idle_pfn)); CHANGE(server->on_cpu, false);
       CHANGE(server->status, EXO_VCPU_BLOCKED))
BREACH(ONE_PLACE, CHANGE(first->queued, QUEUE_READY))
BREACH(QUEUED_READY, CHANGE(waiting[0]->status, EXO_VCPU_BLOCKED))
BREACH(QUEUED_HOME, CHANGE(waiting[0]->cpu, 1))
BREACH(NOT_FORGOTTEN, CHANGE(waiting[0]->queued, QUEUE_NONE))
BREACH(THROTTLED_ALARM, CHANGE(waiting[0]->queued, QUEUE_THROTTLED))
BREACH(HANDED, CHANGE(waiting[0]->queued, QUEUE_HANDED))
BREACH(BACKGROUND, CHANGE(waiting[0]->queued, QUEUE_BACKGROUND); CHANGE(waiting[0]->slice->refill.set, true))
BREACH(RUNS_IN_SET, CHANGE(first->slice->cpu_set, 2))
BREACH(HAS_PAGE, CUT(&fresh[0]->page_token); CHANGE(fresh[0]->page_token.parent, NULL);
       CHANGE(fresh[0]->page, NULL))
BREACH(PAGE_USER, CHANGE(fresh[0]->page, machine_frame(idle_pfn)))
BREACH(HAS_SPACE, CHANGE(fresh[0]->space, guest.kernel_vcpu->space))
BREACH(QUEUE_HOLDS, CHANGE(waiting[1]->ready_place, NULL))
BREACH(QUEUE_END, CHANGE(cpus[0].ready.end, NULL))
BREACH(QUEUE_WHOLE, CHANGE(waiting[0]->ready_next, NULL); CHANGE(cpus[0].ready.end, &waiting[0]->ready_next))

BREACH(CALLING, CHANGE(fresh[0]->status, EXO_VCPU_CALLING))
BREACH(CHAIN_LINKS, CHANGE(server->caller, first))
BREACH(LENT, struct vcpu *caller = server->caller; CHANGE(caller->slice, caller->own);
       CHANGE(caller->own->vcpu, caller); CHANGE(server->slice, NULL))
BREACH(SERVES, CHANGE(server->status, EXO_VCPU_SERVING))
BREACH(CHAIN_DEPTH, for (unsigned i = 0; i < GATE_DEPTH + 1; i++) call(fresh[i], fresh[i + 1]))
BREACH(CHAIN_SLICE, call(fresh[0], fresh[1]))
BREACH(CHAIN_RUNNER, CHANGE(first->slice, NULL))

BREACH(SLICE_HOME, CHANGE(server->slice->cpu, 0))
BREACH(SLICE_NAMES, CHANGE(server->slice->owner, fresh[0]))
BREACH(SHARES_IN_SET, CHANGE(server->slice->share[0], 1))
BREACH(SHARES_ALL, CHANGE(first->slice->share[0], first->slice->share[0] + 1))
BREACH(CHARGED, CHANGE(cpus[0].slice, machine_frame(idle_pfn)))
BREACH(ALARM_ORDER, CHANGE(cpus[0].alarms->child->at, 0))
BREACH(ALARM_LINKS, CHANGE(cpus[0].alarms->child->place, NULL))
BREACH(ALARM_ARMED, CHANGE(cpus[0].armed, UINT64_MAX))

static const struct {
    const char *name, *sentence;
    void (*breach)(void);
} invariants[INVARIANT_COUNT] = {
#define X(NAME, sentence) {#NAME, sentence, break_##NAME},
#include "invariants.def"
#undef X
};

/* What the walk says; NULL: all is well. */
static const char *walk_says(void)
{
    jmp_buf here;
    fake_panic_text = NULL;
    fake_panic_to = &here;
    if (setjmp(here) == 0)
        invariant_check(fake_root);
    fake_panic_to = NULL;
    return fake_panic_text;
}

Test(invariant_broken, each_is_noticed)
{
    make_all();
    cr_assert_null(walk_says(), "whole: %s", fake_panic_text);
    unsigned missed = 0;
    for (unsigned i = 0; i < INVARIANT_COUNT; i++) {
        invariants[i].breach();
        const char *said = walk_says();
        undo();
        if (said == NULL || strcmp(said, invariants[i].sentence) != 0) {
            missed++;
            fprintf(stderr, "%s: %s\n", invariants[i].name, said == NULL ? "not noticed" : said);
        }
        cr_assert_null(walk_says(), "whole again after %s: %s", invariants[i].name, fake_panic_text);
    }
    cr_assert_eq(missed, 0);
}
