/* SPDX-License-Identifier: MPL-2.0 */
/* Memory calls beside plain mapping: advice, locking, presence, remapping, other processes' memory; and their errors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "check.h"

#define PAGE 4096ul
#define HIGH ((void *)0x7ffffffff000ul)
static char *map(size_t pages, int prot, int flags)
{
    char *p = mmap(NULL, pages * PAGE, prot, MAP_ANONYMOUS | flags, -1, 0);
    CHECK(p != MAP_FAILED);
    return p;
}
#define REFUSED(number, call) CHECK((errno = 0, (call)) == MAP_FAILED && errno == (number))

static void mapping(void)
{
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600), read_only = open("file", O_RDONLY),
        write_only = open("file", O_WRONLY), path = open("file", O_PATH), pair[2];
    CHECK(fd >= 0 && ftruncate(fd, 3 * PAGE) == 0 && pipe(pair) == 0);
    REFUSED(EINVAL, mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REFUSED(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
    REFUSED(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100));
    REFUSED(EINVAL, mmap((void *)100, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    REFUSED(ENOMEM, mmap(HIGH, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    REFUSED(ENOMEM, mmap(NULL, 1ul << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REFUSED(EOVERFLOW, mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, (off_t)(0ul - PAGE)));
    REFUSED(EBADF, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 999, 0));
    REFUSED(EBADF, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, path, 0));
    REFUSED(EACCES, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, write_only, 0));
    REFUSED(EACCES, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, read_only, 0));
    REFUSED(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, pair[0], 0));
    REFUSED(EOPNOTSUPP, mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0));
    int sealed = memfd_create("sealed", MFD_ALLOW_SEALING);
    CHECK(sealed >= 0 && ftruncate(sealed, PAGE) == 0);
    char *p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, read_only, 0);
    CHECK(p != MAP_FAILED && p[0] == 0);
    FAILS(EACCES, mprotect(p, PAGE, PROT_READ | PROT_WRITE));
    CHECK(munmap(p, 3 * PAGE) == 0);
    p = map(2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_32BIT | MAP_POPULATE);
    CHECK((uintptr_t)p < 1ul << 32);
    FAILS(EINVAL, munmap(p + 1, PAGE));
    FAILS(EINVAL, munmap(p, 0));
    FAILS(EINVAL, munmap(HIGH, 2 * PAGE));
    FAILS(EINVAL, mprotect(p + 1, PAGE, PROT_READ));
    FAILS(EINVAL, mprotect(p, PAGE, 0x100));
    FAILS(EINVAL, mprotect(p, PAGE, PROT_READ | PROT_GROWSDOWN));
    FAILS(EINVAL, mprotect(p, PAGE, PROT_GROWSUP | PROT_GROWSDOWN));
    FAILS(ENOMEM, mprotect(HIGH, 2 * PAGE, PROT_READ));
    CHECK(mprotect(p, 0, PROT_READ) == 0);
    /* Growing and moving. */
    p[0] = 5;
    REFUSED(EINVAL, mremap(p + 1, PAGE, PAGE, 0));
    REFUSED(EINVAL, mremap(p, PAGE, PAGE, 0x80));
    REFUSED(EINVAL, mremap(p, PAGE, PAGE, MREMAP_FIXED, p + PAGE));
    REFUSED(EINVAL, mremap(p, PAGE, 0, 0));
    REFUSED(EINVAL, mremap(p, 2 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p));
    REFUSED(EINVAL, mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 100));
    char *hole = map(4, PROT_READ, MAP_PRIVATE);
    munmap(hole, 4 * PAGE);
    REFUSED(EFAULT, mremap(hole, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
    char *q = mremap(p, 2 * PAGE, PAGE, 0);
    CHECK(q == p && p[0] == 5);
    char *room = map(8, PROT_NONE, MAP_PRIVATE);
    q = mremap(p, PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room);
    CHECK(q == room && q[0] == 5 && q[2 * PAGE] == 0);
    REFUSED(ENOMEM, mremap(q, 3 * PAGE, 6 * PAGE, 0));
    q = mremap(q, 3 * PAGE, 40 * PAGE, MREMAP_MAYMOVE);
    CHECK(q != MAP_FAILED && q[0] == 5 && q[39 * PAGE] == 0);
    /* The heap's end. */
    char *end = (char *)syscall(SYS_brk, 0);
    CHECK((char *)syscall(SYS_brk, end + 3 * PAGE) == end + 3 * PAGE && end[2 * PAGE] == 0);
    CHECK((char *)syscall(SYS_brk, 8) == end + 3 * PAGE && (char *)syscall(SYS_brk, end) == end);
    struct rlimit limit = {1 << 16, 1 << 16};
    CHECK(setrlimit(RLIMIT_DATA, &limit) == 0 && (char *)syscall(SYS_brk, end + (1 << 20)) == end);
}

static void advising(void)
{
    static const int plain[] = {MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTDUMP,
                                MADV_DODUMP, MADV_DOFORK, MADV_COLD,       MADV_PAGEOUT};
    unsigned char present[4];
    char *p = map(4, PROT_READ | PROT_WRITE, MAP_PRIVATE), *shared = map(2, PROT_READ | PROT_WRITE, MAP_SHARED);
    for (unsigned i = 0; i < sizeof plain / sizeof *plain; i++)
        CHECK(madvise(p, 4 * PAGE, plain[i]) == 0);
    CHECK(mincore(p, 4 * PAGE, present) == 0 && !(present[0] & 1));
    CHECK(madvise(p, 2 * PAGE, MADV_POPULATE_WRITE) == 0 &&
          madvise(p + 2 * PAGE, PAGE, MADV_POPULATE_READ) == 0);
    CHECK(mincore(p, 4 * PAGE, present) == 0 && (present[1] & 1));
    memset(p, 9, 4 * PAGE);
    shared[0] = 3;
    CHECK(madvise(p, PAGE, MADV_DONTNEED) == 0 && p[0] == 0 && p[PAGE] == 9);
    CHECK(madvise(shared, PAGE, MADV_DONTNEED) == 0 && shared[0] == 3);
    CHECK(madvise(p + PAGE, PAGE, MADV_FREE) == 0);
    FAILS(EINVAL, madvise(shared, PAGE, MADV_FREE));
    FAILS(EINVAL, madvise(p, PAGE, 1000));
    FAILS(EINVAL, madvise(p + 1, PAGE, MADV_NORMAL));
    FAILS(EINVAL, mincore(p + 1, PAGE, present));
    FAILS(ENOMEM, mincore(HIGH, 2 * PAGE, present));
    FAILS(EFAULT, mincore(p, PAGE, BAD));
    CHECK(mprotect(p, PAGE, PROT_READ) == 0);
    FAILS(EINVAL, madvise(p, PAGE, MADV_POPULATE_WRITE));
    CHECK(munmap(p + PAGE, PAGE) == 0);
    FAILS(ENOMEM, madvise(p, 4 * PAGE, MADV_NORMAL));
    FAILS(ENOMEM, mincore(p, 4 * PAGE, present));
    FAILS(ENOMEM, msync(p, 4 * PAGE, MS_SYNC));
    CHECK(msync(shared, PAGE, MS_SYNC) == 0 && msync(shared, PAGE, MS_ASYNC) == 0);
    FAILS(EINVAL, msync(shared, PAGE, MS_SYNC | MS_ASYNC));
    FAILS(EINVAL, msync(shared + 1, PAGE, MS_SYNC));
    FAILS(ENOMEM, msync(HIGH, 2 * PAGE, MS_SYNC));
    /* Locking. */
    CHECK(mlock(shared + 100, PAGE) == 0 && munlock(shared, PAGE) == 0 && mlock(shared, 0) == 0);
    CHECK(mlock2(shared, PAGE, MLOCK_ONFAULT) == 0);
    FAILS(EINVAL, syscall(SYS_mlock2, shared, PAGE, 8));
    FAILS(ENOMEM, mlock(p, 4 * PAGE));
    FAILS(ENOMEM, munlock(p, 4 * PAGE));
    FAILS(EINVAL, mlockall(0));
    FAILS(EINVAL, mlockall(MCL_ONFAULT));
    CHECK(mlockall(MCL_CURRENT) == 0 && munlockall() == 0);
    struct rlimit none = {0, 0};
    CHECK(setrlimit(RLIMIT_MEMLOCK, &none) == 0 && setuid(1000) == 0);
    FAILS(EPERM, mlock(shared, PAGE));
    FAILS(EPERM, mlockall(MCL_CURRENT));
    REFUSED(EPERM, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

static void others_memory(void)
{
    static char here[3000], there[3000];
    struct iovec local[2] = {{here, 1000}, {here + 1000, 2000}},
                 remote[2] = {{there, 2500}, {there + 2500, 500}};
    int pair[2];
    char c;
    CHECK(pipe(pair) == 0);
    memset(there, 'y', sizeof there);
    pid_t child = fork();
    if (child == 0) {
        close(pair[1]);
        CHECK(read(pair[0], &c, 1) == 0);
        _exit(there[0] == 'z' && there[2999] == 'z' ? 0 : 1);
    }
    close(pair[0]);
    CHECK(process_vm_readv(child, local, 2, remote, 2, 0) == 3000 && here[0] == 'y' && here[2999] == 'y');
    memset(here, 'z', sizeof here);
    CHECK(process_vm_writev(child, local, 2, remote, 2, 0) == 3000 && there[0] == 'y');
    remote[1].iov_base = BAD;
    CHECK(process_vm_readv(child, local, 2, remote, 2, 0) == 2500);
    FAILS(EFAULT, process_vm_readv(child, local, 2, remote + 1, 1, 0));
    FAILS(EINVAL, process_vm_readv(child, local, 2, remote, 2, 1));
    FAILS(ESRCH, process_vm_readv(1 << 20, local, 2, remote, 2, 0));
    FAILS(EFAULT, process_vm_readv(child, BAD, 2, remote, 2, 0));
    FAILS(EFAULT, process_vm_readv(child, local, 2, BAD, 2, 0));
    FAILS(EINVAL, process_vm_readv(child, local, 2000, remote, 2, 0));
    close(pair[1]);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    pid_t parent = getppid();
    CHECK(setuid(1000) == 0);
    FAILS(EPERM, process_vm_readv(parent, local, 1, remote, 1, 0));
}

int main(void)
{
    in_child(mapping);
    in_child(advising);
    in_child(others_memory);
    puts("advice: done");
    return 0;
}
