/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The exokernel's table of contents: core_main sets it up, part by part, and makes the first domain of what the boot
 * left. Afterwards everything happens in answer to ring 3 and to interrupts:
 *
 *   call.c     an exo call: number to function         (core_call)
 *   vcpu.c     faults, and what a vCPU is               (core_fault)
 *   schedule.c which vCPU runs next, timers             (core_next, core_timer)
 *   irq.c      device interrupts to events              (core_irq)
 *
 *   token.c derive.c give.c revoke.c recall.c    tokens: tables, handing on, giving back, taking back, asking back
 *   frame.c pool.c domain.c        frames, donated pools, domains
 *   table.c map.c edit.c space.c switch.c    page tables and address spaces
 *   slice.c alarm.c event.c        owned time, deadlines, doorbells
 *   gate.c                         calls between domains, in lent time
 */
#include "boot.h"
#include "domain.h"
#include "frame.h"
#include "irq.h"
#include "schedule.h"
#include "slice.h"
#include "space.h"
#include "vcpu.h"

#define POOL_MIN   512ul /* pages: 2 MiB */
#define POOL_MAX   4096ul
#define POOL_SHARE 32
#define PORT_COUNT 65536

static struct machine_boot memory; /* core_main's copy, that it cuts from */

/* The first domain, while it is set up. */
struct first {
    struct domain *domain;
    struct space *space;
    struct vcpu *vcpu;
    struct slice *slice;
    struct exo_boot_info *info;
    uint64_t info_pfn, page_pfn;
};

static uint64_t take_user(uint64_t pages)
{
    uint64_t pfn = boot_take(&memory, pages);
    frame_make_user(pfn, pages);
    return pfn;
}

/* The frame table, in boot RAM; then every frame that tokens will name. */
static void set_up_frames(uint64_t top_pfn)
{
    uint64_t table = boot_take(&memory, frame_table_pages(top_pfn));
    frame_init(machine_frame(table), top_pfn);
    for (uint32_t i = 0; i < memory.modules; i++)
        frame_make_user(memory.module[i].pfn, boot_module_pages(&memory, i));
}

static void make_domain(struct first *first)
{
    uint64_t pool = boot_pages(&memory) / POOL_SHARE;
    pool = pool < POOL_MIN ? POOL_MIN : pool > POOL_MAX ? POOL_MAX : pool;
    first->domain = domain_make(take_user(pool), pool, NULL, NULL);
    first->info_pfn = take_user(EXO_BOOT_INFO_PAGES);
    first->page_pfn = take_user(1);
    boot_sort(&memory);
    for (uint32_t i = 0; i < memory.ranges; i++)
        frame_make_user(memory.range[i].pfn, memory.range[i].pages);
    space_idle_top = pool_take(first->domain);
    machine_space_init(space_idle_top);
}

static const struct exo_flat_header *check_supervisor(void)
{
    if (memory.modules == 0)
        machine_panic("no supervisor: the boot loader passed no module");
    const struct exo_flat_header *header = machine_frame(memory.module[0].pfn);
    if (memory.module[0].bytes < sizeof *header || header->magic != EXO_FLAT_MAGIC ||
        header->text_pages > header->total_pages || header->total_pages > boot_module_pages(&memory, 0) ||
        header->entry >= EXO_USER_END)
        machine_panic("the first module is no supervisor image");
    return header;
}

static void map_image(struct first *first, const struct exo_flat_header *header)
{
    uint64_t pfn = memory.module[0].pfn, text = header->text_pages;
    first->space = space_make(first->domain);
    space_map_boot(first->space, EXO_SUPERVISOR_BASE, pfn, text, EXO_MAP_R | EXO_MAP_X);
    space_map_boot(first->space, EXO_SUPERVISOR_BASE + text * EXO_PAGE_SIZE, pfn + text,
                   header->total_pages - text, EXO_MAP_R | EXO_MAP_W);
    space_map_boot(first->space, EXO_BOOT_INFO_VA, first->info_pfn, EXO_BOOT_INFO_PAGES, EXO_MAP_R);
    space_map_boot(first->space, EXO_BOOT_VCPU_PAGE_VA, first->page_pfn, 1, EXO_MAP_R | EXO_MAP_W);
}

static exo_handle give(struct first *first, enum exo_kind kind, uint64_t base, uint64_t count)
{
    return token_make(first->domain, kind, EXO_ALL, base, count, NULL);
}

static exo_handle give_object(struct first *first, enum exo_kind kind, struct token *origin)
{
    return token_make_object(first->domain, kind, EXO_ALL, origin->object, origin);
}

static void make_vcpu(struct first *first)
{
    first->vcpu = vcpu_make(first->domain, first->space, first->page_pfn, NULL, EXO_BOOT_VCPU_PAGE_VA, 0);
    first->slice = slice_make_boot(first->domain);
    slice_bind(first->slice, first->vcpu, &first->slice->origin);
}

/* Tokens of all that there is, and their handles in the boot information. */
static void give_tokens(struct first *first)
{
    struct exo_boot_info *info = first->info;
    info->domain = give_object(first, EXO_DOMAIN, &first->domain->origin);
    info->space = give_object(first, EXO_SPACE, &first->space->origin);
    info->vcpu = give_object(first, EXO_VCPU, &first->vcpu->origin);
    info->slice = give_object(first, EXO_SLICE, &first->slice->origin);
    info->machine = give(first, EXO_MACHINE, 0, 0);
    info->ports = give(first, EXO_PORTS, 0, PORT_COUNT);
    if (irq_lines() > 0)
        info->irqs = give(first, EXO_IRQ, 0, irq_lines());
    if (machine_pci_functions() > 0)
        info->pci = give(first, EXO_PCI, 0, machine_pci_functions());
    for (uint32_t i = 0; i < memory.ranges && i < EXO_EXTENTS_MAX && memory.range[i].pages > 0; i++)
        info->extent[info->extents++] = give(first, EXO_FRAME, memory.range[i].pfn, memory.range[i].pages);
    for (uint32_t i = 0; i < memory.modules; i++) {
        __builtin_memcpy(info->module[i].name, memory.module[i].name, sizeof info->module[i].name);
        info->module[i].size = memory.module[i].bytes;
        if (memory.module[i].bytes > 0)
            info->module[i].frame = give(first, EXO_FRAME, memory.module[i].pfn, boot_module_pages(&memory, i));
    }
    info->modules = memory.modules;
}

static void tell_boot(struct first *first, const char *command_line)
{
    struct exo_boot_info *info = first->info;
    info->abi_version = EXO_ABI_VERSION;
    info->cpus = machine_cpus();
    for (size_t i = 0; i < sizeof info->command_line - 1 && command_line[i] != '\0'; i++)
        info->command_line[i] = command_line[i];
}

void core_main(const struct machine_boot *boot)
{
    struct first first = {0};
    memory = *boot;
    set_up_frames(boot->top_pfn);
    const struct exo_flat_header *header = check_supervisor();
    uint64_t entry = header->entry, stack = header->stack;
    make_domain(&first);
    map_image(&first, header);
    make_vcpu(&first);
    first.info = machine_frame(first.info_pfn);
    __builtin_memset(first.info, 0, EXO_BOOT_INFO_PAGES * EXO_PAGE_SIZE);
    give_tokens(&first);
    tell_boot(&first, boot->command_line);
    schedule_open();
    vcpu_start(first.vcpu, entry, stack, EXO_BOOT_INFO_VA); /* CPU 0's core_next finds it */
}
