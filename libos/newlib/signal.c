/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Signals. Newlib numbers them as BSD does, the library OS in its own way: the two meet here and nowhere else.
 *
 * A handler finds on its stack, from low to high: the restorer's address, as if it had been called, struct signal_frame behind that, and the FPU
 * area, aligned to 64 bytes. It may return, which restores all of it, or leave by longjmp.
 */
#include "personality.h"

#define RED_ZONE     128
#define FLAGS_USER   0xdd5ull /* CF PF AF ZF SF TF DF OF */
#define FLAGS_FIXED  0x202ull
#define FLAG_DF      0x400ull
#define FLAG_TF      0x100ull
#define MXCSR_OFFSET 24
#define MXCSR_SAFE   0xffbfu

extern char newlib_signal_restorer[];

struct signal_frame {
    uint64_t restorer, fpu;
    los_signal_set mask;
    struct exo_regs regs;
};

/* --- numbers -------------------------------------------------------------------------------------------------------------- */
static const uint8_t to_los[NL_SIGNALS] = {
    [LOS_SIG_HANGUP] = LOS_SIG_HANGUP,
    [LOS_SIG_INTERRUPT] = LOS_SIG_INTERRUPT,
    [LOS_SIG_QUIT] = LOS_SIG_QUIT,
    [LOS_SIG_ILLEGAL] = LOS_SIG_ILLEGAL,
    [LOS_SIG_TRAP] = LOS_SIG_TRAP,
    [LOS_SIG_ABORT] = LOS_SIG_ABORT,
    [LOS_SIG_ARITHMETIC] = LOS_SIG_ARITHMETIC,
    [LOS_SIG_KILL] = LOS_SIG_KILL,
    [NL_SIG_BUS] = LOS_SIG_BUS,
    [LOS_SIG_SEGMENT] = LOS_SIG_SEGMENT,
    [NL_SIG_SYSTEM_CALL] = LOS_SIG_SYSTEM_CALL,
    [LOS_SIG_PIPE] = LOS_SIG_PIPE,
    [LOS_SIG_ALARM] = LOS_SIG_ALARM,
    [LOS_SIG_TERMINATE] = LOS_SIG_TERMINATE,
    [NL_SIG_URGENT] = LOS_SIG_URGENT,
    [NL_SIG_STOP] = LOS_SIG_STOP,
    [NL_SIG_TERMINAL_STOP] = LOS_SIG_TERMINAL_STOP,
    [NL_SIG_CONTINUE] = LOS_SIG_CONTINUE,
    [NL_SIG_CHILD] = LOS_SIG_CHILD,
    [NL_SIG_TERMINAL_IN] = LOS_SIG_TERMINAL_IN,
    [NL_SIG_TERMINAL_OUT] = LOS_SIG_TERMINAL_OUT,
    [NL_SIG_POLL] = LOS_SIG_POLL,
    [NL_SIG_CPU_LIMIT] = LOS_SIG_CPU_LIMIT,
    [NL_SIG_FILE_LIMIT] = LOS_SIG_FILE_LIMIT,
    [NL_SIG_VIRTUAL_ALARM] = LOS_SIG_VIRTUAL_ALARM,
    [NL_SIG_PROFILE] = LOS_SIG_PROFILE,
    [NL_SIG_WINDOW] = LOS_SIG_WINDOW,
    [NL_SIG_USER1] = LOS_SIG_USER1,
    [NL_SIG_USER2] = LOS_SIG_USER2,
};

/* 0: none of ours. */
static int from_newlib(uint64_t number) { return number < NL_SIGNALS ? to_los[number] : 0; }

static int from_los(int number)
{
    for (int i = 1; i < NL_SIGNALS; i++)
        if (to_los[i] == number)
            return i;
    return NL_SIG_LOST;
}

static los_signal_set set_from_newlib(uint64_t set)
{
    los_signal_set out = 0;
    for (int i = 1; i < NL_SIGNALS; i++)
        if (set >> i & 1 && to_los[i])
            out |= LOS_SIGNAL_BIT(to_los[i]);
    return out;
}

