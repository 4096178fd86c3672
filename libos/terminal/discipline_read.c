/* SPDX-License-Identifier: MPL-2.0 */
/* The line discipline, towards programs that read: lines in canonical mode, bytes with MIN and TIME in raw mode. */
#include "discipline.h"

#define HUNDRED_MS 100000000ull

bool los_discipline_readable(const struct los_discipline *d, bool for_poll)
{
    if (d->mode.canonical)
        return d->lines != d->head;
    uint32_t least = for_poll && d->mode.control[LOS_TC_TIME] == 0 ? d->mode.control[LOS_TC_MIN] : 1;
    return d->tail - d->head >= (least != 0 ? least : 1);
}

size_t los_discipline_peek(const struct los_discipline *d, size_t wanted, const uint8_t **at, bool *last)
{
    uint32_t end = d->mode.canonical ? d->lines : d->tail;
    uint32_t n = 0;
    *at = &d->input[los_discipline_slot(d->head)];
    *last = false;
    while (n < wanted && d->head + n != end && los_discipline_slot(d->head) + n < LOS_DISCIPLINE_INPUT) {
        uint32_t position = d->head + n;
        bool ends = d->mode.canonical && los_discipline_marked(d->line_end, position);
        if (ends && los_discipline_marked(d->end_mark, position)) {
            *last = true;
            break;
        }
        n++;
        if (ends) {
            *last = true;
            break;
        }
    }
    return n;
}

void los_discipline_consume(struct los_discipline *d, size_t n)
{
    bool ended = n > 0 && d->mode.canonical && los_discipline_marked(d->line_end, d->head + (uint32_t)n - 1);
    d->head += (uint32_t)n;
    if (!d->mode.canonical)
        d->lines = d->head;
    /* An EOF character goes with the bytes before it; one that follows a finished line is an end of its own. */
    if (d->mode.canonical && !ended && d->head != d->lines && los_discipline_marked(d->end_mark, d->head))
        d->head++;
    if (d->asked_to_stop && d->tail - d->head < LOS_DISCIPLINE_INPUT / 8) {
        d->asked_to_stop = false;
        d->has_urgent = true;
        d->urgent = d->mode.control[LOS_TC_START];
    }
}

bool los_discipline_must_wait(const struct los_discipline *d, size_t got, size_t wanted, uint64_t started_ns,
                              uint64_t last_ns, uint64_t now_ns, uint64_t *deadline_ns)
{
    *deadline_ns = LOS_FOREVER;
    if (got >= wanted)
        return false;
    if (d->mode.canonical)
        return got == 0;
    uint64_t time_ns = d->mode.control[LOS_TC_TIME] * HUNDRED_MS;
    uint32_t least = d->mode.control[LOS_TC_MIN];
    if (least == 0) {
        if (got > 0 || time_ns == 0)
            return false;
        *deadline_ns = started_ns + time_ns;
    } else {
        if (got >= least)
            return false;
        if (time_ns != 0 && got > 0)
            *deadline_ns = last_ns + time_ns;
    }
    return now_ns < *deadline_ns;
}

size_t los_discipline_input_bytes(const struct los_discipline *d)
{
    if (!d->mode.canonical)
        return d->tail - d->head;
    size_t n = 0;
    for (uint32_t at = d->head; at != d->lines; at++)
        n += !los_discipline_marked(d->end_mark, at);
    return n;
}

void los_discipline_flush_input(struct los_discipline *d)
{
    d->head = d->lines = d->tail;
    d->literal_next = d->erasing = false;
    if (d->asked_to_stop) {
        d->asked_to_stop = false;
        d->has_urgent = true;
        d->urgent = d->mode.control[LOS_TC_START];
    }
}
