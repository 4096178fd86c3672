/* SPDX-License-Identifier: MPL-2.0 */
/* Random sequences of calls by several domains on several CPUs, with a walk over all invariants in between. */
#include "domain.h"
#include "fake_machine.h"
#include "frame.h"
#include "reference.h"
#include "vcpu.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define HANDLES 64

static uint64_t seed;

static uint64_t random_below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % n;
}

/* Handles that each domain was given, by whatever call; some are stale. */
static struct owner {
    struct domain *domain;
    exo_handle handle[HANDLES];
    unsigned next;
} owners[16];

static struct owner *owner_of(struct domain *domain)
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
    if (random_below(50) == 0)
        return random_below(UINT64_MAX);
    return owner->handle[random_below(HANDLES)];
}

static uint64_t some_address(void)
{
    static const uint64_t bases[] = {0, 0x200000, 0x40000000, 0x8000000000, 0x7fffffe00000};
    return bases[random_below(5)] + random_below(4) * 0x200000 + random_below(2) * random_below(512) * 4096;
}

static uint64_t some_number(void)
{
    switch (random_below(5)) {
    case 0: return random_below(4);
    case 1: return random_below(64);
    case 2: return 512 * random_below(3);
    case 3: return some_address();
    default: return random_below(20) ? random_below(2048) : UINT64_MAX - random_below(9);
    }
}

static char scratch[8192];

/* One of that kind, if a few tries find one. */
static exo_handle pick_kind(struct owner *owner, enum exo_kind kind)
{
    struct token *token;
    for (int i = 0; i < HANDLES; i++) {
        exo_handle handle = pick(owner);
        if (token_find(owner->domain, handle, kind, 0, &token) == 0)
            return handle;
    }
    return pick(owner);
}

/* Frames that can become a ring, if a few tries find some. */
static exo_handle pick_ring(struct owner *owner)
{
    struct token *token;
    for (int i = 0; i < HANDLES; i++) {
        exo_handle handle = pick(owner);
        if (token_find(owner->domain, handle, EXO_FRAME, EXO_OWN, &token) == 0 && token->count < 64 &&
            frame_all_idle(token->base, token->count))
            return handle;
    }
    return pick_kind(owner, EXO_FRAME);
}

static struct exo_buffer buffers[4];

static void device_arguments(unsigned number, struct owner *owner, uint64_t argument[5])
{
    argument[0] = pick_kind(owner, number == EXO_CALL_QUEUE_TRANSFER ? EXO_QUEUE : EXO_PCI);
    switch (number) {
    case EXO_CALL_PCI_CONFIG:
        argument[1] = random_below(4) ? 4 : random_below(260);
        argument[2] = 1ul << random_below(3);
        argument[3] = random_below(8) | random_below(2) << 10;
        argument[4] = random_below(3) != 0;
        break;
    case EXO_CALL_PCI_ATTACH:
        argument[1] = random_below(4) ? pick_kind(owner, EXO_SPACE) : 0;
        argument[2] = random_below(8) ? random_below(2) : some_number();
        break;
    case EXO_CALL_QUEUE_CREATE:
        argument[1] = random_below(8) ? random_below(2) : some_number();
        argument[2] = pick_ring(owner);
        break;
    case EXO_CALL_QUEUE_TRANSFER:
        for (int i = 0; i < 4; i++)
            buffers[i] = (struct exo_buffer){.frame = pick_kind(owner, EXO_FRAME),
                                             .offset = random_below(2) ? random_below(8192) : some_number(),
                                             .length = 1 + (uint32_t)random_below(9000),
                                             .flags = (uint32_t)random_below(random_below(20) ? 4 : 8)};
        buffers[3].flags &= ~1u;
        argument[1] = (uint64_t)buffers;
        argument[2] = random_below(5);
        argument[3] = (uint64_t)scratch;
        argument[4] = random_below(5);
        break;
    }
}

/* The devices' side: requests complete, seldom such as were never made; the plain function reads and writes here and there. */
static void devices_act(void)
{
    uint64_t ring = fake_port_value[FAKE_VIRTIO_PORT + 8], pfn;
    if (ring != 0 && random_below(4) == 0) {
        uint16_t *used = (uint16_t *)((uint8_t *)machine_frame(ring) + 4096);
        uint32_t *entry = (uint32_t *)(used + 2) + 2 * (used[1] % FAKE_RING);
        const uint16_t *available = (uint16_t *)((uint8_t *)machine_frame(ring) + 16 * FAKE_RING);
        if (used[1] != available[1] || random_below(30) == 0) {
            entry[0] =
                random_below(30) ? available[2 + used[1] % FAKE_RING] : (uint32_t)random_below(2 * FAKE_RING);
            entry[1] = (uint32_t)some_number();
            used[1]++;
        }
    }
    fake_dma(FAKE_PLAIN, some_address() & ((1ul << 39) - 1), &pfn, random_below(2));
}

