/* SPDX-License-Identifier: MPL-2.0 */
/* The one place where the library OS's errors become errno. */
#include <errno.h>
#include <los/error.h>
#include "library.h"

static const unsigned char number[LOS_ERROR_COUNT] = {
    [LOS_E_PERM] = EPERM,     [LOS_E_NOENT] = ENOENT,
    [LOS_E_SRCH] = ESRCH,     [LOS_E_INTR] = EINTR,
    [LOS_E_RESTART] = EINTR,  [LOS_E_RESTART_NOHAND] = EINTR,
    [LOS_E_IO] = EIO,         [LOS_E_NXIO] = ENXIO,
    [LOS_E_TOOBIG] = E2BIG,   [LOS_E_NOEXEC] = ENOEXEC,
    [LOS_E_BADF] = EBADF,     [LOS_E_CHILD] = ECHILD,
    [LOS_E_AGAIN] = EAGAIN,   [LOS_E_NOMEM] = ENOMEM,
    [LOS_E_ACCES] = EACCES,   [LOS_E_FAULT] = EFAULT,
    [LOS_E_NOTBLK] = ENODEV,  [LOS_E_BUSY] = EBUSY,
    [LOS_E_EXIST] = EEXIST,   [LOS_E_XDEV] = EXDEV,
    [LOS_E_NODEV] = ENODEV,   [LOS_E_NOTDIR] = ENOTDIR,
    [LOS_E_ISDIR] = EISDIR,   [LOS_E_INVAL] = EINVAL,
    [LOS_E_NFILE] = ENFILE,   [LOS_E_MFILE] = EMFILE,
    [LOS_E_NOTTY] = ENOTTY,   [LOS_E_TXTBSY] = ETXTBSY,
    [LOS_E_FBIG] = EFBIG,     [LOS_E_NOSPC] = ENOSPC,
    [LOS_E_SPIPE] = ESPIPE,   [LOS_E_ROFS] = EROFS,
    [LOS_E_MLINK] = EMLINK,   [LOS_E_PIPE] = EPIPE,
    [LOS_E_DOM] = EDOM,       [LOS_E_RANGE] = ERANGE,
    [LOS_E_DEADLK] = EDEADLK, [LOS_E_NAMETOOLONG] = ENAMETOOLONG,
    [LOS_E_NOSYS] = ENOSYS,   [LOS_E_NOTEMPTY] = ENOTEMPTY,
    [LOS_E_LOOP] = ELOOP,     [LOS_E_OVERFLOW] = EOVERFLOW,
    [LOS_E_NOTSUP] = ENOTSUP, [LOS_E_TIMEDOUT] = ETIMEDOUT,
    [LOS_E_IDRM] = EIDRM,     [LOS_E_OPNOTSUPP] = EOPNOTSUPP,
};

long newlib_checked(uint32_t call, uint64_t a, uint64_t b, uint64_t c)
{
    long result = newlib_call(a, b, c, 0, call);
    if (result >= 0 || result <= -LOS_ERROR_COUNT)
        return result;
    errno = number[-result] ? number[-result] : EIO;
    return -1;
}
