/* SPDX-License-Identifier: MPL-2.0 */
/* The personality's own definitions of the Linux ABI against this host's headers: sizes, offsets, numbers. */
#define _GNU_SOURCE
#include <abi.h> /* first: some of its names are the host's macros */

#include <criterion/criterion.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define SAME_SIZE(ours, theirs) cr_assert_eq(sizeof(ours), sizeof(theirs), #ours)
#define SAME_OFFSET(ours, field, theirs, their_field)                                                          \
    cr_assert_eq(offsetof(ours, field), offsetof(theirs, their_field), #ours "." #field)
#define SAME(name) cr_assert_eq((uint64_t)LX_##name, (uint64_t)name, #name)

Test(lx_layout, structures_of_files)
{
    SAME_SIZE(struct lx_stat, struct stat);
    SAME_OFFSET(struct lx_stat, st_mode, struct stat, st_mode);
    SAME_OFFSET(struct lx_stat, st_nlink, struct stat, st_nlink);
    SAME_OFFSET(struct lx_stat, st_rdev, struct stat, st_rdev);
    SAME_OFFSET(struct lx_stat, st_size, struct stat, st_size);
    SAME_OFFSET(struct lx_stat, st_blksize, struct stat, st_blksize);
    SAME_OFFSET(struct lx_stat, st_blocks, struct stat, st_blocks);
    SAME_OFFSET(struct lx_stat, st_atime_sec, struct stat, st_atim);
    SAME_OFFSET(struct lx_stat, st_mtime_sec, struct stat, st_mtim);
    SAME_OFFSET(struct lx_stat, st_ctime_sec, struct stat, st_ctim);
    SAME_SIZE(struct lx_statx, struct statx);
    SAME_OFFSET(struct lx_statx, stx_mode, struct statx, stx_mode);
    SAME_OFFSET(struct lx_statx, stx_ino, struct statx, stx_ino);
    SAME_OFFSET(struct lx_statx, stx_atime, struct statx, stx_atime);
    SAME_OFFSET(struct lx_statx, stx_btime, struct statx, stx_btime);
    SAME_OFFSET(struct lx_statx, stx_mtime, struct statx, stx_mtime);
    SAME_OFFSET(struct lx_statx, stx_rdev_major, struct statx, stx_rdev_major);
    SAME_OFFSET(struct lx_statx, stx_dev_minor, struct statx, stx_dev_minor);
    SAME_SIZE(struct lx_statfs, struct statfs);
    SAME_OFFSET(struct lx_statfs, f_fsid, struct statfs, f_fsid);
    SAME_OFFSET(struct lx_statfs, f_namelen, struct statfs, f_namelen);
    SAME_OFFSET(struct lx_statfs, f_flags, struct statfs, f_flags);
    SAME_OFFSET(struct lx_dirent64, d_name, struct dirent64, d_name);
    SAME_OFFSET(struct lx_dirent64, d_type, struct dirent64, d_type);
    SAME_SIZE(struct lx_iovec, struct iovec);
    SAME_SIZE(struct lx_pollfd, struct pollfd);
    SAME_SIZE(struct lx_flock, struct flock);
    SAME_OFFSET(struct lx_flock, l_start, struct flock, l_start);
    SAME_OFFSET(struct lx_flock, l_pid, struct flock, l_pid);
}

Test(lx_layout, structures_of_processes)
{
    SAME_SIZE(struct lx_timespec, struct timespec);
    SAME_SIZE(struct lx_timeval, struct timeval);
    SAME_SIZE(struct lx_itimerval, struct itimerval);
    SAME_OFFSET(struct lx_itimerval, value, struct itimerval, it_value);
    SAME_SIZE(struct lx_itimerspec, struct itimerspec);
    SAME_SIZE(struct lx_tms, struct tms);
    SAME_SIZE(struct lx_rusage, struct rusage);
    SAME_OFFSET(struct lx_rusage, maxrss, struct rusage, ru_maxrss);
    SAME_OFFSET(struct lx_rusage, nivcsw, struct rusage, ru_nivcsw);
    SAME_SIZE(struct lx_rlimit, struct rlimit);
    SAME_SIZE(struct lx_sysinfo, struct sysinfo);
    SAME_OFFSET(struct lx_sysinfo, procs, struct sysinfo, procs);
    SAME_OFFSET(struct lx_sysinfo, mem_unit, struct sysinfo, mem_unit);
    SAME_SIZE(struct lx_utsname, struct utsname);
    SAME_OFFSET(struct lx_utsname, machine, struct utsname, machine);
    SAME_SIZE(struct lx_clone_args, struct clone_args);
    SAME_SIZE(struct lx_robust_list_head, struct robust_list_head);
    SAME_SIZE(struct lx_cap_header, struct __user_cap_header_struct);
    SAME_SIZE(struct lx_cap_data, struct __user_cap_data_struct);
}

Test(lx_layout, structures_of_signals)
{
    SAME_SIZE(struct lx_siginfo, siginfo_t);
    SAME_OFFSET(struct lx_siginfo, sender.pid, siginfo_t, si_pid);
    SAME_OFFSET(struct lx_siginfo, sender.uid, siginfo_t, si_uid);
    SAME_OFFSET(struct lx_siginfo, sender.value, siginfo_t, si_value);
    SAME_OFFSET(struct lx_siginfo, sender.child.status, siginfo_t, si_status);
    SAME_OFFSET(struct lx_siginfo, timer.id, siginfo_t, si_timerid);
    SAME_OFFSET(struct lx_siginfo, timer.overrun, siginfo_t, si_overrun);
    SAME_OFFSET(struct lx_siginfo, fault.address, siginfo_t, si_addr);
    SAME_SIZE(struct lx_stack, stack_t);
    SAME_OFFSET(struct lx_stack, size, stack_t, ss_size);
    SAME_SIZE(struct lx_sigevent, struct sigevent);
    SAME_OFFSET(struct lx_ucontext, stack, ucontext_t, uc_stack);
    SAME_OFFSET(struct lx_ucontext, mcontext, ucontext_t, uc_mcontext);
    SAME_OFFSET(struct lx_ucontext, mcontext.ip, ucontext_t, uc_mcontext.gregs[REG_RIP]);
    SAME_OFFSET(struct lx_ucontext, mcontext.flags, ucontext_t, uc_mcontext.gregs[REG_EFL]);
    SAME_OFFSET(struct lx_ucontext, mcontext.err, ucontext_t, uc_mcontext.gregs[REG_ERR]);
    SAME_OFFSET(struct lx_ucontext, mcontext.trapno, ucontext_t, uc_mcontext.gregs[REG_TRAPNO]);
    SAME_OFFSET(struct lx_ucontext, mcontext.cr2, ucontext_t, uc_mcontext.gregs[REG_CR2]);
    SAME_OFFSET(struct lx_ucontext, mcontext.fpstate, ucontext_t, uc_mcontext.fpregs);
    SAME_OFFSET(struct lx_ucontext, sigmask, ucontext_t, uc_sigmask);
}

Test(lx_layout, numbers_of_files)
{
    SAME(O_CREAT);
    SAME(O_EXCL);
    SAME(O_NOCTTY);
    SAME(O_TRUNC);
    SAME(O_APPEND);
    SAME(O_NONBLOCK);
    SAME(O_DSYNC);
    SAME(O_ASYNC);
    SAME(O_DIRECT);
    SAME(O_DIRECTORY);
    SAME(O_NOFOLLOW);
    SAME(O_NOATIME);
    SAME(O_CLOEXEC);
    SAME(O_SYNC);
    SAME(O_PATH);
    SAME(O_TMPFILE);
    SAME(AT_FDCWD);
    SAME(AT_SYMLINK_NOFOLLOW);
    SAME(AT_REMOVEDIR);
    SAME(AT_EACCESS);
    SAME(AT_SYMLINK_FOLLOW);
    SAME(AT_EMPTY_PATH);
    SAME(F_DUPFD);
    SAME(F_GETFL);
    SAME(F_SETLKW);
    SAME(F_DUPFD_CLOEXEC);
    SAME(F_SETPIPE_SZ);
    SAME(F_ADD_SEALS);
    SAME(F_OFD_SETLK);
    SAME(POLLIN);
    SAME(POLLPRI);
    SAME(POLLOUT);
    SAME(POLLERR);
    SAME(POLLHUP);
    SAME(POLLNVAL);
    SAME(POLLRDHUP);
    SAME(MS_RDONLY);
    SAME(MS_NOSUID);
    SAME(MS_REMOUNT);
    SAME(MS_BIND);
    SAME(MS_REC);
    SAME(MS_PRIVATE);
    SAME(MS_RELATIME);
    SAME(STATX_BASIC_STATS);
    SAME(STATX_BTIME);
    SAME(UTIME_NOW);
    SAME(UTIME_OMIT);
    SAME(DT_REG);
    SAME(DT_LNK);
    SAME(IOV_MAX);
    SAME(PATH_MAX);
}

Test(lx_layout, numbers_of_processes)
{
    SAME(CLONE_VM);
    SAME(CLONE_THREAD);
    SAME(CLONE_SETTLS);
    SAME(CLONE_CHILD_CLEARTID);
    SAME(CLONE_CHILD_SETTID);
    SAME(CLONE_PARENT_SETTID);
    SAME(CLONE_NEWNET);
    SAME(CLONE_CLEAR_SIGHAND);
    SAME(WNOHANG);
    SAME(WUNTRACED);
    SAME(WEXITED);
    SAME(WCONTINUED);
    SAME(WNOWAIT);
    SAME(RLIMIT_NOFILE);
    SAME(RLIMIT_AS);
    SAME(RLIMIT_NPROC);
    SAME(RLIMIT_MEMLOCK);
    SAME(RLIMIT_RTTIME);
    SAME(FUTEX_CMP_REQUEUE);
    SAME(FUTEX_WAKE_OP);
    SAME(FUTEX_WAIT_BITSET);
    SAME(FUTEX_PRIVATE_FLAG);
    SAME(FUTEX_OWNER_DIED);
    SAME(PR_SET_NAME);
    SAME(PR_SET_PDEATHSIG);
    SAME(PR_SET_NO_NEW_PRIVS);
    SAME(PR_SET_CHILD_SUBREAPER);
    SAME(PR_CAPBSET_READ);
    SAME(MAP_SHARED);
    SAME(MAP_FIXED);
    SAME(MAP_ANONYMOUS);
    SAME(MAP_32BIT);
    SAME(MAP_GROWSDOWN);
    SAME(MAP_POPULATE);
    SAME(MAP_FIXED_NOREPLACE);
    SAME(MADV_DONTNEED);
    SAME(MADV_FREE);
    SAME(MADV_HUGEPAGE);
    SAME(MREMAP_FIXED);
    SAME(MS_SYNC);
    SAME(CLOCK_BOOTTIME);
    SAME(CLOCK_TAI);
    SAME(AT_PHDR);
    SAME(AT_RANDOM);
    SAME(AT_EXECFN);
    SAME(AT_SYSINFO_EHDR);
    SAME(AT_SECURE);
    SAME(AT_HWCAP2);
    SAME(AT_MINSIGSTKSZ);
}

Test(lx_layout, numbers_of_signals)
{
    SAME(SIGHUP);
    SAME(SIGKILL);
    SAME(SIGUSR2);
    SAME(SIGCHLD);
    SAME(SIGSTOP);
    SAME(SIGWINCH);
    SAME(SIGSYS);
    SAME(SA_NOCLDSTOP);
    SAME(SA_SIGINFO);
    SAME(SA_ONSTACK);
    SAME(SA_RESTART);
    SAME(SA_NODEFER);
    SAME(SI_QUEUE);
    SAME(SI_TIMER);
    SAME(SI_TKILL);
    SAME(SEGV_MAPERR);
    SAME(SEGV_ACCERR);
    SAME(BUS_ADRERR);
    SAME(FPE_INTDIV);
    SAME(CLD_EXITED);
    SAME(CLD_CONTINUED);
    SAME(SS_ONSTACK);
    SAME(SS_DISABLE);
    SAME(SIG_BLOCK);
    SAME(SIG_SETMASK);
    cr_assert_eq((unsigned)LX_SA_RESETHAND, (unsigned)SA_RESETHAND);
}

/* The table names the host's numbers: all that the host's headers know up to Linux 6.1's last one. */
Test(lx_layout, call_numbers)
{
#define X(number, name, ...) cr_assert_eq(number, SYS_##name, #name);
#define M(number, name)      cr_assert_eq(number, SYS_##name, #name);
#include <syscalls.def>
#undef X
#undef M
}

Test(lx_layout, call_table_is_in_order_and_whole)
{
    static const int numbers[] = {
#define X(number, name, ...) number,
#define M(number, name)      number,
#include <syscalls.def>
#undef X
#undef M
    };
    size_t n = sizeof(numbers) / sizeof(numbers[0]);
    cr_assert_eq(n, 362, "Linux 6.1 has 362 calls on x86-64");
    for (size_t i = 1; i < n; i++)
        cr_assert_lt(numbers[i - 1], numbers[i]);
    cr_assert_eq(numbers[n - 1], 450);
}

Test(lx_layout, semaphores)
{
    SAME_SIZE(struct lx_sembuf, struct sembuf);
    SAME_OFFSET(struct lx_sembuf, sem_op, struct sembuf, sem_op);
    SAME_OFFSET(struct lx_sembuf, sem_flg, struct sembuf, sem_flg);
    SAME_SIZE(struct lx_semid, struct semid_ds);
    SAME_OFFSET(struct lx_semid, perm.uid, struct semid_ds, sem_perm.uid);
    SAME_OFFSET(struct lx_semid, perm.cgid, struct semid_ds, sem_perm.cgid);
    SAME_OFFSET(struct lx_semid, perm.mode, struct semid_ds, sem_perm.mode);
    SAME_OFFSET(struct lx_semid, perm.seq, struct semid_ds, sem_perm.__seq);
    SAME_OFFSET(struct lx_semid, sem_otime, struct semid_ds, sem_otime);
    SAME_OFFSET(struct lx_semid, sem_ctime, struct semid_ds, sem_ctime);
    SAME_OFFSET(struct lx_semid, sem_nsems, struct semid_ds, sem_nsems);
    SAME_SIZE(struct lx_seminfo, struct seminfo);
    SAME_OFFSET(struct lx_seminfo, semopm, struct seminfo, semopm);
    SAME_OFFSET(struct lx_seminfo, semaem, struct seminfo, semaem);
    SAME(IPC_CREAT);
    SAME(IPC_EXCL);
    SAME(IPC_NOWAIT);
    SAME(SEM_UNDO);
    SAME(IPC_RMID);
    SAME(IPC_SET);
    SAME(IPC_STAT);
    SAME(IPC_INFO);
    SAME(SEM_STAT);
    SAME(SEM_INFO);
    SAME(GETPID);
    SAME(GETVAL);
    SAME(GETALL);
    SAME(GETNCNT);
    SAME(GETZCNT);
    SAME(SETVAL);
    SAME(SETALL);
}
