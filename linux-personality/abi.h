/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The Linux x86-64 ABI in our own words: numbers, flags and structures as programs see them (Linux 6.1; man-pages 6,
 * System V ABI AMD64 supplement). Every name starts with LX_ or lx_, so that the unit tests can hold it against the host's own
 * headers. Terminal control lives in terminal.c.
 */
#ifndef LX_ABI_H
#define LX_ABI_H

#include <stdint.h>
#include <stddef.h>

/* --- error numbers: those that a personality itself needs; the table from enum los_error is error.c --------------------- */
enum lx_errno {
    LX_EPERM = 1,
    LX_ENOENT,
    LX_ESRCH,
    LX_EINTR,
    LX_EIO,
    LX_ENXIO,
    LX_E2BIG,
    LX_ENOEXEC,
    LX_EBADF,
    LX_ECHILD,
    LX_EAGAIN,
    LX_ENOMEM,
    LX_EACCES,
    LX_EFAULT,
    LX_ENOTBLK,
    LX_EBUSY,
    LX_EEXIST,
    LX_EXDEV,
    LX_ENODEV,
    LX_ENOTDIR,
    LX_EISDIR,
    LX_EINVAL,
    LX_ENFILE,
    LX_EMFILE,
    LX_ENOTTY,
    LX_ETXTBSY,
    LX_EFBIG,
    LX_ENOSPC,
    LX_ESPIPE,
    LX_EROFS,
    LX_EMLINK,
    LX_EPIPE,
    LX_EDOM,
    LX_ERANGE,
    LX_EDEADLK = 35,
    LX_ENAMETOOLONG = 36,
    LX_ENOSYS = 38,
    LX_ENOTEMPTY = 39,
    LX_ELOOP = 40,
    LX_ENODATA = 61,
    LX_EOVERFLOW = 75,
    LX_ELIBBAD = 80,
    LX_ENOTSOCK = 88,
    LX_EDESTADDRREQ = 89,
    LX_EMSGSIZE = 90,
    LX_ENOPROTOOPT = 92,
    LX_EPROTONOSUPPORT = 93,
    LX_EOPNOTSUPP = 95,
    LX_EAFNOSUPPORT = 97,
    LX_EADDRINUSE = 98,
    LX_EISCONN = 106,
    LX_ENOTCONN = 107,
    LX_ETIMEDOUT = 110,
    LX_ECONNREFUSED = 111,
    /* Inside only, never seen by a program: an interrupted call (see dispatch.c). */
    LX_ERESTARTSYS = 512,
    LX_ERESTARTNOHAND = 514,
};

/* --- limits --------------------------------------------------------------------------------------------------------------- */
#define LX_PATH_MAX      4096
#define LX_ARG_BYTES_MAX (32 * 4096ul) /* one string */
#define LX_RW_COUNT_MAX  0x7ffff000ul  /* one read or write moves at most this */
#define LX_IOV_MAX       1024
#define LX_CLOCK_TICKS   100 /* per second: USER_HZ */
#define LX_RLIM_INFINITY UINT64_MAX

/* --- files ------------------------------------------------------------------------------------------------------------------ */
#define LX_AT_FDCWD            (-100)
#define LX_AT_SYMLINK_NOFOLLOW 0x100
#define LX_AT_REMOVEDIR        0x200
#define LX_AT_EACCESS          0x200
#define LX_AT_SYMLINK_FOLLOW   0x400
#define LX_AT_NO_AUTOMOUNT     0x800
#define LX_AT_EMPTY_PATH       0x1000
#define LX_AT_STATX_FORCE_SYNC 0x2000
#define LX_AT_STATX_DONT_SYNC  0x4000

#define LX_O_ACCMODE   3
#define LX_O_RDONLY    0
#define LX_O_WRONLY    1
#define LX_O_RDWR      2
#define LX_O_CREAT     0100
#define LX_O_EXCL      0200
#define LX_O_NOCTTY    0400
#define LX_O_TRUNC     01000
#define LX_O_APPEND    02000
#define LX_O_NONBLOCK  04000
#define LX_O_DSYNC     010000
#define LX_O_ASYNC     020000
#define LX_O_DIRECT    040000
#define LX_O_LARGEFILE 0100000
#define LX_O_DIRECTORY 0200000
#define LX_O_NOFOLLOW  0400000
#define LX_O_NOATIME   01000000
#define LX_O_CLOEXEC   02000000
#define LX_O_SYNC      04010000
#define LX_O_PATH      010000000
#define LX_O_TMPFILE   020200000

