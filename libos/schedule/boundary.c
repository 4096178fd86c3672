/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The boundary between programs and the library OS: the C halves of the entries in entry.S, the way back, and the idle loop.
 * Entries take the container lock; los_leave, the only way back to a program, gives it up.
 */
#include <exo/typed.h>
#include <los/personality.h>
#include <los/supervision.h>
#include <los/terminal.h>
#include "../memory/fault.h"
#include "../process/internal.h"
#include "internal.h"

/* A thread that woke up need not wait for the end of the whole quantum of the one that runs. */
#define FRESH_WAITS_NS 2000000ul
/* A thread is not offered to idle vCPUs at once: most often the one that woke it sleeps soon itself, and a vCPU that is awake takes it
 * sooner than one that must be woken. */
#define SHARE_AFTER_NS 200000ul
/* While CPU time limits or timers are set, they are looked at this often. */
#define CPU_TIME_TICK_NS 10000000ul

/* Page fault error code (Intel SDM 3A, 4.7). */
#define FAULT_PRESENT 1ul
#define FAULT_USER    4ul

/* --- in ------------------------------------------------------------------------------------------------------------ */

static inline struct los_thread *enter(struct los_cpu *cpu)
{
    los_lock_take(cpu);
    struct los_thread *thread = cpu->current;
    cpu->in_program = false;
    los_account_user(cpu, thread, los_clock(cpu));
    if (__builtin_expect(thread->process->cpu_timed, 0))
        los_cpu_time_check(thread);
    return thread;
}

void los_syscall_entry_c(struct los_frame *frame)
{
#ifdef LOS_SANITIZED
    if (los_quick_checked(frame))
        return;
#endif
    struct los_cpu *cpu = los_cpu();
    cpu->system_calls++;
    struct los_thread *thread = enter(cpu);
    thread->in_system_call = true;
    los_personality.system_call(frame);
    los_leave(frame);
}

void los_event_entry_c(struct los_frame *frame, bool from_program)
{
    los_assert(from_program);
    enter(los_cpu());
    los_leave(frame);
}

/* What an exception of the program means; page faults apart. */
static void exception_signal(struct los_signal_info *info)
{
    static const struct {
        int number;
        enum los_signal_cause cause;
    } of[32] = {
        [0] = {LOS_SIG_ARITHMETIC, LOS_CAUSE_DIVIDE}, [1] = {LOS_SIG_TRAP, LOS_CAUSE_STEP},
        [3] = {LOS_SIG_TRAP, LOS_CAUSE_BREAKPOINT},   [6] = {LOS_SIG_ILLEGAL, LOS_CAUSE_ILLEGAL},
        [12] = {LOS_SIG_BUS, LOS_CAUSE_FAULT_OTHER},  [16] = {LOS_SIG_ARITHMETIC, LOS_CAUSE_FLOATING},
        [17] = {LOS_SIG_BUS, LOS_CAUSE_FAULT_BUS},    [19] = {LOS_SIG_ARITHMETIC, LOS_CAUSE_FLOATING},
    };
    uint32_t vector = info->vector & 31;
    info->number = of[vector].number ? of[vector].number : LOS_SIG_SEGMENT;
    info->cause = of[vector].number ? of[vector].cause : LOS_CAUSE_FAULT_OTHER;
}

static void program_fault(struct los_frame *frame, const struct exo_upcall_frame *fault)
{
    struct los_thread *thread = los_current();
    struct los_signal_info info = {
        .vector = (uint32_t)fault->vector, .error = fault->error, .address = fault->address};
    int result = 0;
    if (fault->vector == 14) {
        thread->process->faults++;
        /* Present, but not for a supervisor: what an emulator's far return in ring 3 meets. No mapping helps. */
        bool supervisor = (fault->error & (FAULT_PRESENT | FAULT_USER)) == FAULT_PRESENT;
        if (fault->address < LOS_USER_END && !supervisor)
            result = los_space_fault(thread->process->space, fault->address, los_fault_access(fault->error));
        else
            result = -LOS_E_FAULT;
        if (!result)
            return;
    }
    if (los_personality.fault &&
        los_personality.fault(frame, (uint32_t)fault->vector, fault->error, fault->address))
        return;
    if (fault->vector != 14) {
        exception_signal(&info);
        if (info.cause != LOS_CAUSE_FAULT_OTHER && info.cause != LOS_CAUSE_FAULT_BUS)
            info.address = frame->regs.rip;
    } else if (result == -LOS_E_NOMEM) {
        los_out_of_memory();
        return;
    } else {
        info.number = result == -LOS_E_IO ? LOS_SIG_BUS : LOS_SIG_SEGMENT;
        info.cause = result == -LOS_E_IO      ? LOS_CAUSE_FAULT_BUS
                     : result == -LOS_E_ACCES ? LOS_CAUSE_FAULT_PROTECTION
                                              : LOS_CAUSE_FAULT_UNMAPPED;
    }
    los_signal_fault(&info);
}

