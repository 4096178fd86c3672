/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The library OS's side of container.h: its configuration, consoles in memory, the supervisor's mail, and memory that is asked back.
 * All under the container lock, unless it says otherwise.
 */
#ifndef LOS_SUPERVISION_H
#define LOS_SUPERVISION_H

#include <los/container.h>
#include <los/file.h>
#include <los/terminal.h>

/* --- configuration: strings KEY=VALUE. Needs no lock --- */
struct los_config {
    const char *text;
    uint64_t bytes;
};
struct los_config
los_config_own(void); /* the container's, at LOS_CONFIG; without strings where there is none */
/* The value of the n-th string with that key, to the NUL; NULL: none. */
const char *los_config_get(const struct los_config *config, const char *key, unsigned n);
/* The decimal number under the key; `otherwise` where there is none or it is no number. */
uint64_t los_config_number(const struct los_config *config, const char *key, uint64_t otherwise);

/* --- consoles in memory --- */
void los_consoles_init(void);
bool los_console_in_memory(void); /* console 0 is: there is no UART */
/* A file of console n as descriptor 0, 1 or 2: of its terminal where it is one, else of the stream. It is no name in the tree. 0 or an error. */
long los_console_file(unsigned n, unsigned descriptor, struct los_file **out);
/* Its terminal, or NULL: it has none. */
struct los_terminal *los_console_terminal(unsigned n);
/* What ran on it has ended. */
void los_console_ended(unsigned n, int status);
/* Everything that was written is in the memory that is shared with the supervisor, unless nobody makes room for long. */
void los_consoles_drain(void);
/* Text for whoever looks at console 0's standard error, without waiting: a library OS that breaks says why. */
void los_console_say(const char *text, size_t n);

/* --- mail --- */
/* A program that shall run beside the first one: on console n. `config` lies in the heap and is the taker's to free. */
struct los_execution {
    struct los_link link;
    unsigned console;
    struct los_config config;
};
/* Takes the oldest that waits; NULL: none does. The taker ends its console and frees it. */
struct los_execution *los_execution_take(void);

/* The supervisor rang (LOS_EVENT_FROM_SUPERVISOR), or frames are asked back (EXO_PENDING_RECALL): from the event path. */
void los_supervisor_rang(void);
void los_recall(void);
/* What the library OS tells of itself, now and then. */
void los_supervision_init(void);

#endif
