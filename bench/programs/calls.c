/* SPDX-License-Identifier: MPL-2.0 */
/* Short calls beside lmbench's lat_syscall: of a descriptor, and of the process and the system. */
#define _GNU_SOURCE
#include "bench.h"
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { BYTES = 7, PLACES = 5 };

/* --- of a descriptor --------------------------------------------------------------------------------------------------- */

static int file, zero, null, in;

static void open_file(void)
{
    EXPECT((file = open("a-file", O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0600)) >= 0);
    EXPECT(write(file, "content", BYTES) == BYTES);
}

static void open_devices(void)
{
    EXPECT((zero = open("/dev/zero", O_RDONLY)) >= 0);
    EXPECT((null = open("/dev/null", O_WRONLY)) >= 0);
}

static void open_pipe(void)
{
    int ends[2];
    EXPECT(pipe(ends) == 0 && write(ends[1], "content", BYTES) == BYTES);
    in = ends[0];
}

static void run_fcntl(uint64_t times)
{
    while (times--)
        EXPECT((fcntl(file, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK)) == (O_RDWR | O_APPEND));
}

static void run_dup(uint64_t times)
{
    while (times--) {
        int copy = dup(file);
        EXPECT(copy > file && close(copy) == 0);
    }
}

static void run_lseek(uint64_t times)
{
    for (uint64_t i = 0; i < times; i++)
        EXPECT(lseek(file, (off_t)(i % PLACES), SEEK_SET) == (off_t)(i % PLACES));
}

static void run_readv(uint64_t times)
{
    while (times--) {
        char byte = 1;
        struct iovec part = {.iov_base = &byte, .iov_len = 1};
        EXPECT(readv(zero, &part, 1) == 1 && byte == 0);
    }
}

static void run_writev(uint64_t times)
{
    char byte = 'k';
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    while (times--)
        EXPECT(writev(null, &part, 1) == 1);
}

static void run_ioctl(uint64_t times)
{
    while (times--) {
        int bytes = -1;
        EXPECT(ioctl(in, FIONREAD, &bytes) == 0 && bytes == BYTES);
    }
}

/* --- of the process and the system ------------------------------------------------------------------------------------- */

static uid_t own_uid;
static struct utsname system_name;

static void ask(void)
{
    own_uid = getuid();
    EXPECT(uname(&system_name) == 0 && strcmp(system_name.machine, "x86_64") == 0);
}

static void run_getuid(uint64_t times)
{
    while (times--)
        EXPECT(getuid() == own_uid);
}

static void run_uname(uint64_t times)
{
    while (times--) {
        struct utsname name;
        name.release[0] = name.machine[0] = 0;
        EXPECT(uname(&name) == 0 && strcmp(name.machine, system_name.machine) == 0);
        EXPECT(strcmp(name.release, system_name.release) == 0);
    }
}

static void run_clock(uint64_t times)
{
    for (int64_t last = 0, next; times--; last = next) {
        struct timespec t = {0};
        EXPECT(clock_gettime(CLOCK_MONOTONIC, &t) == 0 && t.tv_nsec < 1000000000);
        EXPECT((next = t.tv_sec * 1000000000ll + t.tv_nsec) >= last && next > 0);
    }
}

static void run_yield(uint64_t times)
{
    while (times--)
        EXPECT(sched_yield() == 0);
}

#define CALL(name, text, prepare, by)                                                                          \
    BENCH(name, .group = "system call", .what = text, .setup = prepare, .run = by)

CALL(fcntl, "fcntl F_GETFL", open_file, run_fcntl);
CALL(dup_close, "dup and close of a descriptor", open_file, run_dup);
CALL(lseek, "lseek in a file", open_file, run_lseek);
CALL(readv_1, "readv of 1 byte of /dev/zero", open_devices, run_readv);
CALL(writev_1, "writev of 1 byte to /dev/null", open_devices, run_writev);
CALL(ioctl_fionread, "ioctl FIONREAD of a pipe", open_pipe, run_ioctl);
CALL(getuid, "getuid", ask, run_getuid);
CALL(uname, "uname", ask, run_uname);
CALL(clock_gettime, "clock_gettime CLOCK_MONOTONIC of the C library", NULL, run_clock);
CALL(sched_yield, "sched_yield, with nobody to yield to", NULL, run_yield);
