/* SPDX-License-Identifier: MPL-2.0 */
/* PCI functions, the IOMMU, and checked queues: what a device can be told, and what it reaches. */
#include "device.h"
#include "fake_machine.h"
#include "frame.h"
#include <criterion/criterion.h>
#include <string.h>

static void boot(void) { fake_boot(2); }

TestSuite(device, .init = boot, .fini = check_invariants);

static exo_handle function(uint64_t number)
{
    long token = exo_token_derive(fake_info->pci, EXO_ALL, number, 1);
    cr_assert_gt(token, 0);
    return (exo_handle)token;
}

/* --- configuration ----------------------------------------------------------------------------------------- */

Test(device, configuration_can_be_read)
{
    exo_handle virtio = function(FAKE_VIRTIO);
    cr_assert_eq(exo_pci_config(virtio, 0, 2, 0, 0), 0x1af4);
    cr_assert_eq(exo_pci_config(virtio, 0, 4, 0, 0), 0x10051af4);
    cr_assert_eq(exo_pci_config(function(99), 0, 2, 0, 0), -EXO_E_NOT_MAPPED);
    cr_assert_eq(exo_pci_config(fake_info->pci, 0, 2, 0, 0), -EXO_E_BAD_ARGUMENT, "not one function");
    const uint64_t bad[][2] = {{1, 2}, {2, 4}, {0, 3}, {0, 8}, {256, 1}, {UINT64_MAX - 3, 4}};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(exo_pci_config(virtio, bad[i][0], bad[i][1], 0, 0), -EXO_E_BAD_ARGUMENT);
}

Test(device, only_harmless_registers_can_be_written)
{
    exo_handle virtio = function(FAKE_VIRTIO);
    uint8_t before[256];
    memcpy(before, fake_config[0], sizeof before);
    for (uint64_t width = 1; width <= 4; width *= 2)
        for (uint64_t offset = 0; offset < 256; offset += width) {
            bool harmless = width == 1 && (offset == 0x0c || offset == 0x0d || offset == 0x3c);
            if (!harmless && !(offset == 4 && width == 2))
                for (uint64_t value = 3; value <= 0x15; value += 0x12) /* 3: what the command word holds */
                    cr_assert_eq(exo_pci_config(virtio, offset, width, value, 1), -EXO_E_BAD_ARGUMENT, "%lx",
                                 offset);
        }
    cr_assert_eq(memcmp(before, fake_config[0], sizeof before), 0);
    cr_assert_eq(exo_pci_config(virtio, 4, 2, 3 | 0x400, 1), 3 | 0x400, "interrupt disable");
    cr_assert_eq(exo_pci_config(virtio, 4, 2, 3 | 4, 1), -EXO_E_BAD_ARGUMENT, "bus mastering");
    cr_assert_eq(exo_pci_config(virtio, 4, 2, 1, 1), -EXO_E_BAD_ARGUMENT, "decoding");
    cr_assert_eq(exo_pci_config(function(FAKE_BRIDGE), 4, 2, 3, 1), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_pci_config(virtio, 0x3c, 1, 0x111, 1), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_pci_config(virtio, 0x3c, 1, 11, 1), 11);
    long weak = exo_token_derive(virtio, EXO_R, 0, 1);
    cr_assert_eq(exo_pci_config((exo_handle)weak, 0x3c, 1, 11, 1), -EXO_E_NO_RIGHT);
}

/* --- the IOMMU ----------------------------------------------------------------------------------------------- */

#define DMA_VA 0x8000000000ul /* slot 1 */

static exo_handle space_with(exo_handle frames, uint32_t pages)
{
    exo_handle space = (exo_handle)exo_space_create(fake_info->domain);
    cr_assert_eq(map_one(space, DMA_VA + 0x1000, frames, 0, pages, EXO_MAP_R | EXO_MAP_W), 0);
    return space;
}

static bool reaches(uint64_t address)
{
    uint64_t pfn;
    return fake_dma(FAKE_PLAIN, address, &pfn, true);
}

static void master(exo_handle token) { cr_assert_eq(exo_pci_config(token, 4, 2, 7 | 4, 1), 7); }

