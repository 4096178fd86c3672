/* SPDX-License-Identifier: MPL-2.0 */
/* Descriptors that stand for events: eventfd(2), timerfd_create(2), epoll(7). */
#include <los/events.h>
#include <state.h>

#define EPOLL_ONCE    (1u << 30)
#define EPOLL_EDGE    (1u << 31)
#define EPOLL_KNOWN   0xf00027ffu /* events; EXCLUSIVE, WAKEUP, ONESHOT and ET */
#define EPOLL_BATCH   64
#define EPOLL_MOST    (INT32_MAX / 12)
#define EFD_SEMAPHORE 1u
#define EVENT_SHOWN   (LX_POLLIN | LX_POLLPRI | LX_POLLOUT | LX_POLLERR | LX_POLLHUP | LX_POLLRDHUP)

enum { EPOLL_ADD = 1, EPOLL_REMOVE = 2, EPOLL_CHANGE = 3 };
enum { TFD_ABSTIME = 1, TFD_CANCEL_ON_SET = 2 };

struct epoll_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));
_Static_assert(sizeof(struct epoll_event) == 12, "Linux ABI");

static long install(long error, struct los_file *file, uint64_t flags)
{
    if (error != 0)
        return error;
    long fd = los_descriptor_add(file, 0, flags & LX_O_CLOEXEC);
    if (fd < 0)
        los_file_unref(file);
    return fd;
}

/* --- counters ---------------------------------------------------------------------------------------------------------- */
static long event_create(uint32_t initial, uint32_t flags)
{
    struct los_file *file = NULL;
    if (flags & ~(uint32_t)(EFD_SEMAPHORE | LX_O_NONBLOCK | LX_O_CLOEXEC))
        return -LOS_E_INVAL;
    long error =
        los_event_create(initial, flags & EFD_SEMAPHORE, flags & LX_O_NONBLOCK ? LOS_OPEN_NONBLOCK : 0, &file);
    return install(error, file, flags);
}

long lx_sys_eventfd(const struct lx_args *args) { return event_create((uint32_t)args->arg[0], 0); }
long lx_sys_eventfd2(const struct lx_args *args)
{
    return event_create((uint32_t)args->arg[0], (uint32_t)args->arg[1]);
}

/* --- timers -------------------------------------------------------------------------------------------------------------- */
long lx_sys_timerfd_create(const struct lx_args *args)
{
    int clock = (int)args->arg[0];
    uint32_t flags = (uint32_t)args->arg[1];
    struct los_file *file = NULL;
    bool wall = clock == LX_CLOCK_REALTIME || clock == LX_CLOCK_REALTIME_ALARM;
    if (flags & ~(uint32_t)(LX_O_NONBLOCK | LX_O_CLOEXEC) ||
        (!wall && clock != LX_CLOCK_MONOTONIC && clock != LX_CLOCK_BOOTTIME &&
         clock != LX_CLOCK_BOOTTIME_ALARM))
        return -LOS_E_INVAL;
    long error = los_timer_file_create(wall, flags & LX_O_NONBLOCK ? LOS_OPEN_NONBLOCK : 0, &file);
    return install(error, file, flags);
}

static long setting_out(uint64_t user, const struct los_timer_setting *setting)
{
    struct lx_itimerspec out = {lx_timespec_from(setting->interval_ns), lx_timespec_from(setting->value_ns)};
    return los_copy_out(user, &out, sizeof(out));
}

long lx_sys_timerfd_settime(const struct lx_args *args)
{
    struct lx_itimerspec given;
    struct los_timer_setting set, old;
    if (los_copy_in(&given, args->arg[2], sizeof(given)) != 0)
        return -LOS_E_FAULT;
    if (args->arg[1] & ~(uint64_t)(TFD_ABSTIME | TFD_CANCEL_ON_SET) || !lx_timespec_valid(&given.value) ||
        !lx_timespec_valid(&given.interval))
        return -LOS_E_INVAL;
    struct los_file *file = los_descriptor((int)args->arg[0]);
    if (file == NULL)
        return -LOS_E_BADF;
    set = (struct los_timer_setting){lx_timespec_ns(&given.value), lx_timespec_ns(&given.interval)};
    long error = los_timer_file_set(file, args->arg[1] & TFD_ABSTIME, &set, &old);
    return error != 0 || args->arg[3] == 0 ? error : setting_out(args->arg[3], &old);
}

