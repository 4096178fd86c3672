/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The tracer: one readable line per system call on the error output, in the manner of strace:
 *   [pid] name(arguments) = result ERRNO (text)
 * What an argument means comes from its kind in syscalls.def. Arguments that the call fills in are shown after it. Nothing here
 * changes what a call does; a pointer that cannot be read is shown as a number.
 */
#include <dispatch.h>
#include <los/terminal.h>

#define STRING_SHOWN 32
#define PATH_SHOWN   128
#define ITEMS_SHOWN  8

bool lx_tracing;

enum kind {
    NONE,
    /* known before the call */
    INT,
    UINT,
    LONG,
    HEX,
    PTR,
    SIZE,
    MODE,
    FD,
    DIRFD,
    PATH,
    STR,
    BUF_IN,
    IOVEC_IN,
    OPEN_FLAGS,
    AT_FLAGS,
    ACCESS,
    WHENCE,
    PROT,
    MAP_FLAGS,
    MADVISE,
    SIGNAL,
    SIG_HOW,
    SIGSET_IN,
    SIGACTION_IN,
    CLONE_FLAGS,
    WAIT_OPTIONS,
    STRINGS,
    STRING_COUNT,
    TIMESPEC_IN,
    TIMEVAL_IN,
    RESOURCE,
    RLIMIT_IN,
    FUTEX_OP,
    CLOCK,
    FCNTL,
    IOCTL,
    ARCH,
    PRCTL,
    POLLFDS,
    /* only after it */
    OUT,
    BUF_OUT = OUT,
    STR_OUT,
    IOVEC_OUT,
    STAT_OUT,
    SIGSET_OUT,
    SIGACTION_OUT,
    STATUS_OUT,
    TIMESPEC_OUT,
    TIMEVAL_OUT,
    RLIMIT_OUT,
    FD_PAIR,
    UTSNAME_OUT,
};

static const uint8_t kinds[LX_CALLS][7] = {
#define X(number, name, ...) [number] = {__VA_ARGS__},
#define M(number, name)      [number] = {HEX, HEX, HEX, HEX, HEX, HEX},
#include <syscalls.def>
#undef X
#undef M
};

/* --- text ------------------------------------------------------------------------------------------------------------- */
__attribute__((format(printf, 2, 3))) static void add(struct lx_trace *t, const char *format, ...)
{
    size_t room = sizeof(t->line) - 80; /* keeps place for the result */
    if (t->length >= room)
        return;
    va_list args;
    va_start(args, format);
    int n = los_vsnprintf(t->line + t->length, room - t->length, format, args);
    va_end(args);
    t->length += n > 0 ? (size_t)n : 0;
    if (t->length > room)
        t->length = room;
}

static void add_escaped(struct lx_trace *t, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t c = bytes[i];
        const char *special = c == '\n'   ? "\\n"
                              : c == '\r' ? "\\r"
                              : c == '\t' ? "\\t"
                              : c == '"'  ? "\\\""
                              : c == '\\' ? "\\\\"
                                          : NULL;
        if (special != NULL)
            add(t, "%s", special);
        else if (c >= ' ' && c < 0x7f)
            add(t, "%c", c);
        else if (i + 1 < n && bytes[i + 1] >= '0' && bytes[i + 1] <= '7')
            add(t, "\\%03o", c);
        else
            add(t, "\\%o", c);
    }
}

static void add_buffer(struct lx_trace *t, uint64_t user, uint64_t size)
{
    uint8_t bytes[STRING_SHOWN];
    size_t n = size < sizeof(bytes) ? size : sizeof(bytes);
    if (user == 0 || los_copy_in(bytes, user, n) != 0) {
        add(t, user == 0 ? "NULL" : "0x%lx", user);
        return;
    }
    add(t, "\"");
    add_escaped(t, bytes, n);
    add(t, size > n ? "\"..." : "\"");
}

