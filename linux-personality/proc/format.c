/* SPDX-License-Identifier: MPL-2.0 */
/* The texts of /proc, first half: what belongs to a process. See format.h. */
#include <proc/format.h>

#define UNLIMITED UINT64_MAX

const char *lx_state_word(char state)
{
    switch (state) {
    case 'R': return "running";
    case 'S': return "sleeping";
    case 'D': return "disk sleep";
    case 'T': return "stopped";
    case 'Z': return "zombie";
    default: return "dead";
    }
}

static void numbers(struct los_text *text, const uint64_t *n, size_t count)
{
    for (size_t i = 0; i < count; i++)
        los_text_add(text, " %lu", (unsigned long)n[i]);
}

void lx_format_stat(struct los_text *text, const struct lx_stat_text *s)
{
    los_text_add(text, "%d (%s) %c %d %d %d %d %d", s->pid, s->name, s->state, s->parent, s->group, s->session,
                 s->terminal, s->foreground);
    numbers(text, (const uint64_t[]){s->flags, s->faults, s->children_faults, 0, 0, s->user, s->system}, 7);
    los_text_add(text, " %ld %ld %d %d %lu 0", (long)s->children_user, (long)s->children_system, s->priority,
                 s->nice, (unsigned long)s->threads);
    numbers(text,
            (const uint64_t[]){s->start, s->virtual_bytes, s->resident_pages, s->resident_limit, s->code_start,
                               s->code_end, s->stack_start, 0, 0},
            9);
    numbers(text,
            (const uint64_t[]){s->pending & 0x7fffffff, s->blocked & 0x7fffffff, s->ignored & 0x7fffffff,
                               s->caught & 0x7fffffff, 0, 0, 0},
            7);
    los_text_add(text, " %d %u %u %u 0 0 0", s->exit_signal, s->cpu, s->realtime_priority, s->policy);
    numbers(text,
            (const uint64_t[]){s->data_start, s->data_end, s->heap_start, s->arguments_start, s->arguments_end,
                               s->environment_start, s->environment_end},
            7);
    los_text_add(text, " %d\n", s->exit_code);
}

static void kib(struct los_text *text, const char *name, uint64_t value)
{
    los_text_add(text, "%s:\t%8lu kB\n", name, (unsigned long)value);
}

static void status_memory(struct los_text *text, const struct lx_status_text *s)
{
    kib(text, "VmPeak", s->peak);
    kib(text, "VmSize", s->size);
    kib(text, "VmLck", 0);
    kib(text, "VmPin", 0);
    kib(text, "VmHWM", s->resident_peak);
    kib(text, "VmRSS", s->resident);
    kib(text, "RssAnon", s->anonymous);
    kib(text, "RssFile", s->file);
    kib(text, "RssShmem", s->shared);
    kib(text, "VmData", s->data);
    kib(text, "VmStk", s->stack);
    kib(text, "VmExe", s->code);
    kib(text, "VmLib", s->library);
    kib(text, "VmPTE", s->tables);
    kib(text, "VmSwap", 0);
    kib(text, "HugetlbPages", 0);
    los_text_add(text, "CoreDumping:\t0\nTHP_enabled:\t0\n");
}

static void four(struct los_text *text, const char *name, const uint32_t ids[4])
{
    los_text_add(text, "%s:\t%u\t%u\t%u\t%u\n", name, ids[0], ids[1], ids[2], ids[3]);
}

static void set(struct los_text *text, const char *name, uint64_t bits)
{
    los_text_add(text, "%s:\t%016lx\n", name, (unsigned long)bits);
}

