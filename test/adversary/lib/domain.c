/* SPDX-License-Identifier: MPL-2.0 */
/* The first domain's beginning, and domains made of the image's own text: see lib.h. */
#include "lib.h"

extern const __attribute__((visibility("hidden"))) uint8_t lib_image[], lib_text_end[], lib_image_end[];

exo_handle arena;
uint64_t arena_pages, arena_used;
const struct exo_boot_info *boot; /* NULL in every other domain */

#define STACK 16384
static uint8_t stacks[VCPUS_MAX][STACK] __attribute__((aligned(16)));

void lib_first(const struct exo_boot_info *info);
void lib_vcpu(uint64_t vcpu);

void lib_first(const struct exo_boot_info *info)
{
    boot = info;
    log_start(info->machine);
    local_init(0);
    MUST(exo_vcpu_entries(info->vcpu, entry_foreign(0), entry_fault(0), entry_event(0)));
    struct exo_token_info extent;
    if (info->abi_version != EXO_ABI_VERSION || info->extents == 0)
        give_up("another ABI, or no memory", 0);
    MUST(exo_token_info(info->extent[0], &extent));
    arena = info->extent[0];
    arena_pages = extent.count;
    arena_used = extent.large; /* large pages fit from here on */
    image_main();
}

/* Where a domain's vCPUs start. */
void lib_vcpu(uint64_t vcpu)
{
    local_init((unsigned)vcpu);
    START->entry((unsigned)vcpu);
    for (;;)
        exo_vcpu_exit(0);
}

/* --- making ---------------------------------------------------------------------------------------------------- */

static uint64_t image_pages(void) { return (uint64_t)(lib_image_end - lib_image) / PAGE; }
static uint64_t text_pages(void) { return (uint64_t)(lib_text_end - lib_image) / PAGE; }

static void map(exo_handle space, uint64_t va, exo_handle frame, uint64_t offset, uint64_t pages, uint32_t prot)
{
    while (pages > 0) {
        uint64_t some = pages < 32768 ? pages : 32768;
        struct exo_map element = {va, frame, offset, (uint32_t)some, prot};
        MUST(exo_space_map(space, &element, 1));
        va += some * PAGE;
        offset += some;
        pages -= some;
    }
}

static exo_handle take(uint64_t pages)
{
    if (arena_used + pages > arena_pages)
        give_up("the machine has too little memory", 0);
    exo_handle token = (exo_handle)MUST(exo_token_derive(arena, EXO_ALL, arena_used, pages));
    arena_used += pages;
    return token;
}

static void fill_in(struct wish *wish)
{
    wish->pool_pages = wish->pool_pages ? wish->pool_pages : 64;
    wish->memory_pages = wish->memory_pages ? wish->memory_pages : 128;
    wish->vcpus = wish->vcpus ? wish->vcpus : 1;
    wish->budget_us = wish->budget_us ? wish->budget_us : 2000;
    wish->period_us = wish->period_us ? wish->period_us : 10000;
    wish->domain_rights = wish->domain_rights ? wish->domain_rights : EXO_R | EXO_W | EXO_SEND | EXO_SPLIT;
}

exo_handle domain_give(struct domain *domain, exo_handle token, uint64_t rights, uint64_t flags)
{
    exo_handle handle = (exo_handle)MUST(exo_token_send(domain->domain, token, rights, flags));
    if (domain->given < GIVEN_MAX)
        domain->start->given[domain->given++] = handle;
    return handle;
}

static exo_handle send(struct domain *domain, exo_handle token, uint64_t rights)
{
    return (exo_handle)MUST(exo_token_send(domain->domain, token, rights, EXO_SEND_CONTENTS));
}

static void make_vcpu(struct domain *domain, unsigned n, uint64_t page)
{
    const struct wish *wish = &domain->wish;
    uint64_t va = (uint64_t)VCPU_PAGE(n);
    exo_handle frame = (exo_handle)MUST(exo_token_derive(domain->memory, EXO_ALL, page, 1));
    map(domain->space, va, domain->memory, page, 1, EXO_MAP_R | EXO_MAP_W);
    exo_handle vcpu = (exo_handle)MUST(exo_vcpu_create(domain->domain, domain->space, frame, va, n));
    MUST(exo_token_drop(frame));
    MUST(exo_vcpu_entries(vcpu, entry_foreign(n), entry_fault(n), entry_event(n)));
    uint64_t cpu = (wish->cpu_of_all >> 63 ? wish->cpu_of_all : n) % boot->cpus;
    exo_handle slice =
        (exo_handle)MUST(exo_slice_create(boot->slice, 1ul << cpu, wish->budget_us, wish->period_us));
    MUST(exo_slice_bind(vcpu, slice));
    domain->vcpu[n] = vcpu;
    domain->slice[n] = slice;
    domain->start->vcpu[n] = send(domain, vcpu, EXO_ALL);
    domain->start->slice[n] = send(domain, slice, EXO_X | EXO_SEND | EXO_SPLIT | EXO_OWN);
}

