/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Quick calls: system calls that never sleep and need nothing of their frame but the arguments. They are made with nothing
 * saved, without the container lock unless they take it by los_quick_begin, and without accounting: their time is the program's. They are counted.
 * Called for patched sites, and for those that are known not to be patchable; a thread whose flags are unusual takes the long way.
 */
#ifndef LOS_QUICK_H
#define LOS_QUICK_H

#include <los/process.h>
#include <los/sanitize.h>
#include <los/schedule.h>

/* entry.S calls them, and saves nothing. What goes into a table goes by LOS_QUICK_CALL, which does not compile without LOS_QUICK. */
#ifdef EXO_UNIT_TEST
#define LOS_QUICK            /* unit tests call them from C, and may use vector registers */
#define LOS_QUICK_CALL(name) (name)
#else
#define LOS_QUICK __attribute__((no_caller_saved_registers))
#define LOS_QUICK_CALL(name)                                                                                   \
    __builtin_choose_expr(__builtin_has_attribute(name, no_caller_saved_registers), name,                      \
                          (struct los_it_lacks_LOS_QUICK *)0)
#endif
typedef long (*los_quick_call)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
#define LOS_QUICK_CALLS 512 /* numbers are less */
struct los_quick {          /* each vCPU has its own: to count is to add, and not to disturb the others */
    los_quick_call call;
    uint64_t count;
};
#define LOS_QUICK_NOT   INT64_MIN       /* nothing was done: make the call by system_call */
#define LOS_QUICK_LEAVE (INT64_MIN + 1) /* only from those below */
/* By number; NULL: that call is not quick. count 0: none is. */
void los_quick_set(const los_quick_call *table, uint32_t count);
uint64_t los_quick_count(uint32_t number); /* how often it was made quickly, by all vCPUs */

/* The container lock, for those who have the vCPU's data at hand. */
struct los_container_lock {
    uint32_t locked;
    uint32_t first;    /* number + 1 of the vCPU that lost patience; 0: none */
    uint64_t sleepers; /* bit n: vCPU n blocks, or is about to, until it is rung */
};
extern struct los_container_lock los_container_lock;
void los_lock_wake(void);

static inline void los_lock_drop(struct los_cpu *cpu)
{
    los_sanitize_unlock(&los_container_lock);
    cpu->lock_held = 0;
    __atomic_store_n(&los_container_lock.locked, 0, __ATOMIC_SEQ_CST);
    if (__builtin_expect(__atomic_load_n(&los_container_lock.sleepers, __ATOMIC_SEQ_CST) != 0, 0))
        los_lock_wake();
}

/* Takes the lock. False: somebody has it; return LOS_QUICK_NOT. */
static inline bool los_quick_begin(struct los_cpu *cpu)
{
    if (los_container_lock.first | los_container_lock.locked ||
        __atomic_exchange_n(&los_container_lock.locked, 1, __ATOMIC_SEQ_CST))
        return false;
    los_sanitize_lock(&los_container_lock, "container lock");
    cpu->lock_held = 1;
    return true;
}

/* Each gives it up, and its result is what the quick call has to return. The first is for calls that did nothing. The second is for those
 * that made a signal deliverable: what is due is looked at before the program goes on. */
static inline long los_quick_drop(struct los_cpu *cpu)
{
    los_lock_drop(cpu);
    return LOS_QUICK_NOT;
}
static inline long los_quick_leave(struct los_cpu *cpu, long result)
{
    cpu->quick_result = (uint64_t)result;
    return LOS_QUICK_LEAVE;
}
static inline long los_quick_end(struct los_cpu *cpu, long result)
{
    const struct los_thread *thread = cpu->current;
    if (__builtin_expect(thread->exiting | thread->check_signals, 0))
        return los_quick_leave(cpu, result);
    los_lock_drop(cpu);
    return result;
}
/* As los_quick_end, for those that may have woken a thread. */
long los_quick_woke(struct los_cpu *cpu, long result);
void los_quick_leave_c(struct los_frame *frame); /* for entry.S */

/* The descriptor, the program's address, bytes: where the file's operations are immediate (file.h), and few bytes are asked for. */
LOS_QUICK long los_quick_read(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
LOS_QUICK long los_quick_write(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

#endif
