/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What an ELF64 executable says about itself (System V gABI, chapters 4 and 5), checked. Pure: works on bytes in memory and knows no
 * file or space, so that the unit tests can feed it anything.
 */
#ifndef LX_ELF_H
#define LX_ELF_H

#include <los/base.h>

#define LX_ELF_HEADER_BYTES 64u
#define LX_ELF_PHDR_BYTES   56u
#define LX_ELF_PHDRS_MAX    (65536u / LX_ELF_PHDR_BYTES)
#define LX_ELF_SEGMENTS_MAX 24u

struct lx_elf_segment {
    uint64_t address, memory_bytes; /* as in the file: before relocation */
    uint64_t offset, file_bytes;
    uint32_t protection; /* enum los_protection */
};
struct lx_elf {
    bool relocatable; /* ET_DYN: may be loaded anywhere */
    uint64_t entry;
    uint64_t phdr_offset, phdr_address; /* in the file; in memory, 0: in no segment */
    uint32_t phdrs;
    uint64_t low, high; /* pages that the segments cover, before relocation */
    uint64_t alignment; /* of the load address: a power of two, at least a page */
    bool executable_stack;
    uint64_t interpreter_offset, interpreter_bytes; /* its path with NUL; 0: none */
    uint32_t segments;
    struct lx_elf_segment segment[LX_ELF_SEGMENTS_MAX];
};

/* Reads the header: fills in all but what program headers say. `bytes` are the first n of the file. 0 or NOEXEC. */
long lx_elf_header(const void *bytes, size_t n, struct lx_elf *elf);
/* Reads elf->phdrs program headers. file_bytes: the file's length; end: one past the highest address allowed. 0 or NOEXEC. */
long lx_elf_phdrs(const void *phdrs, uint64_t file_bytes, uint64_t end, struct lx_elf *elf);

/* The first line of a script: "#!interpreter [argument]". bytes: the first n of the file (at most 256 count), with room for a NUL behind
 * them. Points into *bytes, which is changed (NULs after the words). *argument NULL: none. 0, or NOEXEC: no script, or a line without a whole interpreter. */
long lx_script_line(char *bytes, size_t n, char **interpreter, char **argument);

#endif
