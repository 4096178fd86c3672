/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Races between the attacker's own CPUs, and between the attacker and whoever takes something back from it. What a call that
 * returned has promised must hold on every CPU. Loops end by time.
 */
#include "attack.h"

#define VA   0x300000ul
#define RACE (ON_ALL_CPUS | TWO_VCPUS)

/* START->word by name: */
enum { STOP, HANDLE, ROUNDS, ACKNOWLEDGED, OLD };

static uint64_t get(unsigned word) { return __atomic_load_n(&START->word[word], __ATOMIC_SEQ_CST); }
static void put(unsigned word, uint64_t value)
{
    __atomic_store_n(&START->word[word], value, __ATOMIC_SEQ_CST);
}
static bool run_on(uint64_t end) { return now_ns() < end && START->lines == 0; }
static void spin(uint64_t ns)
{
    for (uint64_t end = now_ns() + ns; now_ns() < end;)
        pause();
}
/* Lets the others do something: on one CPU they need it. */
static void let_run(void)
{
    if (START->cpus == 1)
        exo_vcpu_yield();
    else
        spin(20 * US);
}

static void store_once(uint64_t va) { *(volatile uint64_t *)va = va; }
static void store_on(uint64_t va)
{
    for (uint64_t i = 1; get(STOP) == 0; i++)
        *(volatile uint64_t *)va = i;
}
static void store_until_stop(void)
{
    while (get(STOP) == 0) {
        attempt(store_on, VA, NULL);
        exo_vcpu_yield();
    }
}

/* Does nobody write the page any more? */
static void expect_still(uint64_t page, const char *after)
{
    volatile uint64_t *word = (volatile uint64_t *)(MEMORY_VA + page * PAGE);
    uint64_t before = *word;
    let_run();
    EXPECT(*word == before, "a page is written after %s returned", after);
}

ATTACK(races, unmap_and_touch, RACE)
{
    if (vcpu != 0) {
        store_until_stop();
        return;
    }
    for (uint64_t end = now_ns() + 400 * MS; run_on(end);) {
        EXPECT_GOOD(map_here(VA, START->memory, 40, 1, EXO_MAP_R | EXO_MAP_W));
        let_run();
        EXPECT_GOOD(exo_space_unmap(START->space, VA, 1));
        expect_still(40, "space_unmap");
    }
    put(STOP, 1);
}

ATTACK(races, protect_and_touch, RACE)
{
    if (vcpu != 0) {
        store_until_stop();
        return;
    }
    EXPECT_GOOD(map_here(VA, START->memory, 40, 1, EXO_MAP_R | EXO_MAP_W));
    for (uint64_t end = now_ns() + 400 * MS; run_on(end);) {
        EXPECT_GOOD(exo_space_protect(START->space, VA, 1, EXO_MAP_R | EXO_MAP_W));
        let_run();
        EXPECT_GOOD(exo_space_protect(START->space, VA, 1, EXO_MAP_R));
        expect_still(40, "space_protect");
    }
    put(STOP, 1);
}

ATTACK(races, replace_and_touch, RACE)
{
    if (vcpu != 0) {
        store_until_stop();
        return;
    }
    for (uint64_t end = now_ns() + 400 * MS; run_on(end);)
        for (uint64_t page = 40; page < 44; page++) {
            EXPECT_GOOD(map_here(VA, START->memory, page, 1, EXO_MAP_R | EXO_MAP_W));
            expect_still(page == 40 ? 43 : page - 1, "space_map replaced it");
        }
    put(STOP, 1);
}

/* Tables come and go where others look. */
ATTACK(races, tables_and_touch, RACE | BIG)
{
    if (vcpu != 0) {
        store_until_stop();
        return;
    }
    for (uint64_t end = now_ns() + 400 * MS; run_on(end);) {
        EXPECT_GOOD(map_here(VA, START->memory, 40, 1, EXO_MAP_R | EXO_MAP_W));
        let_run();
        EXPECT_GOOD(exo_space_unmap(START->space, 0, 1ul << 27)); /* 512 GiB */
        expect_still(40, "space_unmap of all tables");
        long space = EXPECT_GOOD(exo_space_create(START->domain)); /* takes the frames of the tables */
        EXPECT_GOOD(exo_space_destroy((exo_handle)space));
    }
    put(STOP, 1);
}

/* --- spaces and tokens ------------------------------------------------------------------------------------------------ */

