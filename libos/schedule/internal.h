/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of libos/schedule share, and what libos/start calls once. Under the container lock unless said otherwise. */
#ifndef LOS_SCHEDULE_INTERNAL_H
#define LOS_SCHEDULE_INTERNAL_H

#include <los/process.h>
#include <los/quick.h>
#include <los/sanitize.h>
#include <los/schedule.h>

/* --- cpu.c: the vCPUs' own data --- */
/* The calling vCPU's data and its idle thread, which is the context it runs in. Needs no lock. */
void los_cpu_init(uint32_t number);
/* On vCPU 0: entries, doorbells and tables of quick calls of all vCPUs, whose data it clears but for its own. */
void los_cpu_tokens(const struct los_start *start);
void los_cpus_start(const struct los_start *start); /* lets the others run */
extern uint64_t los_cpus_idle; /* bit n: vCPU n is about to block or blocks, nobody rang it yet */
void los_cpu_ring(struct los_cpu *cpu);

/* --- lock.c: the container lock, for those who have the vCPU's data at hand --- */
void los_lock_contended(struct los_cpu *cpu);
static inline void los_lock_take(struct los_cpu *cpu)
{
    los_sanitize_lock(&los_container_lock, "container lock");
    if (__builtin_expect(los_container_lock.first != 0, 0) ||
        __builtin_expect(__atomic_exchange_n(&los_container_lock.locked, 1, __ATOMIC_SEQ_CST), 0))
        los_lock_contended(cpu);
    cpu->lock_held = 1;
}
/* --- clock.c --- */
#ifdef EXO_UNIT_TEST
static inline uint64_t los_clock(const struct los_cpu *cpu) { return (void)cpu, los_now(); }
#else
static inline uint64_t los_clock(const struct los_cpu *cpu)
{
    const struct exo_vcpu_page *page = cpu->page;
    uint64_t ticks = __builtin_ia32_rdtsc() - page->clock_tsc;
    return page->clock_ns + (uint64_t)(((unsigned __int128)ticks * page->clock_mult) >> 32);
}
#endif

/* --- queue.c: who is runnable --- */
extern uint64_t los_queue_count;
void los_queue_init(void);
void los_queue_add(struct los_thread *thread);   /* behind its like: thread->spent tells which */
struct los_thread *los_queue_take(uint32_t cpu); /* the next that may run there, removed; or NULL */
bool los_queue_has(uint32_t cpu);                /* is there one? */
bool los_queue_has_fresh(uint32_t cpu);          /* one that waits since it woke */
void los_queue_each(bool (*each)(struct los_thread *thread)); /* until it returns false */
uint64_t los_quantum_of(const struct los_thread *thread);

/* --- fpu.c --- */
void los_fpu_init(const struct exo_vcpu_page *page);
bool los_fpu_create(struct los_thread *thread); /* an area with the initial state; false: out of memory */
void los_fpu_destroy(struct los_thread *thread);
/* The thread leaves the vCPU, resp. comes up on it; its space is not active yet. */
void los_fpu_suspend(struct los_cpu *cpu, struct los_thread *thread);
void los_fpu_resume(struct los_cpu *cpu, struct los_thread *thread);

/* --- switch.c --- */
void los_bases_init(const struct exo_vcpu_page *page);
/* Lays out a new thread's stack so that it starts in los_thread_begin with its frame. */
void los_stack_prepare(struct los_thread *thread);
void los_thread_begin(struct los_frame *frame);
/* The current thread's time since its stamp belongs to the library OS, resp. to the program. */
static inline void los_account_system(struct los_cpu *cpu, struct los_thread *thread, uint64_t now)
{
    thread->system_ns += now - thread->stamp_ns;
    cpu->system_ns += now - thread->stamp_ns;
    thread->stamp_ns = now;
}
static inline void los_account_user(struct los_cpu *cpu, struct los_thread *thread, uint64_t now)
{
    thread->user_ns += now - thread->stamp_ns;
    cpu->user_ns += now - thread->stamp_ns;
    thread->stamp_ns = now;
}

/* --- wait.c --- */
/* Does anything but its own course call for the thread: its end, a signal, a stop? False is exact; most often it is false. */
static inline bool los_called(const struct los_thread *thread)
{
    const struct los_process *process = thread->process;
    return thread->exiting | thread->check_signals | (process->state != LOS_RUNNING) |
           (((thread->pending.set | process->pending.set) & ~thread->mask) != 0);
}

/* --- timer.c --- */
void los_timers_init(void);
extern uint64_t los_timers_next;   /* earliest deadline; LOS_FOREVER */
void los_timers_run(uint64_t now); /* fires what is due */

/* --- load.c --- */
extern uint64_t los_load_due; /* when the next sample is to be taken, if somebody runs */
void los_load_sample(uint64_t now);

/* --- boundary.c: between program and library OS --- */
/* All that is due before the program goes on: signals, events, preemption. Then arms the timer and gives the lock up. */
void los_leave(struct los_frame *frame);
bool los_events(struct los_cpu *cpu); /* handles what is pending; false: nothing was */
_Noreturn void los_idle(void);        /* the idle thread's loop; lock held */
long los_quick_none(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                    uint64_t); /* in entry.S: in the place of what is not quick */
#ifdef LOS_SANITIZED
bool los_quick_checked(
    struct los_frame *frame); /* quick calls are made from C, behind checks: test/sanitizer/quick.c */
#endif

#endif