Test(device, attached_function_sees_the_slot_and_nothing_else)
{
    exo_handle plain = function(FAKE_PLAIN), frames = fake_frames(4), space = space_with(frames, 2);
    cr_assert_eq(exo_pci_attach(plain, space, 1), -EXO_E_UNSUPPORTED, "no IOMMU");
    fake_iommu = true;
    cr_assert_eq(exo_pci_attach(plain, space, 2), -EXO_E_NOT_MAPPED);
    cr_assert_eq(exo_pci_attach(plain, space, 256), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_pci_attach(fake_info->pci, space, 1), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_pci_attach(plain, space, 1), 0);
    check_invariants();
    cr_assert_not(reaches(0x1000), "it is no bus master yet");
    master(plain);
    cr_assert(reaches(0x1000));
    cr_assert(reaches(0x2000));
    cr_assert_not(reaches(0));
    cr_assert_not(reaches(0x3000));
    cr_assert_eq(exo_pci_attach(plain, space, 1), -EXO_E_BUSY);
    cr_assert_eq(exo_pci_attach(function(FAKE_PLAIN), space, 1), -EXO_E_BUSY, "through another token");
    cr_assert_eq(exo_space_destroy(space), -EXO_E_BUSY);

    uint64_t flushes = fake_iommu_flushes;
    cr_assert_eq(exo_space_unmap(space, DMA_VA + 0x1000, 1), 0);
    cr_assert_gt(fake_iommu_flushes, flushes);
    cr_assert_not(reaches(0x1000));
    cr_assert_eq(exo_space_protect(space, DMA_VA + 0x2000, 1, EXO_MAP_R), 0);
    cr_assert_not(reaches(0x2000));
    cr_assert_eq(exo_space_unmap(space, DMA_VA, 512), 0, "the empty tables stay while it is attached");
    check_invariants();
    cr_assert_eq(exo_pci_attach(plain, 0, 0), 0);
    cr_assert_eq(fake_config[1][4] & 4, 0, "no bus master any more");
    check_invariants();
    cr_assert_eq(exo_space_destroy(space), 0);
}

Test(device, attachment_ends_with_either_token)
{
    fake_iommu = true;
    exo_handle plain = function(FAKE_PLAIN), child = (exo_handle)exo_token_derive(plain, EXO_ALL, 0, 1);
    exo_handle space = space_with(fake_frames(1), 1);
    exo_handle weak = (exo_handle)exo_token_derive(space, EXO_W, 0, 1);
    cr_assert_eq(exo_pci_attach(child, space, 1), 0);
    master(child);
    cr_assert_eq(again(exo_token_revoke(plain)), 0);
    cr_assert_not(reaches(0x1000));
    check_invariants();
    cr_assert_eq(exo_pci_attach(plain, weak, 1), 0);
    master(plain);
    cr_assert(reaches(0x1000));
    cr_assert_eq(again(exo_token_revoke(space)), 0);
    cr_assert_not(reaches(0x1000));
    cr_assert_eq(fake_config[1][4] & 4, 0);
}

Test(device, revoked_frames_are_out_of_its_reach)
{
    fake_iommu = true;
    struct guest guest = fake_guest(1, 8);
    exo_handle mine = fake_frames(2);
    exo_handle theirs = (exo_handle)exo_token_send(guest.domain, mine, EXO_ALL, 0);
    exo_handle plain = (exo_handle)exo_token_send(guest.domain, function(FAKE_PLAIN), EXO_ALL, 0);
    fake_enter(1);
    exo_handle space = (exo_handle)exo_space_create(guest.own_domain);
    cr_assert_eq(map_one(space, DMA_VA, theirs, 0, 2, EXO_MAP_R | EXO_MAP_W), 0);
    cr_assert_eq(exo_pci_attach(plain, space, 1), 0);
    master(plain);
    cr_assert(reaches(0));
    fake_enter(0);
    cr_assert_eq(again(exo_token_revoke(mine)), 0);
    cr_assert_not(reaches(0));
    check_invariants();
    cr_assert_eq(again(exo_domain_destroy(guest.domain)), 0);
    cr_assert_eq(fake_config[1][4] & 4, 0);
}

