/* SPDX-License-Identifier: MPL-2.0 */
/* Sequences of calls, interrupts and time: see generate.h. */
#include "generate.h"
#include "domain.h"
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
    return bases[generate_below(5)] + generate_below(4) * 0x200000 + generate_below(2) * generate_below(512) * 4096;
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

static void one_call(void)
{
    struct vcpu *vcpu = fake_running[fake_cpu];
    struct owner *owner = owner_of(vcpu->domain);
    static const unsigned likely[] = {EXO_CALL_TOKEN_DERIVE, EXO_CALL_SPACE_MAP,     EXO_CALL_SPACE_MAP,
                                      EXO_CALL_SPACE_UNMAP,  EXO_CALL_SPACE_PROTECT, EXO_CALL_TOKEN_SEND,
                                      EXO_CALL_GATE_CALL,    EXO_CALL_GATE_RETURN,   EXO_CALL_GATE_CREATE,
                                      EXO_CALL_SLICE_BIND,   EXO_CALL_SPACE_SHARE,   EXO_CALL_TOKEN_RECALL};
    unsigned number = generate_below(2) ? likely[generate_below(12)] : (unsigned)generate_below(EXO_CALL_COUNT);
    uint64_t argument[5] = {pick(owner), some_number(), some_number(), some_number(), some_number()};
    struct exo_map maps[4];
    struct exo_buffer buffers[4];
    switch (number) {
    case EXO_CALL_VCPU_EXIT:
        if (vcpu->domain == fake_root || generate_below(20))
            return;
        break;
    case EXO_CALL_MACHINE_POWER:
    case EXO_CALL_LOG_WRITE: return;
    case EXO_CALL_VCPU_BLOCK: argument[0] = fake_now + generate_below(3000000); break;
    case EXO_CALL_VCPU_TIMER: argument[0] = fake_now + generate_below(3000000); break;
    case EXO_CALL_TOKEN_DERIVE: argument[1] = generate_below(3) ? EXO_ALL : generate_below(64); break;
    case EXO_CALL_RECALL_NEXT: argument[0] = (uint64_t)scratch; break;
    case EXO_CALL_TOKEN_RECALL: argument[2] = fake_now + generate_below(3000000); break;
    case EXO_CALL_TOKEN_REVOKE:
    case EXO_CALL_DOMAIN_DESTROY:
    case EXO_CALL_TOKEN_DROP:
        if (number == EXO_CALL_TOKEN_DROP && generate_below(2))
            argument[1] = generate_below(20), argument[2] = 1 + generate_below(600);
        else
            argument[2] = 0;
        if (generate_below(number == EXO_CALL_TOKEN_DROP || vcpu->domain != fake_root ? 4 : 60))
            return;
        break;
    case EXO_CALL_TOKEN_SEND:
    case EXO_CALL_DOMAIN_DONATE:
    case EXO_CALL_SPACE_GRAFT:
    case EXO_CALL_SLICE_BIND:
    case EXO_CALL_IRQ_BIND:
        argument[1] = pick(owner);
        if (number == EXO_CALL_TOKEN_SEND) {
            argument[2] = generate_below(3) ? EXO_ALL : generate_below(64);
            argument[3] = generate_below(4);
        }
        if (number == EXO_CALL_SPACE_GRAFT)
            argument[3] = generate_below(2);
        break;
    case EXO_CALL_SPACE_SHARE:
        argument[1] = pick(owner);
        argument[2] = some_address() & ~0x1ffffful;
        argument[3] = 512 * (1 + generate_below(4));
        break;
    case EXO_CALL_PCI_CONFIG:
        argument[1] = generate_below(64) * 4;
        argument[2] = 1ul << generate_below(3);
        argument[4] = generate_below(2);
        break;
    case EXO_CALL_PCI_ATTACH:
        argument[1] = pick(owner);
        argument[2] = generate_below(3);
        break;
    case EXO_CALL_QUEUE_CREATE:
        argument[1] = generate_below(2);
        argument[2] = pick(owner);
        break;
    case EXO_CALL_QUEUE_TRANSFER:
        for (int i = 0; i < 4; i++)
            buffers[i] = (struct exo_buffer){.frame = pick(owner),
                                             .offset = generate_below(2) * 512,
                                             .length = (uint32_t)generate_below(5000),
                                             .flags = (uint32_t)generate_below(4)};
        argument[1] = (uint64_t)buffers;
        argument[2] = generate_below(5);
        argument[3] = (uint64_t)scratch;
        argument[4] = generate_below(5);
        break;
    case EXO_CALL_VCPU_CREATE:
        argument[1] = pick(owner);
        argument[2] = pick(owner);
        argument[3] = 0x5000;
        break;
    case EXO_CALL_SLICE_CREATE:
        argument[1] = 1 + generate_below(7);
        argument[2] = 100 + generate_below(2000);
        argument[3] = 1000 + generate_below(9000);
        break;
    case EXO_CALL_GATE_CALL:
    case EXO_CALL_GATE_RETURN: gate_call(owner, number, argument[0]); return;
    case EXO_CALL_SPACE_UNMAP:
    case EXO_CALL_SPACE_PROTECT:
        argument[1] = some_address();
        argument[3] = generate_below(8);
        break;
    case EXO_CALL_SPACE_MAP:
        for (int i = 0; i < 4; i++)
            maps[i] =
                (struct exo_map){some_address(), pick(owner), generate_below(3) ? 0 : generate_below(600),
                                 (uint32_t)(generate_below(2) ? 1 : some_number()), (uint32_t)generate_below(8)};
        argument[1] = (uint64_t)maps;
        argument[2] = 1 + generate_below(4);
        break;
    case EXO_CALL_SPACE_QUERY:
    case EXO_CALL_TOKEN_INFO:
    case EXO_CALL_DOMAIN_INFO:
    case EXO_CALL_VCPU_STATE:
    case EXO_CALL_PORT_WRITE:
        argument[1] = number == EXO_CALL_SPACE_QUERY ? some_address() : (uint64_t)scratch;
        argument[2] = (uint64_t)scratch;
        if (number == EXO_CALL_SPACE_QUERY || number == EXO_CALL_PORT_WRITE)
            argument[3] = generate_below(600);
        break;
    }
    struct domain *receiver = NULL;
    for (const struct domain *child = vcpu->domain->child; child != NULL && number == EXO_CALL_TOKEN_SEND;
         child = child->next)
        receiver = (struct domain *)child;
    long result = exo_call(number, argument[0], argument[1], argument[2], argument[3], argument[4]);
    if (number == EXO_CALL_TOKEN_SEND && receiver != NULL)
        keep(owner_of(receiver), result);
    keep(owner, result);
}

