/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the supervisor hands to a library OS image: the layout of the container segment and the start page.
 *
 * The container segment is the 512 GiB at LOS_SEGMENT (top-level slot LOS_SEGMENT_SLOT), one and the same subtree in every
 * space of the container (space_graft). Programs live below LOS_USER_END.
 *
 *   0x700000000000  LOS_IMAGE        the library OS image: text, rodata, data, bss (linked there)
 *   0x701000000000  LOS_START        struct los_start, read-only
 *   0x701000100000  LOS_VCPU_PAGES   vCPU page of vCPU n at + n * 4096
 *   0x701000010000  LOS_CONFIG and what follows: what supervisor and container share (container.h)
 *   0x704000000000  LOS_DIRECT       the direct map: the extents of start->memory one after the other, then the archives (cpio), which
 *                                    are read-only and shared with other containers, then extents that came later
 *   0x705000000000  LOS_RECORDS      free for the library OS: here one record for each page of the direct map
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
#define LOS_VCPU_PAGES   0x701000100000ul
#define LOS_DIRECT       0x704000000000ul
#define LOS_RECORDS      0x705000000000ul

#define LOS_STUBS 0x706000000000ul

#define LOS_START_MAGIC  0x54524154534f4cul /* "LOSTART" */
#define LOS_VCPUS_MAX    16
#define LOS_EXTENTS_MAX  8  /* at the start */
#define LOS_EXTENTS_MOST 24 /* with those that came later */
#define LOS_ARCHIVES_MAX 8
#define LOS_GATES_MAX    4

/*
 * What an image cannot do without: LOS_IMAGE_NEEDS("rootfs"), in any of its files, or several words with a NUL between. The
 * supervisor refuses to start it where the container has not got it: rootfs, console, log, power, supervisor, gate (an imported one), exports.
 */
#define LOS_IMAGE_NEEDS(words)                                                                                 \
    static const struct {                                                                                      \
        uint32_t name_bytes, text_bytes, type;                                                                 \
        char name[8], text[(sizeof(words) + 3) & ~3ul];                                                        \
    } los_image_needs                                                                                          \
        __attribute__((section(".note.kxos"), used, aligned(4))) = {5, sizeof(words), 1, "KxOS", words}

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
    uint64_t archives;  /* the first is the root file system; none: 0 */
    struct {
        EXO_TOKEN(FRAME, EXO_R | EXO_X) frame;
        uint64_t pages, bytes;
    } archive[LOS_ARCHIVES_MAX];
    uint64_t
        config_bytes; /* at LOS_CONFIG: see container.h. That of the first container has no args but for images other than linux */
    exo_event_w
        supervisor;  /* rings the supervisor's doorbell; NULL: it has nothing in common with it but this page */
    exo_gate_x gate; /* of the supervisor; NULL: not for this container */
    uint64_t channel_bytes; /* at LOS_CHANNEL, where gate is given */
    uint64_t consoles;      /* at LOS_CONSOLES: 1, or 0 where the console is a UART */
    uint64_t
        exported; /* how many gates to vCPU 0 others were or will be given, under which names says gate.export */
    exo_gate_x imported[LOS_GATES_MAX]; /* in the order of gate.import */
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
