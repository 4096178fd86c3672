/* SPDX-License-Identifier: MPL-2.0 */
/* Every call, with good handles and bad numbers: around every bound, and whatever overflows. */
#include "samples.h"

static struct samples samples;

#define BEYOND 0xffffffffffffffff

static void expect(const char *what, long result, long error)
{
    EXPECT(result == error, "%s: %s, not %s", what, error_name(result), error_name(error));
}
#define BAD(NAME, call) expect(#call, call, -EXO_E_##NAME)

ATTACK(arguments, tokens)
{
    samples_make(&samples);
    exo_handle frame = samples.token[EXO_FRAME], event = samples.token[EXO_EVENT], self = START->domain;
    const uint64_t far[] = {4, 5, 1ul << 31, 1ul << 32, 1ul << 52, 1ul << 63, BEYOND - 4, BEYOND - 3, BEYOND};
    for (unsigned i = 0; i < sizeof far / sizeof far[0]; i++) {
        BAD(BAD_ARGUMENT, exo_token_derive(frame, EXO_R, far[i], 1));
        BAD(BAD_ARGUMENT, exo_token_derive(frame, EXO_R, far[i], -far[i]));
        BAD(BAD_ARGUMENT, exo_token_derive(frame, EXO_R, 1, far[i]));
        BAD(BAD_ARGUMENT, exo_token_derive(frame, EXO_R, 4 - 1, far[i]));
        BAD(BAD_ARGUMENT, exo_token_derive(START->given[GIVEN_PORTS], EXO_R, PORTS_GIVEN - 1, far[i]));
        BAD(BAD_ARGUMENT, exo_token_derive(START->given[GIVEN_IRQ], EXO_R, far[i], 1));
        BAD(BAD_ARGUMENT, exo_token_derive(START->given[GIVEN_IRQ], EXO_R, 0, far[i]));
        BAD(BAD_ARGUMENT, exo_token_derive(event, EXO_W, far[i], 1));
        BAD(BAD_ARGUMENT, exo_token_derive(event, EXO_W, 0, far[i]));
    }
    BAD(BAD_ARGUMENT, exo_token_derive(frame, EXO_R, 0, 0));
    BAD(BAD_ARGUMENT, exo_token_derive(event, EXO_W, 0, 0));
    for (unsigned bit = 6; bit < 64; bit++) {
        BAD(BAD_ARGUMENT, exo_token_derive(frame, 1ul << bit, 0, 1));
        BAD(BAD_ARGUMENT, exo_token_derive(frame, EXO_R | 1ul << bit, 0, 1));
        BAD(BAD_ARGUMENT, exo_token_send(self, frame, 1ul << bit, EXO_SEND_CONTENTS));
        if (bit >= 2)
            BAD(BAD_ARGUMENT, exo_token_send(self, frame, EXO_R, 1ul << bit));
    }
    BAD(BAD_ARGUMENT, exo_token_send(self, event, EXO_R | EXO_W, 0));
    for (uint64_t bit = 0; bit < 8; bit++)
        BAD(BAD_ARGUMENT, exo_event_derive(START->vcpu[0], bit));
    for (unsigned i = 0; i < sizeof far / sizeof far[0]; i++)
        if (far[i] > 63)
            BAD(BAD_ARGUMENT, exo_event_derive(START->vcpu[0], far[i] + EXO_PENDING_USER * (far[i] + 1 != 0)));
    BAD(BAD_ARGUMENT, exo_event_derive(START->vcpu[0], 64));
}

