/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the supervisor reads from outside: library OS images, and configurations.
 * sources: libos/supervisor/config.c libos/supervisor/text.c
 * flags: -Ilibos/supervisor
 *
 * An input: a byte that says how long the configuration is (times 4), the configuration, and the image. An image that is not refused is
 * mapped from within its module, and copied from within it, into its own part of the segment. A good configuration has every string found.
 */
#include <supervisor.h>
#include "target.h"

static uint8_t *image; /* exactly its bytes */
#undef IMAGES_VA
#undef IMAGE_SPAN
#define IMAGES_VA  ((uint64_t)image)
#define IMAGE_SPAN 0x40000000ul
#include "../../libos/supervisor/image.c"

#define TAKEN_MAX 64
#define MEMORY    7000ul /* handles */
#define MODULE    8000ul

static uint8_t *taken[TAKEN_MAX];
static uint64_t taken_pages[TAKEN_MAX], image_bytes;
static unsigned takes;
static struct exo_boot_info information;
const struct exo_boot_info *boot = &information;

long exo_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    (void)a, (void)d, (void)e;
    if (number != EXO_CALL_SPACE_MAP)
        return 0;
    const struct exo_map *map = (const struct exo_map *)b;
    cr_assert(c == 1 && map->frame == MODULE && map->prot == EXO_MAP_R && map->offset == 0);
    return map->count == PAGES(image_bytes) && map->count != 0 ? 1 : -EXO_E_BAD_ARGUMENT;
}

const char *error_text(long error)
{
    (void)error;
    return "";
}

void *container_take(struct container *container, uint64_t pages, uint64_t *offset)
{
    if (pages > WINDOW_PAGES - container->used || takes == TAKEN_MAX)
        return NULL;
    *offset = container->used;
    container->used += pages;
    taken_pages[takes] = pages;
    return taken[takes++] = calloc(pages, PAGE);
}

long(container_map)(struct container *container, uint64_t va, exo_frame_r frame, uint64_t offset,
                    uint64_t pages, uint32_t prot)
{
    cr_assert(va % PAGE == 0 && va >= LOS_IMAGE && va < LOS_START && pages <= (LOS_START - va) / PAGE);
    if (EXO_HANDLE(frame) == MODULE)
        cr_assert(!(prot & EXO_MAP_W) && offset <= PAGES(image_bytes) && pages <= PAGES(image_bytes) - offset,
                  "more than the module");
    else
        cr_assert(EXO_HANDLE(frame) == MEMORY && !(prot & EXO_MAP_X) && offset + pages == container->used &&
                  pages == taken_pages[takes - 1]);
    return 0;
}

static void read_config(struct config config)
{
    struct failure why;
    uint64_t value, found = 0;
    if (!config_good(config))
        return;
    for (uint64_t at = 0; at < config.bytes; found++)
        at += text_length(config.text + at) + 1;
    uint64_t args = 0;
    while (config_get(config, "args", (uint32_t)args))
        args++;
    cr_assert(args <= found);
    if (config_number(config, "memory", 5, 1, 1000, &value, &why))
        cr_assert(value == 5 || (value >= 1 && value <= 1000));
    const char *name = config_get(config, "name", 0);
    if (name && text_is_name(name))
        cr_assert(text_length(name) <= 63);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size < 1 + (size_t)data[0] * 4)
        return 0;
    size_t config_bytes = (size_t)data[0] * 4;
    char *config = (char *)exact_copy(data + 1, config_bytes);
    struct container container = {
        .config = {config, config_good((struct config){config, config_bytes}) ? config_bytes : 0}};
    struct failure why = {0};
    read_config(container.config);
    container.extent[0].token = exo_trust(FRAME, EXO_ALL, MEMORY);
    information.modules = 1;
    information.module[0].frame = MODULE;
    information.module[0].size = image_bytes = size - 1 - config_bytes;
    image = exact_copy(data + 1 + config_bytes, image_bytes);
    memset(mapped, 0, sizeof mapped);
    if (!image_load(&container, 0, &why))
        cr_assert(why.error != 0 && why.text[0] != 0);
    while (takes > 0)
        free(taken[--takes]);
    free(image);
    free(config);
    return 0;
}
