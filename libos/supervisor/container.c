/* SPDX-License-Identifier: MPL-2.0 */
/* Makes a container out of tokens, starts it, and sees that all comes back when it ends. */
#include "supervisor.h"

enum { COM1 = 0x3f8, COM2 = 0x2f8, COM_PORTS = 8, COM1_IRQ = 4 };

/* Share of the memory that becomes the pool for page tables and kernel objects. */
#define POOL_SHARE 12
#define POOL_LEAST 512ul
#define POOL_MOST                                                                                              \
    (65536 - 2 * EXO_LARGE_PAGES) /* with the pages up to a large one, domain_create takes 65,536 */

/* Macros, because these take tokens of any kind. */
#define TOKEN_INFO(token)                                                                                      \
    ({                                                                                                         \
        struct exo_token_info info_;                                                                           \
        MUST("token_info", exo_token_info(token, &info_));                                                     \
        info_;                                                                                                 \
    })
/* Sends a child of the token to the container; what it is there goes to *theirs. */
#define GIVE(container, token, RIGHTS, flags, theirs)                                                          \
    MUST("a token cannot be given to the container",                                                           \
         exo_token_send((container)->domain, token, RIGHTS, flags, theirs))
/* The same of a part of a range; nothing where the range has no such part. */
#define GIVE_PART(container, token, number, n, RIGHTS, theirs)                                                 \
    ({                                                                                                         \
        struct exo_token_info range_ = TOKEN_INFO(token);                                                      \
        if (has_part(&range_, number, n)) {                                                                    \
            __typeof__(token) part_;                                                                           \
            MUST("device", exo_token_derive(token, EXO_ALL, (uint64_t)(number)-range_.base, n, &part_));       \
            GIVE(container, part_, RIGHTS, 0, theirs);                                                         \
        }                                                                                                      \
    })
static bool has_part(const struct exo_token_info *range, uint64_t number, uint64_t count)
{
    return number >= range->base && number - range->base + count <= range->count;
}

void container_map(struct container *container, uint64_t va, exo_frame frame, uint64_t offset, uint64_t pages,
                   uint32_t prot)
{
    while (pages) {
        uint64_t most = 4096; /* the bound of one call */
        struct exo_map map = EXO_MAP_COMPUTED(va, frame, offset, (uint32_t)(pages < most ? pages : most), prot);
        MUST("the container's segment cannot be mapped", exo_space_map(container->space, &map, 1));
        va += map.count * PAGE;
        offset += map.count;
        pages -= map.count;
    }
}

void *container_take(struct container *container, uint64_t pages, uint64_t *offset)
{
    if (container->used + pages > WINDOW_PAGES || container->used + pages > container->memory_pages)
        fail("the library OS image needs more memory than there is", 0);
    *offset = container->used;
    container->used += pages;
    void *at = container->window + *offset * PAGE;
    memset(at, 0, pages * PAGE);
    return at;
}

/* How many pages of the largest extent go to the pool: enough for the share, and such that the rest starts at a large
 * page, so that the direct map costs next to no page tables. */
static uint64_t pool_pages(const struct exo_token_info *extent, uint64_t total)
{
    uint64_t wanted = total / POOL_SHARE > POOL_LEAST ? total / POOL_SHARE : POOL_LEAST;
    if (wanted > POOL_MOST)
        wanted = POOL_MOST;
    uint64_t pages = extent->large;
    while (pages < wanted)
        pages += EXO_LARGE_PAGES;
    if (pages + 4 * EXO_LARGE_PAGES > extent->count)
        fail("not enough memory: give the machine at least 32 MiB", 0);
    return pages;
}

static void add_extent(struct container *container, exo_frame frame, uint64_t pages, uint64_t *mapped)
{
    struct los_start *start = container->start;
    uint64_t i = start->extents++;
    start->memory[i].pages = pages;
    GIVE(container, frame, EXO_R | EXO_W | EXO_X | EXO_SEND | EXO_SPLIT, EXO_SEND_CONTENTS,
         &start->memory[i].frame);
    container_map(container, LOS_DIRECT + *mapped * PAGE, frame, 0, pages, EXO_MAP_R | EXO_MAP_W);
    *mapped += pages;
}

