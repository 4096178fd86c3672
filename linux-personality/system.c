/* SPDX-License-Identifier: MPL-2.0 */
/* The system as a whole: names, sizes, the end; and what a process may set about itself (prctl(2), arch_prctl(2)). */
#include <los/random.h>
#include <state.h>

#define NAME_MOST 64

/* --- names ------------------------------------------------------------------------------------------------------------ */
static struct lx_utsname names = {.sysname = LX_OS_NAME,
                                  .nodename = "kxos",
                                  .release = LX_OS_RELEASE,
                                  .version = LX_OS_VERSION,
                                  .machine = LX_OS_MACHINE,
                                  .domainname = "(none)"};
_Static_assert(sizeof(names.nodename) == NAME_MOST + 1 && sizeof(names.domainname) == NAME_MOST + 1,
               "set_name fills them");

const char *lx_host_name(void) { return names.nodename; }
const char *lx_domain_name(void) { return names.domainname; }

static long set_name(char *name, const char *from, size_t length)
{
    if (length > NAME_MOST)
        return -LOS_E_INVAL;
    memcpy(name, from, length);
    memset(name + length, 0, NAME_MOST + 1 - length);
    return 0;
}

long lx_set_host_name(const char *name, size_t length) { return set_name(names.nodename, name, length); }
long lx_set_domain_name(const char *name, size_t length) { return set_name(names.domainname, name, length); }

static long set_name_in(char *name, const struct lx_args *args)
{
    char given[NAME_MOST];
    if (!lx_is_root())
        return -LOS_E_PERM;
    if ((int)args->arg[1] < 0 || (int)args->arg[1] > NAME_MOST)
        return -LOS_E_INVAL;
    size_t length = (size_t)(int)args->arg[1];
    if (los_copy_in(given, args->arg[0], length) != 0)
        return -LOS_E_FAULT;
    return set_name(name, given, length);
}

long lx_sys_sethostname(const struct lx_args *args) { return set_name_in(names.nodename, args); }
long lx_sys_setdomainname(const struct lx_args *args) { return set_name_in(names.domainname, args); }

long lx_sys_uname(const struct lx_args *args) { return los_copy_out(args->arg[0], &names, sizeof(names)); }

/* --- sizes ---------------------------------------------------------------------------------------------------------------- */
long lx_sys_sysinfo(const struct lx_args *args)
{
    uint32_t threads = los_thread_total();
    struct lx_sysinfo info = {
        .uptime = (int64_t)(los_now() / 1000000000ull),
        .totalram = los_pages_total() * LOS_PAGE,
        .freeram = los_pages_free_count() * LOS_PAGE,
        .procs = (uint16_t)(threads < UINT16_MAX ? threads : UINT16_MAX),
        .mem_unit = 1,
    };
    los_load_average(info.loads); /* both are times 2^16 */
    return los_copy_out(args->arg[0], &info, sizeof(info));
}

/* The boot log is the supervisor's: programs find an empty one. */
long lx_sys_syslog(const struct lx_args *args)
{
    int action = (int)args->arg[0];
    if (action < 0 || action > 10 ||
        ((action >= 2 && action <= 4) && (args->arg[1] == 0 || (int)args->arg[2] < 0)))
        return -LOS_E_INVAL;
    if (!lx_is_root() && action != 3 && action != 10)
        return -LOS_E_PERM;
    if (action == 8 && ((int)args->arg[2] < 1 || (int)args->arg[2] > 8))
        return -LOS_E_INVAL;
    return action == 10 ? 4096 : 0;
}

long lx_sys_getrandom(const struct lx_args *args)
{
    uint64_t to = args->arg[0], bytes = args->arg[1], done = 0;
    uint32_t flags = (uint32_t)args->arg[2];
    uint8_t chunk[256];
    if (flags & ~(uint32_t)(LX_GRND_NONBLOCK | LX_GRND_RANDOM | LX_GRND_INSECURE) ||
        (flags & (LX_GRND_RANDOM | LX_GRND_INSECURE)) == (LX_GRND_RANDOM | LX_GRND_INSECURE))
        return -LOS_E_INVAL;
    if (bytes > LX_RW_COUNT_MAX)
        bytes = LX_RW_COUNT_MAX;
    while (done < bytes) {
        size_t n = bytes - done < sizeof(chunk) ? bytes - done : sizeof(chunk);
        los_random_bytes(chunk, n);
        if (los_copy_out(to + done, chunk, n) != 0)
            return done > 0 ? (long)done : -LOS_E_FAULT;
        done += n;
        if (done % LOS_PAGE == 0 && los_signal_is_pending(los_current()))
            break;
    }
    return (long)done;
}

