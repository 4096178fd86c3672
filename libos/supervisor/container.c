/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a container is made of: a pool for the exokernel's objects, frames of its own, and pages that it shares with the supervisor, of
 * which the first, struct container, is the supervisor's alone.
 */
#include "supervisor.h"

enum { COM1 = 0x3f8, COM2 = 0x2f8, COM_PORTS = 8, COM1_IRQ = 4 };
enum { START_PAGES = 2, CONTROL_PAGES = 2, STACK_PAGES = 4 };
_Static_assert(sizeof(struct los_start) <= START_PAGES * PAGE, "start page");
_Static_assert(sizeof(struct los_control) <= CONTROL_PAGES * PAGE, "control page");

/* Share of the memory that becomes the pool for page tables and kernel objects. */
#define POOL_SHARE 12
#define POOL_LEAST 512ul
#define POOL_MOST                                                                                              \
    (65536 - 2 * EXO_LARGE_PAGES) /* with the pages up to a large one, domain_create takes 65,536 */
/* Of containers with a limit: an idle one takes about 70 pages. */
#define SMALL_POOL_SHARE 16
#define SMALL_POOL_LEAST 104ul
#define MEMORY_LEAST     (64 + SMALL_POOL_LEAST)
#define MEMORY_DEFAULT   (64ul << 20)
#define MEMORY_MOST      (1ul << 40)

struct container *containers;
static struct container **containers_end = &containers;
static uint32_t last_number;
static uint8_t slots[CONTAINERS_MAX];

/* What is to be made, once the configuration was understood. */
struct plan {
    struct config config;
    const char *name;
    uint32_t image;
    struct archive *archive[LOS_ARCHIVES_MAX];
    uint32_t archives;
    struct container *import[LOS_GATES_MAX];
    uint32_t imports;
    uint64_t pages, shared, pool; /* pages: all in */
    uint64_t vcpus, quota_us, period_us;
    bool first, gate, terminal;
};

static uint64_t slot_va(uint32_t slot) { return SLOT_VA + slot * SLOT_SPAN; }

struct container *container_find(uint64_t number, const char *name)
{
    for (struct container *c = containers; c; c = c->next)
        if (number ? c->number == number : text_equal(c->name, name))
            return c;
    return NULL;
}

uint64_t container_pages(const struct container *container)
{
    uint64_t pages = container->pool.pages + container->shared_pages;
    for (uint32_t i = 0; i < container->extents; i++)
        pages += container->extent[i].range.pages - container->extent[i].given;
    return pages;
}

/* --- mapping --------------------------------------------------------------------------------------------------------- */

long(container_map)(struct container *container, uint64_t va, exo_frame_r frame, uint64_t offset,
                    uint64_t pages, uint32_t prot)
{
    return (map_pages)(container->space, va, frame, offset, pages, prot);
}

void *container_take(struct container *container, uint64_t pages, uint64_t *offset)
{
    struct extent *extent = &container->extent[0];
    if (container->used + pages > WINDOW_PAGES || container->used + pages > extent->range.pages)
        return NULL;
    *offset = container->used;
    container->used += pages;
    void *at = (uint8_t *)WINDOW_VA + *offset * PAGE;
    memset(at, 0, pages * PAGE);
    return at;
}

long container_add_extent(struct container *container, struct range range, bool contents, exo_handle *theirs)
{
    struct extent *extent = &container->extent[container->extents];
    EXO_TOKEN(FRAME, EXO_R | EXO_W | EXO_X | EXO_SEND | EXO_SPLIT) given;
    *extent = (struct extent){.range = range};
    long error = memory_token(range, &extent->token);
    if (error < 0)
        return error;
    container->extents++; /* from here on container_end takes it back */
    error = AGAIN(exo_token_send(container->domain, extent->token, EXO_R | EXO_W | EXO_X | EXO_SEND | EXO_SPLIT,
                                 contents ? EXO_SEND_CONTENTS : 0, &given));
    if (error < 0)
        return error;
    *theirs = EXO_HANDLE(given);
    error = container_map(container, LOS_DIRECT + container->direct_pages * PAGE, extent->token, 0, range.pages,
                          EXO_MAP_R | EXO_MAP_W);
    container->direct_pages += range.pages;
    return error;
}

