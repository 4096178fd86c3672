/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A container's console on ours: bytes go to and fro until what runs there ends, or the keys to detach are typed.
 *
 * What ends kx before that (a signal, an output that nobody takes) detaches on its way out and restores the terminal, for both are done at exit: a
 * console that stayed attached would hold up the container when its buffer is full.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kx.h"

/* How long to sleep at most although the device says nothing: what changes between two requests may be told to the first of them. */
#define NAP_MS 200

static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
#define SIGNALS (sizeof(signals) / sizeof(*signals))

struct relay {
    const struct kx_session *session;
    uint64_t position[2]; /* of what was read of each stream */
    bool discard[2];      /* nobody takes it */
    bool ended, detached;
    int status;
    char input[4096];
    size_t input_bytes, input_sent;
    size_t keys_matched;
    bool input_open, input_close; /* more may come; its end is still to be told */
};

static volatile sig_atomic_t arrived[65];
static const struct kx_session *attached; /* what is to be left at exit */

static void arrive(int number) { arrived[number]++; }

bool kx_attach_stuck(void)
{
    for (size_t i = 0; i < SIGNALS; i++)
        if (signals[i] != SIGWINCH && arrived[signals[i]] > 1)
            return true; /* asked twice while the first was under way */
    return false;
}

static void leave(void)
{
    const struct kx_session *s = attached;
    if (!s)
        return;
    attached = NULL;
    for (size_t i = 0; i < SIGNALS; i++)
        arrived[signals[i]] = 0;
    struct kx_request detach = {.word = {LOS_SUPERVISOR_ATTACH, s->container, s->console, 0}};
    struct kx_request release = {.word = {LOS_SUPERVISOR_RELEASE, s->container, s->console}};
    kx_ask(s->release ? &release : &detach); /* that it is gone by now is fine */
}

/* --- signals --------------------------------------------------------------------------------------------------------------------------- */
static void resize(const struct kx_session *s)
{
    struct kx_request request = {.word = {LOS_SUPERVISOR_RESIZE, s->container, s->console}};
    if (s->terminal && kx_terminal_size(&request.word[3], &request.word[4]))
        kx_ask(&request);
}

static void send_signal(const struct kx_session *s, int number)
{
    struct kx_request request = {.word = {LOS_SUPERVISOR_SIGNAL, s->container, (uint64_t)number}};
    kx_ask(&request); /* one that ended meanwhile needs none */
}

static void take_signals(struct relay *r)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        int number = signals[i];
        if (!arrived[number])
            continue;
        if (number == SIGWINCH) {
            arrived[number] = 0;
            resize(r->session);
        } else if (r->session->forward) {
            arrived[number] = 1;
            send_signal(r->session, number);
            arrived[number] = 0;
        } else {
            exit(128 + number); /* restores the terminal and detaches */
        }
    }
}

static void catch_signals(bool on)
{
    struct sigaction action = {.sa_handler = on ? arrive : SIG_DFL};
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, NULL);
    signal(SIGPIPE, on ? SIG_IGN : SIG_DFL);
}

static bool any_arrived(void)
{
    for (size_t i = 0; i < SIGNALS; i++)
        if (arrived[signals[i]])
            return true;
    return false;
}

/* --- output ---------------------------------------------------------------------------------------------------------------------------- */
/* All of it, or it is known that nobody takes it. */
static void write_out(struct relay *r, unsigned stream, const char *bytes, size_t count)
{
    int fd = stream ? STDERR_FILENO : STDOUT_FILENO;
    while (count && !r->discard[stream]) {
        ssize_t n = write(fd, bytes, count);
        if (n >= 0) {
            bytes += n;
            count -= (size_t)n;
        } else if (errno == EINTR) {
            take_signals(r);
        } else if (errno == EAGAIN) {
            struct pollfd room = {.fd = fd, .events = POLLOUT};
            poll(&room, 1, NAP_MS);
        } else if (r->session->pipe_signal && errno == EPIPE) {
            r->discard[stream] = true; /* as its own writes would fail */
            send_signal(r->session, SIGPIPE);
        } else {
            kx_die("standard %s: %s", stream ? "error" : "output", strerror(errno));
        }
    }
}

