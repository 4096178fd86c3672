/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Memory of programs: of the current thread by its own addresses, of any space through the direct map.
 *
 * The program's memory is mapped while the library OS works for it, so copies are direct; a fault on the way comes to
 * los_user_fault like the program's own would, and what cannot be resolved cuts the copy short (string.S).
 */
#include <los/process.h>
#include "../process/internal.h"
#include "fault.h"
#include "space.h"

static inline bool in_user(uint64_t user, size_t bytes)
{
    return user < LOS_USER_END && bytes <= LOS_USER_END - user;
}

#ifndef EXO_UNIT_TEST

#define RAW_COPY_OUT(user, from, bytes) los_raw_copy((void *)(user), from, bytes)
#define RAW_COPY_IN(to, user, bytes)    los_raw_copy(to, (const void *)(user), bytes)

bool los_user_fault(struct los_frame *frame, uint64_t address, uint64_t error)
{
    const struct los_raw_range *range = los_raw_ranges;
    while (range->start && (frame->regs.rip < range->start || frame->regs.rip >= range->end))
        range++;
    if (!range->start || address >= LOS_USER_END)
        return false;
    int result = los_space_fault(los_cpu()->space, address, los_fault_access(error));
    if (result == -LOS_E_NOMEM)
        los_out_of_memory_inside();
    if (result < 0)
        frame->regs.rip = range->fixup;
    return true;
}

#else /* no MMU: the same through the record of what is mapped where */

#define RAW_COPY_OUT(user, from, bytes) (bytes - los_space_write(los_cpu()->space, user, from, bytes, false))
#define RAW_COPY_IN(to, user, bytes)    (bytes - los_space_read(los_cpu()->space, user, to, bytes))

bool los_user_fault(struct los_frame *frame, uint64_t address, uint64_t error)
{
    (void)frame;
    return los_space_fault(los_cpu()->space, address, los_fault_access(error)) == 0;
}

size_t los_raw_clear(void *to, size_t bytes)
{
    static const char zeros[256];
    while (bytes) {
        size_t n = bytes < sizeof(zeros) ? bytes : sizeof(zeros);
        size_t left = RAW_COPY_OUT((uint64_t)to, zeros, n);
        bytes -= n - left;
        if (left)
            break;
        to = (char *)to + n;
    }
    return bytes;
}

long los_raw_string(char *to, const char *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (RAW_COPY_IN(&to[i], (uint64_t)(from + i), (size_t)1))
            return -1;
        if (!to[i])
            return (long)i;
    }
    return -2;
}

int los_raw_load32(uint64_t user, uint32_t *value) { return RAW_COPY_IN(value, user, sizeof(*value)) ? -1 : 0; }

int los_raw_exchange32(uint64_t user, uint32_t expected, uint32_t desired, uint32_t *found)
{
    if (RAW_COPY_IN(found, user, sizeof(*found)))
        return -1;
    return *found == expected && RAW_COPY_OUT(user, &desired, sizeof(desired)) ? -1 : 0;
}
#endif

int los_copy_in(void *to, uint64_t user, size_t bytes)
{
    return in_user(user, bytes) && !RAW_COPY_IN(to, user, bytes) ? 0 : -LOS_E_FAULT;
}

int los_copy_out(uint64_t user, const void *from, size_t bytes)
{
    return in_user(user, bytes) && !RAW_COPY_OUT(user, from, bytes) ? 0 : -LOS_E_FAULT;
}

int los_clear_user(uint64_t user, size_t bytes)
{
    return in_user(user, bytes) && !los_raw_clear((void *)user, bytes) ? 0 : -LOS_E_FAULT;
}

long los_copy_in_string(char *to, uint64_t user, size_t size)
{
    if (!in_user(user, 0))
        return -LOS_E_FAULT;
    size_t room = LOS_USER_END - user;
    long length = los_raw_string(to, (const char *)user, size < room ? size : room);
    if (length >= 0)
        return length;
    return length == -2 && size <= room ? -LOS_E_NAMETOOLONG : -LOS_E_FAULT;
}

