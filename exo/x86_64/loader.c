/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the boot loader told, by Multiboot2 or PVH, copied out so that nothing points into its memory afterwards; and what
 * RAM is free because of it. Runs in the boot page tables: all that is read lies below 4 GiB and is checked to.
 * Sources: Multiboot2 specification 2.0, 3.6; Xen's public/arch-x86/hvm/start_info.h.
 */
#include "x86.h"
#include "loader.h"

#define LOW_BYTES 0x10000ul /* what firmware is known to scribble over */

extern const uint8_t x86_image_start[], x86_image_end[];

const uint8_t *x86_loader_rsdp;
bool x86_loader_text_screen = true;
uint64_t x86_trampoline_page;

static char command_line[sizeof((struct exo_boot_info *)0)->command_line];
static uint32_t modules_left_out; /* the log is not set up when they are found */
static uint8_t rsdp[X86_RSDP_BYTES];

/* --- for both protocols ---------------------------------------------------------------------------------------------- */

/* Bytes of the loader's; NULL where the boot page tables do not reach. */
static const void *low(uint64_t physical, uint64_t bytes)
{
    return physical && physical < 1ul << 32 && bytes <= (1ul << 32) - physical ? (void *)(X86_DIRECT + physical)
                                                                               : NULL;
}

static void copy_string(char *to, size_t room, const char *from, size_t most)
{
    size_t n = 0;
    for (; from && n + 1 < room && n < most && from[n]; n++)
        to[n] = from[n];
    to[n] = 0;
}

static void keep_command_line(const char *from, size_t most)
{
    copy_string(command_line, sizeof command_line, from, most);
}

static void keep_rsdp(const void *from, size_t bytes)
{
    if (!from)
        return;
    __builtin_memcpy(rsdp, from, bytes < sizeof rsdp ? bytes : sizeof rsdp);
    x86_loader_rsdp = rsdp;
}

static void add_module(struct machine_boot *boot, uint64_t physical, uint64_t bytes, const char *name,
                       size_t most)
{
    if (boot->modules == EXO_MODULES_MAX || !bytes || physical % EXO_PAGE_SIZE || !low(physical, bytes)) {
        modules_left_out++;
        return;
    }
    boot->module[boot->modules].pfn = physical >> EXO_PAGE_SHIFT;
    boot->module[boot->modules].bytes = bytes;
    copy_string(boot->module[boot->modules].name, sizeof boot->module[0].name, name, most);
    boot->modules++;
}

enum { MEMORY_USABLE = 1, MEMORY_RESERVED = 2, MEMORY_ACPI = 3, MEMORY_ACPI_NVS = 4, MEMORY_BAD = 5 };

/* One entry of the memory map in pass 0 or 1: contradictions are settled for the one that says "not usable". */
static void map_entry(unsigned pass, uint64_t start, uint64_t bytes, uint32_t type)
{
    const uint64_t top =
        X86_PTE_ADDRESS; /* nothing above can be addressed, and nothing below wraps when it is rounded */
    if (start >= top)
        return;
    uint64_t end = bytes < top - start ? start + bytes : top;
    if (pass == 0 && type == MEMORY_USABLE)
        x86_pieces_add(&x86_free, start, end);
    if (pass == 1 && type != MEMORY_USABLE)
        x86_pieces_remove(&x86_free, start, end);
    if (pass == 0 && (type == MEMORY_ACPI || type == MEMORY_ACPI_NVS))
        x86_pieces_add(&x86_mapped, start & ~(EXO_PAGE_SIZE - 1),
                       (end + EXO_PAGE_SIZE - 1) & ~(EXO_PAGE_SIZE - 1));
}

/* --- Multiboot2 -------------------------------------------------------------------------------------------------------- */

