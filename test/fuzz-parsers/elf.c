/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Executables' headers, and the first line of scripts.
 * sources: linux-personality/exec/elf.c
 *
 * What is accepted lies within the file and below END, its segments are in order and apart from each other, and its words end.
 */
#include <los/image.h>
#include <los/memory.h>
#include "../../linux-personality/exec/elf.h"
#include "target.h"

#define END LOS_USER_END

static void check(const struct lx_elf *elf, uint64_t file_bytes)
{
    uint64_t last = elf->low, phdrs = (uint64_t)elf->phdrs * LX_ELF_PHDR_BYTES;
    bool shown = elf->phdr_address == 0;
    cr_assert(elf->segments >= 1 && elf->segments <= LX_ELF_SEGMENTS_MAX);
    cr_assert(elf->low < elf->high && elf->high <= END && ((elf->low | elf->high) & LOS_PAGE_MASK) == 0);
    cr_assert(elf->alignment >= LOS_PAGE && (elf->alignment & (elf->alignment - 1)) == 0 &&
              elf->alignment < END);
    cr_assert(elf->relocatable || elf->low >= LOS_PAGE, "page 0");
    for (uint32_t i = 0; i < elf->segments; i++) {
        const struct lx_elf_segment *s = &elf->segment[i];
        cr_assert(s->file_bytes <= s->memory_bytes && s->memory_bytes > 0);
        cr_assert(s->offset <= file_bytes && s->file_bytes <= file_bytes - s->offset, "beyond the file's end");
        cr_assert(s->address >= last && s->address < elf->high && s->memory_bytes <= elf->high - s->address);
        cr_assert_eq((s->address ^ s->offset) & LOS_PAGE_MASK, 0);
        cr_assert_eq(s->protection & ~(uint32_t)(LOS_READ | LOS_WRITE | LOS_EXECUTE), 0);
        last = s->address + s->memory_bytes;
        shown |= elf->phdr_address >= s->address && elf->phdr_address - s->address <= s->file_bytes &&
                 phdrs <= s->file_bytes - (elf->phdr_address - s->address);
    }
    cr_assert(shown, "the program headers are not where they are said to be");
    if (elf->interpreter_bytes != 0)
        cr_assert(elf->interpreter_bytes <= 4096 && elf->interpreter_offset <= file_bytes &&
                  elf->interpreter_bytes <= file_bytes - elf->interpreter_offset);
}

static void executable(const uint8_t *data, size_t size)
{
    struct lx_elf elf;
    uint8_t *file = exact_copy(data, size);
    long error = lx_elf_header(file, size, &elf);
    if (error == 0) {
        size_t bytes = elf.phdrs * LX_ELF_PHDR_BYTES;
        cr_assert(elf.phdrs >= 1 && elf.phdrs <= LX_ELF_PHDRS_MAX);
        if (elf.phdr_offset > size || bytes > size - elf.phdr_offset) {
            free(file);
            return;
        }
        uint8_t *phdrs = exact_copy(file + elf.phdr_offset, bytes);
        error = lx_elf_phdrs(phdrs, size, END, &elf);
        free(phdrs);
        if (error == 0)
            check(&elf, size);
    }
    cr_assert(error == 0 || error == -LOS_E_NOEXEC);
    free(file);
}

static void script(const uint8_t *data, size_t size)
{
    char *interpreter = NULL, *argument = NULL, *bytes = malloc(size + 1); /* room for a NUL */
    memcpy(bytes, data, size);
    long error = lx_script_line(bytes, size, &interpreter, &argument);
    cr_assert(error == 0 || error == -LOS_E_NOEXEC);
    if (error == 0) {
        const char *end = bytes + (size < 256 ? size : 256);
        size_t n = strnlen(interpreter, (size_t)(end - interpreter) + 1);
        cr_assert(n > 0 && interpreter >= bytes + 2 && interpreter + n <= end);
        cr_assert(strpbrk(interpreter, " \t\n") == NULL);
        if (argument != NULL) {
            n = strnlen(argument, (size_t)(end - argument) + 1);
            cr_assert(n > 0 && argument > interpreter && argument + n <= end && strchr(argument, '\n') == NULL);
        }
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    executable(data, size);
    script(data, size);
    return 0;
}
