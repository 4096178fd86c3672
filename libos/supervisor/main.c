/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The supervisor: takes what the boot left, makes the first container out of it, and then answers what comes through its gate and
 * what happens to its containers, until the first one ends: then everything is taken back and the machine switched off.
 */
#include "supervisor.h"

const struct exo_boot_info *boot;
exo_event doorbell;
static exo_event self_event;
static struct exo_vcpu_page *const self = (struct exo_vcpu_page *)EXO_BOOT_VCPU_PAGE_VA;

uint64_t now_ns(void)
{
    uint64_t ticks = __builtin_ia32_rdtsc() - self->clock_tsc;
    return self->clock_ns + (uint64_t)(((unsigned __int128)ticks * self->clock_mult) >> 32);
}
void ring_self(void) { exo_event_ring(self_event); }

/* The word of the command line that begins with name, or NULL. */
static const char *word_of(const char *line, const char *name)
{
    size_t length = text_length(name);
    while (*line) {
        size_t same = 0;
        while (same < length && line[same] == name[same])
            same++;
        if (same == length)
            return line + length;
        while (*line && *line != ' ')
            line++;
        while (*line == ' ')
            line++;
    }
    return NULL;
}

static bool module_is(uint32_t module, const char *name)
{
    const char *start = boot->module[module].name;
    for (const char *c = start; *c && *c != ' '; c++)
        if (*c == '/')
            start = c + 1;
    while (*name && *start == *name)
        start++, name++;
    return !*name && (!*start || *start == ' ' || *start == '.');
}

void module_name(uint32_t module, char name[64])
{
    size_t n = 0;
    for (const char *c = boot->module[module].name; *c && *c != ' '; c++) {
        if (*c == '/')
            n = 0;
        else if (n < 63)
            name[n++] = *c;
    }
    name[n] = 0;
}

uint32_t find_module(const char *name)
{
    for (uint32_t i = 0; i < boot->modules; i++)
        if (module_is(i, name))
            return i;
    return UINT32_MAX;
}

/* --- the first container's configuration: of the command line's words --------------------------------------------------------- */

static char config_text[4096];
static size_t config_bytes;

static void add_config(const char *key, const char *value)
{
    size_t n = text_format(config_text + config_bytes, sizeof config_text - config_bytes, "%s=%s", key, value);
    config_bytes += n + 1;
}

static unsigned hex(char c) { return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10); }

/* args=WORDS, percent-encoded, with blanks between: arguments of an image that has no shell. */
static void add_arguments(void)
{
    const char *from = word_of(boot->command_line, "args=");
    char word[1024];
    size_t n = 0;
    for (; from && n < sizeof word - 1; from++) {
        bool encoded = from[0] == '%' && from[1] && from[2];
        bool end = !*from || *from == ' ';
        char c = encoded ? (char)(hex(from[1]) << 4 | hex(from[2])) : *from;
        if (!end && c != ' ' && c) {
            word[n++] = c;
        } else if (n) {
            word[n] = 0;
            add_config("args", word);
            n = 0;
        }
        if (end)
            break;
        from += encoded ? 2 : 0;
    }
}

static struct config first_config(const char *libos)
{
    add_config("name", "first");
    add_config("libos", libos);
    add_config("root", "rootfs");
    add_config("supervisor", "1");
    if (!text_equal(libos, "linux"))
        add_arguments();
    return (struct config){config_text, config_bytes};
}

static void first_word(const char *word, const char *otherwise, char to[48])
{
    size_t n = 0;
    for (word = word ? word : otherwise; n < 47 && word[n] && word[n] != ' '; n++)
        to[n] = word[n];
    to[n] = 0;
}

static void start_first(void)
{
    char name[48];
    struct failure why;
    first_word(word_of(boot->command_line, "libos="), "linux", name);
    uint32_t image = find_module(name);
    if (image == UINT32_MAX)
        fail("no module holds the library OS image that libos= names", 0);
    if (!archive_find("rootfs"))
        fail("no root file system: the boot loader passed no module named rootfs", 0);
    struct container *first = container_make_first(first_config(name), image);
    if (!life_start(first, &why))
        fail(why.text, 0);
}

/* --- the loop ------------------------------------------------------------------------------------------------------------ */

static void tell_callers(void)
{
    for (struct container *c = containers; c; c = c->next)
        if (c->channel && c->event)
            exo_event_ring(c->event);
}

/* Something happened; nobody is served right now. */
static void look_around(void)
{
    uint64_t pending = __atomic_exchange_n(&self->pending, 0, __ATOMIC_SEQ_CST);
    limit_records();
    if (pending & 1ul << EVENT_DEATH)
        life_look_for_deaths();
    time_settle();
    tell_callers();
}

static struct container *caller_of(uint64_t badge)
{
    for (struct container *c = containers; c; c = c->next)
        if (c->slot + 1 == badge && c->channel && c->domain)
            return c;
    return NULL;
}

void supervisor_main(const struct exo_boot_info *info);
void supervisor_main(const struct exo_boot_info *info)
{
    boot = info;
    if (boot->abi_version != EXO_ABI_VERSION)
        fail("the exokernel speaks another version of the ABI", 0);
    MUST("event", exo_event_derive(boot_vcpu(), EVENT_DOORBELL, &doorbell));
    MUST("event", exo_event_derive(boot_vcpu(), EVENT_SELF, &self_event));
    memory_start();   /* who has which frame */
    archives_start(); /* modules that are root file systems */
    start_first();    /* all that there is, in one container */
    struct exo_message message = {0};
    for (uint64_t badge = 0;;) {
        if (exo_gate_return(&badge, &message) < 0) {
            look_around();
            message = (struct exo_message){0};
            continue;
        }
        struct container *caller = caller_of(badge);
        if (caller)
            serve(caller, &message);
        else
            message = (struct exo_message){.word = {-(uint64_t)LOS_S_REFUSED}};
    }
}
