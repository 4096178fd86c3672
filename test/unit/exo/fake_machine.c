/* SPDX-License-Identifier: MPL-2.0 */
/* The fake machine: see fake_machine.h. */
#include "fake_machine.h"
#include "cpu.h"
#include "domain.h"
#include "frame.h"
#include "space.h"
#include "vcpu.h"
#include <criterion/criterion.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>

uint32_t fake_cpu;
bool fake_midway;
uint64_t fake_now = 1000;
bool fake_kicked[EXO_CPUS_MAX];
struct vcpu *fake_running[EXO_CPUS_MAX];
bool fake_irq_masked[FAKE_IRQS];
uint32_t fake_port_value[65536];
char fake_log[4096];
int fake_power = -1;
unsigned fake_flushes, fake_remote_flushes, fake_timers;
struct domain *fake_root;
const struct exo_boot_info *fake_info;

static uint8_t *arena;
static uint32_t cpu_count;
static uint64_t timer_at[EXO_CPUS_MAX];
static uint64_t loaded_top[EXO_CPUS_MAX];
static struct machine_vcpu *on_cpu[EXO_CPUS_MAX];
static uint64_t switched_at[EXO_CPUS_MAX];
uint64_t fake_idle_ns[EXO_CPUS_MAX], fake_busy_ns[EXO_CPUS_MAX];

#define TLB_MAX 64
struct tlb_entry {
    uint64_t va, pfn;
    uint32_t prot;
};
static struct {
    unsigned count;
    struct tlb_entry entry[TLB_MAX];
} tlb[EXO_CPUS_MAX];

/* --- machine.h ------------------------------------------------------------------------------------------- */

void *machine_frame(uint64_t pfn) { return arena + pfn * EXO_PAGE_SIZE; }
uint32_t machine_cpu(void) { return fake_cpu; }
uint32_t machine_cpus(void) { return cpu_count; }
uint64_t machine_now_ns(void) { return fake_now; }
void machine_timer(uint64_t ns) { timer_at[fake_cpu] = ns; }
void machine_kick(uint32_t cpu) { fake_kicked[cpu] = true; }
void machine_relax(void) { cr_assert_fail("a CPU waits for another that cannot move"); }
void machine_serve_flush(void) {}

void machine_flush_local(uint64_t va, uint64_t pages)
{
    fake_flushes++;
    unsigned kept = 0;
    for (unsigned i = 0; i < tlb[fake_cpu].count; i++) {
        struct tlb_entry entry = tlb[fake_cpu].entry[i];
        if (pages != 0 && (entry.va < va || entry.va >= va + pages * EXO_PAGE_SIZE))
            tlb[fake_cpu].entry[kept++] = entry;
    }
    tlb[fake_cpu].count = kept;
}

void machine_flush_others(uint64_t mask)
{
    cr_assert(!(mask & 1ul << fake_cpu));
    fake_remote_flushes++;
    for (uint32_t i = 0; i < cpu_count; i++)
        if (mask & 1ul << i)
            tlb[i].count = 0;
}

void machine_space_init(uint64_t top_pfn) { ((machine_pte *)machine_frame(top_pfn))[511] = 1; }

void machine_space_load(uint64_t top_pfn)
{
    if (loaded_top[fake_cpu] == top_pfn)
        return;
    loaded_top[fake_cpu] = top_pfn;
    tlb[fake_cpu].count = 0;
}