#define LX_S_IFMT   0170000
#define LX_S_IFIFO  0010000
#define LX_S_IFCHR  0020000
#define LX_S_IFDIR  0040000
#define LX_S_IFBLK  0060000
#define LX_S_IFREG  0100000
#define LX_S_IFLNK  0120000
#define LX_S_IFSOCK 0140000
#define LX_S_ISUID  04000
#define LX_S_ISGID  02000
#define LX_S_IXGRP  00010

enum {
    LX_DT_UNKNOWN = 0,
    LX_DT_FIFO = 1,
    LX_DT_CHR = 2,
    LX_DT_DIR = 4,
    LX_DT_BLK = 6,
    LX_DT_REG = 8,
    LX_DT_LNK = 10,
    LX_DT_SOCK = 12
};
enum { LX_SEEK_SET, LX_SEEK_CUR, LX_SEEK_END, LX_SEEK_DATA, LX_SEEK_HOLE };
enum { LX_F_OK = 0, LX_X_OK = 1, LX_W_OK = 2, LX_R_OK = 4 };
enum {
    LX_F_DUPFD = 0,
    LX_F_GETFD = 1,
    LX_F_SETFD = 2,
    LX_F_GETFL = 3,
    LX_F_SETFL = 4,
    LX_F_GETLK = 5,
    LX_F_SETLK = 6,
    LX_F_SETLKW = 7,
    LX_F_SETOWN = 8,
    LX_F_GETOWN = 9,
    LX_F_SETSIG = 10,
    LX_F_GETSIG = 11,
    LX_F_SETOWN_EX = 15,
    LX_F_GETOWN_EX = 16,
    LX_F_OFD_GETLK = 36,
    LX_F_OFD_SETLK = 37,
    LX_F_OFD_SETLKW = 38,
    LX_F_SETLEASE = 1024,
    LX_F_GETLEASE = 1025,
    LX_F_NOTIFY = 1026,
    LX_F_DUPFD_CLOEXEC = 1030,
    LX_F_SETPIPE_SZ = 1031,
    LX_F_GETPIPE_SZ = 1032,
    LX_F_ADD_SEALS = 1033,
    LX_F_GET_SEALS = 1034,
};
#define LX_FD_CLOEXEC 1
enum { LX_F_RDLCK = 0, LX_F_WRLCK = 1, LX_F_UNLCK = 2 };
enum { LX_LOCK_SH = 1, LX_LOCK_EX = 2, LX_LOCK_NB = 4, LX_LOCK_UN = 8 };
enum {
    LX_F_SEAL_SEAL = 1,
    LX_F_SEAL_SHRINK = 2,
    LX_F_SEAL_GROW = 4,
    LX_F_SEAL_WRITE = 8,
    LX_F_SEAL_FUTURE_WRITE = 16
};
enum { LX_MFD_CLOEXEC = 1, LX_MFD_ALLOW_SEALING = 2, LX_MFD_HUGETLB = 4 };
enum { LX_RENAME_NOREPLACE = 1, LX_RENAME_EXCHANGE = 2, LX_RENAME_WHITEOUT = 4 };
enum { LX_FALLOC_KEEP_SIZE = 1, LX_FALLOC_PUNCH_HOLE = 2 };
enum { LX_RWF_HIPRI = 1, LX_RWF_DSYNC = 2, LX_RWF_SYNC = 4, LX_RWF_NOWAIT = 8, LX_RWF_APPEND = 16 };
enum { LX_CLOSE_RANGE_UNSHARE = 2, LX_CLOSE_RANGE_CLOEXEC = 4 };
enum {
    LX_RESOLVE_NO_XDEV = 1,
    LX_RESOLVE_NO_MAGICLINKS = 2,
    LX_RESOLVE_NO_SYMLINKS = 4,
    LX_RESOLVE_BENEATH = 8,
    LX_RESOLVE_IN_ROOT = 16,
    LX_RESOLVE_CACHED = 32
};
#define LX_POLLIN     1
#define LX_POLLPRI    2
#define LX_POLLOUT    4
#define LX_POLLERR    8
#define LX_POLLHUP    16
#define LX_POLLNVAL   32
#define LX_POLLRDNORM 64
#define LX_POLLRDBAND 128
#define LX_POLLWRNORM 256
#define LX_POLLWRBAND 512
#define LX_POLLRDHUP  0x2000

