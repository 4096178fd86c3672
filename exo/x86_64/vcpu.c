/* SPDX-License-Identifier: MPL-2.0 */
/* vCPUs on an x86-64 CPU: FPU state, FS and GS base, and the registers of an upcall. */
#include "x86.h"

#define FLAG_IF       0x200ul
#define FLAG_ALWAYS   0x2ul
#define FCW_INITIAL   0x37f
#define MXCSR_INITIAL 0x1f80
#define MXCSR_AT      24

void machine_vcpu_init(struct machine_vcpu *vcpu, const uint64_t pfns[MACHINE_VCPU_PAGES],
                       struct exo_vcpu_page *page, uint64_t page_va)
{
    vcpu->regs = (struct exo_regs){.cs = EXO_USER_CS, .ss = EXO_USER_SS, .rflags = FLAG_IF | FLAG_ALWAYS};
    vcpu->by_syscall = 0;
    vcpu->page = page;
    vcpu->syscall_entry = vcpu->fault_entry = vcpu->event_entry = 0;
    vcpu->fs_base = 0;
    vcpu->gs_base = page_va;
    /* The first frame is enough for all state components but AMX tiles, which are left off (features.c). */
    vcpu->fpu = machine_frame(pfns[0]);
    uint8_t *area = vcpu->fpu;
    for (unsigned i = 0; i < EXO_PAGE_SIZE; i++)
        area[i] = 0;
    *(uint16_t *)area = FCW_INITIAL;
    *(uint32_t *)(area + MXCSR_AT) = MXCSR_INITIAL;
}

void machine_vcpu_start(struct machine_vcpu *vcpu, uint64_t rip, uint64_t rsp, uint64_t rdi)
{
    vcpu->regs.rip = rip;
    vcpu->regs.rsp = rsp;
    vcpu->regs.rdi = rdi;
    vcpu->by_syscall = 0;
}

void machine_vcpu_entries(struct machine_vcpu *vcpu, uint64_t syscall, uint64_t fault, uint64_t event)
{
    vcpu->syscall_entry = syscall;
    vcpu->fault_entry = fault;
    vcpu->event_entry = event;
    for (uint32_t n = 0; n < x86_cpu_count; n++)
        if (x86_cpus[n].vcpu == vcpu)
            x86_cpus[n].reflect = syscall;
}

static void fpu_save(void *area)
{
    uint32_t low = (uint32_t)x86_features.xsave_mask, high = (uint32_t)(x86_features.xsave_mask >> 32);
    if (x86_features.xsaveopt)
        __asm__ volatile("xsaveopt64 (%0)" : : "r"(area), "a"(low), "d"(high) : "memory");
    else if (x86_features.xsave)
        __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(low), "d"(high) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

static void fpu_restore(const void *area)
{
    uint32_t low = (uint32_t)x86_features.xsave_mask, high = (uint32_t)(x86_features.xsave_mask >> 32);
    if (x86_features.xsave)
        __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(low), "d"(high) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

/* Where ring 3 may set the bases itself, ring 0 need not go through the slower MSRs. Ring 3's GS base is the one that is swapped out. */
static void save_bases(struct machine_vcpu *vcpu)
{
    if (x86_features.fsgsbase) {
        __asm__ volatile("rdfsbase %0" : "=r"(vcpu->fs_base));
        __asm__ volatile("swapgs; rdgsbase %0; swapgs" : "=r"(vcpu->gs_base));
    } else {
        vcpu->fs_base = x86_read_msr(X86_MSR_FS_BASE);
        vcpu->gs_base = x86_read_msr(X86_MSR_KERNEL_GS);
    }
}

static void load_bases(const struct machine_vcpu *vcpu)
{
    if (x86_features.fsgsbase) {
        __asm__ volatile("wrfsbase %0" : : "r"(vcpu->fs_base));
        __asm__ volatile("swapgs; wrgsbase %0; swapgs" : : "r"(vcpu->gs_base) : "memory");
    } else {
        x86_write_msr(X86_MSR_FS_BASE, vcpu->fs_base);
        x86_write_msr(X86_MSR_KERNEL_GS, vcpu->gs_base);
    }
}

void machine_vcpu_switch(struct machine_vcpu *old, struct machine_vcpu *vcpu)
{
    struct x86_cpu *cpu = x86_cpu();
    if (old) {
        fpu_save(old->fpu);
        save_bases(old);
    }
    cpu->vcpu = vcpu;
    cpu->page = vcpu ? vcpu->page : NULL;
    cpu->reflect = vcpu ? vcpu->syscall_entry : 0;
    if (!vcpu)
        return;
    fpu_restore(vcpu->fpu);
    load_bases(vcpu);
    /* The CPU pushes what it interrupts in ring 3 right into the vCPU; it aligns to 16 bytes first. */
    uint64_t rsp0 = (uint64_t)&vcpu->regs + sizeof vcpu->regs;
    if (rsp0 % 16)
        machine_panic("a vCPU is not aligned to 16 bytes");
    cpu->rsp0->address = rsp0; /* volatile: only the CPU reads it */
}
