/* SPDX-License-Identifier: MPL-2.0 */
/* Every call, with handles that must not work: none, stale, forged, of another kind, without a right. */
#include "samples.h"

static struct samples samples;
static exo_handle stale;

/* A live sample for every handle of the call, plausible rest. */
static void fill(unsigned call, uint64_t argument[6])
{
    for (unsigned i = 0; i < 6; i++) {
        const struct need *need = need_of(call, i);
        argument[i] = !need ? 1 : samples.token[need->kind == EXO_NONE ? EXO_FRAME : need->kind];
    }
    if (call == EXO_CALL_SPACE_SWITCH)
        argument[0] = START->space;
}

/* Those before it must be there for the argument to be looked at, and the gates' tokens come with a message. */
static bool reachable(const struct need *need)
{
    if (need->call == EXO_CALL_GATE_CALL || need->call == EXO_CALL_GATE_RETURN)
        return need->argument == 0;
    for (unsigned i = 0; i < need->argument; i++) {
        const struct need *before = need_of(need->call, i);
        if (before && !samples.token[before->kind == EXO_NONE ? EXO_FRAME : before->kind])
            return false;
    }
    return true;
}

static bool zero_means_none(const struct need *need)
{
    return (need->call == EXO_CALL_IRQ_BIND || need->call == EXO_CALL_PCI_ATTACH) && need->argument == 1;
}

static void expect(const struct need *need, exo_handle handle, long error, const char *what)
{
    uint64_t argument[6];
    fill(need->call, argument);
    argument[need->argument] = handle;
    long result = raw_call(need->call, argument);
    EXPECT(result == error, "%s with %s as argument %u: %s, not %s", call_name(need->call), what,
           (uint64_t)need->argument, error_name(result), error_name(error));
    if (result >= 0)
        samples_make(&samples);
}

static void prepare(void)
{
    self()->pending = 1ul << 63; /* nothing blocks */
    samples_make(&samples);
    for (unsigned kind = 1; kind < EXO_KIND_COUNT; kind++)
        EXPECT(samples.token[kind] || kind == EXO_GATE || kind == EXO_PCI || kind == EXO_QUEUE,
               "there is no sample of kind %u", (uint64_t)kind);
    stale = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, 0, 1));
    EXPECT_GOOD(exo_token_drop(stale));
}

ATTACK(handles, dead)
{
    prepare();
    exo_handle live = samples.token[EXO_FRAME];
    const struct {
        exo_handle handle;
        const char *what;
    } dead[] = {
        {0, "no handle"},
        {stale, "a stale handle"},
        {stale + (1ul << 32), "the handle that the slot will have"},
        {live + (1ul << 32), "a later generation"},
        {live - (1ul << 32), "an earlier generation"},
        {live & UINT32_MAX, "no generation"},
        {live ^ 1ul << 63, "the generation's top bit"},
        {live | 0x80000000, "the slot's top bit"},
        {1ul << 32, "the table's header"},
        {1ul << 32 | 64, "the second page's header"},
        {1ul << 32 | 63 * 64, "a page that is not there"},
        {1ul << 32 | (256 * 64 + 1), "a slot beyond the table"},
        {1ul << 32 | UINT32_MAX, "the last slot"},
        {UINT64_MAX, "all ones"},
        {(uint64_t)&samples, "a pointer"},
        {0xffff800000001000, "a kernel address"},
    };
    for (unsigned i = 0; i < needs_count; i++)
        for (unsigned j = 0; j < sizeof dead / sizeof dead[0]; j++)
            if (reachable(&needs[i]) && !(dead[j].handle == 0 && zero_means_none(&needs[i])))
                expect(&needs[i], dead[j].handle, -EXO_E_BAD_HANDLE, dead[j].what);
}

ATTACK(handles, wrong_kind)
{
    prepare();
    for (unsigned i = 0; i < needs_count; i++)
        for (unsigned kind = 1; kind < EXO_KIND_COUNT && needs[i].kind != EXO_NONE; kind++)
            if (reachable(&needs[i]) && kind != needs[i].kind && samples.token[kind])
                expect(&needs[i], samples.token[kind], -EXO_E_BAD_KIND, "another kind");
}