enum {
    LX_MS_RDONLY = 1,
    LX_MS_NOSUID = 2,
    LX_MS_NODEV = 4,
    LX_MS_NOEXEC = 8,
    LX_MS_SYNCHRONOUS = 16,
    LX_MS_REMOUNT = 32,
    LX_MS_DIRSYNC = 128,
    LX_MS_NOATIME = 1024,
    LX_MS_NODIRATIME = 2048,
    LX_MS_BIND = 4096,
    LX_MS_MOVE = 8192,
    LX_MS_REC = 16384,
    LX_MS_SILENT = 32768,
    LX_MS_UNBINDABLE = 1 << 17,
    LX_MS_PRIVATE = 1 << 18,
    LX_MS_SLAVE = 1 << 19,
    LX_MS_SHARED = 1 << 20,
    LX_MS_RELATIME = 1 << 21,
    LX_MS_STRICTATIME = 1 << 24,
};
enum { LX_MNT_FORCE = 1, LX_MNT_DETACH = 2, LX_MNT_EXPIRE = 4, LX_UMOUNT_NOFOLLOW = 8 };
#define LX_TMPFS_MAGIC  0x01021994
#define LX_PROC_MAGIC   0x9fa0
#define LX_SYSFS_MAGIC  0x62656572
#define LX_PIPEFS_MAGIC 0x50495045
#define LX_SOCKFS_MAGIC 0x534f434b
#define LX_ANON_MAGIC   0x09041934
#define LX_DEVPTS_MAGIC 0x1cd1
enum {
    LX_ST_RDONLY = 1,
    LX_ST_NOSUID = 2,
    LX_ST_NODEV = 4,
    LX_ST_NOEXEC = 8,
    LX_ST_VALID = 32,
    LX_ST_NOATIME = 1024,
    LX_ST_RELATIME = 4096
};

#define LX_FIOCLEX  0x5451
#define LX_FIONCLEX 0x5450
#define LX_FIOASYNC 0x5452
#define LX_FIOQSIZE 0x5460
#define LX_FIONREAD 0x541b
#define LX_FIONBIO  0x5421

struct lx_stat {
    uint64_t st_dev, st_ino, st_nlink;
    uint32_t st_mode, st_uid, st_gid, pad0;
    uint64_t st_rdev;
    int64_t st_size, st_blksize, st_blocks;
    uint64_t st_atime_sec, st_atime_nsec, st_mtime_sec, st_mtime_nsec, st_ctime_sec, st_ctime_nsec;
    int64_t reserved[3];
};
_Static_assert(sizeof(struct lx_stat) == 144, "Linux ABI");

struct lx_statx_timestamp {
    int64_t tv_sec;
    uint32_t tv_nsec;
    int32_t reserved;
};
struct lx_statx {
    uint32_t stx_mask, stx_blksize;
    uint64_t stx_attributes;
    uint32_t stx_nlink, stx_uid, stx_gid;
    uint16_t stx_mode, pad1;
    uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
    struct lx_statx_timestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
    uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
    uint64_t stx_mnt_id;
    uint32_t stx_dio_mem_align, stx_dio_offset_align;
    uint64_t spare[12];
};
_Static_assert(sizeof(struct lx_statx) == 256, "Linux ABI");
enum {
    LX_STATX_TYPE = 1,
    LX_STATX_MODE = 2,
    LX_STATX_NLINK = 4,
    LX_STATX_UID = 8,
    LX_STATX_GID = 16,
    LX_STATX_ATIME = 32,
    LX_STATX_MTIME = 64,
    LX_STATX_CTIME = 128,
    LX_STATX_INO = 256,
    LX_STATX_SIZE = 512,
    LX_STATX_BLOCKS = 1024,
    LX_STATX_BASIC_STATS = 0x7ff,
    LX_STATX_BTIME = 0x800,
    LX_STATX_MNT_ID = 0x1000,
    LX_STATX_RESERVED = 0x80000000
};

struct lx_statfs {
    int64_t f_type, f_bsize;
    uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
    int32_t f_fsid[2];
    int64_t f_namelen, f_frsize, f_flags, spare[4];
};
_Static_assert(sizeof(struct lx_statfs) == 120, "Linux ABI");

struct lx_dirent64 { /* followed by the name, its NUL, and padding to 8 bytes */
    uint64_t d_ino;
    int64_t d_off;
    uint16_t d_reclen;
    uint8_t d_type;
    char d_name[];
} __attribute__((packed));
struct lx_dirent { /* the old one: its type is the last byte of the record */
    uint64_t d_ino;
    uint64_t d_off;
    uint16_t d_reclen;
    char d_name[];
} __attribute__((packed));

