/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The frame that a handler finds on its stack, and the way back from it (rt_sigreturn).
 *
 *   higher   fpstate: XSAVE area, 64-byte aligned, with magic1 in its software bytes and magic2 behind it
 *            lx_rt_sigframe: restorer address, ucontext, siginfo
 *   lower    rsp at the handler's entry: rsp + 8 is a multiple of 16, as after a call
 *
 * Nothing that comes back from the program is trusted: segments are ours, flags are masked, the FPU area is put right before it is
 * loaded, an instruction pointer that is none becomes SIGSEGV.
 */
#include <dispatch.h>
#include <patch.h>
#include <signal_frame.h>
#include <state.h>

#define RED_ZONE    128
#define FLAGS_USER  0x50dd5ull /* CF PF AF ZF SF TF DF OF RF AC */
#define FLAGS_FIXED 0x202ull   /* IF and the bit that is always 1 */
#define FLAG_TF     0x100ull
#define FLAG_DF     0x400ull
#define FLAG_RF     0x10000ull

#define FXSAVE_BYTES      512u
#define XSAVE_HEADER      64u
#define MXCSR_OFFSET      24
#define MXCSR_MASK_OFFSET 28
#define MXCSR_DEFAULT     0x1f80u
#define MXCSR_SAFE_MASK   0xffbfu /* where the processor reports none */
#define FEATURES_LEGACY   3ull    /* x87 and SSE */

static bool on_stack(const struct los_alternate_stack *stack, uint64_t sp)
{
    return stack->bytes != 0 && !stack->disabled && sp > stack->address && sp - stack->address <= stack->bytes;
}

/* --- siginfo ------------------------------------------------------------------------------------------------------------ */
static int code_of(const struct los_signal_info *info)
{
    switch (info->cause) {
    case LOS_CAUSE_USER: return LX_SI_USER;
    case LOS_CAUSE_THREAD: return LX_SI_TKILL;
    case LOS_CAUSE_QUEUE: return info->raw_code;
    case LOS_CAUSE_TIMER: return LX_SI_TIMER;
    case LOS_CAUSE_FAULT_UNMAPPED: return LX_SEGV_MAPERR;
    case LOS_CAUSE_FAULT_PROTECTION: return LX_SEGV_ACCERR;
    case LOS_CAUSE_FAULT_BUS: return LX_BUS_ADRERR;
    case LOS_CAUSE_DIVIDE: return LX_FPE_INTDIV;
    case LOS_CAUSE_FLOATING: return LX_FPE_FLTINV;
    case LOS_CAUSE_ILLEGAL: return LX_ILL_ILLOPN;
    case LOS_CAUSE_STEP: return LX_TRAP_TRACE;
    case LOS_CAUSE_CHILD_EXITED: return LX_CLD_EXITED;
    case LOS_CAUSE_CHILD_KILLED: return LX_CLD_KILLED;
    case LOS_CAUSE_CHILD_DUMPED: return LX_CLD_DUMPED;
    case LOS_CAUSE_CHILD_STOPPED: return LX_CLD_STOPPED;
    case LOS_CAUSE_CHILD_CONTINUED: return LX_CLD_CONTINUED;
    case LOS_CAUSE_BREAKPOINT:  /* int3 */
    case LOS_CAUSE_FAULT_OTHER: /* general protection */
    case LOS_CAUSE_KERNEL: break;
    }
    return LX_SI_KERNEL;
}

static bool is_fault(const struct los_signal_info *info)
{
    return info->cause >= LOS_CAUSE_FAULT_UNMAPPED && info->cause <= LOS_CAUSE_STEP;
}

void lx_siginfo_convert(const struct los_signal_info *from, struct lx_siginfo *to)
{
    memset(to, 0, sizeof(*to));
    to->si_signo = from->number;
    to->si_code = code_of(from);
    if (is_fault(from)) {
        to->fault.address =
            from->cause == LOS_CAUSE_FAULT_OTHER || from->cause == LOS_CAUSE_BREAKPOINT ? 0 : from->address;
    } else if (from->cause == LOS_CAUSE_TIMER) {
        to->timer.id = from->sender_process; /* time.c puts them there */
        to->timer.overrun = from->sender_user;
        to->timer.value = from->value;
    } else {
        to->sender.pid = from->sender_process;
        to->sender.uid = (uint32_t)from->sender_user;
        if (from->cause >= LOS_CAUSE_CHILD_EXITED)
            to->sender.child.status = from->status;
        else
            to->sender.value = from->value;
    }
}