int los_user_load32(uint64_t user, uint32_t *value)
{
    return in_user(user, 4) && los_raw_load32(user, value) == 0 ? 0 : -LOS_E_FAULT;
}

int los_user_exchange32(uint64_t user, uint32_t expected, uint32_t desired, uint32_t *found)
{
    return in_user(user, 4) && los_raw_exchange32(user, expected, desired, found) == 0 ? 0 : -LOS_E_FAULT;
}

/* --- streams -------------------------------------------------------------------------------------------------------- */
static long advance(struct los_transfer *transfer, size_t asked, size_t not_moved)
{
    if (asked && not_moved == asked)
        return -LOS_E_FAULT;
    transfer->at += asked - not_moved;
    transfer->left -= asked - not_moved;
    return (long)(asked - not_moved);
}

long los_transfer_out(struct los_transfer *transfer, const void *from, size_t bytes)
{
    if (bytes > transfer->left)
        bytes = transfer->left;
    size_t not_moved = 0;
    if (!transfer->user)
        memcpy((void *)transfer->at, from, bytes);
    else if (!in_user(transfer->at, bytes))
        not_moved = bytes;
    else
        not_moved = RAW_COPY_OUT(transfer->at, from, bytes);
    return advance(transfer, bytes, not_moved);
}

long los_transfer_zero(struct los_transfer *transfer)
{
    size_t bytes = transfer->left, not_moved = 0;
    if (!transfer->user)
        memset((void *)transfer->at, 0, bytes);
    else
        not_moved = in_user(transfer->at, bytes) ? los_raw_clear((void *)transfer->at, bytes) : bytes;
    return advance(transfer, bytes, not_moved);
}

long los_transfer_in(struct los_transfer *transfer, void *to, size_t bytes)
{
    if (bytes > transfer->left)
        bytes = transfer->left;
    size_t not_moved = 0;
    if (!transfer->user)
        memcpy(to, (const void *)transfer->at, bytes);
    else if (!in_user(transfer->at, bytes))
        not_moved = bytes;
    else
        not_moved = RAW_COPY_IN(to, transfer->at, bytes);
    return advance(transfer, bytes, not_moved);
}

/* --- any space, through the direct map --------------------------------------------------------------------------- */
/* The page at `address`, made ready for the access; LOS_NO_PAGE when it is not to be had. */
static los_pageno page_at(struct los_space *space, uint64_t address, bool write, bool force)
{
    struct los_region *region = address < LOS_USER_END ? los_space_find(space, address) : NULL;
    if (!region || (write && !(region->protection & LOS_WRITE) && (!force || (region->flags & LOS_SHARED))) ||
        (!write && !region->protection && !force))
        return LOS_NO_PAGE;
    unsigned slot = chunk_slot(address);
    struct chunk *chunk = chunk_find(space, address);
    if (!chunk || !(chunk->present >> slot & 1) ||
        (write && (!(chunk->writable >> slot & 1) || chunk_shared(chunk)))) {
        if (page_resolve(space, region, address, write ? LOS_WRITE : LOS_READ) < 0)
            return LOS_NO_PAGE;
        chunk = chunk_find(space, address);
    }
    return chunk->page[slot];
}

static size_t access_space(struct los_space *space, uint64_t address, char *to, const char *from, size_t bytes,
                           bool force)
{
    size_t done = 0;
    while (done < bytes && space) {
        los_pageno page = page_at(space, address + done, from != NULL, force);
        if (!page)
            break;
        size_t offset = (address + done) & LOS_PAGE_MASK, n = LOS_PAGE - offset;
        if (n > bytes - done)
            n = bytes - done;
        char *at = (char *)page_address(page) + offset;
        if (from)
            memcpy(at, from + done, n);
        else
            memcpy(to + done, at, n);
        done += n;
    }
    return done;
}

size_t los_space_read(struct los_space *space, uint64_t address, void *to, size_t bytes)
{
    return access_space(space, address, to, NULL, bytes, false);
}

size_t los_space_write(struct los_space *space, uint64_t address, const void *from, size_t bytes, bool force)
{
    return access_space(space, address, NULL, from, bytes, force);
}