static void add_string(struct lx_trace *t, uint64_t user, size_t most)
{
    char text[PATH_SHOWN + 1];
    if (user == 0) {
        add(t, "NULL");
        return;
    }
    long length = los_copy_in_string(text, user, most + 1);
    if (length == -LOS_E_FAULT) {
        add(t, "0x%lx", user);
        return;
    }
    bool cut = length < 0;
    if (cut)
        length = (long)(los_copy_in(text, user, most) == 0 ? most : 0);
    add(t, "\"");
    add_escaped(t, (const uint8_t *)text, (size_t)length);
    add(t, cut ? "\"..." : "\"");
}

struct name {
    uint64_t value;
    const char *name;
};
#define N(x)                                                                                                   \
    {                                                                                                          \
        LX_##x, #x                                                                                             \
    }
#define NAMES(set) set, LOS_COUNT(set)

static void add_name(struct lx_trace *t, uint64_t value, const struct name *set, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (set[i].value == value) {
            add(t, "%s", set[i].name);
            return;
        }
    add(t, "%#lx", value);
}

static void add_flags(struct lx_trace *t, uint64_t value, const struct name *set, size_t n)
{
    const char *bar = "";
    for (size_t i = 0; i < n; i++)
        if (set[i].value == 0 ? value == 0 : (value & set[i].value) == set[i].value) {
            add(t, "%s%s", bar, set[i].name);
            bar = "|";
            value &= ~set[i].value;
            if (set[i].value == 0)
                return;
        }
    if (value != 0 || bar[0] == 0)
        add(t, value == 0 ? "%s0" : "%s%#lx", bar, value);
}

/* --- names ------------------------------------------------------------------------------------------------------------ */
static const struct name open_names[] = {
    N(O_TMPFILE),   N(O_SYNC),     N(O_CREAT),   N(O_EXCL),    N(O_NOCTTY), N(O_TRUNC),
    N(O_APPEND),    N(O_NONBLOCK), N(O_DSYNC),   N(O_ASYNC),   N(O_DIRECT), N(O_LARGEFILE),
    N(O_DIRECTORY), N(O_NOFOLLOW), N(O_NOATIME), N(O_CLOEXEC), N(O_PATH)};
static const struct name access_modes[] = {N(O_RDONLY), N(O_WRONLY), N(O_RDWR)};
static const struct name at_names[] = {N(AT_SYMLINK_NOFOLLOW), N(AT_REMOVEDIR), N(AT_SYMLINK_FOLLOW),
                                       N(AT_NO_AUTOMOUNT), N(AT_EMPTY_PATH)};
static const struct name access_names[] = {N(F_OK), N(R_OK), N(W_OK), N(X_OK)};
static const struct name whence_names[] = {N(SEEK_SET), N(SEEK_CUR), N(SEEK_END), N(SEEK_DATA), N(SEEK_HOLE)};
static const struct name prot_names[] = {
    {0, "PROT_NONE"}, N(PROT_READ), N(PROT_WRITE), N(PROT_EXEC), N(PROT_GROWSDOWN)};
static const struct name map_names[] = {
    N(MAP_SHARED_VALIDATE), N(MAP_SHARED), N(MAP_PRIVATE),   N(MAP_FIXED),
    N(MAP_ANONYMOUS),       N(MAP_32BIT),  N(MAP_GROWSDOWN), N(MAP_DENYWRITE),
    N(MAP_EXECUTABLE),      N(MAP_LOCKED), N(MAP_NORESERVE), N(MAP_POPULATE),
    N(MAP_NONBLOCK),        N(MAP_STACK),  N(MAP_HUGETLB),   N(MAP_FIXED_NOREPLACE)};
static const struct name madvise_names[] = {N(MADV_NORMAL),   N(MADV_RANDOM),     N(MADV_SEQUENTIAL),
                                            N(MADV_WILLNEED), N(MADV_DONTNEED),   N(MADV_FREE),
                                            N(MADV_HUGEPAGE), N(MADV_NOHUGEPAGE), N(MADV_DONTFORK),
                                            N(MADV_DOFORK),   N(MADV_DONTDUMP),   N(MADV_DODUMP)};
