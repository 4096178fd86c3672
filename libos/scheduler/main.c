/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A library OS that is an application with its own idea of who gets how much: threads that do work of the same kind, and shares that
 * hold to a hundredth, change at run time, and are not owed to who sleeps.
 *
 *   boot/run --libos scheduler --cmd '[lottery] [stride] [switch] [units=N] [quantum=US] [vcpus=N]'
 *
 * Without lottery, stride or switch: all three. Four threads with shares 1, 2, 3 and 10 do `units` units of work together, then with
 * the shares turned round, then while the one with the largest waits, then with it again. quantum: they never yield and are
 * preempted; otherwise they yield after each unit. A hundredth takes many turns: by stride some hundreds of quanta for the smallest share, by
 * lottery a hundred times as many. For each thread of each part a line
 *   RULE PART vcpu N share N work N error N          error: of its part of the work, in hundredths of a percent of what is due
 */
#include "threads.h"
#include <los/arguments.h>
#include <los/bare.h>

enum { WORKERS = 4, STEPS = 50, ROUNDS = 20000, DUE = 10000, ERROR_MOST = 100 };

_Noreturn void los_entry(const struct los_start *start);

/* One for each vCPU. */
static struct part {
    struct scheduler scheduler;
    struct semaphore reached, resting;
    uint64_t done, target; /* units, of all threads */
    bool rest;             /* asks the last thread to wait */
    uint64_t done_at[WORKERS];
    uint32_t ended;
} parts[LOS_VCPUS_MAX];

static struct arguments arguments;
static uint64_t units = 1000000, quantum_us, vcpus = 1;
static bool rules[2], any_switch;
static const char *const rule_name[] = {"lottery", "stride"};

static struct part *part_of(const struct thread *thread)
{
    return (struct part *)thread->scheduler; /* its first member */
}

/* --- work -------------------------------------------------------------------------------------------------------------- */

#define MULTIPLIER 6364136223846793005ul
#define INCREMENT  1442695040888963407ul

static void unit(struct thread *self)
{
    uint64_t x = self->x;
    for (unsigned i = 0; i < STEPS; i++)
        x = x * MULTIPLIER + INCREMENT;
    self->x = x;
}

/* Where so many steps from 0 lead, in as many steps as the number has bits: the proof that all of them were made. */
static uint64_t after(uint64_t steps)
{
    uint64_t x = 0, multiplier = MULTIPLIER, increment = INCREMENT;
    for (; steps; steps >>= 1) {
        if (steps & 1)
            x = x * multiplier + increment;
        increment += increment * multiplier;
        multiplier *= multiplier;
    }
    return x;
}

static void work(struct thread *self)
{
    struct part *part = part_of(self);
    bool last = self == &part->scheduler.thread[WORKERS];
    for (;;) {
        unit(self);
        __atomic_fetch_add(&self->work, 1, __ATOMIC_RELAXED);
        if (__atomic_add_fetch(&part->done, 1, __ATOMIC_RELAXED) == part->target)
            semaphore_post(self, &part->reached); /* thread 0 goes on at once */
        if (last && part->rest)
            semaphore_wait(self, &part->resting);
        if (!part->scheduler.quantum_ns)
            thread_yield(self);
    }
}

/* --- parts ----------------------------------------------------------------------------------------------------------------- */

static uint64_t say_lock;

static void say_thread(const struct scheduler *scheduler, const char *name, const struct thread *thread,
                       uint64_t work_done, uint64_t error)
{
    const struct {
        const char *name;
        uint64_t value;
    } field[] = {{" vcpu ", scheduler->page->vcpu},
                 {" share ", thread->share},
                 {" work ", work_done},
                 {" error ", error}};
    bare_say(rule_name[scheduler->rule]);
    bare_say(" ");
    bare_say(name);
    for (unsigned i = 0; i < sizeof field / sizeof field[0]; i++) {
        bare_say(field[i].name);
        bare_say_number(field[i].value);
    }
    bare_say("\r\n");
}

/* Lets the threads do `units` units, and compares what each of the first `workers` did with what its share was due. */
static void run(struct part *part, const char *name, uint32_t workers)
{
    struct scheduler *scheduler = &part->scheduler;
    uint64_t shares = 0;
    bool held = true;
    for (uint32_t i = 0; i < WORKERS; i++)
        part->done_at[i] = scheduler->thread[i + 1].work;
    for (uint32_t i = 0; i < workers; i++)
        shares += scheduler->thread[i + 1].share;
    __atomic_store_n(&part->target, part->done + units, __ATOMIC_SEQ_CST);
    semaphore_wait(&scheduler->thread[0], &part->reached);

    while (__atomic_exchange_n(&say_lock, 1, __ATOMIC_ACQUIRE))
        exo_vcpu_yield();
    for (uint32_t i = 0; i < WORKERS; i++) {
        const struct thread *thread = &scheduler->thread[i + 1];
        uint64_t did = thread->work - part->done_at[i], due = i < workers ? units * thread->share / shares : 0;
        uint64_t off = did > due ? did - due : due - did, error = due ? off * DUE / due : off;
        say_thread(scheduler, name, thread, did, error);
        held &= error <= ERROR_MOST;
        if (thread->x != after(thread->work * STEPS) && thread->x != after((thread->work + 1) * STEPS))
            bare_fail("scheduler: a thread's work is wrong in ", name);
    }
    if (!held)
        bare_fail("scheduler: shares were not held in ", name);
    __atomic_store_n(&say_lock, 0, __ATOMIC_RELEASE);
}

