/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the exokernel hands to the first domain (the supervisor), and the images that it understands.
 *
 * The boot loader passes modules. A single module that begins with EXO_BUNDLE_MAGIC is a bundle: struct
 * exo_bundle, then the members, each starting on a page boundary; its members count as the modules (QEMU's
 * PVH boot can pass only one module). The first module is the supervisor, a flat image that begins with struct
 * exo_flat_header; it is mapped at EXO_SUPERVISOR_BASE, text read-execute and the rest read-write, and entered at
 * header.entry on the stack header.stack with rdi = EXO_BOOT_INFO_VA.
 */
#ifndef EXO_BOOT_H
#define EXO_BOOT_H

#include <exo/types.h>

#define EXO_SUPERVISOR_BASE   0x700000000000ul
#define EXO_BOOT_INFO_VA      0x701000000000ul /* struct exo_boot_info, read-only, EXO_BOOT_INFO_PAGES pages */
#define EXO_BOOT_VCPU_PAGE_VA 0x702000000000ul /* the first vCPU's page */
#define EXO_BOOT_INFO_PAGES   4ul

#define EXO_FLAT_MAGIC 0x54414c464f58454bul /* "KEXOFLAT" */
struct exo_flat_header {
    uint64_t magic;
    uint64_t text_pages; /* from the start of the image: mapped read-execute */
    uint64_t
        total_pages; /* all of the image, bss and stack included: the rest is read-write. The module is that long */
    uint64_t entry, stack; /* addresses */
};

#define EXO_BUNDLE_MAGIC 0x454c444e55424f58ul /* "XOBUNDLE" */
struct exo_bundle {
    uint64_t magic;
    uint64_t members; /* at most EXO_MODULES_MAX */
    struct {
        uint64_t offset; /* bytes from the bundle's start, page aligned */
        uint64_t size;   /* bytes */
        char name[48];   /* NUL-terminated */
    } member[];
};

#define EXO_MODULES_MAX 32
#define EXO_EXTENTS_MAX 32
#define EXO_CPUS_MAX    32

struct exo_boot_info {
    uint32_t abi_version;
    uint32_t cpus;                  /* running; numbered 0 to cpus - 1 */
    uint64_t loader_ns;             /* always 0: ns are counted from the exokernel's first instruction */
    exo_handle domain, space, vcpu; /* the first domain's own */
    exo_handle machine;             /* MACHINE */
    exo_handle ports; /* PORTS: all of them but those the exokernel keeps: PIC, PIT's and its log's */
    exo_handle irqs;  /* IRQ: all lines of the I/O APICs */
    exo_handle slice; /* SLICE: all the time of all CPUs */
    exo_handle
        pci; /* PCI: all functions of segment 0; function number = bus << 8 | device << 3 | function. 0: no PCI */
    uint32_t extents, modules;
    exo_handle extent[EXO_EXTENTS_MAX]; /* FRAME tokens: all free RAM, largest first */
    struct {
        char name[64];    /* the module's command line or its name in the bundle */
        exo_handle frame; /* FRAME: its pages */
        uint64_t size;    /* bytes */
    } module[EXO_MODULES_MAX];
    char command_line[2048];
};
_Static_assert(sizeof(struct exo_boot_info) <= EXO_BOOT_INFO_PAGES * EXO_PAGE_SIZE, "ABI");

#endif