static const struct name how_names[] = {N(SIG_BLOCK), N(SIG_UNBLOCK), N(SIG_SETMASK)};
static const struct name clone_names[] = {N(CLONE_VM),
                                          N(CLONE_FS),
                                          N(CLONE_FILES),
                                          N(CLONE_SIGHAND),
                                          N(CLONE_PIDFD),
                                          N(CLONE_PTRACE),
                                          N(CLONE_VFORK),
                                          N(CLONE_PARENT),
                                          N(CLONE_THREAD),
                                          N(CLONE_NEWNS),
                                          N(CLONE_SYSVSEM),
                                          N(CLONE_SETTLS),
                                          N(CLONE_PARENT_SETTID),
                                          N(CLONE_CHILD_CLEARTID),
                                          N(CLONE_DETACHED),
                                          N(CLONE_UNTRACED),
                                          N(CLONE_CHILD_SETTID),
                                          N(CLONE_NEWUTS),
                                          N(CLONE_NEWIPC),
                                          N(CLONE_NEWUSER),
                                          N(CLONE_NEWPID),
                                          N(CLONE_NEWNET)};
static const struct name wait_names[] = {N(WNOHANG), N(WUNTRACED), N(WEXITED), N(WCONTINUED),
                                         N(WNOWAIT), N(WALL),      N(WCLONE),  N(WNOTHREAD)};
static const struct name resource_names[] = {
    N(RLIMIT_CPU),      N(RLIMIT_FSIZE), N(RLIMIT_DATA),   N(RLIMIT_STACK),
    N(RLIMIT_CORE),     N(RLIMIT_RSS),   N(RLIMIT_NPROC),  N(RLIMIT_NOFILE),
    N(RLIMIT_MEMLOCK),  N(RLIMIT_AS),    N(RLIMIT_LOCKS),  N(RLIMIT_SIGPENDING),
    N(RLIMIT_MSGQUEUE), N(RLIMIT_NICE),  N(RLIMIT_RTPRIO), N(RLIMIT_RTTIME)};
static const struct name futex_names[] = {
    N(FUTEX_WAIT),    N(FUTEX_WAKE),      N(FUTEX_REQUEUE),    N(FUTEX_CMP_REQUEUE), N(FUTEX_WAKE_OP),
    N(FUTEX_LOCK_PI), N(FUTEX_UNLOCK_PI), N(FUTEX_TRYLOCK_PI), N(FUTEX_WAIT_BITSET), N(FUTEX_WAKE_BITSET)};
static const struct name clock_names[] = {
    N(CLOCK_REALTIME),      N(CLOCK_MONOTONIC),       N(CLOCK_PROCESS_CPUTIME_ID), N(CLOCK_THREAD_CPUTIME_ID),
    N(CLOCK_MONOTONIC_RAW), N(CLOCK_REALTIME_COARSE), N(CLOCK_MONOTONIC_COARSE),   N(CLOCK_BOOTTIME)};
static const struct name fcntl_names[] = {N(F_DUPFD),      N(F_GETFD),     N(F_SETFD),         N(F_GETFL),
                                          N(F_SETFL),      N(F_GETLK),     N(F_SETLK),         N(F_SETLKW),
                                          N(F_SETOWN),     N(F_GETOWN),    N(F_DUPFD_CLOEXEC), N(F_SETPIPE_SZ),
                                          N(F_GETPIPE_SZ), N(F_ADD_SEALS), N(F_GET_SEALS)};
