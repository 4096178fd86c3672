/* SPDX-License-Identifier: MPL-2.0 */
/* Executables' headers, good and bad: a bad one is refused, and never read beyond its bytes (the address sanitizer looks on). */
#include <criterion/criterion.h>
#include <elf.h>
#include <los/memory.h>
#include <stdlib.h>
#include "../../../linux-personality/exec/elf.h"

#define END        0x700000000000ul
#define FILE_BYTES 0x5000ul

struct image {
    Elf64_Ehdr header;
    Elf64_Phdr phdr[4];
};

static struct image good(void)
{
    struct image i = {
        .header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = EM_X86_64,
                   .e_version = EV_CURRENT,
                   .e_entry = 0x401000,
                   .e_phoff = sizeof(Elf64_Ehdr),
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 4},
        .phdr = {{PT_LOAD, PF_R, 0, 0x400000, 0, 0x500, 0x500, 0x1000},
                 {PT_LOAD, PF_R | PF_X, 0x1000, 0x401000, 0, 0x1234, 0x1234, 0x1000},
                 {PT_LOAD, PF_R | PF_W, 0x3f00, 0x405f00, 0, 0x300, 0x2000, 0x1000},
                 {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16}},
    };
    return i;
}

static long parse(const struct image *i, struct lx_elf *elf)
{
    long error = lx_elf_header(&i->header, sizeof(i->header), elf);
    return error != 0 ? error : lx_elf_phdrs(i->phdr, FILE_BYTES, END, elf);
}

Test(lx_elf, a_good_one)
{
    struct image i = good();
    struct lx_elf elf;
    cr_assert_eq(parse(&i, &elf), 0);
    cr_assert_not(elf.relocatable);
    cr_assert_eq(elf.segments, 3);
    cr_assert_eq(elf.low, 0x400000);
    cr_assert_eq(elf.high, 0x408000);
    cr_assert_eq(elf.phdr_address, 0x400040);
    cr_assert_eq(elf.segment[1].protection, LOS_READ | LOS_EXECUTE);
    cr_assert_eq(elf.segment[2].protection, LOS_READ | LOS_WRITE);
    cr_assert_eq(elf.segment[2].memory_bytes, 0x2000);
    cr_assert_not(elf.executable_stack);
}

