/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the program's side (library/, compiled with newlib's headers) and the library OS's side of the boundary share. A call is a function call:
 * newlib_call jumps to los_patched_entry, which changes to the library OS's stack. No ring is crossed. Plain types only.
 */
#ifndef NEWLIB_CALL_H
#define NEWLIB_CALL_H

#include <stdint.h>

enum nl_call {
#define X(name, arguments) NL_##name,
#include "calls.def"
#undef X
    NL_CALLS
};

/* Returns the result, or the negative of an enum los_error. Unused arguments are 0. In entry.S. */
__attribute__((visibility("default"))) long newlib_call(uint64_t a, uint64_t b, uint64_t c, uint64_t unused,
                                                        uint32_t number);

/* Where the program begins (library/start.c). */
void newlib_start(int count, char **arguments, char **environment);

enum nl_open { /* as enum los_open_flag */
               NL_OPEN_READ = 1,
               NL_OPEN_WRITE = 2,
               NL_OPEN_CREATE = 4,
               NL_OPEN_EXCLUSIVE = 8,
               NL_OPEN_TRUNCATE = 16,
               NL_OPEN_APPEND = 32,
               NL_OPEN_NONBLOCK = 64,
               NL_OPEN_DIRECTORY = 128
};

enum nl_type {
    NL_REGULAR = 1,
    NL_DIRECTORY,
    NL_SYMLINK,
    NL_CHARACTER,
    NL_BLOCK,
    NL_FIFO,
    NL_SOCKET
}; /* as enum los_file_type */
struct nl_stat {
    uint64_t device, inode, size, blocks, block_size;
    uint32_t type, permissions, links, user, group;
    int64_t accessed, modified, changed; /* seconds since 1970 */
};
struct nl_entry {
    uint64_t inode;
    uint32_t type;
    char name[256];
};

/* Signals go by newlib's numbers, 1 to 31; sets have bit n for number n, as newlib's sigset_t. */
#define NL_SIGNALS 32
struct nl_action {
    uint64_t handler; /* 0 default, 1 ignore */
    uint64_t mask;    /* blocked besides while it runs */
    uint32_t flags;
};
enum nl_action_flag {
    NL_ACTION_RESTART = 1,
    NL_ACTION_RESET = 2,
    NL_ACTION_NO_DEFER = 4,
    NL_ACTION_ON_STACK = 8
};
enum nl_mask { NL_MASK_SET, NL_MASK_BLOCK, NL_MASK_UNBLOCK };
/* Newlib's numbers; library/signal.c asserts that they are. Those not named mean the same in both. */
enum nl_signal {
    NL_SIG_URGENT = 16,
    NL_SIG_STOP,
    NL_SIG_TERMINAL_STOP,
    NL_SIG_CONTINUE,
    NL_SIG_CHILD,
    NL_SIG_TERMINAL_IN,
    NL_SIG_TERMINAL_OUT,
    NL_SIG_POLL,
    NL_SIG_CPU_LIMIT,
    NL_SIG_FILE_LIMIT,
    NL_SIG_VIRTUAL_ALARM,
    NL_SIG_PROFILE,
    NL_SIG_WINDOW,
    NL_SIG_LOST,
    NL_SIG_USER1,
    NL_SIG_USER2,
    NL_SIG_BUS = 10,
    NL_SIG_SYSTEM_CALL = 12
};

#endif
