/* SPDX-License-Identifier: MPL-2.0 */
/* stat, status, statm and limits of a process or thread: collects the numbers for format.c. */
#include <los/terminal.h>
#include <proc/format.h>
#include <proc/proc.h>
#include <state.h>

#define KIB_PER_PAGE      4
#define FLAG_RANDOMIZED   0x400000u
#define FLAG_NO_EXEC      0x40u
#define ROOT_CAPABILITIES 0x1ffffffffffull

static char state_letter(const struct los_process *process, const struct los_thread *thread)
{
    if (process->state == LOS_ZOMBIE || thread == NULL)
        return 'Z';
    if (process->state == LOS_STOPPED)
        return 'T';
    switch (thread->state) {
    case LOS_THREAD_SLEEPING: return thread->interruptible ? 'S' : 'D';
    case LOS_THREAD_STOPPED: return 'T';
    case LOS_THREAD_DEAD: return 'X';
    default: return 'R';
    }
}

static uint64_t ticks(uint64_t ns) { return ns / PROC_TICK_NS; }

static void dispositions(const struct los_process *process, uint64_t *ignored, uint64_t *caught)
{
    *ignored = *caught = 0;
    if (process->actions == NULL)
        return;
    for (int number = 1; number <= LOS_SIGNALS; number++) {
        uint64_t handler = process->actions->action[number - 1].handler;
        if (handler == LOS_HANDLER_IGNORE)
            *ignored |= LOS_SIGNAL_BIT(number);
        else if (handler != LOS_HANDLER_DEFAULT)
            *caught |= LOS_SIGNAL_BIT(number);
    }
}

/* --- stat ---------------------------------------------------------------------------------------------------------- */

static void stat_memory(struct lx_stat_text *s, const struct los_process *process)
{
    if (process->space == NULL)
        return;
    s->virtual_bytes = process->space->virtual_pages * LOS_PAGE;
    s->resident_pages = process->space->resident_pages;
    if (!lx_proc_may_look(process))
        return;
    s->code_start = process->code_start;
    s->code_end = process->code_end;
    s->stack_start = process->stack_start;
    s->data_start = process->data_start;
    s->data_end = process->data_end;
    s->heap_start = process->space->heap_start;
    s->arguments_start = process->arguments_start;
    s->arguments_end = process->arguments_end;
    s->environment_start = process->environment_start;
    s->environment_end = process->environment_end;
}

static void stat_times(struct lx_stat_text *s, const struct los_pseudo_node *node, struct los_process *process,
                       const struct los_thread *thread)
{
    uint64_t user, system;
    if (node->value[1] != 0 && thread != NULL) {
        user = thread->user_ns;
        system = thread->system_ns;
    } else {
        los_times(process, &user, &system);
    }
    s->user = ticks(user);
    s->system = ticks(system);
    s->children_user = ticks(process->children_user_ns);
    s->children_system = ticks(process->children_system_ns);
    s->start = ticks(process->start_ns);
}

static void stat_terminal(struct lx_stat_text *s, const struct los_process *process)
{
    uint32_t major, minor;
    s->foreground = -1;
    if (process->terminal == NULL)
        return;
    los_terminal_device(process->terminal, &major, &minor);
    s->terminal = (int)lx_device(major, minor);
    s->foreground = los_terminal_group(process->terminal);
}

