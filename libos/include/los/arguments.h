/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The arguments of an image without libraries: words, split at blanks, out of the configuration's strings args=... (container.h), in
 * their order, or, where there is none, out of the word args=... of the command line, in which %XX stands for a byte.
 */
#ifndef LOS_ARGUMENTS_H
#define LOS_ARGUMENTS_H

#include <los/container.h>
#include <los/image.h>

#define ARGUMENTS_TEXT 2048u /* bytes; what is beyond is left out */
#define ARGUMENTS_MOST 64u

struct arguments {
    char text[ARGUMENTS_TEXT];
    uint32_t length, count;
    const char *word[ARGUMENTS_MOST];
};

/* What follows `name` in text, or NULL where the text does not begin with it. */
static inline const char *arguments_after(const char *text, const char *name)
{
    while (*name)
        if (*text++ != *name++)
            return 0;
    return text;
}

static inline void arguments_add(struct arguments *to, char byte)
{
    if (to->length < ARGUMENTS_TEXT - 1)
        to->text[to->length++] = byte;
}

static inline int arguments_hex(char digit)
{
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
           : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                          : -1;
}

static inline void arguments_from_configuration(struct arguments *to, const char *at, const char *end)
{
    while (at < end) {
        const char *value = arguments_after(at, "args=");
        for (; value && value < end && *value; value++)
            arguments_add(to, *value);
        if (value)
            arguments_add(to, ' ');
        while (at < end && *at++) {
        }
    }
}

static inline void arguments_from_line(struct arguments *to, const char *at)
{
    const char *value = 0;
    for (; *at && !value; at += *at == ' ') {
        value = arguments_after(at, "args=");
        while (*at && *at != ' ')
            at++;
    }
    for (; value && *value && *value != ' '; value++) {
        int high = *value == '%' ? arguments_hex(value[1]) : -1, low = high >= 0 ? arguments_hex(value[2]) : -1;
        arguments_add(to, low >= 0 ? (char)(high << 4 | low) : *value);
        value += low >= 0 ? 2 : 0;
    }
}

/* The configuration is of container.h's form: every string has its NUL. */
static inline void arguments_read(struct arguments *to)
{
    const struct los_start *start = LOS_START_PAGE;
    to->length = to->count = 0;
    if (start->config_bytes)
        arguments_from_configuration(to, (const char *)LOS_CONFIG,
                                     (const char *)LOS_CONFIG + start->config_bytes);
    if (!to->length)
        arguments_from_line(to, start->command_line);
    to->text[to->length] = 0;
    for (char *at = to->text; *at && to->count < ARGUMENTS_MOST;) {
        if (*at == ' ' || *at == '\n') {
            *at++ = 0;
            continue;
        }
        to->word[to->count++] = at;
        while (*at && *at != ' ' && *at != '\n')
            at++;
    }
}

static inline int arguments_same(const char *word, const char *name)
{
    const char *rest = arguments_after(word, name);
    return rest && !*rest;
}

/* 1: the word is NAME=NUMBER (name has the =), and *value is that number, from least to most; 0: another word; -1: no such number. */
static inline int arguments_number(const char *word, const char *name, uint64_t least, uint64_t most,
                                   uint64_t *value)
{
    const char *digits = arguments_after(word, name);
    uint64_t number = 0;
    if (!digits)
        return 0;
    if (!*digits)
        return -1;
    for (; *digits; digits++) {
        if (*digits < '0' || *digits > '9' || __builtin_mul_overflow(number, 10ul, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*digits - '0'), &number))
            return -1;
    }
    if (number < least || number > most)
        return -1;
    *value = number;
    return 1;
}

#endif
