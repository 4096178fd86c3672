/* SPDX-License-Identifier: MPL-2.0 */
/* One more member in a newc archive (cpio(5)): the text of --cmd, of any length and any bytes. */
#define _GNU_SOURCE
#include "hosted.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER       110u
#define SIZE_AT      54u
#define NAMED_AT     94u
#define MAGIC        "070701"
#define END_NAME     "TRAILER!!!"
#define NOT_A_NUMBER (1ul << 40)

/* Eight hexadecimal digits; more than any archive has where there are others. */
static uint64_t field(const uint8_t *header, uint32_t at)
{
    uint64_t value = 0;
    for (uint32_t i = at; i < at + 8; i++) {
        uint32_t letter = header[i] | 0x20u, digit = header[i] - (uint32_t)'0';
        if (digit > 9)
            digit = letter - 'a' < 6 ? letter - 'a' + 10 : UINT32_MAX;
        if (digit == UINT32_MAX)
            return NOT_A_NUMBER;
        value = value << 4 | digit;
    }
    return value;
}

static uint64_t round4(uint64_t n) { return (n + 3) & ~3ul; }

/* Where the end mark begins; UINT64_MAX: there is none. */
static uint64_t find_end(const uint8_t *bytes, uint64_t size)
{
    for (uint64_t at = 0; at + HEADER <= size;) {
        if (memcmp(bytes + at, MAGIC, sizeof MAGIC - 1))
            break;
        uint64_t named = field(bytes + at, NAMED_AT), data = field(bytes + at, SIZE_AT);
        if (named > size - at - HEADER)
            break;
        if (named == sizeof END_NAME && !memcmp(bytes + at + HEADER, END_NAME, sizeof END_NAME))
            return at;
        at = round4(round4(at + HEADER + named) + data);
    }
    return UINT64_MAX;
}

static void add_member(FILE *to, uint64_t *at, const char *name, const char *text, uint32_t mode)
{
    size_t named = strlen(name) + 1, bytes = strlen(text);
    fprintf(to, MAGIC "%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 0x7ffffffe, mode, 0, 0, 1, 0,
            bytes, 0, 0, 0, 0, named, 0);
    fwrite(name, 1, named, to);
    *at += HEADER + named;
    for (; *at % 4; ++*at)
        fputc(0, to);
    fwrite(text, 1, bytes, to);
    *at += bytes;
    for (; *at % 4; ++*at)
        fputc(0, to);
}

int host_archive_add(int archive, const char *name, const char *text, const char **why)
{
    struct stat status;
    *why = "it is no newc archive";
    if (fstat(archive, &status) || status.st_size < (off_t)HEADER)
        return -1;
    uint64_t size = (uint64_t)status.st_size;
    uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, archive, 0);
    if (bytes == MAP_FAILED)
        return -1;
    uint64_t at = find_end(bytes, size);
    int fd = at == UINT64_MAX ? -1 : memfd_create("kxos-archive", MFD_CLOEXEC);
    FILE *to = fd < 0 ? NULL : fdopen(dup(fd), "w");
    if (to)
        fwrite(bytes, 1, at, to);
    munmap(bytes, size);
    if (at != UINT64_MAX)
        *why = "no memory to add the commands";
    if (!to)
        return -1;
    add_member(to, &at, name, text, 0100600);
    add_member(to, &at, END_NAME, "", 0);
    bool whole = !ferror(to);
    whole &= fclose(to) == 0;
    close(archive);
    return whole ? fd : -1;
}
