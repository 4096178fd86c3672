/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of libos/schedule share, and what libos/start calls once. Under the container lock unless said otherwise. */
#ifndef LOS_SCHEDULE_INTERNAL_H
#define LOS_SCHEDULE_INTERNAL_H

#include <los/process.h>
#include <los/schedule.h>

/* --- cpu.c: the vCPUs' own data --- */
extern const struct los_start *los_start_page;
/* The calling vCPU's data and its idle thread, which is the context it runs in. Needs no lock. */
void los_cpu_init(const struct los_start *start, uint32_t number);
void los_cpu_tokens(const struct los_start *start); /* entries and doorbells of all vCPUs; on vCPU 0 */
void los_cpus_start(const struct los_start *start); /* lets the others run */
extern uint64_t los_cpus_idle; /* bit n: vCPU n is about to block or blocks, nobody rang it yet */
void los_cpu_ring(struct los_cpu *cpu);

/* --- queue.c: who is runnable --- */
void los_queue_init(void);
void los_queue_add(struct los_thread *thread);   /* behind its like: thread->spent tells which */
struct los_thread *los_queue_take(uint32_t cpu); /* the next that may run there, removed; or NULL */
bool los_queue_has(uint32_t cpu);                /* is there one? */
bool los_queue_has_fresh(uint32_t cpu);          /* one that waits since it woke */
void los_queue_each(bool (*each)(struct los_thread *thread)); /* until it returns false */
uint64_t los_quantum_of(const struct los_thread *thread);

/* --- switch.c --- */
void los_fpu_init(const struct exo_vcpu_page *page);
bool los_fpu_create(struct los_thread *thread); /* an area with the initial state; false: out of memory */
void los_fpu_destroy(struct los_thread *thread);
/* Lays out a new thread's stack so that it starts in los_thread_begin with its frame. */
void los_stack_prepare(struct los_thread *thread);
void los_thread_begin(struct los_frame *frame);
/* The current thread's time since its stamp belongs to the library OS, resp. to the program. Returns now. */
uint64_t los_account_system(struct los_thread *thread);
uint64_t los_account_user(struct los_thread *thread);

/* --- timer.c --- */
void los_timers_init(void);
uint64_t los_timers_next(void);    /* earliest deadline; LOS_FOREVER */
void los_timers_run(uint64_t now); /* fires what is due */

/* --- load.c --- */
void los_load_sample(uint64_t now); /* cheap when it is not time yet */

/* --- boundary.c: between program and library OS --- */
/* All that is due before the program goes on: signals, events, preemption. Then arms the timer and gives the lock up. */
void los_leave(struct los_frame *frame);
bool los_events(struct los_cpu *cpu); /* handles what is pending; false: nothing was */
_Noreturn void los_idle(void);        /* the idle thread's loop; lock held */

#endif
