/* SPDX-License-Identifier: MPL-2.0 */
/* The futex call itself: waiting, waking by bits, requeueing, waking by an operation; robust lists; and their errors. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include "check.h"

static uint32_t *word; /* three of them, in shared memory */
static volatile uint32_t *awake;
static long futex(uint32_t *at, int op, uint32_t value, const void *timeout, uint32_t *second, uint32_t third)
{
    return syscall(SYS_futex, at, op, value, timeout, second, third);
}

/* Children that wait on a word, with bits; each counts itself when it wakes. */
static pid_t waiter(uint32_t *at, uint32_t bits)
{
    pid_t child = fork();
    if (child == 0) {
        while (futex(at, FUTEX_WAIT_BITSET, *at, NULL, NULL, bits) != 0)
            CHECK(errno == EINTR);
        __atomic_fetch_add(awake, 1, __ATOMIC_SEQ_CST);
        _exit(0);
    }
    return child;
}
static void wait_for(uint32_t count)
{
    while (__atomic_load_n(awake, __ATOMIC_SEQ_CST) < count)
        usleep(1000);
}
static void reap(int count)
{
    int status;
    while (count-- > 0)
        CHECK(wait(&status) > 0 && status == 0);
}

static void waking(void)
{
    struct timespec soon = {0, 10000000}, wrong = {0, -1}, past = {1, 0};
    word[0] = 1;
    FAILS(EAGAIN, futex(word, FUTEX_WAIT, 0, NULL, NULL, 0));
    FAILS(ETIMEDOUT, futex(word, FUTEX_WAIT, 1, &soon, NULL, 0));
    FAILS(ETIMEDOUT, futex(word, FUTEX_WAIT_PRIVATE, 1, &soon, NULL, 0));
    FAILS(ETIMEDOUT, futex(word, FUTEX_WAIT_BITSET, 1, &past, NULL, 1));
    FAILS(ETIMEDOUT, futex(word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 1, &past, NULL, 1));
    FAILS(EINVAL, futex(word, FUTEX_WAIT, 1, &wrong, NULL, 0));
    FAILS(EFAULT, futex(word, FUTEX_WAIT, 1, BAD, NULL, 0));
    FAILS(EINVAL, futex((uint32_t *)((char *)word + 1), FUTEX_WAIT, 1, NULL, NULL, 0));
    FAILS(EFAULT, futex(BAD, FUTEX_WAIT, 1, NULL, NULL, 0));
    FAILS(EINVAL, futex(word, FUTEX_WAIT_BITSET, 1, NULL, NULL, 0));
    FAILS(EINVAL, futex(word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0));
    FAILS(ENOSYS, futex(word, 77, 1, NULL, NULL, 0));
    CHECK(futex(word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0);
    waiter(word, 1), waiter(word, 2), waiter(word, 4);
    usleep(50000);
    CHECK(futex(word, FUTEX_WAKE_BITSET, 10, NULL, NULL, 2) == 1);
    wait_for(1);
    CHECK(futex(word, FUTEX_WAKE, 10, NULL, NULL, 0) == 2);
    wait_for(3);
    reap(3);
}

static void requeueing(void)
{
    *awake = 0, word[0] = word[1] = word[2] = 1;
    FAILS(EAGAIN, futex(word, FUTEX_CMP_REQUEUE, 1, (void *)1, word + 1, 9));
    for (int i = 0; i < 4; i++)
        waiter(word, ~0u);
    usleep(50000);
    CHECK(futex(word, FUTEX_CMP_REQUEUE, 1, (void *)2, word + 1, 1) == 3);
    wait_for(1);
    CHECK(futex(word + 1, FUTEX_WAKE, 10, NULL, NULL, 0) == 2);
    CHECK(futex(word, FUTEX_REQUEUE, 0, (void *)10, word + 2, 0) == 1);
    CHECK(futex(word + 2, FUTEX_WAKE, 10, NULL, NULL, 0) == 1);
    reap(4);
    /* An operation on one word, which says whether its waiters wake too. */
    *awake = 0, word[1] = 5;
    waiter(word, ~0u), waiter(word + 1, ~0u);
    usleep(50000);
    CHECK(futex(word + 2, FUTEX_WAKE_OP, 1, (void *)1, word + 1,
                FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_GT, 7)) == 0);
    CHECK(word[1] == 8);
    CHECK(futex(word, FUTEX_WAKE_OP, 1, (void *)1, word + 1, FUTEX_OP(FUTEX_OP_SET, 16, FUTEX_OP_CMP_EQ, 8)) ==
          2);
    CHECK(word[1] == 16);
    reap(2);
    static const struct {
        int op, argument, compare, value;
        uint32_t after;
    } steps[] = {{FUTEX_OP_OR, 3, FUTEX_OP_CMP_NE, 0, 19},
                 {FUTEX_OP_ANDN, 1, FUTEX_OP_CMP_LT, 0, 18},
                 {FUTEX_OP_XOR, 16, FUTEX_OP_CMP_LE, 0, 2},
                 {FUTEX_OP_SET, 2, FUTEX_OP_CMP_GE, 0, 2},
                 {FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT, 4, FUTEX_OP_CMP_EQ, 0, 18}};
    for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
        CHECK(futex(word, FUTEX_WAKE_OP, 1, (void *)1, word + 1,
                    FUTEX_OP((uint32_t)steps[i].op, steps[i].argument, steps[i].compare, steps[i].value)) == 0);
        CHECK(word[1] == steps[i].after);
    }
    FAILS(ENOSYS, futex(word, FUTEX_WAKE_OP, 1, (void *)1, word + 1, FUTEX_OP(7u, 1, 0, 0)));
    FAILS(EFAULT, futex(word, FUTEX_WAKE_OP, 1, (void *)1, BAD, FUTEX_OP(FUTEX_OP_SET, 1, 0, 0)));
    FAILS(EFAULT, futex(word, FUTEX_CMP_REQUEUE, 1, (void *)1, BAD, 1));
}