ATTACK(arguments, domains)
{
    exo_handle few = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, 0, 7));
    exo_handle many = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, 0, 8));
    BAD(BAD_ARGUMENT, exo_domain_create(few));
    BAD(BUSY, exo_domain_create(many)); /* mapped at MEMORY */
    BAD(BUSY, exo_domain_donate(START->domain, many));
    EXPECT_GOOD(exo_space_unmap(START->space, MEMORY_VA + 1 * PAGE, 7));
    BAD(BUSY, exo_domain_create(many)); /* the first page still is */
    EXPECT_GOOD(exo_space_unmap(START->space, MEMORY_VA, 1));
    long domain = EXPECT_GOOD(exo_domain_create(many));
    BAD(BUSY, exo_domain_create(many));
    BAD(BUSY, exo_domain_donate(START->domain, few));
    BAD(BUSY, map_here(0x1000, START->memory, 7, 1, EXO_MAP_R));
    BAD(BUSY, map_here(0x1000, START->memory, 7, 2, EXO_MAP_R));
    BAD(BUSY, exo_token_send(START->domain, few, EXO_R, 0));
    BAD(BUSY, exo_vcpu_create(START->domain, START->space, (exo_handle)exo_token_derive(many, EXO_ALL, 3, 1),
                              PAGE, 0));
    BAD(NO_RIGHT, exo_domain_destroy(START->domain));
    EXPECT_GOOD(exo_domain_destroy((exo_handle)domain));
    for (unsigned i = 0; i < 7; i++)
        EXPECT_GOOD(map_here(MEMORY_VA + i * PAGE, START->memory, i, 1, EXO_MAP_R | EXO_MAP_W));
}

ATTACK(arguments, own_domain, OWNS_ITSELF) { BAD(BAD_ARGUMENT, exo_domain_destroy(START->domain)); }

ATTACK(arguments, spaces, BIG)
{
    samples_make(&samples);
    exo_handle space = samples.token[EXO_SPACE], frame = samples.token[EXO_FRAME];
    const uint64_t outside[] = {EXO_USER_END,       EXO_USER_END + PAGE, 0xffff7ffffffff000, 0xffff800000000000,
                                0xffffffff80100000, 0xfffffffffffff000,  1ul << 62};
    struct exo_map map;
    for (unsigned i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        map = (struct exo_map){outside[i], frame, 0, 1, EXO_MAP_R};
        BAD(BAD_ADDRESS, exo_space_map(space, &map, 1));
        BAD(BAD_ARGUMENT, exo_space_unmap(space, outside[i], 1));
        BAD(BAD_ARGUMENT, exo_space_protect(space, outside[i], 1, EXO_MAP_R));
        struct exo_pte entry;
        BAD(BAD_ADDRESS, exo_space_query(space, outside[i], &entry, 1));
    }
    for (uint64_t count = 2; count <= 4; count++) {
        map = (struct exo_map){EXO_USER_END - PAGE, frame, 0, (uint32_t)count, EXO_MAP_R};
        BAD(BAD_ADDRESS, exo_space_map(space, &map, 1));
    }
    for (unsigned bit = 0; bit < 12; bit++) {
        map = (struct exo_map){1ul << bit, frame, 0, 1, EXO_MAP_R};
        BAD(BAD_ARGUMENT, exo_space_map(space, &map, 1));
        BAD(BAD_ARGUMENT, exo_space_unmap(space, 1ul << bit, 1));
        BAD(BAD_ARGUMENT, exo_space_protect(space, 1ul << bit, 1, 0));
    }
    for (unsigned bit = 3; bit < 32; bit++) {
        map = (struct exo_map){PAGE, frame, 0, 1, EXO_MAP_R | 1u << bit};
        BAD(BAD_ARGUMENT, exo_space_map(space, &map, 1));
        BAD(BAD_ARGUMENT, exo_space_protect(space, PAGE, 1, EXO_MAP_R | 1ul << (bit + (bit & 1) * 32)));
    }
    const uint64_t offsets[] = {4, 1ul << 31, 1ul << 32, 1ul << 52, 1ul << 63, BEYOND - 2, BEYOND};
    for (unsigned i = 0; i < sizeof offsets / sizeof offsets[0]; i++)
        for (uint32_t count = 1; count; count = count < 8 ? count + 1 : count << 4) {
            map = (struct exo_map){PAGE, frame, offsets[i], count, EXO_MAP_R};
            BAD(BAD_ARGUMENT, exo_space_map(space, &map, 1));
        }
    for (uint32_t count = 4; count; count <<= 1) {
        map = (struct exo_map){PAGE, frame, 1, count, EXO_MAP_R};
        BAD(BAD_ARGUMENT, exo_space_map(space, &map, 1));
    }
    map = (struct exo_map){PAGE, frame, 0, 0, EXO_MAP_R};
    BAD(BAD_ARGUMENT, exo_space_map(space, &map, 1));
    const uint64_t pages[] = {1ul << 35,       1ul << 51, 1ul << 52, (1ul << 52) - 1,
                              (1ul << 52) + 1, 1ul << 63, BEYOND};
    for (unsigned i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        BAD(BAD_ARGUMENT, exo_space_unmap(space, PAGE, pages[i]));
        BAD(BAD_ARGUMENT, exo_space_protect(space, PAGE, pages[i], EXO_MAP_R));
    }
    map = (struct exo_map){PAGE, frame, 0, 1, EXO_MAP_R};
    const uint64_t n[] = {1025, 1ul << 31, 1ul << 32, (1ul << 32) + 1, 1ul << 59, 1ul << 63, BEYOND};
    for (unsigned i = 0; i < sizeof n / sizeof n[0]; i++)
        BAD(BAD_ARGUMENT, exo_space_map(space, &map, n[i]));
    struct exo_pte entry[1];
    for (unsigned i = 0; i < sizeof n / sizeof n[0]; i++)
        BAD(BAD_ARGUMENT, exo_space_query(space, 0, entry, n[i]));
    BAD(BAD_ARGUMENT, exo_space_query(space, 0, entry, 513));
    BAD(BAD_ARGUMENT, exo_space_query(space, 1, entry, 1));
    BAD(BAD_ADDRESS, exo_space_query(space, EXO_USER_END - PAGE, entry, 2));

    exo_handle mine = (exo_handle)EXPECT_GOOD(exo_space_create(START->domain));
    const uint64_t slots[] = {256, 257, 511, 512, 1ul << 32, (1ul << 32) + 224, 1ul << 63, BEYOND};
    for (unsigned i = 0; i < sizeof slots / sizeof slots[0]; i++)
        BAD(BAD_ARGUMENT, exo_space_graft(mine, START->space, slots[i], 0));
    BAD(BAD_ARGUMENT, exo_space_graft(START->space, START->space, 224, 0));
    BAD(BAD_ARGUMENT, exo_space_graft(space, START->space, 224, 0)); /* of another domain */
    BAD(BAD_ARGUMENT, exo_space_graft(START->space, space, 1, 0));
    BAD(NOT_MAPPED, exo_space_graft(mine, START->space, 3, 0));
    EXPECT_GOOD(exo_space_graft(mine, START->space, 224, 0));
    BAD(BUSY, exo_space_graft(mine, START->space, 224, 0));
    BAD(BAD_ADDRESS, exo_space_unmap(mine, MEMORY_VA, 1));
    BAD(BAD_ADDRESS, exo_space_unmap(mine, 0, EXO_USER_END / PAGE));
    BAD(BUSY, exo_space_destroy(START->space));
    BAD(BAD_ARGUMENT, exo_space_switch(space)); /* of another domain */
    EXPECT_GOOD(exo_space_destroy(mine));
}

