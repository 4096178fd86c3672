/* SPDX-License-Identifier: MPL-2.0 */
/* /proc/PID and /proc/PID/task/TID: what is in them, who owns it, and the links and small files. */
#include <dispatch.h>
#include <proc/proc.h>
#include <state.h>

/* --- finding -------------------------------------------------------------------------------------------------------- */

struct los_process *lx_proc_find(const struct los_pseudo_node *node, struct los_thread **thread)
{
    struct los_process *process = los_find_process((int)node->value[0]);
    *thread = NULL;
    if (process == NULL)
        return NULL;
    if (node->value[1] == 0) {
        *thread = process->leader;
        return process;
    }
    *thread = los_find_thread((int)node->value[1]);
    return *thread != NULL && (*thread)->process == process ? process : NULL;
}

bool lx_proc_may_look(const struct los_process *process)
{
    const struct los_process *self = los_current()->process;
    const struct los_credentials *mine = &self->credentials, *its = &process->credentials;
    if (self == process || mine->effective_user == 0)
        return true;
    return mine->user == its->user && mine->user == its->effective_user && mine->user == its->saved_user &&
           mine->group == its->group && mine->group == its->effective_group && mine->group == its->saved_group;
}

void lx_proc_owner(const struct los_pseudo_node *node, uint32_t *permissions, uint32_t *user, uint32_t *group)
{
    (void)permissions;
    const struct los_process *process = los_find_process((int)node->value[0]);
    if (process == NULL)
        return;
    *user = process->credentials.effective_user;
    *group = process->credentials.effective_group;
}

bool lx_proc_number(const char *name, size_t length, uint64_t *number)
{
    if (length == 0 || length > 9 || (length > 1 && name[0] == '0'))
        return false;
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(name[i] - '0');
    }
    return true;
}

/* --- links ------------------------------------------------------------------------------------------------------------ */

enum which_link { LINK_ROOT, LINK_CWD, LINK_EXE };

static long link_path(const struct los_pseudo_node *node, enum which_link which, struct los_path *path)
{
    struct los_thread *thread;
    struct los_process *process = lx_proc_find(node, &thread);
    if (process == NULL)
        return -LOS_E_NOENT;
    if (!lx_proc_may_look(process))
        return -LOS_E_ACCES;
    if (which == LINK_EXE)
        return process->executable != NULL ? los_file_path(process->executable, path) : -LOS_E_NOENT;
    if (process->files == NULL)
        return -LOS_E_NOENT;
    *path = which == LINK_ROOT ? process->files->root : process->files->cwd;
    los_path_ref(path);
    return 0;
}

static long link_text(const struct los_pseudo_node *node, enum which_link which, char *to, size_t size)
{
    struct los_path path;
    long error = link_path(node, which, &path);
    if (error < 0)
        return error;
    error = los_path_text(&path, &los_current()->process->files->root, to, size);
    los_path_unref(&path);
    return error;
}

#define LINK(name, which)                                                                                      \
    static long name##_text(const struct los_pseudo_node *node, char *to, size_t size)                         \
    {                                                                                                          \
        return link_text(node, which, to, size);                                                               \
    }                                                                                                          \
    static long name##_follow(const struct los_pseudo_node *node, struct los_path *path)                       \
    {                                                                                                          \
        return link_path(node, which, path);                                                                   \
    }                                                                                                          \
    static const struct los_pseudo name = {.type = LOS_SYMLINK,                                                \
                                           .permissions = 0777,                                                \
                                           .owner = lx_proc_owner,                                             \
                                           .read_link = name##_text,                                           \
                                           .follow = name##_follow}
LINK(root_link, LINK_ROOT);
LINK(cwd_link, LINK_CWD);
LINK(exe_link, LINK_EXE);

/* --- small files -------------------------------------------------------------------------------------------------------- */

static long comm_make(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_thread *thread;
    struct los_process *process = lx_proc_find(node, &thread);
    if (process == NULL)
        return -LOS_E_SRCH;
    los_text_add(text, "%s\n", thread != NULL ? thread->name : process->name);
    return 0;
}

static long comm_write(const struct los_pseudo_node *node, const char *bytes, size_t n)
{
    struct los_thread *thread;
    struct los_process *process = lx_proc_find(node, &thread);
    if (process == NULL || thread == NULL)
        return -LOS_E_SRCH;
    if (process != los_current()->process)
        return -LOS_E_INVAL; /* only threads of one process name each other */
    los_strlcpy(thread->name, bytes, sizeof thread->name);
    if (thread == process->leader)
        los_strlcpy(process->name, bytes, sizeof process->name);
    return (long)n;
}

static long oom_score_adj_make(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_process *process = los_find_process((int)node->value[0]);
    if (process == NULL)
        return -LOS_E_SRCH;
    los_text_add(text, "%d\n", lx_process_look(process)->oom_adjust);
    return 0;
}

static long oom_score_adj_write(const struct los_pseudo_node *node, const char *bytes, size_t n)
{
    struct los_process *process = los_find_process((int)node->value[0]);
    struct lx_process *kept = process != NULL ? lx_process(process) : NULL;
    bool negative = n > 0 && bytes[0] == '-';
    size_t length = n;
    uint64_t value;
    if (process == NULL)
        return -LOS_E_SRCH;
    if (kept == NULL)
        return -LOS_E_NOMEM;
    while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == ' '))
        length--;
    if (!lx_proc_number(bytes + negative, length - negative, &value) || value > 1000)
        return -LOS_E_INVAL;
    int adjust = negative ? -(int)value : (int)value;
    if (adjust < kept->oom_adjust && !lx_is_root())
        return -LOS_E_ACCES;
    kept->oom_adjust = adjust;
    return (long)n;
}

