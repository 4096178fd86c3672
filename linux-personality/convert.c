/* SPDX-License-Identifier: MPL-2.0 */
/* Conversions between Linux's structures and flags and the library OS's, with their copies from and to the program. */
#include <personality.h>

#define NS_PER_S 1000000000ull

/* --- paths and buffers -------------------------------------------------------------------------------------------- */
long lx_path(uint64_t user, char **out)
{
    *out = NULL;
    char *path = los_alloc(LX_PATH_MAX);
    if (path == NULL)
        return -LOS_E_NOMEM;
    long length = los_copy_in_string(path, user, LX_PATH_MAX);
    if (length < 0) {
        los_free(path);
        return length;
    }
    *out = path;
    return 0;
}

void lx_path_free(char *path) { los_free(path); }

long lx_fd_path(uint64_t dirfd, const char *path, const struct los_path **start)
{
    *start = NULL;
    if ((path != NULL && path[0] == '/') || (int)dirfd == LX_AT_FDCWD)
        return 0;
    struct los_file *file = los_descriptor((int)dirfd);
    if (file == NULL)
        return -LOS_E_BADF;
    if (path != NULL && path[0] != 0 && file->inode->type != LOS_DIRECTORY)
        return -LOS_E_NOTDIR;
    if (file->path.entry == NULL) /* not in the tree: a pipe and the like */
        return -LOS_E_NOTDIR;
    *start = &file->path;
    return 0;
}

long lx_iovecs_in(uint64_t user, uint64_t n, struct lx_iovec **out, size_t *total)
{
    *out = NULL;
    *total = 0;
    if (n > LX_IOV_MAX)
        return -LOS_E_INVAL;
    if (n == 0)
        return 0;
    struct lx_iovec *vectors = los_alloc(n * sizeof(*vectors));
    if (vectors == NULL)
        return -LOS_E_NOMEM;
    long error = los_copy_in(vectors, user, n * sizeof(*vectors));
    size_t sum = 0;
    for (uint64_t i = 0; i < n && error == 0; i++) {
        if (vectors[i].length > INT64_MAX)
            error = -LOS_E_INVAL;
        else if (vectors[i].length > LX_RW_COUNT_MAX - sum)
            vectors[i].length = LX_RW_COUNT_MAX - sum; /* as Linux cuts it */
        sum += vectors[i].length;
    }
    if (error != 0) {
        los_free(vectors);
        return error;
    }
    *out = vectors;
    *total = sum;
    return 0;
}

/* --- files ------------------------------------------------------------------------------------------------------------ */
uint64_t lx_device(uint32_t major, uint32_t minor)
{
    return (minor & 0xff) | (uint64_t)(major & 0xfff) << 8 | (uint64_t)(minor & ~0xffu) << 12;
}
uint32_t lx_device_major(uint64_t device) { return (uint32_t)(device >> 8) & 0xfff; }
uint32_t lx_device_minor(uint64_t device)
{
    return (uint32_t)(device & 0xff) | ((uint32_t)(device >> 12) & 0xfff00);
}

static const struct {
    uint32_t mode;
    uint8_t dirent;
} types[] = {
    [LOS_REGULAR] = {LX_S_IFREG, LX_DT_REG},  [LOS_DIRECTORY] = {LX_S_IFDIR, LX_DT_DIR},
    [LOS_SYMLINK] = {LX_S_IFLNK, LX_DT_LNK},  [LOS_CHARACTER] = {LX_S_IFCHR, LX_DT_CHR},
    [LOS_BLOCK] = {LX_S_IFBLK, LX_DT_BLK},    [LOS_FIFO] = {LX_S_IFIFO, LX_DT_FIFO},
    [LOS_SOCKET] = {LX_S_IFSOCK, LX_DT_SOCK},
};

uint32_t lx_mode(const struct los_stat *stat)
{
    uint32_t type = stat->type < LOS_COUNT(types) ? types[stat->type].mode : 0;
    return type | (stat->permissions & 07777);
}

enum los_file_type lx_mode_type(uint32_t mode)
{
    for (size_t type = LOS_REGULAR; type < LOS_COUNT(types); type++)
        if (types[type].mode == (mode & LX_S_IFMT))
            return (enum los_file_type)type;
    return (enum los_file_type)0;
}

uint8_t lx_dirent_type(enum los_file_type type)
{
    return (size_t)type < LOS_COUNT(types) ? types[type].dirent : LX_DT_UNKNOWN;
}