long lx_sys_timerfd_gettime(const struct lx_args *args)
{
    struct los_timer_setting setting;
    struct los_file *file = los_descriptor((int)args->arg[0]);
    if (file == NULL)
        return -LOS_E_BADF;
    long error = los_timer_file_get(file, &setting);
    return error != 0 ? error : setting_out(args->arg[1], &setting);
}

/* --- sets of watched files ------------------------------------------------------------------------------------------------- */
long lx_sys_epoll_create1(const struct lx_args *args)
{
    struct los_file *file = NULL;
    if (args->arg[0] & ~(uint64_t)LX_O_CLOEXEC)
        return -LOS_E_INVAL;
    long error = los_watch_set_create(0, &file);
    return install(error, file, args->arg[0]);
}

long lx_sys_epoll_create(const struct lx_args *args)
{
    struct los_file *file = NULL;
    if ((int)args->arg[0] <= 0)
        return -LOS_E_INVAL;
    long error = los_watch_set_create(0, &file);
    return install(error, file, 0);
}

long lx_sys_epoll_ctl(const struct lx_args *args)
{
    int operation = (int)args->arg[1], fd = (int)args->arg[2];
    struct epoll_event given = {0, 0};
    if (operation != EPOLL_REMOVE && los_copy_in(&given, args->arg[3], sizeof(given)) != 0)
        return -LOS_E_FAULT;
    struct los_file *set = los_descriptor((int)args->arg[0]), *file = los_descriptor(fd);
    if (set == NULL || file == NULL)
        return -LOS_E_BADF;
    struct los_watch watch = {
        .wanted = lx_poll_in(given.events & EVENT_SHOWN),
        .flags = (given.events & EPOLL_EDGE ? LOS_WATCH_EDGE : 0u) |
                 (given.events & EPOLL_ONCE ? LOS_WATCH_ONCE : 0u),
        .data = given.data,
    };
    if (given.events & ~EPOLL_KNOWN)
        return -LOS_E_INVAL;
    switch (operation) {
    case EPOLL_ADD: return los_watch_add(set, fd, file, &watch);
    case EPOLL_CHANGE: return los_watch_change(set, fd, file, &watch);
    case EPOLL_REMOVE: return los_watch_remove(set, fd, file);
    default: return -LOS_E_INVAL;
    }
}

static long wait(int set_fd, uint64_t user, int most, uint64_t deadline)
{
    struct los_watch_event events[EPOLL_BATCH];
    if (most <= 0 || most > EPOLL_MOST)
        return -LOS_E_INVAL;
    struct los_file *set = los_descriptor(set_fd);
    if (set == NULL)
        return -LOS_E_BADF;
    los_file_ref(set);
    long n = los_watch_wait(set, events, most < EPOLL_BATCH ? (size_t)most : EPOLL_BATCH, deadline);
    los_file_unref(set);
    for (long i = 0; i < n; i++) {
        struct epoll_event out = {lx_poll_out(events[i].got) & EVENT_SHOWN, events[i].data};
        if (los_copy_out(user + (uint64_t)i * sizeof(out), &out, sizeof(out)) != 0)
            return i > 0 ? i : -LOS_E_FAULT;
    }
    return n;
}

static uint64_t deadline_of(int milliseconds)
{
    return milliseconds < 0 ? LOS_FOREVER : lx_deadline((uint64_t)milliseconds * 1000000);
}

static long wait_masked(const struct lx_args *args, uint64_t deadline)
{
    los_signal_set mask;
    if (args->arg[4] == 0)
        return wait((int)args->arg[0], args->arg[1], (int)args->arg[2], deadline);
    long result = lx_sigset_in(args->arg[4], args->arg[5], &mask);
    if (result != 0)
        return result;
    los_set_temporary_mask(mask);
    result = wait((int)args->arg[0], args->arg[1], (int)args->arg[2], deadline);
    if (result != -LOS_E_INTR)
        los_restore_mask();
    return result;
}

long lx_sys_epoll_wait(const struct lx_args *args)
{
    return wait((int)args->arg[0], args->arg[1], (int)args->arg[2], deadline_of((int)args->arg[3]));
}

long lx_sys_epoll_pwait(const struct lx_args *args)
{
    return wait_masked(args, deadline_of((int)args->arg[3]));
}

long lx_sys_epoll_pwait2(const struct lx_args *args)
{
    uint64_t deadline;
    long error = lx_deadline_in(args->arg[3], &deadline);
    return error != 0 ? error : wait_masked(args, deadline);
}