static void multiboot_map(const struct multiboot_tag *tag, const struct multiboot_map *map)
{
    if (tag->size < sizeof *tag + sizeof *map || map->entry_size < sizeof map->entry[0])
        return;
    uint32_t bytes = tag->size - (uint32_t)(sizeof *tag + sizeof *map);
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint32_t at = 0; at + sizeof map->entry[0] <= bytes; at += map->entry_size) {
            const struct multiboot_map_entry *entry = (const void *)((const uint8_t *)map->entry + at);
            map_entry(pass, entry->start, entry->bytes, entry->type);
        }
}

static void multiboot_module(const struct multiboot_tag *tag, const struct multiboot_module *module,
                             struct machine_boot *boot)
{
    if (tag->size < sizeof *tag + sizeof *module || module->end < module->start)
        return;
    add_module(boot, module->start, module->end - module->start, module->name,
               tag->size - sizeof *tag - sizeof *module);
}

static bool multiboot_read(uint64_t info, struct machine_boot *boot)
{
    const uint32_t *header = low(info, 8);
    const uint8_t *at = header && header[0] >= 8 ? low(info, header[0]) : NULL;
    if (!at)
        return false;
    const uint8_t *end = at + header[0];
    for (at += 8; (size_t)(end - at) >= sizeof(struct multiboot_tag);) {
        const struct multiboot_tag *tag = (const void *)at;
        const uint8_t *body = at + sizeof *tag;
        if (tag->size < sizeof *tag || tag->size > (size_t)(end - at) || tag->type == MULTIBOOT_END)
            break;
        size_t bytes = tag->size - sizeof *tag;
        switch (tag->type) {
        case MULTIBOOT_COMMAND_LINE: keep_command_line((const char *)body, bytes); break;
        case MULTIBOOT_MODULE: multiboot_module(tag, (const void *)body, boot); break;
        case MULTIBOOT_MAP: multiboot_map(tag, (const void *)body); break;
        case MULTIBOOT_FRAMEBUFFER:
            x86_loader_text_screen &= bytes >= 22 && body[21] == MULTIBOOT_FRAMEBUFFER_TEXT;
            break;
        case MULTIBOOT_EFI_32:
        case MULTIBOOT_EFI_64: x86_loader_text_screen = false; break;
        case MULTIBOOT_RSDP_OLD:
            if (!x86_loader_rsdp)
                keep_rsdp(body, bytes);
            break;
        case MULTIBOOT_RSDP_NEW: keep_rsdp(body, bytes); break;
        }
        size_t step = (tag->size + 7ul) & ~7ul;
        if (step > (size_t)(end - at))
            break;
        at += step;
    }
    return true;
}

/* --- PVH ----------------------------------------------------------------------------------------------------------------- */

static bool pvh_read(uint64_t physical, struct machine_boot *boot)
{
    const struct pvh_info *info = low(physical, sizeof *info);
    if (!info || info->magic != PVH_MAGIC || info->version < 1)
        return false;
    keep_command_line(low(info->command_line, sizeof command_line), sizeof command_line);
    keep_rsdp(low(info->rsdp, X86_RSDP_BYTES), X86_RSDP_BYTES);

    const struct pvh_map_entry *map = low(info->map, info->map_entries * sizeof *map);
    for (unsigned pass = 0; map && pass < 2; pass++)
        for (uint32_t i = 0; i < info->map_entries; i++)
            map_entry(pass, map[i].start, map[i].bytes, map[i].type);

    const struct pvh_module *module = low(info->module, info->modules * sizeof *module);
    for (uint32_t i = 0; module && i < info->modules; i++)
        add_module(boot, module[i].start, module[i].bytes,
                   low(module[i].command_line, sizeof boot->module[0].name), sizeof boot->module[0].name);
    return true;
}

/* --- what follows from it ---------------------------------------------------------------------------------------------- */

