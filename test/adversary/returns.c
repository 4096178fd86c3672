/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The edges of entering and leaving ring 0: flags, segments, bases, and addresses at the end of ring 3's part.
 *
 * QEMU before 9.1 emulates iretq and lretq in ring 3 with the rights of ring 0, so that with SMAP on they end in a page fault; the
 * rows that use them take that for a fault like another.
 */
#include "attack.h"

enum {
    TF = 0x100,
    IF = 0x200,
    DF = 0x400,
    IOPL = 0x3000,
    NT = 0x4000,
    RF = 0x10000,
    AC = 0x40000,
    VIF = 0x80000
};
enum { VIP = 0x100000, ID = 0x200000, ARITHMETIC = 0x8d5 };

/* popfq, a call, pushfq: flags as they were after the call. */
static uint64_t call_with_flags(uint64_t flags, uint64_t number)
{
    uint64_t after, result = number, message = MEMORY_VA;
    __asm__ volatile("pushq %3; popfq; syscall; pushfq; popq %1; pushq $0x202; popfq; cld"
                     : "+a"(result), "=&r"(after), "+D"(message)
                     : "r"(flags)
                     : "rcx", "r11", "memory", "cc");
    return after;
}

ATTACK(returns, flags_at_call)
{
    static const uint64_t flags[] = {
        0,    ARITHMETIC, DF,        NT,           AC,
        IOPL, ID,         RF | IF,   VIF | VIP,    DF | NT | AC | ID | ARITHMETIC | IOPL,
        IF,   0x8000,     1ul << 32, ~(uint64_t)TF};
    for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        uint64_t kept = flags[i] & (ARITHMETIC | DF | NT | AC | ID);
        uint64_t after = call_with_flags(flags[i], EXO_CALL_BASE + EXO_CALL_ABI_VERSION);
        EXPECT((after & (ARITHMETIC | DF | NT | AC | ID)) == kept && (after & IF) && !(after & IOPL),
               "flags %x became %x over a call", flags[i], after);
        after = call_with_flags(flags[i], EXO_CALL_BASE + EXO_CALL_VCPU_YIELD);
        EXPECT((after & (ARITHMETIC | DF | NT | AC | ID)) == kept && (after & IF) && !(after & IOPL),
               "flags %x became %x over a yield", flags[i], after);
        after = call_with_flags(flags[i] & ~(uint64_t)(DF | NT | AC), 0x1234);
        EXPECT((after & IF) && !(after & IOPL), "flags %x became %x over a reflected call", flags[i], after);
    }
}

static void fault_with_flags(uint64_t flags)
{
    __asm__ volatile("pushq %0; popfq; nop; movq 0x10, %%rax" : : "r"(flags) : "rax", "memory");
}

static void trap_at_call(uint64_t number)
{
    __asm__ volatile("pushq $0x302; popfq; syscall; nop; nop"
                     : "+a"(number)
                     : "D"(0), "S"(0)
                     : "rcx", "r11", "memory");
}

/* Upcalls begin with DF, TF, NT and AC clear; what was set is in the frame. */
ATTACK(returns, flags_at_fault)
{
    static const uint64_t flags[] = {DF, NT, AC, DF | NT | AC | ID, ARITHMETIC};
    struct exo_upcall_frame fault;
    for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        EXPECT(attempt(fault_with_flags, flags[i] | IF, &fault), "no fault");
        EXPECT(fault.vector == 14 && fault.address == 0x10, "exception %u at %x", fault.vector, fault.address);
        EXPECT((fault.rflags & flags[i]) == flags[i], "flags %x became %x in the frame", flags[i],
               fault.rflags);
    }
    EXPECT(attempt(fault_with_flags, TF | IF, &fault) && fault.vector == 1, "no single step: exception %u",
           fault.vector);
    EXPECT(attempt(trap_at_call, EXO_CALL_BASE, &fault) && fault.vector == 1,
           "exception %u after a traced call", fault.vector);
    EXPECT(attempt(trap_at_call, EXO_CALL_BASE + EXO_CALL_VCPU_YIELD, &fault) && fault.vector == 1,
           "exception %u after a traced yield", fault.vector);
}

/* No alignment check: CR0.AM is off, so AC does nothing, and in ring 0 it was cleared where it would open SMAP. */
ATTACK(returns, alignment)
{
    uint64_t value;
    __asm__ volatile("pushq $0x40202; popfq; movq 1(%1), %0; pushq $0x202; popfq"
                     : "=r"(value)
                     : "r"(MEMORY)
                     : "memory");
    EXPECT_ERROR(BAD_ADDRESS, exo_token_info(START->memory, (struct exo_token_info *)0xffff800000000001));
}

