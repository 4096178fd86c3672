/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Runners: host processes that run vCPUs. A signal is the way into the exokernel; its frame on the alternate stack is what the vCPU
 * looks like to the host, and the return from it the way out. A runner that hands its baton on sleeps inside the signal handler
 * until it gets one again.
 *
 * Orders that matter (all sequentially consistent)
 *   whoever raises an interrupt: pending, then reads state; whoever leaves for the guest or sleeps: state, then reads pending.
 *   So an interrupt finds the guest and kicks it, or is found on the way out. The same for flush_wanted.
 */
#define _GNU_SOURCE
#include "hosted.h"
#include "vcpu.h"
#include <linux/audit.h>

#define EXO_CALL_RANGE 0x100u
#define STACK_BYTES    (128ul << 10)
#define RELAX_YIELD    64u

enum { VECTOR_INVALID = 6, VECTOR_PROTECTION = 13, VECTOR_PAGE_FAULT = 14, VECTOR_ALIGNMENT = 17 };
#define FLAG_AC     0x40000
#define ERROR_INT80 0x402ul /* what a CPU says of `int $0x80` where the gate is not ring 3's */

HOST_OWN uint32_t host_cpu_number, host_self;
static HOST_OWN bool begun;
static HOST_OWN uint8_t signal_stack[STACK_BYTES] __attribute__((aligned(4096)));

/* The guest's last page fault that became an upcall: when the library OS has mapped the page, the guest will touch it again. */
static HOST_OWN struct {
    uint64_t top_pfn, va; /* top_pfn 0: none */
    bool write, fetch;
} last_fault;

static struct host_cpu *own_cpu(void) { return &host.cpu[host_cpu_number]; }
static struct host_runner *own(void) { return &host.runner[host_self]; }

/* --- registers -------------------------------------------------------------------------------------------------------- */

static void take_registers(struct exo_regs *regs, const greg_t *g)
{
    *regs = (struct exo_regs){
        .r15 = (uint64_t)g[REG_R15],
        .r14 = (uint64_t)g[REG_R14],
        .r13 = (uint64_t)g[REG_R13],
        .r12 = (uint64_t)g[REG_R12],
        .rbp = (uint64_t)g[REG_RBP],
        .rbx = (uint64_t)g[REG_RBX],
        .r11 = (uint64_t)g[REG_R11],
        .r10 = (uint64_t)g[REG_R10],
        .r9 = (uint64_t)g[REG_R9],
        .r8 = (uint64_t)g[REG_R8],
        .rax = (uint64_t)g[REG_RAX],
        .rcx = (uint64_t)g[REG_RCX],
        .rdx = (uint64_t)g[REG_RDX],
        .rsi = (uint64_t)g[REG_RSI],
        .rdi = (uint64_t)g[REG_RDI],
        .rip = (uint64_t)g[REG_RIP],
        .cs = (uint64_t)g[REG_CSGSFS] & 0xffff,
        .rflags = (uint64_t)g[REG_EFL],
        .rsp = (uint64_t)g[REG_RSP],
        .ss = (uint64_t)g[REG_CSGSFS] >> 48,
    };
}

static void give_registers(const struct exo_regs *regs, greg_t *g)
{
    g[REG_R15] = (greg_t)regs->r15, g[REG_R14] = (greg_t)regs->r14, g[REG_R13] = (greg_t)regs->r13;
    g[REG_R12] = (greg_t)regs->r12, g[REG_RBP] = (greg_t)regs->rbp, g[REG_RBX] = (greg_t)regs->rbx;
    g[REG_R11] = (greg_t)regs->r11, g[REG_R10] = (greg_t)regs->r10, g[REG_R9] = (greg_t)regs->r9;
    g[REG_R8] = (greg_t)regs->r8, g[REG_RAX] = (greg_t)regs->rax, g[REG_RCX] = (greg_t)regs->rcx;
    g[REG_RDX] = (greg_t)regs->rdx, g[REG_RSI] = (greg_t)regs->rsi, g[REG_RDI] = (greg_t)regs->rdi;
    g[REG_RIP] = (greg_t)regs->rip, g[REG_EFL] = (greg_t)regs->rflags, g[REG_RSP] = (greg_t)regs->rsp;
    g[REG_CSGSFS] =
        (greg_t)(((uint64_t)g[REG_CSGSFS] & 0x0000ffffffff0000ul) | (regs->cs & 0xffff) | regs->ss << 48);
}

/* --- interrupts --------------------------------------------------------------------------------------------------------- */

