/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Running a program: scripts, ELF files and their loaders, from a file to a space with a first stack.
 * sources: @libos linux-personality/exec/exec.c linux-personality/exec/load.c linux-personality/exec/stack.c
 *
 * An input: a length, the program (/program), and its loader (/loader), both of which may be scripts. It runs, or nothing has changed. A new
 * space has regions of a program's addresses only, none of them over another, what a program finds on its stack is right, and all pages
 * come back.
 */
#include <state.h>
#include <vdso.h>
#include "../../linux-personality/exec/exec.h"
#include "user.h"

#define PROGRAM "/program"
#define LOADER  "/loader"

static struct lx_process nothing;
struct lx_process *lx_process_look(struct los_process *process)
{
    (void)process;
    return &nothing;
}
void lx_timers_end(struct lx_process *self) { (void)self; }
void lx_set_executable(struct los_process *process, struct los_file *file) { (void)process, (void)file; }
long lx_vdso_map(struct los_space *space, uint64_t *address)
{
    (void)space, (void)address;
    return -LOS_E_NOMEM;
}

static void write_file(const char *path, const uint8_t *bytes, size_t n)
{
    struct los_file *file;
    OK(los_open(NULL, path, LOS_OPEN_WRITE | LOS_OPEN_CREATE, 0755, &file));
    cr_assert_eq(fixture_write(file, bytes, n), (long)n);
    los_file_unref(file);
    struct los_path at;
    OK(los_walk(NULL, path, 0, &at));
    OK(los_change_mode(los_path_inode(&at), 0755));
    los_path_unref(&at);
}

static uint64_t word(uint64_t at)
{
    uint64_t value;
    OK(los_copy_in(&value, at, sizeof value));
    return value;
}

static void check_text(uint64_t at)
{
    static char text[8192]; /* stacks are small */
    cr_assert_geq(los_copy_in_string(text, at, sizeof text), 0);
}

static void check_space(const struct los_space *space, const struct los_frame *frame)
{
    struct los_region *region;
    uint64_t last = 0;
    LOS_LIST_FOR(region, &space->regions, link)
    {
        cr_assert(region->start >= last && region->start < region->end && region->end <= LOS_USER_END);
        cr_assert(region->start >= LOS_PAGE, "page 0");
        last = region->end;
    }
    cr_assert(frame->regs.rip < LOS_USER_END && frame->regs.rsp % 16 == 0);
    cr_assert(frame->regs.cs == EXO_USER_CS && frame->regs.ss == EXO_USER_SS);
    uint64_t at = frame->regs.rsp, count = word(at);
    cr_assert(count >= 1 && count < 32);
    for (uint64_t i = 0; i < count; i++)
        check_text(word(at += 8));
    cr_assert_eq(word(at += 8), 0ul);
    while (word(at += 8) != 0)
        check_text(word(at));
    for (at += 8; word(at) != 0; at += 16) {
        if (word(at) == LX_AT_EXECFN || word(at) == LX_AT_PLATFORM)
            check_text(word(at + 8));
        if (word(at) == LX_AT_PHDR)
            cr_assert_lt(word(at + 8), LOS_USER_END);
    }
}

void libos_input(const uint8_t *data, size_t size)
{
    static const char *const words[] = {"first", "second argument", NULL}, *const set[] = {"HOME=/", NULL};
    struct lx_strings arguments = {.list = words}, environment = {.list = set};
    struct choices c = {data, data + size};
    struct los_space *before = fixture_process->space;
    struct los_frame frame;
    size_t n = choice16(&c), left = (size_t)(c.end - c.at);
    n = n < left ? n : left;
    memset(&frame, 0, sizeof frame);
    write_file(PROGRAM, c.at, n);
    write_file(LOADER, c.at + n, left - n);
    long error = lx_exec(NULL, PROGRAM, NULL, PROGRAM, &arguments, &environment, &frame);
    if (error == 0) {
        cr_assert_neq(fixture_process->space, before);
        check_space(fixture_process->space, &frame);
        struct los_space *empty = los_space_create();
        OK(los_exec_replace(empty, "empty"));
    } else {
        cr_assert(error < 0 && fixture_process->space == before && frame.regs.rip == 0);
    }
    OK(los_unlink(NULL, PROGRAM, false));
    OK(los_unlink(NULL, LOADER, false));
}
