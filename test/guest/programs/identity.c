/* SPDX-License-Identifier: MPL-2.0 */
/* Users and groups, limits, nice values, scheduling policies, prctl and what concerns the whole system; and their errors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <asm/prctl.h>
#include <linux/capability.h>
#include <linux/reboot.h>
#include <sys/fsuid.h>
#include <sys/klog.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include "check.h"

static void users(void)
{
    uid_t r, e, s;
    gid_t list[3] = {7, 8, 9}, got[3];
    FAILS(EINVAL, syscall(SYS_setuid, -1));
    FAILS(EFAULT, syscall(SYS_getresuid, &r, &e, BAD));
    FAILS(EFAULT, syscall(SYS_setgroups, 3, BAD));
    FAILS(EINVAL, syscall(SYS_setgroups, 1 << 20, list));
    CHECK(syscall(SYS_setgroups, 3, list) == 0 && getgroups(0, NULL) == 3 && getgroups(3, got) == 3 &&
          got[2] == 9);
    FAILS(EINVAL, syscall(SYS_getgroups, 2, got));
    FAILS(EINVAL, syscall(SYS_getgroups, -1, got));
    FAILS(EFAULT, syscall(SYS_getgroups, 3, BAD));
    CHECK(syscall(SYS_setregid, -1, 50) == 0 && getegid() == 50 && getgid() == 0);
    CHECK(syscall(SYS_setresgid, 60, 61, 62) == 0 && getresgid(&r, &e, &s) == 0 && r == 60 && e == 61 &&
          s == 62);
    CHECK(syscall(SYS_setgid, 63) == 0 && getgid() == 63);
    CHECK(syscall(SYS_setfsgid, 64) == 63 && syscall(SYS_setfsgid, -1) == 64);
    CHECK(syscall(SYS_setfsuid, 5) == 0 && syscall(SYS_setfsuid, -1) == 5);
    CHECK(syscall(SYS_setreuid, 10, 20) == 0 && getresuid(&r, &e, &s) == 0 && r == 10 && e == 20 && s == 20);
    /* From here on without rights. */
    FAILS(EPERM, syscall(SYS_setuid, 0));
    FAILS(EPERM, syscall(SYS_setreuid, 30, -1));
    FAILS(EPERM, syscall(SYS_setreuid, -1, 30));
    FAILS(EPERM, syscall(SYS_setresuid, -1, 30, -1));
    FAILS(EPERM, syscall(SYS_setgroups, 3, list));
    FAILS(EPERM, syscall(SYS_setgid, 0));
    CHECK(syscall(SYS_setfsuid, 30) == 20 && syscall(SYS_setfsuid, -1) == 20);
    CHECK(syscall(SYS_setuid, 10) == 0 && geteuid() == 10);
    CHECK(syscall(SYS_setresuid, 20, 20, -1) == 0 && getuid() == 20);
    FAILS(EPERM, sethostname("x", 1));
    FAILS(EPERM, setdomainname("x", 1));
    FAILS(EPERM, syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_OFF, NULL));
    FAILS(EPERM, syscall(SYS_vhangup));
    FAILS(EPERM, chroot("/"));
    struct timespec t = {1, 0};
    FAILS(EPERM, syscall(SYS_clock_settime, CLOCK_REALTIME, &t));
    FAILS(EPERM, kill(getppid(), 0));
    struct rlimit limit;
    FAILS(EPERM, prlimit(getppid(), RLIMIT_CORE, NULL, &limit));
    FAILS(EACCES, setpriority(PRIO_PROCESS, 0, -5));
    FAILS(EPERM, setpriority(PRIO_PROCESS, (id_t)getppid(), 1));
    struct sched_param one = {1};
    FAILS(EPERM, sched_setscheduler(0, SCHED_FIFO, &one));
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    FAILS(EPERM, sched_setaffinity(getppid(), sizeof set, &set));
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    CHECK(syscall(SYS_capset, &header, data) == 0);
    data[0].effective = data[0].permitted = 1;
    FAILS(EPERM, syscall(SYS_capset, &header, data));
}

