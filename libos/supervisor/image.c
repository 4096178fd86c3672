/* SPDX-License-Identifier: MPL-2.0 */
/* Loads a library OS image: an ELF64 executable linked at addresses of the container segment. */
#include "supervisor.h"

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_size, program_size, program_count, section_size, section_count, names;
};
struct elf_program {
    uint32_t type, flags;
    uint64_t offset, va, pa, file_bytes, memory_bytes, align;
};
enum { ELF_LOAD = 1, ELF_X = 1, ELF_W = 2, ELF_EXECUTABLE = 2, ELF_X86_64 = 62 };

static void load_segment(struct container *container, exo_frame frame, const uint8_t *file, uint64_t size,
                         const struct elf_program *program)
{
    uint64_t start = program->va & ~(PAGE - 1), end = program->va + program->memory_bytes;
    if (program->va % PAGE != program->offset % PAGE || program->file_bytes > program->memory_bytes ||
        program->offset > size || program->file_bytes > size - program->offset || end < program->va ||
        start < LOS_IMAGE || end > LOS_START ||
        (!(program->flags & ELF_W) &&
         program->memory_bytes > program->file_bytes)) /* zeros would be what follows */
        fail("the library OS image has a segment outside its place", 0);
    uint64_t pages = PAGES(end - start);

    if (!(program->flags & ELF_W)) {
        uint32_t prot = EXO_MAP_R | (program->flags & ELF_X ? EXO_MAP_X : 0);
        container_map(container, start, frame, program->offset / PAGE, pages, prot);
        return;
    }
    uint64_t offset;
    uint8_t *to = container_take(container, pages, &offset);
    memcpy(to + program->va % PAGE, file + program->offset, program->file_bytes);
    container_map(container, start, container->memory, offset, pages, EXO_MAP_R | EXO_MAP_W);
}

void image_load(struct container *container, const struct exo_boot_info *boot, uint32_t module)
{
    exo_frame frame = boot_module(boot, module);
    uint64_t size = boot->module[module].size;
    const uint8_t *file = (const uint8_t *)MODULE_VA;
    struct exo_map map = EXO_MAP(MODULE_VA, frame, 0, (uint32_t)PAGES(size), EXO_MAP_R);
    MUST("the library OS image cannot be mapped", exo_space_map(boot_space(boot), &map, 1));

    const struct elf_header *elf = (const struct elf_header *)file;
    static const uint8_t magic[] = {0x7f, 'E', 'L', 'F', 2, 1};
    bool good = size >= sizeof *elf && elf->type == ELF_EXECUTABLE && elf->machine == ELF_X86_64 &&
                elf->program_size == sizeof(struct elf_program) && elf->program_offset % 8 == 0 &&
                elf->program_offset <= size &&
                elf->program_count * sizeof(struct elf_program) <= size - elf->program_offset;
    for (size_t i = 0; good && i < sizeof magic; i++)
        good = elf->ident[i] == magic[i];
    if (!good)
        fail("the library OS image is no x86-64 ELF executable", 0);

    const struct elf_program *program = (const struct elf_program *)(file + elf->program_offset);
    uint64_t last = 0; /* where the segment before ends */
    for (unsigned i = 0; i < elf->program_count; i++) {
        if (program[i].type != ELF_LOAD || !program[i].memory_bytes)
            continue;
        if ((program[i].va & ~(PAGE - 1)) < last)
            fail("the library OS image has segments that share a page, or are out of order", 0);
        load_segment(container, frame, file, size, &program[i]);
        last = program[i].va + program[i].memory_bytes;
    }
    container->entry = elf->entry;
    MUST("the image's window cannot be closed", exo_space_unmap(boot_space(boot), MODULE_VA, PAGES(size)));
}
