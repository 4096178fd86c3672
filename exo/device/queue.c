/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Device queues whose every descriptor is checked and written here: rings of legacy virtio functions, before which no IOMMU
 * stands (a hypervisor lets them bypass it). The driver is ring 3's: it has the function's ports, less the register that says where the ring is.
 *
 * The device is believed in what it says of its work only as far as it can do no harm: an entry of the used ring that names no
 * request under way stops the queue.
 * Source: virtio 1.1, 2.6 (split virtqueues), 4.1.4.8 (legacy interface).
 */
#include "device.h"
#include "call.h"
#include "frame.h"
#include "list.h"

#define RING_MAX       256
#define RING_PAGES_MAX 64
#define TRANSFER_MAX   64
#define BUFFER_MAX     65536u /* bytes */

/* Legacy registers, from BAR 0 on. */
enum { REG_ADDRESS = 8, REG_SIZE = 12, REG_SELECT = 14, REG_NOTIFY = 16, REG_STATUS = 18 };
enum { DESCRIPTOR_NEXT = 1, DESCRIPTOR_WRITE = 2 };

struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};
struct available {
    uint16_t flags, index, ring[];
};
struct used {
    uint16_t flags, index;
    struct {
        uint32_t id, length;
    } ring[];
};

/* Of each descriptor; the ring's own memory is the device's to spoil. */
struct slot {
    uint32_t pfn;
    uint16_t pages; /* 0: free */
    uint16_t next;  /* of the request, or of the free ones; RING_MAX: none */
    uint64_t cookie;
};
#define HEAD 0x8000 /* in `pages`: the first of a request */

struct queue {
    struct token origin;     /* below the token of the function */
    struct token ring_token; /* below the token that gave the frames */
    struct domain *domain;   /* whose pool it is made of */
    struct queue *next, **place;
    const struct domain *user; /* whose requests are under way */
    struct slot *slot;         /* RING_MAX, a frame */
    uint64_t function, ring_pfn, ring_pages;
    uint32_t port, index, size;
    uint16_t free, free_count, seen; /* seen: index of the used ring up to which it was read */
    bool dead;
    uint32_t room[RING_MAX]; /* of a request's first descriptor: how many bytes of it the device may write */
};
_Static_assert(RING_MAX * sizeof(struct slot) == EXO_PAGE_SIZE, "a frame");
_Static_assert(sizeof(struct queue) <= EXO_PAGE_SIZE, "another");

static struct queue *queues;

bool queue_on(uint64_t function)
{
    for (const struct queue *queue = queues; queue != NULL; queue = queue->next)
        if (queue->function == function && !queue->dead)
            return true;
    return false;
}

static bool queue_find(uint64_t function, uint32_t index)
{
    for (const struct queue *queue = queues; queue != NULL; queue = queue->next)
        if (queue->function == function && queue->index == index)
            return true;
    return false;
}

static struct descriptor *descriptors(const struct queue *queue) { return machine_frame(queue->ring_pfn); }
static struct available *available(const struct queue *queue)
{
    return (struct available *)(descriptors(queue) + queue->size);
}
static uint64_t used_at(uint64_t size) { return (size * 18 + 6 + EXO_PAGE_SIZE - 1) & ~(EXO_PAGE_SIZE - 1); }
static struct used *used(const struct queue *queue)
{
    return (struct used *)((char *)descriptors(queue) + used_at(queue->size));
}
static uint64_t ring_pages(uint64_t size)
{
    return (used_at(size) + size * 8 + 6 + EXO_PAGE_SIZE - 1) / EXO_PAGE_SIZE;
}

/* --- requests under way ---------------------------------------------------------------------------------- */

static void hold(uint64_t pfn, uint32_t pages, int change)
{
    for (uint64_t i = pfn; i < pfn + pages; i++)
        frame_of(i)->link += (uint32_t)change;
}

/* The device is done with the request: its descriptors are free. */
static void release(struct queue *queue, uint16_t head)
{
    for (uint16_t i = head, next; i != RING_MAX; i = next) {
        struct slot *slot = &queue->slot[i];
        next = slot->next;
        hold(slot->pfn, slot->pages & ~HEAD, -1);
        slot->pages = 0;
        slot->next = queue->free;
        queue->free = i;
        queue->free_count++;
    }
    if (queue->free_count == queue->size)
        queue->user = NULL;
}

/* The device has forgotten the queue. */
static void let_go(struct queue *queue)
{
    queue->dead = true;
    for (uint16_t i = 0; i < queue->size; i++)
        if (queue->slot[i].pages & HEAD)
            release(queue, i);
    for (uint64_t i = queue->ring_pfn; i < queue->ring_pfn + queue->ring_pages; i++) {
        __builtin_memset(machine_frame(i), 0, EXO_PAGE_SIZE);
        frame_set_state(i, FRAME_USER);
    }
    token_unlink(&queue->ring_token);
}

