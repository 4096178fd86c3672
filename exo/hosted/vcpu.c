/* SPDX-License-Identifier: MPL-2.0 */
/*
 * vCPUs in host processes: their general registers and FPU state lie in the signal's frame while a runner has them loaded, and FS and
 * GS base in the process. Both move only when another vCPU, or another runner, takes over.
 * Sources: Linux's arch/x86/include/uapi/asm/sigcontext.h; Intel SDM volume 1, 13.4; AMD64 manual volume 3, RDFSBASE.
 */
#define _GNU_SOURCE
#include "hosted.h"
#include <asm/prctl.h>
#include <cpuid.h>
#include <string.h>
#include <sys/auxv.h>

#define FLAG_IF       0x200ul
#define FLAG_ALWAYS   0x2ul
#define FCW_INITIAL   0x37f
#define MXCSR_INITIAL 0x1f80
#define MXCSR_AT      24
#define LEGACY_BYTES  512u
#define SOFTWARE_AT   464u        /* the host's own words in a signal's frame */
#define TILES         (3ul << 17) /* AMX: larger than the frame that is used for a vCPU's state */
#define FSGSBASE      2ul         /* AT_HWCAP2 */

static HOST_OWN struct machine_vcpu *loaded; /* its FPU state and bases are in this process */
static HOST_OWN uint64_t fs_now = UINT64_MAX,
                         gs_now = UINT64_MAX; /* what was set last; the C library's at first */
HOST_OWN ucontext_t *host_context;

static struct _fpx_sw_bytes *software(const ucontext_t *context)
{
    return (void *)((uint8_t *)context->uc_mcontext.fpregs + SOFTWARE_AT);
}

void host_fpu_probe(const ucontext_t *context)
{
    const struct _fpx_sw_bytes *words = software(context);
    host.no_fsgsbase = !(getauxval(AT_HWCAP2) & FSGSBASE);
    if (words->magic1 != FP_XSTATE_MAGIC1)
        return;
    host.fpu_mask = words->xstate_bv & ~TILES;
    host.fpu_bytes = LEGACY_BYTES + 64;
    uint32_t bytes, at, c, d;
    __cpuid_count(0xd, 1, bytes, at, c, d);
    host.xsaveopt = bytes & 1;
    for (uint32_t i = 2; i < 63; i++) {
        if (!(host.fpu_mask >> i & 1))
            continue;
        __cpuid_count(0xd, i, bytes, at, c, d);
        if (at + bytes > EXO_PAGE_SIZE) /* none but the tiles, so far */
            host.fpu_mask &= ~(1ul << i);
        else if (at + bytes > host.fpu_bytes)
            host.fpu_bytes = at + bytes;
    }
}

static uint32_t fpu_bytes(const ucontext_t *context)
{
    return software(context)->magic1 != FP_XSTATE_MAGIC1     ? LEGACY_BYTES
           : software(context)->xstate_size < host.fpu_bytes ? software(context)->xstate_size
                                                             : host.fpu_bytes;
}

void machine_vcpu_init(struct machine_vcpu *vcpu, const uint64_t pfns[MACHINE_VCPU_PAGES],
                       struct exo_vcpu_page *page, uint64_t page_va)
{
    *vcpu = (struct machine_vcpu){.page = page, .gs_base = page_va, .fpu = machine_frame(pfns[0])};
    vcpu->regs = (struct exo_regs){.cs = EXO_USER_CS, .ss = EXO_USER_SS, .rflags = FLAG_IF | FLAG_ALWAYS};
    uint8_t *area = vcpu->fpu;
    /* The frame behind it is anybody's: those of a vCPU need not be neighbours. */
    memset(area, 0, EXO_PAGE_SIZE);
    *(uint16_t *)area = FCW_INITIAL;
    *(uint32_t *)(area + MXCSR_AT) = MXCSR_INITIAL;
}

void machine_vcpu_start(struct machine_vcpu *vcpu, uint64_t rip, uint64_t rsp, uint64_t rdi)
{
    vcpu->regs.rip = rip;
    vcpu->regs.rsp = rsp;
    vcpu->regs.rdi = rdi;
}

void machine_vcpu_entries(struct machine_vcpu *vcpu, uint64_t syscall, uint64_t fault, uint64_t event)
{
    vcpu->syscall_entry = syscall;
    vcpu->fault_entry = fault;
    vcpu->event_entry = event;
}

void machine_vcpu_switch(struct machine_vcpu *old, struct machine_vcpu *vcpu)
{
    if (old && old == loaded)
        host_vcpu_save(host_context);
    host.cpu[machine_cpu()].vcpu = vcpu;
}