/* A token like the sample, but for one right. */
static void without_right(const struct need *need, enum exo_kind kind, uint64_t right)
{
    if (!(samples.rights[kind] & EXO_SPLIT)) { /* the machine: it has none that matter */
        if (!(samples.rights[kind] & right))
            expect(need, samples.token[kind], -EXO_E_NO_RIGHT, "too few rights");
        return;
    }
    long weak = exo_token_derive(samples.token[kind], samples.rights[kind] & ~right, 0,
                                 kind == EXO_FRAME   ? 4
                                 : kind == EXO_PORTS ? PORTS_GIVEN
                                                     : 1);
    if (!EXPECT(weak > 0, "cannot weaken a token of kind %u: %s", (uint64_t)kind, error_name(weak)))
        return;
    expect(need, (exo_handle)weak, -EXO_E_NO_RIGHT, "one right less");
    exo_token_drop((exo_handle)weak);
}

ATTACK(handles, weaker)
{
    prepare();
    for (unsigned i = 0; i < needs_count; i++)
        for (uint64_t right = 1; right < EXO_ALL; right <<= 1)
            for (unsigned kind = 1; kind < EXO_KIND_COUNT; kind++)
                if (reachable(&needs[i]) && needs[i].rights & right && samples.token[kind] &&
                    (needs[i].kind == kind || needs[i].kind == EXO_NONE))
                    without_right(&needs[i], kind, right);
}

/* A right that was given up does not come back, by no way of handing on. */
ATTACK(handles, no_way_up, OWNS_ITSELF)
{
    for (uint64_t lost = 1; lost < EXO_ALL; lost <<= 1) {
        if (lost == EXO_SEND || lost == EXO_SPLIT)
            continue;
        exo_handle weak = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL & ~lost, 0, 1));
        for (uint64_t more = lost; more; more = more << 1) {
            EXPECT_ERROR(BAD_ARGUMENT, exo_token_derive(weak, lost | more, 0, 1));
            EXPECT_ERROR(BAD_ARGUMENT, exo_token_send(START->domain, weak, lost | more, EXO_SEND_CONTENTS));
        }
        exo_handle again = (exo_handle)EXPECT_GOOD(
            exo_token_send(START->domain, weak, EXO_ALL & ~lost, EXO_SEND_CONTENTS | EXO_SEND_MOVE));
        EXPECT_ERROR(BAD_HANDLE, exo_token_drop(weak));
        EXPECT_ERROR(BAD_ARGUMENT, exo_token_derive(again, EXO_ALL, 0, 1));
        if (lost <= EXO_X) {
            EXPECT_ERROR(NO_RIGHT, map_here(0x1000, again, 0, 1, (uint32_t)lost));
            EXPECT_GOOD(map_here(0x1000, again, 0, 1, (uint32_t)(7 & ~lost)));
            EXPECT_GOOD(exo_space_protect(START->space, 0x1000, 1, 7));
            struct exo_pte entry;
            EXPECT_GOOD(exo_space_query(START->space, 0x1000, &entry, 1));
            EXPECT(lost == EXO_R || !(entry.frame & (lost == EXO_W ? EXO_PTE_W : EXO_PTE_X)),
                   "protect went beyond the token's rights: %x", entry.frame);
            EXPECT_GOOD(exo_space_unmap(START->space, 0x1000, 1));
        }
        EXPECT_GOOD(exo_token_drop(again));
    }
}

/* The victim's handles are numbers like others: they name nothing of the victim's here. */
ATTACK(handles, foreign)
{
    struct exo_token_info info;
    for (uint64_t slot = 1; slot < 256; slot++)
        for (uint64_t generation = 1; generation < 4; generation++) {
            exo_handle handle = generation << 32 | slot;
            if (exo_token_info(handle, &info) < 0)
                continue;
            bool mine = handle == START->domain || handle == START->space || handle == START->memory;
            for (unsigned i = 0; i < VCPUS_MAX; i++)
                mine |= handle == START->vcpu[i] || handle == START->slice[i];
            for (unsigned i = 0; i < GIVEN_MAX; i++)
                mine |= handle == START->given[i];
            EXPECT(mine, "handle %x, which nobody gave, names something of kind %u", handle,
                   (uint64_t)info.kind);
        }
}
