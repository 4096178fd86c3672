/* SPDX-License-Identifier: MPL-2.0 */
/* System V semaphores: sets and their errors, operations, waiting and its order, undoing, removal, signals, permissions. */
#define _GNU_SOURCE
#include <pthread.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <time.h>
#include "check.h"

#define KEY 0x5ca1ab1e

static int set;               /* of the part that runs: three semaphores */
static volatile int *entries; /* shared: how many entries, then the entries */

static int op(int number, int change, int flags)
{
    struct sembuf one = {(unsigned short)number, (short)change, (short)flags};
    return semop(set, &one, 1);
}
static int value(int number) { return semctl(set, number, GETVAL); }
static int set_value(int number, int to) { return semctl(set, number, SETVAL, to); }

/* Waits until so many wait for the semaphore. */
static void wait_for(int number, int question, int count)
{
    while (semctl(set, number, question) != count)
        usleep(1000);
}

/* A child that runs the body, notes its name and ends. */
static pid_t child(void (*body)(void), int name)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        body();
        entries[1 + __atomic_fetch_add(&entries[0], 1, __ATOMIC_SEQ_CST)] = name;
        _exit(0);
    }
    return pid;
}
static void reap(int count)
{
    int status;
    while (count-- > 0)
        CHECK(wait(&status) > 0 && status == 0);
}

static void sets(void)
{
    struct semid_ds status;
    time_t before = time(NULL);
    FAILS(ENOENT, semget(KEY, 3, 0600));
    FAILS(EINVAL, semget(KEY, 0, IPC_CREAT | 0600));
    FAILS(EINVAL, semget(KEY, -1, IPC_CREAT | 0600));
    FAILS(EINVAL, semget(IPC_PRIVATE, 32001, 0600));
    int id = semget(KEY, 3, IPC_CREAT | IPC_EXCL | 0640);
    CHECK(id >= 0);
    CHECK(semget(KEY, 3, IPC_CREAT | 0600) == id && semget(KEY, 0, 0) == id);
    FAILS(EEXIST, semget(KEY, 3, IPC_CREAT | IPC_EXCL | 0600));
    FAILS(EINVAL, semget(KEY, 4, 0));
    CHECK(semctl(id, 0, IPC_STAT, &status) == 0 && status.sem_nsems == 3 && status.sem_perm.mode == 0640);
    CHECK(status.sem_perm.__key == KEY && status.sem_otime == 0 && status.sem_ctime >= before);
    CHECK(status.sem_perm.uid == geteuid() && status.sem_perm.cgid == getegid());
    status.sem_perm.mode = 0604, status.sem_perm.gid = 77;
    CHECK(semctl(id, 0, IPC_SET, &status) == 0 && semctl(id, 0, IPC_STAT, &status) == 0);
    CHECK(status.sem_perm.mode == 0604 && status.sem_perm.gid == 77 && status.sem_perm.cgid == getegid());
    FAILS(EFAULT, semctl(id, 0, IPC_STAT, BAD));
    FAILS(EFAULT, semctl(id, 0, IPC_SET, BAD));
    FAILS(EINVAL, semctl(id, 0, 99));
    FAILS(EINVAL, semctl(-1, 0, IPC_RMID));
    int other = semget(IPC_PRIVATE, 1, 0600), third = semget(IPC_PRIVATE, 1, IPC_CREAT | IPC_EXCL | 0600);
    CHECK(other >= 0 && third >= 0 && other != third && semctl(other, 0, IPC_RMID) == 0);
    CHECK(semctl(third, 0, IPC_RMID) == 0 && semctl(id, 0, IPC_RMID) == 0);
    FAILS(EINVAL, semctl(id, 0, IPC_RMID));
    FAILS(EINVAL, semctl(id, 0, GETVAL));
    FAILS(ENOENT, semget(KEY, 0, 0));
    int again = semget(KEY, 1, IPC_CREAT | 0600);
    CHECK(again >= 0 && again != id && semctl(again, 0, IPC_RMID) == 0);
    puts("sets: made, found, described, removed");
}