Test(device, virtio_functions_are_not_attached)
{
    fake_iommu = true;
    exo_handle space = space_with(fake_frames(1), 1);
    cr_assert_eq(exo_pci_attach(function(FAKE_VIRTIO), space, 1), -EXO_E_UNSUPPORTED,
                 "they may bypass the IOMMU");
    cr_assert_eq(exo_pci_attach(function(FAKE_PLAIN), space, 1), 0);
    cr_assert_eq(pci_attachments(NULL, 0), 31);
}

/* --- queues ---------------------------------------------------------------------------------------------------- */

static exo_handle ring_frames;

static exo_handle make_queue(exo_handle token)
{
    ring_frames = fake_frames(2);
    long queue = exo_queue_create(token, 0, ring_frames);
    cr_assert_gt(queue, 0, "queue_create: %ld", queue);
    return (exo_handle)queue;
}

/* The device's side of the ring. */
static uint8_t *ring(void) { return machine_frame(fake_port_value[FAKE_VIRTIO_PORT + 8]); }
static uint64_t *descriptor(unsigned i) { return (uint64_t *)(ring() + 16 * i); }
static uint16_t *available(void) { return (uint16_t *)(ring() + 16 * FAKE_RING); }
static void complete(uint32_t id, uint32_t length)
{
    uint16_t *used = (uint16_t *)(ring() + 4096);
    uint32_t *entry = (uint32_t *)(used + 2) + 2 * (used[1] % FAKE_RING);
    entry[0] = id;
    entry[1] = length;
    used[1]++;
}

static long transfer(exo_handle queue, struct exo_buffer *buffers, uint64_t n, struct exo_completion *done,
                     uint64_t m)
{
    return exo_queue_transfer(queue, buffers, n, done, m);
}

Test(device, queue_hands_over_checked_descriptors)
{
    exo_handle virtio = function(FAKE_VIRTIO), queue = make_queue(virtio), frames = fake_frames(4);
    check_invariants();
    cr_assert(fake_config[0][4] & 4, "bus master");
    cr_assert_eq(map_one(fake_info->space, 0x5000, ring_frames, 0, 1, EXO_MAP_R), -EXO_E_BUSY);
    cr_assert_eq(exo_domain_donate(fake_info->domain, ring_frames), -EXO_E_BUSY);
    struct exo_buffer request[] = {
        {.frame = frames, .offset = 100, .length = 16, .flags = EXO_BUFFER_MORE, .cookie = 77},
        {.frame = frames, .offset = 8192 - 8, .length = 4096, .flags = EXO_BUFFER_WRITE},
    };
    struct exo_completion done[4];
    cr_assert_eq(transfer(queue, request, 2, done, 4), 1l << 32);
    cr_assert_eq(available()[1], 1);
    unsigned head = available()[2];
    uint64_t base = descriptor(head)[0] - 100;
    cr_assert_eq((uint32_t)descriptor(head)[1], 16);
    unsigned second = (unsigned)(descriptor(head)[1] >> 48);
    cr_assert_eq(descriptor(head)[1] >> 32 & 0xffff, 1, "more follows");
    cr_assert_eq(descriptor(second)[0], base + 8192 - 8);
    cr_assert_eq(descriptor(second)[1] >> 32 & 0xffff, 2, "the device writes");
    cr_assert_eq(frame_of((base >> 12) + 1)->link, 1);
    cr_assert_eq(frame_of((base >> 12) + 2)->link, 1, "both pages that it touches");
    cr_assert_eq(exo_domain_donate(fake_info->domain, frames), -EXO_E_BUSY, "a device may write it");
    check_invariants();
    complete(head, 9);
    cr_assert_eq(transfer(queue, NULL, 0, done, 4), 1);
    cr_assert_eq(done[0].cookie, 77);
    cr_assert_eq(done[0].length, 9);
    cr_assert_eq(frame_of((base >> 12) + 1)->link, 0);
    cr_assert_eq(exo_token_drop(queue), 0);
    cr_assert_eq(fake_port_value[FAKE_VIRTIO_PORT + 8], 0, "reset");
    cr_assert_eq(fake_config[0][4] & 4, 0);
    cr_assert_eq(map_one(fake_info->space, 0x5000, ring_frames, 0, 1, EXO_MAP_R), 0);
}