#define REFUSED(change)                                                                                        \
    do {                                                                                                       \
        struct image i = good();                                                                               \
        struct lx_elf elf;                                                                                     \
        change;                                                                                                \
        cr_assert_eq(parse(&i, &elf), -LOS_E_NOEXEC, #change);                                                 \
    } while (0)

Test(lx_elf, bad_headers)
{
    REFUSED(i.header.e_ident[0] = 0);
    REFUSED(i.header.e_ident[EI_CLASS] = ELFCLASS32);
    REFUSED(i.header.e_ident[EI_DATA] = ELFDATA2MSB);
    REFUSED(i.header.e_machine = EM_AARCH64);
    REFUSED(i.header.e_type = ET_REL);
    REFUSED(i.header.e_type = ET_CORE);
    REFUSED(i.header.e_phentsize = 55);
    REFUSED(i.header.e_phnum = 0);
    REFUSED(i.header.e_phnum = 0xffff);
    REFUSED(i.header.e_phoff = UINT64_MAX);
}

Test(lx_elf, bad_segments)
{
    REFUSED(i.phdr[1].p_filesz = FILE_BYTES);         /* beyond the file's end: truncated */
    REFUSED(i.phdr[1].p_offset = UINT64_MAX - 0xfff); /* wraps */
    REFUSED(i.phdr[2].p_memsz = UINT64_MAX - 0xff);   /* wraps */
    REFUSED(i.phdr[2].p_memsz = 0x100);               /* less in memory than in the file */
    REFUSED(i.phdr[2].p_vaddr = END - 0x1100);        /* leaves the program's part */
    REFUSED(i.phdr[2].p_vaddr = 0xffffffff80000f00ul);
    REFUSED(i.phdr[1].p_vaddr = 0x401010); /* page offsets differ */
    REFUSED(i.phdr[1].p_vaddr = 0x3ff000); /* out of order */
    REFUSED(i.phdr[1].p_vaddr = 0x400000); /* overlaps */
    REFUSED(i.phdr[0].p_vaddr = 0);        /* page 0 */
    REFUSED(i.phdr[0].p_type = i.phdr[1].p_type = i.phdr[2].p_type = PT_NULL);
}

Test(lx_elf, bad_interpreters)
{
    REFUSED((i.phdr[3] = (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = 0x100, .p_filesz = 1}));
    REFUSED((i.phdr[3] = (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = 0x100, .p_filesz = 4097}));
    REFUSED((i.phdr[3] = (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = FILE_BYTES, .p_filesz = 10}));
    REFUSED((i.phdr[3] = (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = UINT64_MAX, .p_filesz = 10}));
}

Test(lx_elf, short_files)
{
    struct image i = good();
    struct lx_elf elf;
    for (size_t n = 0; n < sizeof(i.header); n++) {
        void *bytes = malloc(n + 1); /* exactly what may be read */
        memcpy(bytes, &i, n);
        cr_assert_eq(lx_elf_header(bytes, n, &elf), -LOS_E_NOEXEC);
        free(bytes);
    }
}

/* Whatever single bytes are changed: refused, or within bounds. */
Test(lx_elf, random_bytes)
{
    srandom(1);
    for (int round = 0; round < 200000; round++) {
        struct image i = good();
        struct lx_elf elf;
        for (int changes = 1 + (int)(random() % 3); changes > 0; changes--)
            ((uint8_t *)&i)[(size_t)random() % sizeof(i)] = (uint8_t)random();
        if (lx_elf_header(&i.header, sizeof(i.header), &elf) != 0 || elf.phdrs > 4 ||
            lx_elf_phdrs(i.phdr, FILE_BYTES, END, &elf) != 0)
            continue;
        cr_assert(elf.segments >= 1 && elf.segments <= 4 && elf.low < elf.high && elf.high <= END);
        for (uint32_t s = 0; s < elf.segments; s++) {
            const struct lx_elf_segment *segment = &elf.segment[s];
            cr_assert(segment->offset + segment->file_bytes <= FILE_BYTES &&
                      segment->file_bytes <= segment->memory_bytes);
            cr_assert(segment->address >= elf.low && segment->address + segment->memory_bytes <= elf.high);
        }
    }
}

/* --- scripts ------------------------------------------------------------------------------------------------------------- */
static long script(const char *text, char **interpreter, char **argument)
{
    static char bytes[512];
    size_t n = strlen(text);
    memcpy(bytes, text, n);
    return lx_script_line(bytes, n, interpreter, argument);
}

Test(lx_elf, script_lines)
{
    char *interpreter, *argument;
    cr_assert_eq(script("#!/bin/sh\necho", &interpreter, &argument), 0);
    cr_assert_str_eq(interpreter, "/bin/sh");
    cr_assert_null(argument);
    cr_assert_eq(script("#! \t/usr/bin/env  sh -x  \nrest", &interpreter, &argument), 0);
    cr_assert_str_eq(interpreter, "/usr/bin/env");
    cr_assert_str_eq(argument, "sh -x");
    cr_assert_eq(script("#!/bin/sh", &interpreter, &argument), 0, "without a newline");
    cr_assert_str_eq(interpreter, "/bin/sh");
}

Test(lx_elf, script_lines_refused)
{
    char *interpreter, *argument, longest[400];
    cr_assert_eq(script("", &interpreter, &argument), -LOS_E_NOEXEC);
    cr_assert_eq(script("#!", &interpreter, &argument), -LOS_E_NOEXEC);
    cr_assert_eq(script("#!  \n/bin/sh", &interpreter, &argument), -LOS_E_NOEXEC);
    cr_assert_eq(script("# /bin/sh\n", &interpreter, &argument), -LOS_E_NOEXEC);
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "#!/", 3);
    longest[399] = 0;
    cr_assert_eq(script(longest, &interpreter, &argument), -LOS_E_NOEXEC, "its name may go on");
    longest[20] = ' ';
    cr_assert_eq(script(longest, &interpreter, &argument), 0, "the argument alone is cut");
    cr_assert_eq(strlen(argument), 255 - 21);
}