static void values(void)
{
    unsigned short all[3] = {7, 8, 9}, large[3] = {0, 32768, 0}, back[3];
    set = semget(IPC_PRIVATE, 3, 0600);
    CHECK(value(0) == 0 && value(2) == 0 && semctl(set, 1, GETPID) == 0);
    CHECK(semctl(set, 0, SETALL, all) == 0 && semctl(set, 0, GETALL, back) == 0 && memcmp(all, back, 6) == 0);
    CHECK(semctl(set, 2, GETPID) == getpid());
    CHECK(set_value(1, 32767) == 0 && value(1) == 32767);
    FAILS(ERANGE, set_value(1, 32768));
    FAILS(ERANGE, set_value(1, -1));
    FAILS(ERANGE, semctl(set, 0, SETALL, large));
    FAILS(EFAULT, semctl(set, 0, SETALL, BAD));
    FAILS(EFAULT, semctl(set, 0, GETALL, BAD));
    FAILS(EINVAL, set_value(3, 0));
    FAILS(EINVAL, value(3));
    FAILS(EINVAL, value(-1));
    CHECK(value(0) == 7 && value(1) == 32767 && semctl(set, 1, GETNCNT) == 0 && semctl(set, 1, GETZCNT) == 0);
    FAILS(ERANGE, op(1, 1, 0));
    CHECK(semctl(set, 0, IPC_RMID) == 0);
    puts("values: set, read, bounded");
}

static void operations(void)
{
    struct semid_ds status;
    struct sembuf many[501], zero_then_two[] = {{0, 0, 0}, {0, 2, 0}};
    struct sembuf mixed[] = {{0, 5, 0}, {1, 3, 0}, {2, -1, IPC_NOWAIT}, {0, 1, 0}};
    struct sembuf twice[] = {{0, -2, IPC_NOWAIT}, {0, 0, IPC_NOWAIT}, {1, 4, 0}, {1, -4, IPC_NOWAIT}};
    set = semget(IPC_PRIVATE, 3, 0600);
    FAILS(EAGAIN, op(0, -1, IPC_NOWAIT));
    CHECK(op(0, 0, IPC_NOWAIT) == 0 && semop(set, zero_then_two, 2) == 0 && value(0) == 2);
    FAILS(EAGAIN, op(0, 0, IPC_NOWAIT));
    FAILS(EAGAIN, semop(set, mixed, 4));
    CHECK(value(0) == 2 && value(1) == 0 && value(2) == 0);
    CHECK(semop(set, twice, 4) == 0 && value(0) == 0 && value(1) == 0);
    CHECK(semctl(set, 0, IPC_STAT, &status) == 0 && status.sem_otime != 0);
    FAILS(EFBIG, op(3, 1, 0));
    FAILS(EINVAL, semop(set, many, 0));
    FAILS(E2BIG, semop(set, many, 501));
    FAILS(EFAULT, semop(set, BAD, 1));
    FAILS(EINVAL, semop(-1, zero_then_two, 2));
    for (int i = 0; i < 500; i++)
        many[i] = (struct sembuf){(unsigned short)(i % 3), 1, 0};
    CHECK(semop(set, many, 500) == 0 && value(0) == 167 && value(2) == 166);
    CHECK(set_value(0, 32766) == 0);
    many[0].sem_num = 1, many[1].sem_num = many[2].sem_num = 0;
    FAILS(ERANGE, semop(set, many, 3));
    CHECK(value(0) == 32766 && value(1) == 167);
    CHECK(semctl(set, 0, IPC_RMID) == 0);
    puts("operations: all or none");
}

static void takes_one(void) { CHECK(op(0, -1, 0) == 0); }
static void takes_three(void) { CHECK(op(0, -3, 0) == 0); }
static void wants_zero(void) { CHECK(op(1, 0, 0) == 0); }
static void takes_both(void)
{
    struct sembuf both[] = {{0, -1, 0}, {1, -1, 0}};
    CHECK(semop(set, both, 2) == 0);
}
static void zero_then_take(void)
{
    struct sembuf both[] = {{1, 0, 0}, {2, -1, 0}};
    CHECK(semop(set, both, 2) == 0);
}

