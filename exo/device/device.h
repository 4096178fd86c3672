/* SPDX-License-Identifier: MPL-2.0 */
/*
 * PCI functions and what their DMA reaches.
 *
 * Invariants
 *   A function is bus master only while it is attached to a space through the IOMMU, or has a checked queue. The queue's kind of
 *   function is never attached.
 *   An attachment holds on to the slot's table as a graft does (graft_count), and ends with either token that made it.
 *   What a device may still read or write through a queue counts as mapped (frame.link) until the device has given it back
 *   or was reset. A ring's frames are in no space and no pool (FRAME_RING).
 */
#ifndef EXO_DEVICE_DEVICE_H
#define EXO_DEVICE_DEVICE_H

#include "domain.h"
#include "reference.h"
#include "space.h"

/* The registers of a function's configuration that are used here: PCI Local Bus 3.0, 6.1. */
enum {
    PCI_VENDOR = 0x00,
    PCI_COMMAND = 0x04,
    PCI_CACHE_LINE = 0x0c,
    PCI_LATENCY = 0x0d,
    PCI_HEADER = 0x0e,
    PCI_BAR0 = 0x10,
    PCI_SUBSYSTEM = 0x2e, /* of a legacy virtio function: the kind of device */
    PCI_INTERRUPT_LINE = 0x3c,
    PCI_CONFIG_BYTES = 256
};
#define PCI_VENDOR_VIRTIO  0x1af4u /* a hypervisor's devices: their DMA may bypass the IOMMU that it shows */
#define PCI_COMMAND_MASTER 0x4u
#define PCI_COMMAND_NO_INT 0x400u

/* --- pci.c */
struct pci_binding;
void pci_detach(struct pci_binding *binding); /* one of its tokens ended */
bool pci_attached(uint64_t function);         /* through the IOMMU */
long pci_check(const struct pci_ref *pci);    /* one function, and it is there */
void pci_master(uint64_t function, bool on);
uint64_t pci_function_of(const struct pci_binding *binding);
uint32_t pci_attachments(const struct space *space, unsigned slot); /* for the walk over invariants */

/* --- queue.c */
struct queue;
bool queue_on(uint64_t function); /* has it a queue? */
/* Its ring, its function or what it uses goes away: the device is reset, which ends all queues of the function. */
void queue_stop(struct queue *queue);
void queue_end(struct queue *queue);  /* no token names it */
void queue_reap(struct queue *queue); /* ends it if no token names it */
uint64_t queue_function_of(const struct queue *queue);
uint64_t queue_ring_of(const struct queue *queue); /* its first frame */
/* Stops the queues that hold frames of the range for the domain. Cheap while no queue is busy. */
void queue_lose_frames(const struct domain *domain, uint64_t pfn, uint64_t pages);
void queue_forget(const struct domain *domain); /* it goes away, with all that it handed to devices */
/* Ends those made of the domain's pool. False: call again. */
bool queue_dispose(struct domain *domain, struct work *work);
uint32_t queue_frames(
    uint32_t *in_flight); /* adds to the count of each frame; returns frames of rings: for invariants */
#define QUEUE_FRAMES 2    /* of the pool, for each queue */
uint32_t queue_count(const struct domain *domain);

#endif