_Noreturn static void panic_with(const struct los_frame *frame, const struct exo_upcall_frame *fault)
{
    const struct exo_regs *r = &frame->regs;
    los_log("rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx rbp %lx", r->rax, r->rbx, r->rcx, r->rdx, r->rsi,
            r->rdi, r->rbp);
    los_log("r8 %lx r9 %lx r10 %lx r11 %lx r12 %lx r13 %lx r14 %lx r15 %lx", r->r8, r->r9, r->r10, r->r11,
            r->r12, r->r13, r->r14, r->r15);
    los_panic("exception %lu error %lx address %lx at rip %lx rsp %lx flags %lx", fault->vector, fault->error,
              fault->address, r->rip, r->rsp, r->rflags);
}

void los_fault_entry_c(struct los_frame *frame, const struct exo_upcall_frame *fault, bool from_program)
{
    struct exo_upcall_frame copy = *fault;
    __atomic_store_n(&los_cpu()->page->fault_busy, 0, __ATOMIC_SEQ_CST);
    if (from_program) {
        enter(los_cpu());
        program_fault(frame, &copy);
        los_leave(frame);
    } else if (copy.vector != 14 || !los_user_fault(frame, copy.address, copy.error)) {
        panic_with(frame, &copy);
    }
}

/* --- events -------------------------------------------------------------------------------------------------------- */

bool los_events(struct los_cpu *cpu)
{
    uint64_t pending = cpu->put_aside;
    if (!pending && !__atomic_load_n(&cpu->page->pending, __ATOMIC_RELAXED))
        return false;
    pending |= __atomic_exchange_n(&cpu->page->pending, 0, __ATOMIC_SEQ_CST);
    cpu->put_aside = 0;
    cpu->interrupts++;
    if (pending >> EXO_PENDING_TIMER & 1) {
        cpu->timer_ns = LOS_FOREVER;
        cpu->quantum_armed = false;
        los_timers_run(los_now());
    }
    if (pending >> LOS_EVENT_CONSOLE & 1)
        los_console_interrupt();
    if (pending >> EXO_PENDING_RECALL & 1)
        los_recall();
    if (pending >> LOS_EVENT_FROM_SUPERVISOR & 1)
        los_supervisor_rang();
    return true; /* LOS_EVENT_RESCHEDULE says: look again. The caller does */
}

/* --- out ----------------------------------------------------------------------------------------------------------- */

static bool must_switch(struct los_cpu *cpu, struct los_thread *thread, uint64_t now)
{
    if (!(thread->affinity >> cpu->number & 1) || cpu->need_resched)
        return true;
    if (now >= thread->quantum_end_ns)
        return los_queue_has(cpu->number);
    return now >= thread->turn_ns + FRESH_WAITS_NS && los_queue_has_fresh(cpu->number);
}

/* Of the walk over the run queue: now, and when the next thread is due to be offered. */
static uint64_t share_now, share_next;

static bool ring_for(struct los_thread *thread)
{
    uint64_t may = los_cpus_idle & thread->affinity, due = thread->runnable_ns + SHARE_AFTER_NS;
    if (due > share_now) {
        share_next = due < share_next ? due : share_next;
    } else if (may) {
        uint64_t last = 1ul << thread->last_cpu % LOS_VCPUS_MAX;
        los_cpu_ring(los_cpu_number((uint32_t)__builtin_ctzll(may & last ? last : may)));
    }
    return los_cpus_idle != 0;
}

/* Threads wait: idle vCPUs may take them, and those that run programs without an end of quantum get one. Returns when to look again. */
static uint64_t share_out(struct los_cpu *self, uint64_t now)
{
    share_now = now;
    share_next = LOS_FOREVER;
    if (los_cpus_idle)
        los_queue_each(ring_for);
    for (uint32_t i = 0; i < los_cpu_count(); i++) {
        struct los_cpu *cpu = los_cpu_number(i);
        if (cpu == self || !cpu->in_program || cpu->quantum_armed)
            continue;
        cpu->quantum_armed = true;
        exo_event_ring(cpu->event);
    }
    return share_next;
}

static void arm_timer(struct los_cpu *cpu, struct los_thread *thread, uint64_t now)
{
    uint64_t deadline = los_timers_next;
    if (los_queue_count) {
        uint64_t end = thread->quantum_end_ns > now ? thread->quantum_end_ns : now + FRESH_WAITS_NS;
        uint64_t share = share_out(cpu, now);
        end = share < end ? share : end;
        deadline = end < deadline ? end : deadline;
        cpu->quantum_armed = true;
    }
    if (thread->process->cpu_timed && now + CPU_TIME_TICK_NS < deadline)
        deadline = now + CPU_TIME_TICK_NS;
    if (deadline < cpu->timer_ns) {
        cpu->timer_ns = deadline;
        exo_vcpu_timer(deadline);
    }
}

