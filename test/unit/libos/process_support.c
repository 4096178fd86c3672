/* SPDX-License-Identifier: MPL-2.0 */
/* See process_support.h. Stands in for entry.S, schedule/cpu.c, schedule/clock.c and schedule/boundary.c. */
#include <stdlib.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <los/quick.h>
#include "process_support.h"

uint64_t test_now = 1000000000;
int test_status = -1, test_delivered[8];
unsigned test_deliveries;
uint64_t los_cpus_idle;
static struct los_thread idle;

/* --- the stack switch of entry.S, with what the address sanitizer wants to know of it ----------------------------- */

__asm__(".text\n"
        ".globl los_thread_start\n"
        "test_switch:\n"
        "pushq %rbx; pushq %rbp; pushq %r12; pushq %r13; pushq %r14; pushq %r15\n"
        "movq %rsp, (%rdi); movq %rsi, %rsp\n"
        "popq %r15; popq %r14; popq %r13; popq %r12; popq %rbp; popq %rbx; ret\n"
        "los_thread_start: movq %rsp, %rdi; call test_thread_begin; ud2\n");
void test_switch(uint64_t *save_sp, uint64_t load_sp);
void los_switch(uint64_t *save_sp, uint64_t load_sp);
void test_thread_begin(struct los_frame *frame);

#ifndef __SANITIZE_ADDRESS__ /* a coverage build */
#define __sanitizer_start_switch_fiber(fake, bottom, bytes)  ((void)(fake), (void)(bottom), (void)(bytes))
#define __sanitizer_finish_switch_fiber(fake, bottom, bytes) ((void)(fake), *(bottom) = NULL, *(bytes) = 1)
#endif

static const void *idle_bottom;
static size_t idle_bytes;

static void arrived(void *fake)
{
    const void *bottom;
    size_t bytes;
    __sanitizer_finish_switch_fiber(fake, &bottom, &bytes);
    if (!idle_bytes) { /* the first switch leaves the idle thread */
        idle_bottom = bottom;
        idle_bytes = bytes;
    }
    struct los_thread *dead = los_cpu()->dead; /* its frames never return */
    if (dead)
        ASAN_UNPOISON_MEMORY_REGION((void *)dead->stack, LOS_STACK_BYTES);
}

void los_switch(uint64_t *save_sp, uint64_t load_sp)
{
    struct los_thread *next = los_current();
    void *fake = NULL;
    if (next == &idle)
        __sanitizer_start_switch_fiber(&fake, idle_bottom, idle_bytes);
    else
        __sanitizer_start_switch_fiber(&fake, (void *)next->stack, LOS_STACK_BYTES);
    test_switch(save_sp, load_sp);
    arrived(fake);
}

void test_thread_begin(struct los_frame *frame)
{
    arrived(NULL);
    los_thread_begin(frame);
}

void los_machine_xsave(void *area, uint64_t mask);
void los_machine_xsaveopt(void *area, uint64_t mask);
void los_machine_xrstor(const void *area, uint64_t mask);
void los_machine_fxsave(void *area);
void los_machine_fxrstor(const void *area);
uint64_t los_machine_vectors_save(void *area, bool high);
void los_machine_vectors_load(const void *area, bool high);
void los_machine_vectors_load_low(const void *area);
uint64_t los_machine_fs_base(void);
void los_machine_set_fs_base(uint64_t base);
void los_machine_xsave(void *area, uint64_t mask) { (void)area, (void)mask; }
void los_machine_xsaveopt(void *area, uint64_t mask) { (void)area, (void)mask; }
void los_machine_xrstor(const void *area, uint64_t mask) { (void)area, (void)mask; }
void los_machine_fxsave(void *area) { (void)area; }
void los_machine_fxrstor(const void *area) { (void)area; }
uint64_t los_machine_vectors_save(void *area, bool high) { return (void)area, (void)high, 0; }
void los_machine_vectors_load(const void *area, bool high) { (void)area, (void)high; }
void los_machine_vectors_load_low(const void *area) { (void)area; }
uint64_t los_machine_fs_base(void) { return 0; }
void los_machine_set_fs_base(uint64_t base) { (void)base; }

struct los_cpu *los_cpu_number(uint32_t n)
{
    cr_assert(n == 0);
    return los_cpu();
}
uint32_t los_cpu_count(void) { return 1; }
uint64_t los_quick_count(uint32_t number) { return number == 39 ? 7 : 0; }
void los_cpu_ring(struct los_cpu *cpu) { (void)cpu; }
uint64_t los_now(void) { return test_now; }
uint64_t los_wall_now(void) { return test_now; }