static void waiting(void)
{
    set = semget(IPC_PRIVATE, 3, 0600);
    /* One at a time, who came first first. */
    entries[0] = 0;
    for (int i = 0; i < 3; i++) {
        child(takes_one, i);
        wait_for(0, GETNCNT, i + 1);
    }
    for (int i = 0; i < 3; i++) {
        CHECK(op(0, 1, 0) == 0);
        while (entries[0] <= i)
            usleep(1000);
        CHECK(entries[1 + i] == i && semctl(set, 0, GETNCNT) == 2 - i);
    }
    reap(3);
    /* Who wants more does not hold up who wants less. */
    entries[0] = 0;
    child(takes_three, 3);
    wait_for(0, GETNCNT, 1);
    child(takes_one, 1);
    wait_for(0, GETNCNT, 2);
    CHECK(op(0, 1, 0) == 0);
    reap(1);
    CHECK(entries[1] == 1 && semctl(set, 0, GETNCNT) == 1 && op(0, 3, 0) == 0);
    reap(1);
    CHECK(value(0) == 0);
    /* For zero. */
    CHECK(set_value(1, 2) == 0);
    child(wants_zero, 0), child(wants_zero, 0);
    wait_for(1, GETZCNT, 2);
    CHECK(op(1, -1, 0) == 0 && semctl(set, 1, GETZCNT) == 2 && op(1, -1, 0) == 0);
    reap(2);
    puts("waiting: in order, for more and for zero");
    /* Several at once: what is there of it stays for others. */
    pid_t both = child(takes_both, 4);
    wait_for(0, GETNCNT, 1);
    CHECK(op(0, 1, 0) == 0);
    wait_for(1, GETNCNT, 1);
    CHECK(value(0) == 1 && op(0, -1, IPC_NOWAIT) == 0 && op(1, 1, 0) == 0);
    wait_for(0, GETNCNT, 1);
    CHECK(value(1) == 1 && op(0, 1, 0) == 0);
    CHECK(waitpid(both, NULL, 0) == both && value(0) == 0 && value(1) == 0);
    CHECK(semctl(set, 0, GETPID) == both && semctl(set, 1, GETPID) == both);
    /* One that goes on lets an earlier one go on. */
    CHECK(set_value(1, 1) == 0 && set_value(2, 1) == 0);
    child(zero_then_take, 5);
    wait_for(1, GETZCNT, 1);
    child(takes_both, 6);
    wait_for(0, GETNCNT, 1);
    CHECK(op(0, 1, 0) == 0);
    reap(2);
    CHECK(value(0) == 0 && value(1) == 0 && value(2) == 0);
    /* Set values wake, too. */
    unsigned short all[] = {1, 1, 0};
    child(takes_both, 7);
    wait_for(0, GETNCNT, 1);
    CHECK(semctl(set, 0, SETALL, all) == 0);
    reap(1);
    child(takes_one, 8);
    wait_for(0, GETNCNT, 1);
    CHECK(set_value(0, 5) == 0);
    reap(1);
    CHECK(value(0) == 4 && value(1) == 0 && semctl(set, 0, IPC_RMID) == 0);
    puts("waiting: for several at once");
}

static void timeouts(void)
{
    struct timespec soon = {0, 30000000}, none = {0, 0}, wrong = {0, 1000000000}, negative = {-1, 0}, from, to;
    struct sembuf take = {0, -1, 0};
    set = semget(IPC_PRIVATE, 1, 0600);
    clock_gettime(CLOCK_MONOTONIC, &from);
    FAILS(EAGAIN, semtimedop(set, &take, 1, &soon));
    clock_gettime(CLOCK_MONOTONIC, &to);
    CHECK((to.tv_sec - from.tv_sec) * 1000000000l + to.tv_nsec - from.tv_nsec >= 30000000);
    FAILS(EAGAIN, semtimedop(set, &take, 1, &none));
    FAILS(EINVAL, semtimedop(set, &take, 1, &wrong));
    FAILS(EINVAL, semtimedop(set, &take, 1, &negative));
    FAILS(EFAULT, semtimedop(set, &take, 1, BAD));
    CHECK(semctl(set, 0, GETNCNT) == 0 && op(0, 1, 0) == 0 && semtimedop(set, &take, 1, &wrong) == -1);
    CHECK(value(0) == 1 && semtimedop(set, &take, 1, &soon) == 0 && op(0, 1, 0) == 0);
    CHECK(semtimedop(set, &take, 1, NULL) == 0 && value(0) == 0);
    CHECK(semctl(set, 0, IPC_RMID) == 0);
    puts("timeouts: kept");
}