/* How much of the memory it holds, in thousandths, and what was asked for. */
static long oom_score_make(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_process *process = los_find_process((int)node->value[0]);
    if (process == NULL)
        return -LOS_E_SRCH;
    uint64_t resident = process->space != NULL ? process->space->resident_pages : 0;
    long score = (long)(resident * 1000 / los_pages_total()) + lx_process_look(process)->oom_adjust;
    los_text_add(text, "%ld\n", score > 0 ? score : 0);
    return 0;
}

static long cgroup_make(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "0::/\n");
    return 0;
}

static long wchan_make(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "0");
    return 0;
}

/* Nobody logged in: this is what Linux shows then. */
static long loginuid_make(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "4294967295");
    return 0;
}

static long stack_make(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_thread *thread;
    return lx_proc_find(node, &thread) != NULL ? (void)text,
           0                                   : -LOS_E_SRCH; /* the library OS's calls are no kernel's */
}

static long io_make(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_thread *thread;
    if (lx_proc_find(node, &thread) == NULL)
        return -LOS_E_SRCH;
    los_text_add(
        text,
        "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n");
    return 0;
}

static long syscall_make(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_thread *thread;
    struct los_process *process = lx_proc_find(node, &thread);
    if (process == NULL || thread == NULL)
        return -LOS_E_SRCH;
    const struct los_frame *frame = thread->frame;
    if (frame == NULL || thread->state == LOS_THREAD_RUNNABLE || thread->state == LOS_THREAD_ON_CPU) {
        if (thread != los_current() || frame == NULL) {
            los_text_add(text, "running\n");
            return 0;
        }
    }
    const struct exo_regs *r = &frame->regs;
    if (frame->number == UINT64_MAX)
        los_text_add(text, "-1");
    else
        los_text_add(text, "%lu 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx", (unsigned long)frame->number,
                     (unsigned long)r->rdi, (unsigned long)r->rsi, (unsigned long)r->rdx, (unsigned long)r->r10,
                     (unsigned long)r->r8, (unsigned long)r->r9);
    los_text_add(text, " 0x%lx 0x%lx\n", (unsigned long)r->rsp, (unsigned long)r->rip);
    return 0;
}

static long personality_make(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_process *process = los_find_process((int)node->value[0]);
    if (process == NULL)
        return -LOS_E_SRCH;
    los_text_add(text, "%08lx\n", (unsigned long)lx_process_look(process)->persona);
    return 0;
}

/* --- the directories -------------------------------------------------------------------------------------------------------- */

#define OWNED(name, function, mode)                                                                            \
    static const struct los_pseudo name = {                                                                    \
        .type = LOS_REGULAR, .permissions = (mode), .make = (function), .owner = lx_proc_owner}
