/* SPDX-License-Identifier: MPL-2.0 */
/* Threads through the C library: clone, futex, thread-local storage, condition variables, barriers, cancellation, exit. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 2000 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long counter, turn;
static atomic_long atomic_counter;
static __thread long own;

#define CHECK(condition)                                                                                       \
    do {                                                                                                       \
        if (!(condition)) {                                                                                    \
            printf("threads: line %d: %s\n", __LINE__, #condition);                                            \
            exit(1);                                                                                           \
        }                                                                                                      \
    } while (0)

static void *count(void *argument)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
        atomic_counter++;
        own++;
    }
    CHECK(own == ROUNDS);
    pthread_barrier_wait(&barrier);
    return argument;
}

static void *take_turns(void *argument)
{
    long me = (long)argument;
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&mutex);
        while (turn % THREADS != me)
            pthread_cond_wait(&condition, &mutex);
        turn++;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *sleep_long(void *unused)
{
    (void)unused;
    sleep(100);
    return NULL;
}

static void *give_ids(void *ids)
{
    ((long *)ids)[0] = getpid();
    ((long *)ids)[1] = syscall(SYS_gettid);
    return NULL;
}

static atomic_int handled_by;
static void handler(int number)
{
    (void)number;
    handled_by = (int)syscall(SYS_gettid);
}
static sem_t posted;
static void *wait_signal(void *tid)
{
    *(int *)tid = (int)syscall(SYS_gettid);
    sem_post(&posted);
    while (!handled_by)
        usleep(1000);
    return NULL;
}

int main(void)
{
    pthread_t thread[THREADS];
    void *result;

    pthread_barrier_init(&barrier, NULL, THREADS);
    for (long i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, count, (void *)i) == 0);
    for (long i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], &result) == 0 && result == (void *)i);
    CHECK(counter == THREADS * ROUNDS && atomic_counter == THREADS * ROUNDS && own == 0);
    printf("mutex, barrier, thread-local storage\n");

    for (long i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, take_turns, (void *)i) == 0);
    for (long i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    CHECK(turn == THREADS * 50);
    printf("condition variable\n");

    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20 * 1000 * 1000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&mutex);
    CHECK(pthread_cond_timedwait(&condition, &mutex, &until) == ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
    printf("timed wait\n");

    pthread_create(&thread[0], NULL, sleep_long, NULL);
    pthread_cancel(thread[0]);
    pthread_join(thread[0], &result);
    CHECK(result == PTHREAD_CANCELED);
    printf("cancellation\n");

    long ids[2];
    pthread_create(&thread[0], NULL, give_ids, ids);
    pthread_join(thread[0], NULL);
    CHECK(ids[0] == getpid() && ids[1] != ids[0]);
    printf("one process, many threads\n");

    int tid = 0;
    sem_init(&posted, 0, 0);
    signal(SIGUSR1, handler);
    pthread_create(&thread[0], NULL, wait_signal, &tid);
    sem_wait(&posted);
    pthread_kill(thread[0], SIGUSR1);
    pthread_join(thread[0], NULL);
    CHECK(handled_by == tid);
    printf("a signal for one thread\n");

    for (int round = 0; round < 100; round++) { /* many short lives */
        CHECK(pthread_create(&thread[0], NULL, give_ids, ids) == 0);
        pthread_join(thread[0], NULL);
    }
    printf("a hundred threads in turn\n");

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) { /* exit_group ends sleeping threads too */
        for (int i = 0; i < THREADS; i++)
            pthread_create(&thread[i], NULL, sleep_long, NULL);
        exit(7);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    child = fork();
    if (child == 0) { /* and so does a signal */
        for (int i = 0; i < THREADS; i++)
            pthread_create(&thread[i], NULL, sleep_long, NULL);
        kill(getpid(), SIGKILL);
        sleep(100);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    printf("the end of all threads\n");
    printf("threads: done\n");
    return 0;
}