/* --- what a runner has loaded ------------------------------------------------------------------------------------------ */

static uint64_t read_fs(void)
{
    uint64_t base;
    if (host.no_fsgsbase)
        return fs_now; /* nothing else can have set it */
    __asm__ volatile("rdfsbase %0" : "=r"(base));
    return base;
}

static uint64_t read_gs(void)
{
    uint64_t base;
    if (host.no_fsgsbase)
        return gs_now;
    __asm__ volatile("rdgsbase %0" : "=r"(base));
    return base;
}

static void set_fs(uint64_t base)
{
    if (!host.no_fsgsbase)
        __asm__ volatile("wrfsbase %0" : : "r"(base));
    else if (base != fs_now)
        host_call(SYS_arch_prctl, ARCH_SET_FS, (long)base, 0, 0, 0, 0);
    fs_now = base;
}

static void set_gs(uint64_t base)
{
    if (!host.no_fsgsbase)
        __asm__ volatile("wrgsbase %0" : : "r"(base));
    else if (base != gs_now)
        host_call(SYS_arch_prctl, ARCH_SET_GS, (long)base, 0, 0, 0, 0);
    gs_now = base;
}

void host_vcpu_save(ucontext_t *context)
{
    if (!loaded)
        return;
    memcpy(loaded->fpu, context->uc_mcontext.fpregs, fpu_bytes(context));
    loaded->fs_base = read_fs();
    loaded->gs_base = read_gs();
    loaded = NULL;
}

/* The host's own words stay, or it would not take the state back whole. */
void host_vcpu_load(struct machine_vcpu *vcpu, ucontext_t *context)
{
    if (loaded == vcpu)
        return;
    struct _fpx_sw_bytes words = *software(context);
    memcpy(context->uc_mcontext.fpregs, vcpu->fpu, fpu_bytes(context));
    *software(context) = words;
    set_fs(vcpu->fs_base);
    set_gs(vcpu->gs_base);
    loaded = vcpu;
}

/* --- a host without FSGSBASE ---------------------------------------------------------------------------------------------- */

/*
 * Where the host's kernel does not know the instructions, they may still work (under some hypervisors they do), and what they set is
 * lost when the host switches processes. So those of an image are made invalid before it is booted: `f3 48` becomes `ud2`, and
 * what follows still says which it was.
 */
static uint64_t *general(struct exo_regs *regs, unsigned number)
{
    uint64_t *const of[16] = {&regs->rax, &regs->rcx, &regs->rdx, &regs->rbx, &regs->rsp, &regs->rbp,
                              &regs->rsi, &regs->rdi, &regs->r8,  &regs->r9,  &regs->r10, &regs->r11,
                              &regs->r12, &regs->r13, &regs->r14, &regs->r15};
    return of[number];
}

enum { PREFIX = 0xf3, REX_W = 0x48, ESCAPE = 0x0f, UD2 = 0x0b, OPCODE = 0xae, LENGTH = 5 };

/* Bytes 2 to 4: 0F AE /0 to /3 with a register: rdfsbase, rdgsbase, wrfsbase, wrgsbase. */
static bool is_base(const uint8_t *code)
{
    return code[2] == ESCAPE && code[3] == OPCODE && (code[4] & 0xe0) == 0xc0;
}

void host_hide_bases(uint8_t *text, uint64_t bytes)
{
    for (uint64_t i = 0; host.no_fsgsbase && i + LENGTH <= bytes; i++)
        if (text[i] == PREFIX && text[i + 1] == REX_W && is_base(text + i)) {
            text[i] = ESCAPE;
            text[i + 1] = UD2;
        }
}

bool host_emulate_bases(struct machine_vcpu *vcpu, const uint8_t *code)
{
    bool hidden = code[0] == ESCAPE && code[1] == UD2, plain = code[0] == PREFIX && (code[1] & 0xf8) == REX_W;
    if (!host.no_fsgsbase || !(hidden || plain) || !is_base(code))
        return false;
    uint64_t *reg = general(&vcpu->regs, (code[4] & 7) | (plain ? (code[1] & 1u) << 3 : 0));
    switch (code[4] >> 3 & 3) {
    case 0: *reg = read_fs(); break;
    case 1: *reg = read_gs(); break;
    case 2: fs_now = ~*reg, set_fs(*reg); break; /* in any case: loading a selector changed the base, maybe */
    case 3: gs_now = ~*reg, set_gs(*reg); break;
    }
    vcpu->regs.rip += LENGTH;
    return true;
}