Test(device, queue_refuses_what_it_must)
{
    exo_handle virtio = function(FAKE_VIRTIO), frames = fake_frames(2);
    cr_assert_eq(exo_queue_create(function(FAKE_PLAIN), 0, frames), -EXO_E_UNSUPPORTED);
    cr_assert_eq(exo_queue_create(virtio, 0, fake_frames(1)), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_queue_create(virtio, 0, fake_frames(65)), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_queue_create(virtio, 1ul << 40, frames), -EXO_E_BAD_ARGUMENT);
    fake_port_value[FAKE_VIRTIO_PORT + 12] = 512;
    cr_assert_eq(exo_queue_create(virtio, 0, frames), -EXO_E_UNSUPPORTED);
    fake_port_value[FAKE_VIRTIO_PORT + 12] = 0;
    cr_assert_eq(exo_queue_create(virtio, 0, frames), -EXO_E_BAD_ARGUMENT);
    fake_port_value[FAKE_VIRTIO_PORT + 12] = FAKE_RING;
    cr_assert_eq(map_one(fake_info->space, 0x5000, frames, 0, 1, EXO_MAP_R), 0);
    cr_assert_eq(exo_queue_create(virtio, 0, frames), -EXO_E_BUSY);
    cr_assert_eq(exo_space_unmap(fake_info->space, 0x5000, 1), 0);
    exo_handle queue = make_queue(virtio);
    cr_assert_eq(exo_queue_create(virtio, 0, fake_frames(2)), -EXO_E_BUSY);
    fake_iommu = true;
    cr_assert_eq(exo_pci_attach(virtio, space_with(fake_frames(1), 1), 1), -EXO_E_UNSUPPORTED);

    struct exo_completion done[64];
    long weak = exo_token_derive(frames, EXO_R, 0, 2);
    const struct exo_buffer bad[] = {
        {.frame = frames, .offset = 0, .length = 0},
        {.frame = frames, .offset = 8192, .length = 1},
        {.frame = frames, .offset = 8000, .length = 193},
        {.frame = frames, .offset = UINT64_MAX, .length = 2},
        {.frame = frames, .offset = 0, .length = UINT32_MAX},
        {.frame = frames, .offset = 0, .length = 1, .flags = 4},
        {.frame = frames, .offset = 0, .length = 1, .flags = EXO_BUFFER_MORE},
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct exo_buffer buffer = bad[i];
        cr_assert_eq(transfer(queue, &buffer, 1, done, 0), -EXO_E_BAD_ARGUMENT, "case %u", i);
    }
    struct exo_buffer buffer = {.frame = (exo_handle)weak, .length = 1, .flags = EXO_BUFFER_WRITE};
    cr_assert_eq(transfer(queue, &buffer, 1, done, 0), -EXO_E_NO_RIGHT);
    buffer.frame = 99;
    cr_assert_eq(transfer(queue, &buffer, 1, done, 0), -EXO_E_BAD_HANDLE);
    cr_assert_eq(transfer(queue, &buffer, 65, done, 0), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(transfer(queue, &buffer, 0, done, 65), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_queue_transfer(queue, (void *)FAKE_BAD, 1, done, 0), -EXO_E_BAD_ADDRESS);
    cr_assert_eq(available()[1], 0, "nothing was handed over");
    buffer.frame = frames;
    for (unsigned i = 0; i < FAKE_RING; i++)
        cr_assert_eq(transfer(queue, &buffer, 1, done, 0), 1l << 32);
    cr_assert_eq(transfer(queue, &buffer, 1, done, 0), -EXO_E_BUSY, "the ring is full");
    complete(available()[2], 0);
    cr_assert_eq(exo_queue_transfer(queue, NULL, 0, (void *)FAKE_BAD, 1), -EXO_E_BAD_ADDRESS);
    cr_assert_eq(transfer(queue, &buffer, 1, done, 1), 1l << 32 | 1, "nothing was lost");
}

Test(device, queue_of_a_device_that_speaks_nonsense_stops)
{
    exo_handle virtio = function(FAKE_VIRTIO), frames = fake_frames(1);
    const uint32_t nonsense[] = {3, FAKE_RING, UINT32_MAX};
    for (unsigned i = 0; i < 3; i++) {
        exo_handle queue = make_queue(virtio);
        struct exo_buffer buffer = {.frame = frames, .length = 8};
        struct exo_completion done[4];
        cr_assert_eq(transfer(queue, &buffer, 1, done, 0), 1l << 32);
        complete(nonsense[i], 0);
        cr_assert_eq(transfer(queue, NULL, 0, done, 4), -EXO_E_DEAD);
        cr_assert_eq(transfer(queue, NULL, 0, done, 4), -EXO_E_DEAD);
        check_invariants();
        cr_assert_eq(exo_token_drop(queue), 0);
    }
    exo_handle queue = make_queue(virtio);
    struct exo_buffer buffer = {.frame = frames, .length = 8};
    struct exo_completion done[4];
    cr_assert_eq(transfer(queue, &buffer, 1, done, 0), 1l << 32);
    complete(0, 0);
    complete(0, 0);
    cr_assert_eq(transfer(queue, NULL, 0, done, 4), -EXO_E_DEAD, "the same twice");
}

/* In a region of 2 MiB that nothing else ever wrote to: what is noted for the region decides whether its frames are looked at. */
Test(device, what_a_device_wrote_is_not_passed_on)
{
    struct guest guest = fake_guest(1, 8);
    exo_handle frames = fake_frames(EXO_LARGE_PAGES), queue = make_queue(function(FAKE_VIRTIO));
    struct exo_buffer buffer = {.frame = frames, .length = 8, .flags = EXO_BUFFER_WRITE};
    struct exo_completion done;
    cr_assert_eq(transfer(queue, &buffer, 1, &done, 0), 1l << 32);
    unsigned head = available()[2];
    uint64_t pfn = descriptor(head)[0] >> 12;
    cr_assert_eq(exo_token_send(guest.domain, frames, EXO_R, 0), -EXO_E_BUSY, "the device may still write");
    memcpy(machine_frame(pfn), "secret", 7); /* as the device */
    complete(head, 8);
    cr_assert_eq(transfer(queue, NULL, 0, &done, 1), 1);
    check_invariants();
    cr_assert_gt(again(exo_token_send(guest.domain, frames, EXO_R, 0)), 0);
    cr_assert_eq(*(const char *)machine_frame(pfn), 0, "what the device wrote arrives in another domain");
}

static exo_handle busy_queue(struct guest *guest, exo_handle mine)
{
    exo_handle queue = make_queue(function(FAKE_VIRTIO));
    exo_handle theirs = (exo_handle)exo_token_send(guest->domain, mine, EXO_ALL, 0);
    exo_handle sent = (exo_handle)exo_token_send(guest->domain, queue, EXO_R | EXO_W, 0);
    fake_enter(1);
    struct exo_buffer buffer = {.frame = theirs, .length = 8, .flags = EXO_BUFFER_WRITE};
    long taken = transfer(sent, &buffer, 1, NULL, 0);
    cr_assert_eq(taken, 1l << 32, "queue_transfer: %ld", taken);
    fake_enter(0);
    struct exo_buffer other = {.frame = mine, .length = 8};
    cr_assert_eq(transfer(queue, &other, 1, NULL, 0), -EXO_E_BUSY, "another domain's requests are under way");
    check_invariants();
    return queue;
}

Test(device, revoking_a_buffer_stops_the_device)
{
    struct guest guest = fake_guest(1, 8);
    exo_handle mine = fake_frames(2), queue = busy_queue(&guest, mine);
    cr_assert_eq(again(exo_token_revoke(mine)), 0);
    cr_assert_eq(fake_port_value[FAKE_VIRTIO_PORT + 8], 0, "reset");
    cr_assert_eq(transfer(queue, NULL, 0, NULL, 0), -EXO_E_DEAD);
    cr_assert_eq(fake_config[0][4] & 4, 0);
}

Test(device, destroying_the_user_stops_the_device)
{
    struct guest guest = fake_guest(1, 8);
    busy_queue(&guest, fake_frames(2));
    cr_assert_eq(again(exo_domain_destroy(guest.domain)), 0);
    cr_assert_eq(fake_port_value[FAKE_VIRTIO_PORT + 8], 0);
}

Test(device, queue_ends_with_its_function_and_its_ring)
{
    exo_handle virtio = function(FAKE_VIRTIO), child = (exo_handle)exo_token_derive(virtio, EXO_ALL, 0, 1);
    exo_handle queue = make_queue(child);
    cr_assert_eq(again(exo_token_revoke(virtio)), 0);
    cr_assert_eq(exo_queue_transfer(queue, NULL, 0, NULL, 0), -EXO_E_BAD_HANDLE);
    check_invariants();
    queue = make_queue(virtio);
    cr_assert_eq(again(exo_token_revoke(ring_frames)), 0);
    cr_assert_eq(exo_queue_transfer(queue, NULL, 0, NULL, 0), -EXO_E_DEAD);
    check_invariants();
    cr_assert_eq(exo_token_drop(queue), 0);
}

/* --- what was missed at first ------------------------------------------------------------------------------------ */

Test(device, queue_ends_with_the_domain_it_is_made_of)
{
    struct guest guest = fake_guest(1, 8);
    exo_handle third = fake_domain(32);
    exo_handle theirs = (exo_handle)exo_token_send(guest.domain, third, EXO_W, 0);
    exo_handle virtio = (exo_handle)exo_token_send(guest.domain, function(FAKE_VIRTIO), EXO_ALL, 0);
    fake_enter(1);
    exo_handle frames = (exo_handle)exo_token_derive(guest.own_frames, EXO_ALL, 0, 2);
    long queue = exo_queue_create(virtio, 0, frames);
    cr_assert_gt(queue, 0);
    /* Nothing in the domain's own table leads to the queue any more. */
    cr_assert_gt(exo_token_send(theirs, (exo_handle)queue, EXO_W, EXO_SEND_MOVE), 0);
    cr_assert_eq(exo_token_drop(virtio), 0);
    cr_assert_eq(exo_token_drop(frames), 0);
    fake_enter(0);
    check_invariants();
    cr_assert_eq(again(exo_domain_destroy(guest.domain)), 0);
    cr_assert_eq(fake_port_value[FAKE_VIRTIO_PORT + 8], 0, "reset");
    check_invariants();
    cr_assert_eq(again(exo_domain_destroy(third)), 0);
}

Test(device, reset_ends_all_queues_of_the_function)
{
    exo_handle virtio = function(FAKE_VIRTIO), frames = fake_frames(1);
    exo_handle first = make_queue(virtio);
    fake_port_value[FAKE_VIRTIO_PORT + 8] = 0; /* the device has a second one */
    long second = exo_queue_create(virtio, 1, fake_frames(2));
    cr_assert_gt(second, 0);
    struct exo_buffer buffer = {.frame = frames, .length = 8, .flags = EXO_BUFFER_WRITE};
    cr_assert_eq(transfer((exo_handle)second, &buffer, 1, NULL, 0), 1l << 32);
    cr_assert_eq(again(exo_token_revoke(ring_frames)), 0);
    check_invariants();
    cr_assert_eq(transfer(first, NULL, 0, NULL, 0), -EXO_E_DEAD);
    cr_assert_eq(transfer((exo_handle)second, NULL, 0, NULL, 0), -EXO_E_DEAD);
    cr_assert_eq(map_one(fake_info->space, 0x5000, frames, 0, 1, EXO_MAP_R), 0);
    cr_assert_eq(exo_space_unmap(fake_info->space, 0x5000, 1), 0);
    cr_assert_eq(exo_queue_create(virtio, 0, fake_frames(2)), -EXO_E_BUSY, "its token lives on");
    cr_assert_eq(exo_token_drop(first), 0);
    make_queue(virtio);
}

Test(device, queue_that_the_driver_reset_cannot_be_made_twice)
{
    exo_handle virtio = function(FAKE_VIRTIO), queue = make_queue(virtio), ring_before = ring_frames;
    cr_assert_eq(exo_port_out(fake_info->ports, FAKE_VIRTIO_PORT + 18, 1, 0), 0);
    cr_assert_eq(fake_port_value[FAKE_VIRTIO_PORT + 8], 0);
    cr_assert_eq(exo_queue_create(virtio, 0, fake_frames(2)), -EXO_E_BUSY);
    cr_assert_eq(map_one(fake_info->space, 0x5000, ring_before, 0, 1, EXO_MAP_R), -EXO_E_BUSY);
    cr_assert_eq(exo_token_drop(queue), 0);
    make_queue(virtio);
}

Test(device, length_is_never_beyond_the_buffers)
{
    exo_handle virtio = function(FAKE_VIRTIO), queue = make_queue(virtio), frames = fake_frames(4);
    struct exo_buffer request[] = {
        {.frame = frames, .length = 100, .flags = EXO_BUFFER_MORE},
        {.frame = frames, .length = 16, .flags = EXO_BUFFER_MORE | EXO_BUFFER_WRITE},
        {.frame = frames, .length = 20, .flags = EXO_BUFFER_WRITE},
    };
    struct exo_completion done = {0};
    for (unsigned i = 0; i < 3; i++) {
        cr_assert_eq(transfer(queue, request, 3, NULL, 0), 1l << 32);
        complete(available()[2 + i], i == 0 ? UINT32_MAX : 36 + i);
        cr_assert_eq(transfer(queue, NULL, 0, &done, 1), 1);
        cr_assert_eq(done.length, 36);
    }
}

Test(device, kinds_of_devices_that_take_addresses_in_buffers_have_no_queues)
{
    exo_handle virtio = function(FAKE_VIRTIO), frames = fake_frames(2);
    for (uint8_t kind = 0; kind < 64; kind++) {
        bool known = (kind >= 1 && kind <= 4) || kind == 8 || kind == 9;
        fake_config[0][0x2e] = kind;
        if (!known)
            cr_assert_eq(exo_queue_create(virtio, 0, frames), -EXO_E_UNSUPPORTED, "%u", kind);
    }
    fake_config[0][0x2e] = 4;
    fake_ring_open = true;
    cr_assert_eq(exo_queue_create(virtio, 0, frames), -EXO_E_UNSUPPORTED, "ring 3 could move the ring");
    fake_ring_open = false;
    cr_assert_gt(exo_queue_create(virtio, 0, frames), 0);
}

Test(device, frame_that_cannot_be_counted_once_more_is_refused)
{
    exo_handle queue = make_queue(function(FAKE_VIRTIO)), frames = fake_frames(1);
    struct exo_buffer buffer = {.frame = frames, .length = 8};
    cr_assert_eq(transfer(queue, &buffer, 1, NULL, 0), 1l << 32);
    struct frame *frame = frame_of(descriptor(available()[2])[0] >> 12);
    frame->link += UINT32_MAX - 1;
    cr_assert_eq(transfer(queue, &buffer, 1, NULL, 0), -EXO_E_BUSY);
    frame->link -= UINT32_MAX - 1;
}

Test(device, bridges_are_not_attached)
{
    fake_iommu = true;
    exo_handle space = space_with(fake_frames(1), 1), bridge = function(FAKE_BRIDGE);
    cr_assert_eq(exo_pci_attach(bridge, space, 1), -EXO_E_UNSUPPORTED);
    cr_assert_eq(exo_pci_attach(bridge, 0, 0), 0);
    cr_assert(fake_config[2][4] & 4, "what is behind it still needs its bus mastering");
}

Test(device, iommu_forgets_with_the_tables)
{
    fake_iommu = true;
    exo_handle plain = function(FAKE_PLAIN), frames = fake_frames(4), space = space_with(frames, 2);
    exo_handle copy = (exo_handle)exo_space_create(fake_info->domain);
    cr_assert_eq(exo_pci_attach(plain, space, 1), 0);
    master(plain);
    cr_assert(reaches(0x1000));
    cr_assert_eq(map_one(space, DMA_VA + 0x1000, frames, 3, 1, EXO_MAP_R), 0);
    cr_assert_not(reaches(0x1000), "another frame, read-only");
    cr_assert(reaches(0x2000));
    check_invariants();
    /* A shared part of 2 MiB is writable for nobody. */
    cr_assert_eq(exo_space_share(copy, space, DMA_VA, 512), 512);
    check_invariants();
    cr_assert_not(reaches(0x2000));
    cr_assert_eq(again(exo_token_revoke(fake_info->extent[0])), 0);
    check_invariants();
}