ATTACK(arguments, vcpus)
{
    samples_make(&samples);
    exo_handle sample = samples.token[EXO_VCPU], domain = samples.token[EXO_DOMAIN],
               space = samples.token[EXO_SPACE];
    exo_handle page = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, 20, 1));
    const uint64_t outside[] = {EXO_USER_END, 0xffff800000000000, 0xffffffff80100000,
                                BEYOND,       1ul << 63,          1ul << 48};
    for (unsigned i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        BAD(BAD_ADDRESS, exo_vcpu_entries(sample, outside[i], 0, 0));
        BAD(BAD_ADDRESS, exo_vcpu_entries(sample, 0, outside[i], 0));
        BAD(BAD_ADDRESS, exo_vcpu_entries(sample, 0, 0, outside[i]));
        BAD(BAD_ADDRESS, exo_vcpu_start(sample, outside[i], 0, 0));
        BAD(BAD_ARGUMENT, exo_vcpu_create(domain, space, page, outside[i] & ~0xffful, 0));
    }
    BAD(BAD_ARGUMENT, exo_vcpu_create(domain, space, page, PAGE + 8, 0));
    BAD(BAD_ARGUMENT, exo_vcpu_create(domain, space, samples.token[EXO_FRAME], PAGE, 0)); /* four pages */
    BAD(BAD_ARGUMENT, exo_vcpu_create(domain, START->space, page, PAGE, 0));              /* another domain's */
    BAD(BAD_ARGUMENT, exo_vcpu_create(START->domain, space, page, PAGE, 0));
    BAD(BUSY, exo_vcpu_start(START->vcpu[0], PAGE, 0, 0));
    BAD(BUSY, exo_slice_bind(sample, START->slice[0])); /* it is ours */
    EXPECT_GOOD(exo_vcpu_start(sample, 0, 0, 0));       /* without a slice it does not run */
    BAD(BUSY, exo_vcpu_start(sample, PAGE, 0, 0));
}