void machine_vcpu_init(struct machine_vcpu *vcpu, const uint64_t pfns[MACHINE_VCPU_PAGES],
                       struct exo_vcpu_page *page, uint64_t page_va)
{
    memset(vcpu, 0, sizeof *vcpu);
    vcpu->page = page;
    vcpu->page_va = page_va;
    vcpu->fpu_pfn = pfns[0];
    for (int i = 0; i < MACHINE_VCPU_PAGES; i++)
        memset(machine_frame(pfns[i]), 0xff, EXO_PAGE_SIZE);
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

void fake_clock_cpu(uint32_t cpu)
{
    uint64_t passed = fake_now - switched_at[cpu];
    switched_at[cpu] = fake_now;
    if (on_cpu[cpu] == NULL) {
        fake_idle_ns[cpu] += passed;
        return;
    }
    fake_busy_ns[cpu] += passed;
    on_cpu[cpu]->ran_ns += passed;
}

void machine_vcpu_switch(struct machine_vcpu *old, struct machine_vcpu *vcpu)
{
    cr_assert_eq(old, on_cpu[fake_cpu]);
    fake_clock_cpu(fake_cpu);
    on_cpu[fake_cpu] = vcpu;
    if (old != NULL) {
        cr_assert(old->loaded);
        old->loaded = false;
    }
    if (vcpu != NULL) {
        cr_assert(!vcpu->loaded, "a vCPU's FPU state is in two CPUs");
        vcpu->loaded = true;
    }
}

void machine_upcall_event(struct machine_vcpu *vcpu)
{
    vcpu->page->event.rip = vcpu->regs.rip;
    vcpu->page->event.masked = vcpu->page->masked;
    vcpu->page->masked = 1;
    vcpu->regs.rip = vcpu->event_entry;
}

bool machine_upcall_fault(struct machine_vcpu *vcpu, uint32_t vector, uint64_t error, uint64_t address)
{
    if (vcpu->fault_entry == 0 || vcpu->page->fault_busy)
        return false;
    vcpu->page->fault = (struct exo_upcall_frame){.rip = vcpu->regs.rip,
                                                  .masked = vcpu->page->masked,
                                                  .vector = vector,
                                                  .error = error,
                                                  .address = address};
    vcpu->page->fault_busy = vcpu->page->masked = 1;
    vcpu->regs.rip = vcpu->fault_entry;
    return true;
}

void machine_clock_info(struct exo_vcpu_page *page) { page->clock_mult = 1; }

static bool reachable(uint64_t va, size_t bytes)
{
    return bytes == 0 || (va >= EXO_PAGE_SIZE && va < EXO_USER_END && bytes <= EXO_USER_END - va);
}

bool machine_copy_in(void *to, uint64_t va, size_t bytes)
{
    if (!reachable(va, bytes))
        return false;
    if (bytes != 0)
        memcpy(to, (const void *)va, bytes);
    return true;
}

bool machine_copy_out(uint64_t va, const void *from, size_t bytes)
{
    if (!reachable(va, bytes))
        return false;
    if (bytes != 0)
        memcpy((void *)va, from, bytes);
    return true;
}

uint32_t machine_irqs(void) { return FAKE_IRQS; }
void machine_irq_mask(uint32_t line, bool masked)
{
    cr_assert(line < FAKE_IRQS);
    fake_irq_masked[line] = masked;
}
/* --- PCI: a legacy virtio function, a plain one, and a bridge ------------------------------------------------ */

uint8_t fake_config[3][256];
uint64_t fake_iommu_table[3];
uint64_t fake_iommu_flushes;
bool fake_iommu;

static uint8_t *config_of(uint32_t function)
{
    return function % 8 == 0 && function / 8 >= 1 && function / 8 <= 3 ? fake_config[function / 8 - 1] : NULL;
}

static void reset_pci(void)
{
    static const uint8_t start[3][16] = {
        {0xf4, 0x1a, 0x05, 0x10, 3}, {0x86, 0x80, 1, 1, 3}, {0x86, 0x80, 2, 2, 7}};
    for (int i = 0; i < 3; i++)
        memcpy(fake_config[i], start[i], sizeof start[i]);
    fake_config[0][0x10] = 1;
    fake_config[0][0x11] = FAKE_VIRTIO_PORT >> 8;
    fake_config[0][0x2e] = 4; /* random numbers */
    fake_config[2][0x0e] = 1;
    fake_port_value[FAKE_VIRTIO_PORT + 12] = FAKE_RING;
}

uint32_t machine_pci_functions(void) { return 65536; }
uint32_t machine_pci_read(uint32_t function, uint32_t offset, uint32_t width)
{
    uint32_t value = UINT32_MAX;
    if (config_of(function) != NULL)
        memcpy(&value, config_of(function) + offset, width);
    return width == 4 ? value : value & ((1u << 8 * width) - 1);
}
void machine_pci_write(uint32_t function, uint32_t offset, uint32_t width, uint32_t value)
{
    cr_assert(config_of(function) != NULL);
    memcpy(config_of(function) + offset, &value, width);
}
bool machine_iommu(void) { return fake_iommu; }

/* What the IOMMU remembers of the tables, until it is told to forget. */
static struct {
    unsigned count;
    struct tlb_entry entry[TLB_MAX];
} iotlb[3];

bool machine_iommu_attach(uint32_t function, uint64_t table_pfn, uint32_t number)
{
    cr_assert(config_of(function) != NULL && number < 32);
    fake_iommu_table[function / 8 - 1] = table_pfn;
    iotlb[function / 8 - 1].count = 0;
    return true;
}

void machine_iommu_flush(void)
{
    fake_iommu_flushes++;
    for (int i = 0; i < 3; i++)
        iotlb[i].count = 0;
}

static bool dma_walk(unsigned device, uint64_t address, uint64_t *pfn, uint32_t *prot)
{
    *pfn = fake_iommu_table[device];
    *prot = EXO_MAP_R | EXO_MAP_W | EXO_MAP_X;
    for (int level = 3; level > 0; level--) {
        machine_pte entry = ((machine_pte *)machine_frame(*pfn))[address >> (12 + 9 * (level - 1)) & 511];
        bool large = level == 2 && machine_pte_is_large(entry);
        if (!machine_pte_present(entry))
            return false;
        if (!(machine_pte_flags(entry) & EXO_PTE_W))
            *prot &= ~(uint32_t)EXO_MAP_W; /* as it says at whatever level */
        *pfn = machine_pte_pfn(entry) + (large ? (address >> 12) % 512 : 0);
        if (large)
            break;
    }
    return true;
}

bool fake_dma(uint32_t function, uint64_t address, uint64_t *pfn, bool write)
{
    unsigned device = function / 8 - 1;
    struct tlb_entry entry = {.va = address & ~0xffful};
    if (!(fake_config[device][4] & 4) || fake_iommu_table[device] == 0)
        return false;
    for (unsigned i = 0; i < iotlb[device].count; i++)
        if (iotlb[device].entry[i].va == entry.va) {
            *pfn = iotlb[device].entry[i].pfn;
            return !write || iotlb[device].entry[i].prot & EXO_MAP_W;
        }
    if (!dma_walk(device, address, &entry.pfn, &entry.prot) || (write && !(entry.prot & EXO_MAP_W)))
        return false;
    if (iotlb[device].count < TLB_MAX)
        iotlb[device].entry[iotlb[device].count++] = entry;
    *pfn = entry.pfn;
    return true;
}

bool fake_ring_open;
bool machine_port_allowed(uint32_t port, uint32_t count)
{
    bool ring = port < FAKE_VIRTIO_PORT + 12 && FAKE_VIRTIO_PORT + 8 < port + count;
    return (port + count <= 0x20 || port >= 0x22) && (!ring || fake_ring_open);
}
uint32_t machine_port_in(uint32_t port, uint32_t width)
{
    return fake_port_value[port] & (width == 4 ? UINT32_MAX : (1u << 8 * width) - 1);
}
void machine_port_out(uint32_t port, uint32_t width, uint32_t value)
{
    (void)width;
    if (port != FAKE_VIRTIO_PORT + 12) /* a ring's size is the device's */
        fake_port_value[port] = value;
    if (port == FAKE_VIRTIO_PORT + 18 && value == 0) /* a reset device knows no ring */
        fake_port_value[FAKE_VIRTIO_PORT + 8] = 0;
}
void machine_log(const char *text, size_t bytes) { strncat(fake_log, text, bytes); }
void machine_power(enum exo_power action) { fake_power = (int)action; }
jmp_buf *fake_panic_to;
const char *fake_panic_text;
_Noreturn void machine_panic(const char *text)
{
    fake_panic_text = text;
    if (fake_panic_to != NULL)
        longjmp(*fake_panic_to, 1);
    cr_assert_fail("the core panics: %s", text);
    __builtin_unreachable();
}

/* --- running it ---------------------------------------------------------------------------------------------- */

void fake_boot(uint32_t count)
{
    static struct machine_boot boot;
    arena = mmap(NULL, FAKE_TOP * EXO_PAGE_SIZE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cr_assert(arena != MAP_FAILED);
    cpu_count = count;
    reset_pci();
    memset(fake_irq_masked, true, sizeof fake_irq_masked);
    for (int i = 0; i < EXO_CPUS_MAX; i++) {
        timer_at[i] = UINT64_MAX;
        switched_at[i] = fake_now;
    }
    struct exo_flat_header *header = machine_frame(FAKE_MODULE_PFN);
    *header = (struct exo_flat_header){.magic = EXO_FLAT_MAGIC,
                                       .text_pages = 2,
                                       .total_pages = 3,
                                       .entry = EXO_SUPERVISOR_BASE + 0x100,
                                       .stack = EXO_SUPERVISOR_BASE + 0x3000};
    boot.ranges = 2;
    boot.range[0].pfn = 32;
    boot.range[0].pages = 100;
    boot.range[1].pfn = 300;
    boot.range[1].pages = FAKE_TOP - 300;
    boot.top_pfn = FAKE_TOP;
    boot.modules = 2;
    boot.module[0].pfn = FAKE_MODULE_PFN;
    boot.module[0].bytes = 3 * EXO_PAGE_SIZE;
    strcpy(boot.module[0].name, "supervisor");
    boot.module[1].pfn = FAKE_MODULE_PFN + 3;
    boot.module[1].bytes = 100;
    boot.command_line = "test command line";
    core_main(&boot);
    struct vcpu *first = fake_enter(0);
    cr_assert(first != NULL);
    fake_root = first->domain;
    uint64_t top = loaded_top[0];
    for (int level = 4; level > 0; level--)
        top = machine_pte_pfn(
            ((machine_pte *)machine_frame(top))[EXO_BOOT_INFO_VA >> (12 + 9 * (level - 1)) & 511]);
    fake_info = machine_frame(top);
    check_invariants();
}

struct vcpu *fake_enter(uint32_t cpu)
{
    fake_cpu = cpu;
    if (fake_kicked[cpu]) {
        fake_kicked[cpu] = false;
        core_kicked();
    }
    return fake_running[cpu] = core_next(fake_running[cpu]);
}

void fake_settle(void)
{
    uint32_t before = fake_cpu;
    for (uint32_t i = 0; i < cpu_count; i++)
        if (fake_kicked[i]) {
            fake_enter(i);
            i = UINT32_MAX; /* from the first again */
        }
    fake_cpu = before;
}

void fake_advance(uint64_t ns)
{
    uint64_t until = fake_now + ns;
    uint32_t before = fake_cpu;
    fake_settle();
    for (;;) {
        uint32_t first = 0;
        for (uint32_t i = 1; i < cpu_count; i++)
            if (timer_at[i] < timer_at[first])
                first = i;
        if (timer_at[first] > until)
            break;
        if (timer_at[first] > fake_now)
            fake_now = timer_at[first];
        timer_at[first] = UINT64_MAX;
        fake_timers++;
        fake_cpu = first;
        core_timer();
        fake_enter(first);
        fake_settle();
    }
    fake_now = until;
    fake_cpu = before;
}

void fake_interrupt(uint32_t line)
{
    if (fake_irq_masked[line])
        return;
    fake_irq_masked[line] = true;
    core_irq(line);
    fake_running[fake_cpu] = core_next(fake_running[fake_cpu]);
}

void fake_fault(uint32_t vector, uint64_t error, uint64_t address)
{
    core_fault(fake_running[fake_cpu], vector, error, address);
    fake_running[fake_cpu] = core_next(fake_running[fake_cpu]);
}

long exo_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    struct vcpu *vcpu = fake_running[fake_cpu];
    cr_assert(vcpu != NULL, "nothing runs on CPU %u that could call", fake_cpu);
    cr_assert(vcpu_machine(vcpu)->loaded);
    struct exo_regs *regs = &vcpu_machine(vcpu)->regs;
    regs->rax = EXO_CALL_BASE + number;
    regs->rdi = a;
    regs->rsi = b;
    regs->rdx = c;
    regs->r10 = d;
    regs->r8 = e;
    core_call(vcpu);
    long result = (long)regs->rax;
    fake_running[fake_cpu] = core_next(vcpu);
    return result;
}

static void set_message(struct exo_regs *regs, const struct exo_message *message, uint64_t limit_us)
{
    regs->rsi = message->word[0];
    regs->rdx = message->word[1];
    regs->r10 = message->word[2];
    regs->r12 = message->word[3];
    regs->r13 = message->word[4];
    regs->r14 = message->word[5];
    regs->r15 = message->word[6];
    regs->r8 = message->token;
    regs->r9 = message->rights | limit_us << 32;
}

long fake_received(const struct vcpu *vcpu, uint64_t *rdi, struct exo_message *message)
{
    const struct exo_regs *regs = &vcpu->machine.regs;
    *rdi = regs->rdi;
    *message = (struct exo_message){
        {regs->rsi, regs->rdx, regs->r10, regs->r12, regs->r13, regs->r14, regs->r15}, regs->r8, 0};
    return (long)regs->rax;
}

long exo_gate_transfer(uint64_t number, uint64_t *rdi, struct exo_message *message, uint64_t limit_us)
{
    struct vcpu *vcpu = fake_running[fake_cpu];
    cr_assert(vcpu != NULL && vcpu_machine(vcpu)->loaded);
    struct exo_regs *regs = &vcpu_machine(vcpu)->regs;
    regs->rax = EXO_CALL_BASE + number;
    regs->rdi = *rdi;
    set_message(regs, message, limit_us);
    core_call(vcpu);
    if (fake_midway)
        return (long)regs->rax;
    fake_running[fake_cpu] = core_next(vcpu);
    if (fake_running[fake_cpu] == vcpu)
        fake_received(vcpu, rdi, message);
    return (long)regs->rax;
}

/* --- TLBs ------------------------------------------------------------------------------------------------------ */

/* Each level may take rights away. */
static bool walk(uint64_t top, uint64_t va, uint64_t *pfn, uint32_t *prot)
{
    *prot = EXO_MAP_R | EXO_MAP_W | EXO_MAP_X;
    for (int level = 4; level > 0; level--) {
        machine_pte entry = ((machine_pte *)machine_frame(top))[va >> (12 + 9 * (level - 1)) & 511];
        if (!machine_pte_present(entry))
            return false;
        top = machine_pte_pfn(entry);
        *prot &= machine_pte_prot(entry);
        if (level == 2 && machine_pte_is_large(entry)) {
            *pfn = top + (va >> 12) % 512;
            return true;
        }
    }
    *pfn = top;
    return true;
}

bool fake_touch(uint64_t va, bool write)
{
    struct tlb_entry entry = {.va = va & ~0xffful};
    for (unsigned i = 0; i < tlb[fake_cpu].count; i++)
        if (tlb[fake_cpu].entry[i].va == entry.va)
            return !write || tlb[fake_cpu].entry[i].prot & EXO_MAP_W;
    if (!walk(loaded_top[fake_cpu], va, &entry.pfn, &entry.prot) || (write && !(entry.prot & EXO_MAP_W)))
        return false;
    if (tlb[fake_cpu].count < TLB_MAX)
        tlb[fake_cpu].entry[tlb[fake_cpu].count++] = entry;
    return true;
}

/* No CPU that can reach ring 3 without flushing remembers more than the tables give. */
void check_tlbs(void);
void check_tlbs(void)
{
    for (uint32_t i = 0; i < cpu_count; i++) {
        if (cpus[i].running == NULL && cpus[i].stale)
            continue;
        for (unsigned k = 0; k < tlb[i].count; k++) {
            struct tlb_entry entry = tlb[i].entry[k];
            uint64_t pfn = 0;
            uint32_t prot = 0;
            cr_assert(walk(loaded_top[i], entry.va, &pfn, &prot) && pfn == entry.pfn &&
                          (entry.prot & ~prot) == 0,
                      "CPU %u has a stale translation of %lx", i, entry.va);
        }
    }
    for (unsigned device = 0; device < 3; device++)
        for (unsigned k = 0; k < iotlb[device].count; k++) {
            struct tlb_entry entry = iotlb[device].entry[k];
            uint64_t pfn = 0;
            uint32_t prot = 0;
            cr_assert(dma_walk(device, entry.va, &pfn, &prot) && pfn == entry.pfn && (entry.prot & ~prot) == 0,
                      "the IOMMU has a stale translation of %lx", entry.va);
        }
}
