/* SPDX-License-Identifier: MPL-2.0 */
/* Calls on files and descriptors that the shell's tools do not make, and their errors. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <utime.h>
#include "check.h"

static int make(const char *name, const char *text)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static void descriptors(void)
{
    int fd = make("d", "0123456789"), pair[2], n;
    int path = open("d", O_PATH), only_write = open("d", O_WRONLY), only_read = open("d", O_RDONLY);
    FAILS(EBADF, dup(999));
    FAILS(EBADF, dup2(999, 5));
    FAILS(EBADF, dup2(fd, -1));
    FAILS(EINVAL, dup3(fd, fd, 0));
    FAILS(EINVAL, dup3(fd, 50, 1));
    CHECK(dup2(fd, fd) == fd && dup3(fd, 50, O_CLOEXEC) == 50 && fcntl(50, F_GETFD) == FD_CLOEXEC);
    CHECK(fcntl(50, F_SETFD, 0) == 0 && fcntl(50, F_GETFD) == 0 && fcntl(fd, F_DUPFD_CLOEXEC, 60) == 60);
    CHECK(ioctl(50, FIOCLEX) == 0 && fcntl(50, F_GETFD) == FD_CLOEXEC && ioctl(50, FIONCLEX) == 0);
    FAILS(EINVAL, fcntl(fd, F_DUPFD, -1));
    FAILS(EBADF, fcntl(999, F_GETFD));
    FAILS(EBADF, fcntl(path, F_SETFL, 0));
    FAILS(EINVAL, fcntl(fd, 9999));
    CHECK((fcntl(path, F_GETFL) & O_PATH) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
    CHECK(fcntl(50, F_SETFL, O_APPEND | O_NONBLOCK) == 0 && (fcntl(fd, F_GETFL) & O_APPEND));
    CHECK(fcntl(fd, F_SETFL, 0) == 0 && fcntl(fd, F_SETOWN, getpid()) == 0 &&
          syscall(SYS_fcntl, fd, F_GETOWN) == getpid());
    CHECK(fcntl(fd, F_GETSIG) == 0 && fcntl(fd, F_GETLEASE) == F_UNLCK);
    for (int i = 0; i < 3; i++) { /* closing one of several; a lock of the process's goes all the same */
        struct flock own = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        CHECK(i == 0 || fcntl(fd, F_SETLK, &own) == 0);
        int copy = dup(fd);
        pid_t child = fork();
        if (child == 0)
            _exit(fcntl(fd, F_GETLK, &own) != 0 || own.l_type != (i == 0 ? F_UNLCK : F_WRLCK));
        CHECK(wait(&n) == child && n == 0);
        CHECK(copy >= 0 && (fcntl(copy, F_GETFL) & O_ACCMODE) == O_RDWR && close(copy) == 0);
        FAILS(EBADF, close(copy));
        FAILS(EBADF, fcntl(copy, F_GETFL));
        FAILS(EBADF, ioctl(copy, FIONREAD, &n));
        own.l_type = F_WRLCK;
        if ((child = fork()) == 0)
            _exit(fcntl(fd, F_GETLK, &own) != 0 || own.l_type != F_UNLCK);
        CHECK(wait(&n) == child && n == 0 && fcntl(fd, F_GETFL) >= 0);
    }
    CHECK(pipe2(pair, O_CLOEXEC) == 0 && fcntl(pair[0], F_GETPIPE_SZ) == 65536);
    CHECK(fcntl(pair[0], F_SETPIPE_SZ, 8192) == 8192);
    FAILS(EBADF, fcntl(fd, F_GETPIPE_SZ));
    FAILS(EINVAL, pipe2(pair, O_APPEND));
    FAILS(EFAULT, pipe(BAD));
    CHECK(write(pair[1], "abc", 3) == 3 && ioctl(pair[0], FIONREAD, &n) == 0 && n == 3);
    CHECK(ioctl(fd, FIONREAD, &n) == 0 && n == 10);
    FAILS(EFAULT, ioctl(pair[0], FIONREAD, BAD));
    n = 1;
    CHECK(ioctl(pair[0], FIONBIO, &n) == 0 && (fcntl(pair[0], F_GETFL) & O_NONBLOCK));
    FAILS(EFAULT, ioctl(pair[0], FIONBIO, BAD));
    FAILS(EBADF, ioctl(path, FIOCLEX));
    FAILS(ENOTTY, ioctl(fd, TIOCGWINSZ, &n));
    FAILS(EINVAL, syscall(SYS_close_range, 9, 8, 0));
    FAILS(EINVAL, syscall(SYS_close_range, 8, 9, 64));
    CHECK(syscall(SYS_close_range, 50, 50, 4) == 0 && fcntl(50, F_GETFD) == FD_CLOEXEC);
    CHECK(syscall(SYS_close_range, 50, ~0u, 2) == 0 && fcntl(50, F_GETFD) == -1 && fcntl(60, F_GETFD) == -1);
    FAILS(EBADF, close(50));

    /* Locks of byte ranges are the process's. */
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 4};
    CHECK(fcntl(fd, F_SETLK, &lock) == 0);
    pid_t child = fork();
    if (child == 0) {
        struct flock other = {.l_type = F_RDLCK, .l_whence = SEEK_END, .l_start = -1, .l_len = -9};
        CHECK(fcntl(fd, F_GETLK, &other) == 0 && other.l_type == F_WRLCK && other.l_start == 2 &&
              other.l_len == 4 && other.l_pid == getppid());
        other = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET};
        FAILS(EAGAIN, fcntl(fd, F_SETLK, &other));
        CHECK(lseek(fd, 6, SEEK_SET) == 6);
        other = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_CUR};
        CHECK(fcntl(fd, F_GETLK, &other) == 0 && other.l_type == F_UNLCK && fcntl(fd, F_SETLK, &other) == 0);
        other = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 3};
        CHECK(fcntl(fd, F_SETLKW, &other) == 0); /* once the parent lets go */
        _exit(0);
    }
    usleep(50000);
    lock.l_type = F_UNLCK;
    CHECK(fcntl(fd, F_SETLK, &lock) == 0 && waitpid(child, &n, 0) == child && n == 0);
    lock.l_type = F_RDLCK;
    FAILS(EBADF, fcntl(only_write, F_SETLK, &lock));
    lock.l_type = F_WRLCK;
    FAILS(EBADF, fcntl(only_read, F_SETLK, &lock));
    FAILS(EFAULT, fcntl(fd, F_SETLK, BAD));
    lock.l_whence = 7;
    FAILS(EINVAL, fcntl(fd, F_SETLK, &lock));
    lock.l_whence = SEEK_SET, lock.l_type = 9;
    FAILS(EINVAL, fcntl(fd, F_SETLK, &lock));
    lock.l_type = F_RDLCK, lock.l_start = -5;
    FAILS(EINVAL, fcntl(fd, F_GETLK, &lock));
    lock.l_start = INT64_MAX, lock.l_len = INT64_MAX;
    FAILS(EOVERFLOW, fcntl(fd, F_SETLK, &lock));
    int again = open("d", O_RDONLY);
    CHECK(flock(fd, LOCK_EX) == 0 && flock(fd, LOCK_SH) == 0 && flock(again, LOCK_SH | LOCK_NB) == 0);
    FAILS(EAGAIN, flock(again, LOCK_EX | LOCK_NB));
    CHECK(flock(fd, LOCK_UN) == 0 && flock(again, LOCK_EX | LOCK_NB) == 0);
    FAILS(EINVAL, flock(fd, 16));
    FAILS(EBADF, flock(path, LOCK_SH));
}