struct lx_iovec {
    uint64_t base, length;
};
struct lx_pollfd {
    int32_t fd;
    int16_t events, revents;
};
struct lx_flock {
    int16_t l_type, l_whence;
    int32_t pad;
    int64_t l_start, l_len;
    int32_t l_pid, pad1;
};
_Static_assert(sizeof(struct lx_flock) == 32, "Linux ABI");
struct lx_open_how {
    uint64_t flags, mode, resolve;
};
struct lx_utimbuf {
    int64_t actime, modtime;
};

/* --- time ------------------------------------------------------------------------------------------------------------------ */
struct lx_timespec {
    int64_t tv_sec, tv_nsec;
};
struct lx_timeval {
    int64_t tv_sec, tv_usec;
};
struct lx_itimerval {
    struct lx_timeval interval, value;
};
struct lx_itimerspec {
    struct lx_timespec interval, value;
};
struct lx_timezone {
    int32_t minutes_west, dst;
};
struct lx_tms {
    int64_t utime, stime, cutime, cstime;
};
enum {
    LX_CLOCK_REALTIME,
    LX_CLOCK_MONOTONIC,
    LX_CLOCK_PROCESS_CPUTIME_ID,
    LX_CLOCK_THREAD_CPUTIME_ID,
    LX_CLOCK_MONOTONIC_RAW,
    LX_CLOCK_REALTIME_COARSE,
    LX_CLOCK_MONOTONIC_COARSE,
    LX_CLOCK_BOOTTIME,
    LX_CLOCK_REALTIME_ALARM,
    LX_CLOCK_BOOTTIME_ALARM,
    LX_CLOCK_TAI = 11
};
enum { LX_TIMER_ABSTIME = 1 };
enum { LX_ITIMER_REAL, LX_ITIMER_VIRTUAL, LX_ITIMER_PROF };
#define LX_UTIME_NOW  0x3fffffff
#define LX_UTIME_OMIT 0x3ffffffe

/* --- processes --------------------------------------------------------------------------------------------------------------- */
#define LX_CSIGNAL              0xff
#define LX_CLONE_VM             0x100
#define LX_CLONE_FS             0x200
#define LX_CLONE_FILES          0x400
#define LX_CLONE_SIGHAND        0x800
#define LX_CLONE_PIDFD          0x1000
#define LX_CLONE_PTRACE         0x2000
#define LX_CLONE_VFORK          0x4000
#define LX_CLONE_PARENT         0x8000
#define LX_CLONE_THREAD         0x10000
#define LX_CLONE_NEWNS          0x20000
#define LX_CLONE_SYSVSEM        0x40000
#define LX_CLONE_SETTLS         0x80000
#define LX_CLONE_PARENT_SETTID  0x100000
#define LX_CLONE_CHILD_CLEARTID 0x200000
#define LX_CLONE_DETACHED       0x400000
#define LX_CLONE_UNTRACED       0x800000
#define LX_CLONE_CHILD_SETTID   0x1000000
#define LX_CLONE_NEWCGROUP      0x2000000
#define LX_CLONE_NEWUTS         0x4000000
#define LX_CLONE_NEWIPC         0x8000000
#define LX_CLONE_NEWUSER        0x10000000
#define LX_CLONE_NEWPID         0x20000000
#define LX_CLONE_NEWNET         0x40000000
#define LX_CLONE_IO             0x80000000u
#define LX_CLONE_CLEAR_SIGHAND  0x100000000ull
#define LX_CLONE_INTO_CGROUP    0x200000000ull
struct lx_clone_args {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size,
        cgroup;
};
enum {
    LX_WNOHANG = 1,
    LX_WUNTRACED = 2,
    LX_WSTOPPED = 2,
    LX_WEXITED = 4,
    LX_WCONTINUED = 8,
    LX_WNOWAIT = 0x1000000,
    LX_WNOTHREAD = 0x20000000,
    LX_WALL = 0x40000000
};
#define LX_WCLONE 0x80000000u
enum { LX_P_ALL, LX_P_PID, LX_P_PGID, LX_P_PIDFD };
enum { LX_RUSAGE_SELF = 0, LX_RUSAGE_CHILDREN = -1, LX_RUSAGE_THREAD = 1 };
struct lx_rusage {
    struct lx_timeval utime, stime;
    int64_t maxrss, ixrss, idrss, isrss, minflt, majflt, nswap, inblock, oublock, msgsnd, msgrcv, nsignals,
        nvcsw, nivcsw;
};
_Static_assert(sizeof(struct lx_rusage) == 144, "Linux ABI");
struct lx_rlimit {
    uint64_t soft, hard;
};
enum {
    LX_RLIMIT_CPU,
    LX_RLIMIT_FSIZE,
    LX_RLIMIT_DATA,
    LX_RLIMIT_STACK,
    LX_RLIMIT_CORE,
    LX_RLIMIT_RSS,
    LX_RLIMIT_NPROC,
    LX_RLIMIT_NOFILE,
    LX_RLIMIT_MEMLOCK,
    LX_RLIMIT_AS,
    LX_RLIMIT_LOCKS,
    LX_RLIMIT_SIGPENDING,
    LX_RLIMIT_MSGQUEUE,
    LX_RLIMIT_NICE,
    LX_RLIMIT_RTPRIO,
    LX_RLIMIT_RTTIME,
    LX_RLIMITS
};
enum { LX_PRIO_PROCESS, LX_PRIO_PGRP, LX_PRIO_USER };
enum {
    LX_SCHED_OTHER = 0,
    LX_SCHED_FIFO = 1,
    LX_SCHED_RR = 2,
    LX_SCHED_BATCH = 3,
    LX_SCHED_IDLE = 5,
    LX_SCHED_DEADLINE = 6
};
#define LX_SCHED_RESET_ON_FORK 0x40000000
struct lx_sched_attr {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t util_min, util_max;
};
_Static_assert(sizeof(struct lx_sched_attr) == 56, "Linux ABI");