static void switch_until_stop(void)
{
    while (get(STOP) == 0) {
        exo_handle space = get(HANDLE);
        long result = space ? exo_space_switch(space) : 0;
        EXPECT(result == 0 || result == -EXO_E_BAD_HANDLE || result == -EXO_E_DEAD, "space_switch: %s",
               error_name(result));
        if (result == 0 && space)
            __atomic_fetch_add(&START->word[ROUNDS], 1, __ATOMIC_SEQ_CST);
        EXPECT_GOOD(exo_space_switch(START->space));
        exo_vcpu_yield();
    }
}

/* A space in which we go on as here: everything of ours lies in one slot. */
static exo_handle twin(void)
{
    exo_handle space = (exo_handle)EXPECT_GOOD(exo_space_create(START->domain));
    EXPECT_GOOD(exo_space_graft(space, START->space, EXO_SUPERVISOR_BASE >> 39, 0));
    return space;
}

ATTACK(races, switch_and_destroy, RACE)
{
    if (vcpu != 0) {
        switch_until_stop();
        return;
    }
    for (uint64_t end = now_ns() + 500 * MS; run_on(end);) {
        exo_handle space = twin();
        put(HANDLE, space);
        let_run();
        long result;
        while ((result = exo_space_destroy(space)) == -EXO_E_BUSY || result == -EXO_E_AGAIN)
            let_run();
        EXPECT(result == 0, "space_destroy: %s", error_name(result));
        EXPECT_ERROR(BAD_HANDLE, exo_space_switch(space));
    }
    put(STOP, 1);
    EXPECT(get(ROUNDS) > 0, "nobody ever got into the space");
}

ATTACK(races, switch_and_drop, RACE)
{
    if (vcpu != 0) {
        switch_until_stop();
        return;
    }
    exo_handle space = twin();
    for (uint64_t end = now_ns() + 400 * MS; run_on(end);) {
        exo_handle token = (exo_handle)EXPECT_GOOD(exo_token_derive(space, EXO_X, 0, 1));
        put(HANDLE, token);
        let_run();
        EXPECT_GOOD(exo_token_drop(token));
        EXPECT_ERROR(BAD_HANDLE, exo_space_switch(token));
        exo_handle other =
            (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_R, 0, 1)); /* same slot */
        let_run();
        EXPECT_GOOD(exo_token_drop(other));
    }
    put(STOP, 1);
    EXPECT(get(ROUNDS) > 0, "nobody ever got into the space");
}

/* Frames become a pool while others map them: never both. */
ATTACK(races, donate_and_map, RACE)
{
    const uint64_t first = 40, count = 16;
    if (vcpu != 0) {
        while (get(STOP) == 0) {
            long result = map_here(VA + vcpu * PAGE, START->memory, first + vcpu, 1, EXO_MAP_R | EXO_MAP_W);
            EXPECT(result == 1 || result == -EXO_E_BUSY, "space_map: %s", error_name(result));
            attempt(store_once, VA + vcpu * PAGE, NULL);
            EXPECT_GOOD(exo_space_unmap(START->space, VA + vcpu * PAGE, 1));
            exo_vcpu_yield();
        }
        return;
    }
    exo_handle frames = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, first, count));
    EXPECT_GOOD(exo_space_unmap(START->space, MEMORY_VA + first * PAGE, count));
    for (uint64_t end = now_ns() + 400 * MS; run_on(end);) {
        long domain = exo_domain_create(frames);
        EXPECT(domain > 0 || domain == -EXO_E_BUSY, "domain_create: %s", error_name(domain));
        if (domain <= 0)
            continue;
        put(ROUNDS, get(ROUNDS) + 1);
        struct exo_pte entry[VCPUS_MAX];
        EXPECT_GOOD(exo_space_query(START->space, VA, entry, VCPUS_MAX));
        for (unsigned i = 0; i < VCPUS_MAX; i++)
            EXPECT(entry[i].frame == 0, "a frame of a pool is mapped");
        EXPECT_GOOD(exo_domain_destroy((exo_handle)domain));
    }
    put(STOP, 1);
    EXPECT(get(ROUNDS) > 0, "domain_create never won");
}

/* --- what the first domain lends and takes back --------------------------------------------------------------------------- */

