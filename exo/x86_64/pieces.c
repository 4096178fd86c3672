/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Lists of pieces of physical memory, for the time before the core owns RAM. Firmware's maps may be unsorted, overlap and
 * contradict themselves, so the lists are built by adding what is usable and then removing what anything else says.
 */
#include "x86.h"

struct x86_pieces x86_free, x86_mapped;

static void insert(struct x86_pieces *pieces, uint32_t at, uint64_t start, uint64_t end)
{
    if (pieces->count == X86_PIECES_MAX) {
        x86_log("kxos: the memory map has too many pieces: %lu KiB at %lx lost\n", (end - start) >> 10, start);
        return;
    }
    for (uint32_t i = pieces->count++; i > at; i--)
        pieces->piece[i] = pieces->piece[i - 1];
    pieces->piece[at].start = start;
    pieces->piece[at].end = end;
}

static void erase(struct x86_pieces *pieces, uint32_t at)
{
    pieces->count--;
    for (uint32_t i = at; i < pieces->count; i++)
        pieces->piece[i] = pieces->piece[i + 1];
}

void x86_pieces_add(struct x86_pieces *pieces, uint64_t start, uint64_t end)
{
    start = (start + EXO_PAGE_SIZE - 1) & ~(EXO_PAGE_SIZE - 1);
    end &= ~(EXO_PAGE_SIZE - 1);
    if (start >= end)
        return;
    uint32_t at = 0;
    while (at < pieces->count && pieces->piece[at].end < start)
        at++;
    /* All that touch the new one become part of it. */
    while (at < pieces->count && pieces->piece[at].start <= end) {
        if (pieces->piece[at].start < start)
            start = pieces->piece[at].start;
        if (pieces->piece[at].end > end)
            end = pieces->piece[at].end;
        erase(pieces, at);
    }
    insert(pieces, at, start, end);
}

void x86_pieces_remove(struct x86_pieces *pieces, uint64_t start, uint64_t end)
{
    start &= ~(EXO_PAGE_SIZE - 1);
    end = (end + EXO_PAGE_SIZE - 1) & ~(EXO_PAGE_SIZE - 1);
    for (uint32_t i = 0; i < pieces->count && start < end;) {
        uint64_t first = pieces->piece[i].start, last = pieces->piece[i].end;
        if (last <= start || first >= end) {
            i++;
            continue;
        }
        erase(pieces, i);
        if (end < last)
            insert(pieces, i, end, last);
        if (first < start)
            insert(pieces, i, first, start);
    }
}

bool x86_pieces_hold(const struct x86_pieces *pieces, uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < pieces->count; i++)
        if (pieces->piece[i].start <= start && start <= end && end <= pieces->piece[i].end)
            return true;
    return false;
}

uint64_t x86_boot_pages(uint64_t count)
{
    uint64_t bytes = count << EXO_PAGE_SHIFT;
    for (uint32_t i = 0; i < x86_free.count; i++) {
        uint64_t start = x86_free.piece[i].start;
        if (x86_free.piece[i].end - start < bytes || start + bytes > 1ul << 32)
            continue;
        x86_pieces_remove(&x86_free, start, start + bytes);
        __builtin_memset((void *)(X86_DIRECT + start), 0, bytes);
        return start >> EXO_PAGE_SHIFT;
    }
    machine_panic("no RAM left for the exokernel itself");
}