enum {
    LX_ARCH_SET_GS = 0x1001,
    LX_ARCH_SET_FS = 0x1002,
    LX_ARCH_GET_FS = 0x1003,
    LX_ARCH_GET_GS = 0x1004,
    LX_ARCH_GET_CPUID = 0x1011,
    LX_ARCH_SET_CPUID = 0x1012
};
enum {
    LX_PR_SET_PDEATHSIG = 1,
    LX_PR_GET_PDEATHSIG = 2,
    LX_PR_GET_DUMPABLE = 3,
    LX_PR_SET_DUMPABLE = 4,
    LX_PR_GET_KEEPCAPS = 7,
    LX_PR_SET_KEEPCAPS = 8,
    LX_PR_GET_TIMING = 13,
    LX_PR_SET_TIMING = 14,
    LX_PR_SET_NAME = 15,
    LX_PR_GET_NAME = 16,
    LX_PR_GET_SECCOMP = 21,
    LX_PR_CAPBSET_READ = 23,
    LX_PR_CAPBSET_DROP = 24,
    LX_PR_GET_TSC = 25,
    LX_PR_SET_TSC = 26,
    LX_PR_GET_SECUREBITS = 27,
    LX_PR_SET_TIMERSLACK = 29,
    LX_PR_GET_TIMERSLACK = 30,
    LX_PR_SET_CHILD_SUBREAPER = 36,
    LX_PR_GET_CHILD_SUBREAPER = 37,
    LX_PR_SET_NO_NEW_PRIVS = 38,
    LX_PR_GET_NO_NEW_PRIVS = 39,
    LX_PR_GET_TID_ADDRESS = 40,
    LX_PR_SET_THP_DISABLE = 41,
    LX_PR_GET_THP_DISABLE = 42,
    LX_PR_CAP_AMBIENT = 47,
    LX_PR_SET_VMA = 0x53564d41,
    LX_PR_SET_PTRACER = 0x59616d61
};

enum {
    LX_FUTEX_WAIT,
    LX_FUTEX_WAKE,
    LX_FUTEX_FD,
    LX_FUTEX_REQUEUE,
    LX_FUTEX_CMP_REQUEUE,
    LX_FUTEX_WAKE_OP,
    LX_FUTEX_LOCK_PI,
    LX_FUTEX_UNLOCK_PI,
    LX_FUTEX_TRYLOCK_PI,
    LX_FUTEX_WAIT_BITSET,
    LX_FUTEX_WAKE_BITSET,
    LX_FUTEX_WAIT_REQUEUE_PI,
    LX_FUTEX_CMP_REQUEUE_PI,
    LX_FUTEX_LOCK_PI2,
    LX_FUTEX_PRIVATE_FLAG = 128,
    LX_FUTEX_CLOCK_REALTIME = 256
};
#define LX_FUTEX_WAITERS    0x80000000u
#define LX_FUTEX_OWNER_DIED 0x40000000u
#define LX_FUTEX_TID_MASK   0x3fffffffu
struct lx_robust_list_head {
    uint64_t list;
    int64_t futex_offset;
    uint64_t list_op_pending;
};

struct lx_utsname {
    char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};
