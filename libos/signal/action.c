/* SPDX-License-Identifier: MPL-2.0 */
/* What a process wants done about each signal. The tables are shared between threads, so they count their users. */
#include "internal.h"

enum los_default los_signal_default(int number)
{
    static const uint8_t kind[LOS_SIG_REALTIME] = {
        [LOS_SIG_QUIT] = LOS_DEFAULT_DUMP,        [LOS_SIG_ILLEGAL] = LOS_DEFAULT_DUMP,
        [LOS_SIG_TRAP] = LOS_DEFAULT_DUMP,        [LOS_SIG_ABORT] = LOS_DEFAULT_DUMP,
        [LOS_SIG_BUS] = LOS_DEFAULT_DUMP,         [LOS_SIG_ARITHMETIC] = LOS_DEFAULT_DUMP,
        [LOS_SIG_SEGMENT] = LOS_DEFAULT_DUMP,     [LOS_SIG_CPU_LIMIT] = LOS_DEFAULT_DUMP,
        [LOS_SIG_FILE_LIMIT] = LOS_DEFAULT_DUMP,  [LOS_SIG_SYSTEM_CALL] = LOS_DEFAULT_DUMP,
        [LOS_SIG_CHILD] = LOS_DEFAULT_IGNORE,     [LOS_SIG_URGENT] = LOS_DEFAULT_IGNORE,
        [LOS_SIG_WINDOW] = LOS_DEFAULT_IGNORE,    [LOS_SIG_CONTINUE] = LOS_DEFAULT_CONTINUE,
        [LOS_SIG_STOP] = LOS_DEFAULT_STOP,        [LOS_SIG_TERMINAL_STOP] = LOS_DEFAULT_STOP,
        [LOS_SIG_TERMINAL_IN] = LOS_DEFAULT_STOP, [LOS_SIG_TERMINAL_OUT] = LOS_DEFAULT_STOP,
    };
    return number < LOS_SIG_REALTIME ? (enum los_default)kind[number] : LOS_DEFAULT_END;
}

bool los_action_ignores(const struct los_process *process, int number)
{
    uint64_t handler = process->actions->action[number - 1].handler;
    if (handler != LOS_HANDLER_DEFAULT)
        return handler == LOS_HANDLER_IGNORE;
    enum los_default what = los_signal_default(number);
    return what == LOS_DEFAULT_IGNORE || what == LOS_DEFAULT_CONTINUE;
}

struct los_actions *los_actions_create(void)
{
    struct los_actions *actions = los_alloc_zeroed(sizeof *actions);
    if (actions)
        actions->refs = 1;
    return actions;
}

struct los_actions *los_actions_clone(const struct los_actions *from)
{
    struct los_actions *actions = los_alloc(sizeof *actions);
    if (actions) {
        memcpy(actions, from, sizeof *actions);
        actions->refs = 1;
    }
    return actions;
}

void los_actions_unref(struct los_actions *actions)
{
    if (--actions->refs == 0)
        los_free(actions);
}

void los_actions_exec(struct los_actions *actions)
{
    for (int i = 0; i < LOS_SIGNALS; i++) {
        struct los_action *action = &actions->action[i];
        *action = (struct los_action){.handler = action->handler == LOS_HANDLER_IGNORE ? LOS_HANDLER_IGNORE
                                                                                       : LOS_HANDLER_DEFAULT};
    }
}

int los_set_action(int number, const struct los_action *action, struct los_action *old)
{
    struct los_process *process = los_current()->process;
    if (number < 1 || number > LOS_SIGNALS)
        return -LOS_E_INVAL;
    if (action && SIGNALS_UNMASKABLE & LOS_SIGNAL_BIT(number))
        return -LOS_E_INVAL;
    struct los_action *mine = &process->actions->action[number - 1];
    if (old)
        *old = *mine;
    if (!action)
        return 0;
    *mine = *action;
    mine->mask &= ~SIGNALS_UNMASKABLE;
    if (los_action_ignores(process, number)) {
        struct los_thread *thread;
        los_pending_clear(process, &process->pending, LOS_SIGNAL_BIT(number));
        LOS_LIST_FOR(thread, &process->threads, siblings)
        los_pending_clear(process, &thread->pending, LOS_SIGNAL_BIT(number));
    }
    return 0;
}
