/* SPDX-License-Identifier: MPL-2.0 */
/* A program's first stack: strings, pointers and auxiliary vector as they lie there, and what is refused. */
#include <stdlib.h>
#include <string.h>
#include <vdso.h>
#include "../../../linux-personality/exec/exec.h"
#include "file_fixture.h"

#define VDSO 0x7ffff7fc0000ul

static uint64_t vdso_at = VDSO;
long lx_vdso_map(struct los_space *space, uint64_t *address)
{
    (void)space;
    *address = vdso_at;
    return vdso_at != 0 ? 0 : -LOS_E_NOMEM;
}

static uint64_t word(const struct lx_exec *exec, uint64_t at)
{
    uint64_t value = 0;
    cr_assert_eq(los_space_read(exec->space, at, &value, 8), 8, "nothing at %lx", at);
    return value;
}
static void expect_string(const struct lx_exec *exec, uint64_t at, const char *text)
{
    char found[64] = "";
    size_t n = strlen(text) + 1;
    cr_assert_eq(los_space_read(exec->space, at, found, n), n);
    cr_assert_str_eq(found, text);
}
static uint64_t auxiliary(const struct lx_exec *exec, uint64_t at, uint64_t key)
{
    for (unsigned i = 0; i < 40; i++, at += 16) {
        if (word(exec, at) == key)
            return word(exec, at + 8);
        if (word(exec, at) == LX_AT_NULL)
            break;
    }
    return UINT64_MAX;
}

static const char *const arguments[] = {"sh", "-c", "", NULL};
static const char *const environment[] = {"A=1", "HOME=/root", NULL};

static struct lx_exec prepared(void)
{
    struct lx_exec exec = {.name = (char *)"/bin/sh", .user = 3, .group = 4, .secure = true};
    exec.elf.entry = 0x1000;
    exec.elf.phdr_address = 0x40;
    exec.elf.phdrs = 5;
    exec.bias = LX_PIE_BASE;
    exec.interpreter_base = 0x7f0000000000;
    exec.arguments.list = arguments;
    exec.environment.list = environment;
    exec.space = los_space_create();
    cr_assert_not_null(exec.space);
    fixture_process->limits[LOS_LIMIT_STACK].soft = 8ul << 20;
    return exec;
}

FILE_TEST(lx_auxv, layout)
{
    struct lx_exec exec = prepared();
    OK(lx_stack_build(&exec));
    uint64_t at = exec.stack;
    cr_assert_eq(at % 16, 0);
    cr_assert_eq(word(&exec, at), 3);
    expect_string(&exec, word(&exec, at + 8), "sh");
    expect_string(&exec, word(&exec, at + 16), "-c");
    expect_string(&exec, word(&exec, at + 24), "");
    cr_assert_eq(word(&exec, at + 32), 0);
    expect_string(&exec, word(&exec, at + 40), "A=1");
    expect_string(&exec, word(&exec, at + 48), "HOME=/root");
    cr_assert_eq(word(&exec, at + 56), 0);
    cr_assert_eq(word(&exec, at + 8), exec.arguments_start);
    cr_assert_eq(exec.arguments_end, exec.environment_start);
    cr_assert_eq(exec.environment_end - exec.environment_start, sizeof("A=1") + sizeof("HOME=/root"));
    at += 64;
    cr_assert_eq(auxiliary(&exec, at, LX_AT_SYSINFO_EHDR), VDSO);
    cr_assert_eq(auxiliary(&exec, at, LX_AT_PAGESZ), 4096);
    cr_assert_eq(auxiliary(&exec, at, LX_AT_PHDR), LX_PIE_BASE + 0x40);
    cr_assert_eq(auxiliary(&exec, at, LX_AT_PHNUM), 5);
    cr_assert_eq(auxiliary(&exec, at, LX_AT_ENTRY), LX_PIE_BASE + 0x1000);
    cr_assert_eq(auxiliary(&exec, at, LX_AT_BASE), 0x7f0000000000);
    cr_assert_eq(auxiliary(&exec, at, LX_AT_UID), 0);
    cr_assert_eq(auxiliary(&exec, at, LX_AT_EUID), 3);
    cr_assert_eq(auxiliary(&exec, at, LX_AT_EGID), 4);
    cr_assert_eq(auxiliary(&exec, at, LX_AT_SECURE), 1);
    expect_string(&exec, auxiliary(&exec, at, LX_AT_EXECFN), "/bin/sh");
    expect_string(&exec, auxiliary(&exec, at, LX_AT_PLATFORM), "x86_64");
    cr_assert(word(&exec, auxiliary(&exec, at, LX_AT_RANDOM)) !=
              word(&exec, auxiliary(&exec, at, LX_AT_RANDOM) + 8));
    los_space_unref(exec.space);
}

