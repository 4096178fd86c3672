/* SPDX-License-Identifier: MPL-2.0 */
/* The line discipline, outward half: output processing, the column of the cursor, the output queue. */
#include "discipline.h"

static uint32_t queued(const struct los_discipline *d) { return d->output_tail - d->output_head; }

bool los_discipline_put_output(struct los_discipline *d, uint8_t c, uint32_t limit)
{
    if (queued(d) >= limit)
        return false;
    d->output[d->output_tail++ % LOS_DISCIPLINE_OUTPUT] = c;
    return true;
}

static bool put_newline(struct los_discipline *d, uint32_t limit)
{
    if (!d->mode.nl_to_crnl) {
        if (!los_discipline_put_output(d, '\n', limit))
            return false;
        if (d->mode.nl_returns)
            d->column = 0;
    } else {
        if (queued(d) + 2 > limit)
            return false;
        los_discipline_put_output(d, '\r', limit);
        los_discipline_put_output(d, '\n', limit);
        d->column = 0;
    }
    d->line_column = d->column;
    return true;
}

static bool put_return(struct los_discipline *d, uint32_t limit)
{
    if (d->mode.no_cr_column0 && d->column == 0)
        return true;
    if (!los_discipline_put_output(d, d->mode.out_cr_to_nl ? '\n' : '\r', limit))
        return false;
    if (!d->mode.out_cr_to_nl || d->mode.nl_returns)
        d->column = d->line_column = 0;
    return true;
}

static bool put_tab(struct los_discipline *d, uint32_t limit)
{
    uint32_t spaces = 8 - d->column % 8;
    if (!d->mode.expand_tabs) {
        if (!los_discipline_put_output(d, '\t', limit))
            return false;
    } else {
        if (queued(d) + spaces > limit)
            return false;
        for (uint32_t i = 0; i < spaces; i++)
            los_discipline_put_output(d, ' ', limit);
    }
    d->column += spaces;
    return true;
}

bool los_discipline_output_char(struct los_discipline *d, uint8_t c, uint32_t limit)
{
    if (!d->mode.post)
        return los_discipline_put_output(d, c, limit);
    switch (c) {
    case '\n': return put_newline(d, limit);
    case '\r': return put_return(d, limit);
    case '\t': return put_tab(d, limit);
    case '\b':
        if (!los_discipline_put_output(d, c, limit))
            return false;
        if (d->column > 0)
            d->column--;
        return true;
    }
    bool is_control = c < ' ' || c == 0x7f;
    bool continues = d->mode.utf8 && (c & 0xc0) == 0x80;
    if (d->mode.out_upper && c >= 'a' && c <= 'z')
        c -= 'a' - 'A';
    if (!los_discipline_put_output(d, c, limit))
        return false;
    if (!is_control && !continues)
        d->column++;
    return true;
}

size_t los_discipline_write(struct los_discipline *d, const char *bytes, size_t n)
{
    size_t done = 0;
    while (done < n &&
           los_discipline_output_char(d, (uint8_t)bytes[done], LOS_DISCIPLINE_OUTPUT - LOS_DISCIPLINE_ECHO))
        done++;
    return done;
}

bool los_discipline_write_room(const struct los_discipline *d)
{
    return queued(d) < LOS_DISCIPLINE_OUTPUT - LOS_DISCIPLINE_ECHO - 256;
}

size_t los_discipline_output(const struct los_discipline *d, const char **at)
{
    if (d->has_urgent) {
        *at = (const char *)&d->urgent;
        return 1;
    }
    if (d->stopped || d->held)
        return 0;
    uint32_t slot = d->output_head % LOS_DISCIPLINE_OUTPUT;
    uint32_t n = queued(d);
    *at = (const char *)&d->output[slot];
    return n < LOS_DISCIPLINE_OUTPUT - slot ? n : LOS_DISCIPLINE_OUTPUT - slot;
}

void los_discipline_sent(struct los_discipline *d, size_t n)
{
    if (n == 0)
        return;
    if (d->has_urgent) {
        d->has_urgent = false;
        return;
    }
    d->output_head += (uint32_t)n;
}

size_t los_discipline_output_bytes(const struct los_discipline *d) { return queued(d) + d->has_urgent; }

void los_discipline_flush_output(struct los_discipline *d)
{
    d->output_head = d->output_tail;
    d->erasing = false;
}