/* --- the end ------------------------------------------------------------------------------------------------------------------ */
long lx_sys_reboot(const struct lx_args *args)
{
    int magic2 = (int)args->arg[1];
    if (!lx_is_root())
        return -LOS_E_PERM;
    if ((int)args->arg[0] != LX_REBOOT_MAGIC1 || (magic2 != LX_REBOOT_MAGIC2 && magic2 != LX_REBOOT_MAGIC2A &&
                                                  magic2 != LX_REBOOT_MAGIC2B && magic2 != LX_REBOOT_MAGIC2C))
        return -LOS_E_INVAL;
    switch ((uint32_t)args->arg[2]) {
    case LX_REBOOT_RESTART:
    case LX_REBOOT_RESTART2: los_container_reset();
    case LX_REBOOT_HALT:
    case LX_REBOOT_POWER_OFF: los_container_exit(0);
    case LX_REBOOT_CAD_ON:
    case LX_REBOOT_CAD_OFF: return 0; /* there is no such key */
    default: return -LOS_E_INVAL;
    }
}

long lx_sys_vhangup(const struct lx_args *args)
{
    (void)args;
    struct los_process *self = los_current()->process;
    struct los_signal_info info = {.number = LX_SIGHUP, .cause = LOS_CAUSE_KERNEL};
    if (!lx_is_root())
        return -LOS_E_PERM;
    return self->terminal != NULL ? los_signal_group(self->session, &info) : 0;
}

/* --- prctl ---------------------------------------------------------------------------------------------------------------------- */
static long set_thread_name(uint64_t user)
{
    struct los_thread *thread = los_current();
    char name[LOS_NAME_MAX] = {0};
    long length = los_copy_in_string(name, user, sizeof(name) - 1);
    if (length == -LOS_E_FAULT)
        return -LOS_E_FAULT;
    if (length < 0 && los_copy_in(name, user, sizeof(name) - 1) != 0) /* longer: cut */
        return -LOS_E_FAULT;
    los_strlcpy(thread->name, name, sizeof(thread->name));
    if (thread->process->leader == thread)
        los_strlcpy(thread->process->name, name, sizeof(thread->process->name));
    return 0;
}

static long get_thread_name(uint64_t user)
{
    char name[LOS_NAME_MAX] = {0};
    los_strlcpy(name, los_current()->name, sizeof(name));
    return los_copy_out(user, name, sizeof(name));
}

static long prctl_get(const struct lx_args *args, const struct lx_process *self)
{
    uint64_t user = args->arg[1];
    int number;
    switch ((int)args->arg[0]) {
    case LX_PR_GET_NAME: return get_thread_name(user);
    case LX_PR_GET_PDEATHSIG: return los_copy_out(user, &self->death_signal, sizeof(int));
    case LX_PR_GET_CHILD_SUBREAPER: number = self->subreaper; return los_copy_out(user, &number, sizeof(int));
    case LX_PR_GET_TID_ADDRESS: return los_copy_out(user, &los_current()->clear_tid, sizeof(uint64_t));
    case LX_PR_GET_TSC: number = 1; return los_copy_out(user, &number, sizeof(int));
    case LX_PR_GET_DUMPABLE: return !self->no_dump;
    case LX_PR_GET_KEEPCAPS: return self->keep_capabilities;
    case LX_PR_GET_TIMERSLACK: return self->timer_slack != 0 ? (long)self->timer_slack : 50000;
    case LX_PR_GET_NO_NEW_PRIVS: return self->no_new_privileges;
    case LX_PR_GET_THP_DISABLE: return self->no_huge_pages;
    case LX_PR_GET_TIMING:
    case LX_PR_GET_SECCOMP:
    case LX_PR_GET_SECUREBITS: return 0;
    case LX_PR_CAPBSET_READ: return user <= LX_CAP_LAST ? 1 : -LOS_E_INVAL;
    default: return -LOS_E_INVAL;
    }
}