/* --- the way in ------------------------------------------------------------------------------------------------------------- */
static void context_out(const struct los_frame *frame, const struct los_signal_info *info,
                        los_signal_set old_mask, struct lx_ucontext *uc)
{
    const struct exo_regs *r = &frame->regs;
    struct los_alternate_stack *stack = &los_current()->alternate_stack;
    memset(uc, 0, sizeof(*uc));
    uc->flags =
        LX_UC_SIGCONTEXT_SS | LX_UC_STRICT_RESTORE_SS | (los_fpu_bytes() > FXSAVE_BYTES ? LX_UC_FP_XSTATE : 0);
    uc->stack.sp = stack->address;
    uc->stack.size = stack->bytes;
    uc->stack.flags =
        stack->bytes == 0 || stack->disabled
            ? LX_SS_DISABLE
            : (on_stack(stack, r->rsp) ? LX_SS_ONSTACK : 0) | (int)(stack->auto_disarm ? LX_SS_AUTODISARM : 0);
    uc->mcontext = (struct lx_sigcontext){
        .r8 = r->r8,
        .r9 = r->r9,
        .r10 = r->r10,
        .r11 = r->r11,
        .r12 = r->r12,
        .r13 = r->r13,
        .r14 = r->r14,
        .r15 = r->r15,
        .di = r->rdi,
        .si = r->rsi,
        .bp = r->rbp,
        .bx = r->rbx,
        .dx = r->rdx,
        .ax = r->rax,
        .cx = r->rcx,
        .sp = r->rsp,
        .ip = r->rip,
        .flags = r->rflags,
        .cs = EXO_USER_CS,
        .ss = EXO_USER_SS,
        .oldmask = old_mask,
    };
    if (is_fault(info)) {
        uc->mcontext.trapno = info->vector;
        uc->mcontext.err = info->error;
        uc->mcontext.cr2 = info->vector == 14 ? info->address : 0;
    }
    uc->sigmask = old_mask;
}

/* Writes the FPU state below *sp. */
static bool fpu_out(uint64_t *sp, uint64_t *fpstate)
{
    uint8_t *area = los_current()->fpu; /* free while its registers are live */
    size_t bytes = los_fpu_bytes();
    bool extended = bytes > FXSAVE_BYTES;
    uint32_t magic2 = LX_FP_XSTATE_MAGIC2;
    struct lx_fpx_sw_bytes software = {0};
    *fpstate = (*sp - bytes - (extended ? sizeof(magic2) : 0)) & ~63ull;
    *sp = *fpstate;
    los_fpu_save();
    if (extended)
        software = (struct lx_fpx_sw_bytes){.magic1 = LX_FP_XSTATE_MAGIC1,
                                            .extended_size = (uint32_t)(bytes + sizeof(magic2)),
                                            .xfeatures = los_cpu()->page->xsave_mask,
                                            .xstate_size = (uint32_t)bytes};
    memcpy(area + FXSAVE_BYTES - sizeof(software), &software, sizeof(software));
    return los_copy_out(*fpstate, area, bytes) == 0 &&
           (!extended || los_copy_out(*fpstate + bytes, &magic2, sizeof(magic2)) == 0);
}

bool lx_deliver_signal(struct los_frame *frame, const struct los_action *action,
                       const struct los_signal_info *info, los_signal_set old_mask)
{
    struct exo_regs *r = &frame->regs;
    struct los_alternate_stack *stack = &los_current()->alternate_stack;
    struct lx_rt_sigframe built;
    lx_restart_for_handler(frame, action->flags & LOS_ACTION_RESTART);
    lx_patch_roll_back(frame); /* which takes the result as the program will */
    if (lx_tracing)
        lx_trace_signal(info);
    if (!(action->flags & LX_ACTION_RESTORER) || action->handler >= LOS_USER_END)
        return false;
    bool was_on_stack = on_stack(stack, r->rsp);
    uint64_t sp = r->rsp - RED_ZONE, floor = 0;
    if ((action->flags & LOS_ACTION_ON_STACK) && stack->bytes != 0 && !stack->disabled &&
        (!was_on_stack || stack->auto_disarm)) {
        sp = stack->address + stack->bytes;
        floor = stack->address;
    } else if (was_on_stack) {
        floor = stack->address;
    }
    context_out(frame, info, old_mask, &built.uc);
    if (!fpu_out(&sp, &built.uc.mcontext.fpstate))
        return false;
    sp = ((sp - sizeof(built)) & ~15ull) - 8;
    if (sp < floor || sp >= LOS_USER_END) /* it would run off the alternate stack */
        return false;
    built.restorer = action->restorer;
    lx_siginfo_convert(info, &built.info);
    if (los_copy_out(sp, &built, sizeof(built)) != 0)
        return false;
    if (stack->auto_disarm)
        *stack = (struct los_alternate_stack){.disabled = true};
    r->rdi = (uint64_t)info->number;
    r->rsi = sp + offsetof(struct lx_rt_sigframe, info);
    r->rdx = sp + offsetof(struct lx_rt_sigframe, uc);
    r->rax = 0;
    r->rsp = sp;
    r->rip = action->handler;
    r->cs = EXO_USER_CS; /* a fault may have come from other segments */
    r->ss = EXO_USER_SS;
    r->rflags = (r->rflags & ~(FLAG_TF | FLAG_DF | FLAG_RF)) | FLAGS_FIXED;
    los_fpu_reset();
    return true;
}