/* A reset ends all queues of the function. The device has stopped when it answers the read; should it not, it can reach
 * nothing without bus mastering. */
void queue_stop(struct queue *queue)
{
    if (queue->dead)
        return;
    machine_port_out(queue->port + REG_STATUS, 1, 0);
    machine_port_in(queue->port + REG_STATUS, 1);
    pci_master(queue->function, false);
    for (struct queue *other = queues; other != NULL; other = other->next)
        if (other->function == queue->function && !other->dead)
            let_go(other);
}

void queue_end(struct queue *queue)
{
    queue_stop(queue);
    LIST_REMOVE(queue);
    token_unlink(&queue->origin);
    pool_give(queue->domain, pool_pfn(queue->slot));
    pool_give(queue->domain, pool_pfn(queue));
}

bool queue_dispose(struct domain *domain, struct work *work)
{
    for (struct queue *queue = queues, *next; queue != NULL; queue = next) {
        next = queue->next;
        if (queue->domain != domain)
            continue;
        if (!work_spend(work, 4) || !token_end_below(&queue->origin, domain, work))
            return false;
        queue_end(queue);
    }
    return true;
}
uint64_t queue_function_of(const struct queue *queue) { return queue->function; }
uint64_t queue_ring_of(const struct queue *queue) { return queue->ring_pfn; }

void queue_reap(struct queue *queue)
{
    if (queue->origin.child == NULL)
        queue_end(queue);
}

static bool uses(const struct queue *queue, uint64_t pfn, uint64_t pages)
{
    for (uint32_t i = 0; i < queue->size; i++) {
        const struct slot *slot = &queue->slot[i];
        if (slot->pages != 0 && slot->pfn < pfn + pages && pfn < slot->pfn + (uint64_t)(slot->pages & ~HEAD))
            return true;
    }
    return false;
}

void queue_lose_frames(const struct domain *domain, uint64_t pfn, uint64_t pages)
{
    for (struct queue *queue = queues; queue != NULL; queue = queue->next)
        if (queue->user == domain && uses(queue, pfn, pages))
            queue_stop(queue);
}

void queue_forget(const struct domain *domain)
{
    for (struct queue *queue = queues; queue != NULL; queue = queue->next)
        if (queue->user == domain)
            queue_stop(queue);
}

uint32_t queue_frames(uint32_t *in_flight)
{
    uint32_t frames = 0;
    for (const struct queue *queue = queues; queue != NULL; queue = queue->next) {
        if (queue->dead)
            continue;
        frames += (uint32_t)queue->ring_pages;
        for (uint32_t i = 0; i < queue->size && in_flight != NULL; i++)
            for (uint32_t k = 0; k < (queue->slot[i].pages & ~(uint32_t)HEAD); k++)
                in_flight[queue->slot[i].pfn + k]++;
    }
    return frames;
}

uint32_t queue_count(const struct domain *domain)
{
    uint32_t count = 0;
    for (const struct queue *queue = queues; queue != NULL; queue = queue->next)
        count += queue->domain == domain;
    return count;
}

/* --- creating ---------------------------------------------------------------------------------------------- */

/* The kinds of device whose requests name memory in descriptors only: network, block, console, random numbers, SCSI, 9P. What
 * others read in a buffer may be addresses: a balloon (5) takes any page away whose number it finds there. */
static bool harmless(uint32_t kind) { return kind < 32 && (1u << kind & 0x31e) != 0; }

/* The first port of a legacy virtio function whose ring address the machine keeps from ring 3; 0: it is none. */
static uint32_t virtio_port(uint64_t function)
{
    uint32_t id = machine_pci_read((uint32_t)function, PCI_VENDOR, 4);
    uint32_t bar = machine_pci_read((uint32_t)function, PCI_BAR0, 4), port = bar & 0xfffc;
    bool legacy = (id & 0xffff) == PCI_VENDOR_VIRTIO && id >> 16 >= 0x1000 && id >> 16 <= 0x103f && (bar & 1);
    if (!legacy || !harmless(machine_pci_read((uint32_t)function, PCI_SUBSYSTEM, 2)))
        return 0;
    return machine_port_allowed(port + REG_ADDRESS, 4) ? 0 : port;
}

static void ring_start(struct queue *queue)
{
    for (uint64_t i = queue->ring_pfn; i < queue->ring_pfn + queue->ring_pages; i++) {
        frame_set_state(i, FRAME_RING);
        frame_of(i)->touched = false;
        __builtin_memset(machine_frame(i), 0, EXO_PAGE_SIZE);
    }
    for (uint16_t i = 0; i < queue->size; i++)
        queue->slot[i].next = i + 1u < queue->size ? (uint16_t)(i + 1) : RING_MAX;
    queue->free_count = (uint16_t)queue->size;
    machine_port_out(queue->port + REG_SELECT, 2, queue->index);
    machine_port_out(queue->port + REG_ADDRESS, 4, (uint32_t)queue->ring_pfn);
    pci_master(queue->function, true);
}