long lx_pid_stat(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_thread *thread;
    struct los_process *process = lx_proc_find(node, &thread);
    if (process == NULL)
        return -LOS_E_SRCH;
    const struct lx_process *kept = lx_process_look(process);
    struct lx_stat_text s = {
        .pid = node->value[1] != 0 ? (int)node->value[1] : process->pid,
        .name = thread != NULL ? thread->name : process->name,
        .state = state_letter(process, thread),
        .parent = process->parent_pid,
        .group = process->group,
        .session = process->session,
        .flags = FLAG_RANDOMIZED | (process->did_exec ? 0 : FLAG_NO_EXEC),
        .faults = process->faults,
        .children_faults = process->children_faults,
        .priority = kept->priority != 0 ? -1 - kept->priority : 20 + process->nice,
        .nice = process->nice,
        .threads = process->thread_count,
        .resident_limit = process->limits[LOS_LIMIT_RESIDENT].soft,
        .pending = thread != NULL ? thread->pending.set : process->pending.set,
        .blocked = thread != NULL ? thread->mask : 0,
        .exit_signal = process->exit_signal,
        .cpu = thread != NULL ? thread->last_cpu : 0,
        .realtime_priority = (uint32_t)kept->priority,
        .policy = (uint32_t)kept->policy,
    };
    dispositions(process, &s.ignored, &s.caught);
    stat_terminal(&s, process);
    stat_times(&s, node, process, thread);
    stat_memory(&s, process);
    if (process->state == LOS_ZOMBIE && lx_proc_may_look(process))
        s.exit_code = process->exited_by_signal ? process->exit_status | (process->dumped ? 0x80 : 0)
                                                : process->exit_status << 8;
    lx_format_stat(text, &s);
    return 0;
}

/* --- status ------------------------------------------------------------------------------------------------------------ */

struct sizes { /* pages */
    uint64_t data, stack, executable, text;
};

static struct sizes measure(const struct los_process *process)
{
    struct sizes sizes = {
        .text =
            (LOS_ROUND_UP(process->code_end, LOS_PAGE) - (process->code_start & ~LOS_PAGE_MASK)) / LOS_PAGE};
    const struct los_region *region;
    LOS_LIST_FOR(region, &process->space->regions, link)
    {
        uint64_t pages = (region->end - region->start) / LOS_PAGE;
        if (region->flags & (LOS_STACK | LOS_GROWS_DOWN))
            sizes.stack += pages;
        else if ((region->protection & LOS_WRITE) && !(region->flags & LOS_SHARED))
            sizes.data += pages;
        else if (region->protection & LOS_EXECUTE)
            sizes.executable += pages;
    }
    if (sizes.text > sizes.executable)
        sizes.text = sizes.executable;
    return sizes;
}

static void status_memory(struct lx_status_text *s, const struct los_process *process)
{
    const struct los_space *space = process->space;
    if (space == NULL || process->state == LOS_ZOMBIE)
        return;
    struct sizes sizes = measure(process);
    s->has_memory = true;
    s->size = space->virtual_pages * KIB_PER_PAGE;
    s->peak =
        (space->peak_pages > space->virtual_pages ? space->peak_pages : space->virtual_pages) * KIB_PER_PAGE;
    s->resident = s->resident_peak = space->resident_pages * KIB_PER_PAGE;
    s->file = space->shared_pages * KIB_PER_PAGE;
    s->anonymous = s->resident > s->file ? s->resident - s->file : 0;
    s->data = sizes.data * KIB_PER_PAGE;
    s->stack = sizes.stack * KIB_PER_PAGE;
    s->code = sizes.text * KIB_PER_PAGE;
    s->library = (sizes.executable - sizes.text) * KIB_PER_PAGE;
}

static uint32_t descriptor_slots(struct los_process *process)
{
    uint32_t slots = 64;
    int fd = -1;
    if (process->descriptors == NULL)
        return 0;
    while ((fd = los_descriptor_next(process, fd + 1)) >= 0)
        while ((uint32_t)fd >= slots)
            slots *= 2;
    return slots;
}

static uint64_t queued(const struct los_process *process)
{
    uint64_t n = 0;
    for (const struct los_link *link = process->pending.queue.next;
         link != NULL && link != &process->pending.queue; link = link->next)
        n++;
    return n;
}

