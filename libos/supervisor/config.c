/* SPDX-License-Identifier: MPL-2.0 */
/* Looking things up in a configuration. */
#include "supervisor.h"

bool config_good(struct config config)
{
    if (config.bytes && config.text[config.bytes - 1])
        return false;
    for (uint64_t at = 0; at < config.bytes;) {
        const char *string = config.text + at;
        uint64_t equals = 0;
        while (string[equals] && string[equals] != '=')
            equals++;
        if (!equals || !string[equals])
            return false;
        at += text_length(string) + 1;
    }
    return true;
}

const char *config_get(struct config config, const char *key, uint32_t n)
{
    size_t length = text_length(key);
    for (uint64_t at = 0; at < config.bytes;) {
        const char *string = config.text + at;
        size_t same = 0;
        while (same < length && string[same] == key[same])
            same++;
        if (same == length && string[same] == '=' && n-- == 0)
            return string + length + 1;
        at += text_length(string) + 1;
    }
    return NULL;
}

bool config_is(struct config config, const char *key)
{
    const char *value = config_get(config, key, 0);
    return value && text_equal(value, "1");
}

bool config_number(struct config config, const char *key, uint64_t otherwise, uint64_t least, uint64_t most,
                   uint64_t *value, struct failure *why)
{
    const char *text = config_get(config, key, 0);
    *value = otherwise;
    if (!text || text_number(text, least, most, value))
        return true;
    return refuse(why, LOS_S_INVALID, "%s: '%s' is no whole number from %u to %u", key, text, least, most);
}