static void takes_with_undo(void)
{
    CHECK(op(0, -2, SEM_UNDO) == 0 && op(1, 3, SEM_UNDO) == 0 && op(1, -1, SEM_UNDO) == 0);
}
static void killed_with_undo(void)
{
    CHECK(op(0, -1, SEM_UNDO) == 0);
    kill(getpid(), SIGKILL);
}
static void forks_with_undo(void)
{
    CHECK(op(0, -1, SEM_UNDO) == 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    CHECK(waitpid(pid, NULL, 0) == pid && value(0) == 4);
}
static void executes_with_undo(void)
{
    CHECK(op(0, -1, SEM_UNDO) == 0);
    execl("/proc/self/exe", "semaphores", "look", NULL);
    CHECK(0);
}
static void *takes_in_thread(void *unused)
{
    CHECK(op(0, -1, SEM_UNDO) == 0);
    return unused;
}
static void thread_with_undo(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, takes_in_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(value(0) == 4);
    CHECK(op(0, 1, SEM_UNDO) == 0); /* evens it out, as the record is the process's */
}
static void undo_forgotten(void)
{
    CHECK(op(0, -2, SEM_UNDO) == 0 && op(1, 1, SEM_UNDO) == 0);
    CHECK(set_value(0, 1) == 0);
}
static void undo_beyond(void)
{
    CHECK(op(0, 32767, SEM_UNDO) == 0 && op(0, -32767, 0) == 0);
    CHECK(op(0, 1, SEM_UNDO) == 0);
    FAILS(ERANGE, op(0, 1, SEM_UNDO));
    CHECK(value(0) == 1);
}
static void undo_of_removed(void)
{
    int id = semget(IPC_PRIVATE, 1, 0600), keep = set;
    set = id;
    CHECK(op(0, 1, SEM_UNDO) == 0 && semctl(id, 0, IPC_RMID) == 0);
    set = keep;
}

static void undoing(void)
{
    set = semget(IPC_PRIVATE, 3, 0600);
    CHECK(set_value(0, 5) == 0);
    pid_t pid = child(takes_with_undo, 0);
    reap(1);
    CHECK(value(0) == 5 && value(1) == 0 && semctl(set, 0, GETPID) == pid);
    pid = child(killed_with_undo, 0);
    CHECK(waitpid(pid, NULL, 0) == pid && value(0) == 5);
    child(forks_with_undo, 0);
    reap(1);
    CHECK(value(0) == 5);
    child(executes_with_undo, 0);
    reap(1);
    CHECK(value(0) == 5);
    child(thread_with_undo, 0);
    reap(1);
    CHECK(value(0) == 5);
    child(undo_forgotten, 0);
    reap(1);
    CHECK(value(0) == 1 && value(1) == 0);
    child(undo_of_removed, 0);
    reap(1);
    /* Undone no further than the bounds. */
    CHECK(set_value(0, 0) == 0);
    child(undo_beyond, 0);
    reap(1);
    CHECK(value(0) == 0);
    /* A process's end wakes who waits. */
    CHECK(set_value(0, 1) == 0 && op(0, -1, SEM_UNDO) == 0 && op(0, 1, 0) == 0 && op(0, -1, 0) == 0);
    CHECK(op(0, 1, SEM_UNDO) == 0);
    int ready[2];
    CHECK(pipe(ready) == 0);
    pid = fork();
    if (pid == 0) {
        CHECK(op(0, -1, SEM_UNDO) == 0 && write(ready[1], "", 1) == 1);
        pause();
    }
    char byte;
    CHECK(read(ready[0], &byte, 1) == 1 && value(0) == 0);
    pid_t waiter = child(takes_one, 0);
    wait_for(0, GETNCNT, 1);
    CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
    CHECK(waitpid(waiter, NULL, 0) == waiter && value(0) == 0);
    CHECK(semctl(set, 0, IPC_RMID) == 0);
    puts("undoing: at the process's end");
}

static void takes_until_removed(void)
{
    FAILS(EIDRM, op(0, -1, SEM_UNDO));
    FAILS(EINVAL, op(0, -1, 0));
}
static void zero_until_removed(void) { FAILS(EIDRM, op(1, 0, 0)); }

static void removal(void)
{
    set = semget(IPC_PRIVATE, 3, 0600);
    CHECK(set_value(1, 1) == 0);
    child(takes_until_removed, 0), child(zero_until_removed, 0);
    wait_for(0, GETNCNT, 1);
    wait_for(1, GETZCNT, 1);
    CHECK(semctl(set, 0, IPC_RMID) == 0);
    reap(2);
    puts("removal: ends the waiting");
}

static volatile int handled;
static void handler(int number) { handled += number == SIGUSR1; }
static void interrupted(void)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct timespec later = {60, 0};
    struct sembuf take = {0, -1, SEM_UNDO};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && op(1, 1, 0) == 0);
    FAILS(EINTR, semop(set, &take, 1));
    CHECK(handled == 1 && op(1, 1, 0) == 0);
    FAILS(EINTR, semtimedop(set, &take, 1, &later));
    CHECK(handled == 2);
}

