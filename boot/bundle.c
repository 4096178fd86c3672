/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Host tool: packs modules into the one file that QEMU's PVH boot can pass (format: exo/include/exo/boot.h).
 *
 *   bundle OUT NAME=FILE...    the members keep the order given
 *
 * Prints one line and exits with 1 when a file cannot be read or OUT cannot be written.
 */
#include <errno.h>
#include <exo/boot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "bundle: %s: %s\n", what, why);
    exit(1);
}

static uint64_t page_up(uint64_t bytes) { return (bytes + EXO_PAGE_SIZE - 1) & ~(EXO_PAGE_SIZE - 1); }

/* Appends the file to out; returns its length. */
static uint64_t copy(FILE *out, const char *from)
{
    static char buffer[1 << 16];
    uint64_t bytes = 0;
    size_t n;
    FILE *in = fopen(from, "rb");
    if (!in)
        die(from, strerror(errno));
    while ((n = fread(buffer, 1, sizeof buffer, in)) > 0) {
        if (fwrite(buffer, 1, n, out) != n)
            die("writing", strerror(errno));
        bytes += n;
    }
    if (ferror(in))
        die(from, strerror(errno));
    fclose(in);
    return bytes;
}

static void pad(FILE *out, uint64_t bytes)
{
    while (bytes--)
        if (putc(0, out) == EOF)
            die("writing", strerror(errno));
}

int main(int argc, char **argv)
{
    int members = argc - 2;
    if (members < 1 || members > EXO_MODULES_MAX)
        die("usage", "bundle OUT NAME=FILE... (at most 16)");
    struct exo_bundle *header = calloc(1, sizeof *header + EXO_MODULES_MAX * sizeof header->member[0]);
    FILE *out = fopen(argv[1], "wb");
    if (!header)
        die("memory", "exhausted");
    if (!out)
        die(argv[1], strerror(errno));
    header->magic = EXO_BUNDLE_MAGIC;
    header->members = (uint64_t)members;
    uint64_t at = page_up(sizeof *header + EXO_MODULES_MAX * sizeof header->member[0]);
    pad(out, at);
    for (int i = 0; i < members; i++) {
        char *equals = strchr(argv[i + 2], '=');
        if (!equals || (size_t)(equals - argv[i + 2]) >= sizeof header->member[i].name)
            die(argv[i + 2], "want NAME=FILE, the name shorter than 48 bytes");
        memcpy(header->member[i].name, argv[i + 2], (size_t)(equals - argv[i + 2]));
        header->member[i].offset = at;
        header->member[i].size = copy(out, equals + 1);
        at += header->member[i].size;
        pad(out, page_up(at) - at);
        at = page_up(at);
    }
    rewind(out);
    if (fwrite(header, sizeof *header + EXO_MODULES_MAX * sizeof header->member[0], 1, out) != 1 || fclose(out))
        die(argv[1], strerror(errno));
    free(header);
    return 0;
}
