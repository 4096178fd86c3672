/* SPDX-License-Identifier: MPL-2.0 */
/* The scheduler runs masked: an event that comes meanwhile is found when it unmasks. */
#include "threads.h"
#include <los/bare.h>

#define SHARE_STEPS 1000000ul /* a unit of work of a thread with share 1 */

static struct thread *running(struct scheduler *scheduler) { return &scheduler->thread[scheduler->current]; }

/* --- who is next ------------------------------------------------------------------------------------------------------- */

/* The least pass; among equals the next in a circle. At least one thread is ready. */
static uint32_t least_pass(const struct scheduler *scheduler)
{
    uint32_t best = THREADS_MOST, i = scheduler->current;
    uint64_t pass = UINT64_MAX;
    for (uint32_t n = scheduler->count; n; n--) {
        i = i + 1 < scheduler->count ? i + 1 : 0;
        if (scheduler->thread[i].ready && scheduler->thread[i].pass < pass) {
            best = i;
            pass = scheduler->thread[i].pass;
        }
    }
    return best;
}

/* Marsaglia's xorshift, "Xorshift RNGs", 2003. */
static uint64_t draw(struct scheduler *scheduler, uint64_t below)
{
    scheduler->random ^= scheduler->random << 13;
    scheduler->random ^= scheduler->random >> 7;
    scheduler->random ^= scheduler->random << 17;
    return scheduler->random % below;
}

static uint32_t winner(struct scheduler *scheduler)
{
    uint64_t tickets = 0;
    for (uint32_t i = 0; i < scheduler->count; i++)
        tickets += scheduler->thread[i].ready ? scheduler->thread[i].share : 0;
    if (!tickets)
        return THREADS_MOST;
    uint64_t drawn = draw(scheduler, tickets);
    for (uint32_t i = 0;; i++) {
        uint64_t share = scheduler->thread[i].ready ? scheduler->thread[i].share : 0;
        if (drawn < share)
            return i;
        drawn -= share;
    }
}

/* What the running thread did since it was charged last moves it back in the order. */
static void charge(struct scheduler *scheduler)
{
    struct thread *thread = running(scheduler);
    uint64_t work = *(volatile uint64_t *)&thread->work;
    thread->pass += (work - thread->charged) * (SHARE_STEPS / thread->share);
    thread->charged = work;
}

static void reschedule(struct scheduler *scheduler)
{
    struct thread *from = running(scheduler);
    charge(scheduler);
    uint32_t next = scheduler->thread[0].ready   ? 0
                    : scheduler->rule == LOTTERY ? winner(scheduler)
                                                 : least_pass(scheduler);
    if (next == THREADS_MOST)
        bare_fail("scheduler: all threads wait", "");
    scheduler->turns++;
    scheduler->current = next;
    if (running(scheduler) != from)
        switch_to(&from->sp, running(scheduler)->sp);
}

/* --- events ------------------------------------------------------------------------------------------------------------- */