/* A single module may be a bundle of several: see exo/boot.h. Its own header and gaps become free RAM. */
static void expand_bundle(struct machine_boot *boot)
{
    uint64_t start = boot->module[0].pfn << EXO_PAGE_SHIFT, size = boot->module[0].bytes;
    const struct exo_bundle *bundle = low(start, size);
    if (boot->modules != 1 || size < sizeof *bundle || bundle->magic != EXO_BUNDLE_MAGIC)
        return;
    uint64_t members = bundle->members;
    boot->modules = 0;
    if (members > EXO_MODULES_MAX || sizeof *bundle + members * sizeof bundle->member[0] > size) {
        x86_log("kxos: the bundle of modules is damaged\n");
        return;
    }
    uint64_t from = sizeof *bundle + members * sizeof bundle->member[0]; /* no member may begin before this */
    for (uint64_t i = 0; i < members; i++) {
        uint64_t offset = bundle->member[i].offset, bytes = bundle->member[i].size;
        if (offset < from || offset % EXO_PAGE_SIZE || offset > size || bytes > size - offset) {
            x86_log("kxos: the bundle of modules is damaged at member %lu\n", i);
            boot->modules = 0;
            return;
        }
        from = (offset + bytes + EXO_PAGE_SIZE - 1) & ~(EXO_PAGE_SIZE - 1);
        if (bytes)
            add_module(boot, start + offset, bytes, bundle->member[i].name, sizeof bundle->member[i].name);
    }
}

/* Everything of the loader's has been read: its memory is free but for the modules. */
static void take_modules(struct machine_boot *boot)
{
    for (uint32_t i = 0; i < boot->modules; i++) {
        uint64_t start = boot->module[i].pfn << EXO_PAGE_SHIFT, end = start + boot->module[i].bytes;
        uint64_t last = (end + EXO_PAGE_SIZE - 1) & ~(EXO_PAGE_SIZE - 1);
        if (!x86_pieces_hold(&x86_free, start, last))
            machine_panic("a module lies on another, on the exokernel, or not in RAM");
        __builtin_memset((void *)(X86_DIRECT + end), 0, last - end);
        x86_pieces_remove(&x86_free, start, last);
        x86_pieces_add(&x86_mapped, start, last);
    }
}

/* The highest page below 640 KiB that is RAM and nobody's. */
static void take_trampoline(void)
{
    for (uint32_t i = x86_free.count; i-- > 0 && !x86_trampoline_page;) {
        uint64_t end = x86_free.piece[i].end;
        if (end > 0xa0000)
            end = 0xa0000;
        if (end <= x86_free.piece[i].start)
            continue;
        x86_trampoline_page = end - EXO_PAGE_SIZE;
        x86_pieces_remove(&x86_free, end - EXO_PAGE_SIZE, end);
    }
}

bool x86_loader_read(uint32_t magic, uint64_t info_physical, struct machine_boot *boot)
{
    bool known = magic == MULTIBOOT_MAGIC ? multiboot_read(info_physical, boot)
                 : magic == PVH_MAGIC     ? pvh_read(info_physical, boot)
                                          : false;
    boot->command_line = command_line;
    return known && x86_free.count;
}

void x86_loader_settle(struct machine_boot *boot)
{
    if (boot->modules)
        expand_bundle(boot);
    if (modules_left_out)
        x86_log("kxos: %u modules left out: too many, empty, or not on a page below 4 GiB\n", modules_left_out);

    for (uint32_t i = 0; i < x86_free.count; i++)
        x86_pieces_add(&x86_mapped, x86_free.piece[i].start, x86_free.piece[i].end);
    uint64_t image = (uint64_t)x86_image_start - X86_IMAGE, image_end = (uint64_t)x86_image_end - X86_IMAGE;
    x86_pieces_remove(&x86_free, image, image_end);
    take_modules(boot);
    x86_pieces_remove(&x86_mapped, image, image_end);
    x86_pieces_remove(&x86_free, 0, LOW_BYTES);
    take_trampoline();
}

const char *x86_boot_word(const char *word)
{
    for (const char *at = command_line; *at;) {
        size_t n = 0;
        while (word[n] && at[n] == word[n])
            n++;
        if (!word[n] && (!at[n] || at[n] == ' ' || at[n] == '='))
            return at + n;
        while (*at && *at != ' ')
            at++;
        while (*at == ' ')
            at++;
    }
    return NULL;
}
