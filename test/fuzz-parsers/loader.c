/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What boot loaders tell: Multiboot2, PVH, a bundle of modules, the words of the command line.
 * flags: -Iexo/core -Iexo/x86_64
 *
 * An input: a byte that chooses the protocol, two with the length of the loader's block, that block (it lies at BLOCK), and what lies at
 * BUNDLE. The rest of the 4 GiB are zeros. Nothing of Multiboot2's is read beyond the block. Afterwards the pieces are sorted and apart,
 * modules are page aligned, in RAM, apart from each other and from the image, zero to the end of their last pages, and taken out of what is
 * free; all texts end.
 */
#include "x86_log.h"
#include <sanitizer/asan_interface.h>
#include <setjmp.h>
#include <sys/mman.h>
#include "target.h"

#define IMAGE       0x100000ul
#define IMAGE_BYTES 0x40000ul
#define BLOCK       0x20000ul
#define BUNDLE      0x400000ul
#define AROUND      0x2000ul

static uint8_t *memory; /* the first 4 GiB */

#undef X86_DIRECT
#undef X86_IMAGE
#define X86_DIRECT ((uint64_t)memory)
#define X86_IMAGE  ((uint64_t)x86_image_start - IMAGE)
#include "../../exo/x86_64/pieces.c"
#include "../../exo/x86_64/loader.c"

__asm__(".data; .globl x86_image_start, x86_image_end; x86_image_start: .skip 0x40000; x86_image_end: .byte 0; "
        ".text");

static const uint8_t zeros[EXO_PAGE_SIZE];
static jmp_buf panicked;

void machine_panic(const char *text)
{
    cr_assert_gt(strlen(text), 0);
    longjmp(panicked, 1);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    memory = mmap(NULL, 1ul << 32, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cr_assert(memory != MAP_FAILED);
    return 0;
}

static void check_pieces(const struct x86_pieces *pieces)
{
    cr_assert_leq(pieces->count, X86_PIECES_MAX);
    for (uint32_t i = 0; i < pieces->count; i++) {
        uint64_t start = pieces->piece[i].start, end = pieces->piece[i].end;
        cr_assert(start < end && start % EXO_PAGE_SIZE == 0 && end % EXO_PAGE_SIZE == 0);
        cr_assert(i == 0 || pieces->piece[i - 1].end < start);
    }
}

static bool is_free(uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < x86_free.count; i++)
        if (x86_free.piece[i].start < end && start < x86_free.piece[i].end)
            return true;
    return false;
}

static bool ends(const char *text, size_t room) { return memchr(text, 0, room) != NULL; }

static void check(const struct machine_boot *boot)
{
    check_pieces(&x86_free);
    check_pieces(&x86_mapped);
    cr_assert(!is_free(0, LOW_BYTES) && !is_free(IMAGE, IMAGE + IMAGE_BYTES));
    cr_assert_leq(boot->modules, EXO_MODULES_MAX);
    for (uint32_t i = 0; i < boot->modules; i++) {
        uint64_t start = boot->module[i].pfn << EXO_PAGE_SHIFT, end = start + boot->module[i].bytes;
        uint64_t last = (end + EXO_PAGE_SIZE - 1) & ~(EXO_PAGE_SIZE - 1);
        cr_assert(start < end && last <= 1ul << 32);
        cr_assert(ends(boot->module[i].name, sizeof boot->module[i].name));
        cr_assert(!is_free(start, last), "module %u", i);
        cr_assert(last <= IMAGE || start >= IMAGE + IMAGE_BYTES, "module %u lies on the image", i);
        cr_assert(!memcmp(memory + end, zeros, last - end));
        for (uint32_t k = 0; k < i; k++) {
            uint64_t other = boot->module[k].pfn << EXO_PAGE_SHIFT;
            cr_assert(last <= other || other + boot->module[k].bytes <= start, "modules %u and %u", k, i);
        }
    }
    cr_assert(x86_trampoline_page % EXO_PAGE_SIZE == 0 && x86_trampoline_page < 0xa0000);
    cr_assert(x86_trampoline_page == 0 || !is_free(x86_trampoline_page, x86_trampoline_page + 1));
}

static void check_words(void)
{
    static const char *const words[] = {"quiet", "check", "a", "libos"};
    cr_assert(ends(command_line, sizeof command_line));
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *after = x86_boot_word(words[i]);
        size_t n = strlen(words[i]);
        cr_assert(after == NULL || (after >= command_line + n && after < command_line + sizeof command_line &&
                                    !memcmp(after - n, words[i], n) && strchr(" =", *after) &&
                                    (after == command_line + n || after[-(long)n - 1] == ' ')));
    }
}

static void forget(const struct machine_boot *boot)
{
    for (uint32_t i = 0; i < boot->modules; i++)
        madvise(memory + ((boot->module[i].pfn << EXO_PAGE_SHIFT) + boot->module[i].bytes - 1) / EXO_PAGE_SIZE *
                             EXO_PAGE_SIZE,
                EXO_PAGE_SIZE, MADV_DONTNEED);
    memset(memory + BLOCK, 0, AROUND);
    memset(memory + BUNDLE, 0, AROUND);
    memset(command_line, 0, sizeof command_line);
    memset(rsdp, 0, sizeof rsdp);
    modules_left_out = 0;
    x86_loader_rsdp = NULL;
    x86_loader_text_screen = true;
    x86_trampoline_page = 0;
    x86_free.count = x86_mapped.count = 0;
}

/* What the block says of lengths outside it cannot be checked by anyone. */
static void hold_to_block(bool pvh, size_t bytes)
{
    uint32_t *header = (uint32_t *)(memory + BLOCK);
    struct pvh_info *info = (struct pvh_info *)header;
    if (pvh) {
        info->map_entries %= 1024;
        info->modules %= 1024;
    } else if (header[0] > bytes) {
        header[0] = (uint32_t)bytes;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct machine_boot boot;
    if (size < 3 || size > AROUND)
        return 0;
    bool pvh = data[0] & 1;
    size_t bytes = data[1] | (size_t)data[2] << 8;
    if (bytes > size - 3)
        bytes = size - 3;
    memset(&boot, 0, sizeof boot);
    memcpy(memory + BLOCK, data + 3, bytes);
    memcpy(memory + BUNDLE, data + 3 + bytes, size - 3 - bytes);
    hold_to_block(pvh, bytes);
    if (!pvh) { /* the eight bytes that say how long the block is are always there */
        size_t there = bytes > 8 ? bytes : 8;
        ASAN_POISON_MEMORY_REGION(memory + BLOCK - AROUND, AROUND);
        ASAN_POISON_MEMORY_REGION(memory + BLOCK + there, AROUND - there);
    }
    bool known = x86_loader_read(pvh ? PVH_MAGIC : MULTIBOOT_MAGIC, BLOCK, &boot);
    ASAN_UNPOISON_MEMORY_REGION(memory + BLOCK - AROUND, 2 * AROUND);
    check_words();
    if (known && setjmp(panicked) == 0) {
        x86_loader_settle(&boot);
        check(&boot);
    }
    forget(&boot);
    return 0;
}
