/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the exokernel's primitives cost, in instructions: a bare image (test/adversary/lib) for boot/run --first primitives
 * --icount --smp 1, where a tick of the time-stamp counter is a nanosecond is an instruction. README.md says what is counted.
 */
#include "lib.h"

#pragma GCC visibility push(hidden)
long stub_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
long stub_call_twin(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
long stub_foreign(void), stub_fault(void), stub_twin(void);
long stub_gate(uint64_t gate, uint64_t *clock), stub_gate_twin(uint64_t gate, uint64_t *clock);
long stub_gate_clock_twin(uint64_t gate, uint64_t *clock);
long stub_count(uint32_t turns);
void stub_foreign_entry(void), stub_fault_entry(void);
void stub_serve(void), stub_serve_clock(void);
#pragma GCC visibility pop

enum { WARM_UP = 20, RUNS = 301, FEW_RUNS = 51 };
static uint64_t sample[RUNS];

static uint64_t clock(void) { return __builtin_ia32_rdtsc(); }

static uint64_t median(unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        uint64_t value = sample[i];
        unsigned k = i;
        for (; k > 0 && sample[k - 1] > value; k--)
            sample[k] = sample[k - 1];
        sample[k] = value;
    }
    return sample[n / 2];
}

/* The median of `runs`, each after `before`, which is not measured. */
#define TICKS(runs, before, measured)                                                                          \
    ({                                                                                                         \
        for (unsigned i_ = 0; i_ < WARM_UP + (runs); i_++) {                                                   \
            before;                                                                                            \
            uint64_t start_ = clock();                                                                         \
            measured;                                                                                          \
            uint64_t end_ = clock();                                                                           \
            sample[i_ < WARM_UP ? 0 : i_ - WARM_UP] = end_ - start_;                                           \
        }                                                                                                      \
        median(runs);                                                                                          \
    })
#define NOTHING (void)0

static void say(const char *name, uint64_t instructions) { log_line("%s: %u", name, instructions); }