static void mask(struct scheduler *scheduler)
{
    __atomic_store_n(&scheduler->page->masked, 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* A timer that is over, or a slice that is about to end: both end a turn. The timer alone takes a crossing, to be set anew. */
static void take_events(struct scheduler *scheduler)
{
    uint64_t pending = __atomic_exchange_n(&scheduler->page->pending, 0, __ATOMIC_SEQ_CST);
    if (pending & 1ul << EXO_PENDING_TIMER && scheduler->quantum_ns)
        exo_vcpu_timer(bare_now_ns() + scheduler->quantum_ns);
}

void preempt(struct scheduler *scheduler)
{
    take_events(scheduler);
    if (!scheduler->quantum_ns)
        return;
    scheduler->preemptions++;
    reschedule(scheduler);
}

static void unmask(struct scheduler *scheduler)
{
    for (;;) {
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        __atomic_store_n(&scheduler->page->masked, 0, __ATOMIC_SEQ_CST);
        if (!__atomic_load_n(&scheduler->page->pending, __ATOMIC_SEQ_CST))
            return;
        mask(scheduler);
        preempt(scheduler);
    }
}

/* --- threads --------------------------------------------------------------------------------------------------------------- */

void threads_start(struct scheduler *scheduler, struct exo_vcpu_page *page, enum rule rule, uint64_t quantum_ns)
{
    scheduler->page = page;
    scheduler->rule = rule;
    scheduler->quantum_ns = quantum_ns;
    scheduler->random = 0x9e3779b97f4a7c15ul;
    scheduler->turns = scheduler->preemptions = 0;
    scheduler->count = 1;
    scheduler->current = 0;
    scheduler->thread[0] = (struct thread){.scheduler = scheduler, .ready = true, .share = 1};
    *(struct scheduler **)page->libos = scheduler;
    mask(scheduler);
    exo_vcpu_timer(quantum_ns ? bare_now_ns() + quantum_ns : UINT64_MAX);
    unmask(scheduler);
}

void threads_end(struct scheduler *scheduler)
{
    mask(scheduler);
    exo_vcpu_timer(UINT64_MAX);
    __atomic_store_n(&scheduler->page->pending, 0, __ATOMIC_SEQ_CST);
}

struct thread *thread_new(struct scheduler *scheduler, void (*run)(struct thread *self), uint32_t share)
{
    uint32_t n = scheduler->count;
    if (n == THREADS_MOST)
        bare_fail("scheduler: too many threads", "");
    struct thread *thread = &scheduler->thread[n];
    *thread = (struct thread){.scheduler = scheduler, .share = share, .run = run, .ready = true};
    /* As switch_to leaves a stack: six registers, of which rbx comes out last, and where to go on. */
    uint64_t *top = (uint64_t *)(scheduler->stack[n] + THREAD_STACK) - 8;
    for (unsigned i = 0; i < 5; i++)
        top[i] = 0;
    top[5] = (uint64_t)thread;
    top[6] = (uint64_t)thread_start;
    thread->sp = (uint64_t)top;
    scheduler->count++; /* from here on it may get a turn */
    return thread;
}

void thread_main(struct thread *self)
{
    unmask(self->scheduler);
    self->run(self);
    bare_fail("scheduler: a thread returned", "");
}

/* It neither owes nor is owed anything from the time before. */
static void join(struct thread *thread)
{
    const struct scheduler *scheduler = thread->scheduler;
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 1; i < scheduler->count; i++)
        if (scheduler->thread[i].ready && scheduler->thread[i].pass < least)
            least = scheduler->thread[i].pass;
    if (least != UINT64_MAX && thread->pass < least)
        thread->pass = least;
    thread->ready = true;
}

void thread_share(struct thread *thread, uint32_t share)
{
    mask(thread->scheduler);
    if (thread == running(thread->scheduler))
        charge(thread->scheduler);
    thread->share = share;
    unmask(thread->scheduler);
}

void thread_yield(struct thread *self)
{
    mask(self->scheduler);
    reschedule(self->scheduler);
    unmask(self->scheduler);
}

void semaphore_wait(struct thread *self, struct semaphore *semaphore)
{
    mask(self->scheduler);
    if (semaphore->value) {
        semaphore->value--;
    } else { /* whoever posts hands its one over */
        self->next = NULL;
        if (!semaphore->first)
            semaphore->last = &semaphore->first;
        *semaphore->last = self;
        semaphore->last = &self->next;
        self->ready = false;
        reschedule(self->scheduler);
    }
    unmask(self->scheduler);
}

void semaphore_post(struct thread *self, struct semaphore *semaphore)
{
    mask(self->scheduler);
    struct thread *waiter = semaphore->first;
    if (waiter) {
        semaphore->first = waiter->next;
        join(waiter);
        if (waiter == &self->scheduler->thread[0])
            reschedule(self->scheduler);
    } else {
        semaphore->value++;
    }
    unmask(self->scheduler);
}
