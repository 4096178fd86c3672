/* SPDX-License-Identifier: MPL-2.0 */
/* Running a program: what the files of exec/ share. exec.c decides, load.c maps, stack.c builds the first stack. */
#ifndef LX_EXEC_H
#define LX_EXEC_H

#include <personality.h>
#include "elf.h"

#define LX_STACK_TOP   (LOS_USER_END - 0x10000) /* at most: stack.c chooses the page */
#define LX_PIE_BASE    0x555555554000ul
#define LX_PREFIX_MAX  16
#define LX_SCRIPTS_MAX 5

/* Where argument strings come from: an array of pointers, NULL at its end, in the program or in the library OS. */
struct lx_strings {
    uint64_t user;           /* address of the program's array; 0: none */
    const char *const *list; /* of the library OS, when not NULL */
};

struct lx_exec {
    /* the program */
    struct los_file *file, *interpreter;
    struct lx_elf elf, interpreter_elf;
    uint64_t bias, interpreter_base, entry;
    /* its strings */
    char *name;                  /* the path as the caller gave it: AT_EXECFN */
    char *prefix[LX_PREFIX_MAX]; /* arguments that scripts put in front, owned */
    uint32_t prefixes;
    bool skip_first; /* the caller's argument 0 gives way to them */
    struct lx_strings arguments, environment;
    /* credentials that it will have */
    uint32_t user, group;
    bool secure;
    /* made */
    struct los_space *space;
    uint64_t stack; /* the first rsp */
    uint64_t arguments_start, arguments_end, environment_start, environment_end;
    uint64_t auxiliary[64];
};

/* Replaces the current process's program. Exactly one of path (with start as los_walk has it) and file says which; name is what AT_EXECFN and
 * scripts see. On success the frame holds the new program's registers. On failure nothing changed. */
long lx_exec(const struct los_path *start, const char *path, struct los_file *file, const char *name,
             const struct lx_strings *arguments, const struct lx_strings *environment, struct los_frame *frame);

/* load.c: maps elf's segments, moved by bias, in the space. 0 or an error. */
long lx_load(struct los_space *space, struct los_file *file, const struct lx_elf *elf, uint64_t bias);
/* load.c: reads the file's headers. 0, NOEXEC, or an error of reading. head: its first n bytes. */
long lx_read_elf(struct los_file *file, const void *head, size_t n, struct lx_elf *elf);

/* stack.c: maps the stack in exec->space and fills it. 0, TOOBIG, FAULT, NOMEM. */
long lx_stack_build(struct lx_exec *exec);

#endif