/* Everything that may be due before a program goes on. Returns the time. */
static uint64_t prepare_to_leave(struct los_thread *thread, struct los_frame *frame)
{
    struct los_cpu *cpu;
    uint64_t now;
    for (;;) {
        cpu = los_cpu();
        if (los_called(thread) && (thread->check_signals || los_signal_is_pending(thread))) {
            los_signals_deliver(frame);
            continue;
        }
        if (los_events(cpu))
            continue;
        now = los_clock(cpu);
        if (!must_switch(cpu, thread, now))
            break;
        thread->spent = true;
        thread->involuntary_switches++;
        los_schedule();
    }
    if (now >= los_load_due)
        los_load_sample(now);
    arm_timer(cpu, thread, now);
    return now;
}

/* May others wait and this thread go on all the same? The timer that ends its turn is set, and there is no other vCPU to offer them. */
static inline bool turn_goes_on(const struct los_cpu *cpu, const struct los_thread *thread, uint64_t now)
{
    return los_cpu_count() == 1 && cpu->timer_ns <= thread->quantum_end_ns && now < thread->quantum_end_ns &&
           now < thread->turn_ns + FRESH_WAITS_NS;
}

/* Is none of that due? It mostly is not. */
static inline bool nothing_is_due(const struct los_cpu *cpu, const struct los_thread *thread, uint64_t now)
{
    return !los_called(thread) && !(cpu->page->pending | cpu->put_aside | cpu->need_resched) &&
           los_timers_next >= cpu->timer_ns && thread->affinity >> cpu->number & 1 &&
           !thread->process->cpu_timed && now < los_load_due &&
           (!los_queue_count || turn_goes_on(cpu, thread, now));
}

void los_leave(struct los_frame *frame)
{
    struct los_cpu *cpu = los_cpu();
    struct los_thread *thread = cpu->current;
    uint64_t now = los_clock(cpu);
    if (__builtin_expect(!nothing_is_due(cpu, thread, now), 0)) {
        now = prepare_to_leave(thread, frame);
        cpu = los_cpu();
    }
    los_account_system(cpu, thread, now);
    thread->in_system_call = false;
    cpu->in_program = true;
    los_lock_drop(cpu);
    los_sanitize_leave();
}

/* --- quick calls: in and out without accounting -------------------------------------------------------------------- */

void los_quick_set(const los_quick_call *table, uint32_t count)
{
    for (uint32_t n = 0; n < los_cpu_count(); n++)
        for (uint32_t i = 0; i < LOS_QUICK_CALLS; i++)
            __atomic_store_n(&los_cpu_number(n)->quick[i].call,
                             i < count && table[i] ? table[i] : los_quick_none, __ATOMIC_RELAXED);
}

uint64_t los_quick_count(uint32_t number)
{
    uint64_t sum = 0;
    for (uint32_t n = 0; n < los_cpu_count(); n++)
        sum += __atomic_load_n(&los_cpu_number(n)->quick[number].count, __ATOMIC_RELAXED);
    return sum;
}

/* What the call did, or what came meanwhile, must be looked at: on from where los_quick_leave left it, with the lock. */
void los_quick_leave_c(struct los_frame *frame)
{
    struct los_cpu *cpu = los_cpu();
    cpu->in_program = false;
    los_account_user(cpu, cpu->current, los_clock(cpu));
    frame->regs.rax = cpu->quick_result;
    cpu->current->in_system_call = true;
    los_leave(frame);
}

long los_quick_woke(struct los_cpu *cpu, long result)
{
    if (__builtin_expect(!nothing_is_due(cpu, cpu->current, los_clock(cpu)), 0))
        return los_quick_leave(cpu, result);
    los_lock_drop(cpu);
    return result;
}

/* One vCPU that wakes for the first timer is enough. */
static bool watched_elsewhere(const struct los_cpu *self, uint64_t deadline)
{
    for (uint32_t i = 0; i < los_cpu_count(); i++) {
        const struct los_cpu *cpu = los_cpu_number(i);
        if (cpu != self && (cpu->idling       ? cpu->watch_ns
                            : cpu->in_program ? cpu->timer_ns
                                              : LOS_FOREVER) <= deadline)
            return true;
    }
    return false;
}

void los_idle(void)
{
    struct los_cpu *cpu = los_cpu(); /* the idle thread never moves */
    for (;;) {
        los_events(cpu);
        los_timers_run(los_now());
        if (los_queue_has(cpu->number)) {
            los_schedule();
            continue;
        }
        if (los_queue_count) /* of threads that may not run here */
            share_out(cpu, los_now() + SHARE_AFTER_NS);
        if (cpu->space)
            los_space_activate(NULL);
        uint64_t deadline = los_timers_next, start = los_now();
        cpu->watch_ns = watched_elsewhere(cpu, deadline) ? LOS_FOREVER : deadline;
        los_load_sample(start);
        los_cpus_idle |= 1ul << cpu->number;
        cpu->idling = true;
        cpu->busy_since = start;
        los_unlock();
        exo_vcpu_block(cpu->watch_ns);
        los_lock();
        cpu->idling = false;
        los_cpus_idle &= ~(1ul << cpu->number);
        cpu->idle_ns += los_now() - start;
    }
}