void container_memory(struct container *container, const struct exo_boot_info *boot)
{
    uint64_t total = 0, mapped = 0, offset;
    if (!boot->extents)
        fail("no free memory", 0);
    for (uint32_t i = 0; i < boot->extents; i++)
        total += TOKEN_INFO(boot_extent(boot, i)).count;

    exo_frame largest = boot_extent(boot, 0), pool_frames;
    struct exo_token_info extent = TOKEN_INFO(largest);
    uint64_t pool = pool_pages(&extent, total);
    MUST("pool", exo_token_derive(largest, EXO_ALL, 0, pool, &pool_frames));
    MUST("the container's domain", exo_domain_create(pool_frames, &container->domain));
    container->memory_pages = extent.count - pool;
    /* More extents follow only if they are large ones; then this one must end at a large page for their sake. */
    if (boot->extents > 1 && TOKEN_INFO(boot_extent(boot, 1)).count >= 2 * EXO_LARGE_PAGES)
        container->memory_pages -= container->memory_pages % EXO_LARGE_PAGES;
    MUST("memory", exo_token_derive(largest, EXO_ALL, pool, container->memory_pages, &container->memory));
    MUST("the container's space", exo_space_create(container->domain, &container->space));

    uint64_t window = container->memory_pages < WINDOW_PAGES ? container->memory_pages : WINDOW_PAGES;
    struct exo_map map = EXO_MAP(WINDOW_VA, container->memory, 0, (uint32_t)window, EXO_MAP_R | EXO_MAP_W);
    MUST("window", exo_space_map(boot_space(boot), &map, 1));
    container->window = (uint8_t *)WINDOW_VA;

    uint64_t start_pages = PAGES(sizeof *container->start);
    container->start = container_take(container, start_pages, &offset);
    container_map(container, LOS_START, container->memory, offset, start_pages, EXO_MAP_R);

    add_extent(container, container->memory, container->memory_pages, &mapped);
    for (uint32_t i = 1; i < boot->extents; i++) {
        struct exo_token_info info = TOKEN_INFO(boot_extent(boot, i));
        uint64_t aligned = info.count > info.large ? info.count - info.large : 0;
        aligned -= aligned % EXO_LARGE_PAGES;
        if (aligned && container->start->extents < LOS_EXTENTS_MAX) {
            exo_frame part;
            MUST("memory", exo_token_derive(boot_extent(boot, i), EXO_ALL, info.large, aligned, &part));
            add_extent(container, part, aligned, &mapped);
        } else if (!aligned && info.count >= 8) {
            MUST("pool", exo_domain_donate(container->domain, boot_extent(boot, i)));
        }
    }
}

void container_module(struct container *container, const struct exo_boot_info *boot, uint32_t module)
{
    exo_frame frame = boot_module(boot, module);
    uint64_t size = boot->module[module].size;
    container_map(container, LOS_MODULE, frame, 0, PAGES(size), EXO_MAP_R);
    GIVE(container, frame, EXO_R | EXO_W | EXO_OWN, EXO_SEND_CONTENTS, &container->start->module_frame);
    container->start->module_size = size;
}

void container_devices(struct container *container, const struct exo_boot_info *boot)
{
    struct los_start *start = container->start;
    GIVE(container, boot_machine(boot), EXO_W | EXO_X, 0, &start->machine);
    GIVE_PART(container, boot_ports(boot), COM1, COM_PORTS, EXO_R | EXO_W, &start->ports_console);
    GIVE_PART(container, boot_ports(boot), COM2, COM_PORTS, EXO_R | EXO_W, &start->ports_errors);
    GIVE_PART(container, boot_irqs(boot), COM1_IRQ, 1, EXO_X, &start->irq_console);
    GIVE(container, container->domain, EXO_R | EXO_W, 0, &start->domain);
    GIVE(container, container->space, EXO_R | EXO_W | EXO_X, 0, &start->space);
    memcpy(start->command_line, boot->command_line, sizeof start->command_line);
    start->command_line[sizeof start->command_line - 1] = 0;
}

