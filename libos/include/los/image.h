/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the supervisor hands to a library OS image: the layout of the container segment and the start page.
 *
 * The container segment is the 512 GiB at LOS_SEGMENT (top-level slot LOS_SEGMENT_SLOT), one and the same subtree in every
 * space of the container (space_graft). Programs live below LOS_USER_END.
 *
 *   0x700000000000  LOS_IMAGE        the library OS image: text, rodata, data, bss (linked there)
 *   0x701000000000  LOS_START        struct los_start, read-only
 *   0x702000000000  LOS_VCPU_PAGES   vCPU page of vCPU n at + n * 4096
 *   0x703000000000  LOS_MODULE       the root file system archive (cpio), read-only, until released
 *   0x704000000000  LOS_DIRECT       the direct map: the extents of start->memory one after the other
 *   0x706000000000  LOS_STUBS        code that a personality generates: read-execute, written through the direct map
 *
 * Every vCPU is entered at the image's ELF entry with rdi = LOS_START, on a boot stack of LOS_BOOT_STACK bytes
 * inside the image (symbol order: vCPU 0's stack is the start page's stack[0], and so on), masked = 1, in the space `space`.
 * vCPU 0 starts at once; the library OS starts the others itself (vcpu_start on vcpu[n]) when it is ready for them.
 */
#ifndef LOS_IMAGE_H
#define LOS_IMAGE_H

#include <exo/typed.h>

#define LOS_SEGMENT      0x700000000000ul
#define LOS_SEGMENT_SLOT 224
#define LOS_USER_END     LOS_SEGMENT
#define LOS_IMAGE        LOS_SEGMENT
#define LOS_START        0x701000000000ul
#define LOS_VCPU_PAGES   0x702000000000ul
#define LOS_MODULE       0x703000000000ul
#define LOS_DIRECT       0x704000000000ul

#define LOS_STUBS 0x706000000000ul

#define LOS_START_MAGIC 0x54524154534f4cul /* "LOSTART" */
#define LOS_VCPUS_MAX   16
#define LOS_EXTENTS_MAX 8

/* At most two pages. Tokens are in the container's own table; NULL: not given. */
struct los_start {
    uint64_t magic;
    exo_domain_rw domain;                     /* its own */
    exo_space_rwx space;                      /* the first space: owner of the segment */
    exo_machine_wx machine;                   /* log, and power when policy allows: it may lack X */
    exo_ports_rw ports_console, ports_errors; /* of the UARTs: 8 ports each; console is a terminal */
    exo_irq_x irq_console;
    uint64_t vcpus; /* how many */
    exo_vcpu_rwx vcpu[LOS_VCPUS_MAX];
    uint64_t
        stack[LOS_VCPUS_MAX]; /* top of the boot stack of each vCPU: a page of ordinary memory each, 16 KiB */
    uint64_t extents;
    struct {
        EXO_TOKEN(FRAME, EXO_R | EXO_W | EXO_X | EXO_SEND | EXO_SPLIT) frame;
        uint64_t pages;
    } memory[LOS_EXTENTS_MAX]; /* in the order of the direct map, which is mapped already */
    uint64_t
        reserved_pages; /* of the first extent, from its start: used by image, stacks, vCPU pages, this page */
    EXO_TOKEN(FRAME, EXO_R | EXO_W | EXO_OWN)
    module_frame;            /* the archive's pages: may be given back with token_drop after unmapping */
    uint64_t module_size;    /* bytes */
    uint64_t config_bytes;   /* at LOS_CONFIG (container.h); 0: there is none */
    char command_line[2048]; /* words as boot/run passes them: quiet, trace, cmd=..., cmdfile=PATH, ... */
};
_Static_assert(sizeof(struct los_start) <= 8192, "ABI");

/* The start page and the direct map, for C: a unit test has its own. */
#ifdef EXO_UNIT_TEST
extern struct los_start los_test_start;
extern char *los_test_direct;
#define LOS_START_PAGE ((const struct los_start *)&los_test_start)
#define LOS_DIRECT_MAP los_test_direct
#else
#define LOS_START_PAGE ((const struct los_start *)LOS_START)
#define LOS_DIRECT_MAP ((char *)LOS_DIRECT)
#endif

#endif
