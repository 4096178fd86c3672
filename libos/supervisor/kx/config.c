/* SPDX-License-Identifier: MPL-2.0 */
/* Configurations: KEY=VALUE strings, each with a NUL at its end (los/container.h). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "kx.h"

void kx_config_add(struct kx_buffer *config, const char *key, const char *format, ...)
{
    char *value;
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    value = kx_keep((size_t)(length < 0 ? 0 : length) + 1);
    vsnprintf(value, (size_t)(length < 0 ? 0 : length) + 1, format, arguments);
    va_end(arguments);
    kx_buffer_add(config, key, strlen(key));
    kx_buffer_add(config, "=", 1);
    kx_buffer_add(config, value, strlen(value) + 1);
}

void kx_config_check(const struct kx_buffer *config)
{
    if (config->bytes > LOS_CONFIG_MOST)
        kx_die(
            "the configuration is too long: %lu bytes, and %lu is the most (arguments and environment count)",
            config->bytes, LOS_CONFIG_MOST);
}

struct kx_buffer kx_inspect_config(uint64_t container)
{
    struct kx_buffer config = {.at = kx_keep(LOS_CONFIG_MOST + 1), .room = LOS_CONFIG_MOST + 1};
    struct kx_request inspect = {
        .word = {LOS_SUPERVISOR_INSPECT, container}, .out = config.at, .out_room = LOS_CONFIG_MOST};
    kx_must("configuration", &inspect);
    config.bytes = inspect.out_bytes;
    if (config.bytes && config.at[config.bytes - 1])
        config.bytes++; /* the NUL that its last string lacks: the memory is zeroed */
    return config;
}

const char *kx_config_next(const struct kx_buffer *config, const char *after, const char *key)
{
    const char *at = after ? after + strlen(after) + 1 : config->at;
    size_t length = strlen(key);
    for (; at && at < config->at + config->bytes; at += strlen(at) + 1)
        if (!strncmp(at, key, length) && at[length] == '=')
            return at + length + 1;
    return NULL;
}

struct kx_strings kx_config_all(const struct kx_buffer *config, const char *key)
{
    struct kx_strings all = {0};
    for (const char *value = NULL; (value = kx_config_next(config, value, key));)
        kx_strings_add(&all, value);
    return all;
}

bool kx_config_is(const struct kx_buffer *config, const char *key, const char *value)
{
    const char *there = kx_config_next(config, NULL, key);
    return there && !strcmp(there, value);
}
