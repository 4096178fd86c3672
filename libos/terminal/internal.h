/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of libos/terminal share: the terminal itself. All under the container lock. */
#ifndef LOS_TERMINAL_INTERNAL_H
#define LOS_TERMINAL_INTERNAL_H

#include "discipline.h"
#include <los/process.h>
#include <los/schedule.h>

struct los_terminal {
    struct los_discipline discipline;
    const struct los_terminal_driver *driver;
    char name[16];
    uint32_t major, minor;
    struct los_terminal_size size;
    struct los_wait_queue readers; /* input, or the end of it */
    struct los_wait_queue writers; /* room in the output queue, or an empty one */

    int session, foreground; /* 0: controls none */
    bool hung_up;            /* for good: the other end is gone */
    bool plain;              /* see los_terminal_make_plain */
    uint32_t generation;     /* open files of an earlier one were hung up; see opened() */
    uint32_t opens;          /* open files */

    /* Drivers may have them; NULL where they have not. */
    void (*input_room)(struct los_terminal *terminal);  /* a reader made room */
    void (*last_closed)(struct los_terminal *terminal); /* may free the terminal */
};

void los_terminal_init(struct los_terminal *terminal, const struct los_terminal_driver *driver,
                       const char *name);
/* No process may have it as its controlling terminal any more. */
void los_terminal_forget(struct los_terminal *terminal);
void los_terminal_push(struct los_terminal *terminal); /* gives queued output to the driver */

void los_terminal_break(struct los_terminal *terminal); /* the driver saw a break condition */

/* file->private and ops are set here; a session leader without a terminal acquires it when may_control. 0 or IO. */
long los_terminal_opened(struct los_terminal *terminal, struct los_file *file, bool may_control);

extern const struct los_file_ops
    los_terminal_plain_ops; /* private: the terminal; see los_terminal_make_plain */
void los_terminal_make_plain(
    struct los_terminal *terminal); /* no editing, no echo, no signals, no translation */

/* job_control.c: a background process reads (a write that is not allowed): 0, IO or RESTART. */
long los_terminal_check_read(struct los_terminal *terminal);
long los_terminal_check_write(struct los_terminal *terminal);
void los_terminal_signal(struct los_terminal *terminal, int number); /* to the foreground group */

/* pty.c: the other side of the pair whose master the file is; NULL: no master. */
struct los_terminal *los_pty_other_side(struct los_file *file);

/* pty.c: the terminal at the other side of the pair whose master the file is; NULL: no master. */
struct los_terminal *los_pty_other_side(struct los_file *file);

#endif