static void moving(void)
{
    int fd = make("m", "0123456789"), out = make("o", ""), pair[2], dir = open(".", O_RDONLY);
    char a[8] = "", b[8] = "";
    struct iovec two[2] = {{a, 3}, {b, 3}}, bad[2] = {{a, 3}, {BAD, 3}};
    off_t at = 4;
    CHECK(pipe(pair) == 0);
    CHECK(pread(fd, a, 3, 5) == 3 && a[0] == '5' && pwrite(fd, "xy", 2, 8) == 2);
    CHECK(preadv(fd, two, 2, 4) == 6 && a[0] == '4' && b[0] == '7' && readv(fd, two, 2) == 6 && a[0] == '0');
    CHECK(pwritev(out, two, 2, 2) == 6 && writev(out, two, 2) == 6);
    CHECK(preadv2(fd, two, 2, 0, 0) == 6 && preadv2(fd, two, 2, -1, RWF_HIPRI) == 4 &&
          pwritev2(out, two, 2, 0, RWF_SYNC) == 6);
    FAILS(EINVAL, pread(fd, a, 1, -1));
    FAILS(EINVAL, pwrite(fd, a, 1, -1));
    FAILS(EINVAL, preadv(fd, two, 2, -1));
    FAILS(EINVAL, pwritev(fd, two, 2, -1));
    FAILS(EINVAL, preadv2(fd, two, 2, -5, 0));
    FAILS(EOPNOTSUPP, preadv2(fd, two, 2, 0, 1 << 20));
    FAILS(EINVAL, syscall(SYS_readv, fd, two, 2000));
    FAILS(EFAULT, readv(fd, BAD, 2));
    FAILS(EBADF, readv(999, two, 2));
    FAILS(ESPIPE, pread(pair[0], a, 1, 0));
    FAILS(ESPIPE, preadv(pair[0], two, 2, 0));
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && readv(fd, bad, 2) == 3 && readv(fd, two, 0) == 0);
    FAILS(EFAULT, read(fd, BAD, 4));
    FAILS(EFAULT, read(fd, (void *)(1ul << 63), 4));
    FAILS(EFAULT, write(out, BAD, 4));
    FAILS(EISDIR, read(dir, a, 1));
    FAILS(EBADF, read(999, a, 1));
    FAILS(EINVAL, lseek(fd, 0, 99));
    FAILS(EINVAL, lseek(fd, -1, SEEK_SET));
    FAILS(ESPIPE, lseek(pair[0], 0, SEEK_SET));
    FAILS(ENXIO, lseek(fd, 100, SEEK_DATA));
    CHECK(lseek(fd, 0, SEEK_HOLE) == 10 && lseek(fd, 3, SEEK_DATA) == 3);
    /* Copies inside the kernel. */
    CHECK(ftruncate(out, 0) == 0 && lseek(out, 0, SEEK_SET) == 0 && lseek(fd, 0, SEEK_SET) == 0);
    CHECK(sendfile(out, fd, NULL, 4) == 4 && sendfile(out, fd, &at, 100) == 6 && at == 10 &&
          lseek(fd, 0, SEEK_CUR) == 4);
    CHECK(sendfile(pair[1], fd, NULL, 2) == 2 && read(pair[0], a, 8) == 2 && a[0] == '4');
    off_t in_at = 0, out_at = 20;
    CHECK(copy_file_range(fd, &in_at, out, &out_at, 5, 0) == 5 && in_at == 5 && out_at == 25);
    FAILS(EINVAL, copy_file_range(fd, NULL, out, NULL, 5, 1));
    FAILS(EINVAL, copy_file_range(pair[0], NULL, out, NULL, 5, 0));
    FAILS(EISDIR, copy_file_range(dir, NULL, out, NULL, 5, 0));
    FAILS(EBADF, copy_file_range(999, NULL, out, NULL, 5, 0));
    FAILS(EBADF, sendfile(pair[0], fd, NULL, 1));
    FAILS(EFAULT, sendfile(out, fd, BAD, 1));
    /* Space. */
    struct stat stat;
    CHECK(fallocate(fd, 0, 0, 9000) == 0 && fstat(fd, &stat) == 0 && stat.st_size == 9000);
    CHECK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 20000) == 0 && fstat(fd, &stat) == 0 && stat.st_size == 9000);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0 && pread(fd, a, 1, 3) == 1 &&
          a[0] == 0);
    FAILS(EINVAL, fallocate(fd, 0, 0, 0));
    FAILS(EINVAL, fallocate(fd, 0, -1, 5));
    FAILS(EOPNOTSUPP, fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 5));
    FAILS(ESPIPE, fallocate(pair[1], 0, 0, 5));
    FAILS(EBADF, fallocate(dir, 0, 0, 5));
    FAILS(EBADF, fallocate(999, 0, 0, 5));
    FAILS(EFBIG, fallocate(fd, 0, INT64_MAX - 4, 8));
    FAILS(EINVAL, ftruncate(fd, -1));
    FAILS(EINVAL, ftruncate(dir, 0));
    FAILS(EINVAL, truncate("m", -1));
    FAILS(EISDIR, truncate(".", 0));
    FAILS(ENOENT, truncate("none", 0));
    CHECK(truncate("m", 5) == 0 && fsync(fd) == 0 && fdatasync(fd) == 0 && syncfs(fd) == 0);
    FAILS(EBADF, fsync(999));
    FAILS(EBADF, syncfs(999));
    FAILS(EINVAL, fsync(pair[0]));
    sync();
}

