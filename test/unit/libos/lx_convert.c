/* SPDX-License-Identifier: MPL-2.0 */
/* Flags and structures there and back. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <personality.h>
#include <sys/sysmacros.h>

Test(lx_convert, open_flags_there_and_back)
{
    static const uint64_t kept[] = {O_RDONLY,
                                    O_WRONLY,
                                    O_RDWR,
                                    O_RDWR | O_APPEND,
                                    O_WRONLY | O_NONBLOCK,
                                    O_RDWR | O_SYNC,
                                    O_RDONLY | O_DIRECTORY};
    for (size_t i = 0; i < LOS_COUNT(kept); i++)
        cr_assert_eq(lx_open_flags_out(lx_open_flags(kept[i])) & ~(uint64_t)LX_O_LARGEFILE, kept[i], "%lx",
                     kept[i]);
    cr_assert_eq(lx_open_flags_out(lx_open_flags(O_RDWR | O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY)) &
                     ~(uint64_t)LX_O_LARGEFILE,
                 O_RDWR);
}

Test(lx_convert, open_flags_of_one_kind)
{
    cr_assert_eq(lx_open_flags(O_RDWR | O_CREAT | O_EXCL),
                 LOS_OPEN_READ | LOS_OPEN_WRITE | LOS_OPEN_CREATE | LOS_OPEN_EXCLUSIVE);
    cr_assert_eq(lx_open_flags(O_PATH | O_RDWR | O_TRUNC | O_NOFOLLOW), LOS_OPEN_PATH | LOS_OPEN_NOFOLLOW,
                 "O_PATH ignores the others");
    cr_assert_eq(lx_open_flags(O_TMPFILE | O_RDWR) & (LOS_OPEN_TEMPORARY | LOS_OPEN_CREATE | LOS_OPEN_WRITE),
                 LOS_OPEN_TEMPORARY | LOS_OPEN_WRITE);
    cr_assert_eq(lx_open_flags(3), 0, "neither to read nor to write");
}

Test(lx_convert, device_numbers)
{
    static const uint32_t numbers[][2] = {{0, 0}, {1, 3}, {5, 1}, {136, 0}, {4095, 1048575}, {8, 256}};
    for (size_t i = 0; i < LOS_COUNT(numbers); i++) {
        uint64_t device = lx_device(numbers[i][0], numbers[i][1]);
        cr_assert_eq(device, makedev(numbers[i][0], numbers[i][1]));
        cr_assert_eq(lx_device_major(device), numbers[i][0]);
        cr_assert_eq(lx_device_minor(device), numbers[i][1]);
    }
}

Test(lx_convert, modes)
{
    for (int type = LOS_REGULAR; type <= LOS_SOCKET; type++) {
        struct los_stat stat = {.type = (enum los_file_type)type, .permissions = 04755};
        uint32_t mode = lx_mode(&stat);
        cr_assert_eq(mode & 07777, 04755u);
        cr_assert_eq(lx_mode_type(mode), stat.type);
        cr_assert_eq(lx_dirent_type(stat.type), (mode & LX_S_IFMT) >> 12);
    }
    cr_assert_eq(lx_mode_type(0777), 0);
}

Test(lx_convert, poll_events)
{
    cr_assert_eq(lx_poll_in(LX_POLLIN | LX_POLLOUT), LOS_POLL_IN | LOS_POLL_OUT);
    cr_assert_eq(lx_poll_in(LX_POLLRDNORM), LOS_POLL_IN);
    cr_assert_eq(lx_poll_out(LOS_POLL_HANGUP | LOS_POLL_ERROR), LX_POLLHUP | LX_POLLERR);
    cr_assert_eq(lx_poll_out(LOS_POLL_IN) & LX_POLLIN, LX_POLLIN);
}

Test(lx_convert, times)
{
    struct lx_timespec t = lx_timespec_from(3000000007ull);
    cr_assert_eq(t.tv_sec, 3);
    cr_assert_eq(t.tv_nsec, 7);
    cr_assert_eq(lx_timespec_ns(&t), 3000000007ull);
    t = (struct lx_timespec){INT64_MAX, 999999999};
    cr_assert(lx_timespec_valid(&t));
    cr_assert_leq(lx_timespec_ns(&t), (uint64_t)INT64_MAX, "cut, not wrapped");
    cr_assert_not(lx_timespec_valid(&(struct lx_timespec){0, 1000000000}));
    cr_assert_not(lx_timespec_valid(&(struct lx_timespec){0, -1}));
    cr_assert_not(lx_timespec_valid(&(struct lx_timespec){-1, 0}));
    cr_assert_eq(lx_timeval_from(1999999).tv_usec, 1999);
}
