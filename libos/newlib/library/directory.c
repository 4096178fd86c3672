/* SPDX-License-Identifier: MPL-2.0 */
/* Directories: include/sys/dirent.h says what they look like, as newlib does not for this target. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "library.h"

struct newlib_directory {
    int fd;
    struct dirent entry;
};

DIR *opendir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    DIR *directory = fd < 0 ? NULL : malloc(sizeof *directory);
    if (fd >= 0 && !directory)
        close(fd);
    if (directory)
        directory->fd = fd;
    return directory;
}

struct dirent *readdir(DIR *directory)
{
    static const unsigned char types[] = {
        [NL_REGULAR] = DT_REG, [NL_DIRECTORY] = DT_DIR, [NL_SYMLINK] = DT_LNK, [NL_CHARACTER] = DT_CHR,
        [NL_BLOCK] = DT_BLK,   [NL_FIFO] = DT_FIFO,     [NL_SOCKET] = DT_SOCK};
    struct nl_entry told;
    if (newlib_checked(NL_list, (uint64_t)directory->fd, ADDRESS(&told), 0) <= 0)
        return NULL;
    directory->entry.d_ino = (ino_t)told.inode;
    directory->entry.d_type = types[told.type];
    memcpy(directory->entry.d_name, told.name, sizeof told.name);
    return &directory->entry;
}

void rewinddir(DIR *directory) { newlib_checked(NL_list_rewind, (uint64_t)directory->fd, 0, 0); }
int dirfd(DIR *directory) { return directory->fd; }

int closedir(DIR *directory)
{
    int result = close(directory->fd);
    free(directory);
    return result;
}