/* Its memory extent: first what its own token names, then the pages for start, image data and vCPU pages. */
void domain_new(struct domain *domain, const struct wish *wanted, uint64_t index)
{
    *domain = (struct domain){.wish = *wanted, .index = index, .first_page = arena_used};
    struct wish *wish = &domain->wish;
    fill_in(wish);
    uint64_t data = image_pages() - text_pages(), own = wish->memory_pages;
    uint64_t rest = START_PAGES + data + wish->vcpus, at = own;
    domain->pool = take(wish->pool_pages);
    domain->memory = take(own + rest);
    domain->pages = arena_used - domain->first_page;
    domain->domain = (exo_handle)MUST(exo_domain_create(domain->pool));
    domain->space = (exo_handle)MUST(exo_space_create(domain->domain));

    domain->window = (uint8_t *)WINDOW(index);
    map(boot->space, WINDOW(index), domain->memory, 0, own + rest, EXO_MAP_R | EXO_MAP_W);
    memset(domain->window, 0, (own + rest) * PAGE);
    domain->start = (struct start *)(domain->window + at * PAGE);
    map(domain->space, START_VA, domain->memory, at, START_PAGES, EXO_MAP_R | EXO_MAP_W);
    at += START_PAGES;
    map(domain->space, EXO_SUPERVISOR_BASE, boot->module[0].frame, 0, text_pages(), EXO_MAP_R | EXO_MAP_X);
    map(domain->space, (uint64_t)lib_text_end, domain->memory, at, data, EXO_MAP_R | EXO_MAP_W);
    at += data;
    map(domain->space, MEMORY_VA, domain->memory, 0, own, EXO_MAP_R | EXO_MAP_W);

    struct start *start = domain->start;
    start->cpus = boot->cpus;
    start->vcpus = wish->vcpus;
    start->memory_pages = own;
    start->entry = wish->entry;
    start->domain = send(domain, domain->domain, wish->domain_rights);
    start->space = send(domain, domain->space, EXO_ALL);
    domain->given_memory = (exo_handle)MUST(exo_token_derive(domain->memory, EXO_ALL, 0, own));
    start->memory = send(domain, domain->given_memory, EXO_ALL);
    for (unsigned n = 0; n < wish->vcpus; n++)
        make_vcpu(domain, n, at + n);
    if (!wish->watched)
        MUST(exo_space_unmap(boot->space, WINDOW(index), own));
}

void domain_start(struct domain *domain)
{
    for (unsigned n = 0; n < domain->wish.vcpus; n++)
        MUST(exo_vcpu_start(domain->vcpu[n], (uint64_t)lib_vcpu, (uint64_t)stacks[n] + STACK - 8, n));
}

struct exo_vcpu_state domain_vcpu(const struct domain *domain, unsigned vcpu)
{
    struct exo_vcpu_state state;
    MUST(exo_vcpu_state(domain->vcpu[vcpu], &state));
    return state;
}

/* Not by domain_info: it counts what the domain made for itself, too. */
static bool all_ended(const struct domain *domain)
{
    for (unsigned n = 0; n < domain->wish.vcpus; n++)
        if (domain_vcpu(domain, n).status < EXO_VCPU_EXITED)
            return false;
    return true;
}

bool domain_wait(struct domain *domain, uint64_t ns)
{
    uint64_t deadline = now_ns() + ns;
    for (;;) {
        take_pending();
        if (all_ended(domain))
            return true;
        if (now_ns() >= deadline)
            return false;
        sleep_until(deadline);
    }
}

/* --- ending ------------------------------------------------------------------------------------------------------ */

uint64_t domain_end(struct domain *domain)
{
    uint64_t calls = 0, deadline = now_ns() + boot->cpus * 1000 * MS;
    long result;
    do {
        result = exo_domain_destroy(domain->domain);
        calls++;
    } while (result == -EXO_E_AGAIN && now_ns() < deadline);
    if (result < 0)
        return 0;
    MUST(exo_space_unmap(boot->space, WINDOW(domain->index), domain->pages));
    MUST(exo_token_revoke(domain->memory));
    MUST(exo_token_drop(domain->memory));
    MUST(exo_token_drop(domain->pool));
    for (unsigned n = 0; n < domain->wish.vcpus; n++)
        exo_token_drop(domain->slice[n]);
    arena_used = domain->first_page;
    return calls;
}

/* Only frames that are mapped nowhere can become a domain, and what a domain was comes back zeroed. */
bool arena_is_free(uint64_t first_page, uint64_t pages)
{
    exo_handle frames = (exo_handle)MUST(exo_token_derive(arena, EXO_ALL, first_page, pages));
    long domain = exo_domain_create(frames);
    if (domain >= 0)
        MUST(exo_domain_destroy((exo_handle)domain));
    bool zero = domain >= 0;
    map(boot->space, WINDOW(63), frames, 0, pages, EXO_MAP_R);
    for (const uint64_t *word = (const uint64_t *)WINDOW(63), *end = word + pages * PAGE / 8;
         zero && word < end; word++)
        zero = *word == 0;
    MUST(exo_space_unmap(boot->space, WINDOW(63), pages));
    MUST(exo_token_drop(frames));
    return zero;
}

struct resources resources(void)
{
    struct exo_domain_info info;
    MUST(exo_domain_info(boot->domain, &info));
    return (struct resources){info.pool_pages, info.pool_free, info.tokens, info.spaces, info.vcpus};
}