static uint64_t set_from_los(los_signal_set set)
{
    uint64_t out = 0;
    for (int i = 1; i < NL_SIGNALS; i++)
        if (to_los[i] && set & LOS_SIGNAL_BIT(to_los[i]))
            out |= 1ull << i;
    return out;
}

/* --- sending ----------------------------------------------------------------------------------------------------------------- */
long nl_call_kill(const struct nl_args *args)
{
    const struct los_process *self = los_current()->process;
    int number = from_newlib(args->b), pid = (int)args->a;
    if (!number && args->b)
        return -LOS_E_INVAL;
    return los_kill(
        pid, &(struct los_signal_info){.number = number, .cause = LOS_CAUSE_USER, .sender_process = self->pid});
}

int nl_signal_first(int number)
{
    struct los_process *process = los_find_process(1);
    int own = number > 0 ? from_newlib((uint64_t)number) : 0;
    if (!own)
        return -LOS_E_INVAL;
    if (!process)
        return -LOS_E_SRCH;
    return los_signal_process(process, &(struct los_signal_info){.number = own, .cause = LOS_CAUSE_KERNEL});
}

/* --- actions and masks ------------------------------------------------------------------------------------------------------------ */
long nl_call_action(const struct nl_args *args)
{
    static const struct {
        uint32_t ours, los;
    } flags[] = {{NL_ACTION_RESTART, LOS_ACTION_RESTART},
                 {NL_ACTION_RESET, LOS_ACTION_RESET},
                 {NL_ACTION_NO_DEFER, LOS_ACTION_NO_DEFER},
                 {NL_ACTION_ON_STACK, LOS_ACTION_ON_STACK}};
    struct nl_action given = {0}, told = {0};
    struct los_action action = {0}, old = {0};
    int number = from_newlib(args->a);
    if (!number)
        return -LOS_E_INVAL;
    if (args->b && nl_copy_in(&given, args->b, sizeof(given)))
        return -LOS_E_FAULT;
    action.handler = given.handler;
    action.mask = set_from_newlib(given.mask);
    for (size_t i = 0; i < LOS_COUNT(flags); i++)
        action.flags |= given.flags & flags[i].ours ? flags[i].los : 0;
    int error = los_set_action(number, args->b ? &action : NULL, &old);
    if (error || !args->c)
        return error;
    told.handler = old.handler;
    told.mask = set_from_los(old.mask);
    for (size_t i = 0; i < LOS_COUNT(flags); i++)
        told.flags |= old.flags & flags[i].los ? flags[i].ours : 0;
    return nl_copy_out(args->c, &told, sizeof(told));
}

long nl_call_mask(const struct nl_args *args)
{
    los_signal_set now = los_current()->mask;
    uint64_t set = 0, old = set_from_los(now);
    if (args->b && nl_copy_in(&set, args->b, sizeof(set)))
        return -LOS_E_FAULT;
    los_signal_set given = set_from_newlib(set);
    if (args->b && args->a == NL_MASK_SET)
        los_set_signal_mask(given);
    else if (args->b && args->a == NL_MASK_BLOCK)
        los_set_signal_mask(now | given);
    else if (args->b && args->a == NL_MASK_UNBLOCK)
        los_set_signal_mask(now & ~given);
    else if (args->b)
        return -LOS_E_INVAL;
    return args->c ? nl_copy_out(args->c, &old, sizeof(old)) : 0;
}

long nl_call_pending(const struct nl_args *args)
{
    uint64_t set = set_from_los(los_signals_pending(los_current()));
    return nl_copy_out(args->a, &set, sizeof(set));
}

long nl_call_suspend(const struct nl_args *args)
{
    struct los_wait_queue queue;
    uint64_t set;
    if (nl_copy_in(&set, args->a, sizeof(set)))
        return -LOS_E_FAULT;
    los_wait_queue_init(&queue);
    los_set_temporary_mask(set_from_newlib(set));
    while (los_wait(&queue, LOS_FOREVER, true) != -LOS_E_RESTART)
        ;
    return -LOS_E_RESTART_NOHAND;
}

