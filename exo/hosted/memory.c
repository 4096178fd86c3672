/* SPDX-License-Identifier: MPL-2.0 */
/* The frames: a memfd that all host processes map; the data that they share; and what "the boot loader" left in the frames. */
#define _GNU_SOURCE
#include "hosted.h"
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define FIRST_FRAME 16ul /* so that frame 0 names none */
#define MODULES_AT  EXO_LARGE_PAGES

extern uint8_t host_shared_start[], host_shared_end[];

static struct machine_boot boot;
static uint64_t next_frame = MODULES_AT;

/* Memory that is this file descriptor's, at just that address. */
static bool map_at(uint64_t at, uint64_t bytes, int fd)
{
    void *got = mmap((void *)at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0);
    return got == (void *)at;
}

static const char *share_data(void)
{
    size_t bytes = (size_t)(host_shared_end - host_shared_start);
    int fd = memfd_create("kxos-data", MFD_CLOEXEC);
    if (fd < 0)
        return "this host has no memfd (Linux 3.17)";
    bool shared =
        write(fd, host_shared_start, bytes) == (ssize_t)bytes && map_at((uint64_t)host_shared_start, bytes, fd);
    close(fd);
    return shared ? NULL : "the data cannot be shared";
}

const char *host_memory_init(uint64_t mib)
{
    static char text[96];
    struct sysinfo info;
    uint64_t has = sysinfo(&info) ? 0 : (uint64_t)info.totalram * info.mem_unit >> 20;
    if (has && mib > has) {
        snprintf(text, sizeof text, "--mem: %lu MiB are more than the %lu MiB that this host has", mib, has);
        return text;
    }
    const char *why = share_data();
    if (why)
        return why;
    host.frames = mib << 20 >> EXO_PAGE_SHIFT;
    host.frames_fd = memfd_create("kxos-frames", MFD_CLOEXEC);
    if (host.frames_fd < 0)
        return "this host has no memfd (Linux 3.17)";
    if (ftruncate(host.frames_fd, (off_t)(mib << 20)) || !map_at(HOST_FRAMES, mib << 20, host.frames_fd))
        return "--mem: this host gives less memory";
    uint64_t bytes = host.frames * sizeof *host.runner_of;
    host.runner_of =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return host.runner_of == MAP_FAILED ? "--mem: this host gives less memory" : NULL;
}

/* Adapts the code of an image to the host. What is none is the supervisor's to refuse, or the core's. */
static void adapt(uint8_t *image, uint64_t bytes)
{
    const struct exo_flat_header *flat = (const void *)image;
    if (bytes >= sizeof *flat && flat->magic == EXO_FLAT_MAGIC && flat->text_pages <= bytes >> EXO_PAGE_SHIFT)
        host_hide_bases(image, flat->text_pages << EXO_PAGE_SHIFT);
    const Elf64_Ehdr *header = (const void *)image;
    if (bytes < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) || header->e_phoff > bytes ||
        header->e_phnum > (bytes - header->e_phoff) / sizeof(Elf64_Phdr))
        return;
    for (uint32_t i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr segment;
        memcpy(&segment, image + header->e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) && segment.p_offset <= bytes &&
            segment.p_filesz <= bytes - segment.p_offset)
            host_hide_bases(image + segment.p_offset, segment.p_filesz);
    }
}

const char *host_memory_module(const char *name, int fd)
{
    struct stat status;
    if (fstat(fd, &status) || status.st_size <= 0)
        return "it is empty";
    uint64_t bytes = (uint64_t)status.st_size, pages = (bytes + EXO_PAGE_SIZE - 1) >> EXO_PAGE_SHIFT;
    if (boot.modules == EXO_MODULES_MAX)
        return "there are too many modules";
    if (pages > host.frames - next_frame)
        return "it is larger than the memory (--mem)";
    for (uint64_t at = 0; at < bytes;) {
        ssize_t n = pread(fd, (uint8_t *)machine_frame(next_frame) + at, bytes - at, (off_t)at);
        if (n <= 0)
            return "it cannot be read";
        at += (uint64_t)n;
    }
    boot.module[boot.modules].pfn = next_frame;
    boot.module[boot.modules].bytes = bytes;
    adapt(machine_frame(next_frame), bytes);
    snprintf(boot.module[boot.modules].name, sizeof boot.module[0].name, "%s", name);
    boot.modules++;
    next_frame += pages;
    return NULL;
}

const struct machine_boot *host_memory_boot(void)
{
    boot.ranges = 2;
    boot.range[0].pfn = FIRST_FRAME;
    boot.range[0].pages = MODULES_AT - FIRST_FRAME;
    boot.range[1].pfn = next_frame;
    boot.range[1].pages = host.frames - next_frame;
    boot.top_pfn = host.frames;
    boot.command_line = host.command_line;
    return &boot;
}
