/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Switching a vCPU from one thread to another: stack, space, FPU state (fpu.c) and FS base. The container lock is held across it: the
 * thread that comes up gives it back.
 */
#include "../process/internal.h"
#include "internal.h"

/* entry.S */
void los_switch(uint64_t *save_sp, uint64_t load_sp);
uint64_t los_machine_fs_base(void);
void los_machine_set_fs_base(uint64_t base);
extern char los_thread_start[];

#define STACK_MARK 0x6b7865646e657473ul /* at the low end of each stack: gone means that it overflowed */

/* Where the instructions trap, the base is known without them: programs are not told of them, so none sets it itself. */
static bool bases_trap;
static uint64_t fs_loaded[LOS_VCPUS_MAX]; /* only then: what each vCPU's is */

void los_bases_init(const struct exo_vcpu_page *page) { bases_trap = page->cpu_flags & EXO_CPU_BASES_TRAP; }

static void load_fs_base(const struct los_cpu *cpu, uint64_t base)
{
    if (bases_trap && fs_loaded[cpu->number] == base)
        return;
    fs_loaded[cpu->number] = base;
    los_machine_set_fs_base(base);
}

uint64_t los_fs_base(void) { return bases_trap ? los_current()->fs_base : los_machine_fs_base(); }
void los_set_fs_base(uint64_t base) { load_fs_base(los_cpu(), los_current()->fs_base = base); }

/* --- threads ---------------------------------------------------------------------------------------------------------- */

void los_stack_prepare(struct los_thread *thread)
{
    *(uint64_t *)thread->stack = STACK_MARK;
    thread->stack_top = thread->stack + LOS_STACK_BYTES - 8;
    thread->frame = (struct los_frame *)(thread->stack_top - sizeof *thread->frame);
    memset(thread->frame, 0, sizeof *thread->frame);
    uint64_t *top = (uint64_t *)thread->frame;
    *--top = (uint64_t)los_thread_start;
    for (int i = 0; i < 6; i++)
        *--top = 0;
    thread->saved_sp = (uint64_t)top;
}

/* The first thing on any stack after los_switch: nobody stands on the stack of a thread that ended here any more. */
static void switched(void)
{
    struct los_cpu *cpu = los_cpu();
    if (cpu->dead) {
        struct los_thread *dead = cpu->dead;
        cpu->dead = NULL;
        los_thread_free(dead);
    }
}

void los_thread_begin(struct los_frame *frame)
{
    struct los_thread *thread = los_current();
    switched();
    if (thread->begin) {
        void (*begin)(struct los_frame *) = thread->begin;
        thread->begin = NULL;
        begin(frame);
    }
    los_leave(frame);
}

static void suspend(struct los_cpu *cpu, struct los_thread *thread, uint64_t now)
{
    if (*(uint64_t *)thread->stack != STACK_MARK)
        los_panic("thread %d overflowed its stack", thread->tid);
    los_account_system(cpu, thread, now);
    if (thread->state == LOS_THREAD_DEAD) {
        cpu->dead = thread;
        cpu->x87_initial = false; /* nobody looked */
        return;
    }
    los_fpu_suspend(cpu, thread);
    thread->fs_base = los_fs_base();
}

static void resume(struct los_cpu *cpu, struct los_thread *thread, uint64_t now)
{
    struct los_space *space = thread->process->space;
    los_fpu_resume(cpu, thread);
    if (cpu->space != space)
        los_space_activate(space);
    load_fs_base(cpu, thread->fs_base);
    thread->last_cpu = cpu->number;
    thread->stamp_ns = now;
    thread->turn_ns = now;
    thread->quantum_end_ns = now + los_quantum_of(thread);
}

static void switch_to(struct los_thread *next)
{
    struct los_cpu *cpu = los_cpu();
    struct los_thread *previous = cpu->current;
    uint64_t now = los_clock(cpu);
    if (previous != cpu->idle)
        suspend(cpu, previous, now);
    next->state = LOS_THREAD_ON_CPU;
    cpu->current = next;
    cpu->stack_top = next->stack_top;
    cpu->quantum_armed = false;
    cpu->switches++;
    if (next != cpu->idle) {
        resume(cpu, next, now);
        next->process->switches++;
    }
    los_switch(&previous->saved_sp, next->saved_sp);
    switched();
}

void los_schedule(void)
{
    struct los_cpu *cpu = los_cpu();
    struct los_thread *current = cpu->current;
    los_assert(cpu->lock_held);
    cpu->need_resched = 0;
    if (current->state == LOS_THREAD_ON_CPU && current != cpu->idle)
        los_make_runnable(current);
    struct los_thread *next = los_queue_take(cpu->number);
    if (!next)
        next = cpu->idle;
    if (next == current)
        current->state = LOS_THREAD_ON_CPU;
    else
        switch_to(next);
}

void los_yield(void)
{
    los_current()->spent = true;
    los_schedule();
}

void los_make_runnable(struct los_thread *thread)
{
    if (los_cpu_count() > 1) /* with one nobody could be offered it */
        thread->runnable_ns = los_now();
    los_queue_add(thread);
}

void los_kick(struct los_thread *thread)
{
    if (thread->state == LOS_THREAD_SLEEPING && (thread->interruptible || thread->killable)) {
        thread->spent = false;
        los_make_runnable(thread);
    }
    if (thread->state == LOS_THREAD_ON_CPU && thread != los_current())
        los_cpu_ring(los_cpu_number(thread->last_cpu));
}