/* Whatever tokens arrive somewhere are kept by whoever has the CPU then. */
static void gate_call(struct owner *owner, unsigned number, uint64_t gate)
{
    struct exo_message message = {.word = {random_below(1000)},
                                  .token = random_below(3) ? 0 : pick(owner),
                                  .rights = (uint32_t)(random_below(2) ? random_below(512) : EXO_R)};
    exo_gate_transfer(number, &gate, &message, random_below(3) ? random_below(5000) : 0);
    struct vcpu *now = fake_running[fake_cpu];
    if (now != NULL && fake_received(now, &gate, &message) == 0)
        keep(owner_of(now->domain), (long)message.token);
}

static void one_call(void)
{
    struct vcpu *vcpu = fake_running[fake_cpu];
    struct owner *owner = owner_of(vcpu->domain);
    static const unsigned likely[] = {
        EXO_CALL_TOKEN_DERIVE,  EXO_CALL_SPACE_MAP,  EXO_CALL_SPACE_MAP,    EXO_CALL_SPACE_UNMAP,
        EXO_CALL_SPACE_PROTECT, EXO_CALL_TOKEN_SEND, EXO_CALL_GATE_CALL,    EXO_CALL_GATE_RETURN,
        EXO_CALL_GATE_CREATE,   EXO_CALL_SLICE_BIND, EXO_CALL_SPACE_SHARE,  EXO_CALL_TOKEN_RECALL,
        EXO_CALL_PCI_CONFIG,    EXO_CALL_PCI_ATTACH, EXO_CALL_QUEUE_CREATE, EXO_CALL_QUEUE_TRANSFER};
    unsigned number = random_below(2) ? likely[random_below(16)] : (unsigned)random_below(EXO_CALL_COUNT);
    uint64_t argument[5] = {pick(owner), some_number(), some_number(), some_number(), some_number()};
    struct exo_map maps[4];
    switch (number) {
    case EXO_CALL_VCPU_EXIT:
        if (vcpu->domain == fake_root || random_below(20))
            return;
        break;
    case EXO_CALL_MACHINE_POWER:
    case EXO_CALL_LOG_WRITE: return;
    case EXO_CALL_VCPU_BLOCK: argument[0] = fake_now + random_below(3000000); break;
    case EXO_CALL_VCPU_TIMER: argument[0] = fake_now + random_below(3000000); break;
    case EXO_CALL_TOKEN_DERIVE: argument[1] = random_below(3) ? EXO_ALL : random_below(64); break;
    case EXO_CALL_RECALL_NEXT: argument[0] = (uint64_t)scratch; break;
    case EXO_CALL_TOKEN_RECALL: argument[2] = fake_now + random_below(3000000); break;
    case EXO_CALL_TOKEN_REVOKE:
    case EXO_CALL_DOMAIN_DESTROY:
    case EXO_CALL_TOKEN_DROP:
        if (number == EXO_CALL_TOKEN_DROP && random_below(2))
            argument[1] = random_below(20), argument[2] = 1 + random_below(600);
        else
            argument[2] = 0;
        if (random_below(number == EXO_CALL_TOKEN_DROP || vcpu->domain != fake_root ? 4 : 60))
            return;
        break;
    case EXO_CALL_TOKEN_SEND:
    case EXO_CALL_DOMAIN_DONATE:
    case EXO_CALL_SPACE_GRAFT:
    case EXO_CALL_SLICE_BIND:
    case EXO_CALL_IRQ_BIND:
        argument[1] = pick(owner);
        if (number == EXO_CALL_TOKEN_SEND) {
            argument[2] = random_below(3) ? EXO_ALL : random_below(64);
            argument[3] = random_below(4);
        }
        if (number == EXO_CALL_SPACE_GRAFT)
            argument[3] = random_below(2);
        break;
    case EXO_CALL_SPACE_SHARE:
        argument[1] = pick(owner);
        argument[2] = some_address() & ~0x1ffffful;
        argument[3] = 512 * (1 + random_below(4));
        break;
    case EXO_CALL_PCI_CONFIG:
    case EXO_CALL_PCI_ATTACH:
    case EXO_CALL_QUEUE_CREATE:
    case EXO_CALL_QUEUE_TRANSFER: device_arguments(number, owner, argument); break;
    case EXO_CALL_VCPU_CREATE:
        argument[1] = pick(owner);
        argument[2] = pick(owner);
        argument[3] = 0x5000;
        break;
    case EXO_CALL_SLICE_CREATE:
        argument[1] = 1 + random_below(7);
        argument[2] = 100 + random_below(2000);
        argument[3] = 1000 + random_below(9000);
        break;
    case EXO_CALL_GATE_CALL:
    case EXO_CALL_GATE_RETURN: gate_call(owner, number, argument[0]); return;
    case EXO_CALL_SPACE_UNMAP:
    case EXO_CALL_SPACE_PROTECT:
        argument[1] = some_address();
        argument[3] = random_below(8);
        break;
    case EXO_CALL_SPACE_MAP:
        for (int i = 0; i < 4; i++)
            maps[i] =
                (struct exo_map){some_address(), pick(owner), random_below(3) ? 0 : random_below(600),
                                 (uint32_t)(random_below(2) ? 1 : some_number()), (uint32_t)random_below(8)};
        argument[1] = (uint64_t)maps;
        argument[2] = 1 + random_below(4);
        break;
    case EXO_CALL_SPACE_QUERY:
    case EXO_CALL_TOKEN_INFO:
    case EXO_CALL_DOMAIN_INFO:
    case EXO_CALL_VCPU_STATE:
    case EXO_CALL_PORT_WRITE:
        argument[1] = number == EXO_CALL_SPACE_QUERY ? some_address() : (uint64_t)scratch;
        argument[2] = (uint64_t)scratch;
        if (number == EXO_CALL_SPACE_QUERY || number == EXO_CALL_PORT_WRITE)
            argument[3] = random_below(600);
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

static void give_all(struct owner *owner)
{
    const exo_handle first[] = {fake_info->domain, fake_info->space, fake_info->vcpu, fake_info->slice,
                                fake_info->ports,  fake_info->irqs,  fake_frames(64), fake_frames(2048)};
    for (unsigned i = 0; i < HANDLES; i++)
        owner->handle[i] = first[i % 8];
    for (unsigned i = 0; i < 3; i++) {
        static const unsigned functions[] = {FAKE_VIRTIO, FAKE_PLAIN, FAKE_VIRTIO};
        keep(owner, exo_token_derive(fake_info->pci, EXO_ALL, functions[i], 1));
        keep(owner, (long)fake_frames(2)); /* for rings */
    }
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
    const exo_handle devices[] = {(exo_handle)exo_token_derive(fake_info->pci, EXO_ALL, FAKE_VIRTIO, 1),
                                  (exo_handle)exo_token_derive(fake_info->pci, EXO_ALL, FAKE_PLAIN, 1),
                                  fake_frames(2), fake_frames(4)};
    for (unsigned k = 0; k < 4; k++)
        keep(&owners[i], exo_token_send(guest->domain, devices[k], EXO_ALL, 0));
}

static void torture(uint64_t start, int steps)
{
    seed = start * 0x9e3779b97f4a7c15 + 1;
    fake_boot(3);
    fake_iommu = true;
    owners[0].domain = fake_root;
    give_all(&owners[0]);
    for (unsigned i = 1; i < 4; i++) {
        struct guest guest = fake_guest(i % 3, 700);
        adopt(i, &guest);
    }
    for (int i = 0; i < steps; i++) {
        fake_enter((uint32_t)random_below(3));
        if (fake_running[fake_cpu] != NULL) {
            one_call();
            if (fake_running[fake_cpu] != NULL && random_below(8) == 0)
                fake_touch(some_address(), random_below(2));
        }
        devices_act();
        if (random_below(10) == 0)
            fake_interrupt((uint32_t)random_below(FAKE_IRQS));
        if (random_below(4) == 0)
            fake_advance(random_below(2000000));
        if (i % 16 == 0)
            check_invariants();
    }
    check_invariants();
}

#define TORTURE(n)                                                                                             \
    Test(random, sequence_##n) { torture(n, 6000); }
TORTURE(1)
TORTURE(2)
TORTURE(3)
TORTURE(4)
TORTURE(5)
TORTURE(6)
TORTURE(7)
TORTURE(8)