void host_raise(uint32_t number, uint32_t interrupt)
{
    struct host_cpu *cpu = &host.cpu[number];
    __atomic_fetch_or(&cpu->pending, interrupt, __ATOMIC_SEQ_CST);
    switch (__atomic_load_n(&cpu->state, __ATOMIC_SEQ_CST)) {
    case CPU_GUEST: host_call(SYS_tgkill, cpu->process, cpu->process, HOST_KICK, 0, 0, 0); break;
    case CPU_IDLE: host_wake(&cpu->pending); break;
    }
}

void machine_kick(uint32_t cpu) { host_raise(cpu, INTERRUPT_KICK); }
void machine_timer(uint64_t ns) { own_cpu()->deadline_ns = ns; }
uint32_t machine_cpus(void) { return host.cpus; }

void machine_relax(void)
{
    static HOST_OWN uint32_t rounds;
    __builtin_ia32_pause();
    if (++rounds % RELAX_YIELD == 0)
        host_yield();
}

static void serve_interrupts(void)
{
    struct host_cpu *cpu = own_cpu();
    if (!__atomic_load_n(&cpu->pending, __ATOMIC_SEQ_CST))
        return;
    uint32_t pending = __atomic_exchange_n(&cpu->pending, 0, __ATOMIC_SEQ_CST);
    if (pending & INTERRUPT_KICK)
        core_kicked();
    if (pending & INTERRUPT_LINE)
        host_uart_interrupt();
    if (machine_now_ns() >= cpu->deadline_ns) {
        cpu->deadline_ns = UINT64_MAX;
        core_timer();
    }
}

/* The keeper kicks a CPU in the guest when its deadline comes; so it must not sleep beyond it. */
static void tell_deadline(uint64_t deadline_ns)
{
    if (deadline_ns < __atomic_load_n(&host.keeper_at_ns, __ATOMIC_SEQ_CST))
        host_tell_keeper();
}

static void idle(void)
{
    struct host_cpu *cpu = own_cpu();
    host_uart_flush();
    __atomic_store_n(&cpu->state, CPU_IDLE, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&cpu->pending, __ATOMIC_SEQ_CST)) {
        uint64_t now = machine_now_ns();
        if (now >= cpu->deadline_ns) {
            __atomic_fetch_or(&cpu->pending, INTERRUPT_TIMER, __ATOMIC_SEQ_CST);
            break;
        }
        host_sleep(&cpu->pending, 0, cpu->deadline_ns == UINT64_MAX ? UINT64_MAX : cpu->deadline_ns - now);
    }
    __atomic_store_n(&cpu->state, CPU_KERNEL, __ATOMIC_SEQ_CST);
    cpu->flush_wanted = 1;
    serve_interrupts();
}

/* --- batons --------------------------------------------------------------------------------------------------------------- */

void host_runners_lock(void)
{
    while (__atomic_exchange_n(&host.runner_lock, 1, __ATOMIC_ACQUIRE))
        machine_relax();
}
void host_runners_unlock(void) { __atomic_store_n(&host.runner_lock, 0, __ATOMIC_RELEASE); }

static void leave_list(uint32_t slot)
{
    struct host_runner *runner = &host.runner[slot];
    uint16_t *head = &host.runner_of[runner->top_pfn];
    if (*head == slot + 1) {
        *head = (uint16_t)runner->after;
        return;
    }
    for (uint32_t at = *head; at; at = host.runner[at - 1].after)
        if (host.runner[at - 1].after == slot + 1) {
            host.runner[at - 1].after = runner->after;
            return;
        }
}

static void join_list(uint32_t slot, uint64_t top_pfn)
{
    struct host_runner *runner = &host.runner[slot];
    runner->top_pfn = top_pfn;
    runner->after = host.runner_of[top_pfn];
    host.runner_of[top_pfn] = (uint16_t)(slot + 1);
}

/* A runner that waits, for the space: one that has its mappings; or one that has none yet; or the one that ran least recently. */
static uint32_t choose_runner(uint64_t top_pfn)
{
    for (uint32_t at = host.runner_of[top_pfn]; at; at = host.runner[at - 1].after)
        if (host.runner[at - 1].state != RUNNER_RUNS)
            return at - 1;
    uint32_t oldest = UINT32_MAX;
    for (uint32_t i = 0; i < host.runners; i++) {
        const struct host_runner *runner = &host.runner[i];
        if (runner->state == RUNNER_RUNS)
            continue;
        if (!runner->top_pfn) {
            oldest = i;
            break;
        }
        if (oldest == UINT32_MAX || runner->used < host.runner[oldest].used)
            oldest = i;
    }
    if ((oldest == UINT32_MAX || host.runner[oldest].top_pfn) && host.runners < RUNNERS_MOST) {
        oldest = host.runners++;
        host.runner[oldest].state = RUNNER_WANTED;
    }
    if (host.runner[oldest].top_pfn)
        leave_list(oldest);
    join_list(oldest, top_pfn);
    return oldest;
}