static void capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    CHECK(syscall(SYS_capget, &header, data) == 0 && data[0].effective != 0);
    CHECK(syscall(SYS_capset, &header, data) == 0);
    header.version = _LINUX_CAPABILITY_VERSION_1;
    CHECK(syscall(SYS_capget, &header, data) == 0);
    header.version = 1;
    CHECK(syscall(SYS_capget, &header, NULL) == 0 && header.version == _LINUX_CAPABILITY_VERSION_3);
    header.version = 1;
    FAILS(EINVAL, syscall(SYS_capget, &header, data));
    header.pid = -1;
    FAILS(EINVAL, syscall(SYS_capget, &header, data));
    header.pid = 1 << 20;
    FAILS(ESRCH, syscall(SYS_capget, &header, data));
    FAILS(EPERM, syscall(SYS_capset, &header, data));
    FAILS(EFAULT, syscall(SYS_capget, BAD, data));
    header.pid = 0;
    FAILS(EFAULT, syscall(SYS_capset, &header, BAD));
}

static void limits(void)
{
    struct rlimit limit, more = {10, 5}, small = {100, 200};
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 0);
    FAILS(EINVAL, syscall(SYS_getrlimit, 99, &limit));
    FAILS(EFAULT, syscall(SYS_getrlimit, RLIMIT_CORE, BAD));
    FAILS(EINVAL, syscall(SYS_setrlimit, 99, &limit));
    FAILS(EINVAL, syscall(SYS_setrlimit, RLIMIT_CORE, &more));
    FAILS(EFAULT, syscall(SYS_setrlimit, RLIMIT_CORE, BAD));
    FAILS(EINVAL, syscall(SYS_prlimit64, 0, 99, NULL, &limit));
    FAILS(ESRCH, syscall(SYS_prlimit64, 1 << 20, RLIMIT_CORE, NULL, &limit));
    FAILS(EFAULT, syscall(SYS_prlimit64, 0, RLIMIT_CORE, BAD, NULL));
    CHECK(prlimit(0, RLIMIT_NOFILE, &small, &limit) == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
          limit.rlim_max == 200);
    FAILS(EINVAL, fcntl(0, F_DUPFD, 100));
    CHECK(setrlimit(RLIMIT_CORE, &small) == 0 && setrlimit(RLIMIT_CPU, &small) == 0);
    CHECK(setrlimit(RLIMIT_STACK, &(struct rlimit){1 << 20, 1 << 20}) == 0);
    CHECK(setrlimit(RLIMIT_AS, &(struct rlimit){1ul << 30, 1ul << 30}) == 0 && malloc(2ul << 30) == NULL);
    CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){10, 10}) == 0);
    signal(SIGXFSZ, SIG_IGN);
    int fd = open("limited", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(write(fd, "0123456789abc", 13) == 10);
    FAILS(EFBIG, write(fd, "x", 1));
    FAILS(EFBIG, ftruncate(fd, 11));
}

