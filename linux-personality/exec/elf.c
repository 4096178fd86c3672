/* SPDX-License-Identifier: MPL-2.0 */
/* Reading and checking executables' headers: see elf.h. Every number in them may be a lie. */
#include "elf.h"
#include <los/memory.h>

#define LOWEST_ADDRESS 65536ul
#define SCRIPT_BYTES   256u
#define PATH_BYTES_MAX 4096u

enum { TYPE_EXEC = 2, TYPE_DYN = 3, MACHINE_X86_64 = 62, CLASS_64 = 2, LITTLE_ENDIAN_DATA = 1 };
enum { PT_LOAD = 1, PT_INTERP = 3, PT_GNU_STACK = 0x6474e551 };
enum { PF_X = 1, PF_W = 2, PF_R = 4 };

struct header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct header) == LX_ELF_HEADER_BYTES, "ELF64");

struct phdr {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
_Static_assert(sizeof(struct phdr) == LX_ELF_PHDR_BYTES, "ELF64");

long lx_elf_header(const void *bytes, size_t n, struct lx_elf *elf)
{
    static const uint8_t magic[] = {0x7f, 'E', 'L', 'F', CLASS_64, LITTLE_ENDIAN_DATA};
    struct header h;
    if (n < sizeof(h))
        return -LOS_E_NOEXEC;
    memcpy(&h, bytes, sizeof(h));
    if (memcmp(h.ident, magic, sizeof(magic)) != 0 || h.machine != MACHINE_X86_64)
        return -LOS_E_NOEXEC;
    if ((h.type != TYPE_EXEC && h.type != TYPE_DYN) || h.phentsize != LX_ELF_PHDR_BYTES)
        return -LOS_E_NOEXEC;
    if (h.phnum == 0 || h.phnum > LX_ELF_PHDRS_MAX || h.phoff > INT64_MAX)
        return -LOS_E_NOEXEC;
    memset(elf, 0, sizeof(*elf));
    elf->relocatable = h.type == TYPE_DYN;
    elf->entry = h.entry;
    elf->phdr_offset = h.phoff;
    elf->phdrs = h.phnum;
    return 0;
}

/* Does [start, start + length) lie below end? */
static bool within(uint64_t start, uint64_t length, uint64_t end)
{
    return start <= end && length <= end - start;
}

static long add_segment(const struct phdr *p, uint64_t file_bytes, uint64_t end, struct lx_elf *elf)
{
    if (p->memsz == 0)
        return 0;
    if (elf->segments == LX_ELF_SEGMENTS_MAX || p->filesz > p->memsz ||
        !within(p->offset, p->filesz, file_bytes) || !within(p->vaddr, p->memsz, end) ||
        ((p->vaddr ^ p->offset) & LOS_PAGE_MASK) != 0)
        return -LOS_E_NOEXEC;
    uint64_t low = p->vaddr & ~LOS_PAGE_MASK, high = LOS_ROUND_UP(p->vaddr + p->memsz, LOS_PAGE);
    if (high > end || (!elf->relocatable && low < LOWEST_ADDRESS))
        return -LOS_E_NOEXEC;
    if (elf->segments > 0) { /* in ascending order, as the gABI demands */
        const struct lx_elf_segment *last = &elf->segment[elf->segments - 1];
        if (p->vaddr < last->address + last->memory_bytes)
            return -LOS_E_NOEXEC;
    } else {
        elf->low = low;
    }
    elf->high = high;
    elf->segment[elf->segments++] = (struct lx_elf_segment){
        .address = p->vaddr,
        .memory_bytes = p->memsz,
        .offset = p->offset,
        .file_bytes = p->filesz,
        .protection = (p->flags & PF_R ? LOS_READ : 0u) | (p->flags & PF_W ? LOS_WRITE : 0u) |
                      (p->flags & PF_X ? LOS_EXECUTE : 0u),
    };
    if (within(p->offset, elf->phdr_offset, INT64_MAX) && elf->phdr_offset >= p->offset &&
        within(elf->phdr_offset - p->offset, (uint64_t)elf->phdrs * LX_ELF_PHDR_BYTES, p->filesz))
        elf->phdr_address = p->vaddr + (elf->phdr_offset - p->offset);
    if ((p->align & (p->align - 1)) == 0 && p->align > elf->alignment && p->align < end)
        elf->alignment = p->align;
    return 0;
}

long lx_elf_phdrs(const void *phdrs, uint64_t file_bytes, uint64_t end, struct lx_elf *elf)
{
    elf->alignment = LOS_PAGE;
    for (uint32_t i = 0; i < elf->phdrs; i++) {
        struct phdr p;
        memcpy(&p, (const char *)phdrs + i * sizeof(p), sizeof(p));
        if (p.type == PT_LOAD) {
            long error = add_segment(&p, file_bytes, end, elf);
            if (error != 0)
                return error;
        } else if (p.type == PT_INTERP && elf->interpreter_bytes == 0) {
            if (p.filesz < 2 || p.filesz > PATH_BYTES_MAX || !within(p.offset, p.filesz, file_bytes))
                return -LOS_E_NOEXEC;
            elf->interpreter_offset = p.offset;
            elf->interpreter_bytes = p.filesz;
        } else if (p.type == PT_GNU_STACK) {
            elf->executable_stack = p.flags & PF_X;
        }
    }
    return elf->segments > 0 ? 0 : -LOS_E_NOEXEC; /* an entry that is none is found when it is entered */
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

long lx_script_line(char *bytes, size_t n, char **interpreter, char **argument)
{
    size_t at = 2, end;
    *argument = NULL;
    if (n > SCRIPT_BYTES)
        n = SCRIPT_BYTES;
    if (n < 3 || bytes[0] != '#' || bytes[1] != '!')
        return -LOS_E_NOEXEC;
    for (end = 2; end < n && bytes[end] != '\n' && bytes[end] != 0; end++)
        ;
    bool whole = end < n || n < SCRIPT_BYTES;
    while (at < end && is_blank(bytes[at]))
        at++;
    size_t word = at;
    while (at < end && !is_blank(bytes[at]))
        at++;
    if (at == word || (at == end && !whole)) /* nothing there, or its name may go on beyond what was read */
        return -LOS_E_NOEXEC;
    *interpreter = bytes + word;
    size_t word_end = at;
    while (at < end && is_blank(bytes[at]))
        at++;
    while (end > at && is_blank(bytes[end - 1]))
        end--;
    if (end == SCRIPT_BYTES)
        end--; /* room for the NUL: the argument is cut there */
    if (at < end) {
        *argument = bytes + at;
        bytes[end] = 0;
    }
    bytes[word_end] = 0;
    return 0;
}
