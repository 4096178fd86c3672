/* SPDX-License-Identifier: MPL-2.0 */
/* The table of contents: from the loader's hand-off to the core. */
#include "x86.h"

#define TEXT_SCREEN       0xb8000
#define TEXT_SCREEN_BYTES 4096

volatile uint32_t x86_core_ready;
extern uint8_t x86_boot_stack_top[];
static struct machine_boot boot;

/* What nobody took is the core's. Of more pieces than it can be told of, it gets the largest. */
static void hand_over_ram(void)
{
    const uint32_t most = sizeof boot.range / sizeof boot.range[0];
    while (x86_free.count > most) {
        uint32_t smallest = 0;
        for (uint32_t i = 1; i < x86_free.count; i++)
            if (x86_free.piece[i].end - x86_free.piece[i].start <
                x86_free.piece[smallest].end - x86_free.piece[smallest].start)
                smallest = i;
        x86_pieces_remove(&x86_free, x86_free.piece[smallest].start, x86_free.piece[smallest].end);
    }
    boot.ranges = x86_free.count;
    for (uint32_t i = 0; i < x86_free.count; i++) {
        boot.range[i].pfn = x86_free.piece[i].start >> EXO_PAGE_SHIFT;
        boot.range[i].pages = (x86_free.piece[i].end - x86_free.piece[i].start) >> EXO_PAGE_SHIFT;
        if (boot.range[i].pfn + boot.range[i].pages > boot.top_pfn)
            boot.top_pfn = boot.range[i].pfn + boot.range[i].pages;
    }
    for (uint32_t i = 0; i < boot.modules; i++) {
        uint64_t top = boot.module[i].pfn + (boot.module[i].bytes + EXO_PAGE_SIZE - 1) / EXO_PAGE_SIZE;
        if (top > boot.top_pfn)
            boot.top_pfn = top;
    }
}

static void wake_others(void)
{
    __atomic_store_n(&x86_core_ready, 1, __ATOMIC_SEQ_CST);
    for (uint32_t n = 1; n < x86_cpu_count; n++)
        machine_kick(n);
}

void x86_main(uint32_t magic, uint64_t info_physical)
{
    /* Enough of a CPU for machine_panic. */
    x86_cpus[0].self = &x86_cpus[0];
    x86_write_msr(X86_MSR_GS_BASE, (uint64_t)&x86_cpus[0]);

    x86_features_detect();
    x86_features_enable();
    bool known = x86_loader_read(magic, info_physical, &boot);
    bool quiet = x86_boot_word("quiet");
    if (!quiet)
        x86_log_init();
    if (!quiet && x86_loader_text_screen)
        x86_log_screen((volatile uint16_t *)(X86_DIRECT + TEXT_SCREEN)); /* there in the boot page tables */
    x86_log("KxOS\n");
    if (!known)
        machine_panic("neither Multiboot2 nor PVH, or no memory map");
    x86_loader_settle(&boot);

    x86_paging_init();
    if (!quiet && x86_loader_text_screen)
        x86_log_screen((volatile uint16_t *)x86_map_device(TEXT_SCREEN, TEXT_SCREEN_BYTES));
    x86_cpu_init(&x86_cpus[0], (uint64_t)x86_boot_stack_top);
    x86_acpi_init(x86_loader_rsdp);
    x86_apic_init_cpu();
    x86_ioapic_init();
    x86_clock_init();
    x86_pci_init();
    x86_iommu_init();
    x86_smp_start();

    hand_over_ram();
    x86_log("kxos: %u CPUs, %lu MiB, the core begins after %lu us\n", x86_cpu_count, boot.top_pfn >> 8,
            machine_now_ns() / 1000);
    core_main(&boot);
    wake_others();
    x86_cpu_idle_forever();
}