static void priorities(void)
{
    struct sched_param param = {0};
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
        uint32_t low, high;
    } attr = {.size = sizeof attr, .nice = 3};
    struct timespec t;
    unsigned cpu, node;
    CHECK(setpriority(PRIO_PROCESS, 0, 100) == 0 && getpriority(PRIO_PROCESS, 0) == 19);
    CHECK(setpriority(PRIO_PROCESS, (id_t)getpid(), -100) == 0 &&
          syscall(SYS_getpriority, PRIO_PROCESS, 0) == 40);
    CHECK(setpgid(0, 0) == 0 && setpriority(PRIO_PGRP, 0, 2) == 0 &&
          getpriority(PRIO_PGRP, (id_t)getpid()) == 2);
    CHECK(setuid(getuid()) == 0 && syscall(SYS_getpriority, PRIO_USER, 0) > 0);
    FAILS(EINVAL, setpriority(9, 0, 0));
    FAILS(EINVAL, syscall(SYS_getpriority, 9, 0));
    FAILS(ESRCH, setpriority(PRIO_PROCESS, 1 << 20, 0));
    FAILS(ESRCH, syscall(SYS_getpriority, PRIO_PROCESS, 1 << 20));
    CHECK(sched_getscheduler(0) == SCHED_OTHER && sched_getparam(0, &param) == 0 && param.sched_priority == 0);
    CHECK(sched_setscheduler(0, SCHED_BATCH, &param) == 0 && sched_getscheduler(0) == SCHED_BATCH);
    CHECK(sched_setparam(0, &param) == 0);
    param.sched_priority = 5;
    FAILS(EINVAL, sched_setparam(0, &param));
    FAILS(EINVAL, sched_setscheduler(0, 99, &param));
    FAILS(EINVAL, sched_setscheduler(-1, SCHED_OTHER, &param));
    FAILS(ESRCH, sched_getscheduler(1 << 20));
    FAILS(EINVAL, sched_getparam(0, NULL));
    FAILS(EFAULT, sched_getparam(0, BAD));
    FAILS(EINVAL, sched_setparam(0, NULL));
    FAILS(EFAULT, sched_setparam(0, BAD));
    FAILS(EFAULT, sched_setscheduler(0, SCHED_OTHER, BAD));
    CHECK(syscall(SYS_sched_setattr, 0, &attr, 0) == 0 && getpriority(PRIO_PROCESS, 0) == 3);
    attr.nice = 0;
    CHECK(syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0) == 0 && attr.nice == 3 &&
          attr.policy == SCHED_OTHER);
    FAILS(EINVAL, syscall(SYS_sched_getattr, 0, NULL, sizeof attr, 0));
    FAILS(EINVAL, syscall(SYS_sched_getattr, 0, &attr, 10, 0));
    FAILS(ESRCH, syscall(SYS_sched_getattr, 1 << 20, &attr, sizeof attr, 0));
    FAILS(EINVAL, syscall(SYS_sched_setattr, 0, NULL, 0));
    FAILS(EFAULT, syscall(SYS_sched_setattr, 0, BAD, 0));
    attr.size = 10;
    FAILS(E2BIG, syscall(SYS_sched_setattr, 0, &attr, 0));
    CHECK(sched_get_priority_max(SCHED_FIFO) == 99 && sched_get_priority_min(SCHED_RR) == 1);
    CHECK(sched_get_priority_max(SCHED_OTHER) == 0 && sched_get_priority_min(SCHED_OTHER) == 0);
    FAILS(EINVAL, sched_get_priority_max(99));
    FAILS(EINVAL, sched_get_priority_min(4));
    CHECK(sched_rr_get_interval(0, &t) == 0 && t.tv_sec == 0);
    FAILS(ESRCH, sched_rr_get_interval(1 << 20, &t));
    cpu_set_t set;
    CPU_ZERO(&set);
    FAILS(EINVAL, sched_setaffinity(0, sizeof set, &set));
    CPU_SET(0, &set);
    CHECK(sched_setaffinity(0, sizeof set, &set) == 0 && sched_getaffinity(0, sizeof set, &set) == 0 &&
          CPU_COUNT(&set) == 1);
    CHECK(syscall(SYS_getcpu, &cpu, &node, NULL) == 0 && cpu == 0 && node == 0);
    FAILS(EFAULT, syscall(SYS_getcpu, BAD, NULL, NULL));
    FAILS(EFAULT, syscall(SYS_getcpu, NULL, BAD, NULL));
    FAILS(EFAULT, syscall(SYS_sched_setaffinity, 0, 8, BAD));
    FAILS(ESRCH, syscall(SYS_sched_setaffinity, 1 << 20, 8, &set));
    FAILS(ESRCH, syscall(SYS_sched_getaffinity, 1 << 20, 8, &set));
    FAILS(EINVAL, syscall(SYS_sched_getaffinity, 0, 3, &set));
    FAILS(EFAULT, syscall(SYS_sched_getaffinity, 0, 1024, BAD));
}

