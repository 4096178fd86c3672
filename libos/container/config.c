/* SPDX-License-Identifier: MPL-2.0 */
/* The configuration: strings KEY=VALUE one after the other. */
#include "internal.h"

struct los_config los_config_own(void)
{
    return (struct los_config){(const char *)LOS_CONFIG, LOS_START_PAGE->config_bytes};
}

const char *los_config_get(const struct los_config *config, const char *key, unsigned n)
{
    size_t length = strlen(key);
    for (uint64_t at = 0; at < config->bytes;) {
        const char *string = config->text + at;
        if (!strncmp(string, key, length) && string[length] == '=' && n-- == 0)
            return string + length + 1;
        at += strnlen(string, config->bytes - at) + 1;
    }
    return NULL;
}

uint64_t los_config_number(const struct los_config *config, const char *key, uint64_t otherwise)
{
    const char *text = los_config_get(config, key, 0);
    uint64_t value = 0;
    if (!text || !*text)
        return otherwise;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || value > (UINT64_MAX - 9) / 10)
            return otherwise;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    return value;
}