static const char *lend_and_revoke(struct domain *attacker, exo_handle lent, uint8_t *window)
{
    volatile uint64_t *word = (volatile uint64_t *)window;
    const char *wrong = NULL;
    uint64_t end = now_ns() + 600 * MS;
    for (uint64_t i = 0; now_ns() < end && !wrong; i++) {
        exo_handle handle =
            (exo_handle)MUST(exo_token_send(attacker->domain, lent, EXO_ALL, EXO_SEND_CONTENTS));
        uint64_t rounds = attacker->start->word[ROUNDS], late = now_ns() + 20 * MS;
        attacker->start->word[HANDLE] = handle;
        take_pending();
        while (attacker->start->word[ROUNDS] == rounds && now_ns() < late)
            exo_vcpu_block(now_ns() + 200 * US);
        exo_vcpu_block(now_ns() + i % 8 * 200 * US);
        MUST(exo_token_revoke(lent));
        for (unsigned page = 0; page < LENT_PAGES; page++)
            word[page * PAGE / 8] = i;
        exo_vcpu_block(now_ns() + 200 * US);
        for (unsigned page = 0; page < LENT_PAGES; page++)
            if (word[page * PAGE / 8] != i)
                wrong = "a page was written after token_revoke had returned";
    }
    attacker->start->word[STOP] = 1;
    return wrong;
}

static void store_a_while(uint64_t va)
{
    for (uint64_t i = 1; i < 2000; i++)
        *(volatile uint64_t *)va = ~i;
}

/* The token is mapped, derived, sent, dropped, used as a vCPU's page: all of it while it is being revoked. */
ATTACK(races, revoke_and_use, RACE | BIG, 5000, lend_and_revoke)
{
    uint64_t va = VA + vcpu * 16 * PAGE;
    for (uint64_t i = 0; get(STOP) == 0; i++) {
        exo_handle token = get(HANDLE);
        if (i % 4 == 1) {
            long child = exo_token_derive(token, EXO_ALL, 1, 2);
            if (child > 0)
                token = (exo_handle)child;
        } else if (i % 4 == 2) {
            long sent = exo_token_send(START->domain, token, EXO_R | EXO_W, EXO_SEND_CONTENTS);
            if (sent > 0)
                token = (exo_handle)sent;
        }
        long result = map_here(va, token, 0, 1, EXO_MAP_R | EXO_MAP_W);
        EXPECT(result == 1 || result == -EXO_E_BAD_HANDLE || result == -EXO_E_BUSY, "space_map: %s",
               error_name(result));
        if (result == 1)
            __atomic_fetch_add(&START->word[ROUNDS], 1, __ATOMIC_SEQ_CST);
        attempt(store_a_while, va, NULL);
        if (i % 4)
            exo_token_drop(token);
        exo_vcpu_yield();
    }
    EXPECT(get(ROUNDS) > 0, "the token was never seen");
}

/* --- destroying while it runs ------------------------------------------------------------------------------------------------- */

/* Everything that makes objects, on all CPUs, until the domain goes away under it. */
ATTACK(races, destroy_the_busy, RACE | ENDLESS | BIG, 150)
{
    for (uint64_t i = 0;; i++) {
        uint64_t page = 100 + vcpu * 100 + i % 64;
        long space = exo_space_create(START->domain);
        if (space > 0) {
            struct exo_map map = {(i % 1000) << 21, START->memory, page, 8, EXO_MAP_R | EXO_MAP_W};
            exo_space_map((exo_handle)space, &map, 1);
            exo_space_graft((exo_handle)space, START->space, EXO_SUPERVISOR_BASE >> 39, 0);
            exo_space_switch((exo_handle)space);
        }
        long frame = exo_token_derive(START->memory, EXO_ALL, page, 1);
        long sent = exo_token_send(START->domain, (exo_handle)frame, EXO_R, EXO_SEND_CONTENTS);
        long new = i % 16 ? 0 : exo_vcpu_create(START->domain, START->space, (exo_handle)frame, PAGE, 1);
        long slice = exo_slice_create(START->slice[vcpu], 1ul << self()->cpu, 10, 10000);
        long event = exo_event_derive(START->vcpu[(vcpu + 1) % START->vcpus], 40);
        exo_event_ring((exo_handle)event);
        exo_vcpu_timer(now_ns() + i % 100 * US);
        if (new > 0)
            exo_slice_bind((exo_handle) new, (exo_handle)slice);
        exo_token_drop((exo_handle)event);
        exo_token_drop((exo_handle)sent);
        exo_token_drop((exo_handle)slice);
        if (i % 2) {
            exo_space_switch(START->space);
            exo_space_destroy((exo_handle)space);
        }
    }
}

/* A tree of domains, each with a vCPU that runs, is cut down again and again, and at last by the harness. */
__asm__(".text\nbusy_code: 1: movl $0x4b780019, %eax; syscall; movl $0x4b780000, %eax; syscall; jmp "
        "1b\nbusy_code_end:");
extern const uint8_t busy_code[] __attribute__((visibility("hidden")));
extern const uint8_t busy_code_end[] __attribute__((visibility("hidden")));

