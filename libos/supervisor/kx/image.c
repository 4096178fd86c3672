/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Archives that the supervisor keeps: those of the boot loader, and those that kx sends. A directory is packed and sent under a name made of
 * its contents, so that the same tree is there once however many containers run on it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sha256.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kx.h"

/* Where an archive's bytes come from: a tree, or a file that is an archive. */
struct source {
    const char *path;
    const struct kx_tree *tree;
};

/* What kx sent itself, and takes back at its end unless told otherwise. */
static struct kx_strings sent;
static bool kept;
static volatile sig_atomic_t interrupted;

bool kx_interrupted(void) { return interrupted; }

static void take_back(void)
{
    interrupted = 0;
    for (size_t i = 0; i < sent.count && !kept; i++) {
        struct kx_request forget = {
            .word = {LOS_SUPERVISOR_FORGET}, .in = sent.at[i], .in_bytes = strlen(sent.at[i]) + 1};
        kx_ask(&forget); /* those in use stay */
    }
    sent.count = 0;
}

static void interrupt(int signal) { interrupted = signal; }

/* A sending that is interrupted shall leave no half archive behind: the signal ends kx between two requests. */
static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    if (!sent.count)
        atexit(take_back);
}

static void unwatch_signals(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
}

void kx_images_keep(bool keep)
{
    kept = keep;
    unwatch_signals();
}

/* --- the bytes -------------------------------------------------------------------------------------------------------------------- */
static struct source open_source(const char *path)
{
    static const struct kx_tree_options options = {.one_file_system = true};
    struct stat status;
    if (stat(path, &status) < 0)
        kx_die("cannot read %s: %s", path, strerror(errno));
    return (struct source){path, S_ISDIR(status.st_mode) ? kx_tree_read(path, &options) : NULL};
}

static void write_source(const struct source *source, kx_sink *sink, void *of)
{
    if (source->tree) {
        kx_tree_write(source->tree, sink, of);
        return;
    }
    char *bytes = kx_keep(KX_CHUNK);
    int fd = open(source->path, O_RDONLY | O_CLOEXEC);
    bool first = true;
    for (ssize_t got; (got = fd < 0 ? -1 : read(fd, bytes, KX_CHUNK)) != 0; first = false) {
        if (got < 0)
            kx_die("cannot read %s: %s", source->path, strerror(errno));
        if (first && (got < 110 || (memcmp(bytes, "070701", 6) && memcmp(bytes, "070702", 6))))
            kx_die("%s is neither a directory nor a newc archive", source->path);
        sink(of, bytes, (size_t)got);
    }
    close(fd);
    if (first)
        kx_die("%s is empty, and no archive", source->path);
}

struct measure {
    SHA256_CTX hash;
    uint64_t bytes;
};

static void measure_sink(void *of, const void *bytes, size_t count)
{
    struct measure *m = of;
    SHA256Update(&m->hash, bytes, count);
    m->bytes += count;
    if (interrupted)
        kx_die("interrupted");
}

/* Half of the SHA-256 in hexadecimal: 128 bits, which nobody can aim at. */
static const char *measured_name(struct measure *m)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char name[40] = "sha256-";
    SHA256Final(digest, &m->hash);
    for (size_t i = 0; i < 16; i++)
        snprintf(name + 7 + 2 * i, 3, "%02x", digest[i]);
    return kx_copy(name, strlen(name));
}

/* --- sending ------------------------------------------------------------------------------------------------------------------------ */
struct sending {
    struct measure measure;
    uint64_t archive, size;
    bool sealed; /* by another kx that sends the same; nothing is left to do */
    size_t filled;
    char bytes[KX_CHUNK];
};

static bool archive_named(const char *name, struct los_archive_info *info)
{
    size_t count;
    const struct los_archive_info *all = kx_archives(&count);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(all[i].name, name)) {
            *info = all[i];
            return true;
        }
    return false;
}

static void flush(struct sending *s)
{
    struct kx_request fill = {.word = {LOS_SUPERVISOR_FILL, s->archive, s->measure.bytes - s->filled},
                              .in = s->bytes,
                              .in_bytes = s->filled};
    if (s->filled && !s->sealed)
        kx_must("archive", &fill);
    s->filled = 0;
}

