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
struct elf_note {
    uint32_t name_bytes, text_bytes, type;
    char name[8]; /* "KxOS" */
};
enum { ELF_LOAD = 1, ELF_NOTE = 4, ELF_X = 1, ELF_W = 2, ELF_EXECUTABLE = 2, ELF_X86_64 = 62 };

/* The module that an image is in, in the supervisor's space. Once mapped it stays: others may be made from it. */
struct image {
    exo_frame frame;
    const uint8_t *file;
    uint64_t size;
};

static uint8_t mapped[EXO_MODULES_MAX];

static bool open_image(uint32_t module, struct image *image, struct failure *why)
{
    *image = (struct image){boot_module(module), (const uint8_t *)IMAGES_VA + module * IMAGE_SPAN,
                            boot->module[module].size};
    if (!mapped[module] && image->size && image->size <= IMAGE_SPAN) {
        struct exo_map map =
            EXO_MAP((uint64_t)image->file, image->frame, 0, (uint32_t)PAGES(image->size), EXO_MAP_R);
        long error = AGAIN(exo_space_map(boot_space(), &map, 1));
        if (error < 0)
            return refuse_exo(why, "the library OS image", error);
        mapped[module] = 1;
    }
    static const uint8_t magic[] = {0x7f, 'E', 'L', 'F', 2, 1};
    const struct elf_header *elf = (const struct elf_header *)image->file;
    bool good = mapped[module] && image->size >= sizeof *elf && elf->type == ELF_EXECUTABLE &&
                elf->machine == ELF_X86_64 && elf->program_size == sizeof(struct elf_program) &&
                elf->program_offset % 8 == 0 && elf->program_offset <= image->size &&
                elf->program_count * sizeof(struct elf_program) <= image->size - elf->program_offset;
    for (size_t i = 0; good && i < sizeof magic; i++)
        good = elf->ident[i] == magic[i];
    return good || refuse(why, LOS_S_INVALID, "the library OS image is no x86-64 ELF executable");
}

static bool load_segment(struct container *container, const struct image *image,
                         const struct elf_program *program, struct failure *why)
{
    uint64_t start = program->va & ~(PAGE - 1), end = program->va + program->memory_bytes, offset;
    if (program->va % PAGE != program->offset % PAGE || program->file_bytes > program->memory_bytes ||
        program->offset > image->size || program->file_bytes > image->size - program->offset ||
        end < program->va || start < LOS_IMAGE || end > LOS_START ||
        (!(program->flags & ELF_W) &&
         program->memory_bytes > program->file_bytes)) /* zeros would be what follows */
        return refuse(why, LOS_S_INVALID, "the library OS image has a segment outside its place");
    uint64_t pages = PAGES(end - start);

    long error;
    if (!(program->flags & ELF_W)) {
        uint32_t prot = EXO_MAP_R | (program->flags & ELF_X ? EXO_MAP_X : 0);
        error = container_map(container, start, image->frame, program->offset / PAGE, pages, prot);
    } else {
        uint8_t *to = container_take(container, pages, &offset);
        if (!to)
            return refuse(why, LOS_S_MEMORY, "the library OS image needs more memory than there is");
        memcpy(to + program->va % PAGE, image->file + program->offset, program->file_bytes);
        error =
            container_map(container, start, container->extent[0].token, offset, pages, EXO_MAP_R | EXO_MAP_W);
    }
    return error >= 0 || refuse_exo(why, "the library OS image", error);
}

/* --- what the image asks for -------------------------------------------------------------------------------------------- */

static bool has(const struct container *container, const char *word, bool *known)
{
    *known = true;
    if (text_equal(word, "rootfs"))
        return container->archives > 0;
    if (text_equal(word, "log") || text_equal(word, "power"))
        return container->first;
    if (text_equal(word, "supervisor"))
        return container->channel != NULL;
    if (text_equal(word, "gate"))
        return config_get(container->config, "gate.import", 0) != NULL;
    if (text_equal(word, "exports"))
        return config_get(container->config, "gate.export", 0) != NULL;
    *known = text_equal(word, "memory") || text_equal(word, "cpu") || text_equal(word, "console");
    return *known;
}

static bool check_needs(const struct container *container, const struct image *image,
                        const struct elf_program *program, struct failure *why)
{
    const struct elf_note *note = (const struct elf_note *)(image->file + program->offset);
    if (program->offset > image->size || program->file_bytes > image->size - program->offset ||
        program->file_bytes < sizeof *note || program->offset % 4 || !text_equal(note->name, "KxOS") ||
        note->name_bytes != 5)
        return true; /* somebody else's */
    const char *word = (const char *)(note + 1), *end = word + note->text_bytes;
    if (note->text_bytes > program->file_bytes - sizeof *note || !note->text_bytes || end[-1])
        return refuse(why, LOS_S_INVALID, "the library OS image's note on what it needs is cut short");
    for (; word < end; word += text_length(word) + 1) {
        bool known;
        if (has(container, word, &known))
            continue;
        return known ? refuse(why, LOS_S_REFUSED,
                              "the library OS image needs '%s', which this container has not got", word)
                     : refuse(why, LOS_S_REFUSED, "the library OS image asks for '%s', which nobody has", word);
    }
    return true;
}

bool image_load(struct container *container, uint32_t module, struct failure *why)
{
    struct image image;
    if (!open_image(module, &image, why))
        return false;
    const struct elf_header *elf = (const struct elf_header *)image.file;
    const struct elf_program *program = (const struct elf_program *)(image.file + elf->program_offset);
    uint64_t last = 0; /* where the segment before ends */
    for (unsigned i = 0; i < elf->program_count; i++) {
        if (program[i].type == ELF_NOTE && !check_needs(container, &image, &program[i], why))
            return false;
        if (program[i].type != ELF_LOAD || !program[i].memory_bytes)
            continue;
        if ((program[i].va & ~(PAGE - 1)) < last)
            return refuse(why, LOS_S_INVALID,
                          "the library OS image has segments that share a page, or are out of order");
        if (!load_segment(container, &image, &program[i], why))
            return false;
        last = program[i].va + program[i].memory_bytes;
    }
    container->entry = elf->entry;
    return true;
}