static void waiting(void)
{
    int pair[2];
    fd_set in, out;
    struct timeval zero = {0, 0}, negative = {0, -1};
    struct timespec none = {0, 0}, wrong = {0, -1};
    struct pollfd both[3];
    sigset_t set;
    sigemptyset(&set);
    CHECK(pipe(pair) == 0);
    both[0] = (struct pollfd){pair[0], POLLIN, 0}, both[1] = (struct pollfd){pair[1], POLLOUT, 0};
    both[2] = (struct pollfd){-1, POLLIN, 0};
    CHECK(poll(both, 3, 0) == 1 && both[1].revents == POLLOUT && both[0].revents == 0 && both[2].revents == 0);
    both[2].fd = 999;
    CHECK(poll(both, 3, -1) == 2 && both[2].revents == POLLNVAL && ppoll(both, 2, &none, &set) == 1);
    CHECK(poll(NULL, 0, 1) == 0 && ppoll(both, 1, &(struct timespec){0, 1000000}, NULL) == 0);
    FAILS(EFAULT, poll(BAD, 1, 0));
    FAILS(EINVAL, syscall(SYS_poll, both, 1 << 24, 0));
    FAILS(EINVAL, syscall(SYS_ppoll, both, 1, &wrong, NULL, 8));
    FAILS(EFAULT, syscall(SYS_ppoll, both, 1, BAD, NULL, 8));
    FAILS(EINVAL, syscall(SYS_ppoll, both, 1, &none, &set, 5));
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(pair[0], &in);
    FD_SET(pair[1], &out);
    CHECK(syscall(SYS_select, 20, &in, &out, NULL, &zero) == 1 && FD_ISSET(pair[1], &out) &&
          !FD_ISSET(pair[0], &in));
    CHECK(write(pair[1], "x", 1) == 1);
    FD_SET(pair[0], &in);
    CHECK(syscall(SYS_pselect6, 20, &in, &out, NULL, &none, NULL) == 2);
    uint64_t mask[2] = {(uint64_t)(uintptr_t)&set, 8}, short_mask[2] = {(uint64_t)(uintptr_t)&set, 5};
    CHECK(syscall(SYS_pselect6, 20, &in, NULL, NULL, &none, mask) == 1);
    FAILS(EINVAL, syscall(SYS_pselect6, 20, &in, NULL, NULL, &none, short_mask));
    FAILS(EFAULT, syscall(SYS_pselect6, 20, &in, NULL, NULL, &none, BAD));
    FAILS(EINVAL, syscall(SYS_pselect6, 20, &in, NULL, NULL, &wrong, NULL));
    FAILS(EINVAL, syscall(SYS_select, -1, NULL, NULL, NULL, &zero));
    FAILS(EINVAL, syscall(SYS_select, 0, NULL, NULL, NULL, &negative));
    FAILS(EFAULT, syscall(SYS_select, 5, NULL, NULL, NULL, BAD));
    FAILS(EFAULT, syscall(SYS_select, 5, BAD, NULL, NULL, &zero));
    FD_SET(200, &in);
    FAILS(EBADF, syscall(SYS_select, 201, &in, NULL, NULL, &zero));
    close(pair[1]);
    CHECK(read(pair[0], mask, 8) == 1 && poll(both, 1, -1) == 1 && both[0].revents == POLLHUP);
}

