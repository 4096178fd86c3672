/* SPDX-License-Identifier: MPL-2.0 */
/* One table from the library OS's errors to Linux's numbers, and Linux's names for them. */
#include <personality.h>

struct error_row {
    int number;
    const char *name, *text;
};

static const struct error_row table[LOS_ERROR_COUNT] = {
    [LOS_E_PERM] = {1, "EPERM", "Operation not permitted"},
    [LOS_E_NOENT] = {2, "ENOENT", "No such file or directory"},
    [LOS_E_SRCH] = {3, "ESRCH", "No such process"},
    [LOS_E_INTR] = {4, "EINTR", "Interrupted system call"},
    [LOS_E_RESTART] = {512, "ERESTARTSYS", "To be restarted if SA_RESTART is set"},
    [LOS_E_RESTART_NOHAND] = {514, "ERESTARTNOHAND", "To be restarted if no handler"},
    [LOS_E_IO] = {5, "EIO", "Input/output error"},
    [LOS_E_NXIO] = {6, "ENXIO", "No such device or address"},
    [LOS_E_TOOBIG] = {7, "E2BIG", "Argument list too long"},
    [LOS_E_NOEXEC] = {8, "ENOEXEC", "Exec format error"},
    [LOS_E_BADF] = {9, "EBADF", "Bad file descriptor"},
    [LOS_E_CHILD] = {10, "ECHILD", "No child processes"},
    [LOS_E_AGAIN] = {11, "EAGAIN", "Resource temporarily unavailable"},
    [LOS_E_NOMEM] = {12, "ENOMEM", "Cannot allocate memory"},
    [LOS_E_ACCES] = {13, "EACCES", "Permission denied"},
    [LOS_E_FAULT] = {14, "EFAULT", "Bad address"},
    [LOS_E_NOTBLK] = {15, "ENOTBLK", "Block device required"},
    [LOS_E_BUSY] = {16, "EBUSY", "Device or resource busy"},
    [LOS_E_EXIST] = {17, "EEXIST", "File exists"},
    [LOS_E_XDEV] = {18, "EXDEV", "Invalid cross-device link"},
    [LOS_E_NODEV] = {19, "ENODEV", "No such device"},
    [LOS_E_NOTDIR] = {20, "ENOTDIR", "Not a directory"},
    [LOS_E_ISDIR] = {21, "EISDIR", "Is a directory"},
    [LOS_E_INVAL] = {22, "EINVAL", "Invalid argument"},
    [LOS_E_NFILE] = {23, "ENFILE", "Too many open files in system"},
    [LOS_E_MFILE] = {24, "EMFILE", "Too many open files"},
    [LOS_E_NOTTY] = {25, "ENOTTY", "Inappropriate ioctl for device"},
    [LOS_E_TXTBSY] = {26, "ETXTBSY", "Text file busy"},
    [LOS_E_FBIG] = {27, "EFBIG", "File too large"},
    [LOS_E_NOSPC] = {28, "ENOSPC", "No space left on device"},
    [LOS_E_SPIPE] = {29, "ESPIPE", "Illegal seek"},
    [LOS_E_ROFS] = {30, "EROFS", "Read-only file system"},
    [LOS_E_MLINK] = {31, "EMLINK", "Too many links"},
    [LOS_E_PIPE] = {32, "EPIPE", "Broken pipe"},
    [LOS_E_DOM] = {33, "EDOM", "Numerical argument out of domain"},
    [LOS_E_RANGE] = {34, "ERANGE", "Numerical result out of range"},
    [LOS_E_DEADLK] = {35, "EDEADLK", "Resource deadlock avoided"},
    [LOS_E_NAMETOOLONG] = {36, "ENAMETOOLONG", "File name too long"},
    [LOS_E_NOSYS] = {38, "ENOSYS", "Function not implemented"},
    [LOS_E_NOTEMPTY] = {39, "ENOTEMPTY", "Directory not empty"},
    [LOS_E_LOOP] = {40, "ELOOP", "Too many levels of symbolic links"},
    [LOS_E_OVERFLOW] = {75, "EOVERFLOW", "Value too large for defined data type"},
    [LOS_E_NOTSUP] = {95, "EOPNOTSUPP", "Operation not supported"},
    [LOS_E_TIMEDOUT] = {110, "ETIMEDOUT", "Connection timed out"},
    [LOS_E_NOTSOCK] = {88, "ENOTSOCK", "Socket operation on non-socket"},
    [LOS_E_AFNOSUPPORT] = {97, "EAFNOSUPPORT", "Address family not supported by protocol"},
    [LOS_E_NOTCONN] = {107, "ENOTCONN", "Transport endpoint is not connected"},
    [LOS_E_CONNREFUSED] = {111, "ECONNREFUSED", "Connection refused"},
    [LOS_E_ADDRINUSE] = {98, "EADDRINUSE", "Address already in use"},
    [LOS_E_NODATA] = {61, "ENODATA", "No data available"},
    [LOS_E_PROTONOSUPPORT] = {93, "EPROTONOSUPPORT", "Protocol not supported"},
    [LOS_E_ISCONN] = {106, "EISCONN", "Transport endpoint is already connected"},
    [LOS_E_DESTADDRREQ] = {89, "EDESTADDRREQ", "Destination address required"},
    [LOS_E_MSGSIZE] = {90, "EMSGSIZE", "Message too long"},
    [LOS_E_NOPROTOOPT] = {92, "ENOPROTOOPT", "Protocol not available"},
    [LOS_E_IDRM] = {43, "EIDRM", "Identifier removed"},
    [LOS_E_OPNOTSUPP] = {95, "EOPNOTSUPP", "Operation not supported"},
};

int lx_errno(enum los_error error)
{
    if (error <= LOS_OK || error >= LOS_ERROR_COUNT || table[error].number == 0)
        return LX_EIO;
    return table[error].number;
}

long lx_error_result(long result)
{
    if (result < -2 * LX_FAIL_BASE)
        return result;
    if (result <= -LX_FAIL_BASE)
        return result + LX_FAIL_BASE;
    return result > -(long)LOS_ERROR_COUNT ? -lx_errno((enum los_error) - result) : result;
}

static const struct error_row *find(int number)
{
    for (size_t i = 1; i < LOS_COUNT(table); i++)
        if (table[i].number == number)
            return &table[i];
    return NULL;
}

const char *lx_errno_name(int linux_errno)
{
    const struct error_row *row = find(linux_errno);
    return row != NULL ? row->name : NULL;
}

const char *lx_errno_text(int linux_errno)
{
    const struct error_row *row = find(linux_errno);
    return row != NULL ? row->text : "Unknown error";
}