void lx_format_status(struct los_text *text, const struct lx_status_text *s)
{
    los_text_add(text, "Name:\t");
    for (const char *c = s->name; *c != 0; c++) /* backslash and newline would break the lines */
        if (*c == '\n' || *c == '\\')
            los_text_add(text, *c == '\n' ? "\\n" : "\\\\");
        else
            los_text_bytes(text, c, 1);
    los_text_add(text,
                 "\nUmask:\t%#04o\nState:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
                 s->mask, s->state, lx_state_word(s->state), s->group_id, s->pid, s->parent);
    four(text, "Uid", s->user);
    four(text, "Gid", s->group_ids);
    los_text_add(text, "FDSize:\t%u\nGroups:\t", s->descriptors);
    for (uint32_t i = 0; i < s->groups_count; i++)
        los_text_add(text, i == 0 ? "%u" : " %u", s->groups[i]);
    los_text_add(text, " \nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", s->group_id, s->pid, s->group,
                 s->session);
    if (s->has_memory)
        status_memory(text, s);
    los_text_add(text, "Threads:\t%lu\nSigQ:\t%lu/%lu\n", (unsigned long)s->threads, (unsigned long)s->queued,
                 (unsigned long)s->queue_limit);
    set(text, "SigPnd", s->pending);
    set(text, "ShdPnd", s->process_pending);
    set(text, "SigBlk", s->blocked);
    set(text, "SigIgn", s->ignored);
    set(text, "SigCgt", s->caught);
    set(text, "CapInh", 0);
    set(text, "CapPrm", s->capabilities);
    set(text, "CapEff", s->capabilities);
    set(text, "CapBnd", 0x1ffffffffff);
    set(text, "CapAmb", 0);
    los_text_add(text, "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n", s->no_new_privileges);
    los_text_add(text,
                 "Speculation_Store_Bypass:\tunknown\nSpeculationIndirectBranch:\tunknown\nCpus_allowed:\t");
    lx_format_cpu_mask(text, s->cpus, s->cpu_count);
    los_text_add(text, "\nCpus_allowed_list:\t");
    lx_format_cpu_list(text, s->cpus);
    los_text_add(text,
                 "\nMems_allowed:\t1\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_"
                 "switches:\t%lu\n",
                 (unsigned long)s->voluntary, (unsigned long)s->involuntary);
}

void lx_format_map(struct los_text *text, const struct lx_map_text *m)
{
    size_t start = text->length;
    los_text_add(text, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", (unsigned long)m->start,
                 (unsigned long)m->end, m->read ? 'r' : '-', m->write ? 'w' : '-', m->execute ? 'x' : '-',
                 m->shared ? 's' : 'p', (unsigned long)m->offset, m->major, m->minor, (unsigned long)m->inode);
    if (m->name != NULL) {
        int pad = 73 - (int)(text->length - start); /* the name starts in this column, or after one blank */
        los_text_add(text, "%*s", pad > 0 ? pad : 1, "");
        lx_format_escaped(text, m->name, NULL);
    }
    los_text_bytes(text, "\n", 1);
}

static void limit_value(struct los_text *text, uint64_t value)
{
    if (value == UNLIMITED)
        los_text_add(text, "%-20s ", "unlimited");
    else
        los_text_add(text, "%-20lu ", (unsigned long)value);
}

void lx_format_limit(struct los_text *text, const char *name, uint64_t soft, uint64_t hard, const char *unit)
{
    los_text_add(text, "%-25s ", name);
    limit_value(text, soft);
    limit_value(text, hard);
    if (unit != NULL)
        los_text_add(text, "%-10s", unit);
    los_text_bytes(text, "\n", 1);
}

void lx_format_escaped(struct los_text *text, const char *path, const char *more)
{
    for (const char *c = path; *c != 0; c++)
        if (*c == '\n' || (more != NULL && strchr(more, *c) != NULL))
            los_text_add(text, "\\%03o", (unsigned)(unsigned char)*c);
        else
            los_text_bytes(text, c, 1);
}

void lx_format_mount_options(struct los_text *text, uint32_t flags)
{
    los_text_add(text, "%s%s%s%s%s", flags & LOS_MOUNT_READONLY ? "ro" : "rw",
                 flags & LOS_MOUNT_NOSUID ? ",nosuid" : "", flags & LOS_MOUNT_NODEV ? ",nodev" : "",
                 flags & LOS_MOUNT_NOEXEC ? ",noexec" : "",
                 flags & LOS_MOUNT_NOATIME ? ",noatime" : ",relatime");
}