static void signals(void)
{
    set = semget(IPC_PRIVATE, 2, 0600);
    pid_t pid = child(interrupted, 0);
    for (int i = 1; i <= 2; i++) {
        while (value(1) != i)
            usleep(1000);
        wait_for(0, GETNCNT, 1);
        CHECK(kill(pid, SIGUSR1) == 0);
    }
    reap(1);
    CHECK(semctl(set, 0, GETNCNT) == 0 && value(0) == 0);
    pid = child(takes_one, 0);
    wait_for(0, GETNCNT, 1);
    CHECK(kill(pid, SIGSTOP) == 0 && waitpid(pid, NULL, WUNTRACED) == pid && kill(pid, SIGKILL) == 0);
    CHECK(waitpid(pid, NULL, 0) == pid && semctl(set, 0, GETNCNT) == 0);
    CHECK(semctl(set, 0, IPC_RMID) == 0);
    puts("signals: interrupt, and nothing is restarted");
}

static void stranger(void)
{
    unsigned short all[2];
    struct semid_ds status;
    CHECK(setgid(4321) == 0 && setuid(4321) == 0);
    FAILS(EACCES, semget(KEY, 0, 0600));
    CHECK(semget(KEY, 0, 0) == set && semget(KEY, 0, 0004) == set);
    CHECK(value(0) == 1 && semctl(set, 0, GETALL, all) == 0 && semctl(set, 0, IPC_STAT, &status) == 0);
    FAILS(EACCES, op(0, 1, 0));
    FAILS(EACCES, set_value(0, 2));
    FAILS(EACCES, semctl(set, 0, SETALL, all));
    CHECK(op(1, 0, 0) == 0);
    FAILS(EPERM, semctl(set, 0, IPC_SET, &status));
    FAILS(EPERM, semctl(set, 0, IPC_RMID));
    /* One of its own that not even it may read. */
    CHECK((set = semget(IPC_PRIVATE, 1, 0000)) >= 0);
    FAILS(EACCES, value(0));
    FAILS(EACCES, op(0, 0, 0));
    FAILS(EACCES, semctl(set, 0, IPC_STAT, &status));
    CHECK(semctl(set, 0, IPC_RMID) == 0);
}
static void member(void)
{
    gid_t group = 77;
    CHECK(setgroups(1, &group) == 0 && setgid(4321) == 0 && setuid(4321) == 0);
    CHECK(op(0, 1, 0) == 0 && op(0, -1, 0) == 0);
}
static void given(void)
{
    struct semid_ds status;
    CHECK(setgid(4321) == 0 && setuid(4321) == 0);
    CHECK(op(0, 1, 0) == 0 && semctl(set, 0, IPC_STAT, &status) == 0 && status.sem_perm.cuid == 0);
    CHECK(semctl(set, 0, IPC_RMID) == 0);
}