/* --- the way back --------------------------------------------------------------------------------------------------------------- */
static uint32_t mxcsr_mask(void)
{
    static uint32_t mask;
    if (mask == 0) {
        los_fpu_save();
        memcpy(&mask, (uint8_t *)los_current()->fpu + MXCSR_MASK_OFFSET, sizeof(mask));
        if (mask == 0)
            mask = MXCSR_SAFE_MASK;
    }
    return mask;
}

/* Loading faults on bits of MXCSR or of the header that this processor does not know. Components outside features become initial. */
static void make_loadable(uint8_t *area, uint64_t features, uint32_t mask)
{
    uint32_t mxcsr;
    memcpy(&mxcsr, area + MXCSR_OFFSET, sizeof(mxcsr));
    mxcsr = features & 2 ? mxcsr & mask : MXCSR_DEFAULT;
    memcpy(area + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
    if (los_fpu_bytes() > FXSAVE_BYTES) {
        uint64_t header[XSAVE_HEADER / 8] = {0};
        memcpy(header, area + FXSAVE_BYTES, sizeof(header[0]));
        header[0] &= features & los_cpu()->page->xsave_mask;
        memcpy(area + FXSAVE_BYTES, header, sizeof(header));
    }
}

/* False: the registers are as they were, but not the area, which may not even be loadable. */
static bool fpu_read(uint64_t fpstate)
{
    uint8_t *area = los_current()->fpu;
    size_t bytes = los_fpu_bytes();
    uint32_t mask = mxcsr_mask();
    if (fpstate == 0) {
        los_fpu_reset();
        return true;
    }
    if (los_copy_in(area, fpstate, FXSAVE_BYTES) != 0)
        return false;
    uint64_t features = FEATURES_LEGACY;
    struct lx_fpx_sw_bytes software;
    memcpy(&software, area + FXSAVE_BYTES - sizeof(software), sizeof(software));
    if (bytes > FXSAVE_BYTES) {
        uint32_t magic2 = 0;
        size_t given = software.xstate_size;
        memset(area + FXSAVE_BYTES, 0, bytes - FXSAVE_BYTES);
        if (software.magic1 == LX_FP_XSTATE_MAGIC1 && given >= FXSAVE_BYTES + XSAVE_HEADER && given <= bytes &&
            software.extended_size > given && los_copy_in(&magic2, fpstate + given, sizeof(magic2)) == 0 &&
            magic2 == LX_FP_XSTATE_MAGIC2) {
            if (los_copy_in(area + FXSAVE_BYTES, fpstate + FXSAVE_BYTES, given - FXSAVE_BYTES) != 0)
                return false;
            features = software.xfeatures;
        } else {
            memcpy(area + FXSAVE_BYTES, &features, sizeof(features)); /* x87 and SSE alone */
        }
    }
    make_loadable(area, features, mask);
    los_fpu_load();
    return true;
}

static bool fpu_in(uint64_t fpstate)
{
    bool read = fpu_read(fpstate);
    if (!read)
        los_fpu_reset();
    return read;
}

static void context_in(const struct lx_sigcontext *c, struct exo_regs *r)
{
    r->r8 = c->r8, r->r9 = c->r9, r->r10 = c->r10, r->r11 = c->r11;
    r->r12 = c->r12, r->r13 = c->r13, r->r14 = c->r14, r->r15 = c->r15;
    r->rdi = c->di, r->rsi = c->si, r->rbp = c->bp, r->rbx = c->bx;
    r->rdx = c->dx, r->rax = c->ax, r->rcx = c->cx, r->rsp = c->sp, r->rip = c->ip;
    r->rflags = (c->flags & FLAGS_USER) | FLAGS_FIXED;
    r->cs = EXO_USER_CS;
    r->ss = EXO_USER_SS;
}

static void stack_in(const struct lx_stack *given)
{
    struct los_alternate_stack *stack = &los_current()->alternate_stack;
    if (given->flags & LX_SS_DISABLE)
        *stack = (struct los_alternate_stack){.disabled = true};
    else if (given->size >= LX_MINSIGSTKSZ)
        *stack = (struct los_alternate_stack){.address = given->sp,
                                              .bytes = given->size,
                                              .auto_disarm = ((uint32_t)given->flags & LX_SS_AUTODISARM) != 0};
}

long lx_sys_rt_sigreturn(const struct lx_args *args)
{
    struct los_frame *frame = args->frame;
    struct lx_ucontext uc;
    /* The handler's return took the restorer's address off the stack. */
    uint64_t at = frame->regs.rsp - 8 + offsetof(struct lx_rt_sigframe, uc);
    lx_no_restart(frame);
    if (los_copy_in(&uc, at, sizeof(uc)) != 0 || uc.mcontext.ip >= LOS_USER_END ||
        !fpu_in(uc.mcontext.fpstate)) {
        struct los_signal_info bad = {.number = LX_SIGSEGV, .cause = LOS_CAUSE_FAULT_OTHER, .vector = 13};
        los_signal_fault(&bad);
        return 0;
    }
    context_in(&uc.mcontext, &frame->regs);
    los_set_signal_mask(uc.sigmask);
    stack_in(&uc.stack);
    return (long)frame->regs.rax;
}
