/* SPDX-License-Identifier: MPL-2.0 */
/* Files by descriptor and by name. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "library.h"

int open(const char *path, int flags, ...)
{
    static const struct {
        int newlib;
        uint32_t ours;
    } known[] = {{O_CREAT, NL_OPEN_CREATE},  {O_EXCL, NL_OPEN_EXCLUSIVE},    {O_TRUNC, NL_OPEN_TRUNCATE},
                 {O_APPEND, NL_OPEN_APPEND}, {O_NONBLOCK, NL_OPEN_NONBLOCK}, {O_DIRECTORY, NL_OPEN_DIRECTORY}};
    uint32_t ours = (flags & O_ACCMODE) == O_WRONLY ? NL_OPEN_WRITE
                    : (flags & O_ACCMODE) == O_RDWR ? NL_OPEN_READ | NL_OPEN_WRITE
                                                    : NL_OPEN_READ;
    unsigned permissions = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (flags & known[i].newlib)
            ours |= known[i].ours;
    if (flags & O_CREAT) {
        va_list more;
        va_start(more, flags);
        permissions = va_arg(more, unsigned);
        va_end(more);
    }
    return (int)newlib_checked(NL_open, ADDRESS(path), ours, permissions);
}

int close(int fd) { return (int)newlib_checked(NL_close, (uint64_t)fd, 0, 0); }
_READ_WRITE_RETURN_TYPE read(int fd, void *to, size_t n)
{
    return newlib_checked(NL_read, (uint64_t)fd, ADDRESS(to), n);
}
_READ_WRITE_RETURN_TYPE write(int fd, const void *from, size_t n)
{
    return newlib_checked(NL_write, (uint64_t)fd, ADDRESS(from), n);
}
off_t lseek(int fd, off_t offset, int whence)
{
    return newlib_checked(NL_seek, (uint64_t)fd, (uint64_t)offset, (uint64_t)whence);
}

/* --- what a file is ---------------------------------------------------------------------------------------------------------- */
static int converted(long result, const struct nl_stat *from, struct stat *to)
{
    static const mode_t types[] = {
        [NL_REGULAR] = S_IFREG, [NL_DIRECTORY] = S_IFDIR, [NL_SYMLINK] = S_IFLNK, [NL_CHARACTER] = S_IFCHR,
        [NL_BLOCK] = S_IFBLK,   [NL_FIFO] = S_IFIFO,      [NL_SOCKET] = S_IFSOCK};
    if (result < 0)
        return -1;
    memset(to, 0, sizeof *to);
    to->st_dev = (dev_t)from->device;
    to->st_ino = (ino_t)from->inode;
    to->st_mode = types[from->type] | from->permissions;
    to->st_nlink = (nlink_t)from->links;
    to->st_uid = (uid_t)from->user;
    to->st_gid = (gid_t)from->group;
    to->st_size = (off_t)from->size;
    to->st_blksize = (blksize_t)from->block_size;
    to->st_blocks = (blkcnt_t)from->blocks;
    to->st_atime = from->accessed;
    to->st_mtime = from->modified;
    to->st_ctime = from->changed;
    return 0;
}

int stat(const char *path, struct stat *to)
{
    struct nl_stat told;
    return converted(newlib_checked(NL_stat, ADDRESS(path), ADDRESS(&told), 0), &told, to);
}
int lstat(const char *path, struct stat *to)
{
    struct nl_stat told;
    return converted(newlib_checked(NL_stat, ADDRESS(path), ADDRESS(&told), 1), &told, to);
}
int fstat(int fd, struct stat *to)
{
    struct nl_stat told;
    return converted(newlib_checked(NL_stat_open, (uint64_t)fd, ADDRESS(&told), 0), &told, to);
}
int isatty(int fd)
{
    long result = newlib_checked(NL_is_terminal, (uint64_t)fd, 0, 0);
    if (result == 0)
        errno = ENOTTY;
    return result == 1;
}
int access(const char *path, int mode)
{
    uint64_t may = (mode & R_OK ? 4u : 0) | (mode & W_OK ? 2u : 0) | (mode & X_OK ? 1u : 0);
    return (int)newlib_checked(NL_access, ADDRESS(path), may, 0);
}

/* --- names -------------------------------------------------------------------------------------------------------------------- */
int link(const char *from, const char *to)
{
    return (int)newlib_checked(NL_link, ADDRESS(from), ADDRESS(to), 0);
}
int symlink(const char *target, const char *path)
{
    return (int)newlib_checked(NL_make_symlink, ADDRESS(target), ADDRESS(path), 0);
}
ssize_t readlink(const char *path, char *to, size_t size)
{
    return newlib_checked(NL_read_link, ADDRESS(path), ADDRESS(to), size);
}
int unlink(const char *path) { return (int)newlib_checked(NL_unlink, ADDRESS(path), 0, 0); }
int rmdir(const char *path) { return (int)newlib_checked(NL_unlink, ADDRESS(path), 1, 0); }
int mkdir(const char *path, mode_t mode)
{
    return (int)newlib_checked(NL_make_directory, ADDRESS(path), mode, 0);
}
int chdir(const char *path) { return (int)newlib_checked(NL_change_directory, ADDRESS(path), 0, 0); }
int truncate(const char *path, off_t size)
{
    return (int)newlib_checked(NL_truncate, ADDRESS(path), (uint64_t)size, 0);
}
int ftruncate(int fd, off_t size)
{
    return (int)newlib_checked(NL_truncate_open, (uint64_t)fd, (uint64_t)size, 0);
}

/* newlib's own makes a link and removes the old name, which fails where the new one exists. */
int _rename_r(struct _reent *unused, const char *from, const char *to)
{
    (void)unused;
    return (int)newlib_checked(NL_rename, ADDRESS(from), ADDRESS(to), 0);
}
int rename(const char *from, const char *to) { return _rename_r(_REENT, from, to); }

/* Files and empty directories, as POSIX wants. */
int _remove_r(struct _reent *unused, const char *path)
{
    struct stat what;
    (void)unused;
    return lstat(path, &what) ? -1 : S_ISDIR(what.st_mode) ? rmdir(path) : unlink(path);
}
int remove(const char *path) { return _remove_r(_REENT, path); }

char *getcwd(char *to, size_t size)
{
    char *text = to;
    if (!text && !(text = malloc(size = size ? size : 4096)))
        return NULL;
    if (newlib_checked(NL_directory, ADDRESS(text), size, 0) >= 0)
        return text;
    if (!to)
        free(text);
    return NULL;
}

/* --- descriptors -------------------------------------------------------------------------------------------------------------- */
int dup(int fd) { return (int)newlib_checked(NL_duplicate, (uint64_t)fd, 0, 0); }
int dup2(int fd, int to) { return (int)newlib_checked(NL_duplicate, (uint64_t)fd, (uint64_t)to, 1); }

/* Duplicating is all there is: no program is ever executed beside, so that the close-on-exec flag means nothing. */
int fcntl(int fd, int command, ...)
{
    va_list more;
    va_start(more, command);
    int argument = va_arg(more, int);
    va_end(more);
    if (command == F_DUPFD)
        return (int)newlib_checked(NL_duplicate, (uint64_t)fd, (uint64_t)argument, 0);
    if (command == F_GETFD || command == F_SETFD)
        return newlib_checked(NL_is_terminal, (uint64_t)fd, 0, 0) < 0 ? -1 : 0;
    errno = EINVAL;
    return -1;
}