/* Passes on what is there of a stream. True: something was. */
static bool read_stream(struct relay *r, unsigned stream, bool *at_end)
{
    char bytes[KX_CHUNK];
    const struct kx_session *s = r->session;
    struct kx_request read = {
        .word = {LOS_SUPERVISOR_READ, s->container, s->console, stream, r->position[stream]},
        .out = bytes,
        .out_room = sizeof(bytes)};
    if (kx_ask(&read) < 0) {
        attached = NULL;
        kx_die("the container is gone: %s", read.error);
    }
    r->position[stream] = read.word[2] + read.out_bytes;
    *at_end &= read.word[3] == 1 && !read.out_bytes;
    if (read.word[3] == 1)
        r->status = (int)(int64_t)read.word[4];
    write_out(r, stream, bytes, read.out_bytes);
    return read.out_bytes > 0;
}

static bool read_streams(struct relay *r)
{
    bool at_end = true;
    bool some = read_stream(r, 0, &at_end);
    some |= read_stream(r, 1, &at_end);
    r->ended = at_end;
    return some;
}

/* --- input ------------------------------------------------------------------------------------------------------------------------------ */
/* Takes the keys out of what was typed. What may become them is held back until it is clear. */
static void filter_keys(struct relay *r, const char *typed, size_t count)
{
    const struct kx_keys *keys = &r->session->keys;
    for (size_t i = 0; i < count && !r->detached; i++) {
        if ((unsigned char)typed[i] != keys->at[r->keys_matched]) {
            memcpy(r->input + r->input_bytes, keys->at, r->keys_matched);
            r->input_bytes += r->keys_matched;
            r->keys_matched = 0;
        }
        if ((unsigned char)typed[i] != keys->at[r->keys_matched])
            r->input[r->input_bytes++] = typed[i];
        else if (++r->keys_matched == keys->count)
            r->detached = true;
    }
}

static void read_input(struct relay *r)
{
    char typed[sizeof(r->input) - sizeof(r->session->keys.at)];
    ssize_t n = read(STDIN_FILENO, typed, sizeof(typed));
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    r->input_bytes = r->input_sent = 0;
    if (n <= 0) {
        r->input_open = false;
        r->input_close = true;
    } else if (r->session->terminal) {
        filter_keys(r, typed, (size_t)n);
    } else {
        memcpy(r->input, typed, (size_t)n);
        r->input_bytes = (size_t)n;
    }
}

/* True: some of it was taken. */
static bool write_input(struct relay *r)
{
    const struct kx_session *s = r->session;
    struct kx_request write = {.word = {LOS_SUPERVISOR_WRITE, s->container, s->console},
                               .in = r->input + r->input_sent,
                               .in_bytes = r->input_bytes - r->input_sent};
    if (write.in_bytes == 0 && !r->input_close)
        return false;
    if (write.in_bytes == 0) {
        write.word[3] = 1;
        r->input_close = false;
    }
    int64_t taken = kx_ask(&write);
    if (taken < 0 ||
        (uint64_t)taken > write.in_bytes) { /* it does not read any more; its end is told with its output */
        r->input_sent = r->input_bytes;
        r->input_open = r->input_close = false;
        return false;
    }
    r->input_sent += (uint64_t)taken;
    return taken > 0;
}

/* --- the whole ---------------------------------------------------------------------------------------------------------------------------- */
static void sleep_until_something(struct relay *r)
{
    bool listen = r->input_open && r->input_sent == r->input_bytes;
    struct pollfd wait[] = {{.fd = kx_device(), .events = POLLIN},
                            {.fd = listen ? STDIN_FILENO : -1, .events = POLLIN}};
    struct timespec nap = {.tv_nsec = NAP_MS * 1000000l};
    sigset_t ours, before;
    sigemptyset(&ours);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&ours, signals[i]);
    sigprocmask(SIG_BLOCK, &ours, &before);
    int ready = any_arrived() ? 0 : ppoll(wait, 2, &nap, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (ready > 0 && wait[1].revents)
        read_input(r);
}

bool kx_attach(const struct kx_session *session, int *status)
{
    static bool registered;
    struct relay r = {.session = session, .input_open = session->input};
    attached = session;
    if (!registered)
        atexit(leave);
    registered = true;
    catch_signals(true);
    resize(session);
    if (session->terminal && session->input)
        kx_terminal_raw();
    while (!r.ended && !r.detached) {
        take_signals(&r);
        bool moved = write_input(&r);
        moved |= read_streams(&r);
        if (!moved && !r.ended)
            sleep_until_something(&r);
    }
    while (r.detached && write_input(&r))
        ; /* what was typed before the keys */
    kx_terminal_restore();
    leave();
    catch_signals(false);
    *status = r.status;
    return r.ended;
}