void lx_stat_convert(const struct los_stat *from, struct lx_stat *to)
{
    *to = (struct lx_stat){
        .st_dev = from->device,
        .st_ino = from->inode,
        .st_nlink = from->links,
        .st_mode = lx_mode(from),
        .st_uid = from->user,
        .st_gid = from->group,
        .st_size = (int64_t)from->size,
        .st_blksize = from->block_size,
        .st_blocks = (int64_t)from->blocks,
        .st_atime_sec = (uint64_t)from->accessed.seconds,
        .st_atime_nsec = from->accessed.nanoseconds,
        .st_mtime_sec = (uint64_t)from->modified.seconds,
        .st_mtime_nsec = from->modified.nanoseconds,
        .st_ctime_sec = (uint64_t)from->changed.seconds,
        .st_ctime_nsec = from->changed.nanoseconds,
    };
    if (from->type == LOS_CHARACTER || from->type == LOS_BLOCK)
        to->st_rdev = lx_device(from->major, from->minor);
}

long lx_stat_out(uint64_t user, const struct los_stat *stat)
{
    struct lx_stat converted;
    lx_stat_convert(stat, &converted);
    return los_copy_out(user, &converted, sizeof(converted));
}

#define BIT(n)             (__builtin_ctz(n))
#define OPEN_FLAGS_KEPT(X) /* shown by F_GETFL */                                                              \
    X(LX_O_APPEND, LOS_OPEN_APPEND)                                                                            \
    X(LX_O_NONBLOCK, LOS_OPEN_NONBLOCK)                                                                        \
    X(LX_O_DIRECTORY, LOS_OPEN_DIRECTORY)                                                                      \
    X(LX_O_NOFOLLOW, LOS_OPEN_NOFOLLOW)                                                                        \
    X(LX_O_PATH, LOS_OPEN_PATH)                                                                                \
    X(LX_O_NOATIME, LOS_OPEN_NOATIME)                                                                          \
    X(LX_O_DIRECT, LOS_OPEN_DIRECT)
#define PAIR(linux_flag, los_flag) {linux_flag, los_flag},
static const struct {
    uint64_t linux_flag;
    uint32_t los_flag;
} open_flags[] = {{LX_O_CREAT, LOS_OPEN_CREATE},
                  {LX_O_EXCL, LOS_OPEN_EXCLUSIVE},
                  {LX_O_TRUNC, LOS_OPEN_TRUNCATE},
                  {LX_O_NOCTTY, LOS_OPEN_NOTERMINAL},
                  OPEN_FLAGS_KEPT(PAIR)};
#define SHOWN(linux_flag, los_flag) [BIT(los_flag)] = linux_flag,
static const uint32_t shown_open_flags[32] = {
    [BIT(LOS_OPEN_SYNC)] = LX_O_SYNC, [BIT(LOS_OPEN_TEMPORARY)] = LX_O_TMPFILE, OPEN_FLAGS_KEPT(SHOWN)};

uint32_t lx_open_flags(uint64_t linux_flags)
{
    uint32_t flags = 0;
    if (linux_flags & LX_O_PATH) /* all but these mean nothing then */
        linux_flags &= LX_O_PATH | LX_O_DIRECTORY | LX_O_NOFOLLOW;
    else
        switch (linux_flags & LX_O_ACCMODE) {
        case LX_O_RDONLY: flags = LOS_OPEN_READ; break;
        case LX_O_WRONLY: flags = LOS_OPEN_WRITE; break;
        case LX_O_RDWR: flags = LOS_OPEN_READ | LOS_OPEN_WRITE; break;
        default: break; /* 3: for device control only */
        }
    for (size_t i = 0; i < LOS_COUNT(open_flags); i++)
        if (linux_flags & open_flags[i].linux_flag)
            flags |= open_flags[i].los_flag;
    if ((linux_flags & LX_O_TMPFILE) == LX_O_TMPFILE)
        flags = (flags & ~(uint32_t)LOS_OPEN_CREATE) | LOS_OPEN_TEMPORARY;
    if (linux_flags & LX_O_SYNC) /* O_DSYNC is one of its two bits */
        flags |= LOS_OPEN_SYNC;
    return flags;
}

uint64_t lx_open_flags_out(uint32_t los_flags)
{
    uint64_t flags = los_flags & LOS_OPEN_PATH ? 0 : LX_O_LARGEFILE;
    if ((los_flags & (LOS_OPEN_READ | LOS_OPEN_WRITE)) == (LOS_OPEN_READ | LOS_OPEN_WRITE))
        flags |= LX_O_RDWR;
    else if (los_flags & LOS_OPEN_WRITE)
        flags |= LX_O_WRONLY;
    for (uint32_t bits = los_flags; bits != 0; bits &= bits - 1)
        flags |= shown_open_flags[BIT(bits)];
    return flags;
}