static void whole_system(void)
{
    struct utsname name;
    struct sysinfo info;
    char bytes[600] = {0};
    CHECK(uname(&name) == 0 && strcmp(name.sysname, "Linux") == 0 && strcmp(name.machine, "x86_64") == 0);
    FAILS(EFAULT, uname(BAD));
    FAILS(EINVAL, syscall(SYS_sethostname, "x", 65));
    FAILS(EFAULT, sethostname(BAD, 3));
    FAILS(EINVAL, syscall(SYS_setdomainname, "x", -1));
    CHECK(sysinfo(&info) == 0 && info.totalram > info.freeram && info.procs > 0 && info.mem_unit == 1);
    FAILS(EFAULT, sysinfo(BAD));
    FAILS(EINVAL, klogctl(99, NULL, 0));
    FAILS(EINVAL, klogctl(3, NULL, 10));
    CHECK(klogctl(10, NULL, 0) > 0);
    CHECK(getrandom(bytes, sizeof bytes, 0) == sizeof bytes && getrandom(bytes, 8, GRND_NONBLOCK) == 8);
    FAILS(EINVAL, getrandom(bytes, 8, 0x100));
    FAILS(EINVAL, syscall(SYS_getrandom, bytes, 8, GRND_RANDOM | 4));
    FAILS(EFAULT, syscall(SYS_getrandom, BAD, 8, 0));
    FAILS(EINVAL, syscall(SYS_reboot, 1, 2, 3, NULL));
    CHECK((personality(0xffffffff) & 0xff) == PER_LINUX);
    CHECK(personality(ADDR_NO_RANDOMIZE) >= 0 && personality(0xffffffff) == ADDR_NO_RANDOMIZE);
    FAILS(EINVAL, syscall(SYS_membarrier, 1 << 20, 0, 0));
    int fd = open("advised", O_RDWR | O_CREAT, 0600), pair[2];
    CHECK(fd >= 0 && pipe(pair) == 0 && posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED) == 0);
    CHECK(posix_fadvise(pair[0], 0, 0, 0) == ESPIPE && posix_fadvise(fd, 0, 0, 99) == EINVAL &&
          posix_fadvise(999, 0, 0, 0) == EBADF);
    uint64_t base;
    CHECK(syscall(SYS_arch_prctl, ARCH_GET_FS, &base) == 0 && base != 0 &&
          syscall(SYS_arch_prctl, ARCH_SET_FS, base) == 0);
    CHECK(syscall(SYS_arch_prctl, ARCH_GET_GS, &base) == 0 && base == 0);
    FAILS(EFAULT, syscall(SYS_arch_prctl, ARCH_GET_FS, BAD));
    FAILS(EPERM, syscall(SYS_arch_prctl, ARCH_SET_FS, 1ul << 63));
    FAILS(EINVAL, syscall(SYS_arch_prctl, 0x7777, 0));
}

static void process_options(void)
{
    char name[17] = "";
    int number = -1;
    CHECK(prctl(PR_SET_NAME, "a-name-that-is-too-long") == 0 && prctl(PR_GET_NAME, name) == 0);
    CHECK(strcmp(name, "a-name-that-is-") == 0);
    FAILS(EFAULT, prctl(PR_SET_NAME, BAD));
    FAILS(EFAULT, prctl(PR_GET_NAME, BAD));
    CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0 && prctl(PR_GET_PDEATHSIG, &number) == 0 && number == SIGUSR1);
    FAILS(EINVAL, prctl(PR_SET_PDEATHSIG, 99));
    CHECK(prctl(PR_GET_DUMPABLE) == 1 && prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_GET_DUMPABLE) == 0);
    FAILS(EINVAL, prctl(PR_SET_DUMPABLE, 9));
    CHECK(prctl(PR_SET_KEEPCAPS, 1) == 0 && prctl(PR_GET_KEEPCAPS) == 1);
    FAILS(EINVAL, prctl(PR_SET_KEEPCAPS, 9));
    CHECK(prctl(PR_SET_TIMERSLACK, 1000) == 0 && prctl(PR_GET_TIMERSLACK) == 1000);
    FAILS(EINVAL, prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    CHECK(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0 && prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1);
    CHECK(prctl(PR_GET_TIMING) == 0 && prctl(PR_SET_TIMING, 0) == 0 && prctl(PR_GET_SECUREBITS) >= 0);
    FAILS(EINVAL, prctl(PR_SET_TIMING, 5));
    CHECK(prctl(PR_GET_TSC, &number) == 0 && number == PR_TSC_ENABLE && prctl(PR_SET_TSC, PR_TSC_ENABLE) == 0);
    FAILS(EINVAL, prctl(PR_SET_TSC, 7));
    CHECK(prctl(PR_CAPBSET_READ, 0) == 1);
    FAILS(EINVAL, prctl(PR_CAPBSET_READ, 1000));
    FAILS(EINVAL, prctl(12345));
}

int main(void)
{
    in_child(users);
    in_child(capabilities);
    in_child(limits);
    in_child(priorities);
    in_child(whole_system);
    in_child(process_options);
    puts("identity: done");
    return 0;
}
