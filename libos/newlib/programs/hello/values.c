/* SPDX-License-Identifier: MPL-2.0 */
/* Memory, numbers, time, surroundings. */
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "hello.h"

bool check_malloc(void)
{
    enum { BLOCKS = 2000 };
    static unsigned char *block[BLOCKS];
    size_t total = 0;
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < BLOCKS; i++) {
            size_t n = (size_t)(i * 37 % 4000 + 1);
            if (block[i] && block[i][0] != (unsigned char)i)
                return failed("a block was overwritten");
            block[i] = realloc(block[i], n + (size_t)round * 100);
            if (!block[i])
                return failed("realloc");
            memset(block[i], i, n);
            total += n;
        }
    for (int i = 0; i < BLOCKS; i++)
        free(block[i]);
    unsigned char *zeros = calloc(1 << 20, 1);
    if (!zeros || zeros[12345])
        return failed("calloc");
    free(zeros);
    if (malloc((size_t)1 << 46))
        return failed("malloc of more than there is");
    printf("%zu bytes in blocks that kept their contents\n", total);
    return true;
}

bool check_math(void)
{
    double sum = 0, x = 0.5;
    for (int i = 1; i <= 1000; i++)
        sum += 1.0 / i / i;
    if (fabs(sin(x) * sin(x) + cos(x) * cos(x) - 1) > 1e-15 || fabs(exp(log(7.25)) - 7.25) > 1e-14 ||
        sqrt(2.0) != 1.4142135623730951 || pow(2, 10) != 1024 || fabs(atan2(1, 1) * 4 - M_PI) > 1e-15 ||
        fmod(7.5, 2) != 1.5 || lround(2.5) != 3 || !isnan(sqrt(-1.0)) || !isinf(exp(1e4)))
        return failed("functions of <math.h>");
    fesetround(FE_UPWARD);
    long up = lrint(2.1);
    fesetround(FE_TONEAREST);
    if (up != 3 || lrint(2.1) != 2)
        return failed("rounding modes");
    printf("1 + 1/4 + 1/9 + ... = %.6f\n", sum);
    return fabs(sum - 1.643935) < 1e-6;
}

bool check_time(void)
{
    struct timespec before, after, pause = {.tv_nsec = 20000000};
    char text[64];
    time_t moment = 951782400, now = time(NULL);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M", gmtime(&moment));
    if (strcmp(text, "2000-02-29 00:00") || mktime(gmtime(&moment)) != moment)
        return failed(text);
    clock_gettime(CLOCK_MONOTONIC, &before);
    if (nanosleep(&pause, NULL))
        return failed("nanosleep");
    clock_gettime(CLOCK_MONOTONIC, &after);
    long ns = (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
    if (ns < pause.tv_nsec)
        return failed("nanosleep was shorter than asked for");
    clock_t start = clock();
    for (volatile int i = 0; clock() == start && i < 1000000000; i++)
        ;
    if (clock() == start)
        return failed("clock does not go on");
    strftime(text, sizeof text, "%Y", gmtime(&now));
    printf("it is the year %s; slept at least 20 ms\n", text);
    return atoi(text) >= 2020;
}

bool check_environment(void)
{
    const char *home = getenv("HOME"), *path = getenv("PATH");
    if (!home || !path || getenv("NOT_THERE"))
        return failed("getenv");
    if (setenv("KXOS", "here", 1) || strcmp(getenv("KXOS"), "here") || unsetenv("KXOS") || getenv("KXOS"))
        return failed("setenv");
    if (getpid() <= 0 || fork() != -1 || system(NULL) || system("true") != -1)
        return failed("there are other processes");
    unsigned char random[2][16] = {{0}};
    if (getentropy(random[0], 16) || getentropy(random[1], 16) || !memcmp(random[0], random[1], 16))
        return failed("getentropy");
    printf("HOME=%s\n", home);
    return true;
}