/* Gives the CPU to a runner that has, or will have, the space's mappings. */
static void hand_over(ucontext_t *context)
{
    struct host_cpu *cpu = own_cpu();
    host_vcpu_save(context);
    host_uart_flush();
    host_runners_lock();
    uint32_t slot = choose_runner(cpu->top_pfn);
    struct host_runner *next = &host.runner[slot];
    bool wanted = next->state == RUNNER_WANTED;
    next->cpu = host_cpu_number;
    next->used = ++host.stamp;
    next->state = RUNNER_RUNS;
    cpu->process = next->process;
    own()->state = RUNNER_WAITS;
    __atomic_store_n(&own()->baton, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&next->baton, 1, __ATOMIC_SEQ_CST);
    host_runners_unlock();
    if (wanted || host.runners - 1 == slot)
        host_tell_keeper(); /* it makes this one, or the next spare one */
    if (!wanted)
        host_wake(&next->baton);
}

static void wait_for_baton(void)
{
    while (!__atomic_load_n(&own()->baton, __ATOMIC_SEQ_CST))
        host_sleep(&own()->baton, 0, UINT64_MAX);
    host_cpu_number = own()->cpu;
    own_cpu()->process = own()->process;
    own_cpu()->flush_wanted = 1; /* its mappings are as old as its last turn */
}

/* --- out --------------------------------------------------------------------------------------------------------------------- */

/* False: an interrupt came, or was handed the CPU anew: the core decides again. */
static bool may_enter(struct host_cpu *cpu)
{
    __atomic_store_n(&cpu->state, CPU_GUEST, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&cpu->pending, __ATOMIC_SEQ_CST) &&
        !__atomic_load_n(&cpu->flush_wanted, __ATOMIC_SEQ_CST))
        return true;
    __atomic_store_n(&cpu->state, CPU_KERNEL, __ATOMIC_SEQ_CST);
    return false;
}

/* Saves the guest the second fault. */
static void map_ahead(uint64_t top_pfn)
{
    uint64_t error;
    if (last_fault.top_pfn == top_pfn &&
        host_translate(top_pfn, last_fault.va, last_fault.write, last_fault.fetch, &error))
        last_fault.top_pfn = 0;
}

static bool resume(struct machine_vcpu *vcpu, ucontext_t *context)
{
    struct host_cpu *cpu = own_cpu();
    if (!own()->top_pfn) { /* it has no mappings yet: they may be this space's as well as any other's */
        host_runners_lock();
        join_list(host_self, cpu->top_pfn);
        host_runners_unlock();
    }
    while (own()->top_pfn != cpu->top_pfn) {
        hand_over(context);
        wait_for_baton();
        cpu = own_cpu();
        vcpu = cpu->vcpu;
    }
    do {
        host_translate_settle(cpu->top_pfn);
        map_ahead(cpu->top_pfn);
        host_vcpu_load(vcpu, context);
        give_registers(&vcpu->regs, context->uc_mcontext.gregs);
        host_uart_flush();
        if (may_enter(cpu)) {
            tell_deadline(cpu->deadline_ns);
            return true;
        }
    } while (!__atomic_load_n(&cpu->pending, __ATOMIC_SEQ_CST));
    return false;
}

/* To the vCPU that the core chooses, or to sleep until there is one. */
static void leave(struct vcpu *running, ucontext_t *context)
{
    for (;;) {
        struct vcpu *next = core_next(running);
        if (!next) {
            running = NULL;
            idle();
            continue;
        }
        if (vcpu_machine(next)->regs.rip >= EXO_USER_END) {
            core_fault(next, VECTOR_PROTECTION, 0, 0);
        } else {
            if (resume(vcpu_machine(next), context))
                return;
            next = (struct vcpu *)own_cpu()->vcpu; /* another's, after a hand-over */
            serve_interrupts();
        }
        running = next;
    }
}

/* --- in ---------------------------------------------------------------------------------------------------------------------- */

/* Straight to the library OS, without the core. */
static bool reflect(struct host_cpu *cpu, greg_t *g)
{
    struct machine_vcpu *vcpu = cpu->vcpu;
    struct exo_vcpu_page *page = vcpu->page;
    if (!vcpu->syscall_entry)
        return false;
    page->syscall_rip = (uint64_t)g[REG_RIP];
    page->syscall_masked = page->masked;
    page->masked = 1;
    page->count_reflected++;
    g[REG_RIP] = g[REG_RCX] = (greg_t)vcpu->syscall_entry;
    return true;
}

