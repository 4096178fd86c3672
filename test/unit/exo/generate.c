/* SPDX-License-Identifier: MPL-2.0 */
/* Sequences of calls, interrupts and time: see generate.h. */
#include "generate.h"
#include "domain.h"
#include "reference.h"
#include "vcpu.h"
#include <stdlib.h>
#include <string.h>

#define HANDLES 64

uint64_t (*generate_below)(uint64_t n);

/* Handles that each domain was given, by whatever call; some are stale. */
static struct owner {
    struct domain *domain;
    exo_handle handle[HANDLES];
    unsigned next;
} owners[16];

static struct owner *owner_of(const struct domain *domain)
{
    for (unsigned i = 0; i < 16; i++)
        if (owners[i].domain == domain)
            return &owners[i];
    return &owners[0];
}

static void keep(struct owner *owner, long handle)
{
    if (handle > (1l << 32))
        owner->handle[owner->next++ % HANDLES] = (exo_handle)handle;
}

static exo_handle pick(struct owner *owner)
{
    if (generate_below(50) == 0)
        return generate_below(UINT64_MAX);
    return owner->handle[generate_below(HANDLES)];
}

static uint64_t some_address(void)
{
    static const uint64_t bases[] = {0, 0x200000, 0x40000000, 0x8000000000, 0x7fffffe00000};
    return bases[generate_below(5)] + generate_below(4) * 0x200000 +
           generate_below(2) * generate_below(512) * 4096;
}

static uint64_t some_number(void)
{
    switch (generate_below(5)) {
    case 0: return generate_below(4);
    case 1: return generate_below(64);
    case 2: return 512 * generate_below(3);
    case 3: return some_address();
    default: return generate_below(20) ? generate_below(2048) : UINT64_MAX - generate_below(9);
    }
}

static char scratch[8192];

/* Whatever tokens arrive somewhere are kept by whoever has the CPU then. */
static void gate_call(struct owner *owner, unsigned number, uint64_t gate)
{
    struct exo_message message = {.word = {generate_below(1000)},
                                  .token = generate_below(3) ? 0 : pick(owner),
                                  .rights = (uint32_t)(generate_below(2) ? generate_below(512) : EXO_R)};
    exo_gate_transfer(number, &gate, &message, generate_below(3) ? generate_below(5000) : 0);
    struct vcpu *now = fake_running[fake_cpu];
    if (now != NULL && fake_received(now, &gate, &message) == 0)
        keep(owner_of(now->domain), (long)message.token);
}

/* What the arguments of a call are like, one letter each; the rest are 0.
 *   h handle   n number   a address   A address of 2 MiB   r rights   t time soon   p somewhere to write to
 *   w width    v registers' offset    s CPUs    u us of time    e period    k 1 to 4 times 2 MiB, in pages
 *   M elements of space_map and B buffers, with how many in the next argument
 *   digit: a number below it, 0: a number below 600 */
static const char *const arguments[EXO_CALL_COUNT] = {
    [EXO_CALL_ABI_VERSION] = "",      [EXO_CALL_TOKEN_DERIVE] = "hrnn", [EXO_CALL_TOKEN_SEND] = "hhr4",
    [EXO_CALL_TOKEN_DROP] = "h",      [EXO_CALL_TOKEN_REVOKE] = "h",    [EXO_CALL_TOKEN_INFO] = "hp",
    [EXO_CALL_DOMAIN_CREATE] = "h",   [EXO_CALL_DOMAIN_DONATE] = "hh",  [EXO_CALL_DOMAIN_DESTROY] = "h",
    [EXO_CALL_DOMAIN_INFO] = "hp",    [EXO_CALL_SPACE_CREATE] = "h",    [EXO_CALL_SPACE_DESTROY] = "h",
    [EXO_CALL_SPACE_MAP] = "hM",      [EXO_CALL_SPACE_UNMAP] = "han",   [EXO_CALL_SPACE_PROTECT] = "han8",
    [EXO_CALL_SPACE_GRAFT] = "hhn2",  [EXO_CALL_SPACE_SWITCH] = "h",    [EXO_CALL_SPACE_QUERY] = "hap0",
    [EXO_CALL_VCPU_CREATE] = "hhhan", [EXO_CALL_VCPU_ENTRIES] = "haaa", [EXO_CALL_VCPU_START] = "haan",
    [EXO_CALL_VCPU_STATE] = "hp",     [EXO_CALL_VCPU_BLOCK] = "t",      [EXO_CALL_VCPU_TIMER] = "t",
    [EXO_CALL_VCPU_YIELD] = "",       [EXO_CALL_VCPU_EXIT] = "n",       [EXO_CALL_EVENT_DERIVE] = "hn",
    [EXO_CALL_EVENT_RING] = "h",      [EXO_CALL_SLICE_CREATE] = "hsue", [EXO_CALL_SLICE_BIND] = "hh",
    [EXO_CALL_IRQ_BIND] = "hh",       [EXO_CALL_IRQ_ACK] = "h",         [EXO_CALL_PORT_IN] = "hnw",
    [EXO_CALL_PORT_OUT] = "hnwn",     [EXO_CALL_PORT_WRITE] = "hnp0",   [EXO_CALL_SPACE_SHARE] = "hhAk",
    [EXO_CALL_GATE_CREATE] = "hn",    [EXO_CALL_GATE_CALL] = "h",       [EXO_CALL_GATE_RETURN] = "h",
    [EXO_CALL_TOKEN_RECALL] = "hnt",  [EXO_CALL_RECALL_NEXT] = "p",     [EXO_CALL_PCI_CONFIG] = "hvwn2",
    [EXO_CALL_PCI_ATTACH] = "hh3",    [EXO_CALL_QUEUE_CREATE] = "h2h",  [EXO_CALL_QUEUE_TRANSFER] = "hB",
};