long nl_call_alternate_stack(const struct nl_args *args)
{
    struct los_alternate_stack *stack = &los_current()->alternate_stack;
    uint64_t old[2] = {stack->address, stack->disabled ? 0 : stack->bytes};
    if (args->c && nl_copy_out(args->c, old, sizeof(old)))
        return -LOS_E_FAULT;
    if (args->a != UINT64_MAX)
        *stack = (struct los_alternate_stack){.address = args->a, .bytes = args->b, .disabled = !args->b};
    return 0;
}

/* --- into a handler and back ----------------------------------------------------------------------------------------------------------- */
static bool on_stack(const struct los_alternate_stack *stack, uint64_t sp)
{
    return stack->bytes && !stack->disabled && sp > stack->address && sp - stack->address <= stack->bytes;
}

/* What an interrupted call returns, or that it is made again: then the program comes in anew where newlib_call left it. */
static void settle_call(struct los_frame *frame, bool restart)
{
    struct exo_regs *r = &frame->regs;
    long result = (long)r->rax;
    if (frame->number != UINT64_MAX && (result == -LOS_E_RESTART || result == -LOS_E_RESTART_NOHAND)) {
        if (result == -LOS_E_RESTART && restart) {
            r->rip = (uint64_t)los_patched_entry;
            r->rax = frame->number;
        } else {
            r->rax = (uint64_t)-LOS_E_INTR;
        }
    }
    frame->number = UINT64_MAX;
}

bool nl_deliver_signal(struct los_frame *frame, const struct los_action *action,
                       const struct los_signal_info *info, los_signal_set old_mask)
{
    struct los_alternate_stack *stack = &los_current()->alternate_stack;
    struct exo_regs *r = &frame->regs;
    settle_call(frame, action->flags & LOS_ACTION_RESTART);
    uint64_t sp = r->rsp - RED_ZONE;
    if (action->flags & LOS_ACTION_ON_STACK && stack->bytes && !stack->disabled && !on_stack(stack, r->rsp))
        sp = stack->address + stack->bytes;
    struct signal_frame built = {.restorer = (uint64_t)newlib_signal_restorer, .mask = old_mask, .regs = *r};
    built.fpu = sp = (sp - los_fpu_bytes()) & ~63ul;
    los_fpu_save();
    if (nl_copy_out(built.fpu, los_current()->fpu, los_fpu_bytes()))
        return false;
    sp = ((sp - sizeof(built)) & ~15ul) - 8;
    if (nl_copy_out(sp, &built, sizeof(built)))
        return false;
    r->rdi = (uint64_t)from_los(info->number);
    r->rsp = sp;
    r->rip = action->handler;
    r->cs = EXO_USER_CS;
    r->ss = EXO_USER_SS;
    r->rflags = (r->rflags & ~(FLAG_TF | FLAG_DF)) | FLAGS_FIXED;
    los_fpu_reset();
    return true;
}

long nl_call_signal_return(const struct nl_args *args)
{
    struct los_frame *frame = args->frame;
    struct signal_frame built;
    uint8_t *fpu = los_current()->fpu;
    uint32_t mxcsr;
    frame->number = UINT64_MAX;
    los_fpu_save(); /* the header beyond what is copied stays one that can be loaded */
    if (nl_copy_in(&built, frame->regs.rsp - 8, sizeof(built)) || nl_copy_in(fpu, built.fpu, los_fpu_bytes())) {
        los_signal_fault(&(struct los_signal_info){.number = LOS_SIG_SEGMENT, .cause = LOS_CAUSE_FAULT_OTHER});
        return 0;
    }
    memcpy(&mxcsr, fpu + MXCSR_OFFSET, sizeof(mxcsr));
    mxcsr &= MXCSR_SAFE;
    memcpy(fpu + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
    los_fpu_load();
    frame->regs = built.regs;
    frame->regs.cs = EXO_USER_CS;
    frame->regs.ss = EXO_USER_SS;
    frame->regs.rflags = (built.regs.rflags & FLAGS_USER) | FLAGS_FIXED;
    los_set_signal_mask(built.mask);
    return 0;
}