/* By number of the bit. */
static const uint32_t los_events_of[32] = {
    [BIT(LX_POLLIN)] = LOS_POLL_IN,        [BIT(LX_POLLRDNORM)] = LOS_POLL_IN,
    [BIT(LX_POLLOUT)] = LOS_POLL_OUT,      [BIT(LX_POLLWRNORM)] = LOS_POLL_OUT,
    [BIT(LX_POLLERR)] = LOS_POLL_ERROR,    [BIT(LX_POLLHUP)] = LOS_POLL_HANGUP,
    [BIT(LX_POLLPRI)] = LOS_POLL_PRIORITY, [BIT(LX_POLLRDHUP)] = LOS_POLL_READ_HANGUP,
};
static const uint32_t linux_events_of[32] = {
    [BIT(LOS_POLL_IN)] = LX_POLLIN | LX_POLLRDNORM,
    [BIT(LOS_POLL_OUT)] = LX_POLLOUT | LX_POLLWRNORM,
    [BIT(LOS_POLL_ERROR)] = LX_POLLERR,
    [BIT(LOS_POLL_HANGUP)] = LX_POLLHUP,
    [BIT(LOS_POLL_PRIORITY)] = LX_POLLPRI,
    [BIT(LOS_POLL_READ_HANGUP)] = LX_POLLRDHUP,
};

static inline uint32_t events_of(const uint32_t of[32], uint32_t bits)
{
    uint32_t events = 0;
    for (; bits; bits &= bits - 1)
        events |= of[BIT(bits)];
    return events;
}

uint32_t lx_poll_in(uint32_t linux_events) { return events_of(los_events_of, linux_events); }
uint32_t lx_poll_out(uint32_t los_events) { return events_of(linux_events_of, los_events); }

uint64_t lx_filesystem_magic(uint64_t kind)
{
    switch (kind) {
    case LOS_PROCFS: return LX_PROC_MAGIC;
    case LOS_SYSFS: return LX_SYSFS_MAGIC;
    case LOS_PIPEFS: return LX_PIPEFS_MAGIC;
    case LOS_SOCKFS: return LX_SOCKFS_MAGIC;
    case LOS_ANONFS: return LX_ANON_MAGIC;
    case LOS_DEVPTS: return LX_DEVPTS_MAGIC;
    default: return LX_TMPFS_MAGIC; /* devtmpfs shows tmpfs's too */
    }
}

/* --- time ----------------------------------------------------------------------------------------------------------------- */
#define SECONDS_MAX (1ll << 33) /* in ns still below 2^63 */

bool lx_timespec_valid(const struct lx_timespec *t)
{
    return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < (int64_t)NS_PER_S;
}

uint64_t lx_timespec_ns(const struct lx_timespec *t)
{
    int64_t seconds = t->tv_sec < SECONDS_MAX ? t->tv_sec : SECONDS_MAX;
    return (uint64_t)seconds * NS_PER_S + (uint64_t)t->tv_nsec;
}

long lx_timespec_in(uint64_t user, uint64_t *ns)
{
    struct lx_timespec t;
    if (los_copy_in(&t, user, sizeof(t)) != 0)
        return -LOS_E_FAULT;
    if (!lx_timespec_valid(&t))
        return -LOS_E_INVAL;
    *ns = lx_timespec_ns(&t);
    return 0;
}

struct lx_timespec lx_timespec_from(uint64_t ns)
{
    return (struct lx_timespec){(int64_t)(ns / NS_PER_S), (int64_t)(ns % NS_PER_S)};
}

long lx_timespec_out(uint64_t user, uint64_t ns)
{
    struct lx_timespec t = lx_timespec_from(ns);
    return los_copy_out(user, &t, sizeof(t));
}

long lx_timeval_in(uint64_t user, uint64_t *ns)
{
    struct lx_timeval t;
    if (los_copy_in(&t, user, sizeof(t)) != 0)
        return -LOS_E_FAULT;
    if (t.tv_sec < 0 || t.tv_usec < 0 || t.tv_usec >= 1000000)
        return -LOS_E_INVAL;
    struct lx_timespec converted = {t.tv_sec, t.tv_usec * 1000};
    *ns = lx_timespec_ns(&converted);
    return 0;
}

struct lx_timeval lx_timeval_from(uint64_t ns)
{
    return (struct lx_timeval){(int64_t)(ns / NS_PER_S), (int64_t)(ns % NS_PER_S / 1000)};
}

long lx_timeval_out(uint64_t user, uint64_t ns)
{
    struct lx_timeval t = lx_timeval_from(ns);
    return los_copy_out(user, &t, sizeof(t));
}

uint64_t lx_deadline(uint64_t relative_ns)
{
    uint64_t now = los_now();
    return relative_ns < LOS_FOREVER - 1 - now ? now + relative_ns : LOS_FOREVER - 1;
}

long lx_deadline_in(uint64_t user, uint64_t *deadline_ns)
{
    uint64_t ns;
    *deadline_ns = LOS_FOREVER;
    if (user == 0)
        return 0;
    long error = lx_timespec_in(user, &ns);
    if (error == 0)
        *deadline_ns = lx_deadline(ns);
    return error;
}

/* --- signals ---------------------------------------------------------------------------------------------------------------- */
long lx_sigset_in(uint64_t user, uint64_t size, los_signal_set *set)
{
    if (size != sizeof(*set))
        return -LOS_E_INVAL;
    return los_copy_in(set, user, sizeof(*set));
}