/* --- segments and bases ------------------------------------------------------------------------------------------- */

static void load_ds(uint64_t s) { __asm__ volatile("movw %w0, %%ds" : : "r"(s)); }
static void load_es(uint64_t s) { __asm__ volatile("movw %w0, %%es" : : "r"(s)); }
static void load_fs(uint64_t s) { __asm__ volatile("movw %w0, %%fs" : : "r"(s)); }
static void load_gs(uint64_t s) { __asm__ volatile("movw %w0, %%gs" : : "r"(s)); }
static void load_ss(uint64_t s) { __asm__ volatile("movw %w0, %%ss" : : "r"(s)); }
static void far_jump(uint64_t s)
{
    struct {
        uint32_t offset;
        uint16_t selector;
    } __attribute__((packed)) to = {0x1000, (uint16_t)s};
    __asm__ volatile("ljmpl *%0" : : "m"(to));
}
static void far_return(uint64_t s)
{
    __asm__ volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:" : : "r"(s) : "rax", "memory");
}

/* A table of descriptors of one's own, where the CPU looks for one after a reset: data, and a gate into ring 0. */
ATTACK(returns, local_table)
{
    struct exo_upcall_frame fault;
    EXPECT_GOOD(map_here(0, START->memory, 0, 16, EXO_MAP_R | EXO_MAP_W));
    uint64_t *table = (uint64_t *)MEMORY;
    for (unsigned i = 0; i < 16 * PAGE / 8; i += 4) {
        table[i] = 0x00cff3000000ffff;     /* data of ring 3 */
        table[i + 1] = 0x00affb000000ffff; /* code of ring 3 */
        table[i + 2] = 0xffffec000010ffff; /* call gate for ring 3 to 0x10:... */
        table[i + 3] = 0xffffffff;
    }
    for (uint64_t selector = 7; selector < 0x10000; selector = selector * 2 + 1) {
        EXPECT(attempt(load_ds, selector, &fault) && fault.vector == 13 && fault.error == (selector & ~3ul),
               "ds takes selector %x from a table of its own, or looks there: exception %u", selector,
               fault.vector);
        EXPECT(attempt(far_jump, selector, &fault) && fault.vector == 13,
               "a far jump through selector %x: exception %u", selector, fault.vector);
    }
}

static void spin_for(uint64_t ns)
{
    for (uint64_t end = now_ns() + ns; now_ns() < end;)
        pause();
}

/* After whatever was loaded: calls, interrupts, switches and faults work, and the null selectors are kept. */
static void live_with(const char *what, uint64_t selector)
{
    struct exo_upcall_frame fault;
    EXPECT(exo_abi_version() == EXO_ABI_VERSION, "%s %x: calls do not work", what, selector);
    exo_vcpu_yield();
    spin_for(100 * US);
    EXPECT(exo_vcpu_block(now_ns() + 100 * US) == 0, "%s %x: blocking does not work", what, selector);
    __asm__ volatile("" : : : "memory");
    (void)fault;
}

ATTACK(returns, segments)
{
    static void (*const load[])(uint64_t) = {load_ds, load_es, load_fs, load_gs, load_ss};
    static const char *const name[] = {"ds", "es", "fs", "gs", "ss"};
    struct exo_upcall_frame fault;
    for (unsigned i = 0; i < 5; i++)
        for (uint64_t selector = 0; selector < 0x60; selector++) {
            bool readable = selector < 4 || (selector | 3) == EXO_USER_CS || (selector | 3) == EXO_USER_SS;
            bool good = i == 4 ? selector == EXO_USER_SS : readable;
            bool faulted = attempt(load[i], selector, &fault); /* puts the GS base back */
            EXPECT(faulted || good, "%s takes selector %x", name[i], selector);
            EXPECT(!faulted || fault.vector == 13 || fault.vector == 11 || fault.vector == 12,
                   "%s %x: exception %u", name[i], selector, fault.vector);
            live_with(name[i], selector);
        }
    for (unsigned i = 0; i < 4; i++)
        attempt(load[i], 0, NULL);
    for (uint64_t selector = 0; selector < 0x60; selector++) {
        if (selector == EXO_USER_CS || selector == (EXO_USER_CS & ~3ul))
            continue;
        EXPECT(attempt(far_jump, selector, &fault), "a far jump to selector %x", selector);
        EXPECT(attempt(far_return, selector, &fault), "a far return to selector %x", selector);
    }
    static const uint64_t far[] = {0x103, 0xfff8, 0xffff, 0x8003};
    for (unsigned i = 0; i < 5; i++)
        for (unsigned j = 0; j < 4; j++)
            EXPECT(attempt(load[i], far[j], &fault) && fault.vector == 13, "%s takes selector %x", name[i],
                   far[j]);
}