static void names(void)
{
    struct stat stat;
    struct statx extended;
    struct statfs fs;
    struct open_how how = {.flags = O_CREAT | O_RDWR, .mode = 0600};
    char text[200], big[64] = {0};
    int dir, path, pair[2];
    CHECK(mkdir("n", 0755) == 0 && (dir = open("n", O_RDONLY | O_DIRECTORY)) >= 0 && pipe(pair) == 0);
    close(make("n/f", "text"));
    CHECK(symlink("f", "n/link") == 0 && (path = openat(dir, "f", O_PATH)) >= 0);
    CHECK(syscall(SYS_openat2, dir, "made", &how, sizeof how) >= 0);
    FAILS(EINVAL, syscall(SYS_openat2, dir, "made", &how, 8));
    FAILS(EFAULT, syscall(SYS_openat2, dir, "made", BAD, sizeof how));
    memcpy(big, &how, sizeof how);
    CHECK(syscall(SYS_openat2, dir, "made", big, sizeof big) >= 0);
    big[63] = 1;
    FAILS(E2BIG, syscall(SYS_openat2, dir, "made", big, sizeof big));
    FAILS(E2BIG, syscall(SYS_openat2, dir, "made", big, 100000));
    how.mode = 010000;
    FAILS(EINVAL, syscall(SYS_openat2, dir, "made", &how, sizeof how));
    how = (struct open_how){.flags = O_RDONLY, .resolve = 1 << 20};
    FAILS(EINVAL, syscall(SYS_openat2, dir, "made", &how, sizeof how));
    CHECK(creat("n/c", 0600) >= 0);
    FAILS(ENOTDIR, openat(path, "x", O_RDONLY));
    FAILS(EBADF, openat(999, "x", O_RDONLY));
    FAILS(EFAULT, open(BAD, O_RDONLY));
    FAILS(ENOENT, open("", O_RDONLY));
    memset(text, 'n', sizeof text);
    CHECK(statx(dir, "link", AT_SYMLINK_NOFOLLOW, STATX_ALL, &extended) == 0 && S_ISLNK(extended.stx_mode));
    CHECK(statx(path, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &extended) == 0 && extended.stx_size == 4);
    FAILS(EINVAL, statx(dir, "f", 1 << 20, STATX_ALL, &extended));
    FAILS(EINVAL, statx(dir, "f", 0, 0x80000000u, &extended));
    FAILS(EFAULT, statx(dir, "f", 0, STATX_ALL, BAD));
    FAILS(ENOENT, statx(dir, "none", 0, STATX_ALL, &extended));
    CHECK(syscall(SYS_newfstatat, path, "", &stat, AT_EMPTY_PATH) == 0 && stat.st_size == 4);
    FAILS(EINVAL, syscall(SYS_newfstatat, dir, "f", &stat, 1 << 20));
    FAILS(EFAULT, syscall(SYS_stat, "n/f", BAD));
    FAILS(EBADF, syscall(SYS_fstat, 999, &stat));
    CHECK(syscall(SYS_lstat, "n/link", &stat) == 0 && S_ISLNK(stat.st_mode));
    CHECK(statfs("n", &fs) == 0 && fs.f_namelen == 255 && fstatfs(dir, &fs) == 0 && fstatfs(pair[0], &fs) == 0);
    FAILS(ENOENT, statfs("none", &fs));
    FAILS(EFAULT, statfs("n", BAD));
    FAILS(EBADF, fstatfs(999, &fs));
    CHECK(faccessat(dir, "f", R_OK, 0) == 0 && syscall(SYS_faccessat2, dir, "f", R_OK, AT_EACCESS) == 0);
    FAILS(EINVAL, syscall(SYS_faccessat, dir, "f", 99));
    FAILS(EINVAL, syscall(SYS_faccessat2, dir, "f", R_OK, 1 << 20));
    /* Rights, owners, times. */
    CHECK(fchmod(dir, 0711) == 0 && fchmodat(dir, "f", 0604, 0) == 0 && chmod("n/f", 0640) == 0);
    FAILS(EBADF, fchmod(path, 0600));
    FAILS(ENOENT, chmod("none", 0600));
    CHECK(fchown(dir, 1, 2) == 0 && fchownat(path, "", 3, 4, AT_EMPTY_PATH) == 0 &&
          lchown("n/link", 5, -1u) == 0);
    FAILS(EINVAL, fchownat(dir, "f", 3, 4, 1 << 20));
    FAILS(EBADF, fchown(path, 1, 1));
    FAILS(ENOENT, chown("none", 1, 1));
    struct timespec times[2] = {{100, 5}, {200, UTIME_OMIT}}, now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}},
                    wrong[2] = {{0, -1}, {0, 0}}, omit[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    struct timeval values[2] = {{300, 7}, {400, 8}}, wrong_values[2] = {{0, 1000000}, {0, 0}};
    struct utimbuf old = {500, 600};
    CHECK(utimensat(dir, "f", times, 0) == 0 && syscall(SYS_stat, "n/f", &stat) == 0 &&
          stat.st_atim.tv_sec == 100 && stat.st_atim.tv_nsec == 5);
    CHECK(utimensat(dir, "link", now, AT_SYMLINK_NOFOLLOW) == 0 && utimensat(dir, "f", omit, 0) == 0 &&
          futimens(dir, NULL) == 0);
    FAILS(EINVAL, utimensat(dir, "f", wrong, 0));
    FAILS(EINVAL, utimensat(dir, "f", times, 1 << 20));
    FAILS(EFAULT, utimensat(dir, "f", BAD, 0));
    FAILS(EBADF, futimens(999, times));
    CHECK(syscall(SYS_utimes, "n/f", values) == 0 && syscall(SYS_stat, "n/f", &stat) == 0 &&
          stat.st_mtim.tv_nsec == 8000);
    CHECK(syscall(SYS_futimesat, dir, "f", NULL) == 0 && syscall(SYS_utime, "n/f", &old) == 0 &&
          syscall(SYS_utime, "n/f", NULL) == 0);
    FAILS(EINVAL, syscall(SYS_utimes, "n/f", wrong_values));
    FAILS(EFAULT, syscall(SYS_utimes, "n/f", BAD));
    FAILS(EFAULT, syscall(SYS_utime, "n/f", BAD));
    /* Attributes: none are kept, but names are checked. */
    FAILS(ENOENT, getxattr("none", "security.x", text, 10));
    FAILS(ERANGE, getxattr("n/f", "", text, 10));
    FAILS(EFAULT, getxattr("n/f", BAD, text, 10));
    FAILS(ENODATA, getxattr("n/f", "security.x", text, 10));
    FAILS(ENODATA, lgetxattr("n/link", "security.x", text, 10));
    FAILS(ENODATA, fgetxattr(dir, "security.x", text, 10));
    FAILS(EOPNOTSUPP, setxattr("n/f", "nonsense.x", "v", 1, 0));
    FAILS(EOPNOTSUPP, lsetxattr("n/link", "nonsense.x", "v", 1, 0));
    FAILS(EOPNOTSUPP, fsetxattr(dir, "nonsense.x", "v", 1, 0));
    FAILS(EOPNOTSUPP, removexattr("n/f", "nonsense.x"));
    FAILS(EOPNOTSUPP, lremovexattr("n/f", "nonsense.x"));
    FAILS(EOPNOTSUPP, fremovexattr(dir, "nonsense.x"));
    CHECK(listxattr("n/f", text, 100) == 0 && llistxattr("n/link", text, 100) == 0 &&
          flistxattr(dir, text, 100) == 0);
    FAILS(EBADF, flistxattr(999, text, 100));
    /* Links, renaming, reading directories. */
    CHECK(linkat(dir, "f", dir, "hard", 0) == 0 && linkat(dir, "link", dir, "hardlink", 0) == 0);
    CHECK(linkat(dir, "link", dir, "followed", AT_SYMLINK_FOLLOW) == 0);
    FAILS(EEXIST, link("n/f", "n/hard"));
    FAILS(EPERM, link("n", "n2"));
    FAILS(EINVAL, linkat(dir, "f", dir, "x", 1 << 20));
    FAILS(EEXIST, renameat2(dir, "f", dir, "hard", RENAME_NOREPLACE));
    CHECK(renameat2(dir, "link", dir, "c", RENAME_EXCHANGE) == 0 && lstat("n/c", &stat) == 0 &&
          S_ISLNK(stat.st_mode));
    FAILS(EINVAL, renameat2(dir, "f", dir, "hard", RENAME_NOREPLACE | RENAME_EXCHANGE));
    FAILS(EINVAL, rename("n", "n/below"));
    FAILS(ENOENT, renameat(dir, "none", dir, "x"));
    FAILS(ENOTEMPTY, rename("n/f", "n"));
    CHECK(renameat(dir, "hard", dir, "harder") == 0 && readlinkat(dir, "c", text, 5) == 1 && text[0] == 'f');
    FAILS(EINVAL, readlinkat(dir, "f", text, 5));
    FAILS(EINVAL, syscall(SYS_readlink, "n/c", text, 0));
    FAILS(EFAULT, syscall(SYS_readlink, "n/c", BAD, 5));
    CHECK(mknod("n/fifo", S_IFIFO | 0600, 0) == 0 && mknodat(dir, "plain", S_IFREG | 0600, 0) == 0);
    FAILS(EEXIST, mknod("n/fifo", S_IFIFO, 0));
    FAILS(EINVAL, mknod("n/what", 0170000, 0));
    FAILS(EISDIR, unlink("n"));
    FAILS(ENOTDIR, unlinkat(dir, "f", AT_REMOVEDIR));
    FAILS(EINVAL, unlinkat(dir, "f", 1 << 20));
    FAILS(ENOTEMPTY, rmdir("n"));
    CHECK(mkdirat(dir, "sub", 0700) == 0 && unlinkat(dir, "sub", AT_REMOVEDIR) == 0);
    FAILS(EINVAL, syscall(SYS_getdents64, dir, text, 10));
    FAILS(EINVAL, syscall(SYS_getdents, dir, text, 10));
    CHECK(syscall(SYS_getdents, dir, text, sizeof text) > 0 && lseek(dir, 0, SEEK_SET) == 0 &&
          syscall(SYS_getdents64, dir, text, sizeof text) > 0);
    FAILS(ENOTDIR, syscall(SYS_getdents64, pair[0], text, sizeof text));
    FAILS(EBADF, syscall(SYS_getdents64, 999, text, sizeof text));
    CHECK(fchdir(dir) == 0 && syscall(SYS_getcwd, text, sizeof text) > 0 && chdir("..") == 0);
    FAILS(ERANGE, syscall(SYS_getcwd, text, 1));
    FAILS(EFAULT, syscall(SYS_getcwd, BAD, 100));
    FAILS(ENOTDIR, fchdir(pair[0]));
    FAILS(ENOTDIR, chdir("n/f"));
    FAILS(ENOTDIR, chroot("n/f"));
    CHECK(umask(077) == 022 && umask(022) == 077);
    int memory = memfd_create("name", MFD_CLOEXEC);
    CHECK(memory >= 0 && write(memory, "x", 1) == 1);
    FAILS(EINVAL, memfd_create("name", 0x800));
    FAILS(EFAULT, memfd_create(BAD, 0));
    memset(big, 'x', sizeof big);
    /* Mounting. */
    FAILS(ENOENT, mount("none", "missing", "tmpfs", 0, NULL));
    FAILS(ENODEV, mount("none", "n", "nonsense", 0, NULL));
    FAILS(EINVAL, umount("n"));
    FAILS(EINVAL, umount2("n", 1 << 20));
    CHECK(setuid(1000) == 0);
    FAILS(EPERM, mount("none", "n", "tmpfs", 0, NULL));
    FAILS(EPERM, umount("n"));
    FAILS(EPERM, chmod("n/f", 0600));
    FAILS(EPERM, utimensat(dir, "plain", times, 0));
    FAILS(EACCES, utimensat(dir, "plain", NULL, 0));
}

int main(void)
{
    umask(022);
    in_child(descriptors);
    in_child(moving);
    in_child(waiting);
    in_child(names);
    puts("filecalls: done");
    return 0;
}
