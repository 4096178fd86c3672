/* SPDX-License-Identifier: MPL-2.0 */
/* Hands wild pointers to system calls: each must fail with EFAULT, and the program must live. Prints what did not. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int tried, wrong;

static void expect(const char *name, uint64_t pointer, long result)
{
    int error = errno;
    tried++;
    if (result == -1 && error == EFAULT)
        return;
    wrong++;
    printf("%s(%#lx): %ld, errno %d (%s)\n", name, (unsigned long)pointer, result, error, strerror(error));
}
#define TRY(name, ...) expect(#name, wild, (errno = 0, syscall(SYS_##name, __VA_ARGS__)))

static void try_all(uint64_t wild)
{
    int pipes[2], file = open("badpointer.tmp", O_RDWR | O_CREAT, 0600), zero = open("/dev/zero", O_RDONLY);
    if (pipe(pipes) || file < 0 || zero < 0 || write(pipes[1], "xy", 2) != 2 ||
        pwrite(file, "file contents", 13, 0) != 13)
        perror("badpointer: set-up");
    uint64_t vector[2] = {wild, 16};
    struct timespec soon = {0, 1000};
    TRY(read, zero, wild, 4096);
    TRY(pread64, file, wild, 10, 0);
    TRY(read, pipes[0], wild, 1);
    TRY(write, pipes[1], wild, 16);
    TRY(write, file, wild, 4096);
    TRY(readv, zero, wild, 1);
    TRY(readv, zero, vector, 1);
    TRY(writev, file, wild, 1);
    TRY(writev, pipes[1], vector, 1);
    TRY(open, wild, O_RDONLY);
    TRY(openat, AT_FDCWD, wild, O_RDONLY);
    TRY(stat, wild, &soon);
    TRY(stat, "/", wild);
    TRY(lstat, "/", wild);
    TRY(fstat, file, wild);
    TRY(newfstatat, AT_FDCWD, "/", wild, 0);
    TRY(access, wild, R_OK);
    TRY(chdir, wild);
    TRY(mkdir, wild, 0700);
    TRY(rmdir, wild);
    TRY(unlink, wild);
    TRY(rename, wild, "x");
    TRY(rename, "badpointer.tmp", wild);
    TRY(link, "badpointer.tmp", wild);
    TRY(symlink, wild, "x");
    TRY(readlink, "/proc/self/exe", wild, 100);
    TRY(chmod, wild, 0600);
    TRY(truncate, wild, 0);
    TRY(getcwd, wild, 100);
    TRY(pipe, wild);
    TRY(pipe2, wild, 0);
    TRY(poll, wild, 1, 0);
    TRY(select, 1, wild, NULL, NULL, NULL);
    TRY(nanosleep, wild, NULL);
    TRY(clock_gettime, CLOCK_MONOTONIC, wild);
    TRY(gettimeofday, wild, NULL);
    TRY(uname, wild);
    TRY(sysinfo, wild);
    TRY(getrusage, 0, wild);
    TRY(times, wild);
    TRY(getrlimit, 7, wild);
    TRY(setrlimit, 7, wild);
    TRY(prlimit64, 0, 7, NULL, wild);
    TRY(rt_sigaction, SIGUSR1, wild, NULL, 8);
    TRY(rt_sigaction, SIGUSR1, NULL, wild, 8);
    TRY(rt_sigprocmask, SIG_BLOCK, wild, NULL, 8);
    TRY(rt_sigprocmask, SIG_BLOCK, NULL, wild, 8);
    TRY(rt_sigpending, wild, 8);
    TRY(sigaltstack, wild, NULL);
    if (wild % 4 == 0)
        TRY(futex, wild, 0 /* WAIT */, 0, NULL, NULL, 0);
    TRY(futex, &soon, 0, (int)soon.tv_sec, wild, NULL, 0);
    TRY(execve, wild, NULL, NULL);
    TRY(execve, "/bin/true", wild, NULL);
    TRY(getdents64, open("/", O_RDONLY | O_DIRECTORY), wild, 1000);
    TRY(sched_getaffinity, 0, 128, wild);
    TRY(sched_setaffinity, 0, 8, wild);
    TRY(getrandom, wild, 16, 0);
    TRY(ioctl, pipes[0], 0x541b /* FIONREAD */, wild);
    TRY(utimensat, AT_FDCWD, wild, NULL, 0);
    TRY(statfs, "/", wild);
    TRY(fstatfs, file, wild);
    TRY(getitimer, 0, wild);
    TRY(setitimer, 0, wild, NULL);
    close(pipes[0]);
    close(pipes[1]);
    close(file);
    close(zero);
    unlink("badpointer.tmp");
}

int main(void)
{
    char *hole = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(hole + 4096, 4096);
    mprotect(hole + 8192, 4096, PROT_NONE);
    setvbuf(stdout, NULL, _IOLBF, 0);
    uint64_t wild[] = {8,
                       0xdeadbeef000,
                       0x6fffffffe000,
                       0x700000000000,
                       0x701000000000,
                       0x704000000000,
                       0x7ffffffff000 + 4096 - 1,
                       0x800000000000,
                       0x8000000000000000,
                       0xffff800000000000,
                       0xffffffff80100000,
                       UINT64_MAX - 4095,
                       UINT64_MAX,
                       (uint64_t)(hole + 4096),
                       (uint64_t)(hole + 8192)};
    for (unsigned i = 0; i < sizeof wild / sizeof *wild; i++)
        try_all(wild[i]);
    /* A buffer that begins well and ends in a hole: what fits may be moved, never a byte beyond. */
    int zero = open("/dev/zero", O_RDONLY), file = open("badpointer.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600);
    long n = read(zero, hole + 4096 - 100, 200);
    if (n != 100 && !(n == -1 && errno == EFAULT))
        printf("read across a hole: %ld\n", n), wrong++;
    n = write(file, hole + 4096 - 100, 200);
    if (n != 100 && !(n == -1 && errno == EFAULT))
        printf("write across a hole: %ld\n", n), wrong++;
    unlink("badpointer.tmp");
    printf("badpointer: %d calls, %d wrong\n", tried, wrong);
    return wrong != 0;
}