_Static_assert(sizeof(struct lx_utsname) == 390, "Linux ABI");
struct lx_sysinfo {
    int64_t uptime;
    uint64_t loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    uint16_t procs, pad;
    uint64_t totalhigh, freehigh;
    uint32_t mem_unit;
};
_Static_assert(sizeof(struct lx_sysinfo) == 112, "Linux ABI");

enum {
    LX_REBOOT_MAGIC1 = (int)0xfee1dead,
    LX_REBOOT_MAGIC2 = 672274793,
    LX_REBOOT_MAGIC2A = 85072278,
    LX_REBOOT_MAGIC2B = 369367448,
    LX_REBOOT_MAGIC2C = 537993216
};
#define LX_REBOOT_RESTART   0x01234567u
#define LX_REBOOT_HALT      0xcdef0123u
#define LX_REBOOT_CAD_ON    0x89abcdefu
#define LX_REBOOT_CAD_OFF   0u
#define LX_REBOOT_POWER_OFF 0x4321fedcu
#define LX_REBOOT_RESTART2  0xa1b2c3d4u

struct lx_cap_header {
    uint32_t version;
    int32_t pid;
};
struct lx_cap_data {
    uint32_t effective, permitted, inheritable;
};
#define LX_CAP_VERSION_1 0x19980330u
#define LX_CAP_VERSION_2 0x20071026u
#define LX_CAP_VERSION_3 0x20080522u
#define LX_CAP_LAST      40
#define LX_CAP_ALL       ((1ull << (LX_CAP_LAST + 1)) - 1)

/* --- memory --------------------------------------------------------------------------------------------------------------------- */
enum {
    LX_PROT_READ = 1,
    LX_PROT_WRITE = 2,
    LX_PROT_EXEC = 4,
    LX_PROT_SEM = 8,
    LX_PROT_GROWSDOWN = 0x1000000,
    LX_PROT_GROWSUP = 0x2000000
};
enum {
    LX_MAP_SHARED = 1,
    LX_MAP_PRIVATE = 2,
    LX_MAP_SHARED_VALIDATE = 3,
    LX_MAP_TYPE = 15,
    LX_MAP_FIXED = 0x10,
    LX_MAP_ANONYMOUS = 0x20,
    LX_MAP_32BIT = 0x40,
    LX_MAP_GROWSDOWN = 0x100,
    LX_MAP_DENYWRITE = 0x800,
    LX_MAP_EXECUTABLE = 0x1000,
    LX_MAP_LOCKED = 0x2000,
    LX_MAP_NORESERVE = 0x4000,
    LX_MAP_POPULATE = 0x8000,
    LX_MAP_NONBLOCK = 0x10000,
    LX_MAP_STACK = 0x20000,
    LX_MAP_HUGETLB = 0x40000,
    LX_MAP_SYNC = 0x80000,
    LX_MAP_FIXED_NOREPLACE = 0x100000
};
enum { LX_MREMAP_MAYMOVE = 1, LX_MREMAP_FIXED = 2, LX_MREMAP_DONTUNMAP = 4 };
enum { LX_MS_ASYNC = 1, LX_MS_INVALIDATE = 2, LX_MS_SYNC = 4 };
enum {
    LX_MADV_NORMAL,
    LX_MADV_RANDOM,
    LX_MADV_SEQUENTIAL,
    LX_MADV_WILLNEED,
    LX_MADV_DONTNEED,
    LX_MADV_FREE = 8,
    LX_MADV_REMOVE = 9,
    LX_MADV_DONTFORK = 10,
    LX_MADV_DOFORK = 11,
    LX_MADV_MERGEABLE = 12,
    LX_MADV_UNMERGEABLE = 13,
    LX_MADV_HUGEPAGE = 14,
    LX_MADV_NOHUGEPAGE = 15,
    LX_MADV_DONTDUMP = 16,
    LX_MADV_DODUMP = 17,
    LX_MADV_WIPEONFORK = 18,
    LX_MADV_KEEPONFORK = 19,
    LX_MADV_COLD = 20,
    LX_MADV_PAGEOUT = 21,
    LX_MADV_POPULATE_READ = 22,
    LX_MADV_POPULATE_WRITE = 23
};
enum { LX_MCL_CURRENT = 1, LX_MCL_FUTURE = 2, LX_MCL_ONFAULT = 4 };

