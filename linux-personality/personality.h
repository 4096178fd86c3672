/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the files of the Linux personality share: the shape of a system call's handler, and the conversions between Linux's
 * structures and the library OS's. Everything runs under the container lock.
 *
 * A handler gets the six arguments as the program passed them and returns a result, or the negative of an enum los_error, or
 * LX_FAIL(errno) where Linux has an error that the library OS does not know. Arguments that Linux declares as int are narrowed by the
 * handler: (int)args->arg[0].
 */
#ifndef LX_PERSONALITY_H
#define LX_PERSONALITY_H

#include <abi.h>
#include <los/file.h>
#include <los/memory.h>
#include <los/personality.h>
#include <los/process.h>
#include <los/schedule.h>
#include <los/signal.h>

struct lx_args {
    uint64_t arg[6];
    struct los_frame *frame;
};
typedef long (*lx_handler)(const struct lx_args *args);

#define X(number, name, ...) long lx_sys_##name(const struct lx_args *args);
#define M(number, name)
#include <syscalls.def>
#undef X
#undef M

#define LX_CALLS 451

/* --- errors: error.c ------------------------------------------------------------------------------------------------------- */
#define LX_FAIL_BASE         100000l
#define LX_FAIL(linux_errno) (-(LX_FAIL_BASE + (linux_errno)))
int lx_errno(
    enum los_error
        error); /* the Linux number of a library OS's error; LX_ERESTARTSYS and its kin for RESTART... */
long lx_error_result(long result);
/* What the program sees in rax: results pass, errors become -errno. */
static inline long lx_result(long result) { return result >= 0 ? result : lx_error_result(result); }
const char *lx_errno_name(int linux_errno); /* "ENOENT"; NULL: unknown */
const char *lx_errno_text(int linux_errno); /* as strerror says */

/* --- user memory: convert.c ----------------------------------------------------------------------------------------------------- */
/* Copies a path in. *out is to be given to lx_path_free, also NULL. 0, FAULT, NAMETOOLONG, NOMEM. An empty path is fine here; the
 * walk says NOENT. */
long lx_path(uint64_t user, char **out);
void lx_path_free(char *path);
/* Where a path of an ...at call starts: *start becomes NULL (the cwd) for AT_FDCWD and for absolute paths, else the directory's own path.
 * 0, BADF, NOTDIR (the descriptor is no directory, and the path is not empty). No reference added. */
long lx_fd_path(uint64_t dirfd, const char *path, const struct los_path **start);
/* Reads n iovecs and their sum. *out is freed with los_free (n = 0: NULL). INVAL: n over 1024 or lengths overflow, FAULT, NOMEM. */
long lx_iovecs_in(uint64_t user, uint64_t n, struct lx_iovec **out, size_t *total);

/* --- structures ------------------------------------------------------------------------------------------------------------------- */
uint64_t lx_device(uint32_t major, uint32_t minor); /* dev_t as stat shows it */
uint32_t lx_device_major(uint64_t device);
uint32_t lx_device_minor(uint64_t device);
uint32_t lx_mode(const struct los_stat *stat);  /* type and permission bits */
enum los_file_type lx_mode_type(uint32_t mode); /* 0: no type bits are those of a file */
uint8_t lx_dirent_type(enum los_file_type type);
void lx_stat_convert(const struct los_stat *from, struct lx_stat *to);
long lx_stat_out(uint64_t user, const struct los_stat *stat); /* 0 or FAULT */
uint32_t lx_open_flags(uint64_t linux_flags); /* O_... to enum los_open_flag; O_CLOEXEC is the caller's */
uint64_t lx_open_flags_out(
    uint32_t los_flags); /* back, for F_GETFL: without creation flags, with O_LARGEFILE as Linux shows it */
uint32_t lx_poll_in(uint32_t linux_events); /* POLL... to enum los_poll */
uint32_t lx_poll_out(uint32_t los_events);
uint64_t lx_filesystem_magic(uint64_t kind);

/* Times in ns. INVAL where Linux says so: negative, or a fraction out of range. Seconds beyond 2^33 are cut. */
long lx_timespec_in(uint64_t user, uint64_t *ns);
long lx_timespec_out(uint64_t user, uint64_t ns);
long lx_timeval_in(uint64_t user, uint64_t *ns);
long lx_timeval_out(uint64_t user, uint64_t ns);
uint64_t lx_timespec_ns(const struct lx_timespec *t); /* of a valid one */
bool lx_timespec_valid(const struct lx_timespec *t);
struct lx_timespec lx_timespec_from(uint64_t ns);
struct lx_timeval lx_timeval_from(uint64_t ns);
/* A relative time-out in user memory as a deadline for los_wait; user 0: LOS_FOREVER. */
long lx_deadline_in(uint64_t user, uint64_t *deadline_ns);
uint64_t lx_deadline(uint64_t relative_ns);

/* A signal set of `size` bytes: INVAL unless size is 8. user 0: INVAL. */
long lx_sigset_in(uint64_t user, uint64_t size, los_signal_set *set);

/* --- identity ------------------------------------------------------------------------------------------------------------------------ */
bool lx_is_root(void); /* the current process's effective user: stands for all capabilities */
const char *lx_host_name(void);
const char *lx_domain_name(void);
/* Also through /proc/sys/kernel: at most 64 bytes. INVAL when longer. */
long lx_set_host_name(const char *name, size_t length);
long lx_set_domain_name(const char *name, size_t length);
#define LX_OS_NAME    "Linux"
#define LX_OS_RELEASE "6.1.0-kxos"
#define LX_OS_VERSION "#1 SMP PREEMPT_DYNAMIC KxOS"
#define LX_OS_MACHINE "x86_64"

/* --- parts ----------------------------------------------------------------------------------------------------------------------------- */
long lx_terminal_ioctl(struct los_file *file, uint32_t request,
                       uint64_t argument); /* terminal.c: NOTTY when it is no terminal's */
/* patch.c: the call came reflected from the instruction before `rip`; rewrites the site when it can. */
void lx_patch_reflected(struct los_frame *frame);
/* Of any call: the exokernel leaves the return address of a reflected one in the vCPU page. */
static inline void lx_patch_site(struct los_frame *frame)
{
    if (__builtin_expect(los_cpu()->page->syscall_rip == frame->regs.rip, false))
        lx_patch_reflected(frame);
}
/* patch.c: an undefined opcode or fault inside a patched site. True: registers were put right. */
bool lx_patch_fault(struct los_frame *frame, uint32_t vector, uint64_t address);
void lx_proc_init(void); /* proc/: registers the proc file system */

#endif
