/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Frames of signal handlers that a program hands back (rt_sigreturn), and the ones built for it.
 * sources: @libos
 *
 * An input: where the frame lies, the alternate stack, the frame, its FPU area. Whatever it holds, the registers afterwards are those of a
 * program, what would be loaded into the FPU is loadable, and nothing beside thread->fpu was written.
 */
#include <los/signal.h>
#include "../../libos/schedule/internal.h"
#include "user.h"

static unsigned faults;
static void target_signal_fault(const struct los_signal_info *info);
#define los_signal_fault target_signal_fault
#include "../../linux-personality/signal_frame.c"

#define XSAVE_MASK  7ull
#define XSAVE_BYTES (512 + 64 + 256)

bool lx_tracing;
void lx_trace_signal(const struct los_signal_info *info) { (void)info; }
void lx_restart_for_handler(struct los_frame *frame, bool restart) { (void)frame, (void)restart; }
static void target_signal_fault(const struct los_signal_info *info)
{
    cr_assert_eq(info->number, LX_SIGSEGV);
    faults++;
}

static struct exo_vcpu_page page;

/* XSAVE with three components, as most processors have it. */
void libos_start(void)
{
    page.xsave_size = XSAVE_BYTES;
    page.xsave_mask = XSAVE_MASK;
    los_cpu()->page = &page;
    los_fpu_destroy(los_current());
    los_fpu_init(&page);
    cr_assert(los_fpu_create(los_current()));
}

static void check_registers(const struct exo_regs *r)
{
    cr_assert(r->cs == EXO_USER_CS && r->ss == EXO_USER_SS && r->rip < LOS_USER_END);
    cr_assert_eq(r->rflags & ~(FLAGS_USER | FLAGS_FIXED), 0u);
    cr_assert_eq(r->rflags & FLAGS_FIXED, FLAGS_FIXED);
}

static void check_fpu(void)
{
    const uint8_t *area = los_current()->fpu;
    uint32_t mxcsr;
    uint64_t header[8];
    memcpy(&mxcsr, area + MXCSR_OFFSET, sizeof mxcsr);
    memcpy(header, area + FXSAVE_BYTES, sizeof header);
    cr_assert_eq(mxcsr & ~MXCSR_SAFE_MASK, 0u);
    cr_assert_eq(header[0] & ~XSAVE_MASK, 0ul);
    for (int i = 1; i < 8; i++)
        cr_assert_eq(header[i], 0ul);
}

static void deliver(struct choices *c, struct los_frame *frame)
{
    struct los_action action = {.handler = USER, .restorer = USER, .flags = LX_ACTION_RESTORER};
    struct los_signal_info info = {.number = 1 + choice8(c) % 31, .cause = LOS_CAUSE_USER};
    uint64_t sp = frame->regs.rsp;
    if (choice8(c) & 1)
        action.flags |= LOS_ACTION_ON_STACK;
    if (lx_deliver_signal(frame, &action, &info, choice64(c))) {
        check_registers(&frame->regs);
        cr_assert(frame->regs.rsp % 16 == 8 && frame->regs.rsp >= USER && frame->regs.rsp < USER + USER_BYTES);
        frame->regs.rsp += 8; /* as the handler's return does */
        uint64_t result = (uint64_t)CALL(rt_sigreturn);
        cr_assert(faults == 0 && result == frame->regs.rax && frame->regs.rsp == sp, "it does not lead back");
        check_registers(&frame->regs);
        check_fpu();
    }
}

void libos_input(const uint8_t *data, size_t size)
{
    struct choices c = {data, data + size};
    struct los_thread *self = los_current();
    struct los_frame frame, *was = self->frame;
    uint8_t bytes[2048] = {0}, how = choice8(&c);
    memset(&frame, 0, sizeof frame);
    self->frame = &frame;
    self->alternate_stack = (struct los_alternate_stack){.disabled = true};
    faults = 0;
    user_map();

    /* The frame, mostly in one piece with its FPU area. */
    uint64_t at = USER + choice16(&c) % 0x3000 + 8,
             fpstate = at + sizeof(struct lx_rt_sigframe) + choice8(&c) % 64;
    struct lx_rt_sigframe built = {.uc.mcontext.fpstate = how & 1 ? choice64(&c) : fpstate};
    if (how & 2)
        at = choice64(&c);
    for (size_t i = 0; i < sizeof bytes && c.at < c.end; i++)
        bytes[i] = choice8(&c);
    size_t n = how & 4 ? sizeof built : 0;
    if (n) {
        uint64_t kept = built.uc.mcontext.fpstate;
        memcpy(&built, bytes, sizeof built);
        built.uc.mcontext.fpstate = kept;
    }
    if (how & 8) { /* an area that says it is extended */
        struct lx_fpx_sw_bytes software = {
            .magic1 = LX_FP_XSTATE_MAGIC1, .xstate_size = 576u + bytes[0], .xfeatures = bytes[1]};
        uint32_t magic2 = LX_FP_XSTATE_MAGIC2;
        software.extended_size = software.xstate_size + 4;
        memcpy(bytes + n + FXSAVE_BYTES - sizeof software, &software, sizeof software);
        memcpy(bytes + n + software.xstate_size, &magic2, sizeof magic2);
    }
    los_copy_out(fpstate, bytes + n, sizeof bytes - n);
    los_copy_out(at - 8, &built, sizeof built);
    frame.regs.rsp = at;
    frame.regs.cs = EXO_USER_CS, frame.regs.ss = EXO_USER_SS;

    uint64_t result = (uint64_t)CALL(rt_sigreturn);
    if (faults == 0) {
        cr_assert_eq(result, frame.regs.rax);
        check_registers(&frame.regs);
        check_fpu();
        cr_assert_eq(self->mask & (1ull << 8 | 1ull << 18), 0u, "KILL or STOP is blocked");
        const struct los_alternate_stack *stack = &self->alternate_stack;
        cr_assert(stack->disabled || stack->bytes >= LX_MINSIGSTKSZ);
    }
    faults = 0;
    deliver(&c, &frame);
    self->frame = was;
    self->alternate_stack = (struct los_alternate_stack){.disabled = true};
    los_set_signal_mask(0);
    user_unmap();
}
