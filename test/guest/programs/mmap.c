/* SPDX-License-Identifier: MPL-2.0 */
/* Memory as a program sees it: demand zero, copy-on-write, holes, protection, files in memory, sharing, moving. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                                                       \
    do {                                                                                                       \
        if (!(condition)) {                                                                                    \
            printf("mmap: line %d: %s (errno %d)\n", __LINE__, #condition, errno);                             \
            exit(1);                                                                                           \
        }                                                                                                      \
    } while (0)
enum { PAGE = 4096 };
static sigjmp_buf jump;
static void leave(int number) { siglongjmp(jump, number); }
/* Whether the byte can be read (or written). */
static int readable(volatile char *p) { return sigsetjmp(jump, 1) == 0 ? ((void)*p, 1) : 0; }
static int writable(volatile char *p) { return sigsetjmp(jump, 1) == 0 ? (*p = *p, 1) : 0; }
static char *anonymous(size_t pages, int flags)
{
    char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
    CHECK(p != MAP_FAILED);
    return p;
}
static int wait_status(pid_t child)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

int main(void)
{
    signal(SIGSEGV, leave);
    signal(SIGBUS, leave);

    char *p = anonymous(16, MAP_PRIVATE);
    for (int i = 0; i < 16 * PAGE; i++)
        CHECK(p[i] == 0);
    memset(p, 7, 16 * PAGE);
    CHECK(munmap(p + 4 * PAGE, 2 * PAGE) == 0 && !readable(p + 4 * PAGE) && readable(p + 6 * PAGE) &&
          p[3 * PAGE] == 7);
    CHECK(mprotect(p, PAGE, PROT_READ) == 0 && readable(p) && !writable(p) && writable(p + PAGE));
    CHECK(mprotect(p, PAGE, PROT_NONE) == 0 && !readable(p));
    CHECK(mprotect(p, PAGE, PROT_READ | PROT_WRITE) == 0 && p[5] == 7 && writable(p));
    CHECK(mprotect(p + 3 * PAGE, 2 * PAGE, PROT_READ) == -1 && errno == ENOMEM);
    for (int i = 0; i < 20;
         i++) { /* there and not, on a split region; a fork has the pages, too, in the last ten */
        pid_t holder = i < 10 ? 0 : fork();
        if (holder == 0 && i >= 10)
            _exit(pause() + 1);
        CHECK(mprotect(p + 7 * PAGE, 3 * PAGE, i & 1 ? PROT_NONE : PROT_READ) == 0);
        CHECK(readable(p + 8 * PAGE) == !(i & 1) && !writable(p + 7 * PAGE) && !writable(p + 9 * PAGE));
        CHECK(writable(p + 6 * PAGE) && writable(p + 10 * PAGE));
        CHECK(mprotect(p + 7 * PAGE, 3 * PAGE, PROT_READ | PROT_WRITE) == 0);
        CHECK(p[8 * PAGE] == (i ? 1 : 7) && p[9 * PAGE] == (i & 3 ? 1 : i ? 0 : 7));
        p[8 * PAGE] = p[9 * PAGE] = 1;
        CHECK(i % 4 != 3 || madvise(p + 9 * PAGE, PAGE, MADV_DONTNEED) == 0);
        CHECK(holder == 0 || (kill(holder, SIGKILL) == 0 && waitpid(holder, NULL, 0) == holder));
    }
    char *fixed =
        mmap(p + 4 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(fixed == p + 4 * PAGE && fixed[0] == 0);
    CHECK(mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED &&
          errno == EEXIST);
    CHECK(munmap(p, 16 * PAGE) == 0 && munmap(p + 1, PAGE) == -1 && errno == EINVAL);
    CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    printf("map, unmap, protect\n");

    char *private = anonymous(64, MAP_PRIVATE), *shared = anonymous(4, MAP_SHARED);
    memset(private, 1, 64 * PAGE);
    memset(shared, 1, 4 * PAGE);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 64; i++)
            if (private[i * PAGE] != 1)
                _exit(1);
        memset(private, 2, 64 * PAGE);
        memset(shared, 2, 4 * PAGE);
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(private[63 * PAGE] == 2 && (private[0] = 3) == 3 ? 0 : 1);
        _exit(wait_status(grandchild) || private[0] != 2);
    }
    CHECK(wait_status(child) == 0 && private[0] == 1 && private[63 * PAGE] == 1 && shared[3 * PAGE] == 2);
    printf("copy-on-write over fork, shared memory\n");

    int file = open("mmap.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(ftruncate(file, 3 * PAGE + 100) == 0 && pwrite(file, "hello", 5, PAGE) == 5);
    char *both = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *copy = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    CHECK(memcmp(both + PAGE, "hello", 5) == 0 && memcmp(copy + PAGE, "hello", 5) == 0);
    both[PAGE] = 'J';
    copy[PAGE + 1] = 'X';
    char bytes[6] = {0};
    CHECK(pread(file, bytes, 5, PAGE) == 5 && strcmp(bytes, "Jello") == 0 && copy[PAGE + 1] == 'X' &&
          both[PAGE + 1] == 'e');
    CHECK(pwrite(file, "written", 7, 2 * PAGE) == 7 && memcmp(both + 2 * PAGE, "written", 7) == 0);
    CHECK(both[3 * PAGE + 100] == 0 && readable(both + 4 * PAGE - 1) && !readable(both + 4 * PAGE));
    CHECK(msync(both, PAGE, MS_SYNC) == 0);
    CHECK(ftruncate(file, PAGE) == 0 && !readable(both + 2 * PAGE));
    close(file);
    unlink("mmap.tmp");
    CHECK(readable(both) && munmap(both, 5 * PAGE) == 0);
    int read_only = open("/proc/self/exe", O_RDONLY);
    CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, read_only, 0) == MAP_FAILED && errno == EACCES);
    char *image = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, read_only, 0);
    CHECK(memcmp(image, "\177ELF", 4) == 0);
    printf("files in memory\n");

    char *moved = anonymous(8, MAP_PRIVATE);
    strcpy(moved + 7 * PAGE, "at the end");
    char *grown = mremap(moved, 8 * PAGE, 4096 * PAGE, MREMAP_MAYMOVE);
    CHECK(grown != MAP_FAILED && strcmp(grown + 7 * PAGE, "at the end") == 0 && grown[4095 * PAGE] == 0);
    CHECK(mremap(grown, 4096 * PAGE, PAGE, 0) == grown && !readable(grown + PAGE));
    char *holed = anonymous(600, MAP_PRIVATE);
    for (int i = 0; i < 600; i += 7)
        holed[i * PAGE] = (char)i;
    CHECK(munmap(holed + 300 * PAGE, PAGE) == 0);
    CHECK(mremap(holed, 600 * PAGE, 700 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
    CHECK(mremap(holed + 300 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
    CHECK(mremap(holed, 300 * PAGE, 302 * PAGE, 0) == MAP_FAILED && errno == ENOMEM);
    CHECK(mremap(holed + 100 * PAGE, 200 * PAGE, 201 * PAGE, 0) == holed + 100 * PAGE); /* into the hole */
    char *away = mremap(holed + 50 * PAGE, 251 * PAGE, 900 * PAGE, MREMAP_MAYMOVE);
    CHECK(away != MAP_FAILED && !readable(holed + 50 * PAGE) && !readable(holed + 300 * PAGE));
    for (int i = 0; i < 600; i += 7)
        CHECK((i < 50 || i > 300 ? holed : away - 50 * PAGE)[i * PAGE] == (char)i);
    CHECK(away[899 * PAGE] == 0 && writable(away + 899 * PAGE) && holed[49 * PAGE + 1] == 0);
    CHECK(munmap(holed, 600 * PAGE) == 0 && munmap(away, 900 * PAGE) == 0);
    char *start = sbrk(0);
    CHECK(sbrk(100 * PAGE) == start && start[50 * PAGE] == 0 && writable(start + 99 * PAGE));
    CHECK(brk(start) == 0 && sbrk(0) == start);
    printf("moved and grown\n");

    char *sparse =
        mmap(NULL, 1ul << 32, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(sparse != MAP_FAILED);
    for (size_t i = 0; i < 1ul << 32; i += 1ul << 28)
        sparse[i] = 1;
    CHECK(madvise(sparse, 1ul << 28, MADV_DONTNEED) == 0 && sparse[0] == 0 && sparse[1ul << 28] == 1);
    CHECK(munmap(sparse, 1ul << 32) == 0);
    unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov $42, %eax; ret */
    char *executable = anonymous(1, MAP_PRIVATE);
    memcpy(executable, code, sizeof code);
    if (sigsetjmp(jump, 1) == 0) {
        ((int (*)(void))(uintptr_t)executable)();
        CHECK(!"data was executed");
    }
    CHECK(mprotect(executable, PAGE, PROT_READ | PROT_EXEC) == 0 &&
          ((int (*)(void))(uintptr_t)executable)() == 42);
    printf("sparse, executable\n");
    for (int i = 0; i < 200; i++) { /* many regions */
        char *q = anonymous(2, MAP_PRIVATE);
        q[0] = 1;
        CHECK(mprotect(q + PAGE, PAGE, PROT_READ) == 0);
    }
    printf("mmap: done\n");
    return 0;
}