void container_vcpus(struct container *container, const struct exo_boot_info *boot)
{
    struct los_start *start = container->start;
    start->vcpus = boot->cpus < LOS_VCPUS_MAX ? boot->cpus : LOS_VCPUS_MAX;
    for (uint64_t i = 0; i < start->vcpus; i++) {
        uint64_t offset, va = LOS_VCPU_PAGES + i * PAGE;
        container_take(container, 1, &offset);
        container_map(container, va, container->memory, offset, 1, EXO_MAP_R | EXO_MAP_W);
        exo_frame page;
        exo_vcpu vcpu;
        MUST("vCPU page", exo_token_derive(container->memory, EXO_ALL, offset, 1, &page));
        MUST("vCPU", exo_vcpu_create(container->domain, container->space, page, va, i, &vcpu));
        container->vcpu[i] = vcpu;
        GIVE(container, vcpu, EXO_R | EXO_W | EXO_X, 0, &start->vcpu[i]);

        container_take(container, 4, &offset);
        start->stack[i] = LOS_DIRECT + (offset + 4) * PAGE;
        if (i == 0)
            container->stack = start->stack[0];

        /* The supervisor keeps a hundredth of CPU 0 for itself. */
        uint64_t period = 10000, budget = i == 0 ? period - period / 100 : period;
        exo_slice slice;
        MUST("slice", exo_slice_create(boot_slice(boot), 1ul << i, budget, period, &slice));
        MUST("slice", exo_slice_bind(vcpu, slice));
    }
    start->reserved_pages = container->used;
    start->magic = LOS_START_MAGIC;
    MUST("window", exo_space_unmap(boot_space(boot), WINDOW_VA, WINDOW_PAGES));
}

/* Why a vCPU that ended did: the container's own exit is silent, a fault it could not take is told. */
static bool faulted(struct container *container, uint64_t vcpus)
{
    for (uint64_t i = 0; i < vcpus; i++) {
        struct exo_vcpu_state state;
        if (exo_vcpu_state(container->vcpu[i], &state) < 0 || state.status != EXO_VCPU_FAULTED)
            continue;
        LOG("vCPU %u stopped: exception %u error %x address %x rip %x rsp %x", i, state.vector, state.error,
            state.address, state.regs.rip, state.regs.rsp);
        LOG("  rax %x rbx %x rcx %x rdx %x rsi %x rdi %x", state.regs.rax, state.regs.rbx, state.regs.rcx,
            state.regs.rdx, state.regs.rsi, state.regs.rdi);
        return true;
    }
    return false;
}

void container_run(struct container *container, const struct exo_boot_info *boot)
{
    struct exo_vcpu_page *self = (struct exo_vcpu_page *)EXO_BOOT_VCPU_PAGE_VA;
    struct exo_domain_info info;
    uint64_t vcpus = boot->cpus < LOS_VCPUS_MAX ? boot->cpus : LOS_VCPUS_MAX;
    MUST("start", exo_vcpu_start(container->vcpu[0], container->entry, container->stack, LOS_START));
    do {
        exo_vcpu_block(UINT64_MAX);
        __atomic_store_n(&self->pending, 0, __ATOMIC_SEQ_CST);
        MUST("domain_info", exo_domain_info(container->domain, &info));
    } while (!info.vcpus_dead);

    uint64_t status = info.exit_status;
    if (faulted(container, vcpus))
        status = 125;
    MUST("the container cannot be destroyed", exo_domain_destroy(container->domain));
    LOG("container ended with status %u", status);
    log_status(status);
}