static void run_rule(struct part *part, enum rule rule)
{
    static const uint32_t share[WORKERS] = {1, 2, 3, 10};
    struct scheduler *scheduler = &part->scheduler;
    part->done = part->target = 0;
    threads_start(scheduler, scheduler->page, rule, quantum_us * 1000);
    for (uint32_t i = 0; i < WORKERS; i++)
        thread_new(scheduler, work, share[i]);
    run(part, "shares", WORKERS);
    for (uint32_t i = 0; i < WORKERS; i++)
        thread_share(&scheduler->thread[i + 1], share[WORKERS - 1 - i]);
    run(part, "changed", WORKERS);
    for (uint32_t i = 0; i < WORKERS; i++)
        thread_share(&scheduler->thread[i + 1], share[i]);
    /* The last comes to rest when it has its next turn; what it does until then belongs to no part. */
    part->rest = true;
    while (scheduler->thread[WORKERS].ready) {
        __atomic_store_n(&part->target, part->done + WORKERS, __ATOMIC_SEQ_CST);
        semaphore_wait(&scheduler->thread[0], &part->reached);
    }
    run(part, "without-last", WORKERS - 1);
    part->rest = false;
    semaphore_post(&scheduler->thread[0], &part->resting);
    run(part, "with-last", WORKERS);
    threads_end(scheduler);
}

/* --- what a switch takes ------------------------------------------------------------------------------------------------------- */

static uint64_t last_to_run, changes;

static void yielder(struct thread *self)
{
    for (;;) {
        changes += last_to_run != (uint64_t)self;
        last_to_run = (uint64_t)self;
        if (++self->x == ROUNDS)
            semaphore_post(self, &part_of(self)->reached);
        thread_yield(self);
    }
}

static struct semaphore turn[2];

static void player(struct thread *self)
{
    unsigned side = self == &self->scheduler->thread[1];
    for (;;) {
        semaphore_wait(self, &turn[side]);
        if (++self->x == ROUNDS)
            semaphore_post(self, &part_of(self)->reached);
        changes++;
        semaphore_post(self, &turn[!side]);
    }
}

/* Two threads take turns; `each` switches for each of a thread's rounds. */
static void measure(const char *name, void (*thread)(struct thread *self), struct part *part)
{
    struct scheduler *scheduler = &part->scheduler;
    threads_start(scheduler, scheduler->page, STRIDE, 0);
    thread_new(scheduler, thread, 1);
    thread_new(scheduler, thread, 1);
    changes = 0;
    turn[0] = turn[1] = (struct semaphore){0};
    uint64_t start = bare_now_ns();
    semaphore_post(&scheduler->thread[0], &turn[0]);
    semaphore_wait(&scheduler->thread[0], &part->reached);
    uint64_t ns = bare_now_ns() - start;
    if (changes < 2 * ROUNDS - 2)
        bare_fail("scheduler: the threads did not take turns in ", name);
    bare_say_line(name, ns / changes, "ns");
    threads_end(scheduler);
}

/* --- each vCPU ------------------------------------------------------------------------------------------------------------------ */

static void run_vcpu(uint64_t n)
{
    struct part *part = &parts[n];
    part->scheduler.page = bare_vcpu_page(n);
    BARE_MUST("name the event entry", exo_vcpu_entries(LOS_START_PAGE->vcpu[n], 0, 0, (uint64_t)event_entry));
    for (unsigned rule = LOTTERY; rule <= STRIDE; rule++)
        if (rules[rule])
            run_rule(part, rule);
    if (any_switch && n == 0) {
        measure("switch-by-yield", yielder, part);
        measure("switch-by-semaphore", player, part);
    }
    __atomic_store_n(&part->ended, 1, __ATOMIC_RELEASE);
}

_Noreturn static void other_vcpu(uint64_t n)
{
    run_vcpu(n);
    for (;;)
        exo_vcpu_block(UINT64_MAX);
}

static void read_arguments(void)
{
    uint64_t present = LOS_START_PAGE->vcpus;
    arguments_read(&arguments);
    for (uint32_t i = 0; i < arguments.count; i++) {
        const char *word = arguments.word[i];
        bool lottery = arguments_same(word, "lottery"), stride = arguments_same(word, "stride"),
             costs = arguments_same(word, "switch");
        rules[LOTTERY] |= lottery;
        rules[STRIDE] |= stride;
        any_switch |= costs;
        if (!lottery && !stride && !costs && arguments_number(word, "units=", 1000, 1000000000, &units) != 1 &&
            arguments_number(word, "quantum=", 50, 1000000, &quantum_us) != 1 &&
            arguments_number(word, "vcpus=", 1, present, &vcpus) != 1)
            bare_fail("scheduler: unknown word, or a number out of range: ", word);
    }
    if (!rules[LOTTERY] && !rules[STRIDE] && !any_switch)
        rules[LOTTERY] = rules[STRIDE] = any_switch = true;
}

void los_entry(const struct los_start *start)
{
    read_arguments();
    for (uint64_t n = 1; n < vcpus; n++)
        BARE_MUST("start a vCPU", exo_vcpu_start(start->vcpu[n], (uint64_t)other_vcpu, start->stack[n], n));
    run_vcpu(0);
    for (uint64_t n = 1; n < vcpus; n++)
        while (!__atomic_load_n(&parts[n].ended, __ATOMIC_ACQUIRE))
            exo_vcpu_block(bare_now_ns() + 1000000);
    bare_end(0);
}