long call_queue_create(const struct call *call)
{
    uint64_t index = call->argument[1];
    NEED(pci, pci, 0, EXO_X);
    NEED(frame, ring, 2, EXO_OWN);
    NEED_OK(pci_check(&pci));
    uint32_t port = virtio_port(pci.base);
    if (port == 0)
        return -EXO_E_UNSUPPORTED;
    if (index > UINT16_MAX || ring.pages > RING_PAGES_MAX)
        return -EXO_E_BAD_ARGUMENT;
    machine_port_out(port + REG_SELECT, 2, (uint32_t)index);
    uint64_t size = machine_port_in(port + REG_SIZE, 2);
    if (size > RING_MAX)
        return -EXO_E_UNSUPPORTED;
    if (size == 0 || (size & (size - 1)) != 0 || ring.pages < ring_pages(size))
        return -EXO_E_BAD_ARGUMENT;
    if (queue_find(pci.base, (uint32_t)index) || machine_port_in(port + REG_ADDRESS, 4) != 0 ||
        !frame_all_idle(ring.pfn, ring.pages))
        return -EXO_E_BUSY;
    NEED_OK(token_room(call->domain, 2));

    struct queue *queue = machine_frame(pool_take(call->domain));
    queue->slot = machine_frame(pool_take(call->domain));
    queue->domain = call->domain;
    queue->function = pci.base;
    queue->port = port;
    queue->index = (uint32_t)index;
    queue->size = (uint32_t)size;
    queue->ring_pfn = EXTENT(ring, EXO_OWN);
    queue->ring_pages = ring.pages;
    token_embed(&queue->origin, TOKEN_ORIGIN, EXO_QUEUE, queue, BELOW(pci, EXO_X));
    token_embed(&queue->ring_token, TOKEN_QUEUE_RING, EXO_FRAME, queue, BELOW(ring, EXO_OWN));
    LIST_INSERT(queues, queue);
    ring_start(queue);
    return (long)token_make_object(call->domain, EXO_QUEUE, EXO_R | EXO_W | EXO_SEND | EXO_SPLIT | EXO_OWN,
                                   queue, &queue->origin);
}

/* --- transferring ------------------------------------------------------------------------------------------ */

/* A whole request of buffers in the same frame can still be counted there. */
static bool countable(uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last; i++)
        if (frame_of(i)->link > UINT32_MAX - TRANSFER_MAX)
            return false;
    return true;
}

/* A buffer as the device needs it; or an error. */
static long check_buffer(const struct call *call, const struct exo_buffer *buffer,
                         struct descriptor *descriptor)
{
    uint32_t right = buffer->flags & EXO_BUFFER_WRITE ? EXO_W : EXO_R;
    const struct frame_ref frame = frame_lookup(call->domain, buffer->frame, right);
    if (frame.error)
        return frame.error;
    uint64_t bytes = frame.pages * EXO_PAGE_SIZE, first = buffer->offset / EXO_PAGE_SIZE;
    if (buffer->flags & ~(uint32_t)(EXO_BUFFER_MORE | EXO_BUFFER_WRITE) || buffer->length == 0 ||
        buffer->length > BUFFER_MAX || buffer->offset >= bytes || buffer->length > bytes - buffer->offset)
        return -EXO_E_BAD_ARGUMENT;
    uint64_t last = (buffer->offset + buffer->length - 1) / EXO_PAGE_SIZE;
    if (!frame_all_user(frame.pfn + first, last - first + 1) || !countable(frame.pfn + first, frame.pfn + last))
        return -EXO_E_BUSY;
    *descriptor = (struct descriptor){
        .address = frame.pfn * EXO_PAGE_SIZE + buffer->offset,
        .length = buffer->length,
        .flags = (buffer->flags & EXO_BUFFER_MORE ? DESCRIPTOR_NEXT : 0) |
                 (uint16_t)(right == EXO_W ? DESCRIPTOR_WRITE : 0),
    };
    return 0;
}

