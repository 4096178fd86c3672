/* SPDX-License-Identifier: MPL-2.0 */
/* Streams, files and their names. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "hello.h"

bool check_stdio(void)
{
    char text[64];
    int n, i;
    double x;
    snprintf(text, sizeof text, "%5d|%-4s|%08.3f|%lld|%zu|%#x", 42, "ab", 3.14159, 1ll << 40, sizeof text, 255);
    if (strcmp(text, "   42|ab  |0003.142|1099511627776|64|0xff"))
        return failed(text);
    n = sscanf("17 2.5 word", "%d %lf %15s", &i, &x, text);
    if (n != 3 || i != 17 || x != 2.5 || strcmp(text, "word"))
        return failed("sscanf");
    fprintf(stderr, "stdio: this line is on standard error\n");
    printf("formats as the standard has it\n");
    return true;
}

static volatile sig_atomic_t alarms;
static void note_alarm(int number) { alarms += number == SIGALRM; }

/* One line from standard input; at its end there is none. At a terminal an alarm comes meanwhile, and the read goes on after it. */
bool check_input(void)
{
    char line[128];
    if (isatty(0)) {
        signal(SIGALRM, note_alarm);
        alarm(1);
        printf("type a line in two seconds, not sooner\n");
        if (!fgets(line, sizeof line, stdin) || alarms != 1)
            return failed("a read that an alarm interrupted");
        line[strcspn(line, "\r\n")] = 0;
        printf("read [%s] from a terminal\n", line);
        return true;
    }
    if (!fgets(line, sizeof line, stdin)) {
        printf("standard input is at its end\n");
        return feof(stdin) != 0;
    }
    line[strcspn(line, "\r\n")] = 0;
    printf("read [%s]\n", line);
    return true;
}

static bool write_and_read(FILE *file)
{
    char line[64];
    for (int i = 0; i < 10000; i++)
        fprintf(file, "line %d\n", i);
    if (fseek(file, 0, SEEK_END) || ftell(file) != 98890)
        return failed("fseek to the end");
    if (fseek(file, 8 * 10 + 5, SEEK_SET) || !fgets(line, sizeof line, file))
        return failed("fseek");
    rewind(file);
    for (int i = 0; i < 10000; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "line %d\n", i);
        if (!fgets(line, sizeof line, file) || strcmp(line, expected))
            return failed("what was read is not what was written");
    }
    return fgets(line, sizeof line, file) ? failed("no end of file") : true;
}

bool check_files(void)
{
    struct stat what;
    FILE *file = fopen("/tmp/hello.txt", "w+");
    if (!file)
        return failed("fopen of a new file");
    bool good = write_and_read(file);
    fclose(file);
    if (!good)
        return false;
    if (stat("/tmp/hello.txt", &what) || !S_ISREG(what.st_mode) || what.st_size != 98890)
        return failed("stat");
    if (fopen("/nowhere/at/all", "r") || errno != ENOENT)
        return failed("a missing file can be opened");
    if (open("/tmp", O_WRONLY) >= 0 || errno != EISDIR)
        return failed("a directory can be opened for writing");
    if (read(77, &what, 1) >= 0 || errno != EBADF || write(1, (void *)8, 1) >= 0 || errno != EFAULT)
        return failed("bad descriptors and addresses");
    int fd = open("/tmp/hello.txt", O_RDWR | O_APPEND), other = dup(fd);
    if (fd < 0 || other < 0 || ftruncate(other, 5) || write(fd, "s\n", 2) != 2 || lseek(fd, 0, SEEK_END) != 7)
        return failed("dup, ftruncate and append");
    close(other);
    close(fd);
    file = tmpfile();
    if (!file || fputs("x", file) < 0 || fclose(file))
        return failed("tmpfile");
    printf("10000 lines written, read, truncated and appended to\n");
    return remove("/tmp/hello.txt") == 0;
}

bool check_names(void)
{
    char here[256], target[64];
    int seen = 0;
    if (mkdir("/tmp/hello.d", 0755) || chdir("/tmp/hello.d") || !getcwd(here, sizeof here) ||
        strcmp(here, "/tmp/hello.d"))
        return failed("mkdir, chdir, getcwd");
    for (int i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "file-%d", i);
        int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
        if (fd < 0 || close(fd))
            return failed("open");
    }
    if (rename("file-0", "file-1") || access("file-0", F_OK) == 0 || link("file-2", "also") ||
        symlink("file-3", "soft") || readlink("soft", target, sizeof target) != 6)
        return failed("rename, link, symlink");
    DIR *directory = opendir(".");
    if (!directory)
        return failed("opendir");
    for (struct dirent *entry; (entry = readdir(directory));)
        seen += entry->d_name[0] != '.';
    rewinddir(directory);
    while (readdir(directory))
        seen += 100;
    closedir(directory);
    if (seen != 41 + 4300) /* 38 files, two names more; with . and .. the second time */
        printf("(%d) ", seen);
    if (rmdir("/tmp/hello.d") == 0 || errno != ENOTEMPTY)
        return failed("a full directory can be removed");
    directory = opendir(".");
    for (struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_name[0] != '.')
            unlink(entry->d_name);
    closedir(directory);
    chdir("/");
    if (remove("/tmp/hello.d"))
        return failed("remove of a directory");
    printf("41 names made, listed and removed\n");
    return seen == 41 + 4300;
}
