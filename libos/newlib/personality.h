/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of the library OS's side share. All under the container lock. */
#ifndef NEWLIB_PERSONALITY_H
#define NEWLIB_PERSONALITY_H

#include <los/file.h>
#include <los/personality.h>
#include <los/process.h>
#include "call.h"

/* --- calls --- */
struct nl_args {
    uint64_t a, b, c;
    struct los_frame *frame;
};
typedef long (*nl_handler)(const struct nl_args *args);
#define X(name, arguments) long nl_call_##name(const struct nl_args *args);
#include "calls.def"
#undef X

/* --- memory.c: the program's memory, which is its space and, in the image, what the linker made of its text and data --- */
int nl_copy_in(void *to, uint64_t from, size_t bytes);        /* 0 or FAULT */
int nl_copy_out(uint64_t to, const void *from, size_t bytes); /* 0 or FAULT */
long nl_string_in(uint64_t from, char **to); /* to be freed by los_free. 0, FAULT, NAMETOOLONG, NOMEM */
/* What read and write operations move; they say FAULT where it is no memory of the program. */
struct los_transfer nl_transfer(uint64_t at, size_t bytes, bool to_program);

/* --- start.c --- */
void nl_start(struct los_frame *frame);
void nl_quick_init(void);

/* --- signal.c --- */
bool nl_deliver_signal(struct los_frame *frame, const struct los_action *action,
                       const struct los_signal_info *info, los_signal_set old_mask);
int nl_signal_first(int number); /* of newlib, to the program. 0 or an error */

/* --- fault.c: says why a program was ended --- */
bool nl_fault(struct los_frame *frame, uint32_t vector, uint64_t error, uint64_t address);
void nl_process_ended(struct los_process *process);
/* A line on the program's standard error, or on the log where it has none. */
void nl_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