/* --- signals ---------------------------------------------------------------------------------------------------------------------- */
enum {
    LX_SIGHUP = 1,
    LX_SIGINT,
    LX_SIGQUIT,
    LX_SIGILL,
    LX_SIGTRAP,
    LX_SIGABRT,
    LX_SIGBUS,
    LX_SIGFPE,
    LX_SIGKILL,
    LX_SIGUSR1,
    LX_SIGSEGV,
    LX_SIGUSR2,
    LX_SIGPIPE,
    LX_SIGALRM,
    LX_SIGTERM,
    LX_SIGSTKFLT,
    LX_SIGCHLD,
    LX_SIGCONT,
    LX_SIGSTOP,
    LX_SIGTSTP,
    LX_SIGTTIN,
    LX_SIGTTOU,
    LX_SIGURG,
    LX_SIGXCPU,
    LX_SIGXFSZ,
    LX_SIGVTALRM,
    LX_SIGPROF,
    LX_SIGWINCH,
    LX_SIGIO,
    LX_SIGPWR,
    LX_SIGSYS,
    LX_SIGRTMIN,
    LX_NSIG = 64
};
enum { LX_SIG_BLOCK, LX_SIG_UNBLOCK, LX_SIG_SETMASK };
#define LX_SA_NOCLDSTOP      0x00000001u
#define LX_SA_NOCLDWAIT      0x00000002u
#define LX_SA_SIGINFO        0x00000004u
#define LX_SA_UNSUPPORTED    0x00000400u
#define LX_SA_EXPOSE_TAGBITS 0x00000800u
#define LX_SA_RESTORER       0x04000000u
#define LX_SA_ONSTACK        0x08000000u
#define LX_SA_RESTART        0x10000000u
#define LX_SA_NODEFER        0x40000000u
#define LX_SA_RESETHAND      0x80000000u
enum {
    LX_SI_USER = 0,
    LX_SI_KERNEL = 0x80,
    LX_SI_QUEUE = -1,
    LX_SI_TIMER = -2,
    LX_SI_MESGQ = -3,
    LX_SI_ASYNCIO = -4,
    LX_SI_TKILL = -6,
    LX_SEGV_MAPERR = 1,
    LX_SEGV_ACCERR = 2,
    LX_BUS_ADRALN = 1,
    LX_BUS_ADRERR = 2,
    LX_FPE_INTDIV = 1,
    LX_FPE_INTOVF = 2,
    LX_FPE_FLTDIV = 3,
    LX_FPE_FLTOVF = 4,
    LX_FPE_FLTUND = 5,
    LX_FPE_FLTRES = 6,
    LX_FPE_FLTINV = 7,
    LX_ILL_ILLOPN = 2,
    LX_TRAP_BRKPT = 1,
    LX_TRAP_TRACE = 2,
    LX_CLD_EXITED = 1,
    LX_CLD_KILLED = 2,
    LX_CLD_DUMPED = 3,
    LX_CLD_TRAPPED = 4,
    LX_CLD_STOPPED = 5,
    LX_CLD_CONTINUED = 6
};
struct lx_sigaction { /* as rt_sigaction takes it */
    uint64_t handler, flags, restorer, mask;
};
_Static_assert(sizeof(struct lx_sigaction) == 32, "Linux ABI");
struct lx_siginfo {
    int32_t si_signo, si_errno, si_code, pad;
    union {
        struct {
            int32_t pid;
            uint32_t uid;
            union {
                uint64_t value; /* queue */
                struct {
                    int32_t status, pad;
                    int64_t utime, stime;
                } child;
            };
        } sender;
        struct {
            int32_t id, overrun;
            uint64_t value;
        } timer;
        struct {
            uint64_t address;
            int16_t address_lsb;
        } fault;
        uint8_t bytes[112];
    };
};
_Static_assert(sizeof(struct lx_siginfo) == 128, "Linux ABI");
_Static_assert(offsetof(struct lx_siginfo, sender.value) == 24, "Linux ABI");
struct lx_stack {
    uint64_t sp;
    int32_t flags, pad;
    uint64_t size;
};
_Static_assert(sizeof(struct lx_stack) == 24, "Linux ABI");
enum { LX_SS_ONSTACK = 1, LX_SS_DISABLE = 2 };
#define LX_SS_AUTODISARM 0x80000000u
#define LX_MINSIGSTKSZ   2048
struct lx_sigcontext {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, di, si, bp, bx, dx, ax, cx, sp, ip, flags;
    uint16_t cs, gs, fs, ss;
    uint64_t err, trapno, oldmask, cr2, fpstate, reserved[8];
};
_Static_assert(sizeof(struct lx_sigcontext) == 256, "Linux ABI");
struct lx_ucontext {
    uint64_t flags, link;
    struct lx_stack stack;
    struct lx_sigcontext mcontext;
    uint64_t sigmask;
};
_Static_assert(sizeof(struct lx_ucontext) == 304, "Linux ABI");
enum { LX_UC_FP_XSTATE = 1, LX_UC_SIGCONTEXT_SS = 2, LX_UC_STRICT_RESTORE_SS = 4 };
struct lx_rt_sigframe {
    uint64_t restorer;
    struct lx_ucontext uc;
    struct lx_siginfo info;
};
_Static_assert(sizeof(struct lx_rt_sigframe) == 440, "Linux ABI");
/* Bytes 464 to 511 of the FXSAVE area in a signal frame; LX_FP_XSTATE_MAGIC2 follows the extended area. */
struct lx_fpx_sw_bytes {
    uint32_t magic1, extended_size;
    uint64_t xfeatures;
    uint32_t xstate_size, pad[7];
};
_Static_assert(sizeof(struct lx_fpx_sw_bytes) == 48, "Linux ABI");
#define LX_FP_XSTATE_MAGIC1 0x46505853u
#define LX_FP_XSTATE_MAGIC2 0x46505845u
struct lx_sigevent {
    uint64_t value;
    int32_t signo, notify, tid, pad[11];
};
_Static_assert(sizeof(struct lx_sigevent) == 64, "Linux ABI");
enum { LX_SIGEV_SIGNAL, LX_SIGEV_NONE, LX_SIGEV_THREAD, LX_SIGEV_THREAD_ID = 4 };

