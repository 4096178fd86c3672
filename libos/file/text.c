/* SPDX-License-Identifier: MPL-2.0 */
/* Growing text, for generated files. A failure to grow is remembered, and the text cut there. */
#include "internal.h"

static bool make_room(struct los_text *text, size_t more)
{
    size_t size = text->size ? text->size : 512;
    if (text->failed)
        return false;
    while (size - 1 < text->length + more)
        size *= 2;
    if (size == text->size)
        return true;
    char *at = los_alloc(size);
    if (!at) {
        text->failed = true;
        return false;
    }
    if (text->length)
        memcpy(at, text->at, text->length);
    los_free(text->at);
    text->at = at;
    text->size = size;
    return true;
}

void los_text_bytes(struct los_text *text, const void *from, size_t bytes)
{
    if (!make_room(text, bytes))
        return;
    memcpy(text->at + text->length, from, bytes);
    text->length += bytes;
    text->at[text->length] = 0;
}

void los_text_add(struct los_text *text, const char *format, ...)
{
    va_list args;
    for (int round = 0; round < 2; round++) {
        size_t room = text->size - text->length;
        va_start(args, format);
        int wanted = los_vsnprintf(room ? text->at + text->length : NULL, room, format, args);
        va_end(args);
        if (wanted < 0 || text->failed)
            return;
        if ((size_t)wanted < room) {
            text->length += (size_t)wanted;
            return;
        }
        if (!make_room(text, (size_t)wanted))
            return;
    }
}