/* With the bases as they are: a call of each way of leaving, an interrupt, a fault. Nothing here uses GS. */
static void use_bases(uint64_t base)
{
    uint64_t fs, gs, result;
    __asm__ volatile("wrfsbase %0; wrgsbase %0" : : "r"(base));
    for (unsigned i = 0; i < 3; i++) {
        result = EXO_CALL_BASE + (i == 0 ? EXO_CALL_ABI_VERSION : EXO_CALL_VCPU_YIELD);
        if (i == 2)
            spin_for(12 * MS); /* its quantum ends meanwhile */
        __asm__ volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
        __asm__ volatile("rdfsbase %0; rdgsbase %1" : "=r"(fs), "=r"(gs));
        if (fs != base || gs != base)
            START->word[1] = 1 + i;
    }
    __asm__ volatile("movl $0x1234, %%eax; syscall" : : : "rax", "rcx", "r11", "memory");
    __asm__ volatile("movq 0x18, %%rax" : : : "rax", "memory");
}

ATTACK(returns, bases)
{
    static const uint64_t good[] = {0, 8, EXO_USER_END - 1, 0xffff800000000000, 0xffffffff80000000, UINT64_MAX};
    static const uint64_t bad[] = {EXO_USER_END, 0xffff7fffffffffff, 1ul << 63, 1ul << 48};
    struct exo_upcall_frame fault;
    if (!(self()->cpu_flags & EXO_CPU_FSGSBASE)) {
        skip("this CPU has no wrgsbase");
        return;
    }
    for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++) {
        START->word[1] = 0;
        EXPECT(attempt(use_bases, good[i], &fault) && fault.vector == 14 && fault.address == 0x18,
               "base %x: exception %u at %x", good[i], fault.vector, fault.address);
        EXPECT(START->word[1] == 0, "base %x was not kept, step %u", good[i], START->word[1]);
    }
    /* QEMU takes these, where a CPU says #GP: then they must be kept like others. */
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        START->word[1] = 0;
        EXPECT(attempt(use_bases, bad[i], &fault) && (fault.vector == 13 || fault.vector == 14),
               "base %x: exception %u", bad[i], fault.vector);
        EXPECT(START->word[1] == 0, "base %x was not kept, step %u", bad[i], START->word[1]);
        EXPECT(exo_abi_version() == EXO_ABI_VERSION, "after base %x calls do not work", bad[i]);
    }
    __asm__ volatile("wrfsbase %0" : : "r"(0ul));
}

/* --- the end of ring 3's part ----------------------------------------------------------------------------------------- */

#define LAST_PAGE (EXO_USER_END - PAGE)

/* The instruction of `bytes` ends where ring 3's part ends, after as much as `before` says. */
static void put_last(const uint8_t *bytes, size_t count)
{
    EXPECT_GOOD(map_here(LAST_PAGE, START->memory, 20, 1, EXO_MAP_R | EXO_MAP_W | EXO_MAP_X));
    memset((void *)LAST_PAGE, 0x90, PAGE);
    memcpy((void *)(EXO_USER_END - count), bytes, count);
}

static uint64_t last_rax, last_rdi;
static void run_last(uint64_t address)
{
    __asm__ volatile("jmp *%0"
                     :
                     : "r"(address), "a"(last_rax), "D"(last_rdi), "S"(0), "d"(0)
                     : "rcx", "r11", "memory");
}

/* The next instruction would lie beyond: it must be a fault in ring 3, however ring 0 was left. */
ATTACK(returns, call_in_the_last_bytes)
{
    static const uint8_t syscall[] = {0x0f, 0x05}, int3[] = {0xcc}, push[] = {0x50};
    const uint64_t number[] = {EXO_CALL_ABI_VERSION,
                               EXO_CALL_VCPU_YIELD,
                               EXO_CALL_TOKEN_DROP,
                               EXO_CALL_VCPU_BLOCK,
                               EXO_CALL_SPACE_SWITCH,
                               200,
                               5000 /* foreign */};
    struct exo_upcall_frame fault;
    put_last(syscall, 2);
    for (unsigned i = 0; i < sizeof number / sizeof number[0]; i++) {
        last_rax = EXO_CALL_BASE + number[i];
        last_rdi = number[i] == EXO_CALL_SPACE_SWITCH ? START->space : now_ns() + 2 * MS;
        EXPECT(attempt(run_last, EXO_USER_END - 2, &fault), "call %u in the last bytes did not fault",
               number[i]);
        EXPECT((fault.vector == 13 || fault.vector == 14) && fault.rip == EXO_USER_END &&
                   fault.cs == EXO_USER_CS,
               "call %u in the last bytes: exception %u rip %x", number[i], fault.vector, fault.rip);
    }
    put_last(int3, 1);
    EXPECT(attempt(run_last, EXO_USER_END - 1, &fault) && fault.vector == 3 && fault.rip == EXO_USER_END,
           "int3 in the last byte: exception %u rip %x", fault.vector, fault.rip);
    put_last(push, 0);
    EXPECT(attempt(run_last, EXO_USER_END - 16, &fault) && (fault.vector == 13 || fault.vector == 14),
           "running off the end: exception %u rip %x", fault.vector, fault.rip);
}