static const struct name ioctl_names[] = {{0x5401, "TCGETS"},
                                          {0x5402, "TCSETS"},
                                          {0x5403, "TCSETSW"},
                                          {0x5404, "TCSETSF"},
                                          {0x5409, "TCSBRK"},
                                          {0x540b, "TCFLSH"},
                                          {0x540e, "TIOCSCTTY"},
                                          {0x540f, "TIOCGPGRP"},
                                          {0x5410, "TIOCSPGRP"},
                                          {0x5413, "TIOCGWINSZ"},
                                          {0x5414, "TIOCSWINSZ"},
                                          {0x5422, "TIOCNOTTY"},
                                          {0x5429, "TIOCGSID"},
                                          N(FIONREAD),
                                          N(FIONBIO),
                                          N(FIOCLEX),
                                          N(FIONCLEX)};
static const struct name arch_names[] = {N(ARCH_SET_GS), N(ARCH_SET_FS), N(ARCH_GET_FS), N(ARCH_GET_GS)};
static const struct name prctl_names[] = {
    N(PR_SET_PDEATHSIG), N(PR_GET_PDEATHSIG), N(PR_GET_DUMPABLE),     N(PR_SET_DUMPABLE),     N(PR_SET_NAME),
    N(PR_GET_NAME),      N(PR_CAPBSET_READ),  N(PR_SET_NO_NEW_PRIVS), N(PR_GET_NO_NEW_PRIVS), N(PR_SET_VMA)};
static const char *const signal_names[LX_NSIG + 1] = {
    "0",         "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
    "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
    "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
    "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS"};

static void add_signal(struct lx_trace *t, uint64_t number)
{
    if (number <= LX_NSIG && signal_names[number] != NULL)
        add(t, "%s", signal_names[number]);
    else if (number >= LX_SIGRTMIN && number <= LX_NSIG)
        add(t, "SIGRT_%lu", number - LX_SIGRTMIN);
    else
        add(t, "%ld", (long)number);
}

/* --- structures ------------------------------------------------------------------------------------------------------------ */
static void add_pointer(struct lx_trace *t, uint64_t user) { add(t, user == 0 ? "NULL" : "0x%lx", user); }

static void add_set(struct lx_trace *t, uint64_t user)
{
    uint64_t set;
    if (user == 0 || los_copy_in(&set, user, sizeof(set)) != 0) {
        add_pointer(t, user);
        return;
    }
    unsigned members = 0;
    for (uint64_t rest = set; rest != 0; rest &= rest - 1)
        members++;
    bool inverted = members > LX_NSIG / 2;
    const char *space = "";
    add(t, inverted ? "~[" : "[");
    for (unsigned n = 1; n <= LX_NSIG; n++)
        if (((set >> (n - 1)) & 1) != inverted) {
            add(t, "%s", space);
            add_signal(t, n);
            space = " ";
        }
    add(t, "]");
}

static void add_action(struct lx_trace *t, uint64_t user)
{
    struct lx_sigaction action;
    if (user == 0 || los_copy_in(&action, user, sizeof(action)) != 0)
        add_pointer(t, user);
    else if (action.handler <= LOS_HANDLER_IGNORE)
        add(t, "{sa_handler=%s, sa_flags=%#lx}", action.handler == LOS_HANDLER_DEFAULT ? "SIG_DFL" : "SIG_IGN",
            action.flags);
    else
        add(t, "{sa_handler=0x%lx, sa_mask=%#lx, sa_flags=%#lx}", action.handler, action.mask, action.flags);
}

static void add_strings(struct lx_trace *t, uint64_t user, bool count_only)
{
    uint64_t count = 0, string;
    bool shown = !count_only;
    if (shown)
        add(t, "[");
    for (; user != 0 && count < 100000 && los_copy_in(&string, user + count * 8, 8) == 0 && string != 0;
         count++)
        if (shown && count < ITEMS_SHOWN) {
            add(t, count > 0 ? ", " : "");
            add_string(t, string, STRING_SHOWN);
        }
    if (shown)
        add(t, count > ITEMS_SHOWN ? ", ...]" : "]");
    else
        add(t, "0x%lx /* %lu vars */", user, count);
}

