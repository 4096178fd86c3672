/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Extended attributes (xattr(7)): no file system here keeps any. So lists are empty, names of the security name space, which Linux answers
 * for all file systems, are absent, and all others are not supported. Paths and descriptors are checked as ever.
 */
#include <personality.h>
#include "file/at.h"

#define NAME_MOST 255

static long check_name(uint64_t user, bool *security)
{
    char name[NAME_MOST + 1];
    long length = los_copy_in_string(name, user, sizeof(name));
    if (length == -LOS_E_NAMETOOLONG || length == 0)
        return -LOS_E_RANGE;
    if (length < 0)
        return length;
    *security = strncmp(name, "security.", 9) == 0 && length > 9;
    return 0;
}

/* The file exists and the name is one: what asking for it gives. */
static long absent(long found, uint64_t name)
{
    bool security = false;
    long error = found == 0 ? check_name(name, &security) : found;
    return error != 0 ? error : security ? -LOS_E_NODATA : -LOS_E_NOTSUP;
}

static long refused(long found, uint64_t name)
{
    long error = absent(found, name);
    return error == -LOS_E_NODATA ? -LOS_E_NOTSUP : error;
}

static long by_path(uint64_t path, bool follow)
{
    struct lx_target target;
    long error = lx_target_begin(&target, LX_CWD, path, follow ? 0 : LX_AT_SYMLINK_NOFOLLOW);
    if (error == 0)
        lx_target_end(&target);
    return error;
}

static long by_descriptor(uint64_t fd) { return los_descriptor((int)fd) != NULL ? 0 : -LOS_E_BADF; }

long lx_sys_getxattr(const struct lx_args *args) { return absent(by_path(args->arg[0], true), args->arg[1]); }
long lx_sys_lgetxattr(const struct lx_args *args) { return absent(by_path(args->arg[0], false), args->arg[1]); }
long lx_sys_fgetxattr(const struct lx_args *args) { return absent(by_descriptor(args->arg[0]), args->arg[1]); }
long lx_sys_removexattr(const struct lx_args *args)
{
    return absent(by_path(args->arg[0], true), args->arg[1]);
}
long lx_sys_lremovexattr(const struct lx_args *args)
{
    return absent(by_path(args->arg[0], false), args->arg[1]);
}
long lx_sys_fremovexattr(const struct lx_args *args)
{
    return absent(by_descriptor(args->arg[0]), args->arg[1]);
}
long lx_sys_setxattr(const struct lx_args *args) { return refused(by_path(args->arg[0], true), args->arg[1]); }
long lx_sys_lsetxattr(const struct lx_args *args)
{
    return refused(by_path(args->arg[0], false), args->arg[1]);
}
long lx_sys_fsetxattr(const struct lx_args *args) { return refused(by_descriptor(args->arg[0]), args->arg[1]); }
long lx_sys_listxattr(const struct lx_args *args) { return by_path(args->arg[0], true); }
long lx_sys_llistxattr(const struct lx_args *args) { return by_path(args->arg[0], false); }
long lx_sys_flistxattr(const struct lx_args *args) { return by_descriptor(args->arg[0]); }