static void permissions(void)
{
    struct semid_ds status;
    set = semget(KEY, 2, IPC_CREAT | IPC_EXCL | 0664);
    CHECK(set >= 0 && set_value(0, 1) == 0 && semctl(set, 0, IPC_STAT, &status) == 0);
    in_child(stranger);
    status.sem_perm.gid = 77;
    CHECK(semctl(set, 0, IPC_SET, &status) == 0);
    in_child(member);
    status.sem_perm.uid = 4321, status.sem_perm.mode = 0600;
    CHECK(semctl(set, 0, IPC_SET, &status) == 0);
    in_child(given);
    FAILS(EINVAL, value(0));
    puts("permissions: by owner, group and others");
}

static void information(void)
{
    struct seminfo info;
    struct semid_ds status;
    char line[256];
    int found = 0, highest, id, key, perms, count;
    set = semget(KEY, 5, IPC_CREAT | IPC_EXCL | 0640);
    highest = semctl(0, 0, IPC_INFO, &info);
    CHECK(highest >= 0 && info.semmsl == 32000 && info.semopm == 500 && info.semvmx == 32767);
    CHECK(info.semaem == 32767 && info.semmni >= 1024);
    CHECK(semctl(0, 0, SEM_INFO, &info) == highest && info.semusz >= 1 && info.semaem >= 5);
    for (int i = 0; i <= highest; i++)
        if ((id = semctl(i, 0, SEM_STAT, &status)) >= 0 && id == set)
            found += status.sem_nsems == 5 && status.sem_perm.__key == KEY;
    CHECK(found == 1);
    FILE *file = fopen("/proc/sysvipc/sem", "r");
    CHECK(file != NULL && fgets(line, sizeof line, file) != NULL &&
          strstr(line, "semid perms      nsems") != NULL);
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "%d %d %o %d", &key, &id, &perms, &count) == 4 && id == set)
            found += key == KEY && perms == 0640 && count == 5;
    CHECK(fclose(file) == 0 && found == 2 && semctl(set, 0, IPC_RMID) == 0);
    puts("information: as ipcs reads it");
}

/* Many at once: the sum stays. */
static void worker(void)
{
    struct sembuf move[] = {{0, -1, SEM_UNDO}, {1, 1, SEM_UNDO}},
                  back[] = {{1, -1, SEM_UNDO}, {0, 1, SEM_UNDO}};
    for (int i = 0; i < 200; i++)
        CHECK(semop(set, move, 2) == 0 && semop(set, back, 2) == 0);
}
static void crowd(void)
{
    set = semget(IPC_PRIVATE, 2, 0600);
    CHECK(set_value(0, 2) == 0);
    entries[0] = 0;
    for (int i = 0; i < 8; i++)
        child(worker, i);
    reap(8);
    CHECK(value(0) == 2 && value(1) == 0 && entries[0] == 8 && semctl(set, 0, IPC_RMID) == 0);
    puts("crowd: nothing lost");
}

int main(int count, char **arguments)
{
    (void)arguments;
    if (count > 1) /* what executes_with_undo became */
        return 0;
    entries = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK((void *)entries != MAP_FAILED);
    setvbuf(stdout, NULL, _IOLBF, 0);
    void (*const parts[])(void) = {sets,    values,  operations,  waiting,     timeouts, undoing,
                                   removal, signals, permissions, information, crowd};
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
        in_child(parts[i]);
    puts("semaphores: done");
    return 0;
}
