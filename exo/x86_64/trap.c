/* SPDX-License-Identifier: MPL-2.0 */
/* What entry.S calls: sorts exceptions and interrupts, runs the core, and leaves to whatever the core wants to run. */
#include "x86.h"

/* What entry.S pushes when ring 0 was interrupted. */
struct kernel_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

enum { VECTOR_DEBUG = 1, VECTOR_PROTECTION = 13, VECTOR_PAGE_FAULT = 14, VECTORS_OF_CPU = 32 };

extern char x86_copy_instruction[], x86_copy_fault[];

_Noreturn void x86_trap_syscall(struct machine_vcpu *vcpu);
_Noreturn void x86_trap_user(struct machine_vcpu *vcpu, uint64_t vector, uint64_t error);
void x86_trap_kernel(struct kernel_frame *frame);
_Noreturn void x86_trap_fatal(struct kernel_frame *frame);

/* To the vCPU that the core chooses, or to sleep until there is one. */
static _Noreturn void leave(struct vcpu *running)
{
    for (;;) {
        struct vcpu *next = core_next(running);
        if (next) {
            struct machine_vcpu *vcpu = vcpu_machine(next);
            if (vcpu->regs.rip < EXO_USER_END)
                x86_resume(vcpu);
            /* `syscall` in the last bytes below the hole: returning there would fault in ring 0. It faults in ring 3 instead. */
            core_fault(next, VECTOR_PROTECTION, 0, 0);
            running = next;
            continue;
        }
        running = NULL;
        x86_idle();
    }
}

void x86_cpu_idle_forever(void) { leave(NULL); }

static void interrupt(uint64_t vector)
{
    if (vector == X86_VECTOR_TIMER) {
        x86_apic_eoi();
        core_timer();
    } else if (vector == X86_VECTOR_KICK) {
        x86_apic_eoi();
        core_kicked();
    } else if (vector == X86_VECTOR_FLUSH) {
        x86_apic_eoi();
        machine_serve_flush();
    } else if (vector >= X86_VECTOR_LINE && vector < X86_VECTOR_LINE + X86_LINES_MAX) {
        machine_irq_mask((uint32_t)(vector - X86_VECTOR_LINE), true);
        x86_apic_eoi();
        core_irq((uint32_t)(vector - X86_VECTOR_LINE));
    } /* else spurious: no end of interrupt */
}

void x86_trap_syscall(struct machine_vcpu *vcpu)
{
    if (vcpu->regs.rax - EXO_CALL_BASE < X86_EXO_CALL_RANGE)
        core_call((struct vcpu *)vcpu);
    else
        core_foreign((struct vcpu *)vcpu);
    leave((struct vcpu *)vcpu);
}

void x86_trap_user(struct machine_vcpu *vcpu, uint64_t vector, uint64_t error)
{
    if (vector < VECTORS_OF_CPU) {
        uint64_t address = 0;
        if (vector == VECTOR_PAGE_FAULT)
            __asm__ volatile("mov %%cr2, %0" : "=r"(address));
        core_fault((struct vcpu *)vcpu, (uint32_t)vector, error, address);
    } else {
        interrupt(vector);
    }
    leave((struct vcpu *)vcpu);
}

static _Noreturn void dump_and_panic(const struct kernel_frame *frame)
{
    uint64_t cr2;
    __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
    x86_log("exception %u in ring 0, error %lx, cr2 %lx\n", (uint32_t)frame->vector, frame->error, cr2);
    x86_log("rip %lx rsp %lx rflags %lx cs %lx\n", frame->rip, frame->rsp, frame->rflags, frame->cs);
    x86_log("rax %lx rbx %lx rcx %lx rdx %lx\n", frame->rax, frame->rbx, frame->rcx, frame->rdx);
    x86_log("rsi %lx rdi %lx rbp %lx r8 %lx\n", frame->rsi, frame->rdi, frame->rbp, frame->r8);
    x86_log("r9 %lx r10 %lx r11 %lx r12 %lx\n", frame->r9, frame->r10, frame->r11, frame->r12);
    x86_log("r13 %lx r14 %lx r15 %lx\n", frame->r13, frame->r14, frame->r15);
    const uint64_t *stack = (const uint64_t *)frame->rsp;
    for (unsigned i = 0; (frame->rsp >> 40) == 0xffffff && i < 64; i++)
        if (stack[i] >= X86_IMAGE)
            x86_log("  stack %lx: %lx\n", (uint64_t)&stack[i], stack[i]);
    machine_panic("exception in the exokernel");
}

void x86_trap_kernel(struct kernel_frame *frame)
{
    if (frame->vector >= VECTORS_OF_CPU) {
        interrupt(frame->vector); /* from x86_idle */
        return;
    }
    bool memory = frame->vector == VECTOR_PAGE_FAULT || frame->vector == VECTOR_PROTECTION;
    if (memory && frame->rip == (uint64_t)x86_copy_instruction) {
        frame->rip = (uint64_t)x86_copy_fault;
        return;
    }
    if (frame->vector == VECTOR_DEBUG) {
        /* Nothing in ring 0 asks for one; a trap flag that slipped in is put out. */
        frame->rflags &= ~0x100ul;
        return;
    }
    dump_and_panic(frame);
}

void x86_trap_fatal(struct kernel_frame *frame) { dump_and_panic(frame); }

void machine_panic(const char *text)
{
    x86_log("kxos: panic on CPU %u: %s\n", x86_cpu()->number, text);
    x86_log("kxos: status 125\n");
    machine_power(EXO_POWER_OFF);
    for (;;)
        __asm__ volatile("cli; hlt");
}