static void add_iovec(struct lx_trace *t, uint64_t user, uint64_t n, uint64_t shown)
{
    struct lx_iovec v;
    add(t, "[");
    for (uint64_t i = 0; i < n && i < ITEMS_SHOWN && los_copy_in(&v, user + i * sizeof(v), sizeof(v)) == 0;
         i++) {
        uint64_t length = v.length < shown ? v.length : shown;
        add(t, i > 0 ? ", {" : "{");
        add_buffer(t, v.base, length);
        add(t, ", %lu}", v.length);
        shown -= length;
    }
    add(t, n > ITEMS_SHOWN ? ", ...]" : "]");
}

static void add_pollfds(struct lx_trace *t, uint64_t user, uint64_t n)
{
    struct lx_pollfd p;
    add(t, "[");
    for (uint64_t i = 0; i < n && i < ITEMS_SHOWN && los_copy_in(&p, user + i * sizeof(p), sizeof(p)) == 0; i++)
        add(t, "%s{fd=%d, events=%#x}", i > 0 ? ", " : "", p.fd, (unsigned)(uint16_t)p.events);
    add(t, "]");
}

static void add_time(struct lx_trace *t, uint64_t user, const char *fraction)
{
    struct lx_timespec time;
    if (user == 0 || los_copy_in(&time, user, sizeof(time)) != 0)
        add_pointer(t, user);
    else
        add(t, "{tv_sec=%ld, %s=%ld}", time.tv_sec, fraction, time.tv_nsec);
}

static void add_stat(struct lx_trace *t, uint64_t user)
{
    struct lx_stat s;
    if (los_copy_in(&s, user, sizeof(s)) != 0)
        add_pointer(t, user);
    else
        add(t, "{st_mode=%#o, st_size=%ld, ...}", s.st_mode, s.st_size);
}

static void add_status(struct lx_trace *t, uint64_t user)
{
    uint32_t s;
    if (user == 0 || los_copy_in(&s, user, sizeof(s)) != 0)
        add_pointer(t, user);
    else if ((s & 0x7f) == 0)
        add(t, "[{WIFEXITED(s) && WEXITSTATUS(s) == %u}]", s >> 8 & 0xff);
    else if ((s & 0xff) == 0x7f) {
        add(t, "[{WIFSTOPPED(s) && WSTOPSIG(s) == ");
        add_signal(t, s >> 8 & 0xff);
        add(t, "}]");
    } else if (s == 0xffff)
        add(t, "[{WIFCONTINUED(s)}]");
    else {
        add(t, "[{WIFSIGNALED(s) && WTERMSIG(s) == ");
        add_signal(t, s & 0x7f);
        add(t, "}]");
    }
}

static void add_limit(struct lx_trace *t, uint64_t user)
{
    struct lx_rlimit limit;
    if (user == 0 || los_copy_in(&limit, user, sizeof(limit)) != 0) {
        add_pointer(t, user);
        return;
    }
    add(t, limit.soft == UINT64_MAX ? "{rlim_cur=RLIM_INFINITY" : "{rlim_cur=%lu", limit.soft);
    add(t, limit.hard == UINT64_MAX ? ", rlim_max=RLIM_INFINITY}" : ", rlim_max=%lu}", limit.hard);
}

static void add_pair(struct lx_trace *t, uint64_t user)
{
    int pair[2];
    if (los_copy_in(pair, user, sizeof(pair)) != 0)
        add_pointer(t, user);
    else
        add(t, "[%d, %d]", pair[0], pair[1]);
}

