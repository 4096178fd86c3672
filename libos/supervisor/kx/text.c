/* SPDX-License-Identifier: MPL-2.0 */
/* Memory that is given back all at once, and text in it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kx.h"

struct kept {
    struct kept *next;
    max_align_t bytes[];
};
static struct kept *newest;

void *kx_keep(size_t bytes)
{
    struct kept *kept = bytes <= SIZE_MAX - sizeof(*kept) ? calloc(1, sizeof(*kept) + bytes) : NULL;
    if (!kept)
        kx_die("out of memory");
    kept->next = newest;
    newest = kept;
    return kept->bytes;
}

void *kx_mark(void) { return newest; }

void kx_release(void *mark)
{
    while (newest && newest != mark) {
        struct kept *next = newest->next;
        free(newest);
        newest = next;
    }
}

const char *kx_copy(const char *text, size_t bytes)
{
    char *copy = kx_keep(bytes + 1);
    memcpy(copy, text, bytes);
    return copy;
}

char *kx_print(const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = kx_keep((size_t)(length < 0 ? 0 : length) + 1);
    vsnprintf(text, (size_t)(length < 0 ? 0 : length) + 1, format, arguments);
    va_end(arguments);
    return text;
}

void kx_strings_add(struct kx_strings *strings, const char *text)
{
    if (strings->count == strings->room) {
        size_t room = strings->room ? strings->room * 2 : 16;
        const char **more = kx_keep(room * sizeof(*more));
        if (strings->count)
            memcpy(more, strings->at, strings->count * sizeof(*more));
        strings->at = more;
        strings->room = room;
    }
    strings->at[strings->count++] = text;
}

void kx_buffer_add(struct kx_buffer *buffer, const void *bytes, size_t count)
{
    if (count > buffer->room - buffer->bytes) {
        size_t room = (buffer->bytes + count) * 2;
        char *more = kx_keep(room);
        if (buffer->bytes)
            memcpy(more, buffer->at, buffer->bytes);
        buffer->at = more;
        buffer->room = room;
    }
    if (count)
        memcpy(buffer->at + buffer->bytes, bytes, count);
    buffer->bytes += count;
}
