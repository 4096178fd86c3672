/* SPDX-License-Identifier: MPL-2.0 */
/* The words of the command line. */
#include <los/image.h>
#include <los/personality.h>

const char *los_option(const char *name)
{
    static char line[sizeof LOS_START_PAGE->command_line]; /* a copy, its words ended by NUL */
    static size_t length;
    size_t wanted = strlen(name);
    if (!length) {
        length = los_strlcpy(line, LOS_START_PAGE->command_line, sizeof line);
        for (size_t i = 0; i < length; i++)
            if (line[i] == ' ' || line[i] == '\n')
                line[i] = 0;
    }
    for (size_t at = 0; at < length; at += strlen(line + at) + 1) {
        const char *word = line + at;
        if (strncmp(word, name, wanted))
            continue;
        if (!word[wanted])
            return word + wanted;
        if (word[wanted] == '=')
            return word + wanted + 1;
    }
    return NULL;
}
