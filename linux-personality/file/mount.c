/* SPDX-License-Identifier: MPL-2.0 */
/* mount, umount2, memfd_create. */
#include "at.h"

static uint32_t mount_flags(uint64_t flags)
{
    return (flags & LX_MS_RDONLY ? LOS_MOUNT_READONLY : 0) | (flags & LX_MS_NOSUID ? LOS_MOUNT_NOSUID : 0) |
           (flags & LX_MS_NODEV ? LOS_MOUNT_NODEV : 0) | (flags & LX_MS_NOEXEC ? LOS_MOUNT_NOEXEC : 0) |
           (flags & LX_MS_BIND ? LOS_MOUNT_BIND : 0) | (flags & LX_MS_REMOUNT ? LOS_MOUNT_REMOUNT : 0) |
           (flags & LX_MS_NOATIME ? LOS_MOUNT_NOATIME : 0);
}

static long optional_string(uint64_t user, char **out)
{
    *out = NULL;
    return user ? lx_path(user, out) : 0;
}

long lx_sys_mount(const struct lx_args *args)
{
    char *text[4] = {0}; /* source, target, type, data */
    const uint64_t user[4] = {args->arg[0], args->arg[1], args->arg[2], args->arg[4]};
    uint64_t flags = args->arg[3];
    const uint64_t propagation = LX_MS_UNBINDABLE | LX_MS_PRIVATE | LX_MS_SLAVE | LX_MS_SHARED;
    long error = 0;
    if (!lx_is_root())
        return -LOS_E_PERM;
    if ((flags >> 16) == 0xc0ed) /* a magic number that old programs put there */
        flags &= 0xffff;
    for (int i = 0; i < 4 && !error; i++)
        error = i == 1 ? lx_path(user[i], &text[i]) : optional_string(user[i], &text[i]);
    if (!error && flags & propagation)
        error = 0; /* there is one mount name space: nothing propagates */
    else if (!error && flags & LX_MS_MOVE)
        error = -LOS_E_INVAL;
    else if (!error)
        error = los_mount(text[0] ? text[0] : "none", text[1], text[2] ? text[2] : "", mount_flags(flags),
                          text[3] ? text[3] : "");
    for (int i = 0; i < 4; i++)
        lx_path_free(text[i]);
    return error;
}

long lx_sys_umount2(const struct lx_args *args)
{
    char *target;
    uint32_t flags = (uint32_t)args->arg[1];
    if (flags & ~(uint32_t)(LX_MNT_FORCE | LX_MNT_DETACH | LX_MNT_EXPIRE | LX_UMOUNT_NOFOLLOW))
        return -LOS_E_INVAL;
    if (!lx_is_root())
        return -LOS_E_PERM;
    long error = lx_path(args->arg[0], &target);
    if (error)
        return error;
    error = los_unmount(target, flags & LX_MNT_DETACH ? 1 : 0);
    lx_path_free(target);
    return error;
}

long lx_sys_memfd_create(const struct lx_args *args)
{
    char *name;
    struct los_file *file;
    uint32_t flags = (uint32_t)args->arg[1];
    if (flags & ~(uint32_t)(LX_MFD_CLOEXEC | LX_MFD_ALLOW_SEALING))
        return -LOS_E_INVAL;
    long error = lx_path(args->arg[0], &name);
    if (error)
        return error;
    error = strlen(name) > LOS_FILE_NAME_MAX - 6 ? -LOS_E_INVAL : los_memory_file(name, 0, &file);
    lx_path_free(name);
    if (error)
        return error;
    long fd = los_descriptor_add(file, 0, flags & LX_MFD_CLOEXEC);
    if (fd < 0)
        los_file_unref(file);
    return fd;
}