static void system_call(struct vcpu *running, const siginfo_t *info)
{
    struct exo_regs *regs = &vcpu_machine(running)->regs;
    if (info->si_arch != AUDIT_ARCH_X86_64) {
        regs->rip -= 2;
        core_fault(running, VECTOR_PROTECTION, ERROR_INT80, 0);
    } else if (regs->rax - EXO_CALL_BASE < EXO_CALL_RANGE) {
        core_call(running);
    } else {
        core_foreign(running);
    }
}

static void fault(struct vcpu *running, const greg_t *g)
{
    uint64_t vector = (uint64_t)g[REG_TRAPNO], error = (uint64_t)g[REG_ERR], address = (uint64_t)g[REG_CR2];
    struct machine_vcpu *vcpu = vcpu_machine(running);
    uint64_t top_pfn = own_cpu()->top_pfn;
    if (vector == VECTOR_PAGE_FAULT) {
        if (host_translate(top_pfn, address, error & HOST_FAULT_WRITE, error & HOST_FAULT_FETCH, &error))
            return;
        last_fault.top_pfn = top_pfn, last_fault.va = address;
        last_fault.write = error & HOST_FAULT_WRITE, last_fault.fetch = error & HOST_FAULT_FETCH;
        core_fault(running, VECTOR_PAGE_FAULT, error, address);
        return;
    }
    uint8_t code[HOST_BASES_BYTES];
    if (vector == VECTOR_INVALID && machine_copy_in(code, vcpu->regs.rip, sizeof code) &&
        host_emulate_bases(vcpu, code))
        return;
    bool has_error = (vector >= 10 && vector <= VECTOR_PROTECTION) || vector == VECTOR_ALIGNMENT;
    core_fault(running, (uint32_t)vector, has_error ? error : 0, 0);
}

static void first_turn(ucontext_t *context)
{
    begun = true;
    own()->process = (int32_t)host_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
    wait_for_baton();
    /* The CPU's first runner begins without a vCPU; all others were handed one. */
    if (!own_cpu()->vcpu || !resume(own_cpu()->vcpu, context)) {
        serve_interrupts();
        leave((struct vcpu *)own_cpu()->vcpu, context);
    }
}

/* The host leaves the guest's alignment check on, which ring 0 would not feel. */
static inline void clear_alignment_check(void)
{
    __asm__ volatile("pushfq\n\tandl %0, (%%rsp)\n\tpopfq" : : "i"(~FLAG_AC) : "cc", "memory");
}

static void handle(int number, siginfo_t *info, void *data)
{
    clear_alignment_check();
    ucontext_t *context = host_context = data;
    greg_t *g = context->uc_mcontext.gregs;
    if (!begun) {
        first_turn(context);
        return;
    }
    struct host_cpu *cpu = own_cpu();
    __atomic_store_n(&cpu->state, CPU_KERNEL, __ATOMIC_SEQ_CST);
    struct vcpu *running = (struct vcpu *)cpu->vcpu;
    if (number == SIGSYS && info->si_arch == AUDIT_ARCH_X86_64 &&
        (uint64_t)g[REG_RAX] - EXO_CALL_BASE >= EXO_CALL_RANGE && reflect(cpu, g)) {
        if (may_enter(cpu))
            return;
        take_registers(&vcpu_machine(running)->regs, g);
    } else {
        take_registers(&vcpu_machine(running)->regs, g);
        if (number == SIGSYS)
            system_call(running, info);
        else if (number == SIGBUS && g[REG_TRAPNO] == VECTOR_PAGE_FAULT)
            host_fail("no memory for a frame");
        else if (number != HOST_KICK)
            fault(running, g);
    }
    if (running->status == EXO_VCPU_FAULTED)
        host_post_mortem();
    serve_interrupts();
    leave(running, context);
}

/* What the guest's instructions raise. In here all are blocked: one of ours is a mistake, and ends the process. */
static const int synchronous[] = {SIGSYS, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

void host_signals_install(void)
{
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof synchronous / sizeof synchronous[0]; i++)
        sigaction(synchronous[i], &action, NULL);
    sigaction(HOST_KICK, &action, NULL);
}

void host_runner_main(uint32_t slot)
{
    host_self = slot;
    stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    sigset_t mask;
    sigfillset(&mask);
    sigdelset(&mask, HOST_KICK);
    for (size_t i = 0; i < sizeof synchronous / sizeof synchronous[0]; i++)
        sigdelset(&mask, synchronous[i]);
    host_translate_init();
    if (sigaltstack(&stack, NULL) || !host_dispatch_start())
        host_fail("a runner cannot start");
    sigprocmask(SIG_SETMASK, &mask, NULL);
    raise(HOST_KICK); /* its frame is what the guest will be started with */
    host_fail("a runner came back");
}
