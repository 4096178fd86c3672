/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The line discipline: what happens to bytes between a line and the programs that read and write it. Pure: it knows no
 * device, no process and no clock, sends nothing and wakes nobody; terminal.c does these. So it is tested on any host.
 * The general terminal interface of POSIX.1-2017, chapter 11, with the usual additions (word erase, literal next, reprint).
 */
#ifndef LOS_DISCIPLINE_H
#define LOS_DISCIPLINE_H

#include <los/base.h>
#include <los/terminal.h>

#define LOS_DISCIPLINE_INPUT  4096u /* bytes; a power of two */
#define LOS_DISCIPLINE_OUTPUT 4096u /* the same */
#define LOS_DISCIPLINE_ECHO   512u  /* the part of the output queue that writes leave to echo */

struct los_discipline {
    struct los_terminal_mode mode;

    /* Input queue. Positions count bytes since ever; a position's slot is position % LOS_DISCIPLINE_INPUT.
     * [head, tail) is queued. In canonical mode [head, lines) are finished lines and [lines, tail) is being edited. */
    uint32_t head, lines, tail;
    uint8_t input[LOS_DISCIPLINE_INPUT];
    uint64_t line_end[LOS_DISCIPLINE_INPUT / 64]; /* slot ends a line */
    uint64_t end_mark[LOS_DISCIPLINE_INPUT / 64]; /* and is an EOF character: readers do not get it */
    bool literal_next;                            /* the next character is an ordinary one */
    bool erasing;                                 /* inside the \.../ of echo_print */
    bool asked_to_stop;                           /* flow_in: STOP was sent to the other end */

    /* Output queue, the same way. */
    uint32_t output_head, output_tail;
    uint8_t output[LOS_DISCIPLINE_OUTPUT];
    uint32_t column;      /* of the cursor, after what is queued */
    uint32_t line_column; /* where the line being edited begins */
    bool stopped;         /* by the STOP character */
    bool held;            /* by los_terminal_flow */
    bool has_urgent;      /* `urgent` goes out before the queue, even when stopped */
    uint8_t urgent;
};

/* What los_discipline_receive found besides bytes. */
enum los_discipline_event {
    LOS_DISCIPLINE_INTERRUPT = 1, /* signals for the foreground group */
    LOS_DISCIPLINE_QUIT = 2,
    LOS_DISCIPLINE_SUSPEND = 4,
};

void los_discipline_init(struct los_discipline *d); /* the usual mode of a terminal that people sit at */
/* Changing between canonical and raw input makes what is queued readable as it is. */
void los_discipline_set_mode(struct los_discipline *d, const struct los_terminal_mode *mode);

/* --- from and to the line ------------------------------------------------------------------------------------------- */
/* Takes all n bytes (drops what does not fit). Returns a set of enum los_discipline_event. */
uint32_t los_discipline_receive(struct los_discipline *d, const char *bytes, size_t n);
uint32_t los_discipline_break(struct los_discipline *d);    /* a break condition on the line */
size_t los_discipline_room(const struct los_discipline *d); /* bytes that receive can take without dropping */
/* The next bytes to send, in one piece: how many, and where. 0: nothing, or stopped. */
size_t los_discipline_output(const struct los_discipline *d, const char **at);
void los_discipline_sent(struct los_discipline *d, size_t n); /* that many of these */
size_t los_discipline_output_bytes(const struct los_discipline *d);

/* --- from and to programs --------------------------------------------------------------------------------------------- */
size_t los_discipline_write(struct los_discipline *d, const char *bytes,
                            size_t n); /* returns how many fitted */
bool los_discipline_write_room(const struct los_discipline *d);
/* Is there something to read now? for_poll: as poll reports it, with the MIN of raw mode. */
bool los_discipline_readable(const struct los_discipline *d, bool for_poll);
/* The next bytes, in one piece, for a read that still wants `wanted`: how many, and where. *last: the read ends with these, because the line
 * does. After taking them, or n of them: los_discipline_consume, with n = 0 for an empty line that an EOF character ended. */
size_t los_discipline_peek(const struct los_discipline *d, size_t wanted, const uint8_t **at, bool *last);
void los_discipline_consume(struct los_discipline *d, size_t n);
/* Nothing more to take now: must a read that has got `got` of `wanted` bytes wait (true; until *deadline_ns), or return?
 * started_ns: when it began; last_ns: when it got its last bytes. The four cases of MIN and TIME. */
bool los_discipline_must_wait(const struct los_discipline *d, size_t got, size_t wanted, uint64_t started_ns,
                              uint64_t last_ns, uint64_t now_ns, uint64_t *deadline_ns);
size_t los_discipline_input_bytes(const struct los_discipline *d); /* that a read would get */
void los_discipline_flush_input(struct los_discipline *d);
void los_discipline_flush_output(struct los_discipline *d);

/* Shared by the two halves: output_char returns false when the queue (up to `limit` bytes) has no room for what it becomes. */
bool los_discipline_output_char(struct los_discipline *d, uint8_t c, uint32_t limit);
bool los_discipline_put_output(struct los_discipline *d, uint8_t c, uint32_t limit); /* as it is */

/* Positions in the input queue. */
static inline uint32_t los_discipline_slot(uint32_t position) { return position % LOS_DISCIPLINE_INPUT; }
static inline bool los_discipline_marked(const uint64_t *map, uint32_t position)
{
    return map[los_discipline_slot(position) / 64] >> (los_discipline_slot(position) % 64) & 1;
}
static inline void los_discipline_mark(uint64_t *map, uint32_t position, bool on)
{
    uint64_t bit = 1ull << (los_discipline_slot(position) % 64);
    map[los_discipline_slot(position) / 64] =
        on ? map[los_discipline_slot(position) / 64] | bit : map[los_discipline_slot(position) / 64] & ~bit;
}

#endif
