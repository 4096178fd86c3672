/* SPDX-License-Identifier: MPL-2.0 */
/*
 * /proc/sys. The host and domain names can be set. The other figures say what the library OS does; writing takes the present value
 * only and refuses any other.
 */
#include <los/random.h>
#include <proc/proc.h>

/* --- fixed figures ------------------------------------------------------------------------------------------------ */

struct figure {
    struct los_pseudo pseudo;
    const char *text;
};

static const char *text_of(const struct los_pseudo_node *node)
{
    return LOS_CONTAINER(node->kind, struct figure, pseudo)->text;
}

static long figure_make(struct los_text *text, const struct los_pseudo_node *node)
{
    los_text_add(text, "%s\n", text_of(node));
    return 0;
}

static size_t without_newline(const char *bytes, size_t n) { return n > 0 && bytes[n - 1] == '\n' ? n - 1 : n; }

static long figure_write(const struct los_pseudo_node *node, const char *bytes, size_t n)
{
    const char *text = text_of(node);
    size_t length = without_newline(bytes, n);
    return length == strlen(text) && memcmp(bytes, text, length) == 0 ? (long)n : -LOS_E_INVAL;
}

#define READ_ONLY(name, value)                                                                                 \
    static const struct figure name = {{.type = LOS_REGULAR, .permissions = 0444, .make = figure_make}, value}
#define FIGURE(name, value)                                                                                    \
    static const struct figure name = {                                                                        \
        {.type = LOS_REGULAR, .permissions = 0644, .make = figure_make, .write = figure_write}, value}
READ_ONLY(osrelease, LX_OS_RELEASE);
READ_ONLY(ostype, LX_OS_NAME);
READ_ONLY(version, LX_OS_VERSION);
READ_ONLY(arch, LX_OS_MACHINE);
READ_ONLY(ngroups_max, "32");
READ_ONLY(sem, "32000\t1024000000\t500\t1024"); /* limits of semaphore.c */
READ_ONLY(cap_last_cap, "40");
READ_ONLY(entropy_avail, "256");
READ_ONLY(poolsize, "256");
FIGURE(tainted, "0");
FIGURE(panic, "0");
FIGURE(core_pattern, "core");
FIGURE(overflow_id, "65534");
FIGURE(randomize_va_space, "2");
FIGURE(printk, "7\t4\t1\t7");
FIGURE(overcommit_memory, "0");
FIGURE(overcommit_ratio, "50");
FIGURE(swappiness, "0");
FIGURE(max_map_count, "65530");
FIGURE(mmap_min_addr, "65536");
FIGURE(file_max, "9223372036854775807");
FIGURE(nr_open, "1048576");
FIGURE(pipe_max_size, "1048576");
FIGURE(pipe_user_pages_hard, "0");
FIGURE(pipe_user_pages_soft, "16384");
FIGURE(protected_off, "0");
FIGURE(somaxconn, "4096");

/* --- those that are more ---------------------------------------------------------------------------------------------- */

static long hostname_make(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "%s\n", lx_host_name());
    return 0;
}
static long hostname_write(const struct los_pseudo_node *node, const char *bytes, size_t n)
{
    (void)node;
    long error = lx_set_host_name(bytes, without_newline(bytes, n));
    return error < 0 ? error : (long)n;
}
static long domainname_make(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "%s\n", lx_domain_name());
    return 0;
}
static long domainname_write(const struct los_pseudo_node *node, const char *bytes, size_t n)
{
    (void)node;
    long error = lx_set_domain_name(bytes, without_newline(bytes, n));
    return error < 0 ? error : (long)n;
}

static long pid_max_make(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "%d\n", los_pid_max);
    return 0;
}

static long pid_max_write(const struct los_pseudo_node *node, const char *bytes, size_t n)
{
    (void)node;
    uint64_t value;
    if (!lx_proc_number(bytes, without_newline(bytes, n), &value) || value < 301 || value > 4194304)
        return -LOS_E_INVAL;
    los_pid_max = (int)value;
    return (long)n;
}

/* Each thread needs its stack: half of the memory may go into these. */
static long threads_max_make(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "%lu\n", (unsigned long)(los_pages_total() / (LOS_STACK_BYTES / LOS_PAGE) / 2));
    return 0;
}

