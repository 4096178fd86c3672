/* SPDX-License-Identifier: MPL-2.0 */
/*
 * /dev/kx: the supervisor's gate for the programs of a container that holds it. A control call is one request: its text goes to the
 * channel, the gate is called, the answer's text comes back. The gate works in this vCPU's time and does not wait for
 * anybody; what takes longer is asked for again. A file polls readable when the supervisor rang since it
 * last polled so. Consoles that a file is attached to when it is closed are let go.
 */
#include "internal.h"
#include <exo/typed.h>

#define DEVICE_MAJOR 10
#define DEVICE_MINOR 120
#define BUSY_NS      1000000ull
#define PATIENCE_NS  5000000000ull

/* Of an open file. */
#define ATTACHED_MOST 8
struct session {
    uint64_t rings; /* of which it was told */
    struct attached {
        uint64_t container, console; /* container 0: none */
        bool exec;
    } attached[ATTACHED_MOST];
};

static struct los_wait_queue rang;
static uint64_t rings = 1;

static void *channel(void) { return (void *)LOS_CHANNEL; }

static long move(uint64_t user, void *ours, uint64_t bytes, bool in)
{
    struct los_transfer transfer = {.at = user, .left = bytes, .user = true};
    long moved = !bytes ? 0
                 : in   ? los_transfer_in(&transfer, ours, bytes)
                        : los_transfer_out(&transfer, ours, bytes);
    return moved < 0 ? moved : (uint64_t)moved < bytes ? -LOS_E_FAULT : 0;
}

/* Another vCPU of ours cannot be in it, because we have the lock; but another container may. */
static long call_gate(struct exo_message *message)
{
    const struct exo_message asked = *message;
    uint64_t patience = los_now() + PATIENCE_NS;
    for (;;) {
        long error = exo_gate_call(LOS_START_PAGE->gate, message, 0);
        if (error >= 0 || (error != -EXO_E_BUSY && error != -EXO_E_NO_TIME))
            return error < 0 ? -LOS_E_IO : 0;
        if (los_now() > patience)
            return -LOS_E_AGAIN;
        *message = asked;
        exo_vcpu_block(los_now() + BUSY_NS);
    }
}

/* Notes what was attached and detached. word: the request's; result: the answer's. */
static void note(struct session *session, const uint64_t *word, uint64_t result)
{
    bool run = word[0] == LOS_SUPERVISOR_RUN && word[2], exec = word[0] == LOS_SUPERVISOR_EXEC;
    bool attach = word[0] == LOS_SUPERVISOR_ATTACH && word[3];
    bool detach = (word[0] == LOS_SUPERVISOR_ATTACH && !word[3]) || word[0] == LOS_SUPERVISOR_RELEASE;
    struct attached now = {run ? result : word[1], run ? 0 : exec ? result : word[2], exec};
    if (!now.container || (!run && !exec && !attach && !detach))
        return;
    for (struct attached *at = session->attached; at < session->attached + ATTACHED_MOST; at++) {
        if (detach && at->container == now.container && at->console == now.console)
            at->container = 0;
        if (detach || at->container)
            continue;
        *at = now;
        return;
    }
}

static long device_control(struct los_file *file, uint32_t request, uint64_t argument)
{
    struct los_supervisor_call call;
    if (request != LOS_SUPERVISOR_CALL)
        return -LOS_E_NOTTY;
    long error = move(argument, &call, sizeof(call), true);
    if (!error && call.in_bytes > LOS_START_PAGE->channel_bytes)
        error = -LOS_E_TOOBIG;
    if (!error)
        error = move(call.in, channel(), call.in_bytes, true);
    if (error)
        return error;
    struct exo_message message = {.word = {call.word[0], call.word[1], call.word[2], call.word[3], call.word[4],
                                           call.word[5], call.in_bytes}};
    error = call_gate(&message);
    if (error)
        return error;
    if ((int64_t)message.word[0] >= 0)
        note(file->private, call.word, message.word[0]);
    uint64_t bytes = message.word[1] <= LOS_START_PAGE->channel_bytes ? message.word[1] : 0;
    call.out_bytes = bytes < call.out_room ? bytes : call.out_room;
    memcpy(call.word, message.word, sizeof(call.word));
    error = move(call.out, channel(), call.out_bytes, false);
    return error ? error : move(argument, &call, sizeof(call), false);
}

static uint32_t device_poll(struct los_file *file, struct los_poll_table *table)
{
    struct session *session = file->private;
    los_poll_wait(table, &rang);
    bool told = session->rings == rings;
    session->rings = rings;
    return told ? LOS_POLL_OUT : LOS_POLL_IN | LOS_POLL_OUT;
}

static long device_open(struct los_file *file)
{
    file->private = los_alloc_zeroed(sizeof(struct session));
    return file->private ? 0 : -LOS_E_NOMEM;
}

static void device_close(struct los_file *file)
{
    struct session *session = file->private;
    for (const struct attached *at = session->attached; at < session->attached + ATTACHED_MOST; at++) {
        struct exo_message message = {
            .word = {at->exec ? LOS_SUPERVISOR_RELEASE : LOS_SUPERVISOR_ATTACH, at->container, at->console, 0}};
        if (at->container)
            call_gate(&message);
    }
    los_free(session);
}

static const struct los_file_ops device_ops = {
    .control = device_control, .poll = device_poll, .open = device_open, .close = device_close};

void los_callers_rang(void)
{
    rings++;
    if (rang.waiters.next)
        los_wake(&rang, UINT32_MAX);
}

void los_supervisor_device(void)
{
    los_wait_queue_init(&rang);
    if (LOS_START_PAGE->gate != NULL)
        los_device_register(DEVICE_MAJOR, DEVICE_MINOR, "kx", &device_ops, NULL);
}