/* Of 64 entries of a TLB, which the page's number chooses: those of the upper stack are neither the heap's first nor the first vCPU pages'. */
FILE_TEST(lx_auxv, the_stack_has_entries_of_its_own)
{
    for (uint64_t heap = 0x400000; heap < 0x400000 + 128 * LOS_PAGE; heap += LOS_PAGE) {
        struct lx_exec exec = prepared();
        exec.space->heap_start = heap;
        OK(lx_stack_build(&exec));
        for (uint64_t page = exec.stack / LOS_PAGE - 3; page <= exec.stack / LOS_PAGE; page++) {
            cr_assert_geq((page - heap / LOS_PAGE) % 64, 16, "heap at %lx", heap);
            cr_assert_geq((page - LOS_VCPU_PAGES / LOS_PAGE) % 64, 4, "heap at %lx", heap);
        }
        los_space_unref(exec.space);
    }
}

FILE_TEST(lx_auxv, without_vdso_there_is_no_entry_for_it)
{
    struct lx_exec exec = prepared();
    vdso_at = 0;
    exec.elf.phdr_address = 0;
    OK(lx_stack_build(&exec));
    cr_assert_eq(auxiliary(&exec, exec.stack + 64, LX_AT_SYSINFO_EHDR), UINT64_MAX);
    cr_assert_eq(auxiliary(&exec, exec.stack + 64, LX_AT_PHDR), 0);
    los_space_unref(exec.space);
}

FILE_TEST(lx_auxv, a_script_puts_its_interpreter_first)
{
    struct lx_exec exec = prepared();
    exec.prefix[0] = (char *)"/bin/interpreter";
    exec.prefix[1] = (char *)"script";
    exec.prefixes = 2;
    exec.skip_first = true;
    OK(lx_stack_build(&exec));
    cr_assert_eq(word(&exec, exec.stack), 4);
    expect_string(&exec, word(&exec, exec.stack + 8), "/bin/interpreter");
    expect_string(&exec, word(&exec, exec.stack + 16), "script");
    expect_string(&exec, word(&exec, exec.stack + 24), "-c");
    los_space_unref(exec.space);
}

FILE_TEST(lx_auxv, no_argument_becomes_an_empty_one)
{
    struct lx_exec exec = prepared();
    exec.arguments.list = NULL;
    exec.skip_first = true;
    OK(lx_stack_build(&exec));
    cr_assert_eq(word(&exec, exec.stack), 1);
    expect_string(&exec, word(&exec, exec.stack + 8), "");
    los_free(exec.prefix[0]);
    los_space_unref(exec.space);
}

FILE_TEST(lx_auxv, too_much_is_refused_and_nothing_leaks)
{
    uint64_t before = fixture_free();
    struct lx_exec exec = prepared();
    static char big[1 << 20];
    memset(big, 'b', sizeof(big) - 1);
    const char *const much[] = {big, big, big, NULL}; /* a quarter of the stack's limit is 2 MiB */
    exec.arguments.list = much;
    ERROR(TOOBIG, lx_stack_build(&exec));
    los_space_unref(exec.space);

    static const char *many[300000];
    for (unsigned i = 0; i < LOS_COUNT(many) - 1; i++)
        many[i] = "";
    exec = prepared();
    exec.environment.list = many;
    ERROR(TOOBIG, lx_stack_build(&exec));
    many[100000] = NULL; /* fewer pointers than pages allow, more than the limit does */
    fixture_process->limits[LOS_LIMIT_STACK].soft = 0;
    ERROR(TOOBIG, lx_stack_build(&exec));
    los_space_unref(exec.space);
    cr_assert_eq(fixture_free(), before);
}
