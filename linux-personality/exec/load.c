/* SPDX-License-Identifier: MPL-2.0 */
/* From ELF segments to regions of a space. Pages come from the page cache when they are touched. */
#include "exec.h"

long lx_read_elf(struct los_file *file, const void *head, size_t n, struct lx_elf *elf)
{
    long error = lx_elf_header(head, n, elf);
    if (error != 0)
        return error;
    size_t bytes = elf->phdrs * LX_ELF_PHDR_BYTES;
    uint64_t file_bytes = file->inode->size;
    if (elf->phdr_offset <= n && bytes <= n - elf->phdr_offset)
        return lx_elf_phdrs((const char *)head + elf->phdr_offset, file_bytes, LOS_USER_END, elf);
    void *phdrs = los_alloc(bytes);
    if (phdrs == NULL)
        return -LOS_E_NOMEM;
    long got = los_file_read_all(file, phdrs, bytes, elf->phdr_offset);
    error = got == (long)bytes ? lx_elf_phdrs(phdrs, file_bytes, LOS_USER_END, elf)
            : got < 0          ? got
                               : -LOS_E_NOEXEC;
    los_free(phdrs);
    return error;
}

/* The part of a segment's last file page that lies beyond the file's bytes is the beginning of its zeros. */
static long clear_tail(struct los_space *space, uint64_t address)
{
    static const uint8_t zeros[LOS_PAGE];
    size_t bytes = (LOS_PAGE - (address & LOS_PAGE_MASK)) & LOS_PAGE_MASK;
    return los_space_write(space, address, zeros, bytes, true) == bytes ? 0 : -LOS_E_NOMEM;
}

static long load_segment(struct los_space *space, struct los_file *file, struct los_object *object,
                         const struct lx_elf_segment *segment, uint64_t bias)
{
    uint64_t start = segment->address + bias, page = start & ~LOS_PAGE_MASK;
    uint64_t file_end = start + segment->file_bytes,
             end = LOS_ROUND_UP(start + segment->memory_bytes, LOS_PAGE);
    uint64_t mapped_end = segment->file_bytes != 0 ? LOS_ROUND_UP(file_end, LOS_PAGE) : page;
    if (mapped_end > page) {
        long result = los_space_map(space, page, mapped_end - page, segment->protection, LOS_FIXED, object,
                                    (segment->offset & ~LOS_PAGE_MASK) / LOS_PAGE, file, NULL);
        if (result < 0)
            return result;
        if (segment->memory_bytes > segment->file_bytes) {
            long error = clear_tail(space, file_end);
            if (error != 0)
                return error;
        }
    }
    if (end <= mapped_end)
        return 0;
    long result =
        los_space_map(space, mapped_end, end - mapped_end, segment->protection, LOS_FIXED, NULL, 0, NULL, NULL);
    return result < 0 ? result : 0;
}

long lx_load(struct los_space *space, struct los_file *file, const struct lx_elf *elf, uint64_t bias)
{
    struct los_object *object = NULL;
    long error = file->ops->map != NULL ? file->ops->map(file, &object) : -LOS_E_NOEXEC;
    for (uint32_t i = 0; i < elf->segments && error == 0; i++)
        error = load_segment(space, file, object, &elf->segment[i], bias);
    return error;
}