/* --- what it is planned to be ------------------------------------------------------------------------------------------ */

static bool plan_archives(struct plan *plan, struct failure *why)
{
    const char *name = config_get(plan->config, "root", 0);
    if (!name)
        name = "rootfs";
    if (!*name) /* none */
        return !config_get(plan->config, "archive", 0) || refuse(why, LOS_S_INVALID, "archives, but no root");
    for (uint32_t i = 0; name; i++) {
        struct archive *archive = archive_find(name);
        if (!archive || !archive->sealed)
            return refuse(why, LOS_S_NOTHING, "no archive '%s'", name);
        if (plan->archives == LOS_ARCHIVES_MAX)
            return refuse(why, LOS_S_LIMIT, "more than %u archives", (uint64_t)LOS_ARCHIVES_MAX);
        plan->archive[plan->archives++] = archive;
        name = config_get(plan->config, "archive", i);
    }
    return true;
}

static struct container *exporter_of(const char *name)
{
    for (struct container *c = containers; c; c = c->next)
        for (uint32_t i = 0; c->domain; i++) {
            const char *exported = config_get(c->config, "gate.export", i);
            if (!exported)
                break;
            if (text_equal(exported, name))
                return c;
        }
    return NULL;
}

static bool plan_gates(struct plan *plan, struct failure *why)
{
    const char *name;
    for (uint32_t i = 0; (name = config_get(plan->config, "gate.export", i)); i++)
        if (!text_is_name(name))
            return refuse(why, LOS_S_INVALID, "gate.export: '%s' is no name", name);
        else if (exporter_of(name))
            return refuse(why, LOS_S_EXISTS, "a gate '%s' is exported already", name);
    for (uint32_t i = 0; (name = config_get(plan->config, "gate.import", i)); i++) {
        if (plan->imports == LOS_GATES_MAX)
            return refuse(why, LOS_S_LIMIT, "more than %u imported gates", (uint64_t)LOS_GATES_MAX);
        if (!(plan->import[plan->imports++] = exporter_of(name)))
            return refuse(why, LOS_S_NOTHING, "nobody exports a gate '%s'", name);
    }
    return true;
}

static bool plan_time(struct plan *plan, struct failure *why)
{
    uint64_t cpus = boot->cpus < LOS_VCPUS_MAX ? boot->cpus : LOS_VCPUS_MAX, count;
    if (!config_number(plan->config, "cpu.period", 100000, 1000, 1000000, &plan->period_us, why) ||
        !config_number(plan->config, "cpu.quota", 0, 1, plan->period_us * boot->cpus, &plan->quota_us, why))
        return false;
    if (!plan->quota_us)
        plan->period_us = 0;
    uint64_t least = plan->quota_us ? (plan->quota_us + plan->period_us - 1) / plan->period_us : 1;
    if (!config_number(plan->config, "cpu.count", plan->quota_us ? least : cpus, least, cpus, &count, why))
        return false;
    plan->vcpus = count;
    return true;
}

static bool plan_memory(struct plan *plan, struct failure *why)
{
    uint64_t bytes;
    if (!config_number(plan->config, "memory", MEMORY_DEFAULT, MEMORY_LEAST * PAGE, MEMORY_MOST, &bytes, why))
        return false;
    plan->pages = bytes / PAGE;
    plan->pool = plan->pages / SMALL_POOL_SHARE;
    if (plan->pool < SMALL_POOL_LEAST)
        plan->pool = SMALL_POOL_LEAST;
    if (plan->pool > POOL_MOST)
        plan->pool = POOL_MOST;
    if (plan->shared + plan->pool + 64 > plan->pages)
        return refuse(why, LOS_S_MEMORY, "memory: %u bytes are too few: at least %u", bytes,
                      (plan->shared + plan->pool + 64) * PAGE);
    return true;
}