static void add_uuid(struct los_text *text, const uint8_t b[16])
{
    los_text_add(text, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\n", b[0], b[1],
                 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static void new_uuid(uint8_t b[16])
{
    los_random_bytes(b, 16);
    b[6] = (b[6] & 0x0f) | 0x40; /* RFC 4122: version 4, random */
    b[8] = (b[8] & 0x3f) | 0x80;
}

static long uuid_make(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    uint8_t bytes[16];
    new_uuid(bytes);
    add_uuid(text, bytes);
    return 0;
}

static long boot_id_make(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    static uint8_t bytes[16];
    if (bytes[6] == 0)
        new_uuid(bytes);
    add_uuid(text, bytes);
    return 0;
}

static long file_nr_make(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    struct los_process *process;
    uint64_t open = 0;
    LOS_LIST_FOR(process, &los_processes, all)
    {
        int fd = -1;
        while (process->descriptors != NULL && (fd = los_descriptor_next(process, fd + 1)) >= 0)
            open++;
    }
    los_text_add(text, "%lu\t0\t9223372036854775807\n", (unsigned long)open);
    return 0;
}

/* --- the tree ------------------------------------------------------------------------------------------------------------ */

static const struct los_pseudo hostname = {
    .type = LOS_REGULAR, .permissions = 0644, .make = hostname_make, .write = hostname_write};
static const struct los_pseudo domainname = {
    .type = LOS_REGULAR, .permissions = 0644, .make = domainname_make, .write = domainname_write};
static const struct los_pseudo pid_max = {
    .type = LOS_REGULAR, .permissions = 0644, .make = pid_max_make, .write = pid_max_write};
static const struct los_pseudo threads_max = PROC_FILE(threads_max_make, 0444),
                               uuid = PROC_FILE(uuid_make, 0444), boot_id = PROC_FILE(boot_id_make, 0444),
                               file_nr = PROC_FILE(file_nr_make, 0444);

static const struct los_pseudo_item random_items[] = {
    {"boot_id", &boot_id},
    {"entropy_avail", &entropy_avail.pseudo},
    {"poolsize", &poolsize.pseudo},
    {"uuid", &uuid},
    {NULL, NULL},
};
static const struct los_pseudo random_directory = PROC_DIRECTORY(random_items);
static const struct los_pseudo_item kernel_items[] = {
    {"arch", &arch.pseudo},
    {"cap_last_cap", &cap_last_cap.pseudo},
    {"core_pattern", &core_pattern.pseudo},
    {"domainname", &domainname},
    {"hostname", &hostname},
    {"ngroups_max", &ngroups_max.pseudo},
    {"osrelease", &osrelease.pseudo},
    {"ostype", &ostype.pseudo},
    {"overflowgid", &overflow_id.pseudo},
    {"overflowuid", &overflow_id.pseudo},
    {"panic", &panic.pseudo},
    {"pid_max", &pid_max},
    {"printk", &printk.pseudo},
    {"random", &random_directory},
    {"randomize_va_space", &randomize_va_space.pseudo},
    {"sem", &sem.pseudo},
    {"tainted", &tainted.pseudo},
    {"threads-max", &threads_max},
    {"version", &version.pseudo},
    {NULL, NULL},
};
static const struct los_pseudo_item vm_items[] = {
    {"max_map_count", &max_map_count.pseudo},
    {"mmap_min_addr", &mmap_min_addr.pseudo},
    {"overcommit_memory", &overcommit_memory.pseudo},
    {"overcommit_ratio", &overcommit_ratio.pseudo},
    {"swappiness", &swappiness.pseudo},
    {NULL, NULL},
};
static const struct los_pseudo_item fs_items[] = {
    {"file-max", &file_max.pseudo},
    {"file-nr", &file_nr},
    {"nr_open", &nr_open.pseudo},
    {"overflowgid", &overflow_id.pseudo},
    {"overflowuid", &overflow_id.pseudo},
    {"pipe-max-size", &pipe_max_size.pseudo},
    {"pipe-user-pages-hard", &pipe_user_pages_hard.pseudo},
    {"pipe-user-pages-soft", &pipe_user_pages_soft.pseudo},
    {"protected_fifos", &protected_off.pseudo},
    {"protected_hardlinks", &protected_off.pseudo},
    {"protected_regular", &protected_off.pseudo},
    {"protected_symlinks", &protected_off.pseudo},
    {NULL, NULL},
};
static const struct los_pseudo_item core_items[] = {{"somaxconn", &somaxconn.pseudo}, {NULL, NULL}};
static const struct los_pseudo core_directory = PROC_DIRECTORY(core_items);
static const struct los_pseudo_item net_items[] = {{"core", &core_directory}, {NULL, NULL}};
static const struct los_pseudo kernel = PROC_DIRECTORY(kernel_items), vm = PROC_DIRECTORY(vm_items),
                               fs = PROC_DIRECTORY(fs_items), net = PROC_DIRECTORY(net_items);
static const struct los_pseudo_item items[] = {
    {"fs", &fs}, {"kernel", &kernel}, {"net", &net}, {"vm", &vm}, {NULL, NULL}};
const struct los_pseudo lx_proc_sys = PROC_DIRECTORY(items);