static uint64_t around_call; /* what a call without its `syscall` takes */
#define CALL(NAME, a, b, c, d)                                                                                 \
    stub_call(EXO_CALL_BASE + EXO_CALL_##NAME, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d))
static long must(long result)
{
    if (result < 0)
        give_up("a measured call", result);
    return result;
}
/* The last run's result must be good: it says that the others were what they should be, too. */
#define SAY_CALL(name, runs, before, call)                                                                     \
    do {                                                                                                       \
        long result_ = 0;                                                                                      \
        uint64_t ticks_ = TICKS(runs, (must(result_), before), result_ = (call));                              \
        must(result_);                                                                                         \
        say(name, ticks_ - around_call);                                                                       \
    } while (0)

static exo_handle frames(uint64_t pages)
{
    exo_handle token = (exo_handle)MUST(exo_token_derive(arena, EXO_ALL, arena_used, pages));
    arena_used += pages;
    return token;
}

static void map(exo_handle space, uint64_t va, exo_handle frame, uint64_t pages)
{
    MUST(exo_space_map(space, &(struct exo_map){va, frame, 0, (uint32_t)pages, EXO_MAP_R | EXO_MAP_W}, 1));
}

static void calibrate(void)
{
    enum { TURNS = 1000 };
    uint64_t twin = TICKS(RUNS, NOTHING, stub_count(1));
    say("calibration, a loop of 1998 instructions", TICKS(RUNS, NOTHING, stub_count(TURNS)) - twin);
    around_call = TICKS(RUNS, NOTHING, stub_call_twin(1, 2, 3, 4, 5));
}

static void measure_entries(void)
{
    struct exo_token_info info;
    SAY_CALL("null exo call (abi_version)", RUNS, NOTHING, CALL(ABI_VERSION, 0, 0, 0, 0));
    SAY_CALL("exo call under the lock (token_info)", RUNS, NOTHING, CALL(TOKEN_INFO, arena, &info, 0, 0));
    exo_handle event = (exo_handle)MUST(exo_event_derive(boot->vcpu, 9));
    SAY_CALL("event_ring, to oneself", RUNS, NOTHING, CALL(EVENT_RING, event, 0, 0, 0));
    take_pending();

    MUST(exo_vcpu_entries(boot->vcpu, (uint64_t)stub_foreign_entry, (uint64_t)stub_fault_entry, 0));
    uint64_t twin = TICKS(RUNS, NOTHING, stub_twin());
    uint64_t foreign = TICKS(RUNS, NOTHING, stub_foreign()), fault = TICKS(RUNS, NOTHING, stub_fault());
    MUST(exo_vcpu_entries(boot->vcpu, entry_foreign(0), entry_fault(0), entry_event(0)));
    say("system call reflected, and return", foreign - twin);
    say("page fault upcall, and return", fault - twin);
}

/* The tables that the pages take are there, and stay: their neighbours are mapped. */
static void measure_spaces(void)
{
    const uint64_t small = 0x10001000, big = 0x20001000;
    exo_handle neighbours = frames(4), pages = frames(512);
    map(boot->space, small - PAGE, neighbours, 1);
    map(boot->space, big - PAGE, neighbours, 1);
    map(boot->space, big + 512 * PAGE, neighbours, 1);
    struct exo_map one = {small, pages, 0, 1, EXO_MAP_R | EXO_MAP_W};
    struct exo_map many = {big, pages, 0, 512, EXO_MAP_R | EXO_MAP_W};
    SAY_CALL("map 1 page", RUNS, exo_space_unmap(boot->space, small, 1),
             CALL(SPACE_MAP, boot->space, &one, 1, 0));
    SAY_CALL("protect 1 page", RUNS, exo_space_protect(boot->space, small, 1, EXO_MAP_R),
             CALL(SPACE_PROTECT, boot->space, small, 1, EXO_MAP_R | EXO_MAP_W));
    SAY_CALL("unmap 1 page", RUNS, exo_space_map(boot->space, &one, 1),
             CALL(SPACE_UNMAP, boot->space, small, 1, 0));
    SAY_CALL("map 512 pages", RUNS, exo_space_unmap(boot->space, big, 512),
             CALL(SPACE_MAP, boot->space, &many, 1, 0));
    SAY_CALL("unmap 512 pages", RUNS, exo_space_map(boot->space, &many, 1),
             CALL(SPACE_UNMAP, boot->space, big, 512, 0));

    /* A space that shows the image, to switch to and to share with. */
    const uint64_t shared = 0x40000000;
    exo_handle other = (exo_handle)MUST(exo_space_create(boot->domain));
    MUST(exo_space_graft(other, boot->space, EXO_SUPERVISOR_BASE >> 39, 0));
    SAY_CALL("space_switch", RUNS, exo_space_switch(boot->space), CALL(SPACE_SWITCH, other, 0, 0, 0));
    MUST(exo_space_switch(boot->space));
    map(other, shared + 1024 * PAGE, neighbours, 1);
    map(boot->space, shared, pages, 512);
    SAY_CALL(
        "space_share 2 MiB", RUNS,
        (exo_space_unmap(other, shared, 512), exo_space_protect(boot->space, shared, 1, EXO_MAP_R | EXO_MAP_W)),
        CALL(SPACE_SHARE, other, boot->space, shared, 512));
}

/* Clears what rang it, says when it runs, and rings back. */
static void echo(unsigned vcpu)
{
    (void)vcpu;
    for (;;) {
        exo_vcpu_block(UINT64_MAX);
        START->word[0] = clock();
        take_pending();
        exo_event_ring(START->given[0]);
    }
}

static void measure_events(void)
{
    struct domain domain;
    domain_new(&domain, &(struct wish){.entry = echo, .cpu_of_all = ALL_ON(0)}, 0);
    exo_handle mine = (exo_handle)MUST(exo_event_derive(boot->vcpu, 9));
    exo_handle its = (exo_handle)MUST(exo_event_derive(domain.vcpu[0], 9));
    domain_give(&domain, mine, EXO_W, 0);
    domain_start(&domain);
    while (domain_vcpu(&domain, 0).status != EXO_VCPU_BLOCKED)
        exo_vcpu_yield();
    for (unsigned i = 0; i < WARM_UP + RUNS; i++) {
        take_pending();
        uint64_t start = clock();
        must(CALL(EVENT_RING, its, 0, 0, 0));
        must(CALL(VCPU_BLOCK, UINT64_MAX, 0, 0, 0));
        /* runs again when it was rung back; the other blocks in the meantime or at the next call */
        sample[i < WARM_UP ? 0 : i - WARM_UP] = domain.start->word[0] - start;
        while (domain_vcpu(&domain, 0).status != EXO_VCPU_BLOCKED)
            exo_vcpu_yield();
    }
    say("event_ring and vcpu_block, until the other domain's vCPU runs", median(RUNS) - 2 * around_call);
    domain_end(&domain);
}

/* From the start to what the answering side took as the time. */
#define ONE_WAY(call)                                                                                          \
    ({                                                                                                         \
        for (unsigned i_ = 0; i_ < WARM_UP + RUNS; i_++) {                                                     \
            uint64_t time_ = 0, start_ = clock();                                                              \
            call;                                                                                              \
            sample[i_ < WARM_UP ? 0 : i_ - WARM_UP] = time_ - start_;                                          \
        }                                                                                                      \
        median(RUNS);                                                                                          \
    })

static void measure_gate(const char *round, const char *one_way, exo_handle plain, exo_handle timed)
{
    uint64_t time;
    while (stub_gate(plain, &time) != 0 || stub_gate(timed, &time) != 0) /* until they wait */
        exo_vcpu_block(now_ns() + MS);
    uint64_t twin = TICKS(RUNS, NOTHING, stub_gate_twin(plain, &time));
    say(round, TICKS(RUNS, NOTHING, must(stub_gate(plain, &time))) - twin);
    twin = ONE_WAY(stub_gate_clock_twin(timed, &time_));
    say(one_way, ONE_WAY(must(stub_gate(timed, &time_))) - twin);
}

static void serve(unsigned vcpu) { vcpu == 0 ? stub_serve() : stub_serve_clock(); }

static exo_handle server_here(unsigned n, void (*entry)(void))
{
    exo_handle page = frames(1);
    map(boot->space, (uint64_t)VCPU_PAGE(n), page, 1);
    exo_handle vcpu =
        (exo_handle)MUST(exo_vcpu_create(boot->domain, boot->space, page, (uint64_t)VCPU_PAGE(n), n));
    MUST(exo_vcpu_start(vcpu, (uint64_t)entry, 0, 0)); /* without a slice: it serves in its callers' */
    return (exo_handle)MUST(exo_gate_create(vcpu, 0));
}

static void measure_gates(void)
{
    measure_gate("gate call and return, same domain and space", "gate call, one way, same domain and space",
                 server_here(1, stub_serve), server_here(2, stub_serve_clock));
    struct domain domain;
    domain_new(&domain, &(struct wish){.entry = serve, .cpu_of_all = ALL_ON(0), .vcpus = 2}, 0);
    domain_start(&domain);
    measure_gate("gate call and return, between domains", "gate call, one way, between domains",
                 (exo_handle)MUST(exo_gate_create(domain.vcpu[0], 0)),
                 (exo_handle)MUST(exo_gate_create(domain.vcpu[1], 0)));
    domain_end(&domain);
}

static void send_many(const struct domain *to, exo_handle token, unsigned n)
{
    while (n-- > 0)
        MUST(exo_token_send(to->domain, token, EXO_R, EXO_SEND_CONTENTS));
}

static void measure_tokens(void)
{
    struct domain domain;
    domain_new(&domain, &(struct wish){.entry = serve}, 0);
    exo_handle source = frames(1);
    long made = MUST(exo_token_derive(source, EXO_R, 0, 1));
    SAY_CALL("token_derive", RUNS, exo_token_drop((exo_handle)made),
             (made = CALL(TOKEN_DERIVE, source, EXO_R, 0, 1)));
    SAY_CALL("token_drop", RUNS, made = exo_token_derive(source, EXO_R, 0, 1), CALL(TOKEN_DROP, made, 0, 0, 0));
    SAY_CALL("token_send to another domain", RUNS, AGAIN(exo_token_revoke(source)),
             CALL(TOKEN_SEND, domain.domain, source, EXO_R, EXO_SEND_CONTENTS));
    MUST(exo_token_revoke(source));
    SAY_CALL("token_revoke, 1 descendant in another domain", RUNS, send_many(&domain, source, 1),
             AGAIN(CALL(TOKEN_REVOKE, source, 0, 0, 0)));
    SAY_CALL("token_revoke, 1,000 descendants in another domain", FEW_RUNS, send_many(&domain, source, 1000),
             AGAIN(CALL(TOKEN_REVOKE, source, 0, 0, 0)));
    domain_end(&domain);
}

void image_main(void)
{
    if (boot->cpus != 1)
        give_up("more than one CPU", 0);
    calibrate();
    measure_entries();
    measure_spaces();
    measure_events();
    measure_gates();
    measure_tokens();
    power_off(0);
}
