/* SPDX-License-Identifier: MPL-2.0 */
/*
 * vCPUs, the container lock, threads' stacks, waiting, time.
 *
 * Library OS code runs with upcalls masked and, outside a few entry instructions, with the container lock held: entry.S's C
 * callees take it on the way in and drop it on the way out or when the vCPU goes idle. It stays held across
 * los_switch from one thread's stack to another's. So code under the lock is atomic except where it waits.
 */
#ifndef LOS_SCHEDULE_H
#define LOS_SCHEDULE_H

#include <exo/typed.h>
#include <exo/vcpu.h>
#include <los/base.h>
#include <los/image.h>

struct los_thread;
struct los_process;
struct los_quick;

/* What the entries push on a thread's stack: the program's registers. At the top of the stack for an entry from the program. */
struct los_frame {
    uint64_t number; /* system call number as the program gave it; UINT64_MAX when this is no system call */
    struct exo_regs regs;
};

/* Bits of exo_vcpu_page.pending that the library OS uses. */
enum los_event {
    LOS_EVENT_RESCHEDULE = EXO_PENDING_USER,
    LOS_EVENT_CONSOLE, /* of vCPU 0 */
    LOS_EVENT_LOCK,
};

/* Per vCPU, in the library OS's part of the vCPU page (GS base + EXO_VP_LIBOS). */
struct los_cpu {
    uint64_t stack_top; /* 0: top of the current thread's stack: entries from the program switch to it */
    uint64_t return_to; /* 8: for entry.S, which leaves by it */
    struct los_thread *current;
    struct los_cpu *self;    /* 24: address of this structure */
    struct los_thread *idle; /* the boot stack's context */
    uint64_t need_resched;
    uint32_t number;
    uint32_t lock_held;      /* this vCPU holds the container lock */
    struct los_quick *quick; /* 56: quick calls by number, LOS_QUICK_CALLS of them */
    uint64_t quick_result;   /* of a quick call that must leave by the long way: quick.h */
#define LOS_REFUSED 16
    uint64_t refused
        [LOS_REFUSED]; /* 72: where sites return to that cannot be patched, each in the place of its low bits */
    uint64_t system_calls;   /* that were not quick */
    struct los_space *space; /* the present one; NULL: the first space */
    struct exo_vcpu_page *page;
    exo_event event;      /* rings this vCPU (LOS_EVENT_RESCHEDULE) */
    exo_event lock_event; /* the same (LOS_EVENT_LOCK): the container lock was let go */
    bool idling;
    uint64_t timer_ns; /* what vcpu_timer was last set to */
    uint64_t switches, interrupts, idle_ns,
        busy_since;               /* for /proc/stat; idle_ns lacks the time since busy_since while idling */
    uint64_t user_ns, system_ns;  /* of the threads that ran here */
    struct los_thread *dead;      /* ended here; its stack is freed by whoever runs next */
    struct los_thread *fpu_owner; /* whose FPU state the registers hold */
    bool in_program;              /* left for a program; false in the library OS */
    uint64_t watch_ns;            /* while idling: when it wakes by itself */
    uint64_t put_aside;           /* bits of page->pending that came while it waited for the lock */
    bool quantum_armed;           /* the vCPU's timer will end the present quantum */
    bool x87_initial;             /* in the registers, between two threads: fpu.c */
};
_Static_assert(sizeof(struct los_cpu) <= 1024, "half of the vCPU page's library OS part");
/* That of the executing vCPU; after a wait it may be another one's. Not by __seg_gs: GCC 12 drops stores through a pointer that it
 * loaded from a constant address there. */
#ifdef EXO_UNIT_TEST
struct los_cpu *los_cpu(void);
static inline struct los_thread *los_current(void) { return los_cpu()->current; }
struct los_cpu *los_cpu_number(uint32_t n);
uint32_t los_cpu_count(void);
#else
#define LOS_CPU_MEMBER(name)                                                                                   \
    ({                                                                                                         \
        typeof(((struct los_cpu *)0)->name) value;                                                             \
        __asm__ volatile("movq %%gs:%c1, %0"                                                                   \
                         : "=r"(value)                                                                         \
                         : "i"(EXO_VP_LIBOS + offsetof(struct los_cpu, name)));                                \
        value;                                                                                                 \
    })
