/* SPDX-License-Identifier: MPL-2.0 */
/* /proc/kxos: what only KxOS has; the tests and benchmarks read it. */
#include <dispatch.h>
#include <los/quick.h>
#include <los/sanitize.h>
#include <patch.h>
#include <proc/proc.h>

/* One line: how many pages nobody holds at this moment. */
static long frames(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    uint64_t slabs = los_sanitize_slabs();
    los_text_add(text, "free %lu\n", (unsigned long)(los_pages_free_count() + slabs));
    return 0;
}

/* How often each system call was made, those that ever were. */
static long calls(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    for (unsigned number = 0; number < LX_CALLS; number++) {
        const char *name = lx_call_name(number);
        uint64_t count = lx_call_counts[number] + los_quick_count(number);
        if (count != 0)
            los_text_add(text, "%s %lu\n", name != NULL ? name : "?", (unsigned long)count);
    }
    return 0;
}

/* How system call sites were patched: names and meanings are those of struct lx_patch_counts. */
static long patch(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    struct lx_patch_counts counts;
    lx_patch_counts(&counts);
    const struct {
        const char *name;
        uint64_t count;
    } rows[] = {
        {"calls", counts.calls},         {"reflected", counts.reflected}, {"sites", counts.sites},
        {"patched", counts.patched},     {"refused", counts.refused},     {"recovered", counts.recovered},
        {"sites_max", counts.sites_max},
    };
    for (size_t i = 0; i < LOS_COUNT(rows); i++)
        los_text_add(text, "%s %lu\n", rows[i].name, (unsigned long)rows[i].count);
    return 0;
}

static const struct los_pseudo frames_file = PROC_FILE(frames, 0444), calls_file = PROC_FILE(calls, 0444),
                               patch_file = PROC_FILE(patch, 0444);
static const struct los_pseudo_item items[] = {
    {"calls", &calls_file}, {"frames", &frames_file}, {"patch", &patch_file}, {NULL, NULL}};
const struct los_pseudo lx_proc_kxos = PROC_DIRECTORY(items);
