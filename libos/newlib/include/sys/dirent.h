/* SPDX-License-Identifier: MPL-2.0 */
/* What newlib's <dirent.h> takes from a target that has directories. opendir, readdir, rewinddir, dirfd and closedir are there. */
#ifndef _SYS_DIRENT_H
#define _SYS_DIRENT_H

#include <sys/types.h>

enum { DT_UNKNOWN = 0, DT_FIFO = 1, DT_CHR = 2, DT_DIR = 4, DT_BLK = 6, DT_REG = 8, DT_LNK = 10, DT_SOCK = 12 };

struct dirent {
    ino_t d_ino;
    unsigned char d_type;
    char d_name[256];
};
typedef struct newlib_directory DIR;

#endif
