/* SPDX-License-Identifier: MPL-2.0 */
/* Masks, what is pending for the current thread, and what happens about it on the way back to the program. */
#include <los/personality.h>
#include "internal.h"

bool los_signal_is_pending(struct los_thread *thread)
{
    const struct los_process *process = thread->process;
    if (thread->exiting || process->state == LOS_STOPPED)
        return true;
    los_signal_set set = (thread->pending.set | process->pending.set) & ~thread->mask;
    while (set) {
        int number = __builtin_ctzll(set) + 1;
        if (thread->awaited & LOS_SIGNAL_BIT(number) || !los_action_ignores(process, number))
            return true;
        set &= set - 1;
    }
    return false;
}

los_signal_set los_signals_pending(struct los_thread *thread)
{
    los_signal_set blocked = thread->mask | (thread->mask_saved ? thread->saved_mask : 0);
    return (thread->pending.set | thread->process->pending.set) & blocked;
}

int los_signal_take(los_signal_set set, struct los_signal_info *info)
{
    struct los_thread *thread = los_current();
    struct los_process *process = thread->process;
    int number = los_pending_take(process, &thread->pending, set, info);
    return number ? number : los_pending_take(process, &process->pending, set, info);
}

void los_set_signal_mask(los_signal_set mask)
{
    struct los_thread *thread = los_current();
    struct los_process *process = thread->process;
    thread->mask = mask & ~SIGNALS_UNMASKABLE;
    /* What was blocked here may be for another thread now. */
    los_signal_set left = process->pending.set & thread->mask;
    struct los_thread *other;
    if (left && process->thread_count > 1)
        LOS_LIST_FOR(other, &process->threads, siblings)
    if (other != thread && left & ~other->mask)
        los_kick(other);
}

void los_set_temporary_mask(los_signal_set mask)
{
    struct los_thread *thread = los_current();
    if (!thread->mask_saved) {
        thread->saved_mask = thread->mask;
        thread->mask_saved = true;
    }
    los_set_signal_mask(mask);
}

void los_restore_mask(void)
{
    struct los_thread *thread = los_current();
    if (thread->mask_saved) {
        thread->mask_saved = false;
        los_set_signal_mask(thread->saved_mask);
    }
}

static void stop_process(struct los_process *process, int number)
{
    struct los_thread *thread;
    if (process->state != LOS_RUNNING)
        return;
    process->state = LOS_STOPPED;
    los_stopped_processes++;
    process->stop_signal = number;
    process->stop_reported = process->continue_pending = false;
    LOS_LIST_FOR(thread, &process->threads, siblings)
    los_kick(thread);
    los_parent_notify(process, LOS_CAUSE_CHILD_STOPPED);
}

static void rest_while_stopped(struct los_thread *thread)
{
    while (thread->process->state == LOS_STOPPED && !thread->exiting) {
        thread->state = LOS_THREAD_STOPPED;
        los_schedule();
    }
}

static void do_default(struct los_process *process, int number)
{
    switch (los_signal_default(number)) {
    case LOS_DEFAULT_END: los_exit_by_signal(number, false);
    case LOS_DEFAULT_DUMP: los_exit_by_signal(number, true);
    case LOS_DEFAULT_STOP:
        /* Nobody could continue an orphaned group from the terminal. */
        if (number == LOS_SIG_STOP || !los_group_is_orphaned(process->group))
            stop_process(process, number);
        break;
    case LOS_DEFAULT_IGNORE:
    case LOS_DEFAULT_CONTINUE: break;
    }
}

/* False: the handler cannot be entered. */
static bool enter_handler(struct los_thread *thread, struct los_frame *frame,
                          const struct los_signal_info *info)
{
    struct los_action *action = &thread->process->actions->action[info->number - 1], copy = *action;
    los_signal_set old_mask = thread->mask_saved ? thread->saved_mask : thread->mask;
    if (!los_personality.deliver_signal(frame, &copy, info, old_mask))
        return false;
    if (copy.flags & LOS_ACTION_RESET)
        action->handler = LOS_HANDLER_DEFAULT;
    thread->mask_saved = false;
    los_signal_set own = copy.flags & LOS_ACTION_NO_DEFER ? 0 : LOS_SIGNAL_BIT(info->number);
    los_set_signal_mask(thread->mask | copy.mask | own);
    return true;
}

void los_signals_deliver(struct los_frame *frame)
{
    struct los_thread *thread = los_current();
    struct los_process *process = thread->process;
    struct los_signal_info info;
    bool entered = false;
    for (;;) {
        thread->check_signals = false;
        if (thread->exiting)
            los_thread_end();
        rest_while_stopped(thread);
        int number = los_signal_take(~thread->mask, &info);
        if (!number) {
            if (thread->exiting || process->state == LOS_STOPPED)
                continue;
            if (!thread->mask_saved)
                break;
            los_restore_mask(); /* and look at what that lets in */
            continue;
        }
        uint64_t handler = process->actions->action[number - 1].handler;
        if (handler == LOS_HANDLER_IGNORE)
            continue;
        if (handler == LOS_HANDLER_DEFAULT) {
            do_default(process, number);
        } else if (enter_handler(thread, frame, &info)) {
            entered = true;
        } else if (number == LOS_SIG_SEGMENT) {
            los_exit_by_signal(number, true);
        } else {
            los_signal_fault(&(struct los_signal_info){.number = LOS_SIG_SEGMENT, .cause = LOS_CAUSE_KERNEL});
        }
    }
    if (!entered && thread->in_system_call && los_personality.no_signal)
        los_personality.no_signal(frame);
}