static void give_all(struct owner *owner, uint64_t most)
{
    const exo_handle first[] = {fake_info->domain, fake_info->space, fake_info->vcpu,   fake_info->slice,
                                fake_info->ports,  fake_info->irqs,  fake_frames(64), fake_frames(most)};
    for (unsigned i = 0; i < HANDLES; i++)
        owner->handle[i] = first[i % 8];
    static const uint32_t functions[] = {FAKE_VIRTIO, FAKE_PLAIN, FAKE_BRIDGE};
    for (unsigned i = 0; i < 3; i++)
        keep(owner, exo_token_derive(fake_info->pci, EXO_ALL, functions[i], 1));
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
        adopt(i, &guest);
    }
}

void generate_step(void)
{
    fake_enter((uint32_t)generate_below(GENERATE_CPUS));
    if (fake_running[fake_cpu] != NULL) {
        one_call();
        if (fake_running[fake_cpu] != NULL && generate_below(8) == 0)
            fake_touch(some_address(), generate_below(2));
        if (fake_running[fake_cpu] != NULL && generate_below(250) == 1)
            fake_fault(14, generate_below(8), some_address());
    }
    if (generate_below(10) == 0)
        fake_interrupt((uint32_t)generate_below(FAKE_IRQS));
    if (generate_below(4) == 0)
        fake_advance(generate_below(2000000));
}

unsigned generate_owner(const struct domain *domain) { return (unsigned)(owner_of(domain) - owners); }
