/* SPDX-License-Identifier: MPL-2.0 */
/* What a JSON value has to be. The parser is jansson's; what is wrong is told with the value's path. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "kx.h"

static const char *file_name = "";

const char *kx_json_where(const char *path) { return kx_print("%s: %s", file_name, path); }

void kx_json_die(const char *path, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    kx_die("%s: %s%s%s", file_name, path, *path ? ": " : "", message);
}

/* jansson's memory is kept as all other is, so that nothing has to be put back however kx ends. */
static void no_free(void *bytes) { (void)bytes; }

void kx_json_ready(void) { json_set_alloc_funcs(kx_keep, no_free); }

json_t *kx_json_parse(const char *file, const char *text, size_t bytes)
{
    json_error_t error;
    file_name = file;
    if (bytes > KX_MANIFEST_MOST)
        kx_die("%s: more than %u KiB", file, KX_MANIFEST_MOST / 1024);
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        kx_die("%s: line %d, column %d: %s", file, error.line, error.column, error.text);
    return root;
}

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_STRING: return "a string";
    case JSON_INTEGER: return "a number";
    case JSON_REAL: return "a fraction";
    case JSON_TRUE:
    case JSON_FALSE: return "true or false";
    default: return "null";
    }
}

static _Noreturn void wrong_type(const json_t *value, const char *path, const char *wanted)
{
    kx_json_die(path, "%s is wanted, not %s", wanted, type_name(value));
}

const char *kx_json_text(const json_t *value, const char *path)
{
    if (!json_is_string(value))
        wrong_type(value, path, "a string");
    return json_string_value(value);
}

int64_t kx_json_number(const json_t *value, const char *path)
{
    if (!json_is_integer(value))
        wrong_type(value, path, "a whole number");
    return json_integer_value(value);
}

bool kx_json_bool(const json_t *value, const char *path)
{
    if (!json_is_boolean(value))
        wrong_type(value, path, "true or false");
    return json_is_true(value);
}

size_t kx_json_array(const json_t *value, const char *path)
{
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_array(value))
        wrong_type(value, path, "an array");
    return json_array_size(value);
}

const json_t *kx_json_object(const json_t *value, const char *path)
{
    if (!value || json_is_null(value))
        return NULL;
    if (!json_is_object(value))
        wrong_type(value, path, "an object");
    return value;
}

void kx_json_take(struct kx_spec *spec, const json_t *object, const char *path, const struct kx_key *keys)
{
    const char *name, *dot = *path ? "." : "";
    json_t *value;
    if (!kx_json_object(object, path))
        return;
    for (const struct kx_key *key = keys; key->name; key++) {
        value = json_object_get(object, key->name);
        if (value && !json_is_null(value) && key->take)
            key->take(spec, value, kx_print("%s%s%s", path, dot, key->name));
    }
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const struct kx_key *key = keys;
        while (key->name && strcmp(key->name, name))
            key++;
        if (!key->take)
            kx_warn("warning: %s: %s%s%.64s: %s", file_name, path, dot, name,
                    key->why ? key->why : "unknown, and ignored");
    }
}
