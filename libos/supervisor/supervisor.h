/* SPDX-License-Identifier: MPL-2.0 */
/* The supervisor's parts: log.c, memory.c, image.c, container.c; main.c is the table of contents. */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <exo/boot.h>
#include <exo/typed.h>
#include <exo/vcpu.h>
#include <los/image.h>
#include <stdbool.h>
#include <stddef.h>

#define PAGE         EXO_PAGE_SIZE
#define PAGES(bytes) (((bytes) + PAGE - 1) / PAGE)

void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

/* --- log.c: lines on the boot log */
void log_start(exo_machine machine);
/* Each "%" in the format takes the next number: %u decimal, %x hexadecimal. */
void log_line(const char *format, const uint64_t *numbers);
#define LOG(format, ...) log_line(format, (const uint64_t[]){__VA_ARGS__ __VA_OPT__(, ) 0})
/* The line that boot/run turns into its own exit status. */
void log_status(uint64_t status);
/* The supervisor cannot go on: says why, and the exo error, and powers off with status 125. */
_Noreturn void fail(const char *what, long error);
_Noreturn void power_off(void);
/* Returns a call's result; fails with `what` when it is an error. Calls again while it says AGAIN. */
#define MUST(what, call)                                                                                       \
    ({                                                                                                         \
        long result_;                                                                                          \
        do {                                                                                                   \
            result_ = (call);                                                                                  \
        } while (result_ == -EXO_E_AGAIN);                                                                     \
        if (result_ < 0)                                                                                       \
            fail(what, result_);                                                                               \
        result_;                                                                                               \
    })

/* --- main.c: what the exokernel hands to the first domain carries all rights; this is where the handles become tokens. */
static inline exo_space boot_space(const struct exo_boot_info *boot)
{
    return exo_trust(SPACE, EXO_ALL, boot->space);
}
static inline exo_machine boot_machine(const struct exo_boot_info *boot)
{
    return exo_trust(MACHINE, EXO_ALL, boot->machine);
}
static inline exo_ports boot_ports(const struct exo_boot_info *boot)
{
    return exo_trust(PORTS, EXO_ALL, boot->ports);
}
static inline exo_irq boot_irqs(const struct exo_boot_info *boot)
{
    return exo_trust(IRQ, EXO_ALL, boot->irqs);
}
static inline EXO_TOKEN(SLICE, EXO_ALL) boot_slice(const struct exo_boot_info *boot)
{
    return exo_trust(SLICE, EXO_ALL, boot->slice);
}
static inline exo_frame boot_extent(const struct exo_boot_info *boot, uint32_t i)
{
    return exo_trust(FRAME, EXO_ALL, boot->extent[i]);
}
static inline exo_frame boot_module(const struct exo_boot_info *boot, uint32_t i)
{
    return exo_trust(FRAME, EXO_ALL, boot->module[i].frame);
}

/* --- container.c */
/* What the container is made of: tokens in the supervisor's table. */
struct container {
    exo_domain domain;
    exo_space space;
    exo_frame memory; /* its first extent, from which the image, stacks and pages are taken */
    uint64_t memory_pages;
    uint64_t used;   /* pages taken from the start of it */
    uint8_t *window; /* the same extent's first WINDOW_PAGES pages in the supervisor's space */
    struct los_start *start;
    exo_vcpu vcpu[LOS_VCPUS_MAX];
    uint64_t entry;
    uint64_t stack; /* of vCPU 0 */
};
#define WINDOW_PAGES 2048ul /* 8 MiB: the image's data, stacks and so on must fit */
#define WINDOW_VA    0x708000000000ul
#define MODULE_VA    0x709000000000ul

void container_memory(struct container *container, const struct exo_boot_info *boot);
void container_devices(struct container *container, const struct exo_boot_info *boot);
void container_module(struct container *container, const struct exo_boot_info *boot, uint32_t module);
void container_vcpus(struct container *container, const struct exo_boot_info *boot);
void container_run(struct container *container, const struct exo_boot_info *boot);
/* Takes the next pages of the container's memory, zeroed, visible at the returned address. Their offset in the extent goes to *offset. */
void *container_take(struct container *container, uint64_t pages, uint64_t *offset);
/* Maps pages of a token at va in the container's space. */
void container_map(struct container *container, uint64_t va, exo_frame frame, uint64_t offset, uint64_t pages,
                   uint32_t prot);

/* --- image.c: loads the library OS image (ELF64, linked inside the container segment): pages that are never written are shared
 * with the module, the others are copied. */
void image_load(struct container *container, const struct exo_boot_info *boot, uint32_t module);

#endif
