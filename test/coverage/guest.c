/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The coverage image's counters, written to the boot log before the container ends: linked into build/coverage/linux.img only, by
 * --wrap. For each source "gcda NAME", then lines "gcda+ HEX"; last "gcda." test/coverage/collect makes .gcda files of them.
 */
#include <gcov.h>
#include <exo/typed.h>
#include <los/image.h>
#include <los/personality.h>

#define LINE_BYTES 400 /* of counters; twice as many digits */

extern const struct gcov_info *const __start_gcov_info[],
    *const __stop_gcov_info[]; /* the linker's names for the section */

void __real_los_container_exit(int status);
void __real_los_container_reset(void);
void __wrap_los_container_exit(int status);
void __wrap_los_container_reset(void);
/* Only whether it is there counts. */
void __gcov_merge_add(void);
/* What libgcov wants for counters of values, of which there are none. */
void *mmap(void);
_Noreturn void abort(void);

void __gcov_merge_add(void) {}

void *mmap(void) { return (void *)-1l; }

void abort(void)
{
    for (;;)
        exo_vcpu_exit(125);
}

static char line[16 + 2 * LINE_BYTES];
static unsigned used; /* of the line; 0: nothing in it */

static void line_end(void)
{
    if (!used)
        return;
    line[used++] = '\n';
    exo_log_write(LOS_START_PAGE->machine, line, used);
    used = 0;
}

static void line_add(char byte) { line[used++] = byte; }

static void file_begin(const char *name, void *unused)
{
    (void)unused;
    line_end();
    for (const char *c = "gcda "; *c; c++)
        line_add(*c);
    for (; name && *name && used < sizeof line - 1; name++)
        line_add(*name);
    line_end();
}

static void file_bytes(const void *bytes, unsigned count, void *unused)
{
    (void)unused;
    for (const uint8_t *byte = bytes; count; byte++, count--) {
        if (!used)
            for (const char *c = "gcda+ "; *c; c++)
                line_add(*c);
        line_add("0123456789abcdef"[*byte >> 4]);
        line_add("0123456789abcdef"[*byte & 15]);
        if (used >= 2 * LINE_BYTES)
            line_end();
    }
}

static void *no_memory(unsigned bytes, void *unused)
{
    (void)bytes, (void)unused;
    return NULL;
}

static void write_counters(void)
{
    static bool written;
    if (written)
        return;
    written = true;
    for (const struct gcov_info *const *info = __start_gcov_info; info < __stop_gcov_info; info++)
        __gcov_info_to_gcda(*info, file_begin, file_bytes, no_memory, NULL);
    line_end();
    exo_log_write(LOS_START_PAGE->machine, "gcda.\n", 6);
}

void __wrap_los_container_exit(int status)
{
    write_counters();
    __real_los_container_exit(status);
    __builtin_unreachable();
}

void __wrap_los_container_reset(void)
{
    write_counters();
    __real_los_container_reset();
    __builtin_unreachable();
}