/* rcx and r11 are what the instruction made them, whatever they held. */
ATTACK(returns, garbage_in_rcx)
{
    static const uint64_t garbage[] = {0, UINT64_MAX, EXO_USER_END, 0xffffffff80000000, 1ul << 63};
    for (unsigned i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        register uint64_t rcx __asm__("rcx") = garbage[i];
        register uint64_t r11 __asm__("r11") = garbage[i];
        uint64_t result = EXO_CALL_BASE;
        __asm__ volatile("syscall" : "+a"(result), "+r"(rcx), "+r"(r11) : : "memory");
        EXPECT(result == EXO_ABI_VERSION && rcx < EXO_USER_END && (r11 & IF), "rcx %x r11 %x after a call", rcx,
               r11);
    }
}

struct far_frame {
    uint64_t rip, cs, rflags, rsp, ss;
};
static struct far_frame iret_frame;
static void iret(uint64_t unused)
{
    (void)unused;
    __asm__ volatile("pushq %4; pushq %3; pushq %2; pushq %1; pushq %0; iretq"
                     :
                     : "m"(iret_frame.rip), "m"(iret_frame.cs), "m"(iret_frame.rflags), "m"(iret_frame.rsp),
                       "m"(iret_frame.ss)
                     : "memory");
}
static void landing(void) { __asm__ volatile("ud2"); }

ATTACK(returns, iretq)
{
    uint64_t rip = (uint64_t)landing;
    const uint64_t stack = MEMORY_VA + 8 * PAGE;
    __asm__("" : "+r"(rip)); /* no table with addresses in it, which would be data */
    const struct far_frame frames[] = {
        {rip, EXO_USER_CS, 0x202, stack, EXO_USER_SS}, /* the good one: ud2 there */
        {rip, 0x10, 0x202, stack, EXO_USER_SS},
        {rip, 0x13, 0x202, stack, 0x1b},
        {rip, 0x10, 0x202, stack, 0x18},
        {rip, EXO_USER_CS, 0x202, stack, 0x18},
        {rip, EXO_USER_CS, 0x202, stack, 0},
        {rip, EXO_USER_CS, 0x202, stack, 3},
        {rip, 0, 0x202, stack, EXO_USER_SS},
        {rip, 0x40, 0x202, stack, EXO_USER_SS},
        {rip, EXO_USER_SS, 0x202, stack, EXO_USER_SS},
        {rip, 0xffff, 0x202, stack, 0xffff},
        {rip, EXO_USER_CS | 4, 0x202, stack, EXO_USER_SS},
        {EXO_USER_END, EXO_USER_CS, 0x202, stack, EXO_USER_SS},
        {0xffffffff80000000, EXO_USER_CS, 0x202, stack, EXO_USER_SS},
        {rip, EXO_USER_CS, 0x202, EXO_USER_END, EXO_USER_SS},
        {rip, EXO_USER_CS, 0x202, 0xffffffff80000000, EXO_USER_SS},
        {rip, EXO_USER_CS, 0x202 | NT, stack, EXO_USER_SS},
        {rip, EXO_USER_CS, IOPL | VIF | VIP | AC | RF, stack, EXO_USER_SS},
        {rip, EXO_USER_CS, UINT64_MAX & ~(uint64_t)TF, stack, EXO_USER_SS},
        {rip, EXO_USER_CS, 0x302, stack, EXO_USER_SS},
        {rip, EXO_USER_CS, 0x20202, stack, EXO_USER_SS}, /* virtual-8086 mode */
    };
    struct exo_upcall_frame fault;
    for (uint64_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        iret_frame = frames[i];
        EXPECT(attempt(iret, 0, &fault), "frame %u: iretq went somewhere", i);
        EXPECT(fault.cs == EXO_USER_CS && fault.ss == EXO_USER_SS && !(fault.rflags & IOPL) &&
                   (fault.rflags & IF),
               "frame %u: exception %u with cs %x ss %x flags %x", i, fault.vector, fault.cs, fault.ss,
               fault.rflags);
        EXPECT(exo_abi_version() == EXO_ABI_VERSION, "frame %u: calls do not work any more", i);
    }
}
