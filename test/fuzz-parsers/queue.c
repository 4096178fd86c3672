/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Rings that a device writes: exo/device/queue.c on the fake machine.
 * sources: @exo
 * flags: -DFAKE_TOP=2048ul -Iexo/core -Iexo/device -Itest/invariant -Itest/unit/exo
 *
 * An input is a sequence of transfers of ring 3's, and of the device's writes to the ring's memory and changes of its registers. What comes
 * back was under way, once, with its own cookie and no more bytes than there was room for; whatever the device does, all invariants hold,
 * and after the queue's end no frame is held.
 */
#include "fake_machine.h"
#include "target.h"

#define BUFFERS   8u /* pages */
#define STEPS_MAX 64
#define UNDER_WAY 256u

static exo_handle ring_frames, buffer_frames, function;
static struct {
    uint64_t cookie; /* 0: none */
    uint32_t room;
} under_way[UNDER_WAY];
static uint64_t cookies;
static uint32_t ring_size;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fake_boot(1);
    ring_frames = fake_frames(2);
    buffer_frames = fake_frames(BUFFERS);
    function = (exo_handle)exo_token_derive(fake_info->pci, EXO_ALL, FAKE_VIRTIO, 1);
    return 0;
}

static void device_writes(struct choices *c)
{
    uint8_t *ring = machine_frame(fake_port_value[FAKE_VIRTIO_PORT + 8]);
    uint16_t *used = (uint16_t *)(ring + 4096);
    uint32_t *entry = (uint32_t *)(used + 2) + 2 * (used[1] % ring_size);
    switch (choice8(c) % 5) {
    case 0: /* as a device should: a request that it was given */
        entry[0] = choice8(c) % ring_size;
        entry[1] = choice32(c);
        used[1]++;
        break;
    case 1:
        entry[0] = choice32(c);
        entry[1] = choice32(c);
        used[1]++;
        break;
    case 2: used[1] = choice16(c); break;
    case 3: ring[choice16(c) % 8192] = choice8(c); break;
    case 4: /* what is available, and the descriptors, are its to spoil, too */
        memset(ring, choice8(c), 16 * ring_size + 4 + 2 * ring_size);
        break;
    }
}

static void sent(const struct exo_buffer *buffer, unsigned n, uint64_t requests)
{
    for (unsigned i = 0; i < n && requests > 0; requests--) {
        uint64_t cookie = buffer[i].cookie;
        uint32_t room = 0;
        bool more;
        do {
            room += buffer[i].flags & EXO_BUFFER_WRITE ? buffer[i].length : 0;
            more = buffer[i++].flags & EXO_BUFFER_MORE;
        } while (more && i < n);
        unsigned k = 0;
        while (k + 1 < UNDER_WAY && under_way[k].cookie != 0)
            k++;
        cr_assert_eq(under_way[k].cookie, 0ul, "more requests than descriptors");
        under_way[k].cookie = cookie;
        under_way[k].room = room;
    }
}

static void came_back(const struct exo_completion *done, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        unsigned k = 0;
        while (k + 1 < UNDER_WAY && under_way[k].cookie != done[i].cookie)
            k++;
        cr_assert(done[i].cookie != 0 && under_way[k].cookie == done[i].cookie, "nobody asked for that");
        cr_assert_leq(done[i].length, under_way[k].room);
        under_way[k].cookie = 0;
    }
}

static long transfer(exo_handle queue, struct choices *c)
{
    struct exo_buffer buffer[8];
    struct exo_completion done[16];
    unsigned n = choice8(c) % 9, m = choice8(c) % 17;
    for (unsigned i = 0; i < n; i++)
        buffer[i] = (struct exo_buffer){.frame = buffer_frames,
                                        .offset = choice16(c) % (BUFFERS * 4096 + 64),
                                        .length = choice16(c) % 9000,
                                        .flags = choice8(c) % 4,
                                        .cookie = ++cookies};
    long result = exo_queue_transfer(queue, buffer, n, done, m);
    if (result >= 0) { /* completed ones were looked at first */
        came_back(done, (uint64_t)result & UINT32_MAX);
        sent(buffer, n, (uint64_t)result >> 32);
    }
    return result;
}

/* Frames that a queue holds cannot be mapped; nor can those of its ring. */
static void check_nothing_held(void)
{
    cr_assert_eq(map_one(fake_info->space, 0x600000, ring_frames, 0, 2, EXO_MAP_R), 0);
    cr_assert_eq(again(exo_space_unmap(fake_info->space, 0x600000, 2)), 0);
    cr_assert_eq(map_one(fake_info->space, 0x500000, buffer_frames, 0, BUFFERS, EXO_MAP_R), 0);
    cr_assert_eq(again(exo_space_unmap(fake_info->space, 0x500000, BUFFERS)), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choices c = {data, data + size};
    memset(under_way, 0, sizeof under_way);
    cookies = 0;
    ring_size = choice8(&c) % 4 ? 8 : choice16(&c);
    fake_port_value[FAKE_VIRTIO_PORT + 12] = ring_size;
    long queue = exo_queue_create(function, 0, ring_frames);
    if (queue < 0) {
        cr_assert_neq(ring_size, 8u, "queue_create: %ld", queue);
        return 0;
    }
    cr_assert(ring_size <= 128, "it does not fit");
    for (int steps = 0; steps < STEPS_MAX && c.at < c.end; steps++) {
        if (choice8(&c) % 2)
            device_writes(&c);
        else if (transfer((exo_handle)queue, &c) == -EXO_E_DEAD)
            break;
    }
    check_invariants();
    cr_assert_eq(again(exo_token_drop((exo_handle)queue)), 0);
    cr_assert_eq(fake_port_value[FAKE_VIRTIO_PORT + 8], 0);
    check_nothing_held();
    return 0;
}