static struct exo_map maps[4];
static struct exo_buffer buffers[4];

static uint64_t some_maps(void)
{
    uint64_t n = 1 + generate_below(4);
    for (uint64_t i = 0; i < n; i++) {
        maps[i].va = some_address();
        maps[i].frame = pick(owner_of(fake_running[fake_cpu]->domain));
        maps[i].offset = generate_below(3) ? 0 : generate_below(600);
        maps[i].count = (uint32_t)(generate_below(2) ? 1 : some_number());
        maps[i].prot = (uint32_t)generate_below(8);
    }
    return n;
}

static uint64_t some_buffers(void)
{
    uint64_t n = generate_below(5);
    for (uint64_t i = 0; i < n; i++) {
        buffers[i].frame = pick(owner_of(fake_running[fake_cpu]->domain));
        buffers[i].offset = generate_below(2) * 512;
        buffers[i].length = (uint32_t)generate_below(5000);
        buffers[i].flags = (uint32_t)generate_below(4);
    }
    return n;
}

static uint64_t some_argument(char letter)
{
    switch (letter) {
    case 'h': return pick(owner_of(fake_running[fake_cpu]->domain));
    case 'n': return some_number();
    case 'a': return some_address();
    case 'A': return some_address() & ~0x1ffffful;
    case 'r': return generate_below(3) ? EXO_ALL : generate_below(64);
    case 't': return fake_now + generate_below(3000000);
    case 'p': return (uint64_t)scratch;
    case 'w': return 1ul << generate_below(3);
    case 'v': return 4 * generate_below(64);
    case 's': return 1 + generate_below(7);
    case 'u': return 100 + generate_below(2000);
    case 'e': return 1000 + generate_below(9000);
    case 'k': return EXO_LARGE_PAGES * (1 + generate_below(4));
    case 'M': return (uint64_t)maps;
    case 'B': return (uint64_t)buffers;
    case '0': return generate_below(600);
    default: return generate_below((uint64_t)letter - '0');
    }
}

/* Calls that end much are rare, lest nothing be left. */
static bool is_unlikely(unsigned number, const struct vcpu *vcpu)
{
    switch (number) {
    case EXO_CALL_VCPU_EXIT: return vcpu->domain == fake_root || generate_below(20);
    case EXO_CALL_TOKEN_DROP: return generate_below(4);
    case EXO_CALL_GATE_RETURN: return vcpu->domain == fake_root && generate_below(12);
    case EXO_CALL_TOKEN_REVOKE:
    case EXO_CALL_DOMAIN_DESTROY: return generate_below(vcpu->domain == fake_root ? 60 : 4);
    default: return arguments[number] == NULL;
    }
}

static struct domain *receiver_of(const struct domain *sender, exo_handle handle)
{
    struct token *token;
    return token_find(sender, handle, EXO_DOMAIN, 0, &token) == 0 ? token->object : NULL;
}