/* --- one argument ------------------------------------------------------------------------------------------------------------- */
static void add_in(struct lx_trace *t, enum kind kind, uint64_t v, uint64_t next)
{
    switch (kind) {
    case INT:
    case FD: add(t, "%d", (int)v); break;
    case UINT: add(t, "%u", (unsigned)v); break;
    case LONG: add(t, "%ld", (long)v); break;
    case SIZE: add(t, "%lu", v); break;
    case MODE: add(t, "%#o", (unsigned)v); break;
    case PTR: add_pointer(t, v); break;
    case DIRFD: add(t, (int)v == LX_AT_FDCWD ? "AT_FDCWD" : "%d", (int)v); break;
    case PATH: add_string(t, v, PATH_SHOWN); break;
    case STR: add_string(t, v, STRING_SHOWN); break;
    case BUF_IN: add_buffer(t, v, next); break;
    case IOVEC_IN: add_iovec(t, v, next, UINT64_MAX); break;
    case POLLFDS: add_pollfds(t, v, next); break;
    case OPEN_FLAGS:
        add_name(t, v & LX_O_ACCMODE, NAMES(access_modes));
        if ((v & ~3ull) != 0) {
            add(t, "|");
            add_flags(t, v & ~3ull, NAMES(open_names));
        }
        break;
    case AT_FLAGS: add_flags(t, v, NAMES(at_names)); break;
    case ACCESS: add_flags(t, v, NAMES(access_names)); break;
    case WHENCE: add_name(t, v, NAMES(whence_names)); break;
    case PROT: add_flags(t, v, NAMES(prot_names)); break;
    case MAP_FLAGS: add_flags(t, v, NAMES(map_names)); break;
    case MADVISE: add_name(t, v, NAMES(madvise_names)); break;
    case SIGNAL: add_signal(t, v); break;
    case SIG_HOW: add_name(t, v, NAMES(how_names)); break;
    case SIGSET_IN: add_set(t, v); break;
    case SIGACTION_IN: add_action(t, v); break;
    case CLONE_FLAGS:
        add_flags(t, v & ~(uint64_t)LX_CSIGNAL, NAMES(clone_names));
        add(t, "|");
        add_signal(t, v & LX_CSIGNAL);
        break;
    case WAIT_OPTIONS: add_flags(t, v, NAMES(wait_names)); break;
    case STRINGS: add_strings(t, v, false); break;
    case STRING_COUNT: add_strings(t, v, true); break;
    case TIMESPEC_IN: add_time(t, v, "tv_nsec"); break;
    case TIMEVAL_IN: add_time(t, v, "tv_usec"); break;
    case RESOURCE: add_name(t, v, NAMES(resource_names)); break;
    case RLIMIT_IN: add_limit(t, v); break;
    case FUTEX_OP:
        add_name(t, v & 127, NAMES(futex_names));
        add(t, v & LX_FUTEX_PRIVATE_FLAG ? "_PRIVATE" : "");
        add(t, v & LX_FUTEX_CLOCK_REALTIME ? "|FUTEX_CLOCK_REALTIME" : "");
        break;
    case CLOCK: add_name(t, v, NAMES(clock_names)); break;
    case FCNTL: add_name(t, v, NAMES(fcntl_names)); break;
    case IOCTL: add_name(t, (uint32_t)v, NAMES(ioctl_names)); break;
    case ARCH: add_name(t, v, NAMES(arch_names)); break;
    case PRCTL: add_name(t, v, NAMES(prctl_names)); break;
    default: add(t, "%#lx", v); break;
    }
}

static void add_out(struct lx_trace *t, enum kind kind, uint64_t v, uint64_t next, long result)
{
    if (v == 0 || result < 0) {
        add_pointer(t, v);
        return;
    }
    switch (kind) {
    case BUF_OUT: add_buffer(t, v, (uint64_t)result); break;
    case STR_OUT: add_string(t, v, PATH_SHOWN); break;
    case IOVEC_OUT: add_iovec(t, v, next, (uint64_t)result); break;
    case STAT_OUT: add_stat(t, v); break;
    case SIGSET_OUT: add_set(t, v); break;
    case SIGACTION_OUT: add_action(t, v); break;
    case STATUS_OUT:
        if (result > 0)
            add_status(t, v);
        else
            add_pointer(t, v);
        break;
    case TIMESPEC_OUT: add_time(t, v, "tv_nsec"); break;
    case TIMEVAL_OUT: add_time(t, v, "tv_usec"); break;
    case RLIMIT_OUT: add_limit(t, v); break;
    case FD_PAIR: add_pair(t, v); break;
    case UTSNAME_OUT:
        add(t, "{sysname=");
        add_string(t, v, STRING_SHOWN);
        add(t, ", ...}");
        break;
    default: add_pointer(t, v); break;
    }
}

