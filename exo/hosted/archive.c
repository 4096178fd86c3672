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

#define HEADER   110u
#define SIZE_AT  54u
#define NAMED_AT 94u
#define MAGIC    "070701"
#define END_NAME "TRAILER!!!"

static uint64_t field(const uint8_t *header, uint32_t at)
{
    char digits[9] = {0};
    memcpy(digits, header + at, 8);
    return strtoul(digits, NULL, 16);
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
    uint64_t at = bytes == MAP_FAILED ? UINT64_MAX : find_end(bytes, size);
    if (at == UINT64_MAX)
        return -1;
    *why = "no memory to add the commands";
    int fd = memfd_create("kxos-archive", MFD_CLOEXEC);
    FILE *to = fd < 0 ? NULL : fdopen(dup(fd), "w");
    if (!to)
        return -1;
    fwrite(bytes, 1, at, to);
    munmap(bytes, size);
    add_member(to, &at, name, text, 0100600);
    add_member(to, &at, END_NAME, "", 0);
    bool whole = !ferror(to);
    whole &= fclose(to) == 0;
    close(archive);
    return whole ? fd : -1;
}
