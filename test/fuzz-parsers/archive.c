/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The hosted machine's --rootfs FILE: a newc archive to which the commands are added.
 * flags: -Iexo/hosted -Iexo/core
 *
 * An input is an archive. Nothing beyond it is read. What was added to stands unchanged up to its end mark; behind it are the new member, whole, and
 * an end mark; so another can be added the same way. What is refused is told why.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "target.h"

/* The mapping as memory of exactly the archive's length. */
static void *map_exactly(size_t size, int fd)
{
    void *bytes = malloc(size);
    return pread(fd, bytes, size, 0) == (ssize_t)size ? bytes : MAP_FAILED;
}
static int unmap_exactly(void *bytes)
{
    free(bytes);
    return 0;
}
#define mmap(at, size, protection, flags, fd, offset) map_exactly(size, fd)
#define munmap(bytes, size)                           unmap_exactly(bytes)
#include "../../exo/hosted/archive.c"
#undef mmap
#undef munmap

#define NAME ".kx-cmd"
#define TEXT "echo added\n"

static int file_of(const uint8_t *data, size_t size)
{
    int fd = memfd_create("archive", 0);
    cr_assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    return fd;
}

static uint8_t *contents(int fd, size_t *size)
{
    struct stat status;
    cr_assert_eq(fstat(fd, &status), 0);
    *size = (size_t)status.st_size;
    uint8_t *bytes = malloc(*size);
    cr_assert_eq(pread(fd, bytes, *size, 0), (ssize_t)*size);
    return bytes;
}

/* Adds to the archive; returns how many bytes of it were kept, or SIZE_MAX where it was refused. */
static size_t add(const uint8_t *data, size_t size, uint8_t **result, size_t *result_size)
{
    const char *why = NULL;
    int fd = file_of(data, size), added = host_archive_add(fd, NAME, TEXT, &why);
    if (added < 0) {
        cr_assert_not_null(why);
        close(fd);
        return SIZE_MAX;
    }
    *result = contents(added, result_size);
    close(added);
    uint64_t kept = find_end(data, size), end = find_end(*result, *result_size);
    cr_assert(kept < size && end < *result_size && end > kept);
    cr_assert_eq(memcmp(*result, data, kept), 0);
    const uint8_t *member = *result + kept;
    cr_assert_eq(field(member, SIZE_AT), sizeof TEXT - 1);
    cr_assert_eq(memcmp(member + HEADER, NAME, sizeof NAME), 0);
    cr_assert_eq(memcmp(*result + round4(kept + HEADER + sizeof NAME), TEXT, sizeof TEXT - 1), 0);
    return kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *exact = exact_copy(data, size), *once = NULL, *twice = NULL;
    size_t once_size, twice_size;
    if (add(exact, size, &once, &once_size) != SIZE_MAX)
        cr_assert_neq(add(once, once_size, &twice, &twice_size), SIZE_MAX);
    free(exact);
    free(once);
    free(twice);
    return 0;
}
