/* SPDX-License-Identifier: MPL-2.0 */
/* Local sockets, event counters, timers as files, and sets of watched files, by the book. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition)                                                                                       \
    do {                                                                                                       \
        if (!(condition)) {                                                                                    \
            printf("sockets: line %d: %s (errno %d)\n", __LINE__, #condition, errno);                          \
            exit(1);                                                                                           \
        }                                                                                                      \
    } while (0)

static void pairs(void)
{
    int pair[2];
    char buffer[16] = "";
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    CHECK(fcntl(pair[0], F_GETFD) == FD_CLOEXEC);
    CHECK(write(pair[0], "hello", 5) == 5 && read(pair[1], buffer, 16) == 5 && memcmp(buffer, "hello", 5) == 0);
    CHECK(send(pair[1], "back", 4, 0) == 4 && recv(pair[0], buffer, 2, MSG_PEEK) == 2 &&
          recv(pair[0], buffer, 16, 0) == 4);
    CHECK(recv(pair[0], buffer, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    CHECK(shutdown(pair[0], SHUT_WR) == 0 && read(pair[1], buffer, 1) == 0);
    CHECK(send(pair[0], "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
    int type = 0;
    socklen_t length = sizeof type;
    struct ucred peer;
    CHECK(getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM && length == 4);
    length = sizeof peer;
    CHECK(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.pid == getpid());
    close(pair[0]), close(pair[1]);
    CHECK(socket(AF_APPLETALK, SOCK_STREAM, 0) == -1 && errno == EAFNOSUPPORT);
    CHECK(recv(0, buffer, 1, 0) == -1 && errno == ENOTSOCK && recv(99, buffer, 1, 0) == -1 && errno == EBADF);
    printf("pairs\n");
}

static void names(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "sockets.name"}, found;
    socklen_t length = sizeof found;
    char buffer[32];
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(server, (struct sockaddr *)&address, sizeof address) == 0 && listen(server, 5) == 0);
    CHECK(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address) == -1 &&
          errno == EADDRINUSE);
    pid_t child = fork();
    if (child == 0) {
        int client = socket(AF_UNIX, SOCK_STREAM, 0);
        CHECK(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
        CHECK(write(client, "request", 7) == 7 && read(client, buffer, 32) == 6);
        _exit(7);
    }
    int connection = accept4(server, (struct sockaddr *)&found, &length, SOCK_CLOEXEC);
    CHECK(connection >= 0 && length == 2 && read(connection, buffer, 32) == 7 &&
          write(connection, "answer", 6) == 6);
    length = sizeof found;
    CHECK(getsockname(connection, (struct sockaddr *)&found, &length) == 0 &&
          strcmp(found.sun_path, "sockets.name") == 0 && length == 2 + 13);
    int status;
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
    close(server), close(connection), unlink("sockets.name");
    CHECK(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address) == -1 &&
          errno == ENOENT);
    struct sockaddr_un hidden = {.sun_family = AF_UNIX, .sun_path = "\0hidden"};
    int receiver = socket(AF_UNIX, SOCK_DGRAM, 0), sender = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK(bind(receiver, (struct sockaddr *)&hidden, 9) == 0);
    CHECK(sendto(sender, "one", 3, 0, (struct sockaddr *)&hidden, 9) == 3 &&
          sendto(sender, "two!", 4, 0, (struct sockaddr *)&hidden, 9) == 4);
    CHECK(recv(receiver, buffer, 2, MSG_TRUNC) == 3 && recv(receiver, buffer, 32, 0) == 4 &&
          memcmp(buffer, "two!", 4) == 0);
    printf("names, streams and datagrams\n");
}

static void travelling_files(void)
{
    int pair[2], pipes[2], received = -1;
    char byte = 'x', room[CMSG_SPACE(sizeof(int))];
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pipe(pipes) == 0);
    control->cmsg_len = CMSG_LEN(sizeof(int));
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(control), &pipes[1], sizeof(int));
    CHECK(sendmsg(pair[0], &message, 0) == 1);
    close(pipes[1]);
    memset(room, 0, sizeof room);
    message.msg_controllen = sizeof room;
    CHECK(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC) == 1 && message.msg_controllen == sizeof room);
    control = CMSG_FIRSTHDR(&message);
    CHECK(control && control->cmsg_type == SCM_RIGHTS && control->cmsg_len == CMSG_LEN(sizeof(int)));
    memcpy(&received, CMSG_DATA(control), sizeof(int));
    CHECK(fcntl(received, F_GETFD) == FD_CLOEXEC && write(received, "y", 1) == 1 &&
          read(pipes[0], &byte, 1) == 1 && byte == 'y');
    close(received);
    CHECK(read(pipes[0], &byte, 1) == 0);
    close(pair[0]), close(pair[1]), close(pipes[0]);
    printf("files that travel\n");
}

static void events(void)
{
    uint64_t count = 5;
    int event = eventfd(2, EFD_NONBLOCK), one = eventfd(2, EFD_SEMAPHORE), set = epoll_create1(EPOLL_CLOEXEC);
    CHECK(write(event, &count, 8) == 8 && read(event, &count, 8) == 8 && count == 7 &&
          read(event, &count, 8) == -1 && errno == EAGAIN);
    CHECK(read(one, &count, 8) == 8 && count == 1);
    struct epoll_event watch = {.events = EPOLLIN, .data.u64 = 1234}, got[4];
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, event, &watch) == 0 &&
          epoll_ctl(set, EPOLL_CTL_ADD, event, &watch) == -1 && errno == EEXIST);
    CHECK(epoll_wait(set, got, 4, 0) == 0);
    count = 1;
    CHECK(write(event, &count, 8) == 8 && epoll_wait(set, got, 4, -1) == 1 && got[0].events == EPOLLIN &&
          got[0].data.u64 == 1234);
    watch.events = EPOLLIN | EPOLLET;
    CHECK(epoll_ctl(set, EPOLL_CTL_MOD, event, &watch) == 0 && epoll_wait(set, got, 4, 0) == 1 &&
          epoll_wait(set, got, 4, 0) == 0);
    CHECK(epoll_ctl(set, EPOLL_CTL_DEL, event, NULL) == 0 && epoll_ctl(set, EPOLL_CTL_DEL, event, NULL) == -1 &&
          errno == ENOENT);
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec setting = {.it_value.tv_nsec = 20000000, .it_interval.tv_nsec = 10000000}, left;
    CHECK(timerfd_settime(timer, 0, &setting, NULL) == 0 && timerfd_gettime(timer, &left) == 0 &&
          left.it_value.tv_nsec > 0);
    watch = (struct epoll_event){.events = EPOLLIN, .data.fd = timer};
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, timer, &watch) == 0 && epoll_wait(set, got, 4, 1000) == 1 &&
          got[0].data.fd == timer);
    usleep(30000);
    CHECK(read(timer, &count, 8) == 8 && count >= 2);
    struct pollfd both[2] = {{one, POLLIN, 0}, {timer, POLLIN, 0}};
    CHECK(poll(both, 2, 1000) >= 1 && (both[0].revents & POLLIN));
    printf("counters, timers, watched files\n");
}

int main(void)
{
    char value[8];
    pairs();
    names();
    travelling_files();
    events();
    CHECK(getxattr("/", "user.x", value, 8) == -1 && errno == ENOTSUP && listxattr("/", NULL, 0) == 0);
    printf("sockets: done\n");
    return 0;
}