static bool make_plan(struct config config, struct plan *plan, struct failure *why)
{
    *plan = (struct plan){.config = config};
    if (!config.bytes || config.bytes > LOS_CONFIG_MOST || !config_good(config))
        return refuse(why, LOS_S_INVALID,
                      "the configuration is no list of KEY=VALUE strings, or longer than %u bytes",
                      LOS_CONFIG_MOST);
    const char *libos = config_get(config, "libos", 0);
    libos = libos ? libos : "linux";
    plan->name = config_get(config, "name", 0);
    plan->image = find_module(libos);
    if (!plan->name || !text_is_name(plan->name))
        return refuse(why, LOS_S_INVALID,
                      "name: '%s': 1 to 63 letters, digits, _ . and -, the first a letter or digit",
                      plan->name ? plan->name : "");
    if (container_find(0, plan->name))
        return refuse(why, LOS_S_EXISTS, "the name '%s' is in use", plan->name);
    if (plan->image == UINT32_MAX || plan->image == 0 || archive_find(libos))
        return refuse(why, LOS_S_NOTHING, "no library OS image '%s'", libos);
    plan->terminal = config_is(config, "terminal");
    plan->gate = config_is(config, "supervisor");
    plan->shared = 1 + START_PAGES + PAGES(config.bytes) + CONTROL_PAGES +
                   PAGES(console_bytes(plan->terminal)) + (plan->gate ? PAGES(LOS_CHANNEL_MOST) : 0);
    return plan_archives(plan, why) && plan_gates(plan, why) && plan_time(plan, why) && plan_memory(plan, why);
}

/* --- making it ----------------------------------------------------------------------------------------------------------- */

/* The part of it that the supervisor sees: NULL where there is no memory for it. */
static struct container *make_record(const struct plan *plan, struct range shared, uint32_t slot)
{
    exo_frame token;
    if (memory_token(shared, &token) < 0)
        return NULL;
    if (map_pages(boot_space(), slot_va(slot), token, 0, shared.pages, EXO_MAP_R | EXO_MAP_W) < 0) {
        MUST("record", exo_token_drop(token));
        return NULL;
    }
    uint8_t *at = (uint8_t *)slot_va(slot);
    memset(at, 0, shared.pages * PAGE);
    struct container *container = (struct container *)at;
    slots[slot] = 1;
    *container = (struct container){.slot = slot,
                                    .number = ++last_number,
                                    .state = LOS_CONTAINER_CREATED,
                                    .first = plan->first,
                                    .shared = shared,
                                    .shared_pages = shared.pages,
                                    .shared_token = token,
                                    .vcpus = (uint32_t)plan->vcpus,
                                    .quota_us = plan->quota_us,
                                    .period_us = plan->period_us,
                                    .limit_pages = plan->pages,
                                    .created_ns = now_ns()};
    text_copy(container->name, sizeof container->name, plan->name);
    text_copy(container->libos, sizeof container->libos, boot->module[plan->image].name);
    *containers_end = container;
    containers_end = &container->next;
    return container;
}

