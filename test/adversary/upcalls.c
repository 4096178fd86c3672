/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Bad upcall entries, stacks and vCPU pages. Most rows are a second vCPU of the attacker's that must end in a fault it cannot
 * take; vCPU 0 makes it, waits, and looks at what became of it.
 */
#include "attack.h"

#define SUBJECT   7u   /* number of the second vCPU: its page is VCPU_PAGE(7), its entries are entry_*(7) */
#define PAGE_AT   100u /* page of MEMORY that becomes its page */
#define STACK_TOP (MEMORY_VA + 99 * PAGE)

/* What subjects execute. */
#define CODE(name, text)                                                                                       \
    __asm__(".text\n" #name ": " text);                                                                        \
    extern const uint8_t name[] __attribute__((visibility("hidden")))
CODE(code_ud2, "ud2");
CODE(code_spin, "1: pause; jmp 1b");
CODE(code_foreign, "movl $60, %eax; syscall; ud2");
CODE(code_push, "pushq %rax; ud2");
CODE(code_load, "movq (%rdi), %rax; ud2");
CODE(code_yield, "1: movl $0x4b780019, %eax; syscall; jmp 1b");
CODE(code_unmask_spin, "movb $0, (%rdi); 1: pause; jmp 1b");
CODE(code_entry_faults, "ud2");
/* Clears fault_busy, which lies at rdi + 1, and faults again. */
CODE(code_fault_loop, "1: movb $0, 1(%rdi); movb (0), %al; jmp 1b");

struct subject {
    exo_handle vcpu, page, slice;
};

static struct subject make_subject(void)
{
    struct subject subject;
    uint64_t va = (uint64_t)VCPU_PAGE(SUBJECT);
    subject.page = (exo_handle)EXPECT_GOOD(exo_token_derive(START->memory, EXO_ALL, PAGE_AT, 1));
    EXPECT_GOOD(map_here(va, START->memory, PAGE_AT, 1, EXO_MAP_R | EXO_MAP_W));
    subject.vcpu =
        (exo_handle)EXPECT_GOOD(exo_vcpu_create(START->domain, START->space, subject.page, va, SUBJECT));
    unsigned other = START->vcpus > 1 ? 1 : 0; /* where it may, it runs on another CPU than vCPU 0 */
    uint64_t cpu = START->vcpus > 1 && START->cpus > 1 ? 1 : self()->cpu;
    subject.slice = (exo_handle)EXPECT_GOOD(exo_slice_create(START->slice[other], 1ul << cpu, 200, 5000));
    EXPECT_GOOD(exo_slice_bind(subject.vcpu, subject.slice));
    return subject;
}

static void wait_a_little(uint64_t ns)
{
    take_pending();
    exo_vcpu_block(now_ns() + ns);
}

static struct exo_vcpu_state state_of(const struct subject *subject)
{
    struct exo_vcpu_state state = {0};
    EXPECT_GOOD(exo_vcpu_state(subject->vcpu, &state));
    return state;
}

/* Waits until it has stopped, at most 5 s. */
static struct exo_vcpu_state wait_for(const struct subject *subject)
{
    struct exo_vcpu_state state = state_of(subject);
    for (uint64_t late = now_ns() + 5000 * MS; state.status < EXO_VCPU_EXITED && now_ns() < late;) {
        wait_a_little(2 * MS);
        state = state_of(subject);
    }
    return state;
}

static void end_subject(struct subject *subject)
{
    EXPECT_GOOD(exo_token_revoke(subject->page));
    EXPECT_GOOD(exo_token_drop(subject->page));
    EXPECT(state_of(subject).status >= EXO_VCPU_EXITED, "a vCPU lives on without its page");
    EXPECT_GOOD(exo_token_drop(subject->vcpu));
    exo_token_drop(subject->slice); /* gone where the vCPU's death left nobody with it */
}

struct row {
    const char *name;
    const uint8_t *code;
    uint64_t rdi, rsp, foreign_entry, fault_entry, event_entry;
    uint8_t busy;
    uint64_t pending;
    uint32_t vector; /* that stops it */
    uint64_t address;
};

static void judge(const struct row *row)
{
    struct subject subject = make_subject();
    struct exo_vcpu_page *page = VCPU_PAGE(SUBJECT);
    page->fault_busy = row->busy;
    page->pending = row->pending;
    EXPECT_GOOD(exo_vcpu_entries(subject.vcpu, row->foreign_entry, row->fault_entry, row->event_entry));
    EXPECT_GOOD(exo_vcpu_start(subject.vcpu, (uint64_t)row->code, row->rsp, row->rdi));
    struct exo_vcpu_state state = wait_for(&subject);
    EXPECT(state.status == EXO_VCPU_FAULTED &&
               (state.vector == row->vector || (row->vector != 6 && state.vector == 13)) &&
               (state.vector != 14 || state.address == row->address),
           "%s: status %u vector %u address %x rip %x", row->name, (uint64_t)state.status,
           (uint64_t)state.vector, state.address, state.regs.rip);
    EXPECT(state.regs.cs == EXO_USER_CS && state.regs.ss == EXO_USER_SS, "%s: cs %x ss %x", row->name,
           state.regs.cs, state.regs.ss);
    end_subject(&subject);
}

ATTACK(upcalls, bad_entries, BIG, 20000)
{
    const uint64_t nowhere = 0x123456000, data = MEMORY_VA, last = EXO_USER_END - 1,
                   page = (uint64_t)VCPU_PAGE(SUBJECT);
    const struct row rows[] = {
        {"no fault entry", code_ud2, 0, STACK_TOP, .vector = 6},
        {"no fault entry, page fault", code_load, 0x5000, STACK_TOP, .vector = 14, .address = 0x5000},
        {"fault entry unmapped", code_ud2, 0, STACK_TOP, .fault_entry = nowhere, .vector = 14,
         .address = nowhere},
        {"fault entry in data", code_ud2, 0, STACK_TOP, .fault_entry = data, .vector = 14, .address = data},
        {"fault entry at the end", code_ud2, 0, STACK_TOP, .fault_entry = last, .vector = 14, .address = last},
        {"fault entry at 1", code_ud2, 0, STACK_TOP, .fault_entry = 1, .vector = 14, .address = 1},
        {"fault entry in the vCPU page", code_ud2, 0, STACK_TOP, .fault_entry = page, .vector = 14,
         .address = page},
        {"fault entry faults", code_ud2, 0, STACK_TOP, .fault_entry = (uint64_t)code_entry_faults, .vector = 6},
        {"busy from the start", code_ud2, 0, STACK_TOP, .fault_entry = (uint64_t)code_spin, .busy = 1,
         .vector = 6},
        {"busy with garbage", code_ud2, 0, STACK_TOP, .fault_entry = (uint64_t)code_spin, .busy = 0x80,
         .vector = 6},
        {"no foreign entry", code_foreign, 0, STACK_TOP, .fault_entry = (uint64_t)code_spin, .vector = 6},
        {"foreign entry unmapped", code_foreign, 0, STACK_TOP, .foreign_entry = nowhere, .vector = 14,
         .address = nowhere},
        {"foreign entry at the end", code_foreign, 0, STACK_TOP, .foreign_entry = last, .vector = 14,
         .address = last},
        {"event entry unmapped", code_unmask_spin, page, STACK_TOP, .event_entry = nowhere, .pending = 1ul << 8,
         .vector = 14, .address = nowhere},
        {"event entry, all bits", code_unmask_spin, page, STACK_TOP, .event_entry = last, .pending = UINT64_MAX,
         .vector = 14, .address = last},
        {"stack in the kernel", code_push, 0, 0xffffffff80001008, .vector = 14, .address = 0xffffffff80001000},
        {"stack in the direct map", code_push, 0, 0xffff800000001008, .vector = 14,
         .address = 0xffff800000001000},
        {"stack at null", code_push, 0, 8, .vector = 14, .address = 0},
        {"stack wraps", code_push, 0, 0, .vector = 14, .address = -8ul},
        {"stack not canonical", code_push, 0, 1ul << 63, .vector = 12},
        {"stack at the end", code_push, 0, EXO_USER_END, .vector = 14, .address = EXO_USER_END - 8},
        {"kernel stack and a fault entry", code_ud2, 0, 0xffffffff80001008, .fault_entry = (uint64_t)code_push,
         .vector = 14, .address = 0xffffffff80001000},
        {"starts at the end", (const uint8_t *)last, 0, STACK_TOP, .vector = 14, .address = last},
        {"starts at null", NULL, 0, STACK_TOP, .vector = 14, .address = 0},
        {"starts in data", (const uint8_t *)data, 0, STACK_TOP, .vector = 14, .address = data},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        judge(&rows[i]);
}

/* A stack pointer that is not canonical is where ring 3 keeps it: interrupts and calls do not care. */
ATTACK(upcalls, odd_stacks, BIG)
{
    const uint64_t stacks[] = {0,         1, 7, EXO_USER_END, 1ul << 63, 0xffffffff80000fff, 0xffff800000000003,
                               UINT64_MAX};
    for (unsigned i = 0; i < sizeof stacks / sizeof stacks[0]; i++)
        for (unsigned j = 0; j < 2; j++) {
            struct subject subject = make_subject();
            EXPECT_GOOD(exo_vcpu_start(subject.vcpu, (uint64_t)(j ? code_yield : code_spin), stacks[i], 0));
            wait_a_little(12 * MS);
            struct exo_vcpu_state state = state_of(&subject);
            EXPECT(state.status == EXO_VCPU_READY && state.cpu_ns > 0 && state.regs.rsp == stacks[i],
                   "stack %x: status %u rsp %x, ran %u us", stacks[i], (uint64_t)state.status, state.regs.rsp,
                   state.cpu_ns / US);
            end_subject(&subject);
        }
}

/* Garbage in every byte of the page that it may write, again and again, while it runs. */
ATTACK(upcalls, garbage_in_page, TWO_VCPUS | ON_ALL_CPUS | BIG)
{
    if (vcpu != 0)
        return;
    for (unsigned round = 0; round < 8; round++) {
        uint64_t born = now_ns();
        struct subject subject = make_subject();
        uint64_t *page = (uint64_t *)VCPU_PAGE(SUBJECT);
        const uint8_t *code[] = {code_yield, code_foreign, code_unmask_spin, code_fault_loop};
        EXPECT_GOOD(exo_vcpu_entries(subject.vcpu, (uint64_t)code_yield, (uint64_t)code_fault_loop,
                                     (uint64_t)code_yield));
        EXPECT_GOOD(exo_vcpu_start(subject.vcpu, (uint64_t)code[round % 4], STACK_TOP, (uint64_t)page));
        uint64_t value = round;
        for (uint64_t end = now_ns() + 40 * MS; now_ns() < end;)
            for (unsigned i = 0; i < 512; i++) {
                value = value * 6364136223846793005ul + 1442695040888963407ul;
                ((volatile uint64_t *)page)[i] = value >> (value >> 60 & 1 ? 0 : 32);
            }
        struct exo_vcpu_state state = state_of(&subject);
        EXPECT(state.status == EXO_VCPU_READY || state.status == EXO_VCPU_FAULTED, "status %u",
               (uint64_t)state.status);
        EXPECT(state.cpu_ns <= now_ns() - born, "it used %u us, says the exokernel", state.cpu_ns / US);
        end_subject(&subject);
    }
}

/* The page is not where GS base points, and not mapped at all: upcalls go by the exokernel's own alias. */
ATTACK(upcalls, page_unmapped, BIG)
{
    struct subject subject = make_subject();
    EXPECT_GOOD(exo_space_unmap(START->space, (uint64_t)VCPU_PAGE(SUBJECT), 1));
    EXPECT_GOOD(map_here(0x200000, START->memory, PAGE_AT, 1, EXO_MAP_R | EXO_MAP_W));
    struct exo_vcpu_page *page = (struct exo_vcpu_page *)0x200000;
    page->pending = 1ul << 9;
    EXPECT_GOOD(exo_vcpu_entries(subject.vcpu, (uint64_t)code_ud2, entry_fault(SUBJECT), (uint64_t)code_spin));
    EXPECT_GOOD(exo_vcpu_start(subject.vcpu, (uint64_t)code_ud2, STACK_TOP, 0));
    struct exo_vcpu_state state = wait_for(&subject);
    EXPECT(state.status == EXO_VCPU_FAULTED && state.vector == 14, "status %u vector %u",
           (uint64_t)state.status, (uint64_t)state.vector);
    EXPECT(page->fault_busy == 1 && page->fault.vector == 6 && page->fault.rip == (uint64_t)code_ud2,
           "the first fault is not in the page: vector %u rip %x", page->fault.vector, page->fault.rip);
    end_subject(&subject);
    EXPECT_GOOD(exo_space_unmap(START->space, 0x200000, 1));
}

/* Two vCPUs with one page: each may spoil the other's upcalls, no more. */
ATTACK(upcalls, page_shared, BIG)
{
    struct subject one = make_subject(), two;
    two.page = one.page;
    two.vcpu = (exo_handle)EXPECT_GOOD(
        exo_vcpu_create(START->domain, START->space, one.page, (uint64_t)VCPU_PAGE(SUBJECT), SUBJECT));
    two.slice = (exo_handle)EXPECT_GOOD(exo_slice_create(START->slice[0], 1ul << self()->cpu, 200, 5000));
    EXPECT_GOOD(exo_slice_bind(two.vcpu, two.slice));
    const struct subject *both[] = {&one, &two};
    for (unsigned i = 0; i < 2; i++) {
        EXPECT_GOOD(exo_vcpu_entries(both[i]->vcpu, (uint64_t)code_yield, (uint64_t)code_fault_loop, 0));
        EXPECT_GOOD(exo_vcpu_start(both[i]->vcpu, (uint64_t)code_ud2, STACK_TOP, (uint64_t)VCPU_PAGE(SUBJECT)));
    }
    wait_a_little(50 * MS);
    end_subject(&one);
    EXPECT(state_of(&two).status == EXO_VCPU_FAULTED, "the second vCPU lives on without the page");
}

/* A page is taken away from under a vCPU that runs, on another CPU where there is one. */
ATTACK(upcalls, page_revoked, TWO_VCPUS | ON_ALL_CPUS | BIG)
{
    if (vcpu != 0)
        return;
    const uint8_t *code[] = {code_spin, code_yield, code_fault_loop, code_foreign};
    for (uint64_t i = 0, end = now_ns() + 400 * MS; now_ns() < end && i < 150; i++) {
        struct subject subject = make_subject();
        EXPECT_GOOD(exo_vcpu_entries(subject.vcpu, (uint64_t)code_foreign, (uint64_t)code_fault_loop, 0));
        EXPECT_GOOD(
            exo_vcpu_start(subject.vcpu, (uint64_t)code[i % 4], STACK_TOP, (uint64_t)VCPU_PAGE(SUBJECT)));
        wait_a_little(i % 16 * 200 * US);
        end_subject(&subject); /* says if it is not dead */
        memset((void *)VCPU_PAGE(SUBJECT), 0xaa, PAGE);
        exo_vcpu_yield();
        for (unsigned j = 0; j < PAGE / 8; j++)
            EXPECT(((uint64_t *)VCPU_PAGE(SUBJECT))[j] == 0xaaaaaaaaaaaaaaaa,
                   "word %u of a page was written after its revocation", (uint64_t)j);
    }
}

/* Faults without end. */
ATTACK(upcalls, fault_storm, ENDLESS | ON_ALL_CPUS | HOG, 400)
{
    uint64_t page = (uint64_t)VCPU_PAGE(vcpu);
    exo_vcpu_entries(START->vcpu[vcpu], 0, (uint64_t)code_fault_loop, 0);
    __asm__ volatile("jmp *%0" : : "r"(code_fault_loop), "D"(page));
}

/* Reflected calls without end: the entry is the call. */
ATTACK(upcalls, reflection_storm, ENDLESS | ON_ALL_CPUS | HOG, 400)
{
    exo_vcpu_entries(START->vcpu[vcpu], (uint64_t)code_foreign, 0, 0);
    __asm__ volatile("jmp *%0" : : "r"(code_foreign));
}

/* Entries change while another CPU reflects and faults. */
ATTACK(upcalls, entries_changed, TWO_VCPUS | ON_ALL_CPUS)
{
    if (vcpu == 0) {
        for (uint64_t end = now_ns() + 300 * MS; now_ns() < end;)
            for (unsigned i = 1; i < START->vcpus; i++) {
                EXPECT_GOOD(exo_vcpu_entries(START->vcpu[i], entry_foreign(i), entry_fault(i), 0));
                EXPECT_GOOD(exo_vcpu_entries(START->vcpu[i], entry_foreign(i), entry_fault(i), entry_event(i)));
            }
        START->word[0] = 1;
        return;
    }
    while (START->word[0] == 0) {
        uint64_t result = 7;
        __asm__ volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
        EXPECT(result == 7, "a reflected call lost rax: %x", result);
        START->progress[vcpu]++;
    }
}