ATTACK(arguments, slices)
{
    uint64_t mine = 1ul << self()->cpu;
    exo_handle slice = START->slice[0];
    const uint64_t beyond[] = {1ul << 31, 1ul << 32,           1ul << 44, 1ul << 63,
                               BEYOND,    BEYOND / 1000000000, 1000001};
    for (unsigned i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        BAD(BAD_ARGUMENT, exo_slice_create(slice, mine, 10, beyond[i]));
        BAD(BAD_ARGUMENT, exo_slice_create(slice, mine, beyond[i], 10000));
        BAD(BAD_ARGUMENT, exo_slice_create(slice, mine, beyond[i], beyond[i]));
    }
    BAD(BAD_ARGUMENT, exo_slice_create(slice, mine, 0, 10000));
    BAD(BAD_ARGUMENT, exo_slice_create(slice, mine, 10001, 10000));
    BAD(BAD_ARGUMENT, exo_slice_create(slice, mine, 10, 999));
    BAD(BAD_ARGUMENT, exo_slice_create(slice, 0, 10, 10000));
    for (unsigned cpu = 0; cpu < 64; cpu++)
        if (1ul << cpu != mine)
            BAD(BAD_ARGUMENT, exo_slice_create(slice, 1ul << cpu, 10, 10000));
    BAD(BAD_ARGUMENT, exo_slice_create(slice, BEYOND, 10, 10000));
    BAD(NO_TIME, exo_slice_create(slice, mine, GIVEN_BUDGET_US + 1, 10000));
    BAD(NO_TIME, exo_slice_create(slice, mine, 1000000, 1000000));
}

ATTACK(arguments, devices)
{
    exo_handle ports = START->given[GIVEN_PORTS], irq = START->given[GIVEN_IRQ];
    const uint64_t offsets[] = {PORTS_GIVEN, 1ul << 16, 1ul << 31, 1ul << 32, 1ul << 63, BEYOND - 1, BEYOND};
    char byte = 0;
    for (uint64_t width = 0; width < 70; width++)
        if (width != 1 && width != 2 && width != 4) {
            BAD(BAD_ARGUMENT, exo_port_in(ports, 0, width));
            BAD(BAD_ARGUMENT, exo_port_out(ports, 0, width, 0));
        }
    for (uint64_t width = 1; width <= 4; width <<= 1) {
        for (unsigned i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
            BAD(BAD_ARGUMENT, exo_port_in(ports, offsets[i], width));
            BAD(BAD_ARGUMENT, exo_port_out(ports, offsets[i], width, 0));
        }
        if (width > 1)
            BAD(BAD_ARGUMENT, exo_port_in(ports, PORTS_GIVEN - width + 1, width));
        BAD(BAD_ARGUMENT, exo_port_in(ports, 0, 1ul << 32 | width));
        EXPECT(exo_port_in(ports, PORTS_GIVEN - width, width) == (long)(0xffffffff >> (32 - 8 * width)),
               "ports that are nobody's answer");
    }
    for (unsigned i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        BAD(BAD_ARGUMENT, exo_port_write(ports, offsets[i], &byte, 1));
        if (offsets[i] > 256)
            BAD(BAD_ARGUMENT, exo_port_write(ports, 0, &byte, offsets[i]));
    }
    BAD(BAD_ARGUMENT, exo_port_write(ports, 0, &byte, 257));
    BAD(NOT_MAPPED, exo_irq_ack(irq));
    exo_handle bell = (exo_handle)EXPECT_GOOD(exo_event_derive(START->vcpu[0], 9));
    exo_handle other = (exo_handle)EXPECT_GOOD(exo_token_derive(irq, EXO_X, 0, 1));
    EXPECT_GOOD(exo_irq_bind(irq, bell));
    BAD(BUSY, exo_irq_bind(other, bell));
    BAD(BUSY, exo_irq_bind(other, 0));
    EXPECT_GOOD(exo_irq_ack(irq)); /* it stays bound: destroying the domain must undo it */
}