/* The shared pages, one part after the other, and where the container sees them. */
static long share(struct container *container, const struct plan *plan)
{
    uint64_t page = 1, n;
    uint8_t *base = (uint8_t *)container;
    long error;

    container->start = (struct los_start *)(base + page * PAGE);
    if ((error = container_map(container, LOS_START, container->shared_token, page, START_PAGES, EXO_MAP_R)) <
        0)
        return error;
    page += START_PAGES;
    n = PAGES(plan->config.bytes);
    memcpy(base + page * PAGE, plan->config.text, plan->config.bytes);
    container->config = (struct config){(const char *)base + page * PAGE, plan->config.bytes};
    if (n && (error = container_map(container, LOS_CONFIG, container->shared_token, page, n, EXO_MAP_R)) < 0)
        return error;
    container->start->config_bytes = plan->config.bytes;
    page += n;
    container->control = (struct los_control *)(base + page * PAGE);
    if ((error = container_map(container, LOS_CONTROL, container->shared_token, page, CONTROL_PAGES,
                               EXO_MAP_R | EXO_MAP_W)) < 0)
        return error;
    page += CONTROL_PAGES;
    if (plan->gate) {
        n = PAGES(LOS_CHANNEL_MOST);
        container->channel = base + page * PAGE;
        if ((error = container_map(container, LOS_CHANNEL, container->shared_token, page, n,
                                   EXO_MAP_R | EXO_MAP_W)) < 0)
            return error;
        container->start->channel_bytes = LOS_CHANNEL_MOST;
        page += n;
    }
    if (plan->first)
        return 0; /* its console is a UART */
    n = PAGES(console_bytes(plan->terminal));
    console_lay_out(&container->console[0], base + page * PAGE, plan->config, false);
    container->start->consoles = 1;
    return container_map(container, LOS_CONSOLES, container->shared_token, page, n, EXO_MAP_R | EXO_MAP_W);
}

static long add_archives(struct container *container, const struct plan *plan)
{
    struct los_start *start = container->start;
    for (uint32_t i = 0; i < plan->archives; i++) {
        struct archive *archive = plan->archive[i];
        uint64_t pages = PAGES(archive->bytes);
        long error = AGAIN(exo_token_send(container->domain, archive->view, EXO_R | EXO_X, EXO_SEND_CONTENTS,
                                          &start->archive[i].frame));
        if (error < 0)
            return error;
        start->archive[i].pages = pages;
        start->archive[i].bytes = archive->bytes;
        start->archives = i + 1;
        container->archive[container->archives++] = archive;
        container->archive_pages += pages;
        archive->users++;
        error = container_map(container, LOS_DIRECT + container->direct_pages * PAGE, archive->view, 0, pages,
                              EXO_MAP_R);
        if (error < 0)
            return error;
        container->direct_pages += pages;
    }
    if (plan->archives)
        text_copy(container->root, sizeof container->root, plan->archive[0]->name);
    return 0;
}

/* Sends a child of the token; what it is there goes to *theirs. */
#define GIVE(container, token, RIGHTS, theirs)                                                                 \
    AGAIN(exo_token_send((container)->domain, token, RIGHTS, 0, theirs))
/* The same of a part of a range; nothing where the range has no such part. */
#define GIVE_PART(container, token, number, n, RIGHTS, theirs)                                                 \
    ({                                                                                                         \
        struct exo_token_info range_ = {0};                                                                    \
        long given_ = exo_token_info(token, &range_);                                                          \
        if (given_ >= 0 && has_part(&range_, number, n)) {                                                     \
            __typeof__(token) part_;                                                                           \
            given_ = exo_token_derive(token, EXO_ALL, (uint64_t)(number)-range_.base, n, &part_);              \
            if (given_ >= 0)                                                                                   \
                given_ = GIVE(container, part_, RIGHTS, theirs);                                               \
        }                                                                                                      \
        given_;                                                                                                \
    })
static bool has_part(const struct exo_token_info *range, uint64_t number, uint64_t count)
{
    return number >= range->base && number - range->base + count <= range->count;
}

