/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What devices reach, in QEMU: a bare image (test/adversary/lib) that drives a virtio-rng function through a checked queue, and
 * an RTL8139 network function, in loop-back mode, through the IOMMU where there is one. test/device/run boots it with both.
 * Sources: virtio 1.1, 4.1.4.8 and 5.4; Realtek RTL8139D data sheet, chapter 6.
 */
#include "lib.h"

static unsigned passed, failed;

static void judge(const char *name, bool good, long got)
{
    good ? passed++ : failed++;
    log_line("%s %s (%d)", good ? "ok" : "FAILED", name, got);
}
#define GOOD(name, call)                                                                                       \
    ({                                                                                                         \
        long got__ = AGAIN(call);                                                                              \
        judge(name, got__ >= 0, got__);                                                                        \
        got__;                                                                                                 \
    })
#define REFUSED(name, ERROR, call)                                                                             \
    ({                                                                                                         \
        long got__ = (call);                                                                                   \
        judge(name, got__ == -EXO_E_##ERROR, got__);                                                           \
    })

static exo_handle find_function(uint32_t id)
{
    for (uint64_t i = 0; i < 256; i++) {
        exo_handle token = (exo_handle)MUST(exo_token_derive(boot->pci, EXO_ALL, i, 1));
        if (exo_pci_config(token, 0, 4, 0, 0) == id)
            return token;
        exo_token_drop(token);
    }
    return 0;
}

static exo_handle ports; /* of the function at hand */
static void out(uint64_t offset, uint64_t width, uint64_t value)
{
    MUST(exo_port_out(ports, offset, width, value));
}
static uint64_t in(uint64_t offset, uint64_t width)
{
    return (uint64_t)MUST(exo_port_in(ports, offset, width));
}
static void take_ports(exo_handle function, uint64_t count)
{
    uint64_t bar = (uint64_t)MUST(exo_pci_config(function, 0x10, 4, 0, 0));
    ports = (exo_handle)MUST(exo_token_derive(boot->ports, EXO_ALL, bar & 0xfffc, count));
}

static exo_handle frames(uint64_t pages)
{
    exo_handle token = (exo_handle)MUST(exo_token_derive(arena, EXO_ALL, arena_used, pages));
    arena_used += pages;
    return token;
}

static volatile uint8_t *show(uint64_t va, exo_handle token, uint64_t pages)
{
    struct exo_map map = {va, token, 0, (uint32_t)pages, EXO_MAP_R | EXO_MAP_W};
    MUST(exo_space_map(boot->space, &map, 1));
    volatile uint8_t *memory = (volatile uint8_t *)va;
    for (uint64_t i = 0; i < pages * PAGE; i++)
        memory[i] = 0;
    return memory;
}

static unsigned count_changed(volatile const uint8_t *memory, uint64_t bytes)
{
    unsigned changed = 0;
    for (uint64_t i = 0; i < bytes; i++)
        changed += memory[i] != 0;
    return changed;
}

static void wait_ms(uint64_t ms)
{
    for (uint64_t end = now_ns() + ms * MS; now_ns() < end;)
        pause();
}

/* --- devices that are not on PCI ------------------------------------------------------------------------------- */

static uint64_t physical(volatile const void *at)
{
    struct exo_pte pte;
    MUST(exo_space_query(boot->space, (uint64_t)at, &pte, 1));
    return (pte.frame & ~0xffful) + (uint64_t)at % PAGE;
}

/* QEMU's configuration device copies an item to the address in a structure whose address it is told: qemu docs/specs/fw_cfg. */
static void test_ports(void)
{
    exo_handle memory = frames(2);
    volatile uint8_t *order = show(0x10500000, memory, 2), *victim = order + PAGE;
    uint64_t from = physical(order), to = physical(victim);
    order[3] = 0x0a; /* select item 0, its name, and read */
    order[7] = 4;    /* bytes */
    for (unsigned i = 0; i < 8; i++)
        order[8 + i] = (uint8_t)(to >> 8 * (7 - i));
    exo_port_out(boot->ports, 0x514, 4, __builtin_bswap32((uint32_t)(from >> 32)));
    REFUSED("ports: QEMU's copies", BAD_ARGUMENT,
            exo_port_out(boot->ports, 0x518, 4, __builtin_bswap32((uint32_t)from)));
    wait_ms(20);
    judge("ports: nothing was copied", count_changed(victim, PAGE) == 0, victim[0]);
    static const uint16_t controllers[] = {0x00, 0x0f, 0x81, 0x8f, 0xc0, 0xdf};
    for (unsigned i = 0; i < sizeof controllers / sizeof controllers[0]; i++)
        REFUSED("ports: the DMA controllers", BAD_ARGUMENT, exo_port_out(boot->ports, controllers[i], 1, 0));
}

/* --- a checked queue ------------------------------------------------------------------------------------------- */

enum { STATUS = 18, FEATURES = 4, RING_ADDRESS = 8 };

/* The device's 16 bytes a minute (see run) are given to the first request: a second one stays under way. */
static bool one_request(exo_handle queue, exo_handle frame, uint64_t ms)
{
    struct exo_buffer buffer = {.frame = frame, .length = 16, .flags = EXO_BUFFER_WRITE, .cookie = 5};
    struct exo_completion done = {0};
    if (exo_queue_transfer(queue, &buffer, 1, NULL, 0) != 1l << 32)
        return false;
    for (uint64_t end = now_ns() + ms * MS; now_ns() < end; pause())
        if (exo_queue_transfer(queue, NULL, 0, &done, 1) == 1)
            return done.cookie == 5 && done.length == 16;
    return false;
}

/* What a balloon reads in a buffer are numbers of pages, which the hypervisor then takes away. */
static void test_balloon(void)
{
    exo_handle function = find_function(0x10021af4);
    if (function == 0)
        give_up("no balloon", 0);
    REFUSED("queue: not of a balloon", UNSUPPORTED, exo_queue_create(function, 0, frames(3)));
}

static void driver(unsigned vcpu)
{
    (void)vcpu;
    START->word[0] = 1 + one_request(START->given[0], START->given[1], 20);
}

static void test_queue(void)
{
    exo_handle function = find_function(0x10051af4);
    if (function == 0)
        give_up("no virtio-rng function", 0);
    take_ports(function, 32);
    REFUSED("queue: bus mastering is not the driver's", BAD_ARGUMENT,
            exo_pci_config(function, 4, 2, (uint64_t)exo_pci_config(function, 4, 2, 0, 0) | 4, 1));
    out(STATUS, 1, 0);
    out(STATUS, 1, 1);
    out(STATUS, 1, 3);
    out(FEATURES, 4, 0);
    REFUSED("queue: the ring's address is not the driver's to write", BAD_ARGUMENT,
            exo_port_out(ports, RING_ADDRESS, 4, 1));
    REFUSED("queue: nor a part of it", BAD_ARGUMENT, exo_port_out(ports, RING_ADDRESS + 3, 1, 1));
    REFUSED("queue: a small ring", BAD_ARGUMENT, exo_queue_create(function, 0, frames(1)));
    exo_handle queue = (exo_handle)GOOD("queue: create", exo_queue_create(function, 0, frames(2)));
    out(STATUS, 1, 7);

    exo_handle memory = frames(2);
    volatile uint8_t *buffer = show(0x10000000, memory, 2);
    struct exo_buffer beyond = {
        .frame = memory, .offset = 2 * PAGE - 8, .length = 16, .flags = EXO_BUFFER_WRITE};
    REFUSED("queue: a buffer beyond its token", BAD_ARGUMENT, exo_queue_transfer(queue, &beyond, 1, NULL, 0));
    judge("queue: random bytes arrive", one_request(queue, memory, 2000) && count_changed(buffer, 16) > 4, 0);
    judge("queue: and nowhere else", count_changed(buffer + 16, 2 * PAGE - 16) == 0, 0);

    /* Another domain's request is under way when its frame is revoked. */
    struct domain domain;
    domain_new(&domain, &(struct wish){.entry = driver}, 0);
    exo_handle lent = frames(1);
    volatile uint8_t *seen = show(0x10100000, lent, 1);
    domain_give(&domain, queue, EXO_W, 0);
    domain_give(&domain, lent, EXO_R | EXO_W, EXO_SEND_CONTENTS);
    domain_start(&domain);
    judge("queue: a driver's request waits", domain_wait(&domain, 2000 * MS) && domain.start->word[0] == 1, 0);
    judge("queue: the device is up", in(STATUS, 1) == 7, 0);
    GOOD("queue: revoke the buffer", exo_token_revoke(lent));
    judge("queue: the device was reset before that returned", in(STATUS, 1) == 0, 0);
    REFUSED("queue: and the queue is dead", DEAD, exo_queue_transfer(queue, NULL, 0, NULL, 0));
    wait_ms(100);
    judge("queue: nothing arrives any more", count_changed(seen, PAGE) == 0, 0);
    domain_end(&domain);
    GOOD("queue: drop", exo_token_drop(queue));
}

/* --- the IOMMU ------------------------------------------------------------------------------------------------- */

enum {
    TX_STATUS = 0x10,
    TX_ADDRESS = 0x20,
    RX_ADDRESS = 0x30,
    COMMAND = 0x37,
    TX_CONFIG = 0x40,
    RX_CONFIG = 0x44
};
#define DMA_SLOT 1ul
#define TX_AT    0x1000ul /* what the device knows them by */
#define RX_AT    0x10000ul
#define RX_PAGES 4ul

static void restart(uint64_t rx_address)
{
    out(COMMAND, 1, 0x10);
    wait_ms(2);
    out(COMMAND, 1, 0x0c);        /* receiver and transmitter on */
    out(TX_CONFIG, 4, 3ul << 17); /* what is sent is received */
    out(RX_CONFIG, 4, 0x8f);      /* whatever its address */
    out(RX_ADDRESS, 4, rx_address);
    out(TX_ADDRESS, 4, TX_AT);
}

/* The receiver's memory is the interrupt controller's: each word of the packet is an interrupt of that vector on CPU 0. */
static void forge(uint32_t vector, volatile uint8_t *tx)
{
    for (unsigned i = 0; i < 100; i += 4)
        *(volatile uint32_t *)(tx + i) = vector;
    restart(0xfee00000);
    out(TX_STATUS, 4, 100);
    wait_ms(30);
    for (unsigned i = 0; i < 100; i++)
        tx[i] = 0xab;
}

/* Sends a packet to itself; true: it arrived. */
static bool loop_back(uint64_t rx_address, volatile uint8_t *rx)
{
    for (uint64_t i = 0; i < RX_PAGES * PAGE; i++)
        rx[i] = 0;
    restart(rx_address);
    out(TX_STATUS, 4, 100);
    wait_ms(30);
    return rx[4] == 0xab && rx[4 + 99] == 0xab;
}

static void test_iommu(void)
{
    exo_handle function = find_function(0x813910ec);
    if (function == 0)
        give_up("no RTL8139 function", 0);
    take_ports(function, 256);
    uint64_t command = (uint64_t)MUST(exo_pci_config(function, 4, 2, 0, 0));
    judge("iommu: no bus master at first", !(command & 4), (long)command);

    exo_handle tx_frame = frames(1), rx_frame = frames(RX_PAGES), victim_frame = frames(RX_PAGES);
    volatile uint8_t *tx = show(0x10200000, tx_frame, 1), *rx = show(0x10300000, rx_frame, RX_PAGES);
    volatile uint8_t *victim = show(0x10400000, victim_frame, RX_PAGES);
    for (unsigned i = 0; i < 100; i++)
        tx[i] = 0xab;
    exo_handle space = (exo_handle)MUST(exo_space_create(boot->domain));
    uint64_t base = DMA_SLOT << 39;
    struct exo_map map[] = {
        {base + TX_AT, tx_frame, 0, 1, EXO_MAP_R},
        {base + RX_AT, rx_frame, 0, RX_PAGES, EXO_MAP_R | EXO_MAP_W},
    };
    MUST(exo_space_map(space, map, 2));
    long attached = exo_pci_attach(function, space, DMA_SLOT);
    if (attached == -EXO_E_UNSUPPORTED) {
        log_line("note: no IOMMU here");
        REFUSED("no iommu: no bus mastering either", BAD_ARGUMENT,
                exo_pci_config(function, 4, 2, command | 4, 1));
        judge("no iommu: nothing arrives", !loop_back(physical(victim), rx) && count_changed(victim, PAGE) == 0,
              0);
        return;
    }
    judge("iommu: attach", attached == 0, attached);
    judge("iommu: without bus mastering nothing arrives", !loop_back(RX_AT, rx), 0);
    GOOD("iommu: bus mastering", exo_pci_config(function, 4, 2, command | 4, 1));
    judge("iommu: what is mapped is reached", loop_back(RX_AT, rx), 0);
    judge("iommu: what is not, is not",
          !loop_back(physical(victim), rx) && count_changed(victim, RX_PAGES * PAGE) == 0, 0);
    judge("iommu: still works", loop_back(RX_AT, rx), 0);
    static const uint32_t forged[] = {17, 18, 21, 29, 30};
    for (unsigned i = 0; i < sizeof forged / sizeof forged[0]; i++)
        forge(forged[i], tx);
    judge("iommu: forged interrupts do no harm", loop_back(RX_AT, rx), 0);
    GOOD("iommu: protect", exo_space_protect(space, base + RX_AT, RX_PAGES, EXO_MAP_R));
    judge("iommu: what is read-only is not written", !loop_back(RX_AT, rx), 0);
    GOOD("iommu: writable again", exo_space_protect(space, base + RX_AT, RX_PAGES, EXO_MAP_R | EXO_MAP_W));
    judge("iommu: and reached", loop_back(RX_AT, rx), 0);
    GOOD("iommu: unmap", exo_space_unmap(space, base + RX_AT, RX_PAGES));
    judge("iommu: what was unmapped is out of reach", !loop_back(RX_AT, rx), 0);
    MUST(exo_space_map(space, &map[1], 1));
    judge("iommu: mapped again", loop_back(RX_AT, rx), 0);
    GOOD("iommu: detach", exo_pci_attach(function, 0, 0));
    judge("iommu: nothing arrives afterwards", !loop_back(RX_AT, rx), 0);
    judge("iommu: and it is no bus master", !(exo_pci_config(function, 4, 2, 0, 0) & 4), 0);
    GOOD("iommu: destroy the space", exo_space_destroy(space));
}

void image_main(void)
{
    test_ports();
    test_balloon();
    test_queue();
    test_iommu();
    log_line("%u passed, %u failed", (uint64_t)passed, (uint64_t)failed);
    power_off(failed != 0);
}