/* --- programs ------------------------------------------------------------------------------------------------------------------------ */
enum {
    LX_AT_NULL,
    LX_AT_IGNORE,
    LX_AT_EXECFD,
    LX_AT_PHDR,
    LX_AT_PHENT,
    LX_AT_PHNUM,
    LX_AT_PAGESZ,
    LX_AT_BASE,
    LX_AT_FLAGS,
    LX_AT_ENTRY,
    LX_AT_NOTELF,
    LX_AT_UID,
    LX_AT_EUID,
    LX_AT_GID,
    LX_AT_EGID,
    LX_AT_PLATFORM,
    LX_AT_HWCAP,
    LX_AT_CLKTCK,
    LX_AT_SECURE = 23,
    LX_AT_BASE_PLATFORM,
    LX_AT_RANDOM,
    LX_AT_HWCAP2,
    LX_AT_EXECFN = 31,
    LX_AT_SYSINFO_EHDR = 33,
    LX_AT_MINSIGSTKSZ = 51
};
enum { LX_GRND_NONBLOCK = 1, LX_GRND_RANDOM = 2, LX_GRND_INSECURE = 4 };
enum {
    LX_MEMBARRIER_QUERY = 0,
    LX_MEMBARRIER_GLOBAL = 1,
    LX_MEMBARRIER_GLOBAL_EXPEDITED = 2,
    LX_MEMBARRIER_REGISTER_GLOBAL_EXPEDITED = 4,
    LX_MEMBARRIER_PRIVATE_EXPEDITED = 8,
    LX_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED = 16,
    LX_MEMBARRIER_PRIVATE_SYNC_CORE = 32,
    LX_MEMBARRIER_REGISTER_PRIVATE_SYNC_CORE = 64
};

/* --- System V semaphores ------------------------------------------------------------------------------------------ */
#define LX_IPC_CREAT    01000
#define LX_IPC_EXCL     02000
#define LX_IPC_NOWAIT   04000
#define LX_SEM_UNDO     0x1000
#define LX_IPC_RMID     0
#define LX_IPC_SET      1
#define LX_IPC_STAT     2
#define LX_IPC_INFO     3
#define LX_GETPID       11
#define LX_GETVAL       12
#define LX_GETALL       13
#define LX_GETNCNT      14
#define LX_GETZCNT      15
#define LX_SETVAL       16
#define LX_SETALL       17
#define LX_SEM_STAT     18
#define LX_SEM_INFO     19
#define LX_SEM_STAT_ANY 20
struct lx_sembuf {
    uint16_t sem_num;
    int16_t sem_op, sem_flg;
};
struct lx_ipc_perm {
    int32_t key;
    uint32_t uid, gid, cuid, cgid, mode;
    uint16_t seq, pad[3];
    uint64_t unused[2];
};
struct lx_semid {
    struct lx_ipc_perm perm;
    uint64_t sem_otime, unused1, sem_ctime, unused2, sem_nsems, unused3[2];
};
struct lx_seminfo {
    int32_t semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz, semvmx, semaem;
};

#endif