/* What the first container has and no other: power, and the UARTs. */
static long give_devices(struct container *container)
{
    struct los_start *start = container->start;
    long error = GIVE(container, boot_machine(), EXO_W | EXO_X, &start->machine);
    if (error >= 0)
        error = GIVE_PART(container, boot_ports(), COM1, COM_PORTS, EXO_R | EXO_W, &start->ports_console);
    if (error >= 0)
        error = GIVE_PART(container, boot_ports(), COM2, COM_PORTS, EXO_R | EXO_W, &start->ports_errors);
    if (error >= 0 && boot->irqs)
        error = GIVE_PART(container, boot_irqs(), COM1_IRQ, 1, EXO_X, &start->irq_console);
    memcpy(start->command_line, boot->command_line, sizeof start->command_line);
    start->command_line[sizeof start->command_line - 1] = 0;
    return error;
}

static long make_vcpu(struct container *container, uint32_t i)
{
    struct los_start *start = container->start;
    uint64_t page_at, stack_at, va = LOS_VCPU_PAGES + i * PAGE;
    if (!container_take(container, 1, &page_at) || !container_take(container, STACK_PAGES, &stack_at))
        return -EXO_E_NO_POOL;
    exo_frame page;
    long error = container_map(container, va, container->extent[0].token, page_at, 1, EXO_MAP_R | EXO_MAP_W);
    if (error < 0 || (error = exo_token_derive(container->extent[0].token, EXO_ALL, page_at, 1, &page)) < 0)
        return error;
    error = exo_vcpu_create(container->domain, container->space, page, va, i, &container->vcpu[i]);
    if (error < 0)
        return error;
    start->stack[i] = LOS_DIRECT + (stack_at + STACK_PAGES) * PAGE;
    return GIVE(container, container->vcpu[i], EXO_R | EXO_W | EXO_X, &start->vcpu[i]);
}

static long give_gates(struct container *container, const struct plan *plan)
{
    struct los_start *start = container->start;
    long error = exo_event_derive(container->vcpu[0], LOS_EVENT_FROM_SUPERVISOR, &container->event);
    if (error >= 0)
        error = GIVE(container, doorbell, EXO_W, &start->supervisor);
    if (error >= 0 && plan->gate) {
        error = exo_gate_create(boot_vcpu(), container->slot + 1, &container->gate);
        if (error >= 0)
            error = GIVE(container, container->gate, EXO_X, &start->gate);
    }
    for (uint32_t i = 0; error >= 0 && i < plan->imports; i++) {
        exo_gate gate;
        error = exo_gate_create(plan->import[i]->vcpu[0], container->number, &gate);
        if (error >= 0)
            error = AGAIN(exo_token_send(container->domain, gate, EXO_X, EXO_SEND_MOVE, &start->imported[i]));
    }
    while (config_get(container->config, "gate.export", (uint32_t)start->exported))
        start->exported++;
    return error;
}

/* All of it, in a domain that has its pool already. `extents` are its frames. */
static bool assemble(struct container *container, const struct plan *plan, const struct range *extents,
                     uint32_t count, struct failure *why)
{
    uint64_t window = extents[0].pages < WINDOW_PAGES ? extents[0].pages : WINDOW_PAGES;
    long error = exo_space_create(container->domain, &container->space);
    if (error >= 0)
        error = share(container, plan);
    for (uint32_t i = 0; error >= 0 && i < count; i++) {
        exo_handle theirs = 0;
        error = container_add_extent(container, extents[i], plan->first, &theirs);
        container->start->memory[i].frame =
            exo_trust(FRAME, EXO_R | EXO_W | EXO_X | EXO_SEND | EXO_SPLIT, theirs);
        container->start->memory[i].pages = extents[i].pages;
        container->start->extents = i + 1;
    }
    if (error >= 0)
        error = add_archives(container, plan);
    if (error >= 0)
        error =
            map_pages(boot_space(), WINDOW_VA, container->extent[0].token, 0, window, EXO_MAP_R | EXO_MAP_W);
    if (error < 0)
        return refuse_exo(why, "the container's memory", error);
    bool good = image_load(container, plan->image, why);
    for (uint32_t i = 0; good && error >= 0 && i < container->vcpus; i++)
        error = make_vcpu(container, i);
    MUST("window", exo_space_unmap(boot_space(), WINDOW_VA, window));
    struct los_start *start = container->start;
    if (good && error >= 0)
        error = give_gates(container, plan);
    if (good && error >= 0 && plan->first)
        error = give_devices(container);
    if (good && error >= 0)
        error = GIVE(container, container->domain, EXO_R | EXO_W, &start->domain);
    if (good && error >= 0)
        error = GIVE(container, container->space, EXO_R | EXO_W | EXO_X, &start->space);
    if (error < 0)
        return refuse_exo(why, "the container", error);
    start->vcpus = container->vcpus;
    container->stack = start->stack[0];
    start->reserved_pages = container->used;
    start->magic = LOS_START_MAGIC;
    return good;
}