static const uint8_t *kinds_of(unsigned number)
{
    static const uint8_t unknown[7] = {HEX, HEX, HEX, HEX, HEX, HEX};
    return number < LX_CALLS ? kinds[number] : unknown;
}

/* Adds arguments from trace->next on: before the call those that are known by then. */
static void add_arguments(struct lx_trace *t, bool after, long result)
{
    const uint8_t *kind = kinds_of(t->number);
    for (; t->next < 6 && kind[t->next] != NONE; t->next++) {
        if (kind[t->next] >= OUT && !after)
            return;
        uint64_t value = t->arg[t->next], next = t->next < 5 ? t->arg[t->next + 1] : 0;
        add(t, t->next > 0 ? ", " : "");
        if (kind[t->next] >= OUT)
            add_out(t, kind[t->next], value, next, result);
        else
            add_in(t, kind[t->next], value, next);
    }
}

static void emit(struct lx_trace *t)
{
    los_errors_write(t->line, t->length < sizeof(t->line) ? t->length : sizeof(t->line));
    t->length = 0;
}

static void start(struct lx_trace *t, unsigned number, const uint64_t arg[6])
{
    const char *name = lx_call_name(number);
    t->length = 0;
    t->number = number;
    t->next = 0;
    t->arg = arg;
    t->pid = los_current()->process->pid;
    t->tid = los_current()->tid;
    add(t, "[%d] ", t->tid);
    if (name != NULL)
        add(t, "%s(", name);
    else
        add(t, "syscall_%u(", number);
}

void lx_trace_init(void) { lx_tracing = los_option("trace") != NULL; }

void lx_trace_enter(struct lx_trace *t, unsigned number, const uint64_t arg[6])
{
    start(t, number, arg);
    add_arguments(t, false, 0);
    if (number == 60 || number == 231 || number == 15) { /* exit, exit_group, rt_sigreturn: no result comes */
        t->length += (size_t)los_snprintf(t->line + t->length, sizeof(t->line) - t->length, ") = ?\n");
        emit(t);
    }
}

void lx_trace_leave(struct lx_trace *t, long result)
{
    if (t->length == 0)
        return;
    add_arguments(t, true, result);
    char *end = t->line + t->length;
    size_t room = sizeof(t->line) - t->length;
    const char *name = result < 0 ? lx_errno_name((int)-result) : NULL;
    int n;
    if (name != NULL)
        n = los_snprintf(end, room, ") = -1 %s (%s)\n", name, lx_errno_text((int)-result));
    else if (result > 0xffffff || result < 0)
        n = los_snprintf(end, room, ") = 0x%lx\n", (unsigned long)result);
    else
        n = los_snprintf(end, room, ") = %ld\n", result);
    t->length += n > 0 ? (size_t)n : 0;
    emit(t);
}

void lx_trace_signal(const struct los_signal_info *info)
{
    struct lx_trace t;
    t.length = 0;
    add(&t, "[%d] --- ", los_current()->tid);
    add_signal(&t, (uint64_t)info->number);
    if (info->cause <= LOS_CAUSE_QUEUE)
        add(&t, " {si_pid=%d, si_uid=%d}", info->sender_process, info->sender_user);
    else if (info->cause >= LOS_CAUSE_FAULT_UNMAPPED && info->cause <= LOS_CAUSE_STEP)
        add(&t, " {si_addr=0x%lx}", info->address);
    add(&t, " ---\n");
    emit(&t);
}