static void send_sink(void *of, const void *bytes, size_t count)
{
    struct sending *s = of;
    for (const char *at = bytes; count;) {
        size_t n = KX_CHUNK - s->filled < count ? KX_CHUNK - s->filled : count;
        memcpy(s->bytes + s->filled, at, n);
        s->filled += n;
        measure_sink(&s->measure, at, n);
        if (s->measure.bytes > s->size)
            kx_die("it changed while it was sent");
        if (s->filled == KX_CHUNK)
            flush(s);
        at += n;
        count -= n;
    }
}

/* Sends the source into the archive `number`, which has room for what `expected` measured. */
static void fill_and_seal(const struct source *source, uint64_t number, uint64_t size, const char *expected)
{
    struct sending *s = kx_keep(sizeof(*s));
    s->archive = number;
    s->size = size;
    SHA256Init(&s->measure.hash);
    write_source(source, send_sink, s);
    flush(s);
    if (strcmp(measured_name(&s->measure), expected))
        kx_die("%s changed while it was sent", source->path);
    struct kx_request seal = {.word = {LOS_SUPERVISOR_SEAL, number}};
    kx_must("archive", &seal);
}

static struct measure measure_source(const struct source *source)
{
    struct measure m = {0};
    SHA256Init(&m.hash);
    write_source(source, measure_sink, &m);
    return m;
}

/* Makes room under the name; dies when there is none, or it is taken. From now on it is taken back when kx fails. */
static uint64_t make_archive(const char *path, const char *name, uint64_t bytes)
{
    struct kx_request make = {
        .word = {LOS_SUPERVISOR_ARCHIVE, 0, bytes}, .in = name, .in_bytes = strlen(name) + 1};
    uint64_t number = (uint64_t)kx_must(kx_print("%s as archive %s", path, name), &make);
    kx_strings_add(&sent, name);
    return number;
}

/* The name of the archive with the contents of `path`; sent unless the supervisor has it. */
static const char *send(const char *path)
{
    struct los_archive_info info;
    watch_signals();
    struct source source = open_source(path);
    struct measure m = measure_source(&source);
    uint64_t bytes = m.bytes;
    const char *name = measured_name(&m);
    /* One that is not sealed is being sent by another kx, or by one that was killed: it is finished with the same bytes. */
    bool there = archive_named(name, &info);
    if (there && info.bytes != bytes)
        kx_die("%s: an archive %s of another size is there already", path, name);
    if (!there || !info.sealed)
        fill_and_seal(&source, there ? info.number : make_archive(path, name, bytes), bytes, name);
    return name;
}

static bool is_path(const char *image)
{
    return strchr(image, '/') || !strcmp(image, ".") || !strcmp(image, "..");
}

const char *kx_image(const char *image)
{
    struct los_archive_info info;
    if (!is_path(image)) {
        if (archive_named(image, &info)) {
            if (!info.sealed)
                kx_die("image '%s' is not complete yet", image);
            return image;
        }
        kx_die("no image '%s' (kx images lists them; a directory is named with a slash, like ./%s)", image,
               image);
    }
    return send(image);
}

/* --- the commands -------------------------------------------------------------------------------------------------------------------- */
static void list_liboses(bool quiet)
{
    char *out = kx_keep(KX_CHUNK + 1);
    struct kx_request images = {.word = {LOS_SUPERVISOR_IMAGES}, .out = out, .out_room = KX_CHUNK};
    kx_must("list of library OS images", &images);
    for (const char *at = out; at < out + images.out_bytes; at += strlen(at) + 1)
        if (*at)
            printf(quiet ? "%s\n" : "%-40s %-10s %-8s %s\n", at, "library OS", "-", "-");
}

int kx_images(const struct kx_command *command, int argc, char **argv)
{
    bool quiet = false, whole = false;
    const struct kx_option options[] = {{'q', "quiet", NULL, KX_FLAG, &quiet, "names only"},
                                        {0, "no-trunc", NULL, KX_FLAG, &whole, "sizes in bytes"},
                                        {0}};
    kx_options(command, options, argc, argv, KX_ANYWHERE, 0, 0);
    size_t count;
    const struct los_archive_info *all = kx_archives(&count);
    if (!quiet)
        printf("%-40s %-10s %-8s %s\n", "NAME", "KIND", "USERS", "SIZE");
    for (size_t i = 0; i < count; i++)
        if (quiet)
            printf("%s\n", all[i].name);
        else
            printf("%-40s %-10s %-8u %s\n", all[i].name, all[i].sealed ? "archive" : "incomplete", all[i].users,
                   whole ? kx_print("%lu", all[i].bytes) : kx_size_text(all[i].bytes));
    list_liboses(quiet);
    return 0;
}