struct container *container_make(struct config config, struct failure *why)
{
    struct plan plan;
    uint32_t slot = 0, count = 0;
    struct range shared, pieces[LOS_EXTENTS_MAX];
    if (!make_plan(config, &plan, why) || !limit_want(plan.pages, why))
        return NULL;
    while (slot < CONTAINERS_MAX && slots[slot])
        slot++;
    if (slot == CONTAINERS_MAX) {
        refuse(why, LOS_S_LIMIT, "no more than %u containers, those that ended included",
               (uint64_t)CONTAINERS_MAX);
        return NULL;
    }
    struct container *container = NULL;
    uint16_t owner = (uint16_t)(slot + 1);
    if (memory_take(owner, plan.shared, &shared) && !(container = make_record(&plan, shared, slot)))
        memory_give(owner, shared);
    if (!container) {
        refuse(why, LOS_S_MEMORY, "no memory in a row for the container's record");
        return NULL;
    }
    bool good = false;
    if (!memory_take(owner, plan.pool, &container->pool)) {
        container->pool.pages = 0;
        refuse(why, LOS_S_MEMORY, "no memory in a row for the container's pool");
    } else if (!memory_take_pieces(owner, plan.pages - plan.shared - plan.pool, pieces, LOS_EXTENTS_MAX,
                                   &count)) {
        refuse(why, LOS_S_MEMORY, "the free memory is in too many pieces");
    } else {
        long error = memory_token(container->pool, &container->pool_token);
        if (error >= 0)
            error = AGAIN(exo_domain_create(container->pool_token, &container->domain));
        if (error < 0)
            refuse_exo(why, "the container's domain", error);
        else
            good = assemble(container, &plan, pieces, count, why);
        for (uint32_t i = container->extents; i < count; i++) /* not handed over */
            memory_give(owner, pieces[i]);
    }
    if (good)
        return container;
    container_end(container, 125);
    container_forget(container);
    return NULL;
}

/* --- the first container: all memory, the console, power ------------------------------------------------------------------- */

/* Its pool: enough for the share, and such that the rest starts at a large page, so that the direct map costs next to no page tables. */
static uint64_t first_pool(struct range *rest, uint64_t large)
{
    uint64_t wanted = memory_total() / POOL_SHARE > POOL_LEAST ? memory_total() / POOL_SHARE : POOL_LEAST;
    if (wanted > POOL_MOST)
        wanted = POOL_MOST;
    uint64_t pages = (large - rest->first) % EXO_LARGE_PAGES;
    while (pages < wanted)
        pages += EXO_LARGE_PAGES;
    if (pages + 4 * EXO_LARGE_PAGES > rest->pages)
        fail("not enough memory: give the machine at least 32 MiB", 0);
    *rest = (struct range){rest->first + pages, rest->pages - pages};
    return pages;
}

