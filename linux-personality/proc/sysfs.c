/* SPDX-License-Identifier: MPL-2.0 */
/* /sys, as far as programs ask it which processors there are and where the console is. Nodes below cpuN: value[0] = N. */
#include <proc/format.h>
#include <proc/proc.h>

static long all_cpus(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    uint32_t count = los_cpu_count();
    lx_format_cpu_list(text, count < 64 ? (1ull << count) - 1 : UINT64_MAX);
    los_text_bytes(text, "\n", 1);
    return 0;
}

static long no_cpus(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_bytes(text, "\n", 1);
    return 0;
}

static long kernel_max(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "%u\n", (unsigned)LOS_VCPUS_MAX - 1);
    return 0;
}

static long core_id(struct los_text *text, const struct los_pseudo_node *node)
{
    los_text_add(text, "%lu\n", (unsigned long)node->value[0]);
    return 0;
}

static long package_id(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "0\n");
    return 0;
}

static long console_active(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "ttyS0\n");
    return 0;
}

static const struct los_pseudo all_file = PROC_FILE(all_cpus, 0444), none_file = PROC_FILE(no_cpus, 0444),
                               kernel_max_file = PROC_FILE(kernel_max, 0444),
                               core_id_file = PROC_FILE(core_id, 0444),
                               package_id_file = PROC_FILE(package_id, 0444),
                               active_file = PROC_FILE(console_active, 0444);

static const struct los_pseudo_item topology_items[] = {
    {"core_id", &core_id_file}, {"physical_package_id", &package_id_file}, {NULL, NULL}};
static const struct los_pseudo topology = PROC_DIRECTORY(topology_items);
static const struct los_pseudo_item one_cpu_items[] = {{"topology", &topology}, {NULL, NULL}};
static const struct los_pseudo one_cpu = PROC_DIRECTORY(one_cpu_items);

static long cpu_lookup(const struct los_pseudo_node *dir, const char *name, size_t length,
                       struct los_pseudo_node *out)
{
    (void)dir;
    uint64_t number;
    if (length < 4 || memcmp(name, "cpu", 3) != 0 || !lx_proc_number(name + 3, length - 3, &number) ||
        number >= los_cpu_count())
        return -LOS_E_NOENT;
    out->kind = &one_cpu;
    out->value[0] = number;
    return 0;
}

/* The cursor is the CPU's number plus 1. */
static bool cpu_next(const struct los_pseudo_node *dir, uint64_t *cursor, char name[LOS_FILE_NAME_MAX + 1],
                     struct los_pseudo_node *out)
{
    (void)dir;
    if (*cursor >= los_cpu_count())
        return false;
    out->kind = &one_cpu;
    out->value[0] = *cursor;
    los_snprintf(name, LOS_FILE_NAME_MAX + 1, "cpu%lu", (unsigned long)*cursor);
    (*cursor)++;
    return true;
}

static const struct los_pseudo_item cpu_items[] = {
    {"isolated", &none_file},
    {"kernel_max", &kernel_max_file},
    {"offline", &none_file},
    {"online", &all_file},
    {"possible", &all_file},
    {"present", &all_file},
    {NULL, NULL},
};
static const struct los_pseudo cpu = {
    .type = LOS_DIRECTORY, .permissions = 0755, .items = cpu_items, .lookup = cpu_lookup, .next = cpu_next};
static const struct los_pseudo_item system_items[] = {{"cpu", &cpu}, {NULL, NULL}};
static const struct los_pseudo system_directory = PROC_DIRECTORY(system_items);
static const struct los_pseudo_item devices_items[] = {{"system", &system_directory}, {NULL, NULL}};
static const struct los_pseudo devices = PROC_DIRECTORY(devices_items);

static const struct los_pseudo_item no_items[] = {{NULL, NULL}};
static const struct los_pseudo empty = PROC_DIRECTORY(no_items);
static const struct los_pseudo_item console_items[] = {{"active", &active_file}, {NULL, NULL}};
static const struct los_pseudo console = PROC_DIRECTORY(console_items);
static const struct los_pseudo_item tty_items[] = {{"console", &console}, {NULL, NULL}};
static const struct los_pseudo tty = PROC_DIRECTORY(tty_items);
static const struct los_pseudo_item class_items[] = {
    {"block", &empty}, {"net", &empty}, {"tty", &tty}, {NULL, NULL}};
static const struct los_pseudo class = PROC_DIRECTORY(class_items);
static const struct los_pseudo_item root_items[] = {
    {"block", &empty}, {"class", &class}, {"devices", &devices}, {"kernel", &empty}, {NULL, NULL}};
const struct los_pseudo lx_sys_root = PROC_DIRECTORY(root_items);