/* Writes a request's descriptors, which are checked and for which there is room, and makes it available. */
static void submit(struct queue *queue, struct descriptor *request, unsigned n, uint64_t cookie)
{
    uint16_t head = queue->free;
    queue->room[head] = 0;
    for (unsigned i = 0; i < n; i++) {
        uint16_t at = queue->free;
        struct slot *slot = &queue->slot[at];
        uint64_t pfn = request[i].address / EXO_PAGE_SIZE;
        uint64_t last = (request[i].address + request[i].length - 1) / EXO_PAGE_SIZE;
        queue->free = slot->next;
        slot->pfn = (uint32_t)pfn;
        slot->pages = (uint16_t)((last - pfn + 1) | (i == 0 ? HEAD : 0));
        slot->cookie = cookie;
        hold(pfn, (uint32_t)(last - pfn + 1), 1);
        if (request[i].flags & DESCRIPTOR_WRITE) {
            queue->room[head] += request[i].length;
            for (uint64_t k = pfn; k <= last; k++)
                frame_of(k)->touched = frame_region_of(k)->dirty = true;
        }
        if (i + 1 == n)
            slot->next = RING_MAX;
        request[i].next = i + 1 == n ? 0 : slot->next;
        descriptors(queue)[at] = request[i];
    }
    queue->free_count -= (uint16_t)n;
    struct available *ring = available(queue);
    ring->ring[ring->index % queue->size] = head;
    __atomic_store_n(&ring->index, ring->index + 1, __ATOMIC_SEQ_CST);
}

/* Hands over whole requests of buffer[0..n); *taken counts them. */
static long submit_all(const struct call *call, struct queue *queue, const struct exo_buffer *buffer,
                       unsigned n, uint64_t *taken)
{
    struct descriptor request[TRANSFER_MAX];
    for (unsigned first = 0, i; first < n; first = i) {
        for (i = first;;) {
            NEED_OK(check_buffer(call, &buffer[i], &request[i - first]));
            if (!(buffer[i++].flags & EXO_BUFFER_MORE))
                break;
            if (i == n)
                return -EXO_E_BAD_ARGUMENT;
        }
        if (i - first > queue->free_count)
            return -EXO_E_BUSY;
        submit(queue, request, i - first, buffer[first].cookie);
        queue->user = call->domain;
        ++*taken;
    }
    return 0;
}

/* Completed requests that were not fetched yet, at most m. UINT32_MAX: the device speaks nonsense. */
static uint32_t look_at_used(const struct queue *queue, struct exo_completion *done, uint32_t m)
{
    const struct used *ring = used(queue);
    uint16_t ready = (uint16_t)(__atomic_load_n(&ring->index, __ATOMIC_SEQ_CST) - queue->seen);
    for (uint32_t i = 0; i < m && i < ready; i++) {
        const uint16_t at = (uint16_t)(queue->seen + i) % queue->size;
        /* Each is read once: the device may change it meanwhile. */
        uint32_t id = __atomic_load_n(&ring->ring[at].id, __ATOMIC_RELAXED);
        uint32_t length = __atomic_load_n(&ring->ring[at].length, __ATOMIC_RELAXED);
        if (id >= queue->size || !(queue->slot[id].pages & HEAD) || ready > queue->size)
            return UINT32_MAX;
        done[i].cookie = queue->slot[id].cookie;
        done[i].length = length < queue->room[id] ? length : queue->room[id];
        done[i].request = id;
    }
    return ready < m ? ready : m;
}

/* The same request twice would be nonsense, too. */
static bool fetch(struct queue *queue, const struct exo_completion *done, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!(queue->slot[done[i].request].pages & HEAD))
            return false;
        release(queue, (uint16_t)done[i].request);
        queue->seen++;
    }
    return true;
}

long call_queue_transfer(const struct call *call)
{
    uint64_t from = call->argument[1], n = call->argument[2], to = call->argument[3], m = call->argument[4];
    struct exo_buffer buffer[TRANSFER_MAX];
    struct exo_completion done[TRANSFER_MAX];
    NEED(queue, ref, 0, EXO_W);
    struct queue *queue = MAY(ref, EXO_W);
    if (n > TRANSFER_MAX || m > TRANSFER_MAX)
        return -EXO_E_BAD_ARGUMENT;
    if (queue->dead)
        return -EXO_E_DEAD;
    if (queue->user != NULL && queue->user != call->domain)
        return -EXO_E_BUSY;
    if (!machine_copy_in(buffer, from, n * sizeof buffer[0]))
        return -EXO_E_BAD_ADDRESS;
    uint64_t taken = 0, completed = look_at_used(queue, done, (uint32_t)m);
    if (completed != UINT32_MAX && !machine_copy_out(to, done, completed * sizeof done[0]))
        return -EXO_E_BAD_ADDRESS;

    if (completed == UINT32_MAX || !fetch(queue, done, (uint32_t)completed)) {
        queue_stop(queue);
        return -EXO_E_DEAD;
    }
    long error = submit_all(call, queue, buffer, (unsigned)n, &taken);
    if (taken > 0)
        machine_port_out(queue->port + REG_NOTIFY, 2, queue->index);
    return taken + completed > 0 || error == 0 ? (long)(taken << 32 | completed) : error;
}