long lx_pid_status(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_thread *thread;
    struct los_process *process = lx_proc_find(node, &thread);
    if (process == NULL)
        return -LOS_E_SRCH;
    const struct los_credentials *who = &process->credentials;
    uint32_t cpus = los_cpu_count();
    uint64_t all = cpus < 64 ? (1ull << cpus) - 1 : UINT64_MAX;
    struct lx_status_text s = {
        .name = thread != NULL ? thread->name : process->name,
        .mask = process->files != NULL ? process->files->mask : 0,
        .state = state_letter(process, thread),
        .group_id = process->pid,
        .pid = node->value[1] != 0 ? (int)node->value[1] : process->pid,
        .parent = process->parent_pid,
        .group = process->group,
        .session = process->session,
        .user = {who->user, who->effective_user, who->saved_user, who->file_user},
        .group_ids = {who->group, who->effective_group, who->saved_group, who->file_group},
        .descriptors = descriptor_slots(process),
        .groups_count = who->groups_count,
        .groups = who->groups,
        .threads = process->thread_count,
        .queued = queued(process),
        .queue_limit = process->limits[LOS_LIMIT_SIGNALS].soft,
        .pending = thread != NULL ? thread->pending.set : 0,
        .process_pending = process->pending.set,
        .blocked = thread != NULL ? thread->mask : 0,
        .capabilities = who->effective_user == 0 ? ROOT_CAPABILITIES : 0,
        .no_new_privileges = lx_process_look(process)->no_new_privileges,
        .cpus = thread != NULL ? thread->affinity & all : all,
        .cpu_count = cpus,
        .voluntary = thread != NULL ? thread->voluntary_switches : 0,
        .involuntary = thread != NULL ? thread->involuntary_switches : 0,
    };
    dispositions(process, &s.ignored, &s.caught);
    status_memory(&s, process);
    lx_format_status(text, &s);
    return 0;
}

long lx_pid_statm(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_thread *thread;
    struct los_process *process = lx_proc_find(node, &thread);
    if (process == NULL)
        return -LOS_E_SRCH;
    const struct los_space *space = process->space;
    if (space == NULL || process->state == LOS_ZOMBIE) {
        los_text_add(text, "0 0 0 0 0 0 0\n");
        return 0;
    }
    struct sizes sizes = measure(process);
    los_text_add(text, "%lu %lu %lu %lu 0 %lu 0\n", (unsigned long)space->virtual_pages,
                 (unsigned long)space->resident_pages, (unsigned long)space->shared_pages,
                 (unsigned long)sizes.text, (unsigned long)(sizes.data + sizes.stack));
    return 0;
}

/* --- limits ------------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *unit;
} limits[LOS_LIMITS] = {
    [LOS_LIMIT_CPU] = {"Max cpu time", "seconds"},
    [LOS_LIMIT_FILE_SIZE] = {"Max file size", "bytes"},
    [LOS_LIMIT_DATA] = {"Max data size", "bytes"},
    [LOS_LIMIT_STACK] = {"Max stack size", "bytes"},
    [LOS_LIMIT_CORE] = {"Max core file size", "bytes"},
    [LOS_LIMIT_RESIDENT] = {"Max resident set", "bytes"},
    [LOS_LIMIT_PROCESSES] = {"Max processes", "processes"},
    [LOS_LIMIT_DESCRIPTORS] = {"Max open files", "files"},
    [LOS_LIMIT_LOCKED] = {"Max locked memory", "bytes"},
    [LOS_LIMIT_SPACE] = {"Max address space", "bytes"},
    [LOS_LIMIT_LOCKS] = {"Max file locks", "locks"},
    [LOS_LIMIT_SIGNALS] = {"Max pending signals", "signals"},
    [LOS_LIMIT_MESSAGES] = {"Max msgqueue size", "bytes"},
    [LOS_LIMIT_NICE] = {"Max nice priority", NULL},
    [LOS_LIMIT_REALTIME] = {"Max realtime priority", NULL},
    [LOS_LIMIT_REALTIME_TIME] = {"Max realtime timeout", "us"},
};

long lx_pid_limits(struct los_text *text, const struct los_pseudo_node *node)
{
    struct los_thread *thread;
    struct los_process *process = lx_proc_find(node, &thread);
    if (process == NULL)
        return -LOS_E_SRCH;
    los_text_add(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (int i = 0; i < LOS_LIMITS; i++)
        lx_format_limit(text, limits[i].name, process->limits[i].soft, process->limits[i].hard, limits[i].unit);
    return 0;
}