OWNED(stat_file, lx_pid_stat, 0444);
OWNED(status_file, lx_pid_status, 0444);
OWNED(statm_file, lx_pid_statm, 0444);
OWNED(cmdline_file, lx_pid_cmdline, 0444);
OWNED(environ_file, lx_pid_environ, 0400);
OWNED(auxv_file, lx_pid_auxv, 0400);
OWNED(maps_file, lx_pid_maps, 0444);
OWNED(smaps_file, lx_pid_smaps, 0444);
OWNED(limits_file, lx_pid_limits, 0444);
OWNED(mounts_file, lx_pid_mounts, 0444);
OWNED(mountinfo_file, lx_pid_mountinfo, 0444);
OWNED(cgroup_file, cgroup_make, 0444);
OWNED(oom_score_file, oom_score_make, 0444);
OWNED(wchan_file, wchan_make, 0444);
OWNED(loginuid_file, loginuid_make, 0444);
OWNED(stack_file, stack_make, 0400);
OWNED(io_file, io_make, 0400);
OWNED(syscall_file, syscall_make, 0400);
OWNED(personality_file, personality_make, 0400);
static const struct los_pseudo comm_file = {
    .type = LOS_REGULAR, .permissions = 0644, .make = comm_make, .write = comm_write, .owner = lx_proc_owner};
static const struct los_pseudo oom_score_adj_file = {.type = LOS_REGULAR,
                                                     .permissions = 0644,
                                                     .make = oom_score_adj_make,
                                                     .write = oom_score_adj_write,
                                                     .owner = lx_proc_owner};
static const struct los_pseudo task_directory;

/* What a process and each of its threads show alike. */
#define COMMON                                                                                                 \
    {"auxv", &auxv_file}, {"cgroup", &cgroup_file}, {"cmdline", &cmdline_file}, {"comm", &comm_file},          \
        {"cwd", &cwd_link}, {"environ", &environ_file}, {"exe", &exe_link}, {"fd", &lx_proc_fd},               \
        {"fdinfo", &lx_proc_fdinfo}, {"io", &io_file}, {"limits", &limits_file}, {"loginuid", &loginuid_file}, \
        {"maps", &maps_file}, {"mountinfo", &mountinfo_file}, {"mounts", &mounts_file}, {"net", &lx_proc_net}, \
        {"oom_score", &oom_score_file}, {"oom_score_adj", &oom_score_adj_file},                                \
        {"personality", &personality_file}, {"root", &root_link}, {"sessionid", &loginuid_file},               \
        {"smaps", &smaps_file}, {"stack", &stack_file}, {"stat", &stat_file}, {"statm", &statm_file},          \
        {"status", &status_file}, {"syscall", &syscall_file},                                                  \
    {                                                                                                          \
        "wchan", &wchan_file                                                                                   \
    }

static const struct los_pseudo_item process_items[] = {COMMON, {"task", &task_directory}, {NULL, NULL}};
static const struct los_pseudo_item thread_items[] = {COMMON, {NULL, NULL}};
const struct los_pseudo lx_proc_process = {
    .type = LOS_DIRECTORY, .permissions = 0555, .items = process_items, .owner = lx_proc_owner};
static const struct los_pseudo thread_directory = {
    .type = LOS_DIRECTORY, .permissions = 0555, .items = thread_items, .owner = lx_proc_owner};

static long task_lookup(const struct los_pseudo_node *dir, const char *name, size_t length,
                        struct los_pseudo_node *out)
{
    uint64_t tid;
    if (!lx_proc_number(name, length, &tid))
        return -LOS_E_NOENT;
    const struct los_thread *thread = los_find_thread((int)tid);
    if (thread == NULL || thread->process->pid != (int)dir->value[0])
        return -LOS_E_NOENT;
    out->kind = &thread_directory;
    out->value[1] = tid;
    return 0;
}

static bool task_next(const struct los_pseudo_node *dir, uint64_t *cursor, char name[LOS_FILE_NAME_MAX + 1],
                      struct los_pseudo_node *out)
{
    struct los_process *process = los_find_process((int)dir->value[0]);
    struct los_thread *thread, *lowest = NULL;
    if (process == NULL)
        return false;
    LOS_LIST_FOR(thread, &process->threads, siblings)
    {
        if ((uint64_t)thread->tid > *cursor && (lowest == NULL || thread->tid < lowest->tid))
            lowest = thread;
    }
    if (lowest == NULL)
        return false;
    *cursor = (uint64_t)lowest->tid;
    los_snprintf(name, LOS_FILE_NAME_MAX + 1, "%d", lowest->tid);
    out->kind = &thread_directory;
    out->value[1] = (uint64_t)lowest->tid;
    return true;
}

static const struct los_pseudo task_directory = {.type = LOS_DIRECTORY,
                                                 .permissions = 0555,
                                                 .owner = lx_proc_owner,
                                                 .lookup = task_lookup,
                                                 .next = task_next};
