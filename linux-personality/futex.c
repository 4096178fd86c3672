/* SPDX-License-Identifier: MPL-2.0 */
/* futex(2), without its priority-inheriting operations, and the addresses that matter at a thread's end. */
#include <clock.h>
#include <dispatch.h>

#define MATCH_ANY UINT32_MAX

static long resume_wait(struct lx_thread *self);

static long wait(uint64_t address, uint32_t expected, uint64_t deadline, uint32_t bitset, bool shared,
                 bool relative)
{
    if (bitset == 0)
        return -LOS_E_INVAL;
    long result = los_futex_wait(address, expected, deadline, bitset, shared);
    if (result != -LOS_E_RESTART || deadline == LOS_FOREVER || !relative)
        return result;
    struct lx_thread *self = lx_thread(); /* made again, it must not wait longer in all */
    if (self == NULL)
        return -LOS_E_INTR;
    self->resume = resume_wait;
    self->deadline_ns = deadline;
    self->word[0] = address;
    self->word[1] = (uint64_t)bitset << 32 | expected;
    self->word[2] = shared;
    return LX_FAIL(LX_ERESTART_BLOCK);
}

static long resume_wait(struct lx_thread *self)
{
    return wait(self->word[0], (uint32_t)self->word[1], self->deadline_ns, (uint32_t)(self->word[1] >> 32),
                self->word[2] != 0, true);
}

/* WAKE_OP: does an operation on the second word, wakes waiters of the first, and of the second when its old value compares. */
static long operate(uint64_t address, uint32_t code, bool *wake_second)
{
    uint32_t operation = code >> 28 & 7, compare = code >> 24 & 15, found;
    int32_t operand = (int32_t)(code << 8) >> 20, against = (int32_t)(code << 20) >> 20;
    if (code >> 31)
        operand = (int32_t)(1u << (operand & 31));
    if (operation > 4 || compare > 5)
        return -LOS_E_NOSYS;
    uint32_t old, desired;
    if (los_user_load32(address, &old) != 0)
        return -LOS_E_FAULT;
    for (;;) {
        uint32_t o = (uint32_t)operand;
        desired = operation == 0   ? o
                  : operation == 1 ? old + o
                  : operation == 2 ? old | o
                  : operation == 3 ? old & ~o
                                   : old ^ o;
        if (los_user_exchange32(address, old, desired, &found) != 0)
            return -LOS_E_FAULT;
        if (found == old)
            break;
        old = found;
    }
    int32_t value = (int32_t)old;
    const bool results[] = {value == against, value != against, value<against, value <= against, value> against,
                            value >= against};
    *wake_second = results[compare];
    return 0;
}

static long wake_op(const struct lx_args *args, bool shared)
{
    bool wake_second;
    if (args->arg[4] & 3)
        return -LOS_E_INVAL;
    long error = operate(args->arg[4], (uint32_t)args->arg[5], &wake_second);
    if (error != 0)
        return error;
    long woken = los_futex_wake(args->arg[0], (uint32_t)args->arg[2], MATCH_ANY, shared);
    if (woken < 0 || !wake_second)
        return woken;
    long more = los_futex_wake(args->arg[4], (uint32_t)args->arg[3], MATCH_ANY, shared);
    return more < 0 ? more : woken + more;
}

static long wait_until(const struct lx_args *args, uint32_t command, bool shared, bool wall)
{
    uint64_t deadline = LOS_FOREVER, ns;
    bool relative = command == LX_FUTEX_WAIT;
    if (args->arg[3] != 0) {
        long error = lx_timespec_in(args->arg[3], &ns);
        if (error != 0)
            return error;
        deadline =
            relative ? lx_deadline(ns) : lx_clock_deadline(wall ? LX_CLOCK_REALTIME : LX_CLOCK_MONOTONIC, ns);
    }
    return wait(args->arg[0], (uint32_t)args->arg[2], deadline, relative ? MATCH_ANY : (uint32_t)args->arg[5],
                shared, relative);
}

long lx_sys_futex(const struct lx_args *args)
{
    uint32_t operation = (uint32_t)args->arg[1], command = operation & 127, value = (uint32_t)args->arg[2];
    bool shared = !(operation & LX_FUTEX_PRIVATE_FLAG), wall = operation & LX_FUTEX_CLOCK_REALTIME;
    uint64_t address = args->arg[0];
    if (address & 3)
        return -LOS_E_INVAL;
    if (address >= LOS_USER_END)
        return -LOS_E_FAULT;
    if (command == LX_FUTEX_WAIT || command == LX_FUTEX_WAIT_BITSET)
        return wait_until(args, command, shared, wall);
    if (wall)
        return -LOS_E_NOSYS;
    switch (command) {
    case LX_FUTEX_WAKE: return los_futex_wake(address, value, MATCH_ANY, shared);
    case LX_FUTEX_WAKE_BITSET:
        return (uint32_t)args->arg[5] == 0 ? -LOS_E_INVAL
                                           : los_futex_wake(address, value, (uint32_t)args->arg[5], shared);
    case LX_FUTEX_REQUEUE:
    case LX_FUTEX_CMP_REQUEUE:
        if ((int)value < 0 || (int)args->arg[3] < 0 || args->arg[4] & 3)
            return -LOS_E_INVAL;
        return los_futex_requeue(address, value, (uint32_t)args->arg[3], args->arg[4],
                                 command == LX_FUTEX_CMP_REQUEUE, (uint32_t)args->arg[5], shared);
    case LX_FUTEX_WAKE_OP: return wake_op(args, shared);
    default: return -LOS_E_NOSYS;
    }
}

/* --- addresses kept for the thread's end -------------------------------------------------------------------------------- */
long lx_sys_set_robust_list(const struct lx_args *args)
{
    if (args->arg[1] != sizeof(struct lx_robust_list_head))
        return -LOS_E_INVAL;
    los_current()->robust_list = args->arg[0];
    return 0;
}

long lx_sys_get_robust_list(const struct lx_args *args)
{
    int tid = (int)args->arg[0];
    struct los_thread *thread = tid == 0 ? los_current() : los_find_thread(tid);
    uint64_t size = sizeof(struct lx_robust_list_head);
    if (thread == NULL)
        return -LOS_E_SRCH;
    if (thread->process != los_current()->process && !lx_is_root())
        return -LOS_E_PERM;
    if (los_copy_out(args->arg[1], &thread->robust_list, sizeof(uint64_t)) != 0)
        return -LOS_E_FAULT;
    return los_copy_out(args->arg[2], &size, sizeof(size));
}

long lx_sys_set_tid_address(const struct lx_args *args)
{
    los_current()->clear_tid = args->arg[0];
    return los_current()->tid;
}