void test_safe_point(void)
{
    struct los_thread *thread = los_current();
    while (thread->exiting || thread->check_signals || los_signal_is_pending(thread))
        los_signals_deliver(thread->frame);
}

/* What a program would do: nothing more. */
void los_leave(struct los_frame *frame)
{
    (void)frame;
    test_safe_point();
    los_exit_process(0);
}

static bool deliver(struct los_frame *frame, const struct los_action *action,
                    const struct los_signal_info *info, los_signal_set old_mask)
{
    (void)frame, (void)action, (void)old_mask;
    test_delivered[test_deliveries++ % 8] = info->number;
    return true;
}

/* A cloned thread finds what it shall run where the number of its system call would be. */
static void run_body(struct los_frame *frame)
{
    void (*body)(struct los_frame *) = (void (*)(struct los_frame *))frame->number;
    body(frame);
    if (los_current()->process->leader != los_current())
        los_exit_thread(0);
    los_exit_process(0);
}

static void cloned(struct los_thread *child, struct los_thread *parent)
{
    (void)parent;
    child->begin = run_body;
}

const struct los_personality los_personality = {
    .name = "test", .deliver_signal = deliver, .thread_cloned = cloned};

/* Process 1 has ended: nothing of it runs any more. */
void los_container_exit(int status)
{
    if (!los_current()) /* a test without threads */
        exit(status);
    test_status = status;
    for (;;) {
        los_current()->state = LOS_THREAD_SLEEPING;
        los_schedule();
    }
}

/* The parts that are not linked here. */
struct los_descriptors;
struct los_file_context;
__attribute__((weak)) void los_descriptors_unref(struct los_descriptors *t);
__attribute__((weak)) void los_descriptors_unref(struct los_descriptors *t) { (void)t; }
__attribute__((weak)) void los_descriptors_ref(struct los_descriptors *t);
__attribute__((weak)) void los_descriptors_ref(struct los_descriptors *t) { (void)t; }
__attribute__((weak)) struct los_descriptors *los_descriptors_clone(struct los_descriptors *t);
__attribute__((weak)) struct los_descriptors *los_descriptors_clone(struct los_descriptors *t) { return t; }
__attribute__((weak)) void los_descriptors_close_on_exec(struct los_descriptors *t);
__attribute__((weak)) void los_descriptors_close_on_exec(struct los_descriptors *t) { (void)t; }
__attribute__((weak)) void los_file_context_unref(struct los_file_context *c);
__attribute__((weak)) void los_file_context_unref(struct los_file_context *c) { (void)c; }
__attribute__((weak)) struct los_file_context *los_file_context_clone(const struct los_file_context *c);
__attribute__((weak)) struct los_file_context *los_file_context_clone(const struct los_file_context *c)
{
    return (struct los_file_context *)c;
}
__attribute__((weak)) void los_terminal_session_ended(struct los_process *leader);
__attribute__((weak)) void los_terminal_session_ended(struct los_process *leader) { (void)leader; }

struct los_process *test_boot(void (*body)(struct los_frame *frame))
{
    fake_start(4096);
    struct los_cpu *cpu = los_cpu();
    cpu->idle = cpu->current = &idle;
    cpu->timer_ns = LOS_FOREVER;
    idle.state = LOS_THREAD_ON_CPU;
    idle.affinity = 1;
    los_lock();
    los_queue_init();
    los_timers_init();
    los_futex_init();
    los_process_table_init();
    struct los_process *first = los_first_process();
    first->leader->begin = body;
    los_make_runnable(first->leader);
    return first;
}

void test_run(void)
{
    for (;;) {
        while (los_queue_has(0))
            los_schedule();
        uint64_t deadline = los_timers_next;
        if (deadline == LOS_FOREVER)
            return;
        test_now = deadline;
        los_timers_run(test_now);
    }
}

long test_clone(uint32_t flags, void (*body)(struct los_frame *frame))
{
    struct los_clone how = {.flags = flags, .exit_signal = LOS_SIG_CHILD};
    struct los_thread *self = los_current();
    uint64_t number = self->frame->number;
    self->frame->number = (uint64_t)body;
    long tid = los_clone(&how);
    self->frame->number = number;
    return tid;
}