long lx_sys_prctl(const struct lx_args *args)
{
    struct los_process *process = los_current()->process;
    uint64_t value = args->arg[1];
    if ((int)args->arg[0] == LX_PR_SET_NAME)
        return set_thread_name(value);
    long got = prctl_get(args, lx_process_look(process));
    if (got != -LOS_E_INVAL)
        return got;
    struct lx_process *self = lx_process(process);
    if (self == NULL)
        return -LOS_E_NOMEM;
    switch ((int)args->arg[0]) {
    case LX_PR_SET_PDEATHSIG:
        if (value > LX_NSIG)
            return -LOS_E_INVAL;
        self->death_signal = (int)value;
        return 0;
    case LX_PR_SET_DUMPABLE:
        if (value > 1)
            return -LOS_E_INVAL;
        self->no_dump = value == 0;
        return 0;
    case LX_PR_SET_KEEPCAPS:
        if (value > 1)
            return -LOS_E_INVAL;
        self->keep_capabilities = value;
        return 0;
    case LX_PR_SET_TIMERSLACK: self->timer_slack = value != 0 ? value : 50000; return 0;
    case LX_PR_SET_NO_NEW_PRIVS:
        if (value != 1 || args->arg[2] != 0 || args->arg[3] != 0 || args->arg[4] != 0)
            return -LOS_E_INVAL;
        self->no_new_privileges = true;
        return 0;
    case LX_PR_SET_THP_DISABLE: self->no_huge_pages = value != 0; return 0;
    case LX_PR_SET_TIMING: return value == 0 ? 0 : -LOS_E_INVAL;
    case LX_PR_SET_TSC: return value == 1 ? 0 : -LOS_E_INVAL;
    default:
        return -LOS_E_INVAL; /* also what children would have to obey: subreapers, seccomp, ambient capabilities */
    }
}

long lx_sys_arch_prctl(const struct lx_args *args)
{
    uint64_t value = args->arg[1];
    switch ((int)args->arg[0]) {
    case LX_ARCH_SET_FS:
        if (value >= LOS_USER_END)
            return -LOS_E_PERM;
        los_set_fs_base(value);
        return 0;
    case LX_ARCH_GET_FS: value = los_fs_base(); return los_copy_out(args->arg[1], &value, sizeof(value));
    case LX_ARCH_SET_GS: return value == 0 ? 0 : -LOS_E_PERM; /* GS finds the vCPU page */
    case LX_ARCH_GET_GS: value = 0; return los_copy_out(args->arg[1], &value, sizeof(value));
    case LX_ARCH_GET_CPUID: return 1;
    case LX_ARCH_SET_CPUID: return value != 0 ? 0 : -LOS_E_NODEV;
    default: return -LOS_E_INVAL;
    }
}

/* Execution domains: only Linux's own; its modifier bits are kept for whoever asks. */
long lx_sys_personality(const struct lx_args *args)
{
    uint32_t wanted = (uint32_t)args->arg[0];
    struct los_process *process = los_current()->process;
    uint64_t old = lx_process_look(process)->persona;
    if (wanted == UINT32_MAX)
        return (long)old;
    struct lx_process *self = lx_process(process);
    if (self == NULL)
        return -LOS_E_NOMEM;
    self->persona = wanted;
    return (long)old;
}

/* None of its commands is offered: a query says so, and programs then use other means. */
long lx_sys_membarrier(const struct lx_args *args)
{
    return (int)args->arg[0] == LX_MEMBARRIER_QUERY && args->arg[1] == 0 ? 0 : -LOS_E_INVAL;
}

/* Advice on files: everything is in memory already. */
long lx_sys_fadvise64(const struct lx_args *args)
{
    struct los_file *file = los_descriptor((int)args->arg[0]);
    if (file == NULL)
        return -LOS_E_BADF;
    if (file->inode->type == LOS_FIFO)
        return -LOS_E_SPIPE;
    return (int64_t)args->arg[2] < 0 || (uint32_t)args->arg[3] > 5 ? -LOS_E_INVAL : 0;
}
