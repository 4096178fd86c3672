/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The supervisor's choice of modules by their names and the command line, and its loader of library OS images.
 * flags: -Ilibos/supervisor
 *
 * An input: 64 bytes of command line, a module's name of as many, and the image. An image that is not refused is mapped from within its
 * module, and copied from within it, into its own part of the segment.
 */
#include <supervisor.h>
#include <setjmp.h>
#include "target.h"

static uint8_t *image; /* exactly its bytes */
#undef MODULE_VA
#define MODULE_VA ((uint64_t)image)
#include "../../libos/supervisor/image.c"
#include "../../libos/supervisor/main.c"

#define TAKEN_MAX 64
#define MEMORY    7000ul /* handles */
#define MODULE    8000ul
#define ROOTFS    9000ul

static jmp_buf failed;
static uint8_t *taken[TAKEN_MAX];
static uint64_t taken_pages[TAKEN_MAX], image_bytes;
static unsigned takes;

void fail(const char *what, long error)
{
    (void)error;
    cr_assert_gt(strlen(what), 0);
    longjmp(failed, 1);
}

long exo_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    (void)a, (void)d, (void)e;
    if (number == EXO_CALL_SPACE_MAP) {
        const struct exo_map *map = (const struct exo_map *)b;
        cr_assert(c == 1 && map->frame == MODULE && map->prot == EXO_MAP_R && map->offset == 0);
        return map->count == PAGES(image_bytes) && map->count != 0 ? 1 : -EXO_E_BAD_ARGUMENT;
    }
    cr_assert_eq(number, EXO_CALL_SPACE_UNMAP);
    return 0;
}

void *container_take(struct container *container, uint64_t pages, uint64_t *offset)
{
    if (pages > WINDOW_PAGES - container->used || takes == TAKEN_MAX)
        fail("no memory", 0);
    *offset = container->used;
    container->used += pages;
    taken_pages[takes] = pages;
    return taken[takes++] = calloc(pages, PAGE);
}

void container_map(struct container *container, uint64_t va, exo_frame frame, uint64_t offset, uint64_t pages,
                   uint32_t prot)
{
    cr_assert(va % PAGE == 0 && va >= LOS_IMAGE && va < LOS_START && pages <= (LOS_START - va) / PAGE);
    if (EXO_HANDLE(frame) == MODULE)
        cr_assert(!(prot & EXO_MAP_W) && offset <= PAGES(image_bytes) && pages <= PAGES(image_bytes) - offset,
                  "more than the module");
    else
        cr_assert(EXO_HANDLE(frame) == MEMORY && !(prot & EXO_MAP_X) && offset + pages == container->used &&
                  pages == taken_pages[takes - 1]);
}

void container_memory(struct container *container, const struct exo_boot_info *boot)
{
    (void)boot;
    memset(container, 0, sizeof *container);
    container->memory = exo_trust(FRAME, EXO_ALL, MEMORY);
}
void container_module(struct container *container, const struct exo_boot_info *boot, uint32_t module)
{
    (void)container;
    cr_assert_eq(boot->module[module].frame, ROOTFS);
}
void container_devices(struct container *container, const struct exo_boot_info *boot)
{
    (void)container, (void)boot;
}
void container_vcpus(struct container *container, const struct exo_boot_info *boot)
{
    (void)container, (void)boot;
}
void container_run(struct container *container, const struct exo_boot_info *boot)
{
    (void)container, (void)boot;
}
void log_start(exo_machine machine) { (void)machine; }
void log_line(const char *format, const uint64_t *numbers) { (void)format, (void)numbers; }
void log_status(uint64_t status) { (void)status; }
void power_off(void) { longjmp(failed, 2); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct exo_boot_info boot;
    if (size < 128)
        return 0;
    memset(&boot, 0, sizeof boot);
    boot.abi_version = EXO_ABI_VERSION;
    boot.modules = 2;
    memcpy(boot.command_line, data, 63); /* the exokernel ends both */
    memcpy(boot.module[0].name, data + 64, 63);
    boot.module[0].frame = MODULE;
    boot.module[0].size = image_bytes = size - 128;
    boot.module[1] = (__typeof__(boot.module[1])){.name = "rootfs", .frame = ROOTFS, .size = 1};
    image = exact_copy(data + 128, size - 128);
    if (setjmp(failed) == 0)
        supervisor_main(&boot);
    while (takes > 0)
        free(taken[--takes]);
    free(image);
    return 0;
}
