/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Threads of one vCPU, and a rule that shares its time among them. Each vCPU has a scheduler and threads of its own: shares hold among
 * the threads of a vCPU, no thread moves, and nothing needs a lock. What a thread did is counted by itself, in units of its own
 * work, and is what it is charged for: time that somebody else took from the vCPU is charged to nobody.
 *
 * The rules are those of Waldspurger and Weihl: "Lottery scheduling", OSDI 1994: each turn goes to the thread whose ticket is drawn; and
 * "Stride scheduling", MIT/LCS/TM-528, 1995: each turn goes to the thread that got least for its share so far.
 */
#ifndef THREADS_H
#define THREADS_H

#include <exo/vcpu.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { THREADS_MOST = 8, SHARE_MOST = 1000, THREAD_STACK = 8192 };

enum rule { LOTTERY, STRIDE };

struct thread {
    uint64_t sp; /* while it does not run */
    struct scheduler *scheduler;
    bool ready;
    uint32_t share;
    uint64_t pass;       /* stride: work done by its share, in 1 / SHARE_STEPS; the least is next */
    uint64_t work;       /* units done: the thread alone counts */
    uint64_t charged;    /* of these */
    struct thread *next; /* in the queue of a semaphore */
    void (*run)(struct thread *self);
    uint64_t x; /* for whoever runs in it */
};

struct scheduler {
    struct exo_vcpu_page *page;
    struct thread
        thread[THREADS_MOST]; /* 0 is who called threads_start: when it is ready it comes before all others */
    uint32_t count, current;
    enum rule rule;
    uint64_t quantum_ns; /* 0: threads run until they yield */
    uint64_t random;
    uint64_t turns, preemptions;
    uint8_t stack[THREADS_MOST][THREAD_STACK] __attribute__((aligned(16)));
};

struct semaphore {
    uint64_t value;
    struct thread *first, **last;
};

/* Makes the caller thread 0 of the vCPU with that page. quantum_ns: after that long a thread is preempted; 0: never. */
void threads_start(struct scheduler *scheduler, struct exo_vcpu_page *page, enum rule rule,
                   uint64_t quantum_ns);
/* No more preemption, until the next start. All threads but 0 must be blocked, or never run again. */
void threads_end(struct scheduler *scheduler);
/* At most THREADS_MOST - 1; the thread never returns from `run`. share: 1 to SHARE_MOST. */
struct thread *thread_new(struct scheduler *scheduler, void (*run)(struct thread *self), uint32_t share);
/* Holds from the next turn on. */
void thread_share(struct thread *thread, uint32_t share);
/* Of the running thread: gives the turn away. No crossing: a few dozen instructions. */
void thread_yield(struct thread *self);
/* Waits until value is not 0, and takes one. Nothing is charged or owed while it waits. */
void semaphore_wait(struct thread *self, struct semaphore *semaphore);
void semaphore_post(struct thread *self, struct semaphore *semaphore);

/* entry.S */
void switch_to(uint64_t *save_sp, uint64_t load_sp);
void thread_start(void);
void event_entry(void);
void preempt(struct scheduler *scheduler); /* called by event_entry, masked */
_Noreturn void thread_main(struct thread *self);

#endif