static void one_call(void)
{
    struct vcpu *vcpu = fake_running[fake_cpu];
    struct owner *owner = owner_of(vcpu->domain);
    static const unsigned likely[] = {EXO_CALL_TOKEN_DERIVE, EXO_CALL_SPACE_MAP,     EXO_CALL_SPACE_MAP,
                                      EXO_CALL_SPACE_UNMAP,  EXO_CALL_SPACE_PROTECT, EXO_CALL_TOKEN_SEND,
                                      EXO_CALL_GATE_CALL,    EXO_CALL_GATE_RETURN,   EXO_CALL_GATE_CREATE,
                                      EXO_CALL_SLICE_BIND,   EXO_CALL_SPACE_SHARE,   EXO_CALL_TOKEN_RECALL};
    unsigned number = (unsigned)generate_below(2 * EXO_CALL_COUNT);
    if (number >= EXO_CALL_COUNT)
        number = likely[number % 12];
    if (is_unlikely(number, vcpu))
        return;
    uint64_t argument[5] = {0};
    for (unsigned i = 0; arguments[number][i] != '\0'; i++)
        argument[i] = some_argument(arguments[number][i]);
    if (number == EXO_CALL_TOKEN_DROP && generate_below(2))
        argument[1] = generate_below(20), argument[2] = 1 + generate_below(600);
    if (number == EXO_CALL_SPACE_MAP)
        argument[2] = some_maps();
    if (number == EXO_CALL_QUEUE_TRANSFER) {
        argument[2] = some_buffers();
        argument[3] = (uint64_t)scratch;
        argument[4] = generate_below(5);
    }
    if (number == EXO_CALL_GATE_CALL || number == EXO_CALL_GATE_RETURN) {
        gate_call(owner, number, argument[0]);
        return;
    }
    struct domain *receiver = number == EXO_CALL_TOKEN_SEND ? receiver_of(vcpu->domain, argument[0]) : NULL;
    long result = exo_call(number, argument[0], argument[1], argument[2], argument[3], argument[4]);
    keep(receiver != NULL ? owner_of(receiver) : owner, result);
}

static void give_all(struct owner *owner, uint64_t most)
{
    const exo_handle first[] = {fake_info->domain, fake_info->space, fake_info->vcpu, fake_info->slice,
                                fake_info->ports,  fake_info->irqs,  fake_frames(64), fake_frames(most)};
    for (unsigned i = 0; i < HANDLES; i++)
        owner->handle[i] = first[i % 8];
    static const uint32_t functions[] = {FAKE_VIRTIO, FAKE_PLAIN, FAKE_BRIDGE};
    for (unsigned i = 0; i < 3; i++)
        keep(owner, exo_token_derive(fake_info->pci, EXO_ALL, functions[i], 1));
    exo_vcpu_entries(fake_info->vcpu, 0x1000, 0x2000, 0x3000);
    keep(owner, exo_token_derive(fake_info->irqs, EXO_ALL, 5, 1));
    keep(owner, (long)fake_frames(2)); /* rings */
    keep(owner, (long)fake_frames(2));
    keep(owner, (long)fake_info->pci);
}

static void adopt(unsigned i, const struct guest *guest)
{
    owners[i].domain = guest->kernel_vcpu->domain;
    const exo_handle own[] = {guest->own_domain, guest->own_space, guest->own_vcpu, guest->own_frames};
    for (unsigned k = 0; k < HANDLES; k++)
        owners[i].handle[k] = own[k % 4];
    keep(&owners[0], (long)guest->domain);
    keep(&owners[0], (long)guest->space);
    keep(&owners[0], (long)guest->vcpu);
    keep(&owners[0], (long)guest->slice);
}

void generate_boot(uint64_t most_frames, uint64_t guest_frames)
{
    fake_boot(GENERATE_CPUS);
    owners[0].domain = fake_root;
    give_all(&owners[0], most_frames);
    for (unsigned i = 1; i < 4; i++) {
        struct guest guest = fake_guest(i % GENERATE_CPUS, guest_frames);
        exo_vcpu_entries(guest.vcpu, 0x1000, 0x2000, 0x3000);
        adopt(i, &guest);
    }
}

/* The first domain's only by an entry of its own: it has to live. */
static void fault(void)
{
    struct vcpu *vcpu = fake_running[fake_cpu];
    if (vcpu->domain != fake_root || (vcpu->machine.fault_entry != 0 && !vcpu->machine.page->fault_busy))
        fake_fault(14, generate_below(8), some_address());
    else
        vcpu->machine.page->fault_busy = 0;
}

static void something_else(void)
{
    uint64_t what = generate_below(64);
    if (what < 6)
        fake_interrupt((uint32_t)generate_below(FAKE_IRQS));
    else if (what < 22)
        fake_advance(generate_below(2000000));
    else if (what < 30 && fake_running[fake_cpu] != NULL)
        fake_touch(some_address(), generate_below(2));
    else if (what == 30 && fake_running[fake_cpu] != NULL)
        fault();
}

void generate_step(void)
{
    uint32_t cpu = (uint32_t)generate_below(GENERATE_CPUS), idle = 0;
    while (fake_enter(cpu) == NULL && ++idle < GENERATE_CPUS)
        cpu = (cpu + 1) % GENERATE_CPUS;
    if (idle == GENERATE_CPUS)
        fake_advance(1000000);
    else
        one_call();
    something_else();
}

unsigned generate_owner(const struct domain *domain) { return (unsigned)(owner_of(domain) - owners); }