/* --- pointers ---------------------------------------------------------------------------------------------------- */

#define HOLE (MEMORY_VA + 4 * PAGE) /* unmapped, between mapped pages */

static const uint64_t bad_pointers[] = {
    0,
    1,
    8,
    PAGE - 1,
    HOLE,
    HOLE + 8,
    HOLE - 4, /* begins in what is mapped */
    HOLE - 1,
    EXO_USER_END - 4, /* the last page is mapped: see map_end */
    EXO_USER_END - 1,
    EXO_USER_END,
    EXO_USER_END + 8,
    1ul << 48,
    0xffff7fffffffffff,
    0xffff800000000000, /* the direct map */
    0xffff800000100000,
    0xffffc00000000000,
    0xffffffff80000000, /* the exokernel's image */
    0xffffffff80200000,
    0xfffffffffffff000,
    BEYOND - 7,
    BEYOND,
};
#define POINTERS (sizeof bad_pointers / sizeof bad_pointers[0])

static void map_end(void)
{
    EXPECT_GOOD(exo_space_unmap(START->space, HOLE, 1));
    EXPECT_GOOD(map_here(EXO_USER_END - PAGE, START->memory, 30, 1, EXO_MAP_R | EXO_MAP_W));
    memset((void *)(EXO_USER_END - PAGE), 0, PAGE);
}

ATTACK(arguments, pointers_out)
{
    map_end();
    /* Text cannot be written by us: neither by the exokernel for us. */
    for (unsigned i = 0; i <= POINTERS; i++) {
        uint64_t p = i < POINTERS ? bad_pointers[i] : EXO_SUPERVISOR_BASE + 64;
        BAD(BAD_ADDRESS, exo_token_info(START->memory, (struct exo_token_info *)p));
        BAD(BAD_ADDRESS, exo_domain_info(START->domain, (struct exo_domain_info *)p));
        BAD(BAD_ADDRESS, exo_vcpu_state(START->vcpu[0], (struct exo_vcpu_state *)p));
        BAD(BAD_ADDRESS, exo_space_query(START->space, MEMORY_VA, (struct exo_pte *)p, 1));
        long recall = exo_recall_next((struct exo_recall *)p);
        EXPECT(recall == -EXO_E_BAD_ADDRESS || recall == -EXO_E_UNSUPPORTED || recall == 0,
               "recall_next to %x: %s", p, error_name(recall));
    }
    struct exo_token_info *last = (struct exo_token_info *)(EXO_USER_END - sizeof *last);
    EXPECT_GOOD(exo_token_info(START->memory, last));
    EXPECT(last->count == START->memory_pages, "the last bytes of ring 3's part were not filled in");
    struct exo_token_info *unaligned = (struct exo_token_info *)(MEMORY_VA + 3);
    EXPECT_GOOD(exo_token_info(START->memory, unaligned));
    EXPECT(unaligned->count == START->memory_pages, "an unaligned answer is wrong");
    struct exo_token_info *crossing = (struct exo_token_info *)(MEMORY_VA + PAGE - 9);
    EXPECT_GOOD(exo_token_info(START->memory, crossing));
    EXPECT(crossing->count == START->memory_pages, "an answer over two pages is wrong");
}

ATTACK(arguments, pointers_in)
{
    map_end();
    for (unsigned i = 0; i < POINTERS; i++) {
        uint64_t p = bad_pointers[i];
        BAD(BAD_ADDRESS, exo_space_map(START->space, (struct exo_map *)p, 1));
        BAD(BAD_ADDRESS, exo_space_map(START->space, (struct exo_map *)p, 33));
        BAD(BAD_ADDRESS, exo_space_map(START->space, (struct exo_map *)p, 1024));
        BAD(BAD_ADDRESS, exo_port_write(START->given[GIVEN_PORTS], 0, (void *)p, 256));
        BAD(NO_RIGHT, exo_log_write(START->given[GIVEN_MACHINE], (void *)p, 1));
    }
    /* The exokernel reads what ring 3 may read: a batch that runs into a hole is done up to there, in whole chunks. */
    struct exo_map *maps = (struct exo_map *)(HOLE - 40 * sizeof *maps);
    for (unsigned i = 0; i < 40; i++)
        maps[i] = (struct exo_map){(1 + i) * PAGE, START->memory, 0, 1, EXO_MAP_R};
    long done = exo_space_map(START->space, maps, 41);
    EXPECT(done > 0 && done <= 40, "a batch that runs into a hole: %d", done);
    struct exo_pte entry[64];
    EXPECT_GOOD(exo_space_query(START->space, PAGE, entry, 64));
    for (long i = 0; i < 64; i++)
        EXPECT((entry[i].frame != 0) == (i < done), "element %d: %x", i, entry[i].frame);
}