static uint32_t first_extents(struct range rest, struct range *extents)
{
    struct exo_token_info info = {0};
    uint32_t count = 1;
    extents[0] = rest;
    /* More extents follow only if they are large ones; then this one must end at a large page for their sake. */
    if (boot->extents > 1 && memory_extent(1).pages >= 2 * EXO_LARGE_PAGES)
        extents[0].pages -= extents[0].pages % EXO_LARGE_PAGES;
    for (uint32_t i = 1; i < boot->extents && count < LOS_EXTENTS_MAX; i++) {
        struct range whole = memory_extent(i);
        MUST("memory", exo_token_info(boot_extent(i), &info));
        uint64_t aligned = info.count > info.large ? info.count - info.large : 0;
        aligned -= aligned % EXO_LARGE_PAGES;
        if (aligned)
            extents[count++] = (struct range){whole.first + info.large, aligned};
    }
    return count;
}

struct container *container_make_first(struct config config, uint32_t image)
{
    struct plan plan;
    struct failure why = {0};
    struct exo_token_info info;
    struct range rest = memory_extent(0), extents[LOS_EXTENTS_MAX];
    if (!make_plan(config, &plan, &why))
        fail(why.text, 0);
    plan.image = image;
    plan.first = true;
    MUST("memory", exo_token_info(boot_extent(0), &info));
    struct range shared;
    if (!memory_take(1, plan.shared, &shared))
        fail("no memory", 0);
    rest = (struct range){shared.first + shared.pages, rest.first + rest.pages - shared.first - shared.pages};
    struct container *container = make_record(&plan, shared, 0);
    if (!container)
        fail("the container's record", 0);
    container->pool.first = rest.first;
    container->pool.pages = first_pool(&rest, memory_extent(0).first + info.large);
    memory_claim(1, container->pool);
    MUST("pool", memory_token(container->pool, &container->pool_token));
    MUST("the container's domain", exo_domain_create(container->pool_token, &container->domain));
    uint32_t count = first_extents(rest, extents);
    for (uint32_t i = 0; i < count; i++)
        memory_claim(1, extents[i]);
    if (!assemble(container, &plan, extents, count, &why))
        fail(why.text, 0);
    container->limit_pages = container_pages(container);
    return container;
}

/* --- its end ------------------------------------------------------------------------------------------------------------ */

static void drop(exo_frame *token)
{
    if (!*token)
        return;
    MUST("a container's frames", exo_token_revoke(*token));
    MUST("a container's frames", exo_token_drop(*token));
    *token = NULL;
}

void container_end(struct container *container, int32_t status)
{
    container->cpu_ns = life_cpu_ns(container);
    time_take(container);
    if (container->domain)
        MUST("a container cannot be destroyed", exo_domain_destroy(container->domain));
    for (uint32_t i = 0; i < container->vcpus; i++) /* the domain's end took the objects */
        container->vcpu[i] = NULL;
    container->domain = NULL;
    container->space = NULL;
    container->event = NULL;
    for (uint32_t i = 0; i < container->archives; i++)
        container->archive[i]->users--;
    container->archives = 0;
    for (uint32_t i = 0; i < container->extents; i++) {
        drop(&container->extent[i].token);
        memory_give(owner_of(container), container->extent[i].range);
    }
    container->extents = 0;
    drop(&container->pool_token);
    memory_give(owner_of(container), container->pool);
    container->pool.pages = 0;
    for (uint32_t i = 1; i < LOS_CONSOLES_MAX; i++)
        console_end(container, i);
    container->state = LOS_CONTAINER_STOPPED;
    container->status = status;
    container->ended_ns = now_ns();
}

void container_forget(struct container *container)
{
    struct container **at = &containers;
    while (*at != container)
        at = &(*at)->next;
    *at = container->next;
    if (!container->next)
        containers_end = at;
    struct range shared = container->shared;
    exo_frame token = container->shared_token;
    uint32_t slot = container->slot;
    if (container->gate)
        MUST("gate", exo_token_drop(container->gate));
    MUST("a container's record", exo_space_unmap(boot_space(), slot_va(slot), shared.pages));
    drop(&token);
    memory_give((uint16_t)(slot + 1), shared);
    slots[slot] = 0;
}