static exo_handle grow(unsigned depth, uint64_t cpu, exo_handle slice_from)
{
    uint64_t page = 200 + depth * 40;
    exo_space_unmap(START->space, MEMORY_VA + page * PAGE, 32);
    exo_handle pool = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, page, 32));
    exo_handle domain = (exo_handle)EXPECT_GOOD(exo_domain_create(pool));
    exo_handle space = (exo_handle)EXPECT_GOOD(exo_space_create(domain));
    struct exo_map maps[] = {{0x10000, START->memory, page + 32, 1, EXO_MAP_R | EXO_MAP_X},
                             {0x20000, START->memory, page + 33, 1, EXO_MAP_R | EXO_MAP_W}};
    memcpy(MEMORY + (page + 32) * PAGE, busy_code, (size_t)(busy_code_end - busy_code));
    EXPECT_GOOD(exo_space_map(space, maps, 2));
    exo_handle frame = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, page + 33, 1));
    exo_handle new = (exo_handle)EXPECT_GOOD(exo_vcpu_create(domain, space, frame, 0x20000, 0));
    long slice = exo_slice_create(slice_from, 1ul << cpu, 100, 10000);
    if (slice > 0)
        EXPECT_GOOD(exo_slice_bind(new, (exo_handle)slice));
    EXPECT_GOOD(exo_vcpu_start(new, 0x10000, 0, 0));
    exo_token_drop((exo_handle)slice);
    exo_token_drop(frame);
    exo_token_drop(pool);
    return domain;
}

ATTACK(races, destroy_children, RACE | ENDLESS | BIG, 600)
{
    if (vcpu != 0)
        for (;;) /* the others keep the lock warm */
            exo_token_drop((exo_handle)exo_token_derive(START->memory, EXO_R, 0, 1));
    for (;; START->progress[0]++) {
        exo_handle domain[4];
        for (unsigned i = 0; i < 4; i++) {
            unsigned n = i % (unsigned)START->vcpus;
            domain[i] = grow(i,
                             START->cpus == 1    ? 0
                             : START->vcpus == 1 ? self()->cpu
                                                 : n % START->cpus,
                             START->slice[n]);
        }
        spin(500 * US);
        for (unsigned i = 0; i < 4; i++)
            EXPECT_GOOD(exo_domain_destroy(domain[(i + START->progress[0]) % 4]));
    }
}

/* --- events ------------------------------------------------------------------------------------------------------------------- */

/* No event is lost between the look at `pending` and the blocking. */
ATTACK(races, ring_and_block, RACE)
{
    if (vcpu == 1) {
        while (get(STOP) == 0) {
            EXPECT_GOOD(exo_vcpu_block(UINT64_MAX));
            take_pending();
            put(ACKNOWLEDGED, get(ROUNDS));
        }
        return;
    }
    if (vcpu != 0) { /* storms at everybody */
        exo_handle event = (exo_handle)EXPECT_GOOD(exo_event_derive(START->vcpu[0], 30));
        while (get(STOP) == 0)
            exo_event_ring(event);
        return;
    }
    exo_handle event = (exo_handle)EXPECT_GOOD(exo_event_derive(START->vcpu[1], 20));
    for (uint64_t end = now_ns() + 500 * MS, i = 1; run_on(end); i++) {
        put(ROUNDS, i);
        EXPECT_GOOD(exo_event_ring(event));
        for (uint64_t late = now_ns() + 2000 * MS; get(ACKNOWLEDGED) != i;) {
            if (!EXPECT(now_ns() < late, "round %u: the vCPU sleeps through its event", i))
                break;
            exo_vcpu_yield();
            take_pending();
        }
        if (i % 3 == 0)
            let_run();
    }
    put(STOP, 1);
    EXPECT_GOOD(exo_event_ring(event));
}

/* Timers that are set again and again go off once their time has come. */
ATTACK(races, timer_and_block, RACE)
{
    for (uint64_t end = now_ns() + 300 * MS, i = 0; run_on(end); i++) {
        uint64_t at = now_ns() + (i % 5) * 200 * US;
        take_pending();
        EXPECT_GOOD(exo_vcpu_timer(at + 10000 * MS));
        EXPECT_GOOD(exo_vcpu_timer(at));
        EXPECT_GOOD(exo_vcpu_block(now_ns() + 3000 * MS));
        EXPECT(self()->pending & 1ul << EXO_PENDING_TIMER || self()->pending, "the timer did not go off");
        EXPECT(now_ns() >= at || self()->pending != 1ul << EXO_PENDING_TIMER, "the timer went off %u us early",
               (at - now_ns()) / US);
    }
}
