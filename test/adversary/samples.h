/* SPDX-License-Identifier: MPL-2.0 */
/* One token of every kind that an attacker can get, with as many rights as it can get, all of it expendable. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include "attack.h"
#pragma GCC visibility push(hidden)

struct samples {
    exo_handle token[EXO_KIND_COUNT]; /* 0: none of that kind */
    uint64_t rights[EXO_KIND_COUNT];
};

/* Makes those that are missing, or have become useless. */
void samples_make(struct samples *samples);
/* Ends the domain among them, and with it all that was made in it. */
void samples_drop(struct samples *samples);

/* Which token each call needs where: a row for every H in calls.def. */
struct need {
    uint8_t call, argument, kind; /* kind EXO_NONE: any */
    uint8_t rights;
};
#define NEEDS_MAX 64
extern const struct need needs[];
extern const unsigned needs_count;
const struct need *need_of(unsigned call, unsigned argument); /* NULL: no handle belongs there */
const char *call_name(unsigned call);

/* A call with six arguments, none of them looked at. */
long raw_call(uint64_t number, const uint64_t argument[6]);

#pragma GCC visibility pop
#endif