static inline struct los_cpu *los_cpu(void) { return LOS_CPU_MEMBER(self); }
static inline struct los_thread *los_current(void) { return LOS_CPU_MEMBER(current); }
static inline struct los_cpu *los_cpu_number(uint32_t n)
{
    return (struct los_cpu *)(LOS_VCPU_PAGES + n * LOS_PAGE + EXO_VP_LIBOS);
}
static inline uint32_t los_cpu_count(void) { return (uint32_t)LOS_START_PAGE->vcpus; }
#endif

void los_lock(void);
void los_unlock(void);

/* --- waiting ------------------------------------------------------------------------------------------------------ */
struct los_wait_queue {
    struct los_link waiters;
    uint32_t
        wakes; /* how often los_wake was called: tells that something happened to who did not wait (file/watch.c) */
};
/* One thread's place in a queue; on its stack. */
struct los_waiter {
    struct los_link link;
    struct los_thread *thread;
    bool woken;
};
/* Somebody who does not sleep wants to know of the next wake: `fired` is called once, out of the queue already; it may wake others. */
struct los_listener {
    struct los_waiter waiter; /* thread NULL */
    void (*fired)(struct los_listener *listener);
    void *owner;                  /* for `fired` */
    struct los_wait_queue *queue; /* NULL: in none */
};
void los_listen(struct los_wait_queue *queue, struct los_listener *listener);
void los_listen_no_more(struct los_listener *listener);
#define LOS_FOREVER UINT64_MAX
void los_wait_queue_init(struct los_wait_queue *queue);
/* Sleeps until los_wake, the deadline (ns since boot), or, when interruptible, a signal. Returns 0, TIMEDOUT or RESTART (the caller turns
 * it into INTR where a call is never restarted). Check the condition in a loop. */
int los_wait(struct los_wait_queue *queue, uint64_t deadline_ns, bool interruptible);
/* For waiting on several queues at once (poll): enlist in each, re-check, los_wait_enlisted, then delist from each. */
void los_enlist(struct los_wait_queue *queue, struct los_waiter *waiter);
int los_wait_enlisted(
    uint64_t deadline_ns,
    bool interruptible); /* returns 0 at once when any of the thread's waiters was woken since enlisting */
void los_delist(struct los_waiter *waiter);
unsigned los_wake(struct los_wait_queue *queue, unsigned most); /* returns how many; UINT32_MAX: all */
void los_wake_thread(struct los_thread *thread); /* makes a sleeping thread runnable whatever it waits for */

/* --- scheduling ---------------------------------------------------------------------------------------------------- */
void los_schedule(void); /* run something else; the current thread's state says whether it stays runnable */
void los_yield(void);
void los_make_runnable(struct los_thread *thread);
extern uint64_t los_quantum_ns; /* policy: 10 ms at first */
void los_kick(struct los_thread
                  *thread); /* bring it to its next safe point soon: signals, stops and ends are seen there */
/* As los_wait_enlisted, for waits that only the thread's end may cut short (then RESTART). */
int los_wait_killable(uint64_t deadline_ns);
uint64_t los_runnable_count(void);
void los_load_average(uint64_t out[3]); /* times 2^16: 1, 5, 15 minutes */

/* The current thread's registers that struct los_frame does not hold. While it is on a vCPU they are live, and its fpu and
 * fs_base fields are stale until los_fpu_save, and unused until los_fpu_load. */
uint64_t los_fs_base(void);
void los_set_fs_base(uint64_t base);
void los_fpu_save(void);    /* registers to thread->fpu */
void los_fpu_load(void);    /* thread->fpu to registers */
void los_fpu_reset(void);   /* as at a program's start, in both */
size_t los_fpu_bytes(void); /* length of thread->fpu: an XSAVE area, or FXSAVE's 512 bytes */

/* --- time ------------------------------------------------------------------------------------------------------------ */
extern uint64_t los_start_ns; /* when the first vCPU began */
uint64_t los_now(void);       /* ns since boot; needs no lock */
uint64_t los_wall_now(void);  /* ns since 1970 */
int los_set_wall(uint64_t ns);
int64_t los_wall_offset(void); /* ns that los_set_wall has added to the vCPU page's clock_wall_ns so far */
struct los_timer {
    struct los_link link;
    uint64_t deadline_ns;
    void (*fire)(struct los_timer *timer); /* under the container lock, in the event path: must not wait */
};
void los_timer_init(struct los_timer *timer, void (*fire)(struct los_timer *));
void los_timer_set(struct los_timer *timer, uint64_t deadline_ns); /* moves it when set already */
void los_timer_cancel(struct los_timer *timer);
bool los_timer_is_set(const struct los_timer *timer);

#endif