/* A thread that ends with a robust mutex leaves it to the next one. */
static pthread_mutex_t *robust;
static void *ends_holding(void *unused)
{
    CHECK(pthread_mutex_lock(robust) == 0);
    return unused;
}
static void robust_lists(void)
{
    pthread_mutexattr_t attributes;
    pthread_t thread;
    void *head;
    size_t length;
    robust = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(pthread_mutexattr_init(&attributes) == 0 &&
          pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
    CHECK(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0 &&
          pthread_mutex_init(robust, &attributes) == 0);
    CHECK(pthread_create(&thread, NULL, ends_holding, NULL) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(pthread_mutex_lock(robust) == EOWNERDEAD && pthread_mutex_consistent(robust) == 0 &&
          pthread_mutex_unlock(robust) == 0);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(robust);
        kill(getpid(), SIGKILL);
    }
    CHECK(waitpid(child, NULL, 0) == child && pthread_mutex_lock(robust) == EOWNERDEAD);
    CHECK(syscall(SYS_get_robust_list, 0, &head, &length) == 0 && head != NULL && length == 24);
    CHECK(syscall(SYS_set_robust_list, head, 24) == 0);
    FAILS(EINVAL, syscall(SYS_set_robust_list, head, 23));
    FAILS(ESRCH, syscall(SYS_get_robust_list, 1 << 20, &head, &length));
    FAILS(EFAULT, syscall(SYS_get_robust_list, 0, BAD, &length));
    int tid = (int)syscall(SYS_set_tid_address, NULL);
    CHECK(tid == (int)syscall(SYS_gettid));
}

int main(void)
{
    word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(word != MAP_FAILED);
    awake = word + 10;
    in_child(waking);
    in_child(requeueing);
    in_child(robust_lists);
    puts("futexes: done");
    return 0;
}