static void check_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    if (!*name || name[length] || length > 63 || strchr("_.-", *name))
        kx_die("'%s' is no name: 1 to 63 letters, digits, _ . and -, the first a letter or digit", name);
}

/* The last part of a path, without .cpio. */
static const char *default_name(const char *path)
{
    size_t length = strlen(path);
    while (length && path[length - 1] == '/')
        length--;
    size_t start = length;
    while (start && path[start - 1] != '/')
        start--;
    if (length - start > 5 && !memcmp(path + length - 5, ".cpio", 5))
        length -= 5;
    return kx_copy(path + start, length - start);
}

int kx_image_load(const struct kx_command *command, int argc, char **argv)
{
    static const struct kx_option none[] = {{0}};
    struct kx_strings operands = kx_options(command, none, argc, argv, KX_ANYWHERE, 1, 2);
    const char *path = operands.at[0], *name = operands.count > 1 ? operands.at[1] : default_name(path);
    check_name(name);
    watch_signals();
    struct source source = open_source(path);
    struct measure m = measure_source(&source);
    uint64_t bytes = m.bytes;
    fill_and_seal(&source, make_archive(path, name, bytes), bytes, measured_name(&m));
    kx_images_keep(true);
    printf("%s\n", name);
    return 0;
}

int kx_image_rm(const struct kx_command *command, int argc, char **argv)
{
    static const struct kx_option none[] = {{0}};
    struct kx_strings names = kx_options(command, none, argc, argv, KX_ANYWHERE, 1, SIZE_MAX);
    int status = 0;
    for (size_t i = 0; i < names.count; i++) {
        struct kx_request forget = {
            .word = {LOS_SUPERVISOR_FORGET}, .in = names.at[i], .in_bytes = strlen(names.at[i]) + 1};
        if (kx_ask(&forget) < 0) {
            kx_warn("%s: %s", names.at[i], forget.error);
            status = KX_FAILED;
        } else {
            printf("%s\n", names.at[i]);
        }
    }
    return status;
}

static void file_sink(void *of, const void *bytes, size_t count)
{
    if (fwrite(bytes, 1, count, of) != count)
        kx_die("pack: %s", strerror(errno));
}

int kx_pack(const struct kx_command *command, int argc, char **argv)
{
    struct kx_tree_options how = {0};
    const char *owner = NULL, *output = NULL;
    const struct kx_option options[] = {
        {'R', "owner", "UID:GID", KX_TEXT, &owner, "everything belongs to UID:GID, not to its owner"},
        {'x', "one-file-system", NULL, KX_FLAG, &how.one_file_system, "leave out what is mounted in DIR"},
        {'o', "output", "FILE", KX_TEXT, &output, "write to FILE, not to standard output"},
        {0}};
    struct kx_strings operands = kx_options(command, options, argc, argv, KX_ANYWHERE, 1, 1);
    if (owner) {
        const char *colon = strchr(owner, ':');
        const char *user = colon ? kx_copy(owner, (size_t)(colon - owner)) : owner;
        how.owned = true;
        how.user = (uint32_t)kx_number("--owner", user, 0, UINT32_MAX - 1);
        how.group = colon ? (uint32_t)kx_number("--owner", colon + 1, 0, UINT32_MAX - 1) : how.user;
    }
    if (!output && isatty(STDOUT_FILENO))
        kx_die("pack: an archive is nothing for a terminal: use > FILE or -o FILE");
    const struct kx_tree *tree = kx_tree_read(operands.at[0], &how);
    FILE *out = output ? fopen(output, "wb") : stdout;
    if (!out)
        kx_die("pack: cannot write %s: %s", output, strerror(errno));
    kx_tree_write(tree, file_sink, out);
    if (fflush(out) || (output && fclose(out)))
        kx_die("pack: %s", strerror(errno));
    return 0;
}