/* --- whatever else ------------------------------------------------------------------------------------------------- */

ATTACK(arguments, no_such_call)
{
    const uint64_t none[6] = {0};
    for (uint64_t number = EXO_CALL_COUNT; number < 256; number++)
        BAD(BAD_CALL, raw_call(number, none));
    uint64_t reflected = self()->count_reflected;
    const uint64_t foreign[] = {256, -1ul, 1ul << 32, 1ul << 63, -EXO_CALL_BASE, 1ul << 31};
    enum { FOREIGN = sizeof foreign / sizeof foreign[0] };
    for (unsigned i = 0; i < FOREIGN; i++)
        EXPECT(raw_call(foreign[i], none) == (long)(EXO_CALL_BASE + foreign[i]), "call %x was not reflected",
               EXO_CALL_BASE + foreign[i]);
    EXPECT(self()->count_reflected == reflected + FOREIGN, "%u of %u calls were reflected",
           self()->count_reflected - reflected, (uint64_t)FOREIGN);
}

static uint64_t random_state;
static uint64_t random(void)
{
    random_state = random_state * 6364136223846793005ul + 1442695040888963407ul;
    return random_state >> 33;
}

static uint64_t some_number(void)
{
    static const uint64_t base[] = {0,
                                    1,
                                    8,
                                    63,
                                    512,
                                    PAGE,
                                    65536,
                                    1000000,
                                    1ul << 31,
                                    1ul << 32,
                                    1ul << 52,
                                    1ul << 63,
                                    EXO_USER_END,
                                    MEMORY_VA,
                                    0xffff800000000000,
                                    0xffffffff80000000,
                                    (uint64_t)&samples};
    uint64_t i = random() % (sizeof base / sizeof base[0] + 2);
    if (i >= sizeof base / sizeof base[0])
        return random() % 64;
    return base[i] + random() % 5 - 2;
}

static bool dangerous(unsigned call) { return call == EXO_CALL_VCPU_EXIT || call == EXO_CALL_MACHINE_POWER; }

/* Any call with any numbers: nothing is known of the result but that it is one. What they take, the next attack's harness
 * wants back. */
ATTACK(arguments, anything, ON_ALL_CPUS | ENDLESS | BIG, 1000)
{
    static struct samples mine[VCPUS_MAX];
    if (vcpu == 0)
        samples_make(&mine[0]);
    START->progress[vcpu] = 1;
    for (unsigned i = 0; i < START->vcpus; i++)
        while (START->progress[i] == 0) /* until all are here: some calls write where they like */
            exo_vcpu_yield();
    mine[vcpu] = mine[0];
    random_state += vcpu * 77777;
    for (;;) {
        uint64_t argument[6];
        unsigned call = (unsigned)(random() % EXO_CALL_COUNT);
        if (dangerous(call))
            continue;
        for (unsigned i = 0; i < 6; i++) {
            const struct need *need = need_of(call, i);
            if (need == NULL || random() % 8 == 0)
                argument[i] = some_number();
            else
                argument[i] = mine[vcpu].token[need->kind == EXO_NONE ? 1 + random() % EXO_PCI : need->kind];
        }
        if (call == EXO_CALL_SPACE_SWITCH)
            argument[0] = START->space;
        self()->pending = 1ul << 63;
        long result = raw_call(call, argument);
        EXPECT(result > -EXO_ERROR_COUNT && result != -EXO_E_BAD_CALL, "%s returned %d", call_name(call),
               result);
        START->progress[vcpu]++;
        if (vcpu == 0 && random() % 64 == 0)
            samples_make(&mine[0]);
    }
}
