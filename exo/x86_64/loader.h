/* SPDX-License-Identifier: MPL-2.0 */
/* The loaders' structures in memory, for loader.c. Multiboot2 specification 2.0, 3.6; Xen's hvm/start_info.h.
 * Packed, because nobody promises that they are aligned. */
#ifndef EXO_X86_64_LOADER_H
#define EXO_X86_64_LOADER_H

#include <stdint.h>

#define MULTIBOOT_MAGIC 0x36d76289
enum {
    MULTIBOOT_END = 0,
    MULTIBOOT_COMMAND_LINE = 1,
    MULTIBOOT_MODULE = 3,
    MULTIBOOT_MAP = 6,
    MULTIBOOT_FRAMEBUFFER = 8, /* its byte 21: what kind */
    MULTIBOOT_EFI_32 = 11,     /* the firmware is UEFI, which has no text mode */
    MULTIBOOT_EFI_64 = 12,
    MULTIBOOT_RSDP_OLD = 14,
    MULTIBOOT_RSDP_NEW = 15,
    MULTIBOOT_FRAMEBUFFER_TEXT = 2,
};

struct __attribute__((packed)) multiboot_tag {
    uint32_t type, size; /* the size counts this header; the next tag is 8-byte aligned */
};
struct __attribute__((packed)) multiboot_module {
    uint32_t start, end;
    char name[];
};
struct __attribute__((packed)) multiboot_map_entry {
    uint64_t start, bytes;
    uint32_t type, reserved;
};
struct __attribute__((packed)) multiboot_map {
    uint32_t entry_size, entry_version;
    struct multiboot_map_entry entry[];
};

#define PVH_MAGIC 0x336ec578
struct __attribute__((packed)) pvh_info {
    uint32_t magic, version, flags, modules;
    uint64_t module, command_line, rsdp;
    uint64_t map; /* from version 1 on */
    uint32_t map_entries, reserved;
};
struct __attribute__((packed)) pvh_module {
    uint64_t start, bytes, command_line, reserved;
};
struct __attribute__((packed)) pvh_map_entry {
    uint64_t start, bytes;
    uint32_t type, reserved;
};

#endif
