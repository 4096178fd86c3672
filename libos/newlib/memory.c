/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The program's memory: stack and heap in its space, text and data in the image. Addresses of the image are checked against its bounds, and
 * for writing against those of its data; the rest of the container segment is no memory of the program.
 */
#include "personality.h"

#define RESERVE_PAGES                                                                                          \
    256ul /* left to the library OS when the program asks for all: page tables, files, stack */

extern char los_data_start[], los_image_end[];

static bool in_image(uint64_t at, size_t bytes, bool write)
{
    uint64_t start = write ? (uint64_t)los_data_start : LOS_IMAGE, end = (uint64_t)los_image_end;
    return at >= start && at <= end && bytes <= end - at;
}

int nl_copy_in(void *to, uint64_t from, size_t bytes)
{
    if (!in_image(from, bytes, false))
        return los_copy_in(to, from, bytes);
    memcpy(to, (const void *)from, bytes);
    return 0;
}

int nl_copy_out(uint64_t to, const void *from, size_t bytes)
{
    if (!in_image(to, bytes, true))
        return los_copy_out(to, from, bytes);
    memcpy((void *)to, from, bytes);
    return 0;
}

long nl_string_in(uint64_t from, char **to)
{
    char *text = los_alloc(LOS_PATH_MAX);
    if (!text)
        return -LOS_E_NOMEM;
    long n;
    if (in_image(from, 1, false)) {
        size_t most = (uint64_t)los_image_end - from;
        n = (long)strnlen((const char *)from, most < LOS_PATH_MAX ? most : LOS_PATH_MAX);
        if (n == LOS_PATH_MAX)
            n = -LOS_E_NAMETOOLONG;
        else
            los_strlcpy(text, (const char *)from, (size_t)n + 1);
    } else {
        n = los_copy_in_string(text, from, LOS_PATH_MAX);
    }
    if (n < 0) {
        los_free(text);
        return n;
    }
    *to = text;
    return 0;
}

struct los_transfer nl_transfer(uint64_t at, size_t bytes, bool to_program)
{
    return (struct los_transfer){.at = at, .left = bytes, .user = !in_image(at, bytes, to_program)};
}

/* Memory that was promised is there when it is touched: what is not yet resident counts, so that malloc says NULL rather than that the program
 * is killed later. */
static bool can_grow(const struct los_space *space, uint64_t bytes)
{
    uint64_t promised =
        space->virtual_pages > space->resident_pages ? space->virtual_pages - space->resident_pages : 0;
    uint64_t free = los_pages_free_count(), wanted = bytes / LOS_PAGE + 1;
    wanted += wanted / 256 + 2; /* page tables */
    return wanted < free && promised + wanted + RESERVE_PAGES < free;
}

long nl_call_grow(const struct nl_args *args)
{
    struct los_space *space = los_current()->process->space;
    uint64_t old = space->heap_end;
    int64_t by = (int64_t)args->a;
    if (by > 0 && ((uint64_t)by > LOS_USER_END || !can_grow(space, (uint64_t)by)))
        return -LOS_E_NOMEM;
    if (by && los_space_set_break(space, old + (uint64_t)by) != (long)(old + (uint64_t)by))
        return -LOS_E_NOMEM;
    return (long)old;
}
